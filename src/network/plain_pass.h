// SPDX-License-Identifier: MIT
// The plain engine for numbers of type REAL: its state, forward and backward passes. Included by
// files that define REAL, after the products it shall use: plain_products.h or blas_products.h.
//
// Arrays are feature-major: row i of a layer holds unit i of all samples of the step. Sums have a
// fixed order.
#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "brink/base/elementary.h"
#include "brink/network/functions.h"
#include "brink/network/network.h"

// A layer's arrays, [out][columns] unless said otherwise, parts of the state's one block.
struct layer {
    int in, out;
    REAL gain;
    size_t offset;   // of W [out][in] among the weights; b [out] follows if there is a bias
    bool hidden;     // has a norm and an activation
    REAL *z;         // after the norm; of the last layer the outputs F
    REAL *a;         // activations; the samples' for layer 0
    REAL *dz, *du;   // dL/dZ before and after the norm
    REAL *deviation; // 1/sqrt(variance + epsilon) of each group of the norm
    // For the Hessian: phi', phi'' dL/dA, and derivatives along the tangent of what they name;
    // of the deviation its relative derivative.
    REAL *slope, *bend, *rz, *ra, *rdz, *rdeviation;
};

struct brink_engine_state {
    struct brink_network network;
    const struct brink_data *data; // borrowed
    struct brink_training training;
    int layers, samples, columns; // columns: samples of the step
    size_t weight_count;
    struct layer layer[BRINK_LAYERS_MAX + 1]; // [0]: only out and a, the samples
    REAL *samples_x, *samples_y;              // [d][samples], [outputs][samples]
    REAL *batch_x, *batch_y;                  // of a minibatch; NULL if there are none
    REAL *y;                                  // labels of the step
    REAL *weight, *gradient;                  // [weight_count]
    REAL *da;                                 // dL/dA of one layer
    int32_t *permutation;                     // of the samples, for minibatches
    int64_t step, epoch;                      // epoch of `permutation`, -1: none
    bool loaded, over;
    void *block; // owned
};

// ---- sums

static REAL sum_of(int n, const REAL *a)
{
    double sum = 0;
    for (int j = 0; j < n; j++)
        sum += (double)a[j];
    return (REAL)sum;
}

// ---- norms: groups of numbers at a stride, the samples of a unit or the units of a sample

struct groups {
    int count, size;
    size_t first, stride; // from group to group, from member to member
};

static struct groups groups_of(const struct brink_engine_state *state, const struct layer *layer)
{
    size_t columns = (size_t)state->columns;
    if (state->network.norm == BRINK_NORM_LAYER)
        return (struct groups){state->columns, layer->out, 1, columns};
    return (struct groups){layer->out, state->columns, columns, 1};
}

static double mean(const struct groups *groups, const REAL *a)
{
    double sum = 0;
    for (int i = 0; i < groups->size; i++)
        sum += (double)a[(size_t)i * groups->stride];
    return sum / groups->size;
}

static double mean_product(const struct groups *groups, const REAL *a, const REAL *b)
{
    double sum = 0;
    for (int i = 0; i < groups->size; i++)
        sum += (double)a[(size_t)i * groups->stride] * (double)b[(size_t)i * groups->stride];
    return sum / groups->size;
}

static void normalise(const struct brink_engine_state *state, struct layer *layer)
{
    struct groups groups = groups_of(state, layer);
    for (int g = 0; g < groups.count; g++) {
        REAL *z = layer->z + (size_t)g * groups.first;
        double centre = mean(&groups, z);
        for (int i = 0; i < groups.size; i++)
            z[(size_t)i * groups.stride] = (REAL)((double)z[(size_t)i * groups.stride] - centre);
        double variance = mean_product(&groups, z, z);
        double deviation = 1 / sqrt(variance + state->network.norm_epsilon);
        for (int i = 0; i < groups.size; i++)
            z[(size_t)i * groups.stride] = (REAL)((double)z[(size_t)i * groups.stride] * deviation);
        layer->deviation[g] = (REAL)deviation;
    }
}

// dz = s (du - mean(du) - z mean(du z))
static void normalise_back(const struct brink_engine_state *state, struct layer *layer)
{
    struct groups groups = groups_of(state, layer);
    for (int g = 0; g < groups.count; g++) {
        size_t at = (size_t)g * groups.first;
        const REAL *z = layer->z + at, *du = layer->du + at;
        double centre = mean(&groups, du), along = mean_product(&groups, du, z);
        for (int i = 0; i < groups.size; i++) {
            size_t j = (size_t)i * groups.stride;
            layer->dz[at + j] = (REAL)((double)layer->deviation[g] *
                                       ((double)du[j] - centre - (double)z[j] * along));
        }
    }
}

// ---- passes

// Adds W A + b of the layer below, with the weights (or a tangent) given, to `z` or replaces it.
static void add_linear(const struct brink_engine_state *state, const struct layer *layer,
                       const REAL *weight, const REAL *below, bool add, REAL *z)
{
    times(layer->out, state->columns, layer->in, layer->gain, weight + layer->offset, below, add,
          z);
}

