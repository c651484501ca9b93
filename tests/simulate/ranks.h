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
};

struct ranks_tile {
    double cost; // s of a rank's time
    double tail; // s that its longest cell takes: the tile ends that much after the last is taken
};

struct ranks_result {
    double seconds;     // until the last rank is done; start-up apart
    double efficiency;  // cost of all tiles / (ranks * seconds)
    double master_busy; // share of the time that the master spends on messages
    int64_t batches, tiles_done;
};

// `tile[count]`: in the order of the schedule; at least one costs more than 0. `coarser` and
// `last_stage`: as for brink_schedule_init. `times_done` (may be NULL): counts how often each place
// was computed. `ranks` >= 1.
struct ranks_result ranks_simulate(const struct ranks_machine *machine,
                                   const struct ranks_tile tile[], int64_t count,
                                   const int64_t coarser[], int64_t last_stage, int ranks,
                                   uint8_t times_done[]);

#endif
