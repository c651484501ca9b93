// SPDX-License-Identifier: MIT
// GD steps as a good C programmer writes them, with the C library's exp, log and tanh.
//
// Compiled twice (see the Makefile): with PEER(name) scalar_##name and one lane it is a loop over
// cells that calls libm; with simd_##name, 64 lanes and -ffast-math, gcc calls libmvec. Of several
// ways to write F' those are kept that are fastest here: tanh for a = 1, exp and log for a power.
#include "peers.h"

#include <math.h>

static inline double slope_a1(double s, double a)
{
    (void)a;
    return tanh(0.5 * (s - 1));
}
static inline double slope_a(double s, double a)
{
    double t = s - 1, decay = exp(-fabs(t)), length = fabs(t) + 2 * log(1 + decay);
    return a * exp((a - 1) * log(length)) * copysign((1 - decay) / (1 + decay), t);
}
static inline double slope_b3(double s, double a)
{
    double power = s * s;
    (void)a;
    return 6 * power * (power * s - 1);
}
static inline double slope_b7(double s, double a)
{
    double power = s * s * s * s * s * s;
    (void)a;
    return 14 * power * (power * s - 1);
}

#define STEPPER(name)                                                                              \
    void PEER(name)(const struct cells *cells, long steps)                                         \
    {                                                                                              \
        double x[PEER_LANES], y[PEER_LANES], h[PEER_LANES], a[PEER_LANES];                         \
        for (long first = 0; first < cells->count; first += PEER_LANES) {                          \
            for (int i = 0; i < PEER_LANES; i++) {                                                 \
                x[i] = cells->x[first + i];                                                        \
                y[i] = cells->y[first + i];                                                        \
                h[i] = cells->h[first + i];                                                        \
                a[i] = cells->a[first + i];                                                        \
            }                                                                                      \
            for (long step = 0; step < steps; step++) {                                            \
                _Pragma("omp simd") for (int i = 0; i < PEER_LANES; i++)                           \
                {                                                                                  \
                    double g = h[i] * slope_##name(x[i] * y[i], a[i]), x_old = x[i];               \
                    x[i] -= g * y[i];                                                              \
                    y[i] -= g * x_old;                                                             \
                }                                                                                  \
            }                                                                                      \
            for (int i = 0; i < PEER_LANES; i++) {                                                 \
                cells->x[first + i] = x[i];                                                        \
                cells->y[first + i] = y[i];                                                        \
            }                                                                                      \
        }                                                                                          \
    }

STEPPER(a1)
STEPPER(a)
STEPPER(b3)
STEPPER(b7)
