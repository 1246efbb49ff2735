/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * names_service - which service listens at which address.
 *
 * inet_diag lists the sockets that listen, in each namespace; whose one is says
 * the link of a process's file, "socket:[INODE]". Of several processes that
 * hold it the last one counts, as for the iterator of `rca collect`: systemd,
 * which listens for others, comes first. A socket that listens at any address
 * listens at those that its namespace has; of several that could be meant the
 * one that names the address, then the one of IPv4.
 */

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "collector/task_proc.h"
#include "collector/trace/names_host.h"
#include "graph/base/name.h"
#include "graph/base/parse.h"

#define MOST 4096 /* sockets that listen; searches are linear */

/* --- what listens ----------------------------------------------------------- */

struct dump {
    struct rca_trace_host *host;
    uint32_t netns;
};

/* Takes the place of the one that it was, if it is known. */
static int note(struct rca_trace_host *h, const struct rca_sock_listener *l)
{
    struct rca_trace_listener *items;

    for (size_t i = 0; i < h->n_listeners; i++) {
        if (h->listeners[i].cookie == l->cookie &&
            h->listeners[i].key.netns == l->key.netns) {
            h->listeners[i].round = h->round;
            return 0;
        }
    }
    if (h->n_listeners == MOST)
        return 0;
    items = rca_grow(h->listeners, h->n_listeners, &h->cap_listeners,
                     sizeof(*items));
    if (!items)
        return -ENOMEM;
    h->listeners = items;
    items[h->n_listeners++] = (struct rca_trace_listener){.key = l->key,
                                                          .cookie = l->cookie,
                                                          .inode = l->inode,
                                                          .round = h->round};
    return 0;
}

static int visit_message(void *arg, const struct nlmsghdr *msg)
{
    const struct dump *d = (const struct dump *)arg;
    struct rca_sock_listener listener = {.key.netns = d->netns};

    if (rca_sock_diag_parse(msg, &listener))
        return 0; /* nothing that we asked for */
    return note(d->host, &listener);
}

static int ask(struct rca_trace_host *h, const struct rca_netlink_ns *ns)
{
    _Alignas(8) char buf[RCA_SOCK_DIAG_BYTES];
    struct dump d = {.host = h, .netns = (uint32_t)ns->inode};
    const int r = rca_netlink_dump(ns->nl, rca_sock_diag_request(buf, AF_INET),
                                   visit_message, &d);

    if (r)
        return r;
    return rca_netlink_dump(ns->nl, rca_sock_diag_request(buf, AF_INET6),
                            visit_message, &d);
}

/* Those of a namespace that does not answer are found anew once it does. */
static int read_listeners(struct rca_trace_host *h)
{
    size_t kept = 0;

    h->round++;
    for (size_t i = 0; i < h->diag.n; i++) {
        const struct rca_netlink_ns *ns = &h->diag.ns[i];
        const int r = ns->nl ? ask(h, ns) : 0;

        if (r == -ENOMEM)
            return r;
    }
    for (size_t i = 0; i < h->n_listeners; i++) {
        if (h->listeners[i].round == h->round)
            h->listeners[kept++] = h->listeners[i];
    }
    h->n_listeners = kept;
    return 0;
}

/* --- whose they are ---------------------------------------------------------- */

/* Of the file that @link, which is cut, leads to. */
static struct rca_trace_listener *find_socket(struct rca_trace_host *h,
                                              const struct rca_map *by_inode,
                                              char *link)
{
    static const char socket[] = "socket:[";
    uint64_t inode;
    uint32_t key, at;

    if (strncmp(link, socket, sizeof(socket) - 1) != 0)
        return NULL;
    link += sizeof(socket) - 1;
    link[strcspn(link, "]")] = '\0';
    if (rca_parse_u64(link, &inode))
        return NULL;
    key = (uint32_t)inode;
    return rca_map_get(by_inode, &key, sizeof(key), &at) ? &h->listeners[at]
                                                         : NULL;
}

struct search {
    struct rca_trace_host *host;
    struct rca_map by_inode; /* of those that have no owner yet */
};

