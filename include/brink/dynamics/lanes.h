// SPDX-License-Identifier: MIT
// The fast engine: many cells in the lanes of SIMD vectors, one engine per thread.
//
// Every field of every cell has the bits of trajectory.h. Of a cell that is not recorded in full,
// peak_step, loss_rises, edge_max and edge_cross_step hold anything, and lyapunov is canonical.
#ifndef BRINK_DYNAMICS_LANES_H
#define BRINK_DYNAMICS_LANES_H

#include "brink/base/error.h"
#include "brink/dynamics/trajectory.h"

// Where cells come from and go to. Called by the engine's own thread.
struct brink_cell_source {
    // Sets *point and *ticket (the source's name for the cell) and returns 1; 0: there is none
    // now, ask again; -1: there will be none. The curve is borrowed until the cell is given
    // back. Cells of one curve in a row keep the vectors full.
    int (*take)(void *context, struct brink_point *point, void **ticket);
    void (*give)(void *context, void *ticket, const struct brink_cell *cell);
    void *context;
};

// How an engine spent its time, in lane-steps: utilisation is used / run.
struct brink_lanes_use {
    int64_t run;      // all lanes, blocks only
    int64_t used;     // those with a cell
    int64_t replayed; // exact replays of blocks, all lanes
    int64_t tail;     // steps of Lyapunov tails, all lanes
};

// Runs cells until the source has no more. False, with cells left, if `pulse` (may be NULL) was
// abandoned. *use (may be NULL) is added to. Needs about 1 MB of stack.
bool brink_lanes_run(const struct brink_rules *rules, bool full,
                     const struct brink_cell_source *source, struct brink_pulse *pulse,
                     struct brink_lanes_use *use);

// Picks the instruction set of all engines: "avx512", "avx2", "portable"; NULL: what the
// environment's BRINK_ISA says, or the best one the CPU has. BRINK_ERR_USAGE if it is unknown or
// not to be had; BRINK_ERR_BUG if its kernels fail their self-test (miscompiled). Call it before
// engines run; without a call they are portable.
brink_err brink_lanes_select(const char *isa) BRINK_CHECKED;
const char *brink_lanes_isa(void);

// All instruction sets of this build, best first; NULL at the end. `able`: has the CPU this one?
extern const char *const brink_lanes_isas[];
bool brink_lanes_able(const char *isa);

#endif
