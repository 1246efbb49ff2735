/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * Output to files: written beside the target under a temporary name and renamed
 * when whole. Graphviz' dot is run without a shell, with the DOT in a file.
 */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/outfile.h"
#include "cli/render.h"
#include "cli/tidy.h"

enum { NOT_DRAWN = 1, /* dot is there and failed */ NO_DOT };

enum rca_exit rca_exit_of(enum rca_verdict verdict)
{
    switch (verdict) {
    case RCA_VERDICT_CAUSE:
        return RCA_EXIT_DONE;
    case RCA_VERDICT_NORMAL:
        return RCA_EXIT_NORMAL;
    case RCA_VERDICT_UNCLEAR:
    case RCA_VERDICT_COUNT:
        break;
    }
    return RCA_EXIT_UNCLEAR;
}

static int render(const struct rca_explanation *e, enum rca_format format,
                  unsigned style, struct rca_buf *buf)
{
    if (format == RCA_FORMAT_TEXT)
        return rca_render_text(e, (style & RCA_STYLE_COLOUR) != 0, buf);
    if (format == RCA_FORMAT_DOT)
        return style & RCA_STYLE_SIMPLE ? rca_render_simple(e, buf)
                                        : rca_render_dot(e, buf);
    if (format == RCA_FORMAT_MERMAID)
        return rca_render_mermaid(e, buf);
    if (format == RCA_FORMAT_JSON)
        return rca_render_json(e, buf);
    if (format == RCA_FORMAT_HTML)
        return rca_render_html(e, NULL, buf);
    return -EINVAL;
}

int rca_render(const struct rca_explanation *e, enum rca_format format,
               unsigned style, char **ret_text)
{
    struct rca_tidy tidy RCA_CLEANUP(rca_tidy_done) = {0};
    struct rca_buf buf = {0};
    int r = rca_tidy_init(e, &tidy);

    if (!r)
        r = render(&tidy.e, format, style, &buf);
    if (r) {
        rca_buf_done(&buf);
        return r;
    }
    return rca_buf_take(&buf, ret_text);
}

static int write_all(int fd, const char *text)
{
    size_t left = strlen(text);

    while (left > 0) {
        ssize_t n = write(fd, text, left);

        if (n < 0 && errno != EINTR)
            return -errno;
        text += n > 0 ? n : 0;
        left -= n > 0 ? (size_t)n : 0;
    }
    return 0;
}

static int write_file(const char *path, const char *text)
{
    struct rca_outfile file RCA_CLEANUP(rca_outfile_done) = {0};
    const int r = rca_outfile_open(path, &file);

    if (r)
        return r;
    (void)fputs(text, file.f);
    return rca_outfile_commit(&file);
}

/* Run dot on file @in. Return: 0; -ENOENT if it is missing; NOT_DRAWN. */
static int run_dot(const char *in, const char *out, const char *type)
{
    char name[] = "dot";
    char *argv[] = {name,        strdup(type), strdup("-o"),
                    strdup(out), strdup(in),   NULL};
    int status = 0, r = -ENOMEM;
    pid_t pid;

    if (argv[1] && argv[2] && argv[3] && argv[4])
        r = -posix_spawnp(&pid, name, NULL, NULL, argv, environ);
    for (size_t i = 1; i < 5; i++)
        free(argv[i]);
    if (r)
        return r;
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR)
            return -errno;
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
        return -ENOENT;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : NOT_DRAWN;
}

/* "x.svg" to "x.dot". */
static int instead(const char *path, const char *text, int why)
{
    const char *suffix = strrchr(path, '.');
    char other[PATH_MAX];
    int r;

    if (snprintf(other, sizeof(other), "%.*s.dot",
                 suffix ? (int)(suffix - path) : (int)strlen(path),
                 path) >= PATH_MAX)
        return -ENAMETOOLONG;
    r = write_file(other, text);
    if (r)
        return r;
    (void)fprintf(stderr,
                  why == -ENOENT
                      ? "rca: 'dot' is missing (apt install graphviz): wrote "
                        "%s instead\n"
                      : "rca: 'dot' failed: wrote %s instead\n",
                  other);
    return RCA_ENOSUPPORT;
}

static int copy_out(const char *path, FILE *to)
{
    char block[65536];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : 1;

    while (n > 0) {
        n = read(fd, block, sizeof(block));
        if (n > 0 && fwrite(block, 1, (size_t)n, to) != (size_t)n)
            n = -1;
    }
    if (fd >= 0)
        (void)close(fd);
    return n < 0 ? -EIO : 0;
}

/* Move the picture @from to its place; NULL: standard output. */
static int deliver(const char *from, const char *path)
{
    FILE *to;
    int r;

    if (!path)
        return copy_out(from, stdout);
    if (rca_outfile_replaceable(path))
        return rename(from, path) ? -errno : 0;
    to = fopen(path, "we");
    if (!to)
        return -errno;
    r = copy_out(from, to);
    return fclose(to) && !r ? -errno : r;
}

