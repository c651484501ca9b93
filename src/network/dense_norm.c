// SPDX-License-Identifier: MIT
// Batch and layer norm of the dense engine, backwards and along a tangent too.
//
// A group is what is normalised together: a unit over all samples (batch) or a sample over all
// units (layer). Columns beyond the last sample are kept at 0 where batch norm sums over them.
#include "dense.h"

VEC_INLINE bool by_unit(const struct brink_engine_state *state)
{
    return state->network.norm == BRINK_NORM_BATCH;
}

// A number of each group at unit i and column c.
VEC_INLINE vec of_group(const struct brink_engine_state *state, const real *numbers, int i, int c)
{
    return by_unit(state) ? vec_set(numbers[i]) : vec_load(numbers + c);
}

// sum + a b at an element; b NULL: sum + a.
VEC_INLINE vec add_product(const real *a, const real *b, vec sum)
{
    if (b)
        return vec_fma(vec_load(a), vec_load(b), sum);
    return sum + vec_load(a);
}

// means[group] of a b over the group; b NULL: of a.
static void group_means(const struct brink_engine_state *state, const struct dense_layer *layer,
                        struct dense_tile tile, const real *a, size_t a_stride, const real *b,
                        real *means)
{
    int columns = whole(tile.columns);
    size_t stride = state->tile_stride;
    if (by_unit(state)) {
        for (size_t i = 0; i < (size_t)layer->out; i++) {
            vec sum[CHAIN_VECS];
            for (int v = 0; v < CHAIN_VECS; v++)
                sum[v] = vec_set(0);
            for (int c = 0; c < columns; c += VEC_WIDTH) {
                vec *chain = &sum[c / VEC_WIDTH % CHAIN_VECS];
                *chain = add_product(a + i * a_stride + c, b ? b + i * stride + c : NULL, *chain);
            }
            means[i] = chains_sum(sum) / (real)state->samples;
        }
        return;
    }
    for (int c = 0; c < columns; c += VEC_WIDTH) {
        vec sum = vec_set(0);
        for (size_t i = 0; i < (size_t)layer->out; i++)
            sum = add_product(a + i * a_stride + c, b ? b + i * stride + c : NULL, sum);
        vec_store(means + c, sum / vec_set((real)layer->out));
    }
}

static void clear_outside(const struct dense_layer *layer, struct dense_tile tile, real *a,
                          size_t stride)
{
    for (int i = 0; i < layer->out; i++)
        for (int c = tile.columns; c < whole(tile.columns); c++)
            a[(size_t)i * stride + (size_t)c] = 0;
}

// z -= its group's mean; 0 outside.
static void centre(struct brink_engine_state *state, struct dense_layer *layer,
                   struct dense_tile tile, real *z)
{
    clear_outside(layer, tile, z, state->tile_stride);
    group_means(state, layer, tile, z, state->tile_stride, NULL, state->group[0]);
    for (int i = 0; i < layer->out; i++)
        for (int c = 0; c < whole(tile.columns); c += VEC_WIDTH) {
            real *at = z + (size_t)i * state->tile_stride + c;
            vec_store(at, vec_load(at) - of_group(state, state->group[0], i, c));
        }
    clear_outside(layer, tile, z, state->tile_stride);
}

void dense_normalise(struct brink_engine_state *state, struct dense_layer *layer,
                     struct dense_tile tile, const real *z, size_t z_stride, bool add_bias)
{
    size_t stride = state->tile_stride;
    if (z != layer->z)
        for (int i = 0; i < layer->out; i++)
            for (int c = 0; c < whole(tile.columns); c += VEC_WIDTH)
                vec_store(layer->z + (size_t)i * stride + c,
                          vec_load(z + (size_t)i * z_stride + c) +
                              vec_set(add_bias ? layer->bias[i] : 0));
    centre(state, layer, tile, layer->z);
    group_means(state, layer, tile, layer->z, stride, layer->z, layer->deviation);
    int groups = by_unit(state) ? layer->out : whole(tile.columns);
    for (int g = 0; g < groups; g += VEC_WIDTH) {
        vec variance = vec_load(layer->deviation + g) + vec_set((real)state->network.norm_epsilon);
        vec_store(layer->deviation + g, vec_set(1) / vec_sqrt(variance));
    }
    for (int i = 0; i < layer->out; i++)
        for (int c = 0; c < whole(tile.columns); c += VEC_WIDTH) {
            real *at = layer->z + (size_t)i * stride + c;
            vec_store(at, vec_load(at) * of_group(state, layer->deviation, i, c));
        }
}

