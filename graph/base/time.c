/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Readers here are small recursive-descent pieces over a cursor: each takes
 * what it knows from `*p` and moves it, or leaves it where it was and says no.
 * All arithmetic is in whole nanoseconds; only the fraction of a unit
 * ("1.5h") passes through a double.
 */

#include "graph/base/time.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "graph/base/err.h"

#define MINUTE (60 * RCA_SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
/* 100 years of 365.25 days */
#define DURATION_MAX (36525 * DAY)
/* 2200-01-01T00:00:00Z */
#define TIME_MAX (INT64_C(7258118400) * RCA_SECOND)

struct unit {
    const char *word;
    rca_time ns;
};

static const struct unit units[] = {
    {"ms", RCA_SECOND / 1000},
    {"millisecond", RCA_SECOND / 1000},
    {"milliseconds", RCA_SECOND / 1000},
    {"s", RCA_SECOND},
    {"sec", RCA_SECOND},
    {"secs", RCA_SECOND},
    {"second", RCA_SECOND},
    {"seconds", RCA_SECOND},
    {"m", MINUTE},
    {"min", MINUTE},
    {"mins", MINUTE},
    {"minute", MINUTE},
    {"minutes", MINUTE},
    {"h", HOUR},
    {"hr", HOUR},
    {"hrs", HOUR},
    {"hour", HOUR},
    {"hours", HOUR},
    {"d", DAY},
    {"day", DAY},
    {"days", DAY},
    {"w", 7 * DAY},
    {"week", 7 * DAY},
    {"weeks", 7 * DAY},
};

rca_time rca_time_now(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_REALTIME, &ts);
    return (rca_time)ts.tv_sec * RCA_SECOND + ts.tv_nsec;
}

static _Bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static void skip_blanks(const char **p)
{
    while (**p == ' ')
        (*p)++;
}

static _Bool take_char(const char **p, char c)
{
    if (**p != c)
        return 0;
    (*p)++;
    return 1;
}

/* exactly @width digits */
static _Bool take_fixed(const char **p, int width, int *ret)
{
    int value = 0;

    for (int i = 0; i < width; i++) {
        if (!is_digit((*p)[i]))
            return 0;
        value = value * 10 + ((*p)[i] - '0');
    }
    *p += width;
    *ret = value;
    return 1;
}

/* digits, as many as there are; saturates, so that ranges refuse it later */
static _Bool take_whole(const char **p, int64_t *ret)
{
    const int64_t most = INT64_MAX / 16;
    int64_t value = 0;

    if (!is_digit(**p))
        return 0;
    for (; is_digit(**p); (*p)++)
        value = value < most ? value * 10 + (**p - '0') : most;
    *ret = value;
    return 1;
}

/* an optional ".digits" in 1e-9; what is finer is dropped. No digits: no. */
static _Bool take_fraction(const char **p, int64_t *ret)
{
    int64_t value = 0, unit = RCA_SECOND;

    *ret = 0;
    if (**p != '.')
        return 1;
    if (!is_digit((*p)[1]))
        return 0;
    for ((*p)++; is_digit(**p); (*p)++) {
        unit /= 10;
        value += unit * (**p - '0');
    }
    *ret = value;
    return 1;
}

static int set_time(rca_time t, rca_time *ret_time)
{
    if (t < 0 || t >= TIME_MAX)
        return -ERANGE;
    *ret_time = t;
    return 0;
}

/* the range first: years up to 9999 do not fit in nanoseconds */
static int set_seconds(int64_t s, int64_t fraction, rca_time *ret_time)
{
    if (s < 0 || s >= TIME_MAX / RCA_SECOND)
        return -ERANGE;
    return set_time(s * RCA_SECOND + fraction, ret_time);
}

/* --- durations ------------------------------------------------------------ */

static const struct unit *take_unit(const char **p)
{
    size_t n = 0;

    while ((*p)[n] >= 'a' && (*p)[n] <= 'z')
        n++;
    for (size_t i = 0; i < RCA_ARRAY_SIZE(units); i++) {
        if (strlen(units[i].word) == n && !strncmp(units[i].word, *p, n)) {
            *p += n;
            return &units[i];
        }
    }
    return NULL;
}

/* one "10 min" of a duration, added to @sum, which saturates */
static _Bool take_term(const char **p, rca_time *sum)
{
    const struct unit *unit;
    int64_t whole, fraction;
    rca_time ns;

    if (!take_whole(p, &whole) || !take_fraction(p, &fraction))
        return 0;
    skip_blanks(p);
    unit = take_unit(p);
    if (!unit)
        return 0;
    if (whole > DURATION_MAX / unit->ns)
        whole = DURATION_MAX / unit->ns + 1;
    ns = whole * unit->ns;
    ns += (rca_time)((double)fraction / 1e9 * (double)unit->ns + 0.5);
    *sum = *sum > DURATION_MAX ? *sum : *sum + ns;
    return 1;
}

