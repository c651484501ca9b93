// SPDX-License-Identifier: MIT
// The clock of the benches, and what the core's other hardware thread leaves of the core.
#ifndef BRINK_BENCH_WINDOW_H
#define BRINK_BENCH_WINDOW_H

// How far ahead the core looks, now: the time of chains of multiply-adds that follow each other
// over that of chains that take turns. 1 if it works on all chains at once. Where a core's other
// hardware thread is busy, maybe with another guest of the host, each has half of the window.
double bench_window(void);

// Seconds of CPU time of this thread: other work on the machine hardly counts.
double bench_clock(void);

#endif