/* Draw the DOT of file @in by way of a file beside @place. */
static int draw_file(const char *in, const char *type, const char *place,
                     const char *path)
{
    char out[PATH_MAX];
    int fd = rca_outfile_beside(place, out), r;

    if (fd < 0)
        return fd;
    (void)close(fd);
    r = run_dot(in, out, type);
    r = r ? r : deliver(out, path);
    (void)unlink(out);
    return r;
}

static int draw(const char *text, enum rca_format format, const char *path)
{
    const char *type = format == RCA_FORMAT_SVG ? "-Tsvg" : "-Tpng";
    _Bool here = path && rca_outfile_replaceable(path);
    const char *place = here ? path : "/tmp/rca-explain";
    char in[PATH_MAX];
    int fd = rca_outfile_beside(place, in);
    int r = fd < 0 ? fd : write_all(fd, text);

    if (fd < 0)
        return r;
    if (close(fd) && !r)
        r = -errno;
    r = r ? r : draw_file(in, type, place, path);
    (void)unlink(in);
    if (r == -ENOENT || r == NOT_DRAWN)
        r = instead(here ? path : "explain.svg", text, r);
    return r;
}

static int read_file(const char *path, char **ret_text)
{
    struct rca_buf buf RCA_CLEANUP(rca_buf_done) = {0};
    char block[65536];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : 1;

    while (n > 0) {
        n = read(fd, block, sizeof(block));
        if (n > 0)
            rca_buf_put(&buf, block, (size_t)n);
    }
    if (fd >= 0)
        (void)close(fd);
    return n < 0 ? -EIO : rca_buf_take(&buf, ret_text);
}

/* The picture for a page, from the DOT of file @in. */
static int draw_text(const char *in, const char *place, char **ret_svg)
{
    char out[PATH_MAX];
    int fd = rca_outfile_beside(place, out), r;

    if (fd < 0)
        return fd;
    (void)close(fd);
    r = run_dot(in, out, "-Tsvg");
    r = r == -ENOENT ? NO_DOT : r;
    r = r ? r : read_file(out, ret_svg);
    (void)unlink(out);
    return r;
}

/* Return: 0; NO_DOT or NOT_DRAWN if there is none; -errno */
static int draw_graph(const struct rca_explanation *e, const char *place,
                      char **ret_svg)
{
    struct rca_buf dot RCA_CLEANUP(rca_buf_done) = {0};
    char in[PATH_MAX];
    int r = rca_render_graph(e, &dot), fd;

    if (r)
        return r;
    fd = rca_outfile_beside(place, in);
    if (fd < 0)
        return fd;
    r = write_all(fd, dot.text);
    if (close(fd) && !r)
        r = -errno;
    r = r ? r : draw_text(in, place, ret_svg);
    (void)unlink(in);
    return r;
}

/* A page is whole without its picture, too. */
static int write_page(const struct rca_explanation *e, const char *path)
{
    struct rca_tidy tidy RCA_CLEANUP(rca_tidy_done) = {0};
    struct rca_buf page RCA_CLEANUP(rca_buf_done) = {0};
    char *svg RCA_CLEANUP(rca_freep) = NULL;
    _Bool here = path && rca_outfile_replaceable(path);
    int r = rca_tidy_init(e, &tidy);

    r = r ? r : draw_graph(&tidy.e, here ? path : "/tmp/rca-explain", &svg);
    if (r == NO_DOT || r == NOT_DRAWN)
        (void)fprintf(stderr, r == NO_DOT
                                  ? "rca: 'dot' is missing (apt install "
                                    "graphviz): the page has no picture\n"
                                  : "rca: 'dot' failed: the page has no "
                                    "picture\n");
    else if (r)
        return r;
    r = rca_render_html(&tidy.e, svg, &page);
    return r ? r : write_file(path, page.text);
}

int rca_output(const struct rca_explanation *e, enum rca_format format,
               const char *path, unsigned style)
{
    _Bool drawn = format == RCA_FORMAT_SVG || format == RCA_FORMAT_PNG;
    char *text RCA_CLEANUP(rca_freep) = NULL;
    int r;

    if (format == RCA_FORMAT_HTML)
        return write_page(e, path);
    if (path)
        style &= ~(unsigned)RCA_STYLE_COLOUR;
    r = rca_render(e, drawn ? RCA_FORMAT_DOT : format, style, &text);
    if (r)
        return r;
    if (drawn)
        return draw(text, format, path);
    if (path)
        return write_file(path, text);
    return fputs(text, stdout) < 0 ? -EIO : 0;
}
