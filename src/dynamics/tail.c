// SPDX-License-Identifier: MIT
// Tails on vectors: a state and a tangent a lane, with the operations and the order of verdict.c.
#include "tail.h"

#include "kernel_jet.h"

struct flow {
    vec x, y, dx, dy, h;
    vec power, product; // the tangent's growth in a block is 2^power product
    mask lost;
};

// The logarithms of the growths, by block.
struct growths {
    _Alignas(64) double of[BRINK_TAIL_BLOCKS][TAIL_VECTORS][VEC_WIDTH];
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
static void renormalise(struct flow *flow)
{
    vec length = vec_sqrt(flow->dx * flow->dx + flow->dy * flow->dy), taken;
    flow->lost |= ~(vec_at_most(vec_set(BRINK_GROWTH_MIN), length) &
                    vec_at_most(length, vec_set(BRINK_GROWTH_MAX)));
    flow->product = vec_split_root2(flow->product * length, &taken);
    flow->power = flow->power + taken;
    flow->dx = flow->dx / length;
    flow->dy = flow->dy / length;
}

// False if `pulse` was abandoned.
static bool run_block(enum kernel_kind kind, const struct lane_vector vectors[], int64_t steps,
                      int block, struct brink_pulse *pulse, struct flow flow[],
                      struct growths *growths)
{
    int64_t left = brink_tail_block(steps, block + 1) - brink_tail_block(steps, block);
    for (int j = 0; j < TAIL_VECTORS; j++) {
        flow[j].power = vec_set(0);
        flow[j].product = vec_set(1);
    }
    for (; left > 0; left -= BRINK_TAIL_STRIDE) {
        if (left % BRINK_PULSE_STEPS < BRINK_TAIL_STRIDE && !brink_pulse_beat(pulse))
            return false;
        for (int i = 0; i < BRINK_TAIL_STRIDE && i < left; i++)
            step(kind, vectors, flow);
        for (int j = 0; j < TAIL_VECTORS; j++)
            renormalise(&flow[j]);
    }
    for (int j = 0; j < TAIL_VECTORS; j++) {
        _Alignas(64) double power[VEC_WIDTH], product[VEC_WIDTH];
        double *logarithms = growths->of[block][j];
        vec_store(power, flow[j].power);
        vec_store(product, flow[j].product);
#pragma omp simd
        for (int lane = 0; lane < VEC_WIDTH; lane++)
            logarithms[lane] =
                brink_fma(power[lane], BRINK_LN2, brink_log_branchless(product[lane]));
    }
    return true;
}

static void end_lane(const struct growths *growths, int vector, int lane, bool lost, int64_t steps,
                     struct tail_result *result)
{
    double logarithms[BRINK_TAIL_BLOCKS];
    for (int block = 0; block < BRINK_TAIL_BLOCKS; block++)
        logarithms[block] = growths->of[block][vector][lane];
    brink_growth_end(logarithms, lost, steps, &result->exponent[lane], &result->error[lane]);
}

bool brink_tails_run(enum kernel_kind kind, const struct lane_vector vectors[TAIL_VECTORS],
                     const struct brink_rules *rules, struct brink_pulse *pulse,
                     struct tail_result result[TAIL_VECTORS], int64_t *run)
{
    struct flow flow[TAIL_VECTORS];
    struct growths growths;
    int32_t steps = tail_steps(rules), run_up = (rules->max_steps - steps) % BRINK_BLOCK;
    for (int j = 0; j < TAIL_VECTORS; j++) {
        flow[j] = (struct flow){.x = vec_load(vectors[j].at[LANE_TAIL_X]),
                                .y = vec_load(vectors[j].at[LANE_TAIL_Y]),
                                .dx = vec_set(0),
                                .dy = vec_set(0),
                                .h = vec_load(vectors[j].at[LANE_H])};
    }
    for (int i = 0; i < run_up; i++) // with a tangent of zero
        step(kind, vectors, flow);
    for (int j = 0; j < TAIL_VECTORS; j++) {
        flow[j].dx = vec_set(BRINK_TANGENT_X);
        flow[j].dy = vec_set(BRINK_TANGENT_Y);
    }
    for (int block = 0; block < BRINK_TAIL_BLOCKS; block++)
        if (!run_block(kind, vectors, steps, block, pulse, flow, &growths))
            return false;
    for (int j = 0; j < TAIL_VECTORS; j++)
        for (int lane = 0; lane < VEC_WIDTH; lane++)
            if (vectors[j].used >> lane & 1)
                end_lane(&growths, j, lane, flow[j].lost >> lane & 1, steps, &result[j]);
    *run += (int64_t)(run_up + steps) * TAIL_VECTORS * VEC_WIDTH;
    return true;
}
