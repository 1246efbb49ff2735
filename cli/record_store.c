/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/record_store.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define PREFIX "incident/"
#define SLUG_SIZE 17

/* --- all of them -------------------------------------------------------------*/

void rca_records_done(struct rca_records *records)
{
    for (size_t i = 0; i < records->n; i++)
        rca_record_free(&records->list[i]);
    free(records->list);
    *records = (struct rca_records){0};
}

static int gather(void *arg, const struct rca_note *note)
{
    struct rca_records *all = arg;
    struct rca_record *record = NULL;
    struct rca_record **list;
    int err = rca_record_decode(note->data, note->size, NULL, &record);

    if (err == -ENOMEM)
        return err;
    if (err) {
        all->n_damaged++;
        return 0;
    }
    list = rca_grow(all->list, all->n, &all->cap, sizeof(struct rca_record *));
    if (!list) {
        rca_record_free(&record);
        return -ENOMEM;
    }
    all->list = list;
    all->list[all->n++] = record;
    return 0;
}

static int by_opening(const void *a, const void *b)
{
    const struct rca_record *x = *(struct rca_record *const *)a;
    const struct rca_record *y = *(struct rca_record *const *)b;

    if (x->opened != y->opened)
        return x->opened < y->opened ? -1 : 1;
    return strcmp(x->id, y->id);
}

int rca_records_read(struct rca_store *store, struct rca_records *ret_records)
{
    struct rca_records all RCA_CLEANUP(rca_records_done) = {0};
    const int err = rca_store_list(store, PREFIX, gather, &all);

    if (err)
        return err;
    if (all.n)
        qsort(all.list, all.n, sizeof(struct rca_record *), by_opening);
    *ret_records = all;
    all = (struct rca_records){0};
    return 0;
}

int rca_records_find(const struct rca_records *records, const char *id,
                     size_t *ret_index)
{
    size_t found = 0, at = 0;

    if (strcmp(id, "last") == 0 && records->n) {
        *ret_index = records->n - 1;
        return 0;
    }
    for (size_t i = 0; i < records->n && *id; i++) {
        if (strncmp(records->list[i]->id, id, strlen(id)) != 0)
            continue;
        at = i;
        found++;
        if (strcmp(records->list[i]->id, id) == 0) {
            found = 1;
            break;
        }
    }
    if (found != 1)
        return found ? RCA_EAMBIGUOUS : RCA_EUNKNOWN;
    *ret_index = at;
    return 0;
}

/* --- one ---------------------------------------------------------------------*/

static void note_name(const char *id, char name[RCA_RECORD_ID_SIZE + 16])
{
    (void)snprintf(name, RCA_RECORD_ID_SIZE + 16, PREFIX "%s", id);
}

/* drop the oldest where there are too many */
static int trim(struct rca_store *store)
{
    struct rca_records all RCA_CLEANUP(rca_records_done) = {0};
    char name[RCA_RECORD_ID_SIZE + 16];
    int err = rca_records_read(store, &all);

    for (size_t i = 0; !err && i + RCA_RECORD_MOST < all.n; i++) {
        note_name(all.list[i]->id, name);
        err = rca_store_drop(store, name);
    }
    return err;
}

int rca_record_put(struct rca_store *store, const struct rca_record *record)
{
    char *json RCA_CLEANUP(rca_freep) = NULL;
    char name[RCA_RECORD_ID_SIZE + 16];
    int err = rca_record_encode(record, &json);

    note_name(record->id, name);
    if (!err)
        err = rca_store_put(store, name, record->opened, json, strlen(json));
    return err ? err : trim(store);
}

/* "Web Shop/1" to "web-shop-1": names may hold anything, an id is typed */
static void slug_of(const char *name, char slug[SLUG_SIZE])
{
    size_t n = 0;

    for (; *name && n < SLUG_SIZE - 1; name++) {
        const unsigned char c = (unsigned char)*name;

        if (c < 0x80 && isalnum(c))
            slug[n++] = (char)tolower(c);
        else if (n && slug[n - 1] != '-')
            slug[n++] = '-';
    }
    while (n && slug[n - 1] == '-')
        n--;
    slug[n] = '\0';
}

static _Bool taken(const struct rca_records *records, const char *id)
{
    for (size_t i = 0; i < records->n; i++) {
        if (strcmp(records->list[i]->id, id) == 0)
            return 1;
    }
    return 0;
}

void rca_record_name(const struct rca_records *records,
                     struct rca_record *record)
{
    const time_t t = (time_t)(record->opened / RCA_SECOND);
    char clock[32], slug[SLUG_SIZE];
    struct tm tm = {0};

    (void)localtime_r(&t, &tm);
    (void)strftime(clock, sizeof(clock), "%Y-%m-%d-%H%M", &tm);
    slug_of(rca_record_symptom(record).name, slug);
    (void)snprintf(record->id, sizeof(record->id), "%s%s%s", clock,
                   *slug ? "-" : "", slug);
    for (unsigned i = 2; taken(records, record->id); i++)
        (void)snprintf(record->id, sizeof(record->id), "%s%s%s-%u", clock,
                       *slug ? "-" : "", slug, i);
}

/* --- feedback ----------------------------------------------------------------*/

int rca_records_verdicts(const struct rca_records *records,
                         struct rca_verdicts *ret_verdicts)
{
    struct rca_judged *list RCA_CLEANUP(rca_freep) =
        calloc(records->n + 1, sizeof(*list));
    struct rca_verdicts v = {0};

    if (!list)
        return -ENOMEM;
    for (size_t i = 0; i < records->n; i++) {
        const struct rca_record *r = records->list[i];
        const _Bool right = r->feedback == RCA_FEEDBACK_RIGHT;

        if (r->feedback == RCA_FEEDBACK_NONE || !rca_record_causes(r))
            continue;
        list[v.right + v.wrong].confidence = rca_record_confidence(r);
        list[v.right + v.wrong].right = right;
        v.right += right;
        v.wrong += !right;
    }
    v.shift = rca_calibrate_shift(list, v.right + v.wrong);
    *ret_verdicts = v;
    return 0;
}

int rca_store_verdicts(struct rca_store *store,
                       struct rca_verdicts *ret_verdicts)
{
    struct rca_records all RCA_CLEANUP(rca_records_done) = {0};
    const int err = rca_records_read(store, &all);

    return err ? err : rca_records_verdicts(&all, ret_verdicts);
}
