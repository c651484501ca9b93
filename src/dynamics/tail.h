// SPDX-License-Identifier: MIT
// Lyapunov exponents of many tails at a time: brink_lyapunov on vectors.
#ifndef BRINK_DYNAMICS_TAIL_H
#define BRINK_DYNAMICS_TAIL_H

#include "kernel.h"

enum { TAIL_VECTORS = 4 }; // that run interleaved

struct tail_result {
    double exponent[VEC_WIDTH], error[VEC_WIDTH];
};

// Steps of the tail of a cell that reached max_steps.
static inline int32_t tail_steps(const struct brink_rules *rules)
{
    return rules->tail < rules->max_steps ? rules->tail : rules->max_steps;
}

// Takes the lanes from (LANE_TAIL_X, LANE_TAIL_Y) to the tail's start and along the tail. Adds the
// steps run, of all lanes, to *run. False, without results, if `pulse` (may be NULL) was abandoned.
bool brink_tails_run(enum kernel_kind kind, const struct lane_vector vectors[TAIL_VECTORS],
                     const struct brink_rules *rules, struct brink_pulse *pulse,
                     struct tail_result result[TAIL_VECTORS], int64_t *run);

#endif
