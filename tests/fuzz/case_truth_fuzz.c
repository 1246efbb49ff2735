/* SPDX-License-Identifier: GPL-3.0-or-later */

/* case_truth_fuzz - any bytes as truth.json and as inject_time.txt. */

#include "tests/fuzz/case_text.h"

static void read_truth(const struct rca_text *text)
{
    struct rca_truth truth = {0};
    struct rca_diag diag = {0};
    const int err = rca_truth_parse(text, &truth, &diag);

    if (err)
        told(err, &diag);
    rca_truth_done(&truth);
}

static void read_labels(const struct rca_text *text)
{
    struct rca_labels labels = {0};
    struct rca_diag diag = {0};
    const int err = rca_labels_read(text, &labels, &diag);

    if (err)
        told(err, &diag);
    else
        must(labels.start != RCA_TIME_NONE);
    rca_labels_done(&labels);
}

static void read_inject(const struct rca_text *text)
{
    struct rca_labels labels = {0};
    struct rca_diag diag = {0};
    const int err = rca_inject_read(text, &labels, &diag);

    if (err)
        told(err, &diag);
    else
        must(labels.start != RCA_TIME_NONE);
    rca_labels_done(&labels);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rca_text text = text_of(data, size);

    read_truth(&text);
    read_labels(&text);
    read_inject(&text);
    rca_case_text_done(&text);
    return 0;
}
