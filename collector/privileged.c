/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/privileged.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "collector/privileged_do.h"
#include "collector/privileged_helper.h"
#include "collector/privileged_socket.h"
#include "graph/base/log.h"

/* The asking side: a request goes to the helper, or, without one, to the same
 * function in a thread of its own, which may move between namespaces. */

#define TIMEOUT_SECONDS 2

struct rca_privileged {
    int socket; /* -1: the helper is gone */
    pid_t pid;
};

/* --- directly ------------------------------------------------------------- */

struct direct {
    struct rca_privileged_do with;
    const struct rca_wire_request *request;
    const void *payload;
    const int *fds;
    int result;
};

static void *do_directly(void *arg)
{
    struct direct *d = (struct direct *)arg;

    d->result = rca_privileged_do(&d->with, d->request, d->payload, d->fds);
    return NULL;
}

static int directly(const char *ovs, const struct rca_wire_request *request,
                    const void *payload, const int *fds)
{
    struct direct d = {.with = {.ovs = ovs},
                       .request = request,
                       .payload = payload,
                       .fds = fds};
    pthread_t thread;
    int err;

    if (!request->n_fds || request->verb == RCA_VERB_SEND) {
        (void)do_directly(&d); /* moves nowhere */
        return d.result;
    }
    err = pthread_create(&thread, NULL, do_directly, &d);
    if (err)
        return -err;
    (void)pthread_join(thread, NULL);
    return d.result;
}

/* --- by the helper -------------------------------------------------------- */

static void give_up(struct rca_privileged *helper, const char *why)
{
    rca_log(RCA_LOG_WARN,
            "the privileged helper is gone: %s: namespaces, firewall rules and "
            "connection tracking are not read any more, and go on",
            why);
    (void)close(helper->socket);
    helper->socket = -1;
}

static int read_answer(struct rca_privileged *helper, _Bool wants_fd)
{
    struct rca_wire_answer answer;
    char buf[sizeof(answer) + 1];
    int fds[RCA_WIRE_FDS];
    size_t n_fds = 0;
    const ssize_t n =
        rca_privileged_read(helper->socket, buf, sizeof(buf), fds, &n_fds);

    if (n > 0 && rca_wire_parse_answer(buf, (size_t)n, n_fds, &answer) == 0 &&
        (answer.result || n_fds == wants_fd))
        return n_fds ? fds[0] : answer.result;
    for (size_t i = 0; i < n_fds; i++)
        (void)close(fds[i]);
    give_up(helper, n < 0    ? rca_strerror((int)n)
                    : n == 0 ? "it ended"
                             : "an answer that makes no sense");
    return -EPIPE;
}

/* @buf holds what @request says, as it goes over the socket. */
static int by_helper(struct rca_privileged *helper, void *buf,
                     const struct rca_wire_request *request, const int *fds)
{
    const _Bool wants_fd =
        request->verb != RCA_VERB_SEND && request->verb != RCA_VERB_TURN_ON;
    int r;

    if (helper->socket < 0)
        return -EPIPE;
    r = rca_privileged_write(helper->socket, buf,
                             sizeof(*request) + request->size, fds,
                             request->n_fds);
    if (r == 0)
        return read_answer(helper, wants_fd);
    if (r == -EBADF || r == -ETOOMANYREFS) /* our own fault, of this one */
        return r;
    give_up(helper, rca_strerror(r));
    return -EPIPE;
}

/* Fill in what all requests have, check it as the other side will, and go. A
 * request that it would not take ends no conversation. */
static int ask(struct rca_privileged *helper, struct rca_wire_request request,
               const void *payload, const int *fds)
{
    char buf[sizeof(request) + RCA_WIRE_PAYLOAD];
    const void *checked = NULL;

    request.magic = RCA_WIRE_MAGIC;
    if (request.size > RCA_WIRE_PAYLOAD)
        return -EPERM;
    memcpy(buf, &request, sizeof(request));
    if (payload)
        memcpy(buf + sizeof(request), payload, request.size);
    if (rca_wire_parse_request(buf, sizeof(request) + request.size,
                               request.n_fds, &request, &checked))
        return -EPERM;
    return helper ? by_helper(helper, buf, &request, fds)
                  : directly(NULL, &request, checked, fds);
}

/* --- the verbs ------------------------------------------------------------ */

int rca_privileged_netns_of(struct rca_privileged *helper, int pid)
{
    return ask(
        helper,
        (struct rca_wire_request){.verb = RCA_VERB_NETNS_OF, .number = pid},
        NULL, NULL);
}

