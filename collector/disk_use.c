/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/disk_use.h"

#include <errno.h>
#include <string.h>

#include "collector/map.h"

#define FORGET_AGE (3600 * RCA_SECOND)

/** struct user - one entry of the kernel's map as it was accounted last */
struct user {
    struct rca_disk_user key;
    struct rca_disk_use seen;
    char *path; /* owned */
    rca_time grown;
};

struct group {
    char *path; /* owned */
    struct rca_disk_use use;
    rca_time first, grown;
};

struct rca_disk_book {
    struct user *users; /* owned */
    size_t n_users, cap_users;
    struct rca_map by_user;
    struct group *groups; /* owned, each path too */
    size_t n_groups, cap_groups;
    struct rca_map by_path;
    rca_time now;
};

int rca_disk_book_new(struct rca_disk_book **ret_book)
{
    *ret_book = calloc(1, sizeof(**ret_book));
    return *ret_book ? 0 : -ENOMEM;
}

void rca_disk_book_free(struct rca_disk_book **book)
{
    struct rca_disk_book *b = *book;

    *book = NULL;
    if (!b)
        return;
    for (size_t i = 0; i < b->n_groups; i++)
        free(b->groups[i].path);
    for (size_t i = 0; i < b->n_users; i++)
        free(b->users[i].path);
    free(b->groups);
    free(b->users);
    rca_map_done(&b->by_user);
    rca_map_done(&b->by_path);
    free(b);
}

void rca_disk_book_begin(struct rca_disk_book *b, rca_time now)
{
    b->now = now;
}

/* --- places ---------------------------------------------------------------- */

static int get_group(struct rca_disk_book *b, const char *path, size_t len,
                     uint32_t *ret_at)
{
    char *copy RCA_CLEANUP(rca_freep) = NULL;
    struct group *more;

    if (rca_map_get(&b->by_path, path, len, ret_at))
        return 0;
    more = rca_grow(b->groups, b->n_groups, &b->cap_groups, sizeof(*more));
    copy = strndup(path, len);
    if (more)
        b->groups = more;
    if (!more || !copy ||
        rca_map_set(&b->by_path, path, len, (uint32_t)b->n_groups))
        return -ENOMEM;
    *ret_at = (uint32_t)b->n_groups;
    b->groups[b->n_groups++] = (struct group){
        .path = RCA_TAKE(copy), .first = b->now, .grown = b->now};
    return 0;
}

static int get_user(struct rca_disk_book *b, const struct rca_disk_user *key,
                    const char *path, struct user **ret_user)
{
    char *copy RCA_CLEANUP(rca_freep) = NULL;
    struct user *more;
    uint32_t at;

    if (rca_map_get(&b->by_user, key, sizeof(*key), &at)) {
        *ret_user = &b->users[at];
        return 0;
    }
    more = rca_grow(b->users, b->n_users, &b->cap_users, sizeof(*more));
    copy = strdup(path);
    if (more)
        b->users = more;
    if (!more || !copy ||
        rca_map_set(&b->by_user, key, sizeof(*key), (uint32_t)b->n_users))
        return -ENOMEM;
    *ret_user = &b->users[b->n_users++];
    **ret_user =
        (struct user){.key = *key, .path = RCA_TAKE(copy), .grown = b->now};
    return 0;
}

/* --- accounting ------------------------------------------------------------ */

static void add_use(struct rca_disk_use *to, const struct rca_disk_use *now,
                    const struct rca_disk_use *seen)
{
    for (unsigned i = 0; i < 2; i++) {
        to->requests[i] += now->requests[i] - seen->requests[i];
        to->bytes[i] += now->bytes[i] - seen->bytes[i];
    }
    to->sum_ns += now->sum_ns - seen->sum_ns;
}

