// SPDX-License-Identifier: MIT
// The vector kernels of one ISA: blocks of GD steps, and the exact replay of a block that matters.
//
// A lane runs one cell. A block of 32 steps is run without looking; at its end each lane whose
// cell *may* have ended inside raises an alarm and keeps the state from before the block. The
// replay repeats those 32 steps and tests every state as verdict.c does. Recurrence and max_steps
// end cells at the end of a block: where it is this alone, the lane is stepped, and one state
// tested.
#ifndef BRINK_DYNAMICS_KERNEL_H
#define BRINK_DYNAMICS_KERNEL_H

#include "measures.h"
#include "simd.h"

// One kernel per form of F'. The odd powers have their exponent as value.
enum kernel_kind {
    KERNEL_A = 0, // 0 < a < 1: row table
    KERNEL_B1 = 1,
    KERNEL_A1 = 2, // a = 1
    KERNEL_B3 = 3,
    KERNEL_B = 4, // other b, up to KERNEL_POWER_MAX
    KERNEL_B5 = 5,
    KERNEL_B7 = 7,
    KERNEL_B9 = 9,
    KERNEL_B11 = 11,
    KERNEL_B13 = 13,
    KERNEL_KINDS = 14 // 6, 8, 10, 12 are no kernels
};

// The screen's bounds are derived for b |s - 1| << 1 near a minimum.
#define KERNEL_POWER_MAX 999
// And for learning rates up to this.
#define KERNEL_RATE_MAX 1e6

// What a lane knows of its cell.
enum lane_field {
    LANE_X,
    LANE_Y,
    LANE_PEAK,      // largest gauge of the states before step n
    LANE_H,         // learning rate; 0 without a cell
    LANE_N,         // steps done: a multiple of 32 but at the end
    LANE_KEPT_X,    // Brent's kept state, NaN before the first
    LANE_KEPT_Y,    //
    LANE_KEPT_NEXT, // the step at which the next one is kept
    LANE_TAIL_X,    // the state at the last multiple of 32 not after the tail's start
    LANE_TAIL_Y,    //
    LANE_FAR,       // alarms on the larger of |x|, |y|: at least far, at most near
    LANE_NEAR,      //
    LANE_STEADY,    // F_b: below this gauge the larger of |x|, |y| grows at most 7 times a step
    LANE_FLAT,      // with |s - 1| beyond this, no state of the block has converged
    LANE_END,       // after a replay: an enum brink_status or a lane_end
    // of `record: full`
    LANE_GAUGE,     // of the state before step n
    LANE_RISES,     //
    LANE_PEAK_STEP, //
    LANE_EDGE_MAX,  // over the states before step n
    LANE_CROSSED,   // the first step with an edge > 1, or -1
    LANE_FIELDS
};
enum lane_end { LANE_RECURS = BRINK_STATUS_COUNT, LANE_LIMIT }; // back at the kept state; max_steps

// The cell of a lane.
struct lane_cell {
    struct brink_point point;
    enum kernel_kind kind;
    void *ticket;
    struct start start;
};

// VEC_WIDTH lanes with the same curve. Unused lanes stand still, and are calm.
struct lane_vector {
    _Alignas(64) double at[LANE_FIELDS][VEC_WIDTH];
    const struct brink_curve *curve; // never NULL
    mask used, alarm;
    mask closed; // of `alarm`: nothing but the block's end may be the cell's
    struct lane_cell cell[VEC_WIDTH];
};

enum {
    KERNEL_VECTORS = 8, // that run interleaved in a block, to hide the latency of a step
    REPLAY_VECTORS = 4, // and in a replay
};

struct kernel {
    // Runs 32 steps of every lane and sets the alarms. Lanes that raise one are left as they were,
    // but for x, y, n and what was watched where the block is closed. Returns the vectors with
    // alarms, as bits.
    unsigned (*block)(struct lane_vector vectors[KERNEL_VECTORS], const struct brink_rules *rules);
    // Runs up to 32 steps of every used lane, testing every state from the block's state `first`
    // on, where the lanes are; sets LANE_END, and LANE_N to the step of the end.
    void (*replay)(struct lane_vector vectors[REPLAY_VECTORS], const struct brink_rules *rules,
                   int first);
};

// Of [record: full][kind]; `block` is NULL where there is no kernel.
extern const struct kernel brink_kernels[2][KERNEL_KINDS];

// Which kernel runs this curve; false if none does.
bool brink_kernel_find(const struct brink_curve *curve, enum kernel_kind *kind);

// LANE_FAR, LANE_NEAR, LANE_STEADY and LANE_FLAT of a cell; see kernel.c.
struct lane_bounds {
    double far, near, steady, flat;
};
struct lane_bounds brink_kernel_bounds(enum kernel_kind kind, const struct brink_point *point,
                                       const struct brink_rules *rules);

#endif
