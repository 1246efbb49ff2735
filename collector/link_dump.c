/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/link_dump.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

/*
 * A namespace calls the others by small numbers of its own (nsid), which the
 * kernel gives when it first has to name one. Which of our namespaces is meant
 * is asked once for each number: what each of them is called here.
 */

#define REQUEST_BYTES 128

struct nsid {
    int nsid;
    uint64_t inode;
};

/* What is kept about a namespace. */
struct names {
    struct nsid *known; /* owned */
    size_t n;
    unsigned version; /* of the set, when asked; 0: never */
};

void rca_link_dump_free(void *data)
{
    struct names *names = (struct names *)data;

    free(names->known);
    free(names);
}

static struct nlmsghdr *put_request(void *buf, uint16_t type, size_t fixed)
{
    struct nlmsghdr *msg = mnl_nlmsg_put_header(buf);

    msg->nlmsg_type = type;
    mnl_nlmsg_put_extra_header(msg, fixed);
    return msg;
}

static int dump(struct rca_netlink_ns *ns, uint16_t type, size_t fixed,
                rca_netlink_visit *visit, void *arg)
{
    _Alignas(8) char buf[REQUEST_BYTES];

    return rca_netlink_dump(ns->nl, put_request(buf, type, fixed), visit, arg);
}

int rca_link_dump_qdiscs(struct rca_netlink_ns *ns, rca_netlink_visit *visit,
                         void *arg)
{
    return dump(ns, RTM_GETQDISC, sizeof(struct tcmsg), visit, arg);
}

/* --- numbers of namespaces ------------------------------------------------ */

static int read_nsid(void *arg, const struct nlmsghdr *msg)
{
    return rca_link_parse_nsid(msg, (int *)arg);
}

/* What @ns calls the namespace behind @fd: at least 0, or -1. */
static int ask_nsid(struct rca_netlink_ns *ns, int fd)
{
    _Alignas(8) char buf[REQUEST_BYTES];
    struct nlmsghdr *msg =
        put_request(buf, RTM_GETNSID, sizeof(struct rtgenmsg));
    int nsid = -1;

    mnl_attr_put_u32(msg, NETNSA_FD, (uint32_t)fd);
    if (rca_netlink_ask(ns->nl, msg, read_nsid, &nsid))
        return -1;
    return nsid;
}

static int learn_nsids(const struct rca_netlink_set *set,
                       struct rca_netlink_ns *ns, struct names *names)
{
    struct nsid *known =
        (struct nsid *)reallocarray(names->known, set->n, sizeof *known);

    if (!known)
        return -ENOMEM;
    names->known = known;
    names->n = 0;
    for (size_t i = 0; i < set->n; i++) {
        int nsid = set->ns[i].fd >= 0 ? ask_nsid(ns, set->ns[i].fd) : -1;

        if (nsid >= 0)
            known[names->n++] = (struct nsid){nsid, set->ns[i].inode};
    }
    names->version = set->version;
    return 0;
}

static uint64_t find_nsid(const struct names *names, int nsid)
{
    for (size_t i = 0; i < names->n; i++)
        if (names->known[i].nsid == nsid)
            return names->known[i].inode;
    return 0;
}

/* Asks again only after a namespace came or went. */
static int resolve_nsid(const struct rca_netlink_set *set,
                        struct rca_netlink_ns *ns, int nsid,
                        uint64_t *ret_inode)
{
    struct names *names = (struct names *)ns->data;
    int err = 0;

    *ret_inode = 0;
    if (!names) {
        names = (struct names *)calloc(1, sizeof *names);
        if (!names)
            return -ENOMEM;
        ns->data = names;
    }
    *ret_inode = find_nsid(names, nsid);
    if (*ret_inode || names->version == set->version)
        return 0;
    err = learn_nsids(set, ns, names);
    *ret_inode = find_nsid(names, nsid);
    return err;
}

/* --- interfaces ----------------------------------------------------------- */

struct adding {
    struct rca_link_map *map;
    uint64_t netns;
    rca_id whole;
};

/* A message that does not parse is passed over: the kernel may know kinds of
 * interface and address that we do not. */
static int add_link(void *arg, const struct nlmsghdr *msg)
{
    struct adding *to = (struct adding *)arg;
    struct rca_nic nic = {.netns = to->netns, .whole = to->whole};

    if (msg->nlmsg_type != RTM_NEWLINK || rca_link_parse(msg, &nic.link))
        return 0;
    return rca_link_map_add(to->map, &nic);
}

