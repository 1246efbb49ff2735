/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/sock_name.h"

#include <ctype.h>
#include <fnmatch.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Container runtimes write ids of 12 to 64 hexadecimal digits; a word of so
 * many that is one by accident must have a digit to count. */
#define ID_DIGITS 12

/* "kubepods-burstable-pod6d4467c6_4bed_..." and "docker-6d44..." too: what
 * ends in an id is one. */
static bool is_id(const char *s, size_t len)
{
    size_t run = 0;
    bool digit = false;

    for (size_t i = len; i > 0; i--) {
        const char c = s[i - 1];

        if (!isxdigit((unsigned char)c) && c != '_' && c != '-')
            break;
        if (c == '-' && run >= ID_DIGITS && digit)
            break;
        run += isxdigit((unsigned char)c) ? 1 : 0;
        digit |= isdigit((unsigned char)c) != 0;
    }
    return run >= ID_DIGITS && digit;
}

static bool ends_with(const char *s, size_t len, const char *suffix)
{
    const size_t n = strlen(suffix);

    return len > n && memcmp(s + len - n, suffix, n) == 0;
}

static bool all_digits(const char *s, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (!isdigit((unsigned char)s[i]))
            return false;
    }
    return len > 0;
}

static bool put(char buf[RCA_SOCK_NAME_SIZE], const char *s, size_t len)
{
    if (len == 0 || all_digits(s, len) || is_id(s, len))
        return false;
    (void)snprintf(buf, RCA_SOCK_NAME_SIZE, "%.*s", (int)len, s);
    return true;
}

static bool by_config(const struct rca_config *config,
                      const struct rca_sock_owner *owner,
                      char buf[RCA_SOCK_NAME_SIZE])
{
    const char *cgroup = owner->cgroup ? owner->cgroup : "";

    for (size_t i = 0; config && i < config->n_names; i++) {
        const struct rca_name_rule *rule = &config->names[i];

        if (rule->port && rule->port != owner->port)
            continue;
        if (rule->cgroup && fnmatch(rule->cgroup, cgroup, 0))
            continue;
        (void)snprintf(buf, RCA_SOCK_NAME_SIZE, "%s", rule->name);
        return true;
    }
    return false;
}

/* The pod's name without the two hashes that its deployment adds:
 * "web-5d8f7c9b4d-x2x1k" is "web". */
static size_t workload_length(const char *node)
{
    const size_t len = strlen(node);
    const char *pod = strrchr(node, '-');
    size_t set = 0;

    if (!pod || pod == node || strlen(pod) != 6)
        return len;
    while (pod - set > node && pod[-1 - (ptrdiff_t)set] != '-')
        set++;
    if (pod - set == node || set < 8 || set > 10)
        return len;
    for (const char *c = pod - set; c < pod; c++) {
        if (!strchr("0123456789bcdfghjklmnpqrstvwxz", *c))
            return len;
    }
    return (size_t)(pod - node) - set - 1;
}

/* "system.slice/nginx.service/..." and the instance "postgres@15-main". */
static bool by_unit(const char *cgroup, char buf[RCA_SOCK_NAME_SIZE])
{
    const char *end = cgroup + strlen(cgroup);

    while (end > cgroup) {
        const char *start = end;
        size_t len;

        while (start > cgroup && start[-1] != '/')
            start--;
        len = (size_t)(end - start);
        if (ends_with(start, len, ".service") && len < 250 &&
            strncmp(start, "user@", 5) != 0 &&
            put(buf, start, len - strlen(".service")))
            return true;
        end = start > cgroup ? start - 1 : cgroup;
    }
    return false;
}

/* A scope or a slice groups what a session or a runtime started. */
static bool by_leaf(const char *cgroup, char buf[RCA_SOCK_NAME_SIZE])
{
    const char *slash = strrchr(cgroup, '/');
    const char *leaf = slash ? slash + 1 : cgroup;
    const size_t len = strlen(leaf);

    if (ends_with(leaf, len, ".scope") || ends_with(leaf, len, ".slice"))
        return false;
    return put(buf, leaf, len);
}

const char *rca_sock_name(const struct rca_config *config,
                          const struct rca_sock_owner *owner,
                          char buf[RCA_SOCK_NAME_SIZE])
{
    const char *cgroup = owner->cgroup ? owner->cgroup : "";
    const char *node = owner->node ? owner->node : "";
    const char *netns = owner->netns ? owner->netns : "";
    const char *comm = owner->comm ? owner->comm : "";

    if (by_config(config, owner, buf) ||
        put(buf, node, workload_length(node)) || by_unit(cgroup, buf) ||
        by_leaf(cgroup, buf))
        return buf;
    if (strncmp(netns, "netns-", 6) != 0 && put(buf, netns, strlen(netns)))
        return buf;
    (void)snprintf(buf, RCA_SOCK_NAME_SIZE, "%s", *comm ? comm : "?");
    return buf;
}
