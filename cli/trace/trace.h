/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/*
 * trace - the subcommands of `rca trace`, one file each; @argv[0] is the
 * subcommand's own name. They return an exit code.
 */

#include "cli/cli.h"

int rca_trace_cmd_record(struct rca_cli *cli, int argc, char **argv);
int rca_trace_cmd_show(struct rca_cli *cli, int argc, char **argv);
int rca_trace_cmd_stats(struct rca_cli *cli, int argc, char **argv);
int rca_trace_cmd_export(struct rca_cli *cli, int argc, char **argv);
int rca_trace_cmd_filter(struct rca_cli *cli, int argc, char **argv);
