/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * netns_file - a file under /proc/net of another network namespace.
 *
 * Such a file shows the namespace that it was opened in, for as long as it is
 * open: one opening by a short-lived thread that moves there, and no privilege
 * is needed to read it ever after. A namespace lives as long as such a file
 * is open. Works also where no process lives in the namespace.
 */

#include "graph/base/err.h"

/**
 * rca_netns_file_open() - open /proc/net/@name as namespace @netns_fd sees it
 * @netns_fd: open on the namespace, not -1
 *
 * Takes CAP_SYS_ADMIN. Return: descriptor, or -errno.
 */
RCA_MUST_CHECK int rca_netns_file_open(int netns_fd, const char *name);
