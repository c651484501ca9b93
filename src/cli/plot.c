// SPDX-License-Identifier: MIT
// `brink plot`: the figures and tables of analysis/, each a script that reads files only.
#include <stdio.h>
#include <string.h>

#include "brink/base/nearest.h"
#include "command.h"
#include "script.h"

// Name of the figure and of its script, and what it shows.
#define EACH_KIND(X)                                                                               \
    X("phase", "phase diagram of verdicts or of any measure")                                      \
    X("convergence", "verdicts, divergence, edge, steps against regularity")                       \
    X("landscape", "objective, slope and sharpness along s = x y")                                 \
    X("eos", "loss and sharpness of cells step by step, with 2/h; their paths")                    \
    X("curves", "loss and sharpness of networks against the step, with 2/h")                       \
    X("regularity", "where networks end, by activation, loss and norm")                            \
    X("bifurcation", "limit set and Lyapunov exponent against h")                                  \
    X("boundary", "boundary of a verdict and its box-counting dimension")                          \
    X("compare", "two results side by side and their difference")                                  \
    X("table", "cells as tidy CSV or parquet")

#define NAME_ROW(name, summary)  name,
#define HELP_LINE(name, summary) "  " name ": " summary "\n"

static const char *const kinds[] = {EACH_KIND(NAME_ROW)};

enum { KINDS = sizeof kinds / sizeof kinds[0] };

static bool is_kind(const char *name)
{
    for (size_t i = 0; i < KINDS; i++)
        if (strcmp(kinds[i], name) == 0)
            return true;
    return false;
}

static brink_err fail_kind(const char *name)
{
    const char *nearest = brink_nearest_word(name, KINDS, kinds);
    return brink_fail(BRINK_ERR_USAGE, "plot: no figure '%s'; %s%s%s", name,
                      nearest ? "did you mean '" : "`brink help plot` lists them",
                      nearest ? nearest : "", nearest ? "'?" : "");
}

static brink_err run(const struct brink_command *self, int argc, char **argv, bool *told)
{
    (void)told;
    if (argc < 2)
        return brink_fail(BRINK_ERR_USAGE, "plot: which figure? usage: brink plot %s", self->usage);
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        brink_command_print_help(self);
        return BRINK_OK;
    }
    if (!is_kind(argv[1]))
        return fail_kind(argv[1]);
    char script[64];
    snprintf(script, sizeof script, "%s.py", argv[1]);
    return brink_script_run(script, (const char *const *)argv + 2);
}

const struct brink_command brink_command_plot = {
    .name = "plot",
    .usage = "KIND FILE ... [options]",
    .summary = "Draws a figure of a result: png, pdf or svg, at the width of a journal's column",
    .help = "`brink plot KIND --help` says more. Needs python3 with h5py, h5netcdf, xarray and\n"
            "matplotlib: /usr/bin/python3, or the one that PYTHON names.\n",
    .notes = EACH_KIND(HELP_LINE),
    .passes_words = true,
    .words_min = 2,
    .words_max = BRINK_WORDS_ANY,
    .question = "which figure?",
    .run = run,
};