static int add_addr(void *arg, const struct nlmsghdr *msg)
{
    struct adding *to = (struct adding *)arg;
    struct rca_link_addr addr = {0};

    if (msg->nlmsg_type != RTM_NEWADDR || rca_link_parse_addr(msg, &addr))
        return 0;
    return rca_link_map_add_addr(to->map, to->netns, &addr);
}

static int resolve_peers(const struct rca_netlink_set *set,
                         struct rca_netlink_ns *ns, struct rca_nic *nics,
                         size_t n)
{
    int err = 0;

    for (size_t i = 0; !err && i < n; i++)
        if (nics[i].link.nsid >= 0)
            err = resolve_nsid(set, ns, nics[i].link.nsid, &nics[i].peer_netns);
    return err;
}

/* An interrupted dump is tried once more; its second answer is taken. */
static int dump_ns(const struct rca_netlink_set *set, struct rca_netlink_ns *ns,
                   struct adding *to)
{
    const size_t nics = to->map->n_nics, addrs = to->map->n_addrs;
    int err = -EINTR;

    for (int tries = 0; err == -EINTR && tries < 2; tries++) {
        to->map->n_nics = nics;
        err = dump(ns, RTM_GETLINK, sizeof(struct ifinfomsg), add_link, to);
    }
    to->map->failed += err != 0;
    if (err && err != -EINTR) {
        to->map->n_nics = nics;
        return err;
    }
    err = dump(ns, RTM_GETADDR, sizeof(struct ifaddrmsg), add_addr, to);
    to->map->failed += err != 0;
    if (err && err != -EINTR)
        to->map->n_addrs = addrs;
    if (err == -ENOMEM)
        return err;
    if (to->map->n_nics == nics)
        return 0;
    return resolve_peers(set, ns, to->map->nics + nics, to->map->n_nics - nics);
}

/* --- entities ------------------------------------------------------------- */

static const char *ns_name(const struct rca_netlink_set *set, uint64_t inode)
{
    for (size_t i = 0; i < set->n; i++)
        if (set->ns[i].inode == inode)
            return set->ns[i].name;
    return "";
}

const char *rca_link_dump_name(const struct rca_netlink_set *set,
                               const struct rca_nic *nic,
                               char name[RCA_LINK_NAME_SIZE])
{
    const char *ns = ns_name(set, nic->netns);

    snprintf(name, RCA_LINK_NAME_SIZE, "%s%s%s", ns, ns[0] ? "/" : "",
             nic->link.name);
    return name;
}

static void make_entity(const struct rca_netlink_set *set,
                        struct rca_observer *obs, struct rca_nic *nic)
{
    char name[RCA_LINK_NAME_SIZE];

    if (rca_link_is_shown(&nic->link))
        nic->entity = rca_observe_entity(obs, RCA_KIND_NIC,
                                         rca_link_dump_name(set, nic, name));
}

static void report_edges(struct rca_observer *obs,
                         const struct rca_link_map *map, size_t i)
{
    const struct rca_nic *nic = &map->nics[i];

    rca_observe_edge(obs, nic->entity, nic->whole, RCA_EDGE_PART_OF);
    if (nic->master != RCA_LINK_NONE)
        rca_observe_edge(obs, nic->entity, map->nics[nic->master].entity,
                         RCA_EDGE_PART_OF);
    if (nic->lower != RCA_LINK_NONE)
        rca_observe_edge(obs, nic->entity, map->nics[nic->lower].entity,
                         RCA_EDGE_USES);
    /* once for both ends */
    if (nic->peer != RCA_LINK_NONE && i < nic->peer)
        rca_observe_edge(obs, nic->entity, map->nics[nic->peer].entity,
                         RCA_EDGE_LINK);
}

int rca_link_dump(struct rca_netlink_set *set, struct rca_observer *obs,
                  struct rca_link_map *map)
{
    rca_id host = rca_observe_host(obs);

    rca_link_map_reset(map);
    for (size_t i = 0; i < set->n; i++) {
        struct rca_netlink_ns *ns = &set->ns[i];
        struct adding to = {.map = map,
                            .netns = ns->inode,
                            .whole = i == 0 ? host : ns->entity};

        if (ns->nl && dump_ns(set, ns, &to) == -ENOMEM)
            return -ENOMEM;
    }
    rca_link_map_pair(map);
    for (size_t i = 0; i < map->n_nics; i++)
        make_entity(set, obs, &map->nics[i]);
    return 0;
}

void rca_link_dump_report(struct rca_observer *obs,
                          const struct rca_link_map *map)
{
    for (size_t i = 0; i < map->n_nics; i++)
        report_edges(obs, map, i);
}
