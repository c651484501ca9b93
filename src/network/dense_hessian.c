// SPDX-License-Identifier: MIT
// The dense engine's products of the Hessian with a tangent, by Pearlmutter's R-operator.
//
// A tangent's first layer is W_1 or, with gram, the pair Q, Q K of W_1 = Q X, whose inner product
// is the sum of Q (Q' K): a product costs one multiplication with K. Each tile's forward and
// backward passes are taken again, which costs less than to keep them.
#include "dense.h"
#include "elementwise.h"

static size_t weight_count(const struct dense_layer *layer)
{
    return (size_t)layer->in * (size_t)layer->out;
}

// Where a layer's biases lie in a tangent.
static size_t bias_at(const struct brink_engine_state *state, int l)
{
    const struct dense_layer *layer = &state->layer[l];
    return layer->tangent +
           (state->gram && l == 1 ? 2 * (size_t)layer->out * state->stride : weight_count(layer));
}

// rz of layer l before its norm.
static void linear_along(struct brink_engine_state *state, int l, struct dense_tile tile,
                         const real *tangent)
{
    struct dense_layer *layer = &state->layer[l];
    int columns = whole(tile.columns);
    size_t stride = state->tile_stride, in = (size_t)layer->in;
    const real *bias = state->network.bias ? tangent + bias_at(state, l) : NULL;
    if (state->gram && l == 1) {
        const real *image = tangent + layer->tangent + (size_t)layer->out * state->stride;
        for (int i = 0; i < layer->out; i++)
            for (int c = 0; c < columns; c += VEC_WIDTH) {
                vec z = vec_load(image + (size_t)i * state->stride + tile.first + c);
                vec_store(layer->rz + (size_t)i * stride + c,
                          vec_fma(z, vec_set(layer->gain), vec_set(bias ? bias[i] : 0)));
            }
        return;
    }
    const real *below = l == 1 ? state->samples_x + tile.first : layer[-1].a;
    matrix_multiply(layer->out, columns, layer->in, (struct left){layer->tangent_weight, in, 1},
                    right_plain(below, l == 1 ? state->stride : stride), layer->rz, stride, false,
                    bias);
    if (l > 1)
        matrix_multiply(layer->out, columns, layer->in, (struct left){layer->weight, in, 1},
                        right_plain(layer[-1].ra, stride), layer->rz, stride, true, NULL);
}

static void forward_along(struct brink_engine_state *state, struct dense_tile tile,
                          const real *tangent)
{
    for (int l = 1; l <= state->layers; l++) {
        struct dense_layer *layer = &state->layer[l];
        linear_along(state, l, tile, tangent);
        if (!layer->hidden)
            break;
        if (state->network.norm != BRINK_NORM_NONE)
            dense_normalise_along(state, layer, tile);
        for (int i = 0; i < layer->out; i++)
            for (int c = 0; c < whole(tile.columns); c += VEC_WIDTH) {
                size_t at = (size_t)i * state->tile_stride + (size_t)c;
                vec_store(layer->ra + at, vec_load(layer->slope + at) * vec_load(layer->rz + at));
            }
    }
}

// rd of the outputs from rz, at column c. With p = softmax: R p = p (rz - p.rz).
static void loss_along(struct brink_engine_state *state, struct dense_tile tile, int c)
{
    struct dense_layer *last = &state->layer[state->layers];
    const real *y = state->samples_y + tile.first + c;
    size_t stride = state->tile_stride;
    bool entropy = state->network.loss == BRINK_LOSS_CROSS_ENTROPY;
    vec count = vec_set((real)state->samples), along = vec_set(0);
    for (int i = 0; entropy && i < last->out; i++) {
        size_t at = (size_t)i * stride + (size_t)c;
        vec p = vec_fma(vec_load(last->d + at), count, vec_load(y + (size_t)i * state->stride));
        along = vec_fma(p, vec_load(last->rz + at), along);
    }
    for (int i = 0; i < last->out; i++) {
        size_t at = (size_t)i * stride + (size_t)c;
        vec label = vec_load(y + (size_t)i * state->stride), rz = vec_load(last->rz + at);
        vec curvature = vec_set(1);
        if (entropy)
            curvature = vec_fma(vec_load(last->d + at), count, label);
        else if (state->network.loss == BRINK_LOSS_HUBER)
            curvature = loss_huber(vec_load(last->z + at) - label).bend;
        else if (state->network.loss == BRINK_LOSS_LOGCOSH)
            curvature = loss_logcosh(vec_load(last->z + at) - label).bend;
        vec_store(last->rd + at, curvature * (rz - along) / count);
    }
}

// Outside the samples dL/dF is 0 and so must its derivative be.
static void output_along(struct brink_engine_state *state, struct dense_tile tile)
{
    struct dense_layer *last = &state->layer[state->layers];
    for (int c = 0; c < whole(tile.columns); c += VEC_WIDTH)
        loss_along(state, tile, c);
    for (int i = 0; i < last->out; i++)
        for (int c = tile.columns; c < whole(tile.columns); c++)
            last->rd[(size_t)i * state->tile_stride + (size_t)c] = 0;
}

