/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Any text as what nft prints, and as a packet filter to be narrowed. */

#include <string.h>

#include "collector/trace/nft_batch.h"
#include "collector/trace/nft_text.h"
#include "tests/harness/fuzz.h"

static int check(void *arg, const struct rca_trace_rule *rule, const char *text)
{
    (void)arg;
    if (strnlen(text, RCA_TRACE_NFT_TEXT) == RCA_TRACE_NFT_TEXT ||
        strnlen(rule->table, RCA_TRACE_NAME) == RCA_TRACE_NAME ||
        strnlen(rule->chain, RCA_TRACE_NAME) == RCA_TRACE_NAME)
        abort();
    return 0;
}

static void narrow(const char *filter)
{
    static struct rca_trace_nft_batch batch;
    struct rca_trace_nft_flow flow;

    rca_trace_nft_flow_parse(filter, &flow);
    rca_trace_nft_batch_table(&batch, "rca_trace_1", 1, 2, &flow);
    if (flow.n > RCA_TRACE_NFT_CONDITIONS || batch.len > sizeof(batch.bytes))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = (char *)malloc(size + 1); /* exactly as long */

    if (!text)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    narrow(text);
    if (rca_trace_nft_text(text, strlen(text), check, NULL))
        abort();
    free(text);
    return 0;
}
