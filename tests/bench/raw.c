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
        brink_kernel_bounds(kind, &point, &endless, &vector->at[LANE_FAR][lane],
                            &vector->at[LANE_NEAR][lane]);
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

// The direct formula, which the row kernel falls back on far out, on every lane.
void brink_direct(const struct cells *cells, long steps)
{
    _Alignas(64) double x[LANES], y[LANES], t[LANES], tangent[LANES], other[LANES];
    for (long first = 0; first < cells->count; first += LANES) {
        const double *h = cells->h + first, *a = cells->a + first;
        for (int i = 0; i < LANES; i++) {
            x[i] = cells->x[first + i];
            y[i] = cells->y[first + i];
        }
        for (long step = 0; step < steps; step++) {
#pragma omp simd
            for (int i = 0; i < LANES; i++) {
                t[i] = brink_fma(x[i], y[i], -1);
                struct brink_a_first state = brink_a_stage_1(fabs(t[i]));
                tangent[i] = state.tangent;
                other[i] = state.ratio;
            }
#pragma omp simd
            for (int i = 0; i < LANES; i++)
                other[i] = brink_a_stage_2(fabs(t[i]), other[i]);
#pragma omp simd
            for (int i = 0; i < LANES; i++) {
                double slope = tangent[i] * brink_a_stage_3(other[i], a[i]);
                brink_gd_move(h[i] * brink_a_signed(slope, t[i]), &x[i], &y[i]);
            }
        }
        for (int i = 0; i < LANES; i++) {
            cells->x[first + i] = x[i];
            cells->y[first + i] = y[i];
        }
    }
}
