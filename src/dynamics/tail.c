// SPDX-License-Identifier: MIT
// Tails on vectors: a state and a tangent a lane, with the operations and the order of verdict.c.
#include "tail.h"

#include <math.h>
#include <string.h>

#include "kernel_jet.h"

struct flow {
    vec x, y, dx, dy, h;
};

// push() of verdict.c, and the GD step.
static inline void step(enum kernel_kind kind, const struct lane_vector vectors[],
                        struct flow flow[TAIL_VECTORS])
{
    const int count = TAIL_VECTORS;
    const struct brink_curve *curve[TAIL_VECTORS];
    vec x[TAIL_VECTORS], y[TAIL_VECTORS], slope[TAIL_VECTORS], bend[TAIL_VECTORS];
    EACH curve[j] = vectors[j].curve;
    EACH x[j] = flow[j].x;
    EACH y[j] = flow[j].y;
    vec_bends(count, kind, curve, x, y, slope, bend);
    EACH
    {
        vec dx = flow[j].dx, dy = flow[j].dy, g = flow[j].h * slope[j];
        vec pull = flow[j].h * bend[j] * (y[j] * dx + x[j] * dy);
        flow[j].dx = vec_minus_fma(g, dy, vec_minus_fma(pull, y[j], dx));
        flow[j].dy = vec_minus_fma(g, dx, vec_minus_fma(pull, x[j], dy));
        flow[j].x = vec_minus_fma(g, y[j], x[j]);
        flow[j].y = vec_minus_fma(g, x[j], y[j]);
    }
}

// Renormalises the tangent and counts its growth.
static void renormalise(struct flow *flow, struct brink_growth growth[VEC_WIDTH], int block)
{
    _Alignas(64) double length[VEC_WIDTH];
    vec norm = vec_sqrt(flow->dx * flow->dx + flow->dy * flow->dy);
    vec_store(length, norm);
    for (int lane = 0; lane < VEC_WIDTH; lane++) {
        struct brink_growth *own = &growth[lane];
        own->lost |= !(length[lane] >= BRINK_GROWTH_MIN && length[lane] <= BRINK_GROWTH_MAX);
        own->exponent[block] += brink_growth_take(&own->product[block], length[lane]);
    }
    flow->dx = flow->dx / norm;
    flow->dy = flow->dy / norm;
}

static void run_block(enum kernel_kind kind, const struct lane_vector vectors[], int64_t steps,
                      int block, struct flow flow[], struct brink_growth growth[][VEC_WIDTH])
{
    int64_t left = brink_tail_block(steps, block + 1) - brink_tail_block(steps, block);
    for (int j = 0; j < TAIL_VECTORS; j++)
        for (int lane = 0; lane < VEC_WIDTH; lane++)
            growth[j][lane].product[block] = 1;
    for (; left > 0; left -= BRINK_TAIL_STRIDE) {
        for (int i = 0; i < BRINK_TAIL_STRIDE && i < left; i++)
            step(kind, vectors, flow);
        for (int j = 0; j < TAIL_VECTORS; j++)
            renormalise(&flow[j], growth[j], block);
    }
}

int64_t brink_tails_run(enum kernel_kind kind, const struct lane_vector vectors[TAIL_VECTORS],
                        const struct brink_rules *rules, struct tail_result result[TAIL_VECTORS])
{
    struct flow flow[TAIL_VECTORS];
    struct brink_growth growth[TAIL_VECTORS][VEC_WIDTH];
    int32_t steps = tail_steps(rules), run_up = (rules->max_steps - steps) % BRINK_BLOCK;
    memset(growth, 0, sizeof growth);
    for (int j = 0; j < TAIL_VECTORS; j++) {
        flow[j] = (struct flow){vec_load(vectors[j].at[LANE_TAIL_X]),
                                vec_load(vectors[j].at[LANE_TAIL_Y]), vec_set(0), vec_set(0),
                                vec_load(vectors[j].at[LANE_H])};
    }
    for (int i = 0; i < run_up; i++) // with a tangent of zero
        step(kind, vectors, flow);
    for (int j = 0; j < TAIL_VECTORS; j++) {
        flow[j].dx = vec_set(BRINK_TANGENT_X);
        flow[j].dy = vec_set(BRINK_TANGENT_Y);
    }
    for (int block = 0; block < BRINK_TAIL_BLOCKS; block++)
        run_block(kind, vectors, steps, block, flow, growth);
    for (int j = 0; j < TAIL_VECTORS; j++)
        for (int lane = 0; lane < VEC_WIDTH; lane++)
            if (vectors[j].used >> lane & 1)
                brink_growth_end(&growth[j][lane], steps, &result[j].exponent[lane],
                                 &result[j].error[lane]);
    return (int64_t)(run_up + steps) * TAIL_VECTORS * VEC_WIDTH;
}
