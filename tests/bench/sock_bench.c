/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "collector/sock_probe.h"
#include "graph/base/base.h"
#include "tests/bench/keepalive.h"

/*
 * What watching sockets costs a request: keep-alive requests of 40 bytes and
 * replies of 512 over the loopback of a network namespace of its own, one
 * thread at both ends, so that its processor time holds all of the path.
 *
 * Windows with the hooks attached (standard) and detached (light) alternate, as
 * does which comes first; each pair gives one difference. The median of the
 * pairs and their quartiles are told, per request and side. A line each: name,
 * value, unit. RCA_BENCH_WITHOUT leaves hooks off.
 */

enum { PAIRS = 200, REQUESTS = 1000, SIDES = 2 };

static int die(const char *what)
{
    (void)fprintf(stderr, "sock_bench: %s: %s\n", what, strerror(errno));
    return 1;
}

static void tell(const char *what, double *x, double divisor)
{
    qsort(x, PAIRS, sizeof(*x), keepalive_compare);
    printf("sock_%s\t%.3f\tus (quartiles %.3f to %.3f, %d windows)\n", what,
           x[PAIRS / 2] / divisor, x[PAIRS / 4] / divisor,
           x[3 * PAIRS / 4] / divisor, PAIRS);
}

static int compare_profiles(struct rca_sock_probe *probe,
                            struct rca_observer *obs, const int ends[2])
{
    double base[PAIRS], light[PAIRS], extra[PAIRS];

    for (int i = 0; i < PAIRS; i++) {
        const enum rca_profile first =
            i & 1 ? RCA_PROFILE_STANDARD : RCA_PROFILE_LIGHT;
        double cost[RCA_PROFILE_COUNT];

        for (int half = 0; half < 2; half++) {
            const enum rca_profile now =
                half ? (enum rca_profile)(RCA_PROFILE_STANDARD - first) : first;

            if (rca_sock_probe_profile(probe, obs, now))
                return die("cannot change the profile");
            (void)keepalive_window(ends, REQUESTS / 10);
            cost[now] = keepalive_window(ends, REQUESTS);
        }
        base[i] = cost[RCA_PROFILE_LIGHT];
        extra[i] = cost[RCA_PROFILE_STANDARD] - cost[RCA_PROFILE_LIGHT];
    }
    /* light against light: what this measurement takes for a difference */
    if (rca_sock_probe_profile(probe, obs, RCA_PROFILE_LIGHT))
        return die("cannot change the profile");
    for (int i = 0; i < PAIRS; i++) {
        const double once = keepalive_window(ends, REQUESTS);

        light[i] = keepalive_window(ends, REQUESTS) - once;
    }
    tell("request_without", base, 1);
    tell("extra_a_side_standard", extra, SIDES);
    tell("extra_a_side_nothing", light, SIDES);
    return 0;
}

int main(void)
{
    const struct rca_source_env env = {.profile = RCA_PROFILE_STANDARD,
                                       .without = getenv("RCA_BENCH_WITHOUT")};
    struct ifreq lo = {.ifr_name = "lo"};
    struct rca_observer *obs = NULL;
    struct rca_sock_probe *probe = NULL;
    int ends[2], fd, r;

    if (unshare(CLONE_NEWNET)) {
        (void)fprintf(stderr, "sock_bench: skipped: needs root\n");
        return 0;
    }
    fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &lo))
        return die("no loopback");
    lo.ifr_flags |= IFF_UP;
    if (ioctl(fd, SIOCSIFFLAGS, &lo) || close(fd) || keepalive_dial(ends))
        return die("no connection");
    if (rca_observer_new(NULL, "bench", &obs))
        return die("no memory");
    r = rca_sock_probe_open(&(struct rca_sock_options){.env = &env}, obs,
                            &probe);
    r = r ? die("no hooks") : compare_profiles(probe, obs, ends);
    rca_sock_probe_close(&probe);
    rca_observer_free(&obs);
    return r;
}
