/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * meta_parse - the grammar of meta.h, by recursive descent. What is refused
 * sticks in the build; from then on every token is the end.
 */

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "collector/trace/meta_own.h"
#include "graph/base/name.h"
#include "graph/base/parse.h"

#define DEEPEST 64
#define COMPARISONS_MOST 64

enum token {
    END,
    WORD, /* a field, a name, a number */
    OPEN,
    CLOSE,
    BRACE,
    UNBRACE,
    COMMA,
    NOT,
    MASK,
    AND,
    OR,
    COMPARE,
};

/* struct parser - @token: the one at hand, with its @word or @op */
struct parser {
    struct rca_meta_build *build;
    const char *text, *at;
    enum token token;
    enum rca_meta_op op;
    struct rca_meta_value word;
    unsigned depth, comparisons;
};

/* --- tokens ------------------------------------------------------------------- */

static void refuse_here(struct parser *p, const char *what)
{
    rca_meta_refuse(p->build, RCA_ESYNTAX, "%s", what);
    p->token = END;
}

static _Bool is_word(char c)
{
    return c && (isalnum((unsigned char)c) || strchr("._:/@+-", c) ||
                 (unsigned char)c >= 0x80);
}

/* Decimal or hexadecimal. */
static _Bool read_number(const char *text, uint64_t *ret)
{
    char *end = NULL;

    if (text[0] != '0' || (text[1] | 0x20) != 'x')
        return rca_parse_u64(text, ret) == 0;
    if (!isxdigit((unsigned char)text[2]))
        return 0;
    errno = 0;
    *ret = strtoull(text + 2, &end, 16);
    return !errno && !*end;
}

static void read_word(struct parser *p, size_t len, _Bool quoted)
{
    struct rca_meta_value *word = &p->word;

    p->token = WORD;
    if (len >= sizeof(word->text)) {
        refuse_here(p, "this name is too long");
        return;
    }
    memcpy(word->text, p->at, len);
    word->text[len] = '\0';
    word->quoted = quoted;
    word->number = 0;
    word->is_number = !quoted && read_number(word->text, &word->number);
    p->at += len;
}

static void read_quoted(struct parser *p)
{
    const char *end = strchr(++p->at, '"');

    if (!end) {
        refuse_here(p, "this quote has no end");
        return;
    }
    read_word(p, (size_t)(end - p->at), 1);
    p->at = end + 1;
}

static void next(struct parser *p)
{
    static const struct {
        const char *text;
        enum token token;
        enum rca_meta_op op;
    } signs[] = {
        /* longer ones first */
        {"&&", AND, RCA_META_OPS},    {"||", OR, RCA_META_OPS},
        {"==", COMPARE, RCA_META_EQ}, {"!=", COMPARE, RCA_META_NE},
        {"<=", COMPARE, RCA_META_LE}, {">=", COMPARE, RCA_META_GE},
        {"<", COMPARE, RCA_META_LT},  {">", COMPARE, RCA_META_GT},
        {"!", NOT, RCA_META_OPS},     {"&", MASK, RCA_META_OPS},
        {"(", OPEN, RCA_META_OPS},    {")", CLOSE, RCA_META_OPS},
        {"{", BRACE, RCA_META_OPS},   {"}", UNBRACE, RCA_META_OPS},
        {",", COMMA, RCA_META_OPS},
    };
    size_t len = 0;

    while (*p->at && strchr(" \t\n\r", *p->at))
        p->at++;
    p->token = END;
    if (p->build->err)
        return;
    p->build->column = (unsigned)(p->at - p->text) + 1;
    for (size_t i = 0; i < RCA_ARRAY_SIZE(signs); i++) {
        if (strncmp(p->at, signs[i].text, strlen(signs[i].text)) != 0)
            continue;
        p->token = signs[i].token;
        p->op = signs[i].op;
        p->at += strlen(signs[i].text);
        return;
    }
    while (is_word(p->at[len]))
        len++;
    if (len)
        read_word(p, len, 0);
    else if (*p->at == '"')
        read_quoted(p);
    else if (*p->at == '=')
        refuse_here(p, "'=' compares nothing: did you mean '=='?");
    else if (*p->at == '|')
        refuse_here(p, "'|' joins nothing: did you mean '||'?");
    else if (*p->at)
        refuse_here(p, "this character means nothing here; names that have "
                       "it stand in double quotes");
}

static void expect(struct parser *p, enum token token, const char *what)
{
    if (p->token != token)
        refuse_here(p, what);
    else
        next(p);
}

/* --- comparisons ---------------------------------------------------------------- */

static const struct rca_meta_field *read_field(struct parser *p)
{
    const struct rca_meta_field *field;
    const char *names[32];
    size_t n, near;

    if (p->token != WORD) {
        refuse_here(p, p->token == END ? "a comparison is missing here"
                                       : "a comparison begins with a field: "
                                         "netns, device, reason, ...");
        return NULL;
    }
    field = p->word.quoted ? NULL : rca_meta_field(p->word.text);
    if (field)
        return field;
    n = rca_meta_fields(names, RCA_ARRAY_SIZE(names));
    near = rca_name_nearest(p->word.text, names, n);
    if (near < n)
        rca_meta_refuse(p->build, RCA_EUNKNOWN,
                        "no field is called '%.64s': did you mean '%s'?",
                        p->word.text, names[near]);
    rca_meta_refuse(p->build, RCA_EUNKNOWN,
                    "no field is called '%.64s' (there are netns, device, "
                    "mark, length, port, vlan, pid, cpu, protocol, cgroup, "
                    "reason, point, service, command)",
                    p->word.text);
    return NULL;
}

