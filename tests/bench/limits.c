// SPDX-License-Identifier: MIT
// What a core can do at best: the time of a vector operation beside a multiply-add.
//
//   bench limits   prints JSON: ns of a pair of vector operations, a multiply-add and another; of
//                  four multiply-adds and a store
//
// Pairs that take as long as two multiply-adds share their ports. "window": see bench_window().
#include <stdio.h>

#include "raw.h"
#include "simd.h"
#include "window.h"

// Chains: more than latency times throughput. Rounds: far more than a tick of the clock, which a
// shared host may also set back.
enum { CHAINS = 10, ROUNDS = 20000, REPEATS = 100 };

static vec kept[CHAINS];
static _Alignas(64) const double row[16] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};

#define CHAIN _Pragma("GCC unroll 10") for (int i = 0; i < CHAINS; i++)

static double best_of(void (*run)(vec[CHAINS], vec[CHAINS]))
{
    static vec a[CHAINS], b[CHAINS];
    double best = 1e9;
    for (int i = 0; i < CHAINS; i++)
        a[i] = b[i] = vec_set(1 + 0.001 * i);
    for (int i = 0; i < REPEATS; i++) {
        double begin = bench_clock();
        run(a, b);
        double ns = 1e9 * (bench_clock() - begin) / (ROUNDS * CHAINS);
        best = ns < best ? ns : best;
    }
    return best;
}

// A loop of ROUNDS rounds of `code` on CHAINS pairs a, b that depend on nothing but themselves.
#define LOOP(name, code)                                                                           \
    static void name(vec to_a[CHAINS], vec to_b[CHAINS])                                           \
    {                                                                                              \
        vec a[CHAINS], b[CHAINS];                                                                  \
        const vec half = vec_set(0.5);                                                             \
        CHAIN                                                                                      \
        {                                                                                          \
            a[i] = to_a[i];                                                                        \
            b[i] = to_b[i];                                                                        \
        }                                                                                          \
        for (int round = 0; round < ROUNDS; round++)                                               \
            CHAIN                                                                                  \
            {                                                                                      \
                code;                                                                              \
            }                                                                                      \
        CHAIN                                                                                      \
        {                                                                                          \
            to_a[i] = a[i];                                                                        \
            to_b[i] = b[i];                                                                        \
        }                                                                                          \
    }
#define FMA a[i] = vec_fma(a[i], half, half)
LOOP(with_itself, FMA; b[i] = vec_fma(b[i], half, half))
LOOP(with_sum, FMA; b[i] = b[i] + half)
LOOP(with_larger, FMA; b[i] = vec_larger(b[i], a[i]))
LOOP(with_look, FMA; b[i] = vec_look(row, vec_slot_of(vec_to_bits(b[i]))))
LOOP(divide, a[i] = half / a[i])
// What a number costs that the registers do not hold: four multiply-adds and a store.
LOOP(four_with_store, FMA; FMA; FMA; FMA; kept[i] = b[i]; __asm__ volatile("" : : "m"(kept[i])))

int bench_limits(void)
{
    printf("{\"window\": %.4f, "
           "\"multiply_add_twice\": %.4f, \"with_sum\": %.4f, \"with_larger\": %.4f, "
           "\"with_shift_and_look\": %.4f, \"divide\": %.4f, \"four_with_store\": %.4f, "
           "\"lanes\": %d}\n",
           bench_window(), best_of(with_itself), best_of(with_sum), best_of(with_larger),
           best_of(with_look), best_of(divide), best_of(four_with_store), VEC_WIDTH);
    return 0;
}
