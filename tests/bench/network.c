// SPDX-License-Identifier: MIT
// Times networks on one thread: reads requests, a line each, and answers each with a line.
//
//     weigh gram f32 784-200-10 1000 relu mse       fma that registers could do during a step, and
//                                                   the window (window.h): of each of 301 steps
//     step gram f32 784-200-10 1000 relu mse        seconds per network and step, best of a second
//     sharpness gram f32 784-200-10 1000 relu mse   seconds per warm-started sharpness, 10 steps on
//
// Compiled with the flags of the ISA measured.
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BRINK_REAL_BITS 32
#include "../../src/network/simd.h"
#include "brink/base/memory.h"
#include "brink/base/random.h"
#include "brink/dynamics/lanes.h"
#include "brink/network/lanczos.h"
#include "brink/network/network.h"
#include "window.h"

static double draw(uint64_t item, uint32_t i)
{
    const struct brink_random_key key = {1, item, BRINK_PURPOSE_TEST};
    return brink_random_gaussian(&key, i);
}

static void must(brink_err error)
{
    if (error) {
        fprintf(stderr, "bench: %s\n", brink_error_note());
        exit(1);
    }
}

// Operations per second of fma on registers, over a stretch of about 3 ms.
static double fma_stretch(void)
{
    enum { CHAINS_RUN = 12, ROUNDS = 1200000 };
    vec sum[CHAINS_RUN], factor = vec_set(0.999f), term = vec_set(1e-3f);
#pragma GCC unroll 12
    for (int i = 0; i < CHAINS_RUN; i++)
        sum[i] = term;
    double from = bench_clock();
    for (int round = 0; round < ROUNDS; round++)
#pragma GCC unroll 12
        for (int i = 0; i < CHAINS_RUN; i++) {
            sum[i] = vec_fma(sum[i], factor, term);
            __asm__ volatile("" : "+x"(sum[i])); // each step is taken
        }
    return 2.0 * VEC_WIDTH * CHAINS_RUN * ROUNDS / (bench_clock() - from);
}

struct request {
    struct brink_network network;
    struct brink_data data;
    const struct brink_network_engine *engine;
};

static int index_of(const struct brink_choice choices[], const char *name)
{
    for (int i = 0; choices[i].name; i++)
        if (strcmp(choices[i].name, name) == 0)
            return i;
    fprintf(stderr, "bench: no %s\n", name);
    exit(1);
}

// Random samples whose labels are the class of their first coordinate, one-hot.
static void make_data(struct brink_data *data)
{
    size_t n = (size_t)data->n, d = (size_t)data->d, outputs = (size_t)data->outputs;
    must(brink_alloc(&data->x, n * d, sizeof data->x[0]));
    must(brink_alloc(&data->y, n * outputs, sizeof data->y[0]));
    for (size_t i = 0; i < n * d; i++)
        data->x[i] = draw(1, (uint32_t)i);
    for (size_t j = 0; j < n; j++)
        data->y[j * outputs + (size_t)(fabs(data->x[j * d]) * 4) % outputs] = 1;
}

static void read_request(char *words, struct request *request)
{
    char *engine = strtok(words, " "), *precision = strtok(NULL, " "), *shape = strtok(NULL, " ");
    char *samples = strtok(NULL, " "), *activation = strtok(NULL, " "), *loss = strtok(NULL, " \n");
    struct brink_network *network = &request->network;
    const struct brink_training training = {.loss_max = HUGE_VAL};
    int widths = 0;
    for (char *at = shape; *at; at += *at == '-')
        network->width[widths++] = (int)strtol(at, &at, 10);
    network->depth = widths - 2;
    network->activation = (enum brink_activation)index_of(brink_activations, activation);
    network->loss = (enum brink_loss)index_of(brink_losses, loss);
    network->precision = (enum brink_precision)index_of(brink_precisions, precision);
    network->norm_epsilon = 1e-5;
    request->data = (struct brink_data){
        .n = atoi(samples), .d = network->width[0], .outputs = network->width[widths - 1]};
    make_data(&request->data);
    for (int i = 0; brink_network_engines[i] && !request->engine; i++)
        if (strcmp(brink_network_engines[i]->name, engine) == 0 &&
            brink_network_engines[i]->fits(network, &request->data, &training))
            request->engine = brink_network_engines[i];
    if (!request->engine) {
        fprintf(stderr, "bench: engine %s does not fit\n", engine);
        exit(1);
    }
}

