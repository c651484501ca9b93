// SPDX-License-Identifier: MIT
// A sweep on many ranks, simulated: the schedule itself, with modelled messages and tile costs.
#ifndef BRINK_TESTS_SIMULATE_RANKS_H
#define BRINK_TESTS_SIMULATE_RANKS_H

#include <stdint.h>

// Seconds, all of them.
struct ranks_machine {
    double latency; // of a message
    double service; // that the master spends on a report and its answer
    double beat;    // between two looks of a rank for messages
    double cell;    // that the longest cell takes: a tile ends, and a rank runs dry, that late
};

struct ranks_result {
    double seconds;     // until the last rank is done; start-up apart
    double efficiency;  // cost of all tiles / (ranks * seconds)
    double master_busy; // share of the time that the master spends on messages
    int64_t batches, tiles_done;
};

// `cost[count]`: seconds of each tile, in the order of the schedule; at least one is above 0.
// `times_done` (may be NULL): counts how often each place was computed. `ranks` >= 1.
struct ranks_result ranks_simulate(const struct ranks_machine *machine, const double cost[],
                                   int64_t count, int ranks, uint8_t times_done[]);

#endif