/* To the group @at and all above it; all must be there before any grows. */
static int add_all(struct rca_disk_book *b, const char *path,
                   const struct rca_disk_use *now,
                   const struct rca_disk_use *seen)
{
    uint32_t at;
    int r;

    for (size_t pass = 0; pass < 2; pass++) {
        for (size_t end = 1; path[0] && end <= strlen(path); end++) {
            if (path[end] && path[end] != '/')
                continue;
            r = get_group(b, path, end, &at);
            if (r < 0)
                return r;
            if (!pass)
                continue;
            add_use(&b->groups[at].use, now, seen);
            b->groups[at].grown = b->now;
        }
    }
    return 0;
}

int rca_disk_book_add(struct rca_disk_book *b, const struct rca_disk_user *user,
                      const struct rca_disk_use *use, const char *path)
{
    struct user *u = NULL;
    int r;

    if (!path[0])
        return 0;
    r = get_user(b, user, path, &u);
    if (r < 0)
        return r;
    if (use->requests[0] < u->seen.requests[0] ||
        use->requests[1] < u->seen.requests[1])
        u->seen = (struct rca_disk_use){0}; /* the probe was opened anew */
    if (use->requests[0] == u->seen.requests[0] &&
        use->requests[1] == u->seen.requests[1])
        return 0;
    r = add_all(b, path, use, &u->seen);
    if (r < 0)
        return r;
    u->seen = *use;
    u->grown = b->now;
    return 0;
}

/* --- reading --------------------------------------------------------------- */

void rca_disk_book_totals(const struct rca_disk_book *b,
                          rca_disk_visit_total *visit, void *arg)
{
    for (size_t i = 0; i < b->n_groups; i++) {
        const struct group *g = &b->groups[i];
        const struct rca_disk_total total = {
            .path = g->path, .use = g->use, .fresh = g->first == b->now};

        visit(arg, &total);
    }
}

void rca_disk_book_edges(const struct rca_disk_book *b,
                         rca_disk_visit_edge *visit, void *arg)
{
    for (size_t i = 0; i < b->n_users; i++) {
        const struct user *u = &b->users[i];

        if (b->now - u->grown <= RCA_DISK_EDGE_AGE)
            visit(arg, u->path, u->key.disk);
    }
}

/* --- forgetting ------------------------------------------------------------ */

/* The last one moves into the hole, so that a map needs one change only, of a
 * key that it has, and that cannot fail. */
static void sweep_users(struct rca_disk_book *b, rca_time before)
{
    size_t i = 0;

    while (i < b->n_users) {
        struct user *u = &b->users[i];

        if (u->grown >= before) {
            i++;
            continue;
        }
        rca_map_del(&b->by_user, &u->key, sizeof(u->key));
        free(u->path);
        *u = b->users[--b->n_users];
        if (i < b->n_users)
            (void)!rca_map_set(&b->by_user, &u->key, sizeof(u->key),
                               (uint32_t)i);
    }
}

static void sweep_groups(struct rca_disk_book *b, rca_time before)
{
    size_t i = 0;

    while (i < b->n_groups) {
        struct group *g = &b->groups[i];

        if (g->grown >= before) {
            i++;
            continue;
        }
        rca_map_del(&b->by_path, g->path, strlen(g->path));
        free(g->path);
        *g = b->groups[--b->n_groups];
        if (i < b->n_groups)
            (void)!rca_map_set(&b->by_path, g->path, strlen(g->path),
                               (uint32_t)i);
    }
}

/* A user that is still in the kernel's map begins anew with what it has when
 * it comes back: it is asked to be forgotten there, too. */
void rca_disk_book_end(struct rca_disk_book *b, rca_disk_forgotten *forgotten,
                       void *arg)
{
    const rca_time before = b->now - FORGET_AGE;

    for (size_t i = 0; i < b->n_users; i++) {
        if (b->users[i].grown < before)
            forgotten(arg, &b->users[i].key);
    }
    sweep_users(b, before);
    sweep_groups(b, before);
}
