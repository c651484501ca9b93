// SPDX-License-Identifier: MIT
// The raw kernels and the engine of the instruction set this object is built for.
#ifndef BRINK_BENCH_RAW_H
#define BRINK_BENCH_RAW_H

#include <stdint.h>

#include "brink/objective/objective.h"

// Cells that run side by side.
int raw_lanes(void);

// Runs `blocks` blocks of 32 steps of raw_lanes() cells of one curve, x and y in place.
void raw_run(const struct brink_curve *curve, int64_t blocks, const double h[], double x[],
             double y[]);

// The subcommands: 0, or 1 with words on stderr.
int bench_engine(int argc, char **argv);
int bench_accuracy(int argc, char **argv);
int bench_limits(void);

#endif
