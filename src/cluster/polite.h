// SPDX-License-Identifier: MIT
// Waiting that leaves the core to others: sleeps of 20 us doubling to 2 ms.
#ifndef BRINK_CLUSTER_POLITE_H
#define BRINK_CLUSTER_POLITE_H

// A zeroed struct starts short. Sleep, or start again after something happened.
struct brink_polite {
    unsigned microseconds;
};

void brink_polite_sleep(struct brink_polite *polite);
void brink_polite_reset(struct brink_polite *polite);

// A barrier over MPI_COMM_WORLD whose waiting ranks sleep. Collective.
void brink_polite_barrier(void);

// Seconds of a clock that never jumps.
double brink_clock(void);

#endif