int rca_privileged_netns_named(struct rca_privileged *helper, const char *name)
{
    const struct rca_wire_request request = {.verb = RCA_VERB_NETNS_NAMED,
                                             .size = (uint32_t)strlen(name)};

    return ask(helper, request, name, NULL);
}

int rca_privileged_netlink(struct rca_privileged *helper, int bus, int netns)
{
    const struct rca_wire_request request = {
        .verb = RCA_VERB_NETLINK, .number = bus, .n_fds = netns >= 0};

    return ask(helper, request, NULL, &netns);
}

int rca_privileged_send(struct rca_privileged *helper, int socket,
                        const void *request, size_t len)
{
    return ask(helper,
               (struct rca_wire_request){
                   .verb = RCA_VERB_SEND, .n_fds = 1, .size = (uint32_t)len},
               request, &socket);
}

int rca_privileged_net_file(struct rca_privileged *helper,
                            enum rca_net_file file, int netns)
{
    const struct rca_wire_request request = {
        .verb = RCA_VERB_NET_FILE, .number = (int)file, .n_fds = netns >= 0};

    return ask(helper, request, NULL, &netns);
}

int rca_privileged_bpf_stats(struct rca_privileged *helper)
{
    return ask(helper, (struct rca_wire_request){.verb = RCA_VERB_BPF_STATS},
               NULL, NULL);
}

int rca_privileged_attach_nf(struct rca_privileged *helper, int prog, int netns,
                             int family, int hook, int priority)
{
    const struct rca_wire_request request = {.verb = RCA_VERB_ATTACH_NF,
                                             .number = family,
                                             .hook = hook,
                                             .priority = priority,
                                             .n_fds = netns >= 0 ? 2 : 1};
    const int fds[] = {prog, netns};

    return ask(helper, request, NULL, fds);
}

int rca_privileged_ovs(struct rca_privileged *helper, const char *folder,
                       enum rca_ovs_query query)
{
    const struct rca_wire_request request = {
        .magic = RCA_WIRE_MAGIC, .verb = RCA_VERB_OVS, .number = (int)query};

    if (helper)
        return ask(helper, request, NULL, NULL);
    return directly(folder, &request, NULL, NULL);
}

int rca_privileged_turn_on(struct rca_privileged *helper,
                           enum rca_setting setting)
{
    return ask(helper,
               (struct rca_wire_request){.verb = RCA_VERB_TURN_ON,
                                         .number = (int)setting},
               NULL, NULL);
}

/* --- its life ------------------------------------------------------------- */

static int set_timeout(int socket)
{
    const struct timeval tv = {.tv_sec = TIMEOUT_SECONDS};

    return setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)) ||
                   setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv))
               ? -errno
               : 0;
}

static int fork_helper(const struct rca_privileged_options *options,
                       const int pair[2], struct rca_privileged *helper)
{
    int r = set_timeout(pair[0]);

    if (r < 0)
        return r;
    helper->pid = fork();
    if (helper->pid < 0)
        return -errno;
    if (helper->pid == 0) {
        (void)close(pair[0]);
        rca_privileged_helper(options, pair[1]);
    }
    return 0;
}

/* The helper says once that it is ready: that it could give up the rest. */
static int wait_ready(struct rca_privileged *helper)
{
    const int r = read_answer(helper, 0);

    if (r < 0)
        (void)waitpid(helper->pid, NULL, 0);
    return r;
}

int rca_privileged_start(const struct rca_privileged_options *options,
                         struct rca_privileged **ret_helper)
{
    struct rca_privileged *helper RCA_CLEANUP(rca_freep) =
        calloc(1, sizeof(*helper));
    int pair[2];
    int r;

    if (!helper)
        return -ENOMEM;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
        return -errno;
    helper->socket = pair[0];
    r = fork_helper(options, pair, helper);
    (void)close(pair[1]);
    if (r == 0)
        r = wait_ready(helper);
    else
        (void)close(pair[0]);
    if (r == 0)
        *ret_helper = RCA_TAKE(helper);
    return r;
}

void rca_privileged_stop(struct rca_privileged **helper)
{
    struct rca_privileged *h = *helper;

    *helper = NULL;
    if (!h)
        return;
    if (h->socket >= 0) {
        (void)shutdown(h->socket, SHUT_RDWR); /* ends it for copies too */
        (void)close(h->socket);
    }
    while (waitpid(h->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    free(h);
}

int rca_privileged_pid(const struct rca_privileged *helper)
{
    return helper && helper->socket >= 0 ? helper->pid : 0;
}
