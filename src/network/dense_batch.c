// SPDX-License-Identifier: MIT
// The minibatches of the dense engine: the samples of a step, gathered as columns.
#include "dense.h"

static void see(struct brink_engine_state *state, const struct dense_samples *samples)
{
    state->samples_x = samples->x;
    state->samples_y = samples->y;
    state->samples = samples->count;
    state->tile = samples->tile;
    state->stride = samples->stride;
}

void dense_see_all(struct brink_engine_state *state)
{
    see(state, &state->all);
}

// Columns beyond the batch are 0, as they are beyond all samples.
static void gather(const struct dense_samples *all, const int32_t *chosen, size_t rows,
                   const real *from, const struct dense_samples *part, real *to)
{
    size_t count = (size_t)part->count;
    for (size_t i = 0; i < rows; i++, from += all->stride, to += part->stride) {
        for (size_t j = 0; j < count; j++)
            to[j] = from[chosen[j]];
        memset(to + count, 0, (part->stride - count) * sizeof to[0]);
    }
}

void dense_see_batch(struct brink_engine_state *state)
{
    struct dense_samples *part = &state->part;
    part->count = state->training.batch;
    part->tile = dense_tile_samples(state, part->count);
    part->stride = matrix_stride(part->count);
    const int32_t *chosen =
        state->permutation + brink_network_batch(&state->training, state->all.count, state->step,
                                                 &state->epoch, state->permutation);
    gather(&state->all, chosen, (size_t)state->network.width[0], state->all.x, part, part->x);
    gather(&state->all, chosen, (size_t)state->network.width[state->layers], state->all.y, part,
           part->y);
    see(state, part);
}
