// SPDX-License-Identifier: MIT
// GD steps as a good C programmer writes them, with the C library's exp, log and tanh.
//
// Compiled three times (see the Makefile): with PEER(name) scalar_##name and one lane it is a loop
// over cells that calls libm; with simd_##name, 64 lanes and -ffast-math, gcc calls libmvec. With
// watch_##name and PEER_WATCH it also keeps what our kernels keep: the peak of the loss, and how
// far out the state was. Of several ways to write F' those are kept that are fastest here: tanh for
// a = 1, exp and log for a power.
#include "peers.h"

#include <math.h>
#include <stdbool.h>

#ifdef PEER_WATCH
static const bool watches = true;
#else
static const bool watches = false;
#endif

// F' of s = x y, and a gauge of the loss with its sign.
static inline double slope_a1(double s, double a, double *gauge)
{
    (void)a;
    *gauge = s - 1;
    return tanh(0.5 * (s - 1));
}
static inline double slope_a(double s, double a, double *gauge)
{
    double t = s - 1, decay = exp(-fabs(t)), length = fabs(t) + 2 * log(1 + decay);
    *gauge = t;
    return a * exp((a - 1) * log(length)) * copysign((1 - decay) / (1 + decay), t);
}
static inline double slope_b3(double s, double a, double *gauge)
{
    double power = s * s;
    (void)a;
    *gauge = power * s - 1;
    return 6 * power * *gauge;
}
static inline double slope_b7(double s, double a, double *gauge)
{
    double power = s * s * s * s * s * s;
    (void)a;
    *gauge = power * s - 1;
    return 14 * power * *gauge;
}

static inline double larger(double a, double b)
{
    return a > b ? a : b;
}

#define STEPPER(name)                                                                              \
    void PEER(name)(const struct cells *cells, long steps)                                         \
    {                                                                                              \
        double x[PEER_LANES], y[PEER_LANES], h[PEER_LANES], a[PEER_LANES];                         \
        double peak[PEER_LANES], far[PEER_LANES];                                                  \
        for (long first = 0; first < cells->count; first += PEER_LANES) {                          \
            for (int i = 0; i < PEER_LANES; i++) {                                                 \
                x[i] = cells->x[first + i];                                                        \
                y[i] = cells->y[first + i];                                                        \
                h[i] = cells->h[first + i];                                                        \
                a[i] = cells->a[first + i];                                                        \
                peak[i] = far[i] = 0;                                                              \
            }                                                                                      \
            for (long step = 0; step < steps; step++) {                                            \
                _Pragma("omp simd") for (int i = 0; i < PEER_LANES; i++)                           \
                {                                                                                  \
                    double gauge, g = h[i] * slope_##name(x[i] * y[i], a[i], &gauge), old = x[i];  \
                    x[i] -= g * y[i];                                                              \
                    y[i] -= g * old;                                                               \
                    if (watches) {                                                                 \
                        peak[i] = larger(peak[i], fabs(gauge));                                    \
                        far[i] = larger(far[i], larger(fabs(x[i]), fabs(y[i])));                   \
                    }                                                                              \
                }                                                                                  \
            }                                                                                      \
            for (int i = 0; i < PEER_LANES; i++) {                                                 \
                bool left = watches && (far[i] > 1e8 || peak[i] > 1e300);                          \
                cells->x[first + i] = left ? HUGE_VAL : x[i];                                      \
                cells->y[first + i] = y[i];                                                        \
            }                                                                                      \
        }                                                                                          \
    }

STEPPER(a1)
STEPPER(a)
STEPPER(b3)
STEPPER(b7)
