/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * fdr - which of many p-values to believe, so that of those believed at most a
 * given part is expected to be chance.
 *
 * Metrics of neighbours depend on each other in ways that nobody knows: one
 * hiccup of a host moves hundreds of them, up and down. The usual procedure
 * (Benjamini, Hochberg 1995) is proven for independent or positively dependent
 * values only. This is the one that holds for any dependence: Y. Benjamini,
 * D. Yekutieli, "The control of the false discovery rate in multiple testing
 * under dependency", Annals of Statistics 29, 2001, theorem 1.3; it costs a
 * factor of 1 + 1/2 + ... + 1/n. Some values may count more than others by
 * weights chosen beforehand, of mean 1: G. Blanchard, E. Roquain, "Two simple
 * sufficient conditions for FDR control", Electronic Journal of Statistics 2,
 * 2008; a weighted value is p / weight.
 */

#include "graph/base/base.h"

/**
 * rca_fdr_limit() - the largest (weighted) p-value to believe
 * @p:   @n of them, each 0 or more; reordered
 * @all: how many there are, @n or more; those not given are too large to be
 *       believed (above @fdr)
 *
 * O(n log n). Return: values up to this are believed; -1: none.
 */
double rca_fdr_limit(double *p, size_t n, size_t all, double fdr);
