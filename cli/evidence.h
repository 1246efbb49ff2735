/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * evidence - a short capture of the packets that an explanation is about, on
 * the host that it is about, put into the explanation.
 *
 * It never makes an answer fail: where nothing can be captured the explanation
 * says why (struct rca_packets.unseen). It changes nothing of the system, and
 * the ranking neither.
 */

#include <signal.h>

#include "collector/config.h"
#include "collector/store/store.h"
#include "model/explain.h"

/** Without --evidence, where the answer points at the network. */
#define RCA_EVIDENCE_SHORT (2 * RCA_SECOND)
#define RCA_EVIDENCE_LONGEST (600 * RCA_SECOND)
#define RCA_EVIDENCE_UNSET (-1)

/** rca_evidence_length() - of --evidence: "5s", "0"; 0; RCA_ESYNTAX; -ERANGE
 * (over ten minutes) */
RCA_MUST_CHECK int rca_evidence_length(const char *text, rca_time *ret_length);
/** rca_evidence_option() - the same, @text NULL: unchanged; -1 to go on, else an
 * exit code after it was said what is wrong */
int rca_evidence_option(const char *command, const char *text,
                        rca_time *ret_length);

/** rca_evidence_dead() - why there are no packets of @e to capture here and now,
 * in words: another host's data, or old ones; NULL: it is live. @host: the name
 * of this one. Static. */
const char *rca_evidence_dead(const struct rca_store_info *info,
                              const struct rca_explanation *e, const char *host,
                              rca_time now);
/** rca_evidence_is_live() - the same of this host, now */
_Bool rca_evidence_is_live(const struct rca_store_info *info,
                           const struct rca_explanation *e,
                           const char **ret_why);

/** rca_evidence_is_permitted() - whether this process may capture */
_Bool rca_evidence_is_permitted(void);

/** rca_evidence_progress - @part: 0 to 1 of the time is over */
typedef void rca_evidence_progress(void *arg, double part);

/**
 * struct rca_evidence - how to capture
 * @length: for so long; @stop: ends it before, may be NULL
 * @tell:   how far it is, or NULL
 * @config: what services are called, or NULL
 */
struct rca_evidence {
    rca_time length;
    const volatile sig_atomic_t *stop;
    rca_evidence_progress *tell;
    void *arg;
    const struct rca_config *config;
};

/** rca_evidence_take() - capture, and put what was seen into @e, or why there
 * is nothing; 0, -ENOMEM: @e is unchanged */
RCA_MUST_CHECK int rca_evidence_take(const struct rca_evidence *evidence,
                                     struct rca_explanation *e);
/** rca_evidence_refuse() - put into @e that nothing was captured because of
 * @why; 0, -ENOMEM */
RCA_MUST_CHECK int rca_evidence_refuse(struct rca_explanation *e,
                                       const char *why);