static void add_bias(const struct brink_engine_state *state, const struct layer *layer,
                     const REAL *weight, REAL *z)
{
    const REAL *bias = weight + layer->offset + (size_t)layer->out * (size_t)layer->in;
    for (int i = 0; state->network.bias && i < layer->out; i++)
        for (int j = 0; j < state->columns; j++)
            z[(size_t)i * (size_t)state->columns + (size_t)j] += bias[i];
}

static void forward(struct brink_engine_state *state)
{
    for (int l = 1; l <= state->layers; l++) {
        struct layer *layer = &state->layer[l];
        size_t count = (size_t)layer->out * (size_t)state->columns;
        add_linear(state, layer, state->weight, state->layer[l - 1].a, false, layer->z);
        add_bias(state, layer, state->weight, layer->z);
        if (!layer->hidden)
            continue;
        if (state->network.norm != BRINK_NORM_NONE)
            normalise(state, layer);
        for (size_t i = 0; i < count; i++)
            layer->a[i] =
                (REAL)brink_activation_at(state->network.activation, (double)layer->z[i]).value;
    }
}

// Cross entropy of sample j; its part of dL/dF.
static double cross_entropy(const struct brink_engine_state *state, const struct layer *last, int j)
{
    size_t columns = (size_t)state->columns;
    double largest = -HUGE_VAL, sum = 0, along = 0;
    for (int i = 0; i < last->out; i++) {
        double output = (double)last->z[(size_t)i * columns + (size_t)j];
        if (!(output <= largest)) // NaN, too
            largest = output;
    }
    for (int i = 0; i < last->out; i++) {
        size_t at = (size_t)i * columns + (size_t)j;
        double above = (double)last->z[at] - largest, exponential = brink_exp(above);
        last->dz[at] = (REAL)exponential;
        sum += exponential;
        along += (double)state->y[at] * above;
    }
    for (int i = 0; i < last->out; i++) {
        size_t at = (size_t)i * columns + (size_t)j;
        last->dz[at] = (REAL)(((double)last->dz[at] / sum - (double)state->y[at]) / state->columns);
    }
    return brink_log(sum) - along;
}

// Also fills dL/dF.
static double loss_of(struct brink_engine_state *state)
{
    struct layer *last = &state->layer[state->layers];
    double sum = 0;
    if (state->network.loss == BRINK_LOSS_CROSS_ENTROPY) {
        for (int j = 0; j < state->columns; j++)
            sum += cross_entropy(state, last, j);
        return sum / state->columns;
    }
    for (size_t i = 0; i < (size_t)last->out * (size_t)state->columns; i++) {
        struct brink_jet jet =
            brink_loss_at(state->network.loss, (double)last->z[i] - (double)state->y[i]);
        last->dz[i] = (REAL)(jet.slope / state->columns);
        sum += jet.value;
    }
    return sum / state->columns;
}

// Adds dz A' of the layer below, and the sums of dz, to the layer's part of `gradient`.
static void add_gradient(const struct brink_engine_state *state, const struct layer *layer,
                         const REAL *dz, const REAL *below, bool add, REAL *gradient)
{
    times_transposed(layer->out, layer->in, state->columns, layer->gain, dz, below, add,
                     gradient + layer->offset);
}

static void fill_bias_gradient(const struct brink_engine_state *state, const struct layer *layer,
                               const REAL *dz, REAL *gradient)
{
    REAL *bias = gradient + layer->offset + (size_t)layer->out * (size_t)layer->in;
    for (int i = 0; state->network.bias && i < layer->out; i++)
        bias[i] = sum_of(state->columns, dz + (size_t)i * (size_t)state->columns);
}

// dL/dA of the layer below `layer`, from its dz.
static void fill_da(struct brink_engine_state *state, const struct layer *layer, const REAL *weight,
                    const REAL *dz, bool add)
{
    transposed_times(layer->in, state->columns, layer->out, layer->gain, weight + layer->offset, dz,
                     add, state->da);
}

// After loss_of: all dz, and the gradient.
static void backward(struct brink_engine_state *state)
{
    bool normal = state->network.norm != BRINK_NORM_NONE;
    for (int l = state->layers; l >= 1; l--) {
        struct layer *layer = &state->layer[l], *below = layer - 1;
        add_gradient(state, layer, layer->dz, below->a, false, state->gradient);
        fill_bias_gradient(state, layer, layer->dz, state->gradient);
        if (l == 1)
            break;
        fill_da(state, layer, state->weight, layer->dz, false);
        REAL *du = normal ? below->du : below->dz;
        for (size_t i = 0; i < (size_t)below->out * (size_t)state->columns; i++) {
            struct brink_jet jet =
                brink_activation_at(state->network.activation, (double)below->z[i]);
            du[i] = (REAL)((double)state->da[i] * jet.slope);
        }
        if (normal)
            normalise_back(state, below);
    }
}
