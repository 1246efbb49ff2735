/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "collector/procfs.h"

#include <string.h>

#include "graph/base/err.h"

/* struct cursor - what is left of a line or text */
struct cursor {
    const char *p, *end;
};

/* The next line of @all, without its newline; false at the end. */
static _Bool next_line(struct cursor *all, struct cursor *ret_line)
{
    const char *nl;

    if (all->p == all->end)
        return 0;
    nl = memchr(all->p, '\n', (size_t)(all->end - all->p));
    *ret_line = (struct cursor){all->p, nl ? nl : all->end};
    all->p = nl ? nl + 1 : all->end;
    return 1;
}

static void skip_blanks(struct cursor *c)
{
    while (c->p < c->end && (*c->p == ' ' || *c->p == '\t'))
        c->p++;
}

/* The next word; empty at the end of the line. */
static struct cursor next_word(struct cursor *line)
{
    struct cursor word;

    skip_blanks(line);
    word.p = line->p;
    while (line->p < line->end && *line->p != ' ' && *line->p != '\t')
        line->p++;
    word.end = line->p;
    return word;
}

static size_t length(struct cursor c)
{
    return (size_t)(c.end - c.p);
}

static _Bool is_word(struct cursor word, const char *text)
{
    const size_t n = strlen(text);

    return length(word) == n && !memcmp(word.p, text, n);
}

/* Digits and nothing else, that fit. */
static _Bool to_number(struct cursor word, uint64_t *ret)
{
    uint64_t value = 0;

    if (word.p == word.end)
        return 0;
    for (; word.p < word.end; word.p++) {
        const unsigned digit = (unsigned)(*word.p - '0');

        if (digit > 9 || __builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, digit, &value))
            return 0;
    }
    *ret = value;
    return 1;
}

/* Up to @max numbers until something else comes; how many there were. */
static size_t numbers(struct cursor *line, uint64_t *ret, size_t max)
{
    size_t n = 0;

    while (n < max && to_number(next_word(line), &ret[n]))
        n++;
    return n;
}

size_t rca_procfs_fields(const char *text, size_t len, struct rca_field *fields,
                         size_t n)
{
    struct cursor all = {text, text + len}, line;
    size_t found = 0;

    for (size_t i = 0; i < n; i++)
        fields[i].found = 0;
    while (found < n && next_line(&all, &line)) {
        struct cursor key = next_word(&line);

        if (key.p < key.end && key.end[-1] == ':')
            key.end--;
        for (size_t i = 0; i < n; i++) {
            if (fields[i].found || !is_word(key, fields[i].key))
                continue;
            fields[i].found = to_number(next_word(&line), &fields[i].value);
            found += fields[i].found;
            break;
        }
    }
    return found;
}

int rca_procfs_number(const char *text, size_t len, uint64_t *ret)
{
    struct cursor all = {text, text + len}, line;

    if (!next_line(&all, &line) || all.p != all.end || !to_number(line, ret))
        return RCA_ESYNTAX;
    return 0;
}

size_t rca_procfs_numbers(const char *text, size_t len, uint64_t *ret,
                          size_t max)
{
    struct cursor all = {text, text + len}, line;

    return next_line(&all, &line) ? numbers(&line, ret, max) : 0;
}

int rca_procfs_pressure(const char *text, size_t len, uint64_t *ret_us)
{
    static const char total[] = "total=";
    struct cursor all = {text, text + len}, line, word;

    while (next_line(&all, &line)) {
        if (!is_word(next_word(&line), "some"))
            continue;
        for (;;) {
            word = next_word(&line);
            if (word.p == word.end)
                break;
            if (length(word) < sizeof(total) ||
                memcmp(word.p, total, sizeof(total) - 1) != 0)
                continue;
            word.p += sizeof(total) - 1;
            return to_number(word, ret_us) ? 0 : RCA_ESYNTAX;
        }
    }
    return RCA_ESYNTAX;
}

/* --- /proc/stat ----------------------------------------------------------- */

/* user nice system idle iowait irq softirq steal; guest time is in user. Old
 * kernels have fewer columns. */
static _Bool cpu_ticks(struct cursor *line, struct rca_cpu_ticks *ret)
{
    uint64_t v[8] = {0};

    if (numbers(line, v, RCA_ARRAY_SIZE(v)) < 4)
        return 0;
    ret->used = v[0] + v[1] + v[2] + v[5] + v[6];
    ret->away = v[3] + v[4];
    ret->stolen = v[7];
    return 1;
}

