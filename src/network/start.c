// SPDX-License-Identifier: MIT
// Starting weights of a network, and what the loss does along the ray through them.
#include "brink/network/start.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "brink/base/elementary.h"
#include "brink/base/memory.h"
#include "brink/base/random.h"
#include "brink/network/data.h"

const struct brink_choice brink_inits[] = {
#define ROW(upper, lower, value, meaning) [value] = {#lower, meaning},
    BRINK_INITS(ROW)[BRINK_INIT_COUNT] = {.name = NULL},
#undef ROW
};

static double draw(const struct brink_network *network, const struct brink_network_start *start,
                   const struct brink_random_key *key, int layer, uint32_t i)
{
    double fan_in = network->width[layer - 1];
    bool mean_field = network->parametrization == BRINK_MEAN_FIELD;
    if (start->init == BRINK_INIT_GAUSSIAN)
        return brink_random_gaussian(key, i) / (mean_field ? 1 : sqrt(fan_in));
    return (2 * brink_random_uniform(key, i) - 1) * (mean_field ? sqrt(3) : 1 / sqrt(fan_in));
}

static void begin_layer(const struct brink_network *network,
                        const struct brink_network_start *start, int layer, double *weights)
{
    const struct brink_random_key key = {start->seed, start->item,
                                         BRINK_PURPOSE_WEIGHT + (uint32_t)layer - 1};
    size_t count = (size_t)network->width[layer] * (size_t)network->width[layer - 1];
    size_t biases = network->bias ? (size_t)network->width[layer] : 0;
    double square = 0;
    for (size_t i = 0; i < count + biases; i++) {
        bool bias = i >= count;
        if (start->init != BRINK_INIT_FILE)
            weights[i] = bias && start->init == BRINK_INIT_GAUSSIAN
                             ? 0
                             : draw(network, start, &key, layer, (uint32_t)i);
        weights[i] *= start->scale;
        square += bias ? 0 : weights[i] * weights[i];
    }
    double factor = start->norm[layer - 1] > 0 ? start->norm[layer - 1] / sqrt(square) : 1;
    for (size_t i = 0; i < count; i++)
        weights[i] = weights[i] * factor + (layer == 1 ? start->offset : 0);
}

void brink_network_begin(const struct brink_network *network,
                         const struct brink_network_start *start, double *weights)
{
    if (start->init == BRINK_INIT_FILE)
        memcpy(weights, start->file, brink_network_weights(network) * sizeof weights[0]);
    for (int l = 1; l <= brink_network_layers(network); l++)
        begin_layer(network, start, l, weights + brink_network_offset(network, l));
}

// ---- from a file

static brink_err read_part(const char *path, char letter, int layer, int64_t rows, int64_t columns,
                           double *to)
{
    char name[16];
    double *values = NULL;
    int64_t found_rows = 0, found_columns = 0;
    snprintf(name, sizeof name, "%c%d", letter, layer);
    brink_err error = brink_data_hdf5(path, name, &found_rows, &found_columns, &values);
    if (!error && (found_rows != rows || found_columns != columns))
        error = brink_fail(BRINK_ERR_IO,
                           "%s: %s is [%" PRId64 "][%" PRId64 "], the network needs [%" PRId64
                           "][%" PRId64 "]",
                           path, name, found_rows, found_columns, rows, columns);
    if (!error)
        memcpy(to, values, (size_t)(rows * columns) * sizeof to[0]);
    brink_free(&values);
    return error;
}

brink_err brink_network_read(const struct brink_network *network, const char *path,
                             double **weights)
{
    brink_err error = brink_alloc(weights, brink_network_weights(network), sizeof **weights);
    for (int l = 1; !error && l <= brink_network_layers(network); l++) {
        int64_t out = network->width[l], in = network->width[l - 1];
        double *layer = *weights + brink_network_offset(network, l);
        error = read_part(path, 'W', l, out, in, layer);
        if (!error && network->bias)
            error = read_part(path, 'b', l, 1, out, layer + out * in);
    }
    if (error)
        brink_free(weights);
    return error;
}

// ---- the ray

static double loss_at(struct brink_engine_state *state, size_t count, const double *weights,
                      double s, double *scaled)
{
    const struct brink_training training = {.loss_min = -1, .loss_max = HUGE_VAL};
    struct brink_network_look look;
    for (size_t i = 0; i < count; i++)
        scaled[i] = s * weights[i];
    brink_engine_plain_f64.load(state, 0, scaled, &training);
    brink_engine_plain_f64.look(state, 0, &look);
    return look.loss;
}

brink_err brink_network_dor(const struct brink_network *network, const struct brink_data *data,
                            const double *weights, double *dor)
{
    struct brink_network exact = *network;
    struct brink_engine_state *state = NULL;
    double *scaled = NULL;
    size_t count = brink_network_weights(network);
    exact.precision = BRINK_F64_NET;
    *dor = brink_from_bits(BRINK_NAN_BITS);
    brink_err error = brink_engine_plain_f64.open(&exact, data, &state);
    if (!error)
        error = brink_alloc(&scaled, count, sizeof scaled[0]);
    // As far out as the loss stays finite: the cube of deep nets grows fast.
    for (int exponent = 20; !error && exponent >= 1; exponent -= 3) {
        double s = ldexp(1, exponent), near = loss_at(state, count, weights, s, scaled);
        double far = loss_at(state, count, weights, 2 * s, scaled);
        if (!(near > 0) || !isfinite(far))
            continue;
        *dor = (brink_log(far) - brink_log(near)) / brink_log(2) / brink_network_layers(network);
        break;
    }
    brink_free(&scaled);
    brink_engine_plain_f64.close(&state);
    return error;
}
