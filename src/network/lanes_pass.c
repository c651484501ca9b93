// SPDX-License-Identifier: MIT
// Forward and backward passes of many networks at once, in blocks of samples that stay in the
// first cache.
#include "lanes_pass.h"

#include "elementwise.h"

// Some samples of a block; arrays of it keep room for BLOCK.
struct part {
    int count; // a constant
    const real *x, *y;
};

// a and slope from z, which lies in a.
VEC_INLINE void activate(enum brink_activation activation, const struct lanes_layer *layer,
                         int count)
{
    switch (activation) {
#define ROW(upper, lower, value_, meaning)                                                         \
    case BRINK_##upper:                                                                            \
        for (size_t j = 0; j < (size_t)layer->out; j++)                                            \
            for (int s = 0; s < count; s++) {                                                      \
                struct activation jet =                                                            \
                    activation_##lower(lanes_get(layer->a, j * BLOCK + (size_t)s));                \
                lanes_put(layer->a, j *BLOCK + (size_t)s, jet.value);                              \
                lanes_put(layer->slope, j *BLOCK + (size_t)s, jet.slope);                          \
            }                                                                                      \
        break;
        BRINK_ACTIVATIONS(ROW)
#undef ROW
    default:
        break;
    }
}

VEC_INLINE void forward_layer(const struct lanes_layer *layer, const struct part part, bool first)
{
    const struct lanes_layer *below = layer - 1;
    for (size_t j = 0; j < (size_t)layer->out; j++) {
        const real *weight = layer->weight + j * (size_t)layer->in * VEC_WIDTH;
        vec z[BLOCK], start = layer->bias ? lanes_get(layer->bias, j) : vec_set(0);
        for (int s = 0; s < part.count; s++)
            z[s] = start;
        for (size_t i = 0; i < (size_t)layer->in; i++) {
            vec w = lanes_get(weight, i);
            for (int s = 0; s < part.count; s++) {
                vec a = first ? vec_set(part.x[i * BLOCK + (size_t)s])
                              : lanes_get(below->a, i * BLOCK + (size_t)s);
                z[s] = vec_fma(w, a, z[s]);
            }
        }
        for (int s = 0; s < part.count; s++)
            lanes_put(layer->a, j * BLOCK + (size_t)s, z[s]);
    }
}

// ---- losses; `a` of the output layer is F

VEC_INLINE vec residuals(const struct lanes_nets *nets, const struct part part, vec sum)
{
    const struct lanes_layer *last = &nets->layer[nets->layers];
    vec count = vec_set((real)nets->samples);
    for (size_t k = 0; k < (size_t)last->out; k++)
        for (int s = 0; s < part.count; s++) {
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

// Adds the block's part of the gradients of a layer above the first, and fills d below it.
VEC_INLINE void backward_layer(const struct lanes_layer *layer, int count)
{
    const struct lanes_layer *below = layer - 1;
    for (size_t i = 0; i < (size_t)layer->in; i++) {
        vec a[BLOCK], da[BLOCK];
        for (int s = 0; s < count; s++) {
            a[s] = lanes_get(below->a, i * BLOCK + (size_t)s);
            da[s] = vec_set(0);
        }
        for (size_t j = 0; j < (size_t)layer->out; j++) {
            size_t at = j * (size_t)layer->in + i;
            vec w = lanes_get(layer->weight, at), gradient = lanes_get(layer->gradient, at);
            for (int s = 0; s < count; s++) {
                vec d = lanes_get(layer->d, j * BLOCK + (size_t)s);
                da[s] = vec_fma(w, d, da[s]);
                gradient = vec_fma(d, a[s], gradient);
            }
            lanes_put(layer->gradient, at, gradient);
        }
        for (int s = 0; s < count; s++)
            lanes_put(below->d, i * BLOCK + (size_t)s,
                      da[s] * lanes_get(below->slope, i * BLOCK + (size_t)s));
    }
}

VEC_INLINE void backward_first(const struct lanes_layer *layer, const struct part part)
{
    for (size_t j = 0; j < (size_t)layer->out; j++) {
        vec d[BLOCK];
        for (int s = 0; s < part.count; s++)
            d[s] = lanes_get(layer->d, j * BLOCK + (size_t)s);
        for (size_t i = 0; i < (size_t)layer->in; i++) {
            size_t at = j * (size_t)layer->in + i;
            vec gradient = lanes_get(layer->gradient, at);
            for (int s = 0; s < part.count; s++)
                gradient = vec_fma(d[s], vec_set(part.x[i * BLOCK + (size_t)s]), gradient);
            lanes_put(layer->gradient, at, gradient);
        }
    }
}

VEC_INLINE void add_bias_gradient(const struct lanes_layer *layer, int count)
{
    for (size_t j = 0; j < (size_t)layer->out; j++) {
        vec sum = lanes_get(layer->bias_gradient, j);
        for (int s = 0; s < count; s++)
            sum = sum + lanes_get(layer->d, j * BLOCK + (size_t)s);
        lanes_put(layer->bias_gradient, j, sum);
    }
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
    for (int l = nets->layers; l >= 1; l--) {
        const struct lanes_layer *layer = &nets->layer[l];
        if (layer->bias)
            add_bias_gradient(layer, part.count);
        if (l == 1)
            backward_first(layer, part);
        else
            backward_layer(layer, part.count);
    }
    return loss;
}

void lanes_pass(struct lanes_nets *nets, double loss[VEC_WIDTH])
{
    size_t inputs = (size_t)nets->layer[1].in, outputs = (size_t)nets->layer[nets->layers].out;
    vec sum = vec_set(0);
    for (int l = 1; l <= nets->layers; l++) {
        struct lanes_layer *layer = &nets->layer[l];
        size_t bytes = VEC_WIDTH * sizeof(real);
        memset(layer->gradient, 0, (size_t)layer->in * (size_t)layer->out * bytes);
        if (layer->bias)
            memset(layer->bias_gradient, 0, (size_t)layer->out * bytes);
    }
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
    real each[VEC_WIDTH];
    vec_store(each, sum);
    for (int lane = 0; lane < VEC_WIDTH; lane++)
        loss[lane] = (double)each[lane] / nets->samples;
}
