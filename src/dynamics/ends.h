// SPDX-License-Identifier: MIT
// Ends of many lanes at a time: what they are worth, and the verdict on their cycles.
#ifndef BRINK_DYNAMICS_ENDS_H
#define BRINK_DYNAMICS_ENDS_H

#include "kernel.h"

// The measures of struct end, a lane each.
struct end_measures {
    _Alignas(64) double loss[VEC_WIDTH], gauge_loss[VEC_WIDTH], edge[VEC_WIDTH];
};

// brink_end_measure for the lanes `which`, at LANE_X, LANE_Y and LANE_PEAK.
void brink_ends_measure(enum kernel_kind kind, const struct lane_vector *lanes, mask which,
                        struct end_measures *measures);

// brink_verdict_cycle for the lanes which[] of each vector, at LANE_X and LANE_Y. Those left in
// which[], few, are not judged: their cycles are long, or too steep for the screen.
void brink_cycles_judge(enum kernel_kind kind, const struct lane_vector vectors[REPLAY_VECTORS],
                        mask which[REPLAY_VECTORS],
                        struct brink_ending endings[REPLAY_VECTORS][VEC_WIDTH]);

#endif
