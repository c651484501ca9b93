// SPDX-License-Identifier: MIT
// What the core's other hardware thread leaves of the core.
#include "window.h"

#include <stdbool.h>
#include <time.h>

#include "simd.h"

double bench_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

enum { LINKS = 30, WINDOW_CHAINS = 8, WINDOW_ROUNDS = 150, WINDOW_REPEATS = 4 };

// Compilers would put the chains side by side.
VEC_INLINE vec link_of(vec a)
{
    a = vec_fma(a, vec_set(0.5), vec_set(0.5));
    __asm__ volatile("" : "+x"(a));
    return a;
}

// Nanoseconds of a multiply-add in chains that follow each other, or that take turns.
static double time_chains(bool turns)
{
    vec a[WINDOW_CHAINS];
    for (int i = 0; i < WINDOW_CHAINS; i++)
        a[i] = vec_set(1 + 0.001 * i);
    double begin = bench_clock();
    for (int round = 0; round < WINDOW_ROUNDS; round++) {
        if (turns) {
#pragma GCC unroll 30
            for (int link = 0; link < LINKS; link++)
#pragma GCC unroll 8
                for (int i = 0; i < WINDOW_CHAINS; i++)
                    a[i] = link_of(a[i]);
        } else {
#pragma GCC unroll 8
            for (int i = 0; i < WINDOW_CHAINS; i++)
#pragma GCC unroll 30
                for (int link = 0; link < LINKS; link++)
                    a[i] = link_of(a[i]);
        }
    }
    return 1e9 * (bench_clock() - begin) / (WINDOW_ROUNDS * WINDOW_CHAINS * LINKS);
}

double bench_window(void)
{
    double in_turn = 1e9, after = 1e9;
    for (int i = 0; i < WINDOW_REPEATS; i++) {
        double one = time_chains(true), other = time_chains(false);
        in_turn = one < in_turn ? one : in_turn;
        after = other < after ? other : after;
    }
    return after / in_turn;
}