/* terms up to the end or up to "ago" */
static int take_duration(const char **p, rca_time *ret_ns)
{
    rca_time sum = 0;

    do {
        skip_blanks(p);
        if (!take_term(p, &sum))
            return RCA_ESYNTAX;
        skip_blanks(p);
    } while (is_digit(**p));
    if (sum <= 0 || sum > DURATION_MAX)
        sum = 0;
    *ret_ns = sum;
    return 0;
}

int rca_duration_parse(const char *text, rca_time *ret_ns)
{
    rca_time ns;

    if (take_duration(&text, &ns) || *text)
        return RCA_ESYNTAX;
    if (!ns)
        return -ERANGE;
    *ret_ns = ns;
    return 0;
}

/* --- points in time ------------------------------------------------------- */

static _Bool is_leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static _Bool take_date(const char **p, struct tm *tm)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int year, month, day;

    if (!take_fixed(p, 4, &year) || !take_char(p, '-') ||
        !take_fixed(p, 2, &month) || !take_char(p, '-') ||
        !take_fixed(p, 2, &day))
        return 0;
    if (month < 1 || month > 12 || day < 1 ||
        day > days[month - 1] + (month == 2 && is_leap(year)))
        return 0;
    tm->tm_year = year - 1900;
    tm->tm_mon = month - 1;
    tm->tm_mday = day;
    return 1;
}

/* "14:02", "14:02:30", "14:02:30.25"; @ns is the fraction */
static _Bool take_clock(const char **p, struct tm *tm, int64_t *ns)
{
    int hour, minute, second = 0;

    *ns = 0;
    if (!take_fixed(p, 2, &hour) || !take_char(p, ':') ||
        !take_fixed(p, 2, &minute))
        return 0;
    if (take_char(p, ':') &&
        (!take_fixed(p, 2, &second) || !take_fraction(p, ns)))
        return 0;
    /* 60 is a leap second (RFC 3339, section 5.6) */
    if (hour > 23 || minute > 59 || second > 60)
        return 0;
    tm->tm_hour = hour;
    tm->tm_min = minute;
    tm->tm_sec = second;
    return 1;
}

/* "Z" or "+01:00", as seconds east of Greenwich */
static _Bool take_offset(const char **p, int *ret_s)
{
    const _Bool minus = **p == '-';
    int hour, minute;

    if (take_char(p, 'Z') || take_char(p, 'z')) {
        *ret_s = 0;
        return 1;
    }
    if (!take_char(p, '+') && !take_char(p, '-'))
        return 0;
    if (!take_fixed(p, 2, &hour) || !take_char(p, ':') ||
        !take_fixed(p, 2, &minute) || hour > 23 || minute > 59)
        return 0;
    *ret_s = (hour * 60 + minute) * (minus ? -60 : 60);
    return 1;
}

static int parse_date_time(const char *text, rca_time *ret_time)
{
    struct tm tm = {.tm_isdst = -1};
    int64_t fraction;
    int offset = 0;
    time_t t;

    if (!take_date(&text, &tm))
        return RCA_ESYNTAX;
    if (!take_char(&text, 'T') && !take_char(&text, 't') &&
        !take_char(&text, ' '))
        return RCA_ESYNTAX;
    if (!take_clock(&text, &tm, &fraction))
        return RCA_ESYNTAX;

    if (!*text)
        t = mktime(&tm);
    else if (take_offset(&text, &offset) && !*text)
        t = timegm(&tm) - offset;
    else
        return RCA_ESYNTAX;
    return set_seconds(t, fraction, ret_time);
}

/* the latest such time of day that is not after @now */
static int parse_clock(const char *text, rca_time now, rca_time *ret_time)
{
    const time_t now_s = (time_t)(now / RCA_SECOND);
    struct tm tm;
    int64_t fraction;
    time_t t;

    if (!localtime_r(&now_s, &tm))
        return -ERANGE;
    if (!take_clock(&text, &tm, &fraction) || *text)
        return RCA_ESYNTAX;
    tm.tm_isdst = -1;
    t = mktime(&tm);
    if (t > now_s || (t == now_s && fraction > now % RCA_SECOND)) {
        tm.tm_mday -= 1;
        tm.tm_isdst = -1;
        t = mktime(&tm);
    }
    return set_seconds(t, fraction, ret_time);
}

static int parse_epoch(const char *text, rca_time *ret_time)
{
    int64_t whole, fraction;
    const _Bool minus = take_char(&text, '-');

    if (!take_whole(&text, &whole) || !take_fraction(&text, &fraction) || *text)
        return RCA_ESYNTAX;
    return set_seconds(minus ? -1 : whole, fraction, ret_time);
}

/* "-10min" or "10 minutes ago" */
static int parse_relative(const char *text, rca_time now, rca_time *ret_time)
{
    const _Bool minus = take_char(&text, '-');
    rca_time ns;

    if (take_duration(&text, &ns))
        return RCA_ESYNTAX;
    if (strcmp(text, minus ? "" : "ago") != 0)
        return RCA_ESYNTAX;
    if (!ns || now < ns)
        return -ERANGE;
    return set_time(now - ns, ret_time);
}