static int search_files(void *arg, int proc, uint32_t pid)
{
    struct search *s = (struct search *)arg;
    struct rca_trace_listener *l;
    const struct dirent *d;
    char path[32], link[64];
    DIR *dir;
    int fd;

    (void)snprintf(path, sizeof(path), "%u/fd", pid);
    fd = openat(proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir) {
        if (fd >= 0)
            (void)close(fd);
        return 0;
    }
    while ((d = readdir(dir))) {
        const ssize_t n = readlinkat(fd, d->d_name, link, sizeof(link) - 1);

        link[n < 0 ? 0 : n] = '\0';
        l = find_socket(s->host, &s->by_inode, link);
        if (l)
            l->owner = pid;
    }
    (void)closedir(dir);
    return 0;
}

/* What the UTS namespace behind @fd calls itself. In a thread of its own, which
 * ends there: nobody has to come back. */
struct node {
    int fd;
    char name[sizeof(((struct utsname *)0)->nodename)];
};

static void *ask_node(void *arg)
{
    struct node *node = (struct node *)arg;
    struct utsname uts;

    if (setns(node->fd, CLONE_NEWUTS) == 0 && uname(&uts) == 0)
        (void)snprintf(node->name, sizeof(node->name), "%s", uts.nodename);
    return NULL;
}

/* "" if it is the host's, or is not to be had. */
static void read_node(uint32_t pid, struct node *node)
{
    struct stat own, other;
    pthread_t thread;
    char path[64];

    node->name[0] = '\0';
    (void)snprintf(path, sizeof(path), "/proc/%u/ns/uts", pid);
    node->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (node->fd < 0)
        return;
    if (!stat("/proc/self/ns/uts", &own) && !fstat(node->fd, &other) &&
        own.st_ino != other.st_ino &&
        !pthread_create(&thread, NULL, ask_node, node))
        (void)pthread_join(thread, NULL);
    (void)close(node->fd);
}

static void name_listener(const struct rca_config *config,
                          struct rca_trace_host *h,
                          struct rca_trace_listener *l)
{
    const struct rca_netns *ns = rca_observer_netns_find(h->obs, l->key.netns);
    char path[RCA_CGROUP_PATH_MAX] = "";
    char comm[RCA_COMM_SIZE + 1];
    char name[RCA_SOCK_NAME_SIZE], clean[RCA_NAME_MAX + 1];
    struct node node;

    if (rca_task_cgroup_path("/proc", l->owner, path))
        path[0] = '\0';
    rca_trace_comm(l->owner, comm);
    read_node(l->owner, &node);
    rca_sock_name(config,
                  &(struct rca_sock_owner){.cgroup = path,
                                           .node = node.name,
                                           .netns = ns ? ns->name : "",
                                           .comm = comm,
                                           .port = l->key.port},
                  name);
    (void)snprintf(l->name, sizeof(l->name), "%s", rca_name_clean(name, clean));
}

static int find_owners(const struct rca_config *config,
                       struct rca_trace_host *h)
{
    struct search s = {.host = h};
    int r = 0;

    for (size_t i = 0; r == 0 && i < h->n_listeners; i++) {
        const struct rca_trace_listener *l = &h->listeners[i];

        if (!l->tried && l->inode)
            r = rca_map_set(&s.by_inode, &l->inode, sizeof(l->inode),
                            (uint32_t)i);
    }
    if (r == 0 && s.by_inode.n)
        r = rca_trace_each_process(search_files, &s);
    rca_map_done(&s.by_inode);
    for (size_t i = 0; r == 0 && i < h->n_listeners; i++) {
        struct rca_trace_listener *l = &h->listeners[i];

        if (!l->tried && l->owner)
            name_listener(config, h, l);
        l->tried = 1;
    }
    return r;
}

/* --- where they listen -------------------------------------------------------- */

/* struct placing - @homes: address to the one namespace that has it, 0: several;
 * @ports: name to its port, 0: several; @taken: keys that have their name */
struct placing {
    struct rca_trace_names *names;
    const struct rca_trace_host *host;
    struct rca_map homes, ports, taken;
};

static void done_placing(struct placing *p)
{
    rca_map_done(&p->homes);
    rca_map_done(&p->ports);
    rca_map_done(&p->taken);
}

static _Bool is_loopback(int family, const unsigned char address[16])
{
    static const unsigned char one[16] = {[15] = 1};

    return family == AF_INET ? address[0] == 127
                             : memcmp(address, one, sizeof(one)) == 0;
}