static void add_products(struct brink_engine_state *state, int l, struct dense_tile tile,
                         real *product)
{
    struct dense_layer *layer = &state->layer[l];
    size_t stride = state->tile_stride, in = (size_t)layer->in;
    int columns = whole(tile.columns);
    if (state->network.bias)
        dense_add_row_sums(layer->out, columns, layer->rd, stride, product + bias_at(state, l));
    product += layer->tangent;
    if (state->gram && l == 1) {
        for (int i = 0; i < layer->out; i++)
            for (int c = 0; c < columns; c += VEC_WIDTH)
                vec_store(product + (size_t)i * state->stride + tile.first + c,
                          vec_load(layer->rd + (size_t)i * stride + c) * vec_set(layer->gain));
        return;
    }
    const real *below = l == 1 ? state->samples_x + tile.first : layer[-1].a;
    matrix_multiply_transposed(layer->out, layer->in, columns, layer->rd, stride, below,
                               l == 1 ? state->stride : stride, product, in);
    if (l > 1)
        matrix_multiply_transposed(layer->out, layer->in, columns, layer->d, layer->d_stride,
                                   layer[-1].ra, stride, product, in);
}

static void backward_along(struct brink_engine_state *state, struct dense_tile tile, real *product)
{
    size_t stride = state->tile_stride;
    int columns = whole(tile.columns);
    for (int l = state->layers; l >= 1; l--) {
        struct dense_layer *layer = &state->layer[l], *below = layer - 1;
        size_t in = (size_t)layer->in;
        add_products(state, l, tile, product);
        if (l == 1)
            break;
        matrix_multiply(layer->in, columns, layer->out,
                        (struct left){layer->weight_down, (size_t)layer->out, 1},
                        right_plain(layer->rd, stride), below->rd, stride, false, NULL);
        matrix_multiply(layer->in, columns, layer->out, (struct left){layer->tangent_weight, 1, in},
                        right_plain(layer->d, layer->d_stride), below->rd, stride, true, NULL);
        for (int i = 0; i < below->out; i++)
            for (int c = 0; c < columns; c += VEC_WIDTH) {
                size_t at = (size_t)i * stride + (size_t)c;
                vec bent = vec_load(below->bend + at) * vec_load(below->rz + at);
                vec_store(below->rd + at,
                          vec_fma(vec_load(below->rd + at), vec_load(below->slope + at), bent));
            }
        if (state->network.norm != BRINK_NORM_NONE)
            dense_normalise_back_along(state, below, tile);
    }
}

void dense_hessian(struct brink_engine_state *state, const void *tangent_, void *product_)
{
    const real *tangent = tangent_;
    real *product = product_;
    memset(product, 0, state->tangent_count * sizeof product[0]);
    for (int l = 1; l <= state->layers; l++) {
        struct dense_layer *layer = &state->layer[l];
        for (size_t i = 0; layer->tangent_weight && i < weight_count(layer); i++)
            layer->tangent_weight[i] = layer->gain * tangent[layer->tangent + i];
    }
    dense_turn_weights(state);
    for (int first = 0; first < state->samples; first += state->tile) {
        struct dense_tile tile = dense_tile_at(state, first);
        dense_forward(state, tile, true);
        (void)dense_loss(state, tile, NULL);
        dense_backward(state, tile, false, 1, true);
        forward_along(state, tile, tangent);
        output_along(state, tile);
        backward_along(state, tile, product);
    }
    for (int l = 1; l <= state->layers; l++) {
        struct dense_layer *layer = &state->layer[l];
        real *part = product + layer->tangent;
        for (size_t i = 0; layer->tangent_weight && i < weight_count(layer); i++)
            part[i] *= layer->gain;
        if (state->gram && l == 1)
            square_multiply(&state->kernel, part, NULL, part + (size_t)layer->out * state->stride,
                            state->stride, false);
    }
}

// In double, so that squares of single precision do not overflow.
double dense_sum_products(int rows, int columns, const real *a, const real *b, size_t stride)
{
    enum { PARTS = 16 }; // interleaved partial sums
    double part[PARTS] = {0};
    for (int i = 0; i < rows; i++, a += stride, b += stride) {
        int c = 0;
        for (; c + PARTS <= columns; c += PARTS)
            for (int t = 0; t < PARTS; t++)
                part[t] += (double)a[c + t] * (double)b[c + t];
        for (int t = 0; c < columns; c++, t++)
            part[t] += (double)a[c] * (double)b[c];
    }
    for (int half = PARTS / 2; half > 0; half /= 2)
        for (int t = 0; t < half; t++)
            part[t] += part[t + half];
    return part[0];
}

double dense_dot(struct brink_engine_state *state, const void *left, const void *right)
{
    const real *a = left, *b = right;
    double sum = 0;
    for (int l = 1; l <= state->layers; l++) {
        const struct dense_layer *layer = &state->layer[l];
        size_t at = layer->tangent, bias = bias_at(state, l),
               image = (size_t)layer->out * state->stride;
        if (state->gram && l == 1)
            sum += dense_sum_products(layer->out, state->samples, a + at, b + at + image,
                                      state->stride);
        else
            sum += dense_sum_products(layer->out, layer->in, a + at, b + at, (size_t)layer->in);
        if (state->network.bias)
            sum += dense_sum_products(1, layer->out, a + bias, b + bias, 0);
    }
    return sum;
}
