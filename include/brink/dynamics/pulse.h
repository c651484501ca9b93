// SPDX-License-Identifier: MIT
// How long computations stay polite: a beat now and then, and a way to be asked to give up.
#ifndef BRINK_DYNAMICS_PULSE_H
#define BRINK_DYNAMICS_PULSE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

// GD steps between two beats.
#define BRINK_PULSE_STEPS 512

struct brink_pulse {
    // Called by every computing thread every few hundred GD steps: cheap. It tells the main thread
    // (the one that may do MPI) from the others itself. NULL: none.
    void (*beat)(void *context);
    void *context;
    // Set by anyone: the computation ends soon, incomplete.
    atomic_bool abandon;
};

// Beats. False if the computation is to be abandoned. `pulse` may be NULL.
static inline bool brink_pulse_beat(struct brink_pulse *pulse)
{
    if (!pulse)
        return true;
    if (pulse->beat)
        pulse->beat(pulse->context);
    return !atomic_load_explicit(&pulse->abandon, memory_order_relaxed);
}

// For a thread without work: beats, then sleeps 50 us. False if the computation is to be abandoned.
static inline bool brink_pulse_rest(struct brink_pulse *pulse)
{
    const struct timespec moment = {.tv_nsec = 50000};
    bool go_on = brink_pulse_beat(pulse);
    nanosleep(&moment, NULL);
    return go_on;
}

#endif