/* Sets @key to @value, or to 0 if it is there with another one. */
static int set_only(struct rca_map *map, const void *key, size_t len,
                    uint32_t value)
{
    uint32_t old;

    if (rca_map_get(map, key, len, &old))
        return old == value ? 0 : rca_map_set(map, key, len, 0);
    return rca_map_set(map, key, len, value);
}

static int learn(struct placing *p)
{
    const struct rca_trace_host *h = p->host;
    int r = 0;

    for (size_t i = 0; r == 0 && i < h->map.n_addrs; i++)
        r = set_only(&p->homes, h->map.addrs[i].own.addr, 16,
                     (uint32_t)h->map.addrs[i].netns);
    for (size_t i = 0; r == 0 && i < h->n_listeners; i++) {
        const struct rca_trace_listener *l = &h->listeners[i];

        if (l->name[0])
            r = set_only(&p->ports, l->name, strlen(l->name), l->key.port);
    }
    return r;
}

/* An address that several namespaces have, as the loopback's, is each one's. */
static int place(struct placing *p, const struct rca_trace_listener *l,
                 int family, const unsigned char address[16])
{
    struct rca_trace_endpoint end = {.family = (uint8_t)family,
                                     .port = l->key.port};
    struct rca_trace_name_key key;
    char text[RCA_SOCK_NAME_SIZE + 8];
    uint32_t home, only = 0;

    memcpy(end.address, address, sizeof(end.address));
    if (is_loopback(family, address) ||
        !rca_map_get(&p->homes, address, 16, &home) || home != l->key.netns)
        end.netns = l->key.netns;
    key = rca_trace_service_key(&end);
    if (rca_map_get(&p->taken, &key, sizeof(key), &home))
        return 0; /* the first one holds */
    (void)rca_map_get(&p->ports, l->name, strlen(l->name), &only);
    if (only)
        (void)snprintf(text, sizeof(text), "%s", l->name);
    else
        (void)snprintf(text, sizeof(text), "%s:%u", l->name, l->key.port);
    if (rca_map_set(&p->taken, &key, sizeof(key), 1))
        return -ENOMEM;
    return rca_trace_names_set(p->names, &key, text);
}

/* At every address of its namespace. */
static int place_all(struct placing *p, const struct rca_trace_listener *l)
{
    const struct rca_link_map *map = &p->host->map;
    int r = 0;

    for (size_t i = 0; r == 0 && i < map->n_addrs; i++) {
        const struct rca_link_addr *own = &map->addrs[i].own;

        if (map->addrs[i].netns == l->key.netns &&
            (own->family == AF_INET || l->key.family == AF_INET6))
            r = place(p, l, own->family, own->addr);
    }
    return r;
}

/* IPv4 in IPv6 is IPv4. */
static int place_one(struct placing *p, const struct rca_trace_listener *l)
{
    static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
    unsigned char address[16];

    memcpy(address, l->key.local, sizeof(address));
    if (l->key.family == AF_INET6 && !memcmp(address, mapped, sizeof(mapped))) {
        memmove(address, address + sizeof(mapped), 4);
        memset(address + 4, 0, sizeof(address) - 4);
        return place(p, l, AF_INET, address);
    }
    return place(p, l, l->key.family, address);
}

static unsigned rank(const struct rca_trace_listener *l)
{
    const uint32_t *a = l->key.local;

    if (a[0] | a[1] | a[2] | a[3])
        return 0;
    return l->key.family == AF_INET ? 1 : 2;
}

int rca_trace_names_services(struct rca_trace_names *names,
                             struct rca_trace_host *host)
{
    struct placing p RCA_CLEANUP(done_placing) = {.names = names, .host = host};
    int r = rca_netlink_set_refresh(&host->diag, host->obs);

    if (r)
        return r == -ENOMEM ? r : 0;
    r = read_listeners(host);
    if (r == 0)
        r = find_owners(names->config, host);
    if (r == 0)
        r = learn(&p);
    for (unsigned k = 0; k < 3; k++) {
        for (size_t i = 0; r == 0 && i < host->n_listeners; i++) {
            const struct rca_trace_listener *l = &host->listeners[i];

            if (l->name[0] && rank(l) == k)
                r = k ? place_all(&p, l) : place_one(&p, l);
        }
    }
    return r;
}
