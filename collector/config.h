/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * config - /etc/rca/rca.yaml. Everything has a default.
 *
 *     db: /var/lib/rca/rca.db
 *     interval: 1s
 *     retention: 7d
 *     retention_coarse: 90d        # of steps of 5 minutes; none: there are none
 *     max_size: 2GB                # of the store; none: no limit
 *     sources: [host, cgroup, task, sock, drop, link, nft]
 *     profile: standard            # light, standard or deep
 *     without: [tp_btf/kfree_skb]  # hooks not to use; default none
 *     user: rca                    # to run as; default rca, else nobody
 *     allow_system_changes: false  # of kernel settings, undone at the end
 *     cpu_budget: 1%               # of one core; off: no limit
 *     ovs: /run/openvswitch        # folder of Open vSwitch's sockets
 *     limits: {service: 500, call: 2000, process: 500, peer: 500}
 *     names:                       # service names, first match wins
 *       - {port: 5432, name: postgres}
 *       - {cgroup: "system.slice/web*", name: web}
 *
 * An unknown key, a wrong type or value is an error with file and line, the
 * allowed words, and "did you mean".
 */

#include "collector/profile.h"
#include "graph/base/err.h"
#include "graph/kind.h"

struct rca_name_rule {
    char *cgroup; /* owned; fnmatch(3) pattern, or NULL */
    unsigned port; /* 0: any */
    char *name; /* owned */
};

/* Where Open vSwitch has its sockets; the configuration may say another. */
#define RCA_OVS_FOLDER "/run/openvswitch"

struct rca_config {
    char *db; /* owned */
    rca_time interval;
    rca_time retention;
    rca_time retention_coarse; /* of the coarse tier; 0: there is none */
    uint64_t max_size; /* of the store, bytes; 0: no limit */
    char *sources; /* owned, comma-separated; NULL: all */
    enum rca_profile profile;
    char *without; /* owned, comma-separated; NULL: none */
    char *user; /* owned; to run as; NULL: rca, or nobody */
    _Bool allow_changes; /* of the kernel's settings while collecting */
    double cpu_budget; /* of one core, 0.01 = 1 %; 0: no limit */
    char *ovs; /* owned; NULL: RCA_OVS_FOLDER */
    size_t limit[RCA_KIND_COUNT]; /* most entities of a kind */
    struct rca_name_rule *names; /* owned */
    size_t n_names;
};

/** rca_config_init() - the defaults; 0 or -ENOMEM */
RCA_MUST_CHECK int rca_config_init(struct rca_config *ret_config);
void rca_config_done(struct rca_config *config);

/** rca_config_parse() - read YAML @text over the defaults into @ret_config,
 * which is set as by rca_config_init() (what it held is not freed); all or
 * nothing; 0, RCA_ESYNTAX with @diag, -ENOMEM */
RCA_MUST_CHECK int rca_config_parse(const char *text, size_t size,
                                    const char *file, struct rca_diag *diag,
                                    struct rca_config *ret_config);
/** rca_config_load() - the same from a file; -errno with @diag */
RCA_MUST_CHECK int rca_config_load(const char *path, struct rca_diag *diag,
                                   struct rca_config *ret_config);
/** rca_config_budget() - "1%", "0.5%" of one core, or "off": 0; 0 or
 * RCA_ESYNTAX and @ret_budget unchanged */
RCA_MUST_CHECK int rca_config_budget(const char *text, double *ret_budget);
