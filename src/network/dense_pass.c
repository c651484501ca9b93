// SPDX-License-Identifier: MIT
// Forward and backward passes of the dense engine over a tile of samples.
//
// Columns beyond the last sample, up to whole vectors, are computed along: their dL/dF is 0, so
// that they add nothing to any gradient.
#include "dense.h"
#include "elementwise.h"

// a, slope and (unless NULL) bend from z + bias. A row of a tile is too short for the hardware to
// see what comes next (to ask for what is beyond the last does nothing).
static void activate(enum brink_activation activation, const struct dense_layer *layer, int columns,
                     const real *z, size_t z_stride, bool add_bias, size_t stride, bool bends)
{
    enum { ROWS_AHEAD = 2 };
    for (int i = 0; i < layer->out; i++) {
        const real *from = z + (size_t)i * z_stride;
        size_t at = (size_t)i * stride;
        vec bias = vec_set(add_bias ? layer->bias[i] : 0);
        switch (activation) {
#define ROW(upper, lower, value_, meaning)                                                         \
    case BRINK_##upper:                                                                            \
        for (int c = 0; c < columns; c += VEC_WIDTH) {                                             \
            __builtin_prefetch(from + ROWS_AHEAD * z_stride + c);                                  \
            struct activation jet = activation_##lower(vec_load(from + c) + bias);                 \
            vec_store(layer->a + at + c, jet.value);                                               \
            vec_store(layer->slope + at + c, jet.slope);                                           \
            if (bends)                                                                             \
                vec_store(layer->bend + at + c, jet.bend);                                         \
        }                                                                                          \
        break;
            BRINK_ACTIVATIONS(ROW)
#undef ROW
        default:
            break;
        }
    }
}

void dense_forward(struct brink_engine_state *state, struct dense_tile tile, bool bends)
{
    int columns = whole(tile.columns);
    for (int l = 1; l <= state->layers; l++) {
        struct dense_layer *layer = &state->layer[l];
        bool gram = state->gram && l == 1;
        const real *z = layer->z;
        size_t z_stride = state->tile_stride;
        if (gram) {
            z = state->z_first + tile.first;
            z_stride = state->stride;
        } else {
            const real *below = l == 1 ? state->samples_x + tile.first : layer[-1].a;
            size_t below_stride = l == 1 ? state->stride : state->tile_stride;
            matrix_multiply(
                layer->out, columns, layer->in, (struct left){layer->weight, (size_t)layer->in, 1},
                right_plain(below, below_stride), layer->z, z_stride, false, layer->bias);
        }
        if (!layer->hidden)
            break;
        bool add_bias = gram && state->network.bias;
        if (state->network.norm != BRINK_NORM_NONE) {
            dense_normalise(state, layer, tile, z, z_stride, add_bias);
            z = layer->z;
            z_stride = state->tile_stride;
            add_bias = false;
        }
        activate(state->network.activation, layer, columns, z, z_stride, add_bias,
                 state->tile_stride, bends);
    }
}

// ---- losses

// Lanes of the vector at column c that are samples.
VEC_INLINE mask inside(struct dense_tile tile, int c)
{
    real lanes[VEC_WIDTH];
    for (int i = 0; i < VEC_WIDTH; i++)
        lanes[i] = (real)(c + i);
    return vec_less(vec_load(lanes), vec_set((real)tile.columns));
}

static vec cross_entropy(struct brink_engine_state *state, struct dense_tile tile, int c)
{
    struct dense_layer *last = &state->layer[state->layers];
    size_t stride = state->tile_stride;
    const real *y = state->samples_y + tile.first;
    vec largest = vec_load(last->z + c), sum = vec_set(0), along = vec_set(0);
    vec count = vec_set((real)state->samples);
    for (int i = 1; i < last->out; i++)
        largest = vec_max(largest, vec_load(last->z + (size_t)i * stride + c));
    for (int i = 0; i < last->out; i++) {
        vec above = vec_load(last->z + (size_t)i * stride + c) - largest, e = vec_exp(above);
        vec_store(last->d + (size_t)i * stride + c, e);
        sum = sum + e;
        along = vec_fma(vec_load(y + (size_t)i * state->stride + c), above, along);
    }
    for (int i = 0; i < last->out; i++) {
        vec p = vec_load(last->d + (size_t)i * stride + c) / sum;
        vec g = (p - vec_load(y + (size_t)i * state->stride + c)) / count;
        vec_store(last->d + (size_t)i * stride + c, vec_select(inside(tile, c), g, vec_set(0)));
    }
    return vec_log1p(sum - vec_set(1)) - along;
}