static uint64_t read_mask(struct parser *p, const struct rca_meta_field *field)
{
    uint64_t mask;

    if (!field->is_plain)
        rca_meta_refuse(p->build, RCA_ESYNTAX,
                        "%s is no plain number: it takes no mask", field->name);
    next(p);
    if (p->token != WORD || !p->word.is_number) {
        refuse_here(p, "a mask is a number");
        return 0;
    }
    mask = p->word.number;
    next(p);
    return mask;
}

/* One comparison with the value at hand. */
static uint32_t read_value(struct parser *p, const struct rca_meta_field *field,
                           enum rca_meta_op op, uint64_t mask)
{
    uint32_t node = 0;

    if (p->token != WORD) {
        refuse_here(p, "a value is missing here");
        return 0;
    }
    if (++p->comparisons > COMPARISONS_MOST)
        rca_meta_refuse(p->build, -E2BIG, "over %d comparisons",
                        COMPARISONS_MOST);
    else
        node = rca_meta_compare(p->build, field, op, mask, &p->word);
    next(p);
    return node;
}

static uint32_t read_list(struct parser *p, const struct rca_meta_field *field)
{
    const uint32_t any = rca_meta_node(p->build->meta, RCA_META_ANY);

    next(p);
    expect(p, BRACE, "'{' and a list of values belong here");
    do {
        rca_meta_add(p->build->meta, any,
                     read_value(p, field, RCA_META_EQ, UINT64_MAX));
        if (p->token != COMMA)
            break;
        next(p);
    } while (!p->build->err);
    expect(p, UNBRACE, "',' or '}' belongs here");
    return any;
}

static uint32_t negate(struct parser *p, uint32_t part)
{
    const uint32_t whole = rca_meta_node(p->build->meta, RCA_META_NOT);

    rca_meta_add(p->build->meta, whole, part);
    return whole;
}

static uint32_t read_comparison(struct parser *p)
{
    const struct rca_meta_field *field = read_field(p);
    uint64_t mask = UINT64_MAX;
    enum rca_meta_op op;
    uint32_t node;

    next(p);
    if (!field)
        return 0;
    if (p->token == WORD && !strcmp(p->word.text, "in") && !p->word.quoted)
        return read_list(p, field);
    if (p->token == MASK)
        mask = read_mask(p, field);
    op = p->op;
    if (p->token == COMPARE && !field->is_plain && op != RCA_META_EQ &&
        op != RCA_META_NE)
        rca_meta_refuse(p->build, RCA_ESYNTAX,
                        "%s compares with == and != only", field->name);
    expect(p, COMPARE, "a comparison belongs here: == != < <= > >= in");
    if (p->build->err)
        return 0;
    node = read_value(p, field, op == RCA_META_NE ? RCA_META_EQ : op, mask);
    return op == RCA_META_NE ? negate(p, node) : node;
}

/* --- joining --------------------------------------------------------------------- */

static uint32_t read_or(struct parser *p);

/* NOLINTNEXTLINE(misc-no-recursion): DEEPEST levels */
static uint32_t read_not(struct parser *p)
{
    const enum token token = p->token;
    uint32_t node;

    if (token != NOT && token != OPEN)
        return read_comparison(p);
    if (p->depth == DEEPEST) {
        refuse_here(p, "this is nested too deeply");
        return 0;
    }
    p->depth++;
    next(p);
    if (token == NOT) {
        node = negate(p, read_not(p));
    } else {
        node = read_or(p);
        expect(p, CLOSE, "')' belongs here, or '&&' or '||'");
    }
    p->depth--;
    return node;
}

/* NOLINTNEXTLINE(misc-no-recursion): as read_not() */
static uint32_t read_and(struct parser *p)
{
    const uint32_t part = read_not(p);
    uint32_t all;

    if (p->token != AND)
        return part;
    all = rca_meta_node(p->build->meta, RCA_META_ALL);
    rca_meta_add(p->build->meta, all, part);
    while (p->token == AND) {
        next(p);
        rca_meta_add(p->build->meta, all, read_not(p));
    }
    return all;
}

/* NOLINTNEXTLINE(misc-no-recursion): as read_not() */
static uint32_t read_or(struct parser *p)
{
    const uint32_t part = read_and(p);
    uint32_t any;

    if (p->token != OR)
        return part;
    any = rca_meta_node(p->build->meta, RCA_META_ANY);
    rca_meta_add(p->build->meta, any, part);
    while (p->token == OR) {
        next(p);
        rca_meta_add(p->build->meta, any, read_and(p));
    }
    return any;
}

int rca_meta_parse(struct rca_meta_build *build, const char *expression)
{
    struct parser p = {.build = build, .text = expression, .at = expression};

    next(&p);
    if (p.token == END && !build->err)
        return 0;
    build->meta->root = read_or(&p);
    if (p.token != END)
        refuse_here(&p, "'&&' or '||' belongs here");
    if (build->meta->err == -E2BIG)
        rca_meta_refuse(build, -E2BIG,
                        "the names stand for too many numbers at once");
    return build->err ? build->err : build->meta->err;
}
