/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/show.h"

#include <stdio.h>
#include <string.h>

#include "cli/json_value.h"
#include "cli/words.h"
#include "graph/base/time.h"

int rca_show_put(struct rca_buf *buf)
{
    char *text RCA_CLEANUP(rca_freep) = NULL;
    const int r = rca_buf_take(buf, &text);

    if (r) {
        rca_buf_done(buf);
        return rca_say("show", NULL, r);
    }
    (void)fputs(text, stdout);
    return RCA_EXIT_DONE;
}

int rca_show_width(const char *text)
{
    int n = 0;

    for (; *text; text++)
        n += ((unsigned char)*text & 0xc0) != 0x80;
    return n;
}

void rca_show_pad(struct rca_buf *buf, const char *text, int columns)
{
    rca_buf_str(buf, text);
    for (int n = rca_show_width(text); n < columns + 2; n++)
        rca_buf_str(buf, " ");
}

const char *rca_show_full_name(const struct rca_entity *e,
                               char ret[RCA_SHOW_NAME_SIZE])
{
    char name[RCA_WORDS_NAME_MAX + 1];

    (void)snprintf(ret, RCA_SHOW_NAME_SIZE, "%s/%s", rca_kind_name(e->kind),
                   rca_words_name(e->name, name));
    return ret;
}

void rca_show_span(struct rca_buf *buf, rca_time from, rca_time to)
{
    char a[RCA_TIME_TEXT_SIZE], b[RCA_TIME_TEXT_SIZE], zone[RCA_TIME_TEXT_SIZE];
    const char *end = rca_time_local(to, b);
    const size_t day = strlen("2026-11-22 ");

    if (strncmp(rca_time_local(from, a), end, day) == 0)
        end += day;
    rca_buf_fmt(buf, "%s to %s %s", a, end, rca_time_zone(to, zone));
}

void rca_show_json_entity(struct rca_buf *buf, const struct rca_entity *e)
{
    rca_buf_str(buf, "{");
    rca_json_string(buf, "kind", rca_kind_name(e->kind));
    rca_buf_str(buf, ",");
    rca_json_string(buf, "name", e->name);
    rca_buf_str(buf, ",");
    rca_json_string(buf, "host", e->host);
}

void rca_show_json_time(struct rca_buf *buf, const char *key, rca_time t)
{
    char text[RCA_TIME_TEXT_SIZE];

    rca_json_string(buf, key,
                    t == RCA_TIME_NONE ? NULL : rca_time_utc(t, text));
}
