/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/snmp_text.h"

#include <string.h>

#include "graph/base/err.h"

/* Names of /proc/net/{snmp,netstat,snmp6,sockstat}: what is left out says
 * nothing about faults, or the same as one that is here. A group's stand
 * together. */
static const struct wanted {
    const char *group; /* "" for snmp6 */
    const char *name;
    enum rca_snmp_value value;
} wanted[] = {
    {"Tcp", "AttemptFails", RCA_SNMP_CONNECT_FAILURES},
    {"Tcp", "EstabResets", RCA_SNMP_CONNECTION_RESETS},
    {"Tcp", "RetransSegs", RCA_SNMP_RETRANSMITS},
    {"Tcp", "OutRsts", RCA_SNMP_TCP_RESETS_SENT},
    {"Tcp", "InCsumErrors", RCA_SNMP_CHECKSUM_ERRORS},
    {"TcpExt", "TCPAbortOnMemory", RCA_SNMP_TCP_ABORTS},
    {"TcpExt", "TCPAbortOnTimeout", RCA_SNMP_TCP_ABORTS},
    {"TcpExt", "ListenOverflows", RCA_SNMP_TCP_LISTEN_OVERFLOWS},
    {"TcpExt", "TCPBacklogDrop", RCA_SNMP_TCP_RECEIVE_DROPS},
    {"TcpExt", "TCPRcvQDrop", RCA_SNMP_TCP_RECEIVE_DROPS},
    {"TcpExt", "TCPZeroWindowDrop", RCA_SNMP_TCP_RECEIVE_DROPS},
    {"TcpExt", "RcvPruned", RCA_SNMP_TCP_RECEIVE_DROPS},
    {"TcpExt", "OfoPruned", RCA_SNMP_TCP_RECEIVE_DROPS},
    {"TcpExt", "TCPReqQFullDoCookies", RCA_SNMP_TCP_SYN_QUEUE_FULL},
    {"TcpExt", "TCPReqQFullDrop", RCA_SNMP_TCP_SYN_QUEUE_FULL},
    {"TcpExt", "TCPTimeouts", RCA_SNMP_TCP_TIMEOUTS},
    {"Udp", "NoPorts", RCA_SNMP_UDP_NO_PORT},
    {"Udp", "RcvbufErrors", RCA_SNMP_UDP_RECEIVE_DROPS},
    {"Udp", "InCsumErrors", RCA_SNMP_CHECKSUM_ERRORS},
    {"Ip", "InDiscards", RCA_SNMP_IP_DISCARDS},
    {"Ip", "OutDiscards", RCA_SNMP_IP_DISCARDS},
    {"Ip", "FragFails", RCA_SNMP_IP_FRAGMENT_FAILURES},
    {"Ip", "ReasmFails", RCA_SNMP_IP_FRAGMENT_FAILURES},
    {"Ip", "OutNoRoutes", RCA_SNMP_IP_NO_ROUTE},
    {"IpExt", "InNoRoutes", RCA_SNMP_IP_NO_ROUTE},
    {"Icmp", "InDestUnreachs", RCA_SNMP_UNREACHABLE_RECEIVED},
    {"Icmp", "OutDestUnreachs", RCA_SNMP_UNREACHABLE_SENT},
    {"", "Udp6NoPorts", RCA_SNMP_UDP_NO_PORT},
    {"", "Udp6RcvbufErrors", RCA_SNMP_UDP_RECEIVE_DROPS},
    {"", "Udp6InCsumErrors", RCA_SNMP_CHECKSUM_ERRORS},
    {"", "Ip6InDiscards", RCA_SNMP_IP_DISCARDS},
    {"", "Ip6OutDiscards", RCA_SNMP_IP_DISCARDS},
    {"", "Ip6FragFails", RCA_SNMP_IP_FRAGMENT_FAILURES},
    {"", "Ip6ReasmFails", RCA_SNMP_IP_FRAGMENT_FAILURES},
    {"", "Ip6InNoRoutes", RCA_SNMP_IP_NO_ROUTE},
    {"", "Ip6OutNoRoutes", RCA_SNMP_IP_NO_ROUTE},
    {"", "Icmp6InDestUnreachs", RCA_SNMP_UNREACHABLE_RECEIVED},
    {"", "Icmp6OutDestUnreachs", RCA_SNMP_UNREACHABLE_SENT},
    {"sockets", "used", RCA_SNMP_SOCKETS},
    {"TCP", "tw", RCA_SNMP_TIME_WAIT},
    {"TCP", "orphan", RCA_SNMP_ORPHANS},
    {"TCP", "mem", RCA_SNMP_TCP_PAGES},
};
static_assert(RCA_SNMP_COUNT <= 32, "a bit each");

/** struct span - part of a text */
struct span {
    const char *at;
    size_t len;
};

/* --- pieces of text ------------------------------------------------------- */

/* The next line of @rest, its end left out; false at the end. */
static _Bool next_line(struct span *rest, struct span *ret_line)
{
    const char *end;

    if (!rest->len)
        return 0;
    end = memchr(rest->at, '\n', rest->len);
    ret_line->at = rest->at;
    ret_line->len = end ? (size_t)(end - rest->at) : rest->len;
    rest->at += ret_line->len + (end != NULL);
    rest->len -= ret_line->len + (end != NULL);
    return 1;
}

static _Bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* The next word of @line; false at the end. */
static _Bool next_word(struct span *line, struct span *ret_word)
{
    size_t n = 0;

    while (line->len && is_blank(*line->at)) {
        line->at++;
        line->len--;
    }
    while (n < line->len && !is_blank(line->at[n]))
        n++;
    *ret_word = (struct span){line->at, n};
    line->at += n;
    line->len -= n;
    return n > 0;
}

