// SPDX-License-Identifier: MIT
// The cells of the model `network`: what each trains, from the stream or one by itself.
#include <math.h>
#include <string.h>

#include "brink/base/log.h"
#include "brink/network/start.h"
#include "brink/network/trainer.h"
#include "brink/sweep/spec.h"
#include "brink/sweep/stream.h"
#include "checkpoint.h"
#include "model_network.h"

// ---- one cell

void brink_network_of_cell(const struct brink_spec *spec, const struct brink_data *data,
                           const int64_t coordinate[], struct brink_network *network)
{
    const struct brink_network_options *options = &spec->network;
    int depth = options->hidden_count ? options->hidden_count
                                      : (int)brink_spec_value(spec, DEPTH, coordinate);
    *network = (struct brink_network){
        .depth = depth,
        .bias = brink_spec_value(spec, BIAS, coordinate) != 0,
        .activation = (enum brink_activation)brink_spec_value(spec, ACTIVATION, coordinate),
        .loss = (enum brink_loss)brink_spec_value(spec, LOSS, coordinate),
        .norm = (enum brink_norm)brink_spec_value(spec, NORM, coordinate),
        .norm_epsilon = options->norm_epsilon,
        .parametrization = (enum brink_parametrization)options->parametrization,
        .precision = (enum brink_precision)options->precision,
    };
    network->width[0] = data->d;
    for (int l = 1; l <= depth; l++)
        network->width[l] = options->hidden_count ? options->hidden[l - 1]
                                                  : (int)brink_spec_value(spec, WIDTH, coordinate);
    network->width[depth + 1] = data->outputs;
}

void brink_network_job_at(const struct network_state *state, const int64_t coordinate[],
                          struct brink_network_job *job)
{
    const struct brink_spec *spec = state->spec;
    int axis = brink_spec_axis(spec, SAMPLES);
    *job = (struct brink_network_job){.data = &state->data[axis < 0 ? 0 : coordinate[axis]],
                                      .lr_in_sharpness = spec->lr_unit == UNIT_SHARPNESS};
    brink_network_of_cell(spec, job->data, coordinate, &job->network);
    for (int l = 0; l < brink_network_layers(&job->network); l++)
        job->training.lr[l] =
            brink_spec_value(spec, brink_spec_has(spec, LR) ? LR : LR1 + l, coordinate);
    job->training.batch = spec->network.batch;
    job->training.batch_seed = spec->seed;
}

static void start_at(const struct network_state *state, const int64_t coordinate[],
                     const struct brink_network *network, double *weights)
{
    const struct brink_spec *spec = state->spec;
    struct brink_network_start start = {
        .init = (enum brink_init)spec->network.init,
        .file = state->weights,
        .seed = spec->seed,
        .item = (uint64_t)brink_spec_value(spec, SEED, coordinate),
        .scale = brink_spec_value(spec, SCALE, coordinate),
        .offset = brink_spec_value(spec, OFFSET, coordinate),
    };
    for (int l = 0; l < BRINK_LAYERS_MAX; l++)
        start.norm[l] = brink_spec_value(spec, NORM1 + l, coordinate);
    brink_network_begin(network, &start, weights);
}

// ---- cells from a stream

struct source {
    const struct network_state *state;
    struct brink_stream *stream;
    struct brink_errand errand;
    int64_t next; // cell of the errand
};

// The record of a cell: brink_network_cell, then its curves.
static double *curves_of(const struct brink_spec *spec, void *record)
{
    return spec->curve_points ? (double *)((char *)record + spec->model->record_size) : NULL;
}

static int take(void *context, struct brink_network_job *job)
{
    struct source *source = context;
    const struct brink_spec *spec = source->state->spec;
    int64_t coordinate[BRINK_RANK_MAX];
    if (source->next == source->errand.count) {
        enum brink_supply supply = brink_stream_take(source->stream, 1, &source->errand);
        source->next = 0;
        if (supply != BRINK_SUPPLY_CELLS) {
            source->errand.count = 0;
            return supply == BRINK_SUPPLY_OVER ? -1 : 0;
        }
    }
    brink_tile_cell(&spec->grid, source->errand.tile, source->errand.first + source->next,
                    coordinate);
    brink_network_job_at(source->state, coordinate, job);
    job->number = brink_grid_cell(&spec->grid, coordinate);
    job->ticket =
        (char *)source->errand.records + (size_t)source->next++ * brink_record_bytes(spec);
    job->curves = curves_of(spec, job->ticket);
    return 1;
}

// Coordinates of cell number `number` of the grid.
static void coordinates_of(const struct brink_spec *spec, int64_t number, int64_t coordinate[])
{
    for (int axis = spec->grid.rank - 1; axis >= 0; axis--) {
        coordinate[axis] = number % spec->grid.size[axis];
        number /= spec->grid.size[axis];
    }
}

static void start(void *context, const struct brink_network_job *job, double *weights)
{
    const struct source *source = context;
    int64_t coordinate[BRINK_RANK_MAX] = {0};
    coordinates_of(source->state->spec, job->number, coordinate);
    start_at(source->state, coordinate, &job->network, weights);
}

static void give(void *context, const struct brink_network_job *job,
                 const struct brink_network_cell *cell)
{
    struct source *source = context;
    memcpy(job->ticket, cell, sizeof *cell);
    brink_stream_give(source->stream, job->ticket);
}