int rca_time_parse(const char *text, rca_time now, rca_time *ret_time)
{
    int err;

    if (!strcmp(text, "now"))
        return set_time(now, ret_time);
    if (*text == '@')
        return parse_epoch(text + 1, ret_time);

    err = parse_date_time(text, ret_time);
    if (err == RCA_ESYNTAX)
        err = parse_clock(text, now, ret_time);
    if (err == RCA_ESYNTAX)
        err = parse_relative(text, now, ret_time);
    return err;
}

/* --- writing -------------------------------------------------------------- */

/* rounded down, also before 1970 */
static time_t whole_seconds(rca_time t)
{
    return (time_t)(t / RCA_SECOND - (t % RCA_SECOND < 0));
}

static const char *put_none(char *buf)
{
    (void)snprintf(buf, RCA_TIME_TEXT_SIZE, "-");
    return buf;
}

const char *rca_time_utc(rca_time t, char buf[RCA_TIME_TEXT_SIZE])
{
    const time_t s = whole_seconds(t);
    struct tm tm;

    if (t == RCA_TIME_NONE || !gmtime_r(&s, &tm))
        return put_none(buf);
    (void)strftime(buf, RCA_TIME_TEXT_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm);
    return buf;
}

const char *rca_time_epoch(rca_time t, char buf[RCA_TIME_TEXT_SIZE])
{
    const rca_time rest = t % RCA_SECOND;
    const int n =
        snprintf(buf, RCA_TIME_TEXT_SIZE, "%lld", (long long)(t / RCA_SECOND));

    if (rest)
        (void)snprintf(buf + n, RCA_TIME_TEXT_SIZE - (size_t)n, ".%09lld",
                       (long long)rest);
    return buf;
}

/* 0, or -1 and "-" in @buf */
static int local(rca_time t, char *buf, struct tm *ret_tm)
{
    const time_t s = whole_seconds(t);

    if (t != RCA_TIME_NONE && localtime_r(&s, ret_tm))
        return 0;
    (void)put_none(buf);
    return -1;
}

const char *rca_time_clock(rca_time t, char buf[RCA_TIME_TEXT_SIZE])
{
    struct tm tm;

    if (local(t, buf, &tm) == 0)
        (void)strftime(buf, RCA_TIME_TEXT_SIZE, "%H:%M:%S", &tm);
    return buf;
}

const char *rca_time_local(rca_time t, char buf[RCA_TIME_TEXT_SIZE])
{
    struct tm tm;

    if (local(t, buf, &tm) == 0)
        (void)strftime(buf, RCA_TIME_TEXT_SIZE, "%Y-%m-%d %H:%M:%S", &tm);
    return buf;
}

const char *rca_time_zone(rca_time t, char buf[RCA_TIME_TEXT_SIZE])
{
    struct tm tm;

    if (local(t, buf, &tm) == 0)
        (void)strftime(buf, RCA_TIME_TEXT_SIZE, "%Z", &tm);
    return buf;
}

/* "1 h 2 min": of two neighbouring units, the second left out if 0 */
static void put_pair(char *buf, const char *sign, rca_time ns, size_t coarse)
{
    static const struct unit scale[] = {
        {"d", DAY},
        {"h", HOUR},
        {"min", MINUTE},
        {"s", RCA_SECOND},
    };
    const struct unit *a = &scale[coarse], *b = a + 1;
    const rca_time rounded = (ns + b->ns / 2) / b->ns * b->ns;
    const long long whole = rounded / a->ns, rest = rounded % a->ns / b->ns;

    if (rest)
        (void)snprintf(buf, RCA_TIME_TEXT_SIZE, "%s%lld %s %lld %s", sign,
                       whole, a->word, rest, b->word);
    else
        (void)snprintf(buf, RCA_TIME_TEXT_SIZE, "%s%lld %s", sign, whole,
                       a->word);
}

const char *rca_duration_text(rca_time ns, char buf[RCA_TIME_TEXT_SIZE])
{
    const char *sign = ns < 0 ? "-" : "";
    const rca_time most = INT64_MAX - DAY; /* room for rounding */
    const rca_time least = ns < -most ? -most : ns;
    const rca_time size = least < 0 ? -least : (ns > most ? most : ns);
    const double s = (double)size / (double)RCA_SECOND;

    if (size == 0)
        (void)snprintf(buf, RCA_TIME_TEXT_SIZE, "0 s");
    else if (s < 0.9995)
        (void)snprintf(buf, RCA_TIME_TEXT_SIZE, "%s%.3g ms", sign, s * 1e3);
    else if (size % MINUTE && size < 2 * MINUTE)
        (void)snprintf(buf, RCA_TIME_TEXT_SIZE, "%s%.3g s", sign, s);
    else if (size >= 2 * DAY)
        put_pair(buf, sign, size, 0);
    else if (size >= 2 * HOUR || size % HOUR == 0)
        put_pair(buf, sign, size, 1);
    else
        put_pair(buf, sign, size, 2);
    return buf;
}
