/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * sha256 - the digest by which a page allows its own script and style.
 *
 * Source: NIST, "Secure Hash Standard", FIPS 180-4, 2015, sections 4.1.2, 5 and
 * 6.2. Not for secrets.
 */

#include "graph/base/base.h"

#define RCA_SHA256_BASE64 45

/** rca_sha256_base64() - of @n bytes, as 44 characters of base64; O(n) time;
 * returns @buf */
const char *rca_sha256_base64(const void *bytes, size_t n,
                              char buf[RCA_SHA256_BASE64]);
