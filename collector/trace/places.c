/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/trace/places.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define FARTHEST (UINT64_C(1) << 20) /* no function is longer */
#define TEXT_MOST (UINT64_C(1) << 28)

void rca_trace_places_done(struct rca_trace_places *places)
{
    free(places->items);
    free(places->text);
    *places = (struct rca_trace_places){0};
}

/* A word and its NUL at the end of the text; the first byte is "". */
static int put(struct rca_trace_places *p, const char *word, size_t len,
               uint32_t *ret_at)
{
    const size_t need = p->n_text + len + 2;

    if (need > TEXT_MOST)
        return -ENOMEM;
    if (need > p->cap_text) {
        const size_t cap = need + need / 2 + 256;
        char *text = realloc(p->text, cap);

        if (!text)
            return -ENOMEM;
        p->text = text;
        p->cap_text = cap;
    }
    if (!p->n_text)
        p->text[p->n_text++] = '\0';
    *ret_at = (uint32_t)p->n_text;
    memcpy(p->text + p->n_text, word, len);
    p->n_text += len;
    p->text[p->n_text++] = '\0';
    return 0;
}

/* The next word of a line, up to a blank. */
static size_t next_word(const char **at, const char *end, const char **ret_word)
{
    while (*at < end && (**at == ' ' || **at == '\t'))
        ++*at;
    *ret_word = *at;
    while (*at < end && **at != ' ' && **at != '\t' && **at != '\n')
        ++*at;
    return (size_t)(*at - *ret_word);
}

/* Hexadecimal in lower case; 0 if it is no number. */
static uint64_t read_address(const char *word, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    uint64_t address = 0;

    if (len > 16)
        return 0;
    for (size_t i = 0; i < len; i++) {
        const char *digit = strchr(digits, word[i]);

        if (!digit || !*digit)
            return 0;
        address = address << 4 | (uint64_t)(digit - digits);
    }
    return address;
}

/* Modules follow one another: the last one's name is used again. */
static int put_module(struct rca_trace_places *p, const char *word, size_t len,
                      uint32_t *ret_at)
{
    const uint32_t last = p->n ? p->items[p->n - 1].module : 0;

    if (last && strlen(p->text + last) == len &&
        !memcmp(p->text + last, word, len)) {
        *ret_at = last;
        return 0;
    }
    return put(p, word, len, ret_at);
}

int rca_trace_places_add(struct rca_trace_places *places, const char *line,
                         size_t len)
{
    struct rca_trace_place place = {0};
    const char *end = line + len, *word, *type;
    struct rca_trace_place *items;
    size_t n = next_word(&line, end, &word);
    int r;

    place.address = read_address(word, n);
    n = next_word(&line, end, &type);
    if (!place.address || n != 1 || !strchr("tTwW", *type) || !*type)
        return 0;
    n = next_word(&line, end, &word);
    if (!n || n >= RCA_TRACE_PLACE_SIZE || memchr(word, 0, n))
        return 0;
    items = rca_grow(places->items, places->n, &places->cap, sizeof(*items));
    if (!items)
        return -ENOMEM;
    places->items = items;
    r = put(places, word, n, &place.name);
    n = r ? 0 : next_word(&line, end, &word);
    if (n > 2 && *word == '[' && !memchr(word, 0, n))
        r = put_module(places, word, n, &place.module);
    if (r)
        return r;
    items[places->n++] = place;
    return 0;
}

/* Of several names of one address the first in the alphabet. */
static int compare(const void *a, const void *b, void *text)
{
    const struct rca_trace_place *x = (const struct rca_trace_place *)a;
    const struct rca_trace_place *y = (const struct rca_trace_place *)b;
    const char *names = (const char *)text;

    if (x->address != y->address)
        return x->address < y->address ? -1 : 1;
    return strcmp(names + x->name, names + y->name);
}

void rca_trace_places_sort(struct rca_trace_places *places)
{
    if (places->n)
        qsort_r(places->items, places->n, sizeof(*places->items), compare,
                places->text);
}

static void close_file(FILE **file)
{
    if (*file)
        (void)fclose(*file);
}

int rca_trace_places_read(const char *path, struct rca_trace_places *places)
{
    FILE *in RCA_CLEANUP(close_file) = fopen(path, "re");
    char line[1024];
    int r = 0;

    if (!in)
        return -errno;
    while (r == 0 && fgets(line, sizeof(line), in))
        r = rca_trace_places_add(places, line, strlen(line));
    rca_trace_places_sort(places);
    return r;
}

_Bool rca_trace_places_find(const struct rca_trace_places *places,
                            uint64_t address, char text[RCA_TRACE_PLACE_SIZE])
{
    size_t low = 0, high = places->n; /* the first above @address is in it */
    const struct rca_trace_place *found;
    const char *module;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;

        if (places->items[middle].address > address)
            high = middle;
        else
            low = middle + 1;
    }
    while (low > 1 &&
           places->items[low - 2].address == places->items[low - 1].address)
        low--;
    if (!low || address - places->items[low - 1].address >= FARTHEST)
        return 0;
    found = &places->items[low - 1];
    module = found->module ? places->text + found->module : "";
    (void)snprintf(text, RCA_TRACE_PLACE_SIZE, "%.80s+0x%" PRIx64 "%s%.24s",
                   places->text + found->name, address - found->address,
                   *module ? " " : "", module);
    return 1;
}