// d = factor s (u - mean(u) - z mean(u z)), where d comes in as u; layer.u keeps it.
void dense_normalise_back(struct brink_engine_state *state, struct dense_layer *layer,
                          struct dense_tile tile, real factor)
{
    size_t stride = state->tile_stride;
    real *d = layer->d + (layer->d_stride != stride ? tile.first : 0);
    group_means(state, layer, tile, d, layer->d_stride, NULL, state->group[0]);
    group_means(state, layer, tile, d, layer->d_stride, layer->z, state->group[1]);
    for (int i = 0; i < layer->out; i++)
        for (int c = 0; c < whole(tile.columns); c += VEC_WIDTH) {
            real *at = d + (size_t)i * layer->d_stride + c;
            vec u = vec_load(at), z = vec_load(layer->z + (size_t)i * stride + c);
            vec rest = u - of_group(state, state->group[0], i, c);
            rest = vec_minus_fma(z, of_group(state, state->group[1], i, c), rest);
            vec_store(layer->u + (size_t)i * stride + c, u);
            vec_store(at, rest * of_group(state, layer->deviation, i, c) * vec_set(factor));
        }
    clear_outside(layer, tile, d, layer->d_stride);
}

// rz of z before the norm becomes that behind it: s (c - z mean(z c)) with c = rz - mean(rz); the
// deviation's relative derivative is -s mean(z c).
void dense_normalise_along(struct brink_engine_state *state, struct dense_layer *layer,
                           struct dense_tile tile)
{
    size_t stride = state->tile_stride;
    centre(state, layer, tile, layer->rz);
    group_means(state, layer, tile, layer->rz, stride, layer->z, state->group[0]);
    int groups = by_unit(state) ? layer->out : whole(tile.columns);
    for (int g = 0; g < groups; g++)
        layer->rdeviation[g] = -layer->deviation[g] * state->group[0][g];
    for (int i = 0; i < layer->out; i++)
        for (int c = 0; c < whole(tile.columns); c += VEC_WIDTH) {
            real *at = layer->rz + (size_t)i * stride + c;
            vec z = vec_load(layer->z + (size_t)i * stride + c);
            vec rest = vec_minus_fma(z, of_group(state, state->group[0], i, c), vec_load(at));
            vec_store(at, rest * of_group(state, layer->deviation, i, c));
        }
}

// rd behind the norm becomes that before it:
// rdeviation d + s (rd - mean(rd) - rz mean(u z) - z mean(rd z + u rz)).
void dense_normalise_back_along(struct brink_engine_state *state, struct dense_layer *layer,
                                struct dense_tile tile)
{
    size_t stride = state->tile_stride;
    const real *d = layer->d + (layer->d_stride != stride ? tile.first : 0);
    real *mean = state->group[0], *along = state->group[1], *u_z = state->group[2],
         *u_rz = state->group[3];
    group_means(state, layer, tile, layer->rd, stride, NULL, mean);
    group_means(state, layer, tile, layer->rd, stride, layer->z, along);
    group_means(state, layer, tile, layer->u, stride, layer->z, u_z);
    group_means(state, layer, tile, layer->u, stride, layer->rz, u_rz);
    for (int i = 0; i < layer->out; i++)
        for (int c = 0; c < whole(tile.columns); c += VEC_WIDTH) {
            size_t at = (size_t)i * stride + (size_t)c;
            vec rest = vec_load(layer->rd + at) - of_group(state, mean, i, c);
            rest = vec_minus_fma(vec_load(layer->rz + at), of_group(state, u_z, i, c), rest);
            vec both = of_group(state, along, i, c) + of_group(state, u_rz, i, c);
            rest = vec_minus_fma(vec_load(layer->z + at), both, rest);
            vec old = of_group(state, layer->rdeviation, i, c) *
                      vec_load(d + (size_t)i * layer->d_stride + c);
            vec_store(layer->rd + at, vec_fma(of_group(state, layer->deviation, i, c), rest, old));
        }
    clear_outside(layer, tile, layer->rd, stride);
}
