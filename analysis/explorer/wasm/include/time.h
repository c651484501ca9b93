// SPDX-License-Identifier: MIT
// What pulse.h names of time.h; nothing sleeps in WebAssembly.
#ifndef BRINK_WASM_TIME_H
#define BRINK_WASM_TIME_H

struct timespec {
    long tv_sec, tv_nsec;
};
int nanosleep(const struct timespec *wanted, struct timespec *left);

#endif
