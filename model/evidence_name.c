/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/evidence.h"

static const struct {
    const char *name, *text, *reason;
} kinds[] = {
    [RCA_EVIDENCE_ODD3] = {"odd3", "unexplained deviation, three strongest",
                           "changed more than its neighbours explain"},
    [RCA_EVIDENCE_ODD] = {"odd", "unexplained deviation, the strongest",
                          "changed more than its neighbours explain"},
    [RCA_EVIDENCE_LOCAL3] = {"local3", "deviation from the last normal rows",
                             "changed against the minutes before"},
    [RCA_EVIDENCE_USAGE] = {"usage", "unexplained usage or saturation",
                            "uses more than its neighbours explain"},
    [RCA_EVIDENCE_ERRORS] = {"errors", "errors", "fails"},
    [RCA_EVIDENCE_LATENCY] = {"latency", "latency beyond its callees'",
                              "slow beyond what it calls"},
    [RCA_EVIDENCE_POINTED] = {"pointed", "all its callers wait, others less",
                              "all its callers wait, others less"},
    [RCA_EVIDENCE_LOAD] = {"load", "unexplained load",
                           "its load changed by itself"},
    [RCA_EVIDENCE_BREADTH] = {"breadth", "part of its metrics that deviate",
                              "many of its metrics changed"},
    [RCA_EVIDENCE_AROUND] = {"around", "its neighbours deviate",
                             "its neighbours changed"},
    [RCA_EVIDENCE_TOGETHER] = {"together", "moves with the symptom",
                               "moves with the symptom"},
    [RCA_EVIDENCE_SHARE] = {"share", "share of the symptom's change",
                            "the symptom's change comes in part from it"},
    [RCA_EVIDENCE_CLEAR] = {"clear", "share of a clear symptom's change",
                            "the symptom's change comes in part from it"},
    [RCA_EVIDENCE_REACH] = {"reach", "near the victim along what deviates",
                            "near the symptom"},
    [RCA_EVIDENCE_HIDDEN] = {"hidden", "not measured, its neighbours deviate",
                             "not measured, its neighbours changed"},
    [RCA_EVIDENCE_STATE] = {"state", "states that changed", "a state changed"},
    [RCA_EVIDENCE_APPEARED] = {"appeared", "new members or metrics",
                               "parts of it are new"},
    [RCA_EVIDENCE_VANISHED] = {"vanished", "members or metrics are gone",
                               "parts of it are gone"},
    [RCA_EVIDENCE_HOST] = {"host", "is a host", "is a host"},
    [RCA_EVIDENCE_VICTIM] = {"victim", "is the victim itself",
                             "is where the symptom is"},
};
static_assert(RCA_ARRAY_SIZE(kinds) == RCA_EVIDENCE_COUNT, "one each");

const char *rca_evidence_name(enum rca_evidence_kind kind)
{
    return kind < RCA_EVIDENCE_COUNT ? kinds[kind].name : "?";
}

const char *rca_evidence_text(enum rca_evidence_kind kind)
{
    return kind < RCA_EVIDENCE_COUNT ? kinds[kind].text : "?";
}

const char *rca_evidence_reason(enum rca_evidence_kind kind)
{
    return kind < RCA_EVIDENCE_COUNT ? kinds[kind].reason : "?";
}
