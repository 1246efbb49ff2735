/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/trace/nft_text.h"

#include <linux/netfilter.h>
#include <string.h>

#include "graph/base/parse.h"

/*
 *   table inet fw { # handle 1
 *           chain in { # handle 1
 *                   type filter hook input priority filter; policy drop;
 *                   udp dport 9 counter packets 0 bytes 0 drop # handle 2
 *           }
 *   }
 *
 * A rule may go over several lines (long anonymous sets): its handle ends it.
 */

#define LINE 1024
#define SPACE " \t"

static const struct {
    const char *name;
    unsigned family;
} families[] = {
    {"ip", NFPROTO_IPV4},       {"ip6", NFPROTO_IPV6},
    {"inet", NFPROTO_INET},     {"arp", NFPROTO_ARP},
    {"bridge", NFPROTO_BRIDGE}, {"netdev", NFPROTO_NETDEV},
};

struct reading {
    struct rca_trace_rule rule; /* where we are; chain "": in none */
    char text[RCA_TRACE_NFT_TEXT]; /* of the rule so far */
    rca_trace_nft_text_visit *visit;
    void *arg;
};

/* The next word of @line, ended there; moves on. */
static char *word(char **line)
{
    char *start = *line + strspn(*line, SPACE);
    char *end = start + strcspn(start, SPACE);

    *line = end;
    if (*end) {
        *end = '\0';
        *line = end + 1;
    }
    return start;
}

static void set_name(char name[RCA_TRACE_NAME], const char *text)
{
    const size_t n = strnlen(text, RCA_TRACE_NAME - 1);

    memset(name, 0, RCA_TRACE_NAME);
    memcpy(name, text, n);
}

/* Words apart by one space; what does not fit is cut. */
static void add_text(struct reading *r, const char *text)
{
    size_t n = strlen(r->text);

    if (n && n < sizeof(r->text) - 1)
        r->text[n++] = ' ';
    for (; *text && n < sizeof(r->text) - 1; text++) {
        const char c = (char)(*text == '\t' ? ' ' : *text);

        if (c != ' ' || (n && r->text[n - 1] != ' '))
            r->text[n++] = c;
    }
    if (*text)
        memcpy(&r->text[sizeof(r->text) - 4], "...", 3);
    while (n && r->text[n - 1] == ' ')
        n--;
    r->text[n] = '\0';
}

/* The "# handle N" at the end of @line, cut off; 0: there is none. */
static uint64_t take_handle(char *line)
{
    static const char mark[] = "# handle ";
    char *found = NULL;
    uint64_t handle = 0;

    for (char *p = line; (p = strstr(p, mark)); p++)
        found = p;
    if (!found || rca_parse_u64(found + strlen(mark), &handle))
        return 0;
    *found = '\0';
    return handle;
}

static void begin_table(struct reading *r, char *line)
{
    const char *family = word(&line);

    r->rule = (struct rca_trace_rule){.family = 0};
    for (size_t i = 0; i < RCA_ARRAY_SIZE(families); i++)
        if (strcmp(family, families[i].name) == 0)
            r->rule.family = families[i].family;
    set_name(r->rule.table, word(&line));
}

static int give(struct reading *r, uint64_t handle)
{
    int err;

    r->rule.handle = handle;
    err = r->visit(r->arg, &r->rule, r->text);
    r->text[0] = '\0';
    return err < 0 ? err : 0;
}

static int read_policy(struct reading *r, const char *line)
{
    const char *policy = strstr(line, "policy ");
    char text[32] = "";
    size_t n;

    if (!policy)
        return 0;
    n = strcspn(policy, ";");
    if (n >= sizeof(text))
        return 0;
    memcpy(text, policy, n);
    r->text[0] = '\0';
    add_text(r, text);
    return give(r, 0);
}

static int read_in_chain(struct reading *r, char *line)
{
    const uint64_t handle = take_handle(line);

    if (strcmp(line, "}") == 0) {
        r->rule.chain[0] = '\0';
        r->text[0] = '\0';
        return 0;
    }
    if (!handle && !r->text[0] && strncmp(line, "type ", 5) == 0)
        return read_policy(r, line);
    if (!handle && !r->text[0] && strncmp(line, "comment ", 8) == 0)
        return 0; /* of the chain */
    add_text(r, line);
    return handle ? give(r, handle) : 0;
}

static int read_line(struct reading *r, char *line)
{
    char *rest;

    line += strspn(line, SPACE);
    if (r->rule.chain[0])
        return read_in_chain(r, line);
    rest = line;
    line = word(&rest);
    if (strcmp(line, "table") == 0)
        begin_table(r, rest);
    else if (strcmp(line, "chain") == 0)
        set_name(r->rule.chain, word(&rest));
    return 0;
}

int rca_trace_nft_text(const char *text, size_t n,
                       rca_trace_nft_text_visit *visit, void *arg)
{
    struct reading r = {.visit = visit, .arg = arg};
    const char *end = text + n;
    char line[LINE];
    int err = 0;

    while (!err && text < end) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        size_t len = (size_t)((stop ? stop : end) - text);
        const size_t kept = len < sizeof(line) ? len : sizeof(line) - 1;

        memcpy(line, text, kept);
        line[kept] = '\0';
        if (kept < len) /* the end has the handle */
            memcpy(line + kept - 32, text + len - 32, 32);
        err = read_line(&r, line);
        text += len + (stop != NULL);
    }
    return err;
}