// ---- checkpoints

void brink_network_keep_at(void *state_pointer, const char *result)
{
    struct network_state *state = state_pointer;
    state->result = result;
}

static void keep(void *context, const struct brink_network_job *job, const void *checkpoint,
                 size_t bytes)
{
    const struct source *source = context;
    const struct network_state *state = source->state;
    if (brink_checkpoint_write(state->result, state->spec, job->number, checkpoint, bytes))
        atomic_store(state->kept, true);
}

static bool find(void *context, const struct brink_network_job *job, void *checkpoint, size_t bytes)
{
    const struct source *source = context;
    const struct network_state *state = source->state;
    bool found = brink_checkpoint_read(state->result, state->spec, job->number, checkpoint, bytes);
    if (found)
        atomic_store(state->kept, true);
    return found;
}

void brink_network_forget(const void *state_pointer, const struct brink_tile *tile)
{
    const struct network_state *state = state_pointer;
    if (!atomic_load(state->kept))
        return;
    for (int64_t i = 0; i < tile->cells; i++) {
        int64_t coordinate[BRINK_RANK_MAX];
        brink_tile_cell(&state->spec->grid, tile, i, coordinate);
        brink_checkpoint_remove(state->result, brink_grid_cell(&state->spec->grid, coordinate));
    }
}

bool brink_network_run(const void *state_pointer, struct brink_stream *stream,
                       struct brink_pulse *pulse)
{
    const struct network_state *state = state_pointer;
    struct source source = {.state = state, .stream = stream};
    const struct brink_network_source cells = {.take = take,
                                               .start = start,
                                               .give = give,
                                               .keep = state->result ? keep : NULL,
                                               .find = state->result ? find : NULL,
                                               .context = &source};
    bool complete = false;
    if (brink_network_train(&state->rules, &cells, pulse, &complete)) {
        brink_say_error("%s", brink_error_note());
        if (pulse)
            atomic_store(&pulse->abandon, true);
    }
    return complete;
}

// ---- one cell by itself, with every step on the way

struct single {
    struct source source; // the first member: `start` sees it alone
    int64_t number;
    bool taken;
    void *record;
    brink_err (*row)(void *context, const double values[]);
    void *row_context;
    double held[BRINK_NETWORK_TRACE_COLUMNS]; // the latest row, not yet given on
    bool holding;
};

static int take_single(void *context, struct brink_network_job *job)
{
    struct single *single = context;
    const struct brink_spec *spec = single->source.state->spec;
    int64_t coordinate[BRINK_RANK_MAX] = {0};
    if (single->taken)
        return -1;
    single->taken = true;
    coordinates_of(spec, single->number, coordinate);
    brink_network_job_at(single->source.state, coordinate, job);
    job->number = single->number;
    job->curves = curves_of(spec, single->record);
    return 1;
}

static void give_single(void *context, const struct brink_network_job *job,
                        const struct brink_network_cell *cell)
{
    struct single *single = context;
    (void)job;
    memcpy(single->record, cell, sizeof *cell);
}

static brink_err step_single(void *context, int32_t step, const struct brink_network_look *look,
                             double sharpness, double lr, const struct brink_network *network)
{
    struct single *single = context;
    double values[] = {step,
                       look->loss,
                       look->accuracy,
                       look->gradient_norm,
                       sqrt(look->norm2[0]),
                       sqrt(look->norm2[network->depth]),
                       sharpness,
                       lr * sharpness / 2};
    brink_err error = BRINK_OK;
    // A step whose own loss ends the training was seen before as one on the way: one row, with the
    // sharpness that was measured.
    if (single->holding && single->held[0] != values[0])
        error = single->row(single->row_context, single->held);
    else if (single->holding && isnan(sharpness))
        memcpy(&values[6], &single->held[6], 2 * sizeof values[0]);
    memcpy(single->held, values, sizeof values);
    single->holding = true;
    return error;
}

static brink_err train_single(const struct network_state *state, const int64_t coordinate[],
                              brink_err (*row)(void *context, const double values[]), void *context,
                              void *record)
{
    struct single single = {.source = {.state = state},
                            .number = brink_grid_cell(&state->spec->grid, coordinate),
                            .record = record,
                            .row = row,
                            .row_context = context};
    const struct brink_network_source cells = {.take = take_single,
                                               .start = start,
                                               .give = give_single,
                                               .step = row ? step_single : NULL,
                                               .context = &single};
    bool complete = false;
    memset(record, 0, brink_record_bytes(state->spec));
    brink_err error = brink_network_train(&state->rules, &cells, NULL, &complete);
    if (!error && row && single.holding)
        error = row(context, single.held);
    return error;
}

void brink_network_one_cell(const void *state, const int64_t coordinate[], void *record)
{
    // Without memory the record stays pending, which no stored cell is.
    if (train_single(state, coordinate, NULL, NULL, record))
        brink_say_error("%s", brink_error_note());
}

const char *const brink_network_trace_columns[BRINK_NETWORK_TRACE_COLUMNS] = {
    "step", "loss", "accuracy", "gradient", "norm_first", "norm_last", "sharpness", "edge"};

brink_err brink_network_trace(const void *state, const int64_t coordinate[], int64_t first,
                              brink_err (*row)(void *context, const double values[]), void *context,
                              void *record)
{
    (void)first; // rows cost little beside training
    return train_single(state, coordinate, row, context, record);
}
