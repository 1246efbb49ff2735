/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/privileged_helper.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "collector/privileged_do.h"
#include "collector/privileged_socket.h"
#include "collector/privileges.h"

/*
 * Nothing here may wait for long, allocate in proportion to what is asked, or
 * log: the collector says what went wrong. The exit code says why it ended.
 */

enum { ENDED = 0, MALFORMED = 3, BROKEN = 4 };

struct helper {
    struct rca_privileged_do with;
    int socket;
    int home; /* our own network namespace */
};

/* --- the start ------------------------------------------------------------ */

/* Nothing of the collector's but the socket; the standard ones lead nowhere,
 * so that who reads the collector's output sees its end with it. */
static int keep_only(int *socket)
{
    const int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    if (null < 0)
        return -errno;
    for (int fd = 0; fd < 3; fd++) {
        if (dup2(null, fd) < 0)
            return -errno;
    }
    if (*socket != 3) {
        if (dup3(*socket, 3, O_CLOEXEC) < 0)
            return -errno;
        *socket = 3;
    }
    return close_range(4, ~0U, 0) ? -errno : 0;
}

/* Connecting to a socket of root's takes the right to write to it. */
static uint64_t capabilities(const char *ovs)
{
    uint64_t mask = UINT64_C(1) << CAP_SYS_ADMIN |
                    UINT64_C(1) << CAP_NET_ADMIN |
                    UINT64_C(1) << CAP_SYS_PTRACE;

    if (ovs && access(ovs, F_OK) == 0)
        mask |= UINT64_C(1) << CAP_DAC_OVERRIDE;
    return mask;
}

static void ignore_signals(void)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE};

    for (size_t i = 0; i < RCA_ARRAY_SIZE(signals); i++)
        (void)signal(signals[i], SIG_IGN);
}

static int prepare(struct helper *h,
                   const struct rca_privileged_options *options)
{
    const unsigned uid = options->allow_changes ? geteuid() : options->uid;
    const unsigned gid = options->allow_changes ? getegid() : options->gid;
    int r = keep_only(&h->socket);

    (void)prctl(PR_SET_NAME, "rca-helper");
    (void)prctl(PR_SET_PDEATHSIG, 0); /* the socket tells */
    ignore_signals();
    if (r < 0)
        return r;
    h->home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    if (h->home < 0)
        return -errno;
    r = rca_privileges_reduce(uid, gid, capabilities(options->ovs));
    if (r == 0)
        r = rca_privileges_filter_helper(options->allow_changes);
    return r == RCA_ENOSUPPORT ? 0 : r;
}

/* --- one request ---------------------------------------------------------- */

static int answer(const struct helper *h, int result)
{
    struct rca_wire_answer answer = {
        .magic = RCA_WIRE_MAGIC,
        .result = result < 0 ? result : 0,
        .n_fds = result > 0,
    };

    return rca_privileged_write(h->socket, &answer, sizeof(answer), &result,
                                answer.n_fds);
}

static int carry_out(struct helper *h, const struct rca_wire_request *request,
                     const void *payload, const int *fds)
{
    const int result = rca_privileged_do(&h->with, request, payload, fds);
    int r;

    if (request->n_fds && request->verb != RCA_VERB_SEND &&
        setns(h->home, CLONE_NEWNET)) {
        return -errno;
    }
    r = answer(h, result);
    if (result > 0)
        (void)close(result);
    return r;
}

static int serve_one(struct helper *h, _Bool *ret_end)
{
    _Alignas(8) char buf[sizeof(struct rca_wire_request) + RCA_WIRE_PAYLOAD];
    int fds[RCA_WIRE_FDS];
    size_t n_fds = 0;
    struct rca_wire_request request;
    const void *payload = NULL;
    const ssize_t n =
        rca_privileged_read(h->socket, buf, sizeof(buf), fds, &n_fds);
    int r;

    if (n <= 0) {
        *ret_end = n == 0;
        return (int)n;
    }
    r = rca_wire_parse_request(buf, (size_t)n, n_fds, &request, &payload);
    if (r == 0)
        r = carry_out(h, &request, payload, fds);
    for (size_t i = 0; i < n_fds; i++)
        (void)close(fds[i]);
    return r;
}

void rca_privileged_helper(const struct rca_privileged_options *options,
                           int socket)
{
    struct helper h = {
        .with = {.ovs = options->ovs, .allow_changes = options->allow_changes},
        .socket = socket,
        .home = -1};
    _Bool end = 0;
    int r = prepare(&h, options);

    if (r == 0)
        r = answer(&h, 0);
    else
        (void)answer(&h, r > -4096 ? r : -EIO);
    while (r == 0 && !end)
        r = serve_one(&h, &end);
    rca_privileged_undo(&h.with);
    _exit(r == 0                               ? ENDED
          : r == RCA_ESYNTAX || r == -EMSGSIZE ? MALFORMED
                                               : BROKEN);
}