int rca_procfs_cpus(const char *text, size_t len, struct rca_cpu_ticks *ret_all,
                    struct rca_cpu_ticks *ret_cpus, size_t max)
{
    struct cursor all = {text, text + len}, line;
    int r = RCA_ESYNTAX;

    while (next_line(&all, &line)) {
        struct cursor word = next_word(&line);
        uint64_t cpu;

        if (length(word) < 3 || memcmp(word.p, "cpu", 3) != 0)
            break; /* the cpu lines come first */
        word.p += 3;
        if (word.p == word.end)
            r = cpu_ticks(&line, ret_all) ? 0 : r;
        else if (to_number(word, &cpu) && cpu < max)
            (void)cpu_ticks(&line, &ret_cpus[cpu]);
    }
    return r;
}

int rca_procfs_cpu_modes(const char *text, size_t len,
                         struct rca_cpu_modes *ret_modes)
{
    struct cursor all = {text, text + len}, line;
    uint64_t v[8] = {0};

    if (!next_line(&all, &line) || !is_word(next_word(&line), "cpu") ||
        numbers(&line, v, RCA_ARRAY_SIZE(v)) < 7)
        return RCA_ESYNTAX;
    *ret_modes = (struct rca_cpu_modes){.system = v[2],
                                        .waiting = v[4],
                                        .interrupt = v[5] + v[6],
                                        .stolen = v[7]};
    return 0;
}

/* --- /proc/loadavg -------------------------------------------------------- */

/* "0.20": two decimals, as the kernel writes them */
static _Bool to_hundredths(struct cursor word, double *ret)
{
    const char *dot = memchr(word.p, '.', length(word));
    uint64_t whole, part;

    if (!dot || word.end - dot != 3 ||
        !to_number((struct cursor){word.p, dot}, &whole) ||
        !to_number((struct cursor){dot + 1, word.end}, &part))
        return 0;
    *ret = (double)whole + (double)part / 100;
    return 1;
}

int rca_procfs_loadavg(const char *text, size_t len, struct rca_loadavg *ret)
{
    struct cursor line = {text, text + len}, word;
    struct rca_loadavg got;
    const char *slash;

    if (!to_hundredths(next_word(&line), &got.load))
        return RCA_ESYNTAX;
    (void)next_word(&line);
    (void)next_word(&line);
    word = next_word(&line);
    slash = memchr(word.p, '/', length(word));
    if (!slash || !to_number((struct cursor){slash + 1, word.end}, &got.tasks))
        return RCA_ESYNTAX;
    *ret = got;
    return 0;
}

/* --- /proc/diskstats ------------------------------------------------------ */

static _Bool disk_line(struct cursor line, struct rca_disk_line *ret)
{
    struct cursor name;
    uint64_t dev[2], v[10]; /* there are more */

    if (numbers(&line, dev, 2) != 2 || dev[0] > UINT32_MAX ||
        dev[1] > UINT32_MAX)
        return 0;
    name = next_word(&line);
    if (name.p == name.end || length(name) >= sizeof(ret->name) ||
        memchr(name.p, '\0', length(name)) ||
        numbers(&line, v, RCA_ARRAY_SIZE(v)) < 10)
        return 0;
    *ret = (struct rca_disk_line){.major = (unsigned)dev[0],
                                  .minor = (unsigned)dev[1],
                                  .reads = v[0],
                                  .read_sectors = v[2],
                                  .read_ms = v[3],
                                  .writes = v[4],
                                  .written_sectors = v[6],
                                  .write_ms = v[7],
                                  .in_flight = v[8],
                                  .busy_ms = v[9]};
    memcpy(ret->name, name.p, length(name));
    return 1;
}

size_t rca_procfs_disk(const char *text, size_t len, size_t pos,
                       struct rca_disk_line *ret_line)
{
    struct cursor all = {text + pos, text + len}, line;

    while (next_line(&all, &line)) {
        if (disk_line(line, ret_line))
            return (size_t)(all.p - text);
    }
    return 0;
}

/* --- /proc/self/mountinfo ------------------------------------------------- */

