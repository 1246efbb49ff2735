/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/trace/filter.h"

#include <string.h>

#include "cli/args.h"
#include "cli/common.h"
#include "cli/show.h"
#include "cli/trace/trace.h"
#include "collector/trace/point.h"

static const struct rca_usage usage = {
    "trace filter",
    "rca trace filter [-d] [-l l2|l3] [--ebpf] [--] [EXPRESSION]",
    "Check a packet filter in the language of pcap-filter(7), and say how many\n"
    "instructions it takes: as libpcap compiles it, and as eBPF in the kernel;\n"
    "for packets with their Ethernet header (l2) and for those that begin with\n"
    "their IP header (l3). Without EXPRESSION: the filter that takes everything.",
    "  rca trace filter 'tcp port 443 and net 10.0.0.0/8'\n"
    "  rca trace filter -d 'udp dst port 53'\n"
    "  rca trace filter -l l3 --ebpf 'udp dst port 53'\n",
};

static const char *const layers[] = {"l2", "l3", NULL};
static_assert(RCA_ARRAY_SIZE(layers) == RCA_TRACE_LAYERS + 1, "one a layer");

#define WORDS_MAX 64

struct asked {
    _Bool dump, ebpf;
    int layer; /* -1: not given */
    const char *words[WORDS_MAX];
};

static int translate(const struct rca_trace_filter *filter, unsigned layer,
                     struct rca_trace_code *ret_code)
{
    struct rca_diag diag = {0};
    const int r = rca_trace_filter_translate(filter, layer, RCA_TRACE_SNAP,
                                             &diag, ret_code);

    return r ? rca_say("trace filter", &diag, r) : -1;
}

static int print(const struct rca_trace_filter *filter, const struct asked *a)
{
    struct rca_trace_code code RCA_CLEANUP(rca_trace_code_done) = {0};
    const unsigned layer = a->layer < 0 ? RCA_TRACE_L2 : (unsigned)a->layer;
    struct rca_buf buf = {0};
    int r;

    if (!a->ebpf) {
        rca_trace_filter_print(filter, layer, &buf);
        return rca_show_put(&buf);
    }
    r = translate(filter, layer, &code);
    if (r >= 0)
        return r;
    rca_trace_code_print(&code, &buf);
    return rca_show_put(&buf);
}

#define TAKES_NOTHING "(000) ret      #0\n"

static size_t count_lines(const char *text)
{
    size_t n = 0;

    for (; text && *text; text++)
        n += *text == '\n';
    return n;
}

static void put_line(struct rca_buf *buf, const char *layer,
                     const char *program, size_t n_ebpf)
{
    if (program && strcmp(program, TAKES_NOTHING) == 0)
        rca_buf_fmt(buf,
                    "ok: %s: takes nothing: it asks for what is not in "
                    "such packets\n",
                    layer);
    else
        rca_buf_fmt(buf, "ok: %s: %zu instructions, %zu as eBPF\n", layer,
                    count_lines(program), n_ebpf);
}

/* "ok: l2: 4 instructions, 10 as eBPF" */
static int report(const struct rca_trace_filter *filter, const struct asked *a)
{
    struct rca_buf buf = {0};

    for (unsigned layer = 0; layer < RCA_TRACE_LAYERS; layer++) {
        struct rca_trace_code code RCA_CLEANUP(rca_trace_code_done) = {0};
        struct rca_buf classic RCA_CLEANUP(rca_buf_done) = {0};
        int r;

        if (a->layer >= 0 && layer != (unsigned)a->layer)
            continue;
        r = translate(filter, layer, &code);
        if (r >= 0) {
            rca_buf_done(&buf);
            return r;
        }
        rca_trace_filter_print(filter, layer, &classic);
        put_line(&buf, layers[layer], classic.text, code.n);
    }
    return rca_show_put(&buf);
}

/* The words with a space between, as tcpdump takes them. */
static void join(const struct asked *a, struct rca_buf *buf)
{
    for (size_t i = 0; i < WORDS_MAX && a->words[i]; i++)
        rca_buf_fmt(buf, "%s%s", i ? " " : "", a->words[i]);
}

static int run(const struct asked *a)
{
    struct rca_trace_filter *filter RCA_CLEANUP(rca_trace_filter_free) = NULL;
    char *expression RCA_CLEANUP(rca_freep) = NULL;
    struct rca_buf buf = {0};
    struct rca_diag diag = {0};
    int r;

    join(a, &buf);
    r = rca_buf_take(&buf, &expression);
    if (r == 0)
        r = rca_trace_filter_new(expression, &diag, &filter);
    if (r) {
        (void)rca_say("trace filter", &diag, r);
        return r == RCA_ESYNTAX ? RCA_EXIT_USAGE : RCA_EXIT_ERROR;
    }
    return a->dump || a->ebpf ? print(filter, a) : report(filter, a);
}

int rca_trace_cmd_filter(struct rca_cli *cli, int argc, char **argv)
{
    struct asked a = {.layer = -1};
    const struct rca_arg args[] = {
        {"", 0, RCA_ARG_WORD, "EXPRESSION", NULL, NULL, NULL},
        {"dump", 'd', RCA_ARG_FLAG, NULL, &a.dump, NULL,
         "print the program as `tcpdump -d` does"},
        {"layer", 'l', RCA_ARG_CHOICE, "LAYER", &a.layer, layers,
         "only this one: l2 or l3 (both; to print: l2)"},
        {"ebpf", 0, RCA_ARG_FLAG, NULL, &a.ebpf, NULL,
         "print what the kernel runs"},
        {0},
    };
    const int r = rca_args_parse(argc, argv, args, &usage, WORDS_MAX, a.words);

    (void)cli;
    return r >= 0 ? r : run(&a);
}