VEC_INLINE struct residual_loss loss_of(enum brink_loss loss, vec r)
{
    switch (loss) {
    case BRINK_LOSS_HUBER:
        return loss_huber(r);
    case BRINK_LOSS_LOGCOSH:
        return loss_logcosh(r);
    default:
        return loss_mse(r);
    }
}

static vec residuals(struct brink_engine_state *state, struct dense_tile tile, int c)
{
    struct dense_layer *last = &state->layer[state->layers];
    vec sum = vec_set(0), count = vec_set((real)state->samples);
    for (int i = 0; i < last->out; i++) {
        size_t at = (size_t)i * state->tile_stride + (size_t)c;
        const real *y = state->samples_y + (size_t)i * state->stride + tile.first + c;
        struct residual_loss loss =
            loss_of(state->network.loss, vec_load(last->z + at) - vec_load(y));
        sum = sum + loss.value;
        vec_store(last->d + at, vec_select(inside(tile, c), loss.slope / count, vec_set(0)));
    }
    return sum;
}

// Samples of the tile whose largest output is that of the largest label.
static int count_right(const struct brink_engine_state *state, struct dense_tile tile)
{
    const struct dense_layer *last = &state->layer[state->layers];
    int right = 0;
    for (int c = 0; c < tile.columns; c++) {
        const real *z = last->z + c, *y = state->samples_y + tile.first + c;
        size_t output = 0, label = 0;
        for (size_t i = 1; i < (size_t)last->out; i++) {
            output = z[i * state->tile_stride] > z[output * state->tile_stride] ? i : output;
            label = y[i * state->stride] > y[label * state->stride] ? i : label;
        }
        right += output == label;
    }
    return right;
}

double dense_loss(struct brink_engine_state *state, struct dense_tile tile, int *right)
{
    vec sum[CHAIN_VECS];
    for (int v = 0; v < CHAIN_VECS; v++)
        sum[v] = vec_set(0);
    for (int c = 0; c < whole(tile.columns); c += VEC_WIDTH) {
        vec loss = state->network.loss == BRINK_LOSS_CROSS_ENTROPY ? cross_entropy(state, tile, c)
                                                                   : residuals(state, tile, c);
        vec *chain = &sum[c / VEC_WIDTH % CHAIN_VECS];
        *chain = *chain + vec_select(inside(tile, c), loss, vec_set(0));
    }
    if (right)
        *right += count_right(state, tile);
    return (double)chains_sum(sum);
}

// ---- backward

void dense_add_row_sums(int rows, int columns, const real *a, size_t stride, real *sums)
{
    for (int i = 0; i < rows; i++) {
        vec sum[CHAIN_VECS];
        for (int v = 0; v < CHAIN_VECS; v++)
            sum[v] = vec_set(0);
        for (int c = 0; c < whole(columns); c += CHAINS)
            for (int v = 0; v < CHAIN_VECS; v++)
                sum[v] = sum[v] + vec_load(a + (size_t)i * stride + c + v * VEC_WIDTH);
        sums[i] += chains_sum(sum);
    }
}

void dense_turn_weights(struct brink_engine_state *state)
{
    enum { SIDE = 16 }; // of a square: its lines stay in the first cache
    for (int l = 2; l <= state->layers; l++) {
        struct dense_layer *layer = &state->layer[l];
        size_t in = (size_t)layer->in, out = (size_t)layer->out;
        for (size_t first = 0; first < in; first += SIDE)
            for (size_t i = 0; i < out; i++)
                for (size_t j = first; j < in && j < first + SIDE; j++)
                    layer->weight_down[j * out + i] = layer->weight[i * in + j];
    }
}