static unsigned octal(const char *p)
{
    unsigned v = 0;

    for (unsigned i = 0; i < 3; i++) {
        if (p[i] < '0' || p[i] > '7')
            return 0;
        v = 8 * v + (unsigned)(p[i] - '0');
    }
    return v < 256 ? v : 0;
}

/* Copy a path, "\040" for a blank undone; "" if it does not fit. */
static void unescape(struct cursor word, char ret[RCA_MOUNT_PATH])
{
    size_t n = 0;

    while (word.p < word.end && n + 1 < RCA_MOUNT_PATH) {
        unsigned c = 0;

        if (*word.p == '\\' && length(word) >= 4)
            c = octal(word.p + 1);
        if (c)
            ret[n++] = (char)c;
        else
            ret[n++] = *word.p;
        word.p += c ? 4 : 1;
    }
    ret[word.p == word.end ? n : 0] = '\0';
}

static _Bool has_option(struct cursor options, const char *name)
{
    while (options.p < options.end) {
        const char *comma = memchr(options.p, ',', length(options));
        const struct cursor one = {options.p, comma ? comma : options.end};

        if (is_word(one, name))
            return 1;
        options.p = comma ? comma + 1 : options.end;
    }
    return 0;
}

static void set_mount(char ret[RCA_MOUNT_PATH], struct cursor path)
{
    if (!ret[0])
        unescape(path, ret);
}

/* "36 35 98:0 /root /point rw,relatime [tags] - type source super-options" */
static void mount_line(struct cursor line,
                       char ret[RCA_CGROUP_TREES][RCA_MOUNT_PATH])
{
    static const char *const v1[] = {"cpu", "cpuacct", "memory", "blkio",
                                     "pids"};
    struct cursor point = {NULL, NULL}, word, type;

    for (unsigned i = 0; i < 5; i++)
        point = next_word(&line);
    do {
        word = next_word(&line);
        if (word.p == word.end)
            return;
    } while (!is_word(word, "-"));
    type = next_word(&line);
    (void)next_word(&line);
    word = next_word(&line);
    if (is_word(type, "cgroup2"))
        set_mount(ret[RCA_CGROUP_V2], point);
    for (size_t i = 0; i < RCA_ARRAY_SIZE(v1); i++) {
        if (is_word(type, "cgroup") && has_option(word, v1[i]))
            set_mount(ret[i], point);
    }
}

void rca_procfs_cgroup_mounts(const char *text, size_t len,
                              char ret_path[RCA_CGROUP_TREES][RCA_MOUNT_PATH])
{
    struct cursor all = {text, text + len}, line;

    for (unsigned i = 0; i < RCA_CGROUP_TREES; i++)
        ret_path[i][0] = '\0';
    while (next_line(&all, &line))
        mount_line(line, ret_path);
}

static _Bool device_number(struct cursor word, struct rca_mount *ret)
{
    const char *colon = memchr(word.p, ':', length(word));
    uint64_t major, minor;

    if (!colon || !to_number((struct cursor){word.p, colon}, &major) ||
        !to_number((struct cursor){colon + 1, word.end}, &minor) ||
        major > UINT32_MAX || minor > UINT32_MAX)
        return 0;
    ret->major = (unsigned)major;
    ret->minor = (unsigned)minor;
    return 1;
}

/* "36 35 98:0 /root /point rw,relatime [tags] - type source super-options" */
static _Bool mount_of(struct cursor line, struct rca_mount *ret)
{
    struct cursor word;

    (void)next_word(&line);
    (void)next_word(&line);
    if (!device_number(next_word(&line), ret))
        return 0;
    ret->whole = is_word(next_word(&line), "/");
    unescape(next_word(&line), ret->point);
    do {
        word = next_word(&line);
        if (word.p == word.end)
            return 0;
    } while (!is_word(word, "-"));
    word = next_word(&line);
    if (length(word) >= sizeof(ret->type))
        return 0;
    memcpy(ret->type, word.p, length(word));
    ret->type[length(word)] = '\0';
    unescape(next_word(&line), ret->source);
    ret->read_only = has_option(next_word(&line), "ro");
    return ret->point[0] && ret->type[0];
}

size_t rca_procfs_mount(const char *text, size_t len, size_t pos,
                        struct rca_mount *ret_mount)
{
    struct cursor all = {text + pos, text + len}, line;

    while (next_line(&all, &line)) {
        if (mount_of(line, ret_mount))
            return (size_t)(all.p - text);
    }
    return 0;
}
