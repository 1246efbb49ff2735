/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "cli/json_value.h"
#include "cli/status.h"
#include "collector/source.h"
#include "graph/base/time.h"

static void put_time(struct rca_buf *b, const char *key, rca_time t)
{
    char text[RCA_TIME_TEXT_SIZE];

    rca_json_string(b, key, t == RCA_TIME_NONE ? NULL : rca_time_utc(t, text));
    rca_buf_str(b, ",");
}

static void put_number(struct rca_buf *b, const char *key, double x)
{
    rca_json_number(b, key, x);
    rca_buf_str(b, ",");
}

static void put_store(struct rca_buf *b, const struct rca_status *s)
{
    const struct rca_store_info *i = &s->open->info;
    const double second = (double)RCA_SECOND;

    rca_buf_str(b, "\"store\":{");
    rca_json_string(b, "path", s->db);
    rca_buf_str(b, ",");
    put_time(b, "first", i->first);
    put_time(b, "last", i->last);
    put_number(b, "age_seconds", (double)(s->now - i->last) / second);
    put_number(b, "interval_seconds", (double)i->interval / second);
    put_number(b, "entities", (double)i->entities);
    put_number(b, "edges", (double)i->edges);
    put_number(b, "series", (double)i->series);
    put_number(b, "samples", (double)i->samples);
    put_number(b, "file_bytes", (double)i->file_bytes);
    put_number(b, "chunk_bytes", (double)i->chunk_bytes);
    put_number(b, "chunks", (double)i->chunks);
    rca_json_number(b, "head_ticks", (double)i->head_rows);
    rca_buf_str(b, "}");
}

static void put_model(struct rca_buf *b, const struct rca_status *s)
{
    rca_buf_str(b, ",\"model\":");
    if (s->model_state != RCA_STATUS_MODEL_OK) {
        rca_buf_str(b, "null");
        return;
    }
    rca_buf_str(b, "{");
    put_time(b, "from", s->model.from);
    put_time(b, "to", s->model.to);
    put_number(b, "metrics", (double)s->model.variables);
    put_number(b, "entities", (double)s->model.entities);
    rca_json_number(b, "bytes", (double)s->model_bytes);
    rca_buf_str(b, "}");
}

static void put_self(struct rca_buf *b, const struct rca_status_self *h)
{
    const _Bool known = h->profile >= 0 && h->profile < RCA_PROFILE_COUNT;

    rca_buf_str(b, "{");
    rca_json_string(b, "host", h->host);
    rca_buf_str(b, ",");
    rca_json_string(b, "profile",
                    known ? rca_profile_name((enum rca_profile)h->profile)
                          : NULL);
    rca_buf_str(b, ",");
    put_number(b, "cpu_cores", h->cpu_cores);
    put_number(b, "bpf_cores", h->bpf_cores);
    put_number(b, "tick_median_seconds", h->tick_median_seconds);
    put_number(b, "tick_max_seconds", h->tick_max_seconds);
    put_number(b, "resident_bytes", h->resident_bytes);
    rca_json_number(b, "ticks", (double)h->ticks);
    rca_buf_str(b, "}");
}

static void put_loss(struct rca_buf *b, const struct rca_status_loss *l)
{
    rca_buf_str(b, "{");
    rca_json_string(b, "host", l->host);
    rca_buf_str(b, ",");
    rca_json_string(b, "what", l->what);
    rca_buf_str(b, ",");
    put_number(b, "total", l->total);
    rca_json_number(b, "last_hour", l->hour);
    rca_buf_str(b, "}");
}

static void put_feature(struct rca_buf *b, const struct rca_status_feature *f)
{
    rca_buf_str(b, "{");
    rca_json_string(b, "name", f->name);
    rca_buf_str(b, ",");
    rca_json_string(b, "state", f->state);
    rca_buf_str(b, ",");
    rca_json_string(b, "how", f->how);
    rca_buf_str(b, ",");
    rca_json_string(b, "not_seen", f->lost);
    rca_buf_str(b, "}");
}

static void put_verdicts(struct rca_buf *b, const struct rca_verdicts *v)
{
    rca_buf_fmt(b, ",\"feedback\":{\"right\":%zu,\"wrong\":%zu,", v->right,
                v->wrong);
    rca_json_number(b, "confidence_shift", v->shift);
    rca_buf_str(b, "}");
}

int rca_status_json(const struct rca_status *status, char **ret_text)
{
    struct rca_buf b = {0};
    int r;

    rca_buf_str(&b, "{\"schema_version\":1,");
    put_store(&b, status);
    put_model(&b, status);
    rca_buf_str(&b, ",\"collectors\":[");
    for (size_t i = 0; i < status->n_hosts; i++) {
        rca_buf_str(&b, i ? "," : "");
        put_self(&b, &status->hosts[i]);
    }
    rca_buf_str(&b, "],\"lost\":[");
    for (size_t i = 0; i < status->n_losses; i++) {
        rca_buf_str(&b, i ? "," : "");
        put_loss(&b, &status->losses[i]);
    }
    rca_buf_str(&b, "],\"features\":[");
    for (size_t i = 0; i < status->n_features; i++) {
        rca_buf_str(&b, i ? "," : "");
        put_feature(&b, &status->features[i]);
    }
    rca_buf_str(&b, "]");
    put_verdicts(&b, &status->verdicts);
    rca_buf_str(&b, "}\n");
    r = rca_buf_take(&b, ret_text);
    if (r)
        rca_buf_done(&b);
    return r;
}
