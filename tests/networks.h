// SPDX-License-Identifier: MIT
// Small networks for tests: keyed random data and weights, and what an engine makes of them.
#ifndef BRINK_TESTS_NETWORKS_H
#define BRINK_TESTS_NETWORKS_H

#include <math.h>
#include <string.h>

#include "brink/base/memory.h"
#include "brink/base/random.h"
#include "brink/network/network.h"
#include "unit.h"

static inline double test_draw(uint64_t seed, uint32_t i)
{
    const struct brink_random_key key = {seed, 0, BRINK_PURPOSE_TEST};
    return brink_random_gaussian(&key, i);
}

static inline double *test_numbers(size_t count)
{
    double *numbers = NULL;
    ck_assert_ok(brink_alloc(&numbers, count, sizeof numbers[0]));
    return numbers;
}

// Gaussian samples; labels are random classes, one-hot, or Gaussian with one output.
static inline struct brink_data test_data(int n, int d, int outputs, uint64_t seed)
{
    struct brink_data data = {.n = n, .d = d, .outputs = outputs};
    data.x = test_numbers((size_t)(n * d));
    data.y = test_numbers((size_t)(n * outputs));
    ck_assert_ok(brink_alloc(&data.x32, (size_t)(n * d), sizeof data.x32[0]));
    ck_assert_ok(brink_alloc(&data.y32, (size_t)(n * outputs), sizeof data.y32[0]));
    for (int i = 0; i < n * d; i++)
        data.x[i] = test_draw(seed, (uint32_t)i);
    for (int j = 0; j < n; j++) {
        double draw = test_draw(seed + 1, (uint32_t)j);
        int label = (int)(fabs(draw) * 7) % outputs;
        data.y[j * outputs + label] = outputs == 1 ? draw : 1;
    }
    for (int i = 0; i < n * d; i++)
        data.x32[i] = (float)data.x[i];
    for (int i = 0; i < n * outputs; i++)
        data.y32[i] = (float)data.y[i];
    return data;
}

static inline void test_data_free(struct brink_data *data)
{
    brink_free(&data->x);
    brink_free(&data->y);
    brink_free(&data->x32);
    brink_free(&data->y32);
}

// Gaussian weights of variance 1/fan_in.
static inline double *test_weights(const struct brink_network *network, uint64_t seed)
{
    double *weights = test_numbers(brink_network_weights(network));
    for (int l = 1; l <= brink_network_layers(network); l++)
        for (size_t i = brink_network_offset(network, l); i < brink_network_offset(network, l + 1);
             i++)
            weights[i] = test_draw(seed, (uint32_t)i) / sqrt(network->width[l - 1]);
    return weights;
}

static inline const struct brink_network_engine *
test_engine(const char *name, const struct brink_network *network, const struct brink_data *data)
{
    const struct brink_training training = {.loss_max = (double)INFINITY, .loss_min = -1};
    for (int i = 0; brink_network_engines[i]; i++)
        if (strcmp(brink_network_engines[i]->name, name) == 0 &&
            brink_network_engines[i]->fits(network, data, &training))
            return brink_network_engines[i];
    return NULL;
}

// A network in lane 0 of an engine.
struct test_net {
    const struct brink_network_engine *engine;
    struct brink_network network;
    struct brink_data data;
    struct brink_engine_state *state;
    size_t count; // of weights
};

static inline struct test_net test_open(const struct brink_network_engine *engine,
                                        const struct brink_network *network,
                                        const struct brink_data *data)
{
    struct test_net net = {.engine = engine,
                           .network = *network,
                           .data = *data,
                           .count = brink_network_weights(network)};
    ck_assert(engine != NULL);
    ck_assert_ok(engine->open(&net.network, data, &net.state));
    return net;
}

static inline void test_close(struct test_net *net)
{
    net->engine->close(&net->state);
}

static inline struct brink_training test_training(double lr)
{
    struct brink_training training = {.loss_min = -1, .loss_max = (double)INFINITY};
    for (int l = 0; l < BRINK_LAYERS_MAX; l++)
        training.lr[l] = lr;
    return training;
}

static inline double test_loss(const struct test_net *net, const double *weights)
{
    const struct brink_training training = test_training(0);
    struct brink_network_look look;
    net->engine->load(net->state, 0, weights, &training);
    net->engine->look(net->state, 0, &look);
    net->engine->unload(net->state, 0);
    return look.loss;
}

// By one step at rate 1.
static inline void test_gradient(const struct test_net *net, const double *weights,
                                 double *gradient)
{
    const struct brink_training training = test_training(1);
    double *loss = test_numbers((size_t)(net->engine->lanes(net->state) * BRINK_NETWORK_BLOCK));
    int *taken = NULL;
    ck_assert_ok(brink_alloc(&taken, (size_t)net->engine->lanes(net->state), sizeof taken[0]));
    net->engine->load(net->state, 0, weights, &training);
    net->engine->advance(net->state, 1, loss, taken);
    ck_assert_int_eq(taken[0], 1);
    net->engine->weights(net->state, 0, gradient);
    net->engine->unload(net->state, 0);
    for (size_t i = 0; i < net->count; i++)
        gradient[i] = weights[i] - gradient[i];
    brink_free(&loss);
    brink_free(&taken);
}

static inline double test_dot(size_t count, const double *a, const double *b)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += a[i] * b[i];
    return sum;
}

#endif
