/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * privileged_ovs - a fixed question to the daemons of Open vSwitch, over their
 * unix sockets; JSON-RPC (RFC 7047 for the database, ovs-appctl(8) for the
 * switch). The answer is not looked into but for its end.
 */

#include "collector/privileged.h"

/** rca_privileged_ovs_ask() - see rca_privileged_ovs(): a descriptor or -errno;
 * waits at most 1.5 s */
RCA_MUST_CHECK int rca_privileged_ovs_ask(const char *folder,
                                          enum rca_ovs_query query);
