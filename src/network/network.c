// SPDX-License-Identifier: MIT
// The named choices of networks as tables, and the layout of weights.
#include "brink/network/network.h"

#include <math.h>

#include "brink/base/random.h"
#include "brink/network/fast.h"

const struct brink_choice brink_activations[] = {
#define ROW(upper, lower, value, meaning) [value] = {#lower, meaning},
    BRINK_ACTIVATIONS(ROW)[BRINK_ACTIVATION_COUNT] = {.name = NULL},
};
const struct brink_choice brink_losses[] = {
    BRINK_LOSSES(ROW)[BRINK_LOSS_COUNT] = {.name = NULL},
};
const struct brink_choice brink_norms[] = {
    BRINK_NORMS(ROW)[BRINK_NORM_COUNT] = {.name = NULL},
};
const struct brink_choice brink_parametrizations[] = {
    BRINK_PARAMETRIZATIONS(ROW)[BRINK_PARAMETRIZATION_COUNT] = {.name = NULL},
#undef ROW
};
const struct brink_choice brink_precisions[] = {
    [BRINK_F32_NET] = {"f32", "single precision"},
    [BRINK_F64_NET] = {"f64", "double precision"},
    {.name = NULL},
};

double brink_network_gain(const struct brink_network *network, int layer)
{
    if (network->parametrization == BRINK_STANDARD)
        return 1;
    return sqrt((layer <= network->depth ? 2.0 : 1.0) / network->width[layer - 1]);
}

size_t brink_network_offset(const struct brink_network *network, int layer)
{
    size_t offset = 0;
    for (int l = 1; l < layer; l++) {
        size_t in = (size_t)network->width[l - 1] + (network->bias ? 1 : 0);
        offset += in * (size_t)network->width[l];
    }
    return offset;
}

size_t brink_network_weights(const struct brink_network *network)
{
    return brink_network_offset(network, brink_network_layers(network) + 1);
}

bool brink_network_equal(const struct brink_network *a, const struct brink_network *b)
{
    bool equal = a->depth == b->depth && a->bias == b->bias && a->activation == b->activation &&
                 a->loss == b->loss && a->norm == b->norm && a->norm_epsilon == b->norm_epsilon &&
                 a->parametrization == b->parametrization && a->precision == b->precision;
    for (int l = 0; equal && l <= a->depth + 1; l++)
        equal = a->width[l] == b->width[l];
    return equal;
}

// Fisher and Yates' shuffle, a function of (seed, epoch).
static void shuffle(uint64_t seed, int64_t epoch, int n, int32_t *permutation)
{
    const struct brink_random_key key = {seed, (uint64_t)epoch, BRINK_PURPOSE_BATCH};
    for (int32_t i = 0; i < n; i++)
        permutation[i] = i;
    for (int32_t i = n - 1; i > 0; i--) {
        int32_t j = (int32_t)(brink_random_uniform(&key, (uint32_t)i) * (i + 1));
        int32_t other = permutation[j];
        permutation[j] = permutation[i];
        permutation[i] = other;
    }
}

size_t brink_network_batch(const struct brink_training *training, int n, int64_t step,
                           int64_t *epoch, int32_t *permutation)
{
    int64_t parts = n / training->batch;
    if (step / parts != *epoch) {
        *epoch = step / parts;
        shuffle(training->batch_seed, *epoch, n, permutation);
    }
    return (size_t)(step % parts) * (size_t)training->batch;
}

const struct brink_network_engine *const brink_network_engines[] = {
    &brink_engine_lanes,     &brink_engine_gram,
    &brink_engine_batch,     &brink_engine_plain_f32,
    &brink_engine_plain_f64, &brink_engine_blas_f32,
    &brink_engine_blas_f64,  NULL,
};
