// SPDX-License-Identifier: MIT
// Forward and backward passes of many networks at once, in blocks of samples that stay in the
// first cache.
#include "lanes_pass.h"

#include "elementwise.h"

// Units taken side by side, so that a load of a number into all lanes serves several sums.
// Few samples leave room for more.
enum { UNITS = VEC_WIDTH == CHAINS ? 4 : 2 };
VEC_INLINE size_t units_of(int count)
{
    return count > 4 ? UNITS / 2 : UNITS;
}

// Some samples of a block; arrays of it keep room for BLOCK.
struct part {
    int count; // a constant
    const real *x, *y;
};

// a and slope from z, which lies in a; tanh's slope is made of a again where it is needed.
VEC_INLINE void activate(enum brink_activation activation, const struct lanes_layer *layer,
                         int count)
{
    switch (activation) {
#define ROW(upper, lower, value_, meaning)                                                         \
    case BRINK_##upper:                                                                            \
        for (size_t j = 0; j < (size_t)layer->out; j++) {                                          \
            vec z[BLOCK];                                                                          \
            for (int s = 0; s < count; s++)                                                        \
                z[s] = lanes_get(layer->a, j * BLOCK + (size_t)s);                                 \
            struct activation jet[BLOCK];                                                          \
            for (int s = 0; s < count; s++)                                                        \
                jet[s] = activation_##lower(z[s]);                                                 \
            for (int s = 0; s < count; s++) {                                                      \
                lanes_put(layer->a, j *BLOCK + (size_t)s, jet[s].value);                           \
                if (BRINK_##upper != BRINK_TANH)                                                   \
                    lanes_put(layer->slope, j *BLOCK + (size_t)s, jet[s].slope);                   \
            }                                                                                      \
        }                                                                                          \
        break;
        BRINK_ACTIVATIONS(ROW)
#undef ROW
    default:
        break;
    }
}

// z of some units at once.
VEC_INLINE void forward_units(const struct lanes_layer *layer, const struct part part, bool first,
                              size_t unit, int units)
{
    const struct lanes_layer *below = layer - 1;
    size_t in = (size_t)layer->in;
    vec z[UNITS][BLOCK];
    for (int j = 0; j < units; j++)
        for (int s = 0; s < part.count; s++)
            z[j][s] = layer->bias ? lanes_get(layer->bias, unit + (size_t)j) : vec_set(0);
    for (size_t i = 0; i < in; i++) {
        vec w[UNITS];
        for (int j = 0; j < units; j++)
            w[j] = lanes_get(layer->weight, (unit + (size_t)j) * in + i);
        for (int s = 0; s < part.count; s++) {
            size_t at = i * BLOCK + (size_t)s;
            vec a = first ? vec_set(part.x[at]) : lanes_get(below->a, at);
            for (int j = 0; j < units; j++)
                z[j][s] = vec_fma(w[j], a, z[j][s]);
        }
    }
    for (int j = 0; j < units; j++)
        for (int s = 0; s < part.count; s++)
            lanes_put(layer->a, (unit + (size_t)j) * BLOCK + (size_t)s, z[j][s]);
}

VEC_INLINE void forward_layer(const struct lanes_layer *layer, const struct part part, bool first)
{
    const size_t together = units_of(part.count);
    size_t unit = 0, units = (size_t)layer->out;
    for (; unit + together <= units; unit += together)
        forward_units(layer, part, first, unit, (int)together);
    for (; unit < units; unit++)
        forward_units(layer, part, first, unit, 1);
}

// ---- losses; `a` of the output layer is F

VEC_INLINE vec residuals(const struct lanes_nets *nets, const struct part part, vec sum)
{
    const struct lanes_layer *last = &nets->layer[nets->layers];
    vec count = vec_set((real)nets->samples);
    for (int s = 0; s < part.count; s++) // the order must not depend on BLOCK
        for (size_t k = 0; k < (size_t)last->out; k++) {
            size_t at = k * BLOCK + (size_t)s;
            vec r = lanes_get(last->a, at) - vec_set(part.y[at]);
            struct residual_loss loss = nets->network.loss == BRINK_LOSS_MSE     ? loss_mse(r)
                                        : nets->network.loss == BRINK_LOSS_HUBER ? loss_huber(r)
                                                                                 : loss_logcosh(r);
            lanes_put(last->d, at, loss.slope / count);
            sum = sum + loss.value;
        }
    return sum;
}

static vec cross_entropy(const struct lanes_nets *nets, const struct part part, vec total)
{
    const struct lanes_layer *last = &nets->layer[nets->layers];
    for (size_t s = 0; s < (size_t)part.count; s++) {
        vec largest = lanes_get(last->a, s), sum = vec_set(0), along = vec_set(0);
        for (size_t k = 1; k < (size_t)last->out; k++)
            largest = vec_max(largest, lanes_get(last->a, k * BLOCK + s));
        for (size_t k = 0; k < (size_t)last->out; k++) {
            vec above = lanes_get(last->a, k * BLOCK + s) - largest, e = vec_exp(above);
            lanes_put(last->d, k * BLOCK + s, e);
            sum = sum + e;
            along = vec_fma(vec_set(part.y[k * BLOCK + s]), above, along);
        }
        for (size_t k = 0; k < (size_t)last->out; k++) {
            vec p = lanes_get(last->d, k * BLOCK + s) / sum;
            lanes_put(last->d, k * BLOCK + s,
                      (p - vec_set(part.y[k * BLOCK + s])) / vec_set((real)nets->samples));
        }
        total = total + (vec_log1p(sum - vec_set(1)) - along);
    }
    return total;
}

// ---- backward

// What lies above the first layer.
enum above {
    ABOVE_NOTHING,
    ABOVE_OUTPUT, // one output: the weight to it multiplies the sum over all samples at the end
    ABOVE_LAYERS
};
static enum above above_first(const struct lanes_nets *nets)
{
    return nets->layers == 1                              ? ABOVE_NOTHING
           : nets->layers == 2 && nets->layer[2].out == 1 ? ABOVE_OUTPUT
                                                          : ABOVE_LAYERS;
}

// Adds the block's part of the gradient of the weights from a unit below, and takes d there.
VEC_INLINE void backward_unit(const struct lanes_layer *layer, bool is_tanh, int count, size_t unit,
                              vec d[BLOCK])
{
    const struct lanes_layer *below = layer - 1;
    vec a[BLOCK], sum[BLOCK];
    for (int s = 0; s < count; s++) {
        a[s] = lanes_get(below->a, unit * BLOCK + (size_t)s);
        sum[s] = vec_set(0);
    }
    for (size_t j = 0; j < (size_t)layer->out; j++) {
        size_t at = j * (size_t)layer->in + unit;
        vec w = lanes_get(layer->weight, at), gradient = lanes_get(layer->gradient, at);
        for (int s = 0; s < count; s++) {
            vec above = lanes_get(layer->d, j * BLOCK + (size_t)s);
            sum[s] = vec_fma(w, above, sum[s]);
            gradient = vec_fma(above, a[s], gradient);
        }
        lanes_put(layer->gradient, at, gradient);
    }
    if (is_tanh)
        for (int s = 0; s < count; s++)
            d[s] = sum[s] * vec_minus_fma(a[s], a[s], vec_set(1));
    else
        for (int s = 0; s < count; s++)
            d[s] = sum[s] * lanes_get(below->slope, unit * BLOCK + (size_t)s);
}

// The same below the only output, but without the weight to it in d.
VEC_INLINE void backward_output(const struct lanes_layer *layer, bool is_tanh, int count,
                                size_t unit, vec d[BLOCK])
{
    const struct lanes_layer *below = layer - 1;
    vec term[BLOCK], gradient = lanes_get(layer->gradient, unit);
    for (int s = 0; s < count; s++) {
        d[s] = lanes_get(layer->d, (size_t)s);
        vec a = lanes_get(below->a, unit * BLOCK + (size_t)s);
        term[s] = d[s] * a;
        gradient = gradient + term[s];
        if (is_tanh)
            d[s] = vec_minus_fma(term[s], a, d[s]);
    }
    lanes_put(layer->gradient, unit, gradient);
    if (!is_tanh)
        for (int s = 0; s < count; s++)
            d[s] = d[s] * lanes_get(below->slope, unit * BLOCK + (size_t)s);
}

VEC_INLINE void add_bias_gradient(const struct lanes_layer *layer, int count, size_t unit,
                                  const vec d[BLOCK])
{
    vec sum = lanes_get(layer->bias_gradient, unit);
    for (int s = 0; s < count; s++)
        sum = sum + d[s];
    lanes_put(layer->bias_gradient, unit, sum);
}

// The gradients of some units of the first layer; their d comes from the layer above, if any.
VEC_INLINE void backward_first(const struct lanes_layer *layer, bool is_tanh,
                               const struct part part, enum above above, size_t unit, int units)
{
    size_t in = (size_t)layer->in;
    vec d[UNITS][BLOCK];
#pragma GCC unroll 4
    for (int j = 0; j < units; j++) {
        size_t at = unit + (size_t)j;
        if (above == ABOVE_NOTHING)
            for (int s = 0; s < part.count; s++)
                d[j][s] = lanes_get(layer->d, at * BLOCK + (size_t)s);
        else if (above == ABOVE_OUTPUT)
            backward_output(layer + 1, is_tanh, part.count, at, d[j]);
        else
            backward_unit(layer + 1, is_tanh, part.count, at, d[j]);
        if (layer->bias)
            add_bias_gradient(layer, part.count, at, d[j]);
    }
    for (size_t i = 0; i < in; i++) {
        vec gradient[UNITS];
        for (int j = 0; j < units; j++)
            gradient[j] = lanes_get(layer->gradient, (unit + (size_t)j) * in + i);
        for (int s = 0; s < part.count; s++) {
            vec x = vec_set(part.x[i * BLOCK + (size_t)s]);
            for (int j = 0; j < units; j++)
                gradient[j] = vec_fma(d[j][s], x, gradient[j]);
        }
        for (int j = 0; j < units; j++)
            lanes_put(layer->gradient, (unit + (size_t)j) * in + i, gradient[j]);
    }
}

VEC_INLINE void backward_layers(const struct lanes_nets *nets, const struct part part,
                                enum above above)
{
    const bool is_tanh = nets->network.activation == BRINK_TANH;
    const struct lanes_layer *first = &nets->layer[1], *last = &nets->layer[nets->layers];
    for (size_t j = 0; last->bias && above != ABOVE_NOTHING && j < (size_t)last->out; j++) {
        vec d[BLOCK];
        for (int s = 0; s < part.count; s++)
            d[s] = lanes_get(last->d, j * BLOCK + (size_t)s);
        add_bias_gradient(last, part.count, j, d);
    }
    for (const struct lanes_layer *layer = last; layer > first + 1; layer--)
        for (size_t i = 0; i < (size_t)layer->in; i++) {
            vec d[BLOCK];
            backward_unit(layer, is_tanh, part.count, i, d);
            if (layer->bias)
                add_bias_gradient(layer - 1, part.count, i, d);
            for (int s = 0; s < part.count; s++)
                lanes_put((layer - 1)->d, i * BLOCK + (size_t)s, d[s]);
        }
    const size_t together = units_of(part.count);
    size_t unit = 0, units = (size_t)first->out;
    for (; unit + together <= units; unit += together)
        backward_first(first, is_tanh, part, above, unit, (int)together);
    for (; unit < units; unit++)
        backward_first(first, is_tanh, part, above, unit, 1);
}

VEC_INLINE vec take_part(struct lanes_nets *nets, const struct part part, vec loss)
{
    for (int l = 1; l <= nets->layers; l++) {
        const struct lanes_layer *layer = &nets->layer[l];
        if (l == 1)
            forward_layer(layer, part, true);
        else
            forward_layer(layer, part, false);
        if (layer->hidden)
            activate(nets->network.activation, layer, part.count);
    }
    loss = nets->network.loss == BRINK_LOSS_CROSS_ENTROPY ? cross_entropy(nets, part, loss)
                                                          : residuals(nets, part, loss);
    switch (above_first(nets)) {
    case ABOVE_NOTHING:
        backward_layers(nets, part, ABOVE_NOTHING);
        break;
    case ABOVE_OUTPUT:
        backward_layers(nets, part, ABOVE_OUTPUT);
        break;
    default:
        backward_layers(nets, part, ABOVE_LAYERS);
        break;
    }
    return loss;
}

// The gradients of the first layer times the weight to the only output.
static void weigh_gradients(const struct lanes_layer *first, const struct lanes_layer *last)
{
    for (size_t j = 0, at = 0; j < (size_t)first->out; j++) {
        vec w = lanes_get(last->weight, j);
        for (size_t end = at + (size_t)first->in; at < end; at++)
            lanes_put(first->gradient, at, w * lanes_get(first->gradient, at));
        if (first->bias)
            lanes_put(first->bias_gradient, j, w * lanes_get(first->bias_gradient, j));
    }
}

void lanes_pass(struct lanes_nets *nets, double loss[VEC_WIDTH])
{
    size_t inputs = (size_t)nets->layer[1].in, outputs = (size_t)nets->layer[nets->layers].out;
    vec sum = vec_set(0);
    for (int done = 0; done < nets->samples;) {
        size_t block = (size_t)(done / BLOCK), at = (size_t)(done % BLOCK);
        struct part part = {.x = nets->x + block * inputs * BLOCK + at,
                            .y = nets->y + block * outputs * BLOCK + at};
        int left = nets->samples - done;
#define PART(size)                                                                                 \
    part.count = (size);                                                                           \
    sum = take_part(nets, part, sum);                                                              \
    done += (size);
        if (left >= BLOCK) {
            PART(BLOCK)
        } else if (left >= 4) {
            PART(4)
        } else {
            PART(1)
        }
#undef PART
    }
    if (above_first(nets) == ABOVE_OUTPUT)
        weigh_gradients(&nets->layer[1], &nets->layer[2]);
    real each[VEC_WIDTH];
    vec_store(each, sum);
    for (int lane = 0; lane < VEC_WIDTH; lane++)
        loss[lane] = (double)each[lane] / nets->samples;
}
