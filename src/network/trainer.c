// SPDX-License-Identifier: MIT
// Trainings in the lanes of an engine: loaded, advanced to their next event, looked at, given back.
#include "brink/network/trainer.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "brink/base/elementary.h"
#include "brink/base/memory.h"
#include "brink/network/lanczos.h"
#include "brink/network/start.h"
#include "trainer_lane.h"

int64_t brink_network_points(const struct brink_network_rules *rules)
{
    return rules->curves_every ? rules->max_steps / rules->curves_every + 1 : 0;
}

int64_t brink_network_points_all(const struct brink_network_rules *rules)
{
    int64_t curves = BRINK_CURVE_COUNT + rules->eigenvalues + rules->middle_layers;
    return curves * brink_network_points(rules);
}

const struct brink_network_engine *brink_network_engine(const struct brink_network_rules *rules,
                                                        const struct brink_network_job *job)
{
    for (int i = 0; brink_network_engines[i]; i++) {
        const struct brink_network_engine *engine = brink_network_engines[i];
        if ((!rules->engine || strcmp(rules->engine, engine->name) == 0) &&
            engine->fits(&job->network, job->data, &job->training))
            return engine;
    }
    return NULL;
}

// ---- the engine of a shape

static void close_shape(struct trainer *trainer)
{
    for (int i = 0; i < trainer->lane_count; i++) {
        brink_free(&trainer->lanes[i].samples);
        brink_free(&trainer->lanes[i].warm);
    }
    brink_free(&trainer->lanes);
    brink_free(&trainer->loss);
    brink_free(&trainer->taken);
    brink_free(&trainer->weights);
    brink_lanczos_close(&trainer->lanczos);
    if (trainer->state)
        trainer->engine->close(&trainer->state);
    trainer->lane_count = 0;
}

static brink_err open_lanes(struct trainer *trainer)
{
    int count = trainer->engine->lanes(trainer->state);
    brink_err error = brink_alloc(&trainer->lanes, (size_t)count, sizeof trainer->lanes[0]);
    if (error)
        return error;
    trainer->lane_count = count;
    for (int i = 0; !error && i < count; i++) {
        error =
            brink_alloc(&trainer->lanes[i].warm, 1, brink_lanczos_tangent_bytes(trainer->lanczos));
        if (!error)
            error = brink_alloc(&trainer->lanes[i].samples, (size_t)trainer->sample_max,
                                sizeof trainer->lanes[i].samples[0]);
    }
    return error;
}

static brink_err open_shape(struct trainer *trainer, const struct brink_network_job *job)
{
    const struct brink_network_rules *rules = trainer->rules;
    close_shape(trainer);
    trainer->engine = brink_network_engine(rules, job);
    assert(trainer->engine); // the plan has seen to it
    trainer->network = job->network;
    trainer->data = job->data;
    trainer->sample_max =
        2 + (rules->sharpness_every ? rules->max_steps / rules->sharpness_every : 0);
    brink_err error = trainer->engine->open(&job->network, job->data, &trainer->state);
    if (error)
        return error;
    error = brink_lanczos_open(trainer->engine, trainer->state, job->network.precision,
                               1 + rules->eigenvalues, &trainer->lanczos);
    if (!error)
        error = open_lanes(trainer);
    size_t lanes = (size_t)trainer->lane_count;
    if (!error)
        error = brink_alloc(&trainer->loss, lanes * BRINK_NETWORK_BLOCK, sizeof trainer->loss[0]);
    if (!error)
        error = brink_alloc(&trainer->taken, lanes, sizeof trainer->taken[0]);
    if (!error)
        error = brink_alloc(&trainer->weights, brink_network_weights(&job->network),
                            sizeof trainer->weights[0]);
    // About 4e12 floating-point operations of training between two checkpoints: some 20 s.
    int batch = job->training.batch, samples = job->data->n;
    samples = batch > 0 && batch < samples ? batch : samples;
    double operations = 6.0 * samples * (double)brink_network_weights(&job->network);
    double steps = 4e12 / operations;
    trainer->keep_every = rules->keep_every ? rules->keep_every
                          : steps < 64      ? 64
                          : steps < 1e9     ? (int32_t)steps
                                            : 1000000000;
    // The lane of a network that is over stays empty until the end of the block.
    trainer->block = operations > 1e9 ? 4 : 16;
    return error;
}

static bool same_shape(const struct trainer *trainer, const struct brink_network_job *job)
{
    return trainer->state && trainer->data == job->data &&
           brink_network_equal(&trainer->network, &job->network) &&
           trainer->engine == brink_network_engine(trainer->rules, job);
}

// ---- filling the lanes

static int free_lane(const struct trainer *trainer)
{
    for (int i = 0; i < trainer->lane_count; i++)
        if (!trainer->lanes[i].busy)
            return i;
    return -1;
}

// Loads networks while there are some of the present shape, and lanes. *over: none ever comes.
static brink_err fill(struct trainer *trainer, bool *over)
{
    brink_err error = BRINK_OK;
    while (!error) {
        if (!trainer->waiting) {
            int got = trainer->source->take(trainer->source->context, &trainer->next);
            *over = got < 0;
            if (got <= 0)
                return BRINK_OK;
            trainer->waiting = true;
        }
        if (!same_shape(trainer, &trainer->next)) {
            if (trainer->busy > 0)
                return BRINK_OK;
            error = open_shape(trainer, &trainer->next);
        }
        int lane = error ? -1 : free_lane(trainer);
        if (lane < 0)
            return error;
        trainer->waiting = false;
        error = brink_lane_begin(trainer, lane, &trainer->next);
    }
    return error;
}

// Steps that all busy lanes can take until one of them has to be looked at.
static int common_steps(const struct trainer *trainer)
{
    int steps = trainer->block;
    for (int i = 0; i < trainer->lane_count; i++)
        if (trainer->lanes[i].busy) {
            int32_t left = brink_lane_distance(trainer, &trainer->lanes[i]);
            steps = left < steps ? left : steps;
        }
    return steps;
}

static brink_err advance(struct trainer *trainer)
{
    brink_err error = BRINK_OK;
    int steps = common_steps(trainer);
    trainer->engine->advance(trainer->state, steps, trainer->loss, trainer->taken);
    for (int i = 0; !error && i < trainer->lane_count; i++)
        if (trainer->lanes[i].busy)
            error = brink_lane_digest(trainer, i, steps);
    return error;
}

brink_err brink_network_train(const struct brink_network_rules *rules,
                              const struct brink_network_source *source, struct brink_pulse *pulse,
                              bool *complete)
{
    struct trainer trainer = {.rules = rules, .source = source};
    bool over = false;
    brink_err error = BRINK_OK;
    *complete = false;
    while (!error) {
        error = fill(&trainer, &over);
        if (error)
            break;
        if (trainer.busy == 0 && over && !trainer.waiting) {
            *complete = true;
            break;
        }
        if (trainer.busy > 0)
            error = advance(&trainer);
        else if (!brink_pulse_rest(pulse))
            break;
        if (!error && trainer.busy > 0 && !brink_pulse_beat(pulse))
            break;
    }
    close_shape(&trainer);
    return error;
}