static struct brink_engine_state *open_all(const struct request *request)
{
    const struct brink_network *network = &request->network;
    struct brink_engine_state *state = NULL;
    struct brink_training training = {.loss_min = -1, .loss_max = HUGE_VAL};
    double *weights = NULL;
    for (int l = 0; l < BRINK_LAYERS_MAX; l++)
        training.lr[l] = 1e-3;
    must(request->engine->open(network, &request->data, &state));
    must(brink_alloc(&weights, brink_network_weights(network), sizeof weights[0]));
    for (int lane = 0; lane < request->engine->lanes(state); lane++) {
        for (int l = 1; l <= brink_network_layers(network); l++)
            for (size_t i = brink_network_offset(network, l);
                 i < brink_network_offset(network, l + 1); i++)
                weights[i] = draw(2 + (uint64_t)lane, (uint32_t)i) / sqrt(network->width[l - 1]);
        request->engine->load(state, lane, weights, &training);
    }
    brink_free(&weights);
    return state;
}

static double time_steps(const struct request *request, struct brink_engine_state *state)
{
    const struct brink_network_engine *engine = request->engine;
    int lanes = engine->lanes(state), taken[64], steps = 1;
    double best = HUGE_VAL, *loss = NULL;
    must(brink_alloc(&loss, (size_t)lanes * BRINK_NETWORK_BLOCK, sizeof loss[0]));
    for (double start = bench_clock(); bench_clock() - start < 1;) {
        double from = bench_clock();
        engine->advance(state, steps, loss, taken);
        double took = bench_clock() - from;
        if (taken[0] == steps)
            best = fmin(best, took / steps / lanes);
        steps = took < 0.01 && steps < BRINK_NETWORK_BLOCK ? 2 * steps : steps;
    }
    brink_free(&loss);
    return best;
}

// Operations of fma in the time of a step, each between two stretches of fma: they have the same
// clock, and the same neighbour on the other half of the core, as single bests would not. Beside
// each the larger of the core's windows right before and right after.
static void weigh_steps(const struct request *request, struct brink_engine_state *state)
{
    enum { STEPS = 301 };
    double loss[1], before = fma_stretch(), window = bench_window();
    int taken[1];
    assert(request->engine->lanes(state) == 1);
    for (int i = 0; i < STEPS; i++) {
        double from = bench_clock(), window_before = window;
        request->engine->advance(state, 1, loss, taken);
        assert(taken[0] == 1); // diverged networks take none, in no time
        double took = bench_clock() - from, window_after = bench_window(), after = fma_stretch();
        window = bench_window();
        printf("%.9g %.4f ", took * (before + after) / 2, fmax(window_before, window_after));
        before = after;
    }
    printf("\n");
}

static double time_sharpness(const struct request *request, struct brink_engine_state *state)
{
    const struct brink_network_engine *engine = request->engine;
    struct brink_lanczos *lanczos = NULL;
    struct brink_spectrum spectrum;
    double best = HUGE_VAL, *loss = NULL;
    int taken[64];
    void *warm = NULL;
    must(brink_alloc(&loss, (size_t)engine->lanes(state) * BRINK_NETWORK_BLOCK, sizeof loss[0]));
    must(brink_lanczos_open(engine, state, request->network.precision, 1, &lanczos));
    must(brink_alloc(&warm, 1, brink_lanczos_tangent_bytes(lanczos)));
    brink_lanczos_run(lanczos, 0, warm, true, false, &spectrum);
    for (int i = 0; i < 12; i++) {
        engine->advance(state, 10, loss, taken);
        double from = bench_clock();
        brink_lanczos_run(lanczos, 0, warm, false, false, &spectrum);
        best = fmin(best, bench_clock() - from);
    }
    brink_free(&warm);
    brink_free(&loss);
    brink_lanczos_close(&lanczos);
    return best;
}

int main(void)
{
    char line[200];
    must(brink_lanes_select(NULL));
    while (fgets(line, sizeof line, stdin)) {
        struct request request = {0};
        read_request(line + strcspn(line, " "), &request);
        struct brink_engine_state *state = open_all(&request);
        if (line[0] == 'w')
            weigh_steps(&request, state);
        else
            printf("%.9g\n",
                   line[1] == 't' ? time_steps(&request, state) : time_sharpness(&request, state));
        request.engine->close(&state);
        brink_free(&request.data.x);
        brink_free(&request.data.y);
        fflush(stdout);
    }
    return 0;
}