// dL/dA of the layer below: d = factor slope V' dL/dZ; with `bends` bend *= dL/dA. In pieces, so
// that the product is still in the first cache when it is multiplied.
static void step_down(const struct brink_engine_state *state, struct dense_layer *layer,
                      int columns, const real *d, real *below_d, real factor, bool bends)
{
    enum { PIECE_ROWS = 8 * BLOCK_ROWS };
    const struct dense_layer *below = layer - 1;
    size_t out = (size_t)layer->out;
    for (int first = 0; first < columns; first += PANEL)
        for (int row = 0; row < below->out; row += PIECE_ROWS) {
            int last = first + PANEL < columns ? first + PANEL : columns;
            int row_end = row + PIECE_ROWS < below->out ? row + PIECE_ROWS : below->out;
            matrix_multiply(row_end - row, last - first, layer->out,
                            (struct left){layer->weight_down + (size_t)row * out, out, 1},
                            right_plain(d + first, layer->d_stride),
                            below_d + (size_t)row * below->d_stride + first, below->d_stride, false,
                            NULL);
            for (size_t i = (size_t)row; i < (size_t)row_end; i++) {
                real *to = below_d + i * below->d_stride;
                const real *slope = below->slope + i * state->tile_stride;
                real *bend = below->bend + i * state->tile_stride;
                for (int c = first; c < last; c += VEC_WIDTH) {
                    vec da = vec_load(to + c);
                    if (bends)
                        vec_store(bend + c, vec_load(bend + c) * da);
                    vec_store(to + c, da * vec_load(slope + c) * vec_set(factor));
                }
            }
        }
}

static void add_gradients(struct brink_engine_state *state, struct dense_layer *layer, int l,
                          struct dense_tile tile, const real *d)
{
    int columns = whole(tile.columns);
    if (state->network.bias)
        dense_add_row_sums(layer->out, columns, d, layer->d_stride, layer->bias_gradient);
    if (state->gram && l == 1)
        return;
    const real *below = l == 1 ? state->samples_x + tile.first : layer[-1].a;
    matrix_multiply_transposed(layer->out, layer->in, columns, d, layer->d_stride, below,
                               l == 1 ? state->stride : state->tile_stride, layer->gradient,
                               (size_t)layer->in);
}

void dense_backward(struct brink_engine_state *state, struct dense_tile tile, bool gradients,
                    real factor, bool bends)
{
    int columns = whole(tile.columns);
    bool norm = state->network.norm != BRINK_NORM_NONE;
    for (int l = state->layers; l >= 1; l--) {
        struct dense_layer *layer = &state->layer[l], *below = layer - 1;
        real *d = layer->d + (state->gram && l == 1 ? tile.first : 0);
        if (gradients)
            add_gradients(state, layer, l, tile, d);
        if (l == 1)
            break;
        real *below_d = below->d + (state->gram && l == 2 ? tile.first : 0);
        real below_factor = l == 2 ? factor : 1;
        step_down(state, layer, columns, d, below_d, norm ? 1 : below_factor, bends);
        if (norm)
            dense_normalise_back(state, below, tile, below_factor);
    }
}

double dense_pass(struct brink_engine_state *state, real factor, int *right)
{
    double loss = 0;
    for (int l = 1; l <= state->layers; l++) {
        struct dense_layer *layer = &state->layer[l];
        if (layer->gradient)
            memset(layer->gradient, 0,
                   (size_t)layer->in * (size_t)layer->out * sizeof layer->gradient[0]);
        memset(layer->bias_gradient, 0, (size_t)layer->out * sizeof layer->bias_gradient[0]);
    }
    dense_turn_weights(state);
    for (int first = 0; first < state->samples; first += state->tile) {
        struct dense_tile tile = dense_tile_at(state, first);
        dense_forward(state, tile, false);
        loss += dense_loss(state, tile, right);
        dense_backward(state, tile, true, factor, false);
    }
    return loss / state->samples;
}