static _Bool is_same(struct span span, const char *text)
{
    return strlen(text) == span.len && !memcmp(span.at, text, span.len);
}

/* A number to @base (10 or 16); negative ones, which proc has for what is not
 * known, are none. */
static _Bool read_number(struct span word, unsigned base, uint64_t *ret)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < word.len; i++) {
        const char c = word.at[i];
        unsigned digit = 16;

        if (c >= '0' && c <= '9')
            digit = (unsigned)(c - '0');
        else if (c >= 'a' && c <= 'f')
            digit = (unsigned)(c - 'a') + 10;
        if (digit >= base || sum > (UINT64_MAX - digit) / base)
            return 0;
        sum = sum * base + digit;
    }
    *ret = sum;
    return word.len > 0;
}

/* --- counters ------------------------------------------------------------- */

/** struct group - what is wanted of one; @n 0: nothing */
struct group {
    const struct wanted *first;
    size_t n;
};

static struct group find_group(struct span name)
{
    struct group g = {.n = 0};

    for (size_t i = 0; i < RCA_ARRAY_SIZE(wanted); i++) {
        if (!is_same(name, wanted[i].group))
            continue;
        if (!g.n)
            g.first = &wanted[i];
        g.n++;
    }
    return g;
}

static void add(struct rca_snmp *snmp, struct group group, struct span name,
                struct span number)
{
    uint64_t value;

    for (size_t i = 0; i < group.n; i++) {
        const struct wanted *w = &group.first[i];

        /* the first byte decides nearly always */
        if (w->name[0] != name.at[0] || !is_same(name, w->name))
            continue;
        if (!read_number(number, 10, &value))
            return;
        snmp->value[w->value] += value;
        snmp->found |= UINT32_C(1) << w->value;
        return;
    }
}

/* Take "Group:" off the beginning of @line. */
static struct span take_group(struct span *line)
{
    struct span word;

    if (!next_word(line, &word) || word.at[word.len - 1] != ':')
        return (struct span){"?", 1};
    word.len--;
    return word.len ? word : (struct span){"?", 1};
}

static void read_pair(struct span names, struct span numbers,
                      struct rca_snmp *snmp)
{
    const struct span name_group = take_group(&names);
    const struct span again = take_group(&numbers);
    const struct group group = find_group(name_group);
    struct span name, number;

    if (!group.n || again.len != name_group.len ||
        memcmp(again.at, name_group.at, again.len) != 0)
        return;
    while (next_word(&names, &name) && next_word(&numbers, &number))
        add(snmp, group, name, number);
}

void rca_snmp_read_pairs(const char *text, size_t len, struct rca_snmp *snmp)
{
    struct span rest = {text, len}, names, numbers;

    while (next_line(&rest, &names) && next_line(&rest, &numbers))
        read_pair(names, numbers, snmp);
}

void rca_snmp_read_lines(const char *text, size_t len, struct rca_snmp *snmp)
{
    const struct group group = find_group((struct span){"", 0});
    struct span rest = {text, len}, line, name, number;

    while (next_line(&rest, &line)) {
        if (next_word(&line, &name) && next_word(&line, &number))
            add(snmp, group, name, number);
    }
}

void rca_snmp_read_sockstat(const char *text, size_t len, struct rca_snmp *snmp)
{
    struct span rest = {text, len}, line, name, number;

    while (next_line(&rest, &line)) {
        const struct group group = find_group(take_group(&line));

        while (next_word(&line, &name) && next_word(&line, &number))
            add(snmp, group, name, number);
    }
}

/* --- the host's ----------------------------------------------------------- */

/* Columns of softnet_stat, which has no header. */
enum { SOFTNET_DROPS = 1, SOFTNET_SQUEEZES = 2 };

/* The hexadecimal number in @column of @line. */
static _Bool read_column(struct span line, size_t column, uint64_t *ret)
{
    struct span word;

    for (size_t i = 0; next_word(&line, &word); i++) {
        if (i == column)
            return read_number(word, 16, ret);
    }
    return 0;
}

int rca_softnet_read(const char *text, size_t len, struct rca_softnet *ret)
{
    struct span rest = {text, len}, line;
    struct rca_softnet sum = {0};
    _Bool found = 0;

    while (next_line(&rest, &line)) {
        uint64_t drops, squeezes;

        if (!read_column(line, SOFTNET_DROPS, &drops) ||
            !read_column(line, SOFTNET_SQUEEZES, &squeezes))
            continue;
        sum.drops += drops;
        sum.squeezes += squeezes;
        found = 1;
    }
    if (!found)
        return RCA_ESYNTAX;
    *ret = sum;
    return 0;
}

/* The number of the column of that name. */
static _Bool find_column(struct span header, const char *name, size_t *ret)
{
    struct span word;

    for (size_t i = 0; next_word(&header, &word); i++) {
        if (!is_same(word, name))
            continue;
        *ret = i;
        return 1;
    }
    return 0;
}

int rca_neigh_read(const char *text, size_t len, struct rca_neigh *neigh)
{
    struct span rest = {text, len}, line;
    size_t failures, full;
    _Bool found = 0;

    if (!next_line(&rest, &line) ||
        !find_column(line, "res_failed", &failures) ||
        !find_column(line, "table_fulls", &full))
        return RCA_ESYNTAX;
    while (next_line(&rest, &line)) {
        uint64_t a, b;

        if (!read_column(line, failures, &a) || !read_column(line, full, &b))
            continue;
        neigh->failures += a;
        neigh->table_full += b;
        found = 1;
    }
    return found ? 0 : RCA_ESYNTAX;
}
