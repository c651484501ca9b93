// SPDX-License-Identifier: MIT
// What a sweep will cost, from computing a small part of it.
#ifndef BRINK_SWEEP_PILOT_H
#define BRINK_SWEEP_PILOT_H

#include "brink/sweep/plan.h"

#define BRINK_PILOT_REPLICATES 8

// Samples, each spread evenly over the whole grid; all alike if that was computed whole.
struct brink_pilot {
    int64_t cells;            // different ones, all together
    int32_t steps, steps_max; // at most, of those; of a sweep's: if it is more, it was reckoned
    double seconds;           // of one core, that all took, also what was computed more than once
    // Per cell, by replicate: their scatter is the error of the mean.
    double cell_seconds[BRINK_PILOT_REPLICATES];
    double cell_steps[BRINK_PILOT_REPLICATES];
};

// Computes cells for about `seconds` of one core, and a small grid whole; where even a few cells
// take longer, some of their steps. The same seed draws the same cells. Uses one thread.
// BRINK_ERR_USAGE if the fewest steps take many times longer, BRINK_ERR_MEMORY, and errors of the
// model.
brink_err brink_pilot_run(const struct brink_spec *spec, double seconds, uint64_t seed,
                          struct brink_pilot *pilot) BRINK_CHECKED;

// A mean with the interval that holds it with 95 % probability; `low` is never negative.
struct brink_interval {
    double low, mean, high;
};
struct brink_interval brink_pilot_interval(const double replicate[BRINK_PILOT_REPLICATES]);

#endif
