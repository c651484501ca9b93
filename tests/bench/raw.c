// SPDX-License-Identifier: MIT
// The engine's own kernels in the bench: blocks of 32 steps without ends, refills or replays.
#include "peers.h"

#include <stdint.h>

#include "kernel.h"
#include "kernel_slope.h"
#include "raw.h"

enum { LANES = KERNEL_VECTORS * VEC_WIDTH };

// Nothing ends: a lane that raises an alarm all the same repeats its block, at the same cost.
static const struct brink_rules endless = {
    .max_steps = INT32_MAX, .tail = 8, .grad_tol = 0, .escape = 1e300};

int raw_lanes(void)
{
    return LANES;
}

void raw_run(const struct brink_curve *curve, int64_t blocks, const double h[], double x[],
             double y[])
{
    struct lane_vector vectors[KERNEL_VECTORS];
    enum kernel_kind kind = KERNEL_A;
    brink_kernel_find(curve, &kind);
    for (int i = 0; i < LANES; i++) {
        struct lane_vector *vector = &vectors[i / VEC_WIDTH];
        struct brink_point point = {curve, h[i], x[i], y[i]};
        int lane = i % VEC_WIDTH;
        for (int field = 0; field < LANE_FIELDS; field++)
            vector->at[field][lane] = 0;
        vector->at[LANE_X][lane] = x[i];
        vector->at[LANE_Y][lane] = y[i];
        vector->at[LANE_H][lane] = h[i];
        vector->at[LANE_KEPT_X][lane] = (double)NAN;
        struct lane_bounds bounds = brink_kernel_bounds(kind, &point, &endless);
        vector->at[LANE_FAR][lane] = bounds.far;
        vector->at[LANE_NEAR][lane] = bounds.near;
        vector->at[LANE_STEADY][lane] = bounds.steady;
        vector->at[LANE_FLAT][lane] = bounds.flat;
        vector->curve = curve;
        vector->used = VEC_ALL;
    }
    for (int64_t block = 0; block < blocks; block++)
        brink_kernels[0][kind].block(vectors, &endless);
    for (int i = 0; i < LANES; i++) {
        x[i] = vectors[i / VEC_WIDTH].at[LANE_X][i % VEC_WIDTH];
        y[i] = vectors[i / VEC_WIDTH].at[LANE_Y][i % VEC_WIDTH];
    }
}

static void run_cells(const char *parameter, double value, const struct cells *cells, long steps)
{
    struct brink_curve curve = {.parameter = 0};
    for (long i = 0; i < cells->count; i += LANES) {
        double wanted = value > 0 ? value : cells->a[i];
        if (curve.parameter != wanted)
            brink_objective_find(parameter)->prepare(&curve, wanted);
        raw_run(&curve, steps / BRINK_BLOCK, cells->h + i, cells->x + i, cells->y + i);
    }
}

void brink_a1(const struct cells *cells, long steps)
{
    run_cells("a", 1, cells, steps);
}
void brink_row(const struct cells *cells, long steps)
{
    run_cells("a", 0, cells, steps);
}
void brink_b3(const struct cells *cells, long steps)
{
    run_cells("b", 3, cells, steps);
}
void brink_b7(const struct cells *cells, long steps)
{
    run_cells("b", 7, cells, steps);
}

// The steps alone, `side` vectors side by side: what remains of a kernel without its watch, looks
// and ends.
VEC_INLINE void run_alone(enum kernel_kind kind, int side, const struct cells *cells, long steps)
{
    const int count = KERNEL_VECTORS;
    const struct brink_curve *curve[SIDE_BY_SIDE] = {NULL};
    vec x[KERNEL_VECTORS], y[KERNEL_VECTORS], h[KERNEL_VECTORS];
    for (long first = 0; first < cells->count; first += LANES) {
        EACH x[j] = vec_load(&cells->x[first + j * VEC_WIDTH]);
        EACH y[j] = vec_load(&cells->y[first + j * VEC_WIDTH]);
        EACH h[j] = vec_load(&cells->h[first + j * VEC_WIDTH]);
        for (long step = 0; step < steps; step++) {
            vec gauge[KERNEL_VECTORS], slope[KERNEL_VECTORS];
            EACH gauge[j] = vec_fma_minus(x[j], y[j], vec_set(1));
#pragma GCC unroll 8
            for (int i = 0; i < count; i += side) {
                if (kind == KERNEL_A1)
                    vec_a1_slopes(side, &gauge[i], &slope[i]);
                else
                    vec_b_slopes(side, kind, curve, &x[i], &y[i], &gauge[i], &slope[i]);
            }
            EACH
            {
                vec g = h[j] * slope[j], old = x[j];
                x[j] = vec_minus_fma(g, y[j], x[j]);
                y[j] = vec_minus_fma(g, old, y[j]);
            }
        }
        EACH vec_store(&cells->x[first + j * VEC_WIDTH], x[j]);
        EACH vec_store(&cells->y[first + j * VEC_WIDTH], y[j]);
    }
}

void alone_a1(const struct cells *cells, long steps)
{
    run_alone(KERNEL_A1, 2, cells, steps);
}
void alone_b3(const struct cells *cells, long steps)
{
    run_alone(KERNEL_B3, 4, cells, steps);
}
void alone_b7(const struct cells *cells, long steps)
{
    run_alone(KERNEL_B7, 4, cells, steps);
}

// The direct formula, which the row kernel falls back on far out, on every lane. Replays run four
// vectors; here are eight, in two groups, as many as in a block.
void brink_direct(const struct cells *cells, long steps)
{
    const int count = SIDE_BY_SIDE;
    vec x[KERNEL_VECTORS], y[KERNEL_VECTORS], h[KERNEL_VECTORS], a[KERNEL_VECTORS];
    for (long first = 0; first < cells->count; first += LANES) {
        for (int i = 0; i < KERNEL_VECTORS; i++) {
            x[i] = vec_load(&cells->x[first + i * VEC_WIDTH]);
            y[i] = vec_load(&cells->y[first + i * VEC_WIDTH]);
            h[i] = vec_load(&cells->h[first + i * VEC_WIDTH]);
            a[i] = vec_load(&cells->a[first + i * VEC_WIDTH]);
        }
        for (long step = 0; step < steps; step++) {
#pragma GCC unroll 8
            for (int i = 0; i < KERNEL_VECTORS; i += count) {
                vec t[SIDE_BY_SIDE], slope[SIDE_BY_SIDE];
                EACH t[j] = vec_fma_minus(x[i + j], y[i + j], vec_set(1));
                vec_a_slopes(count, t, &a[i], slope);
                EACH slope[j] = h[i + j] * slope[j];
                EACH t[j] = x[i + j];
                EACH x[i + j] = vec_minus_fma(slope[j], y[i + j], x[i + j]);
                EACH y[i + j] = vec_minus_fma(slope[j], t[j], y[i + j]);
            }
        }
        for (int i = 0; i < KERNEL_VECTORS; i++) {
            vec_store(&cells->x[first + i * VEC_WIDTH], x[i]);
            vec_store(&cells->y[first + i * VEC_WIDTH], y[i]);
        }
    }
}
