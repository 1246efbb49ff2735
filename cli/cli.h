/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * cli - what the commands share: global options, exit codes, output.
 *
 * The answer goes to standard output and nothing else does; all the rest goes
 * to standard error. A command returns its exit code.
 */

#include <stdio.h>

#include "collector/config.h"
#include "collector/store/store.h"
#include "model/explain.h"

enum rca_exit {
    RCA_EXIT_DONE = 0, /* explain: a cause was named */
    RCA_EXIT_ERROR = 1,
    RCA_EXIT_USAGE = 2,
    RCA_EXIT_NORMAL = 3, /* the entity is normal */
    RCA_EXIT_UNCLEAR = 4, /* no clear cause, or too little data */
    RCA_EXIT_MISSING = 5, /* a privilege, kernel feature or program */
};

/** struct rca_cli - the global options, after the configuration was read */
struct rca_cli {
    const char *db;
    struct rca_config config;
    int verbosity; /* -1 quiet, 0, 1 ... */
    _Bool colour; /* of standard output */
};

/** rca_cmd_*() - @argv[0] is the command's own name */
int rca_cmd_collect(struct rca_cli *cli, int argc, char **argv);
int rca_cmd_train(struct rca_cli *cli, int argc, char **argv);
int rca_cmd_explain(struct rca_cli *cli, int argc, char **argv);
int rca_cmd_detect(struct rca_cli *cli, int argc, char **argv);
int rca_cmd_watch(struct rca_cli *cli, int argc, char **argv);
int rca_cmd_incidents(struct rca_cli *cli, int argc, char **argv);
int rca_cmd_feedback(struct rca_cli *cli, int argc, char **argv);
int rca_cmd_show(struct rca_cli *cli, int argc, char **argv);
int rca_cmd_evaluate(struct rca_cli *cli, int argc, char **argv);
int rca_cmd_simulate(struct rca_cli *cli, int argc, char **argv);
int rca_cmd_import(struct rca_cli *cli, int argc, char **argv);
int rca_cmd_export(struct rca_cli *cli, int argc, char **argv);
int rca_cmd_status(struct rca_cli *cli, int argc, char **argv);
int rca_cmd_store(struct rca_cli *cli, int argc, char **argv);
int rca_cmd_doctor(struct rca_cli *cli, int argc, char **argv);
int rca_cmd_graph(struct rca_cli *cli, int argc, char **argv);
int rca_cmd_trace(struct rca_cli *cli, int argc, char **argv);
int rca_cmd_demo(struct rca_cli *cli, int argc, char **argv);
int rca_cmd_completion(struct rca_cli *cli, int argc, char **argv);

/** struct rca_command - a row of rca_commands[], which ends with all zero */
struct rca_command {
    const char *name;
    int (*run)(struct rca_cli *cli, int argc, char **argv);
    const char *summary;
};
extern const struct rca_command rca_commands[];
/** rca_command_find() - by its whole name; NULL if there is none */
const struct rca_command *rca_command_find(const char *name);

/** rca_cli_run() - the whole program; main() calls only this */
int rca_cli_run(int argc, char **argv);

enum rca_format {
    RCA_FORMAT_TEXT,
    RCA_FORMAT_DOT,
    RCA_FORMAT_JSON,
    RCA_FORMAT_SVG,
    RCA_FORMAT_PNG,
    RCA_FORMAT_MERMAID,
    RCA_FORMAT_HTML,
    RCA_FORMAT_COUNT,
};

/** how a format is written, or-ed */
enum rca_style {
    RCA_STYLE_COLOUR = 1, /* text: with colours */
    RCA_STYLE_SIMPLE = 2, /* DOT, SVG, PNG: without HTML-like labels */
};

/** rca_render() - an explanation as text in @format (not SVG or PNG; HTML
 * without a picture), which the caller frees; @style: enum rca_style; 0 or
 * -ENOMEM */
RCA_MUST_CHECK int rca_render(const struct rca_explanation *e,
                              enum rca_format format, unsigned style,
                              char **ret_text);

/**
 * rca_output() - write an explanation to @path, whole or not at all; NULL:
 * standard output. SVG and PNG are drawn by Graphviz' dot: without it, or if
 * it fails, the DOT goes to @path with its suffix replaced by ".dot"; HTML is
 * written without its picture, which is said on standard error. No colours go
 * to files.
 *
 * Return: 0; RCA_ENOSUPPORT if dot is missing (said on standard error);
 *         -errno.
 */
RCA_MUST_CHECK int rca_output(const struct rca_explanation *e,
                              enum rca_format format, const char *path,
                              unsigned style);

/** rca_exit_of() - the exit code that a verdict means */
enum rca_exit rca_exit_of(enum rca_verdict verdict);
