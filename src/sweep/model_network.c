// SPDX-License-Identifier: MIT
// The model `network`: trainings of small networks over activation, loss, rate, start and data.
#include <assert.h>
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "brink/base/elementary.h"
#include "brink/base/log.h"
#include "brink/base/memory.h"
#include "brink/network/data.h"
#include "brink/network/start.h"
#include "brink/network/trainer.h"
#include "brink/sweep/spec.h"
#include "brink/sweep/stream.h"
#include "model_network.h"

// ---- tables

#define NAME_ROW(upper, lower, value, meaning) [value] = #lower,
static const char *const activation_names[] = {BRINK_ACTIVATIONS(NAME_ROW)[BRINK_ACTIVATION_COUNT] =
                                                   NULL};
static const char *const loss_names[] = {BRINK_LOSSES(NAME_ROW)[BRINK_LOSS_COUNT] = NULL};
static const char *const norm_names[] = {BRINK_NORMS(NAME_ROW)[BRINK_NORM_COUNT] = NULL};
#undef NAME_ROW
static const char *const bias_names[] = {"false", "true", NULL};

#define WORDS(named, words, means, otherwise)                                                      \
    {                                                                                              \
        .name = (named), .meaning = (means), .unit = "1", .max = 15, .integer = true,              \
        .names = (words), .fallback = (otherwise)                                                  \
    }
#define REAL(named, means, low, high, otherwise)                                                   \
    {                                                                                              \
        .name = (named), .meaning = (means), .unit = "1", .min = (low), .max = (high),             \
        .fallback = (otherwise)                                                                    \
    }
#define RATE(named, means)                                                                         \
    {                                                                                              \
        .name = (named), .meaning = (means), .unit = "1", .max = 1e300, .min_excluded = true       \
    }
#define WHOLE(named, means, low, high, otherwise)                                                  \
    {                                                                                              \
        .name = (named), .meaning = (means), .unit = "1", .min = (low), .max = (high),             \
        .integer = true, .fallback = (otherwise)                                                   \
    }
static const struct brink_parameter parameters[PARAMETER_COUNT] = {
    [ACTIVATION] = WORDS("activation", activation_names, "activation of hidden layers", "tanh"),
    [LOSS] = WORDS("loss", loss_names, "loss of the outputs", "mse"),
    [NORM] = WORDS("norm", norm_names, "normalisation of hidden layers", "none"),
    [BIAS] = WORDS("bias", bias_names, "biases in all layers", "false"),
    [WIDTH] = WHOLE("width", "units of each hidden layer", 1, 100000, "200"),
    [DEPTH] = WHOLE("depth", "number of hidden layers", 0, BRINK_DEPTH_MAX, "1"),
    [SAMPLES] = WHOLE("n", "samples, the first n of the data", 1, 1000000, "1000"),
    [SEED] = WHOLE("seed", "seed of the starting weights", 0, 0x1p53, "0"),
    [SCALE] = REAL("scale", "factor on the starting weights", -1e6, 1e6, "1"),
    [OFFSET] = REAL("offset", "added to every weight of the first layer", -1e6, 1e6, "0"),
    [NORM1] = REAL("norm1", "Frobenius norm of W1 at the start, 0: as drawn", 0, 1e9, "0"),
    [NORM1 + 1] = REAL("norm2", "Frobenius norm of W2 at the start, 0: as drawn", 0, 1e9, "0"),
    [NORM1 + 2] = REAL("norm3", "Frobenius norm of W3 at the start, 0: as drawn", 0, 1e9, "0"),
    [NORM1 + 3] = REAL("norm4", "Frobenius norm of W4 at the start, 0: as drawn", 0, 1e9, "0"),
    [NORM1 + 4] = REAL("norm5", "Frobenius norm of W5 at the start, 0: as drawn", 0, 1e9, "0"),
    [LR] = RATE("lr", "learning rate of all layers"),
    [LR1] = RATE("lr1", "learning rate of the first layer"),
    [LR1 + 1] = RATE("lr2", "learning rate of the second layer"),
    [LR1 + 2] = RATE("lr3", "learning rate of the third layer"),
    [LR1 + 3] = RATE("lr4", "learning rate of the fourth layer"),
    [LR1 + 4] = RATE("lr5", "learning rate of the fifth layer"),
};

#define BIT(parameter) (UINT32_C(1) << (parameter))
#define RATES(count)   ((BIT(count) - 1) << LR1)
static const struct brink_parameter_group groups[] = {
    {"learning rate", {BIT(LR), RATES(1), RATES(2), RATES(3), RATES(4), RATES(5)}},
    {.name = NULL},
};

enum { UNIT_ONE, UNIT_SHARPNESS };
static const struct brink_lr_unit lr_units[] = {
    [UNIT_ONE] = {"one", "1: lr is the rate itself"},
    [UNIT_SHARPNESS] = {"sharpness", "2/sharpness at the start: lr = 1 is marginal there"},
    {.name = NULL},
};

#define TYPE_int8_t  BRINK_I8
#define TYPE_int32_t BRINK_I32
#define TYPE_double  BRINK_F64
static const struct brink_field fields[] = {
#define FIELD_ROW(type, name, basic, meaning)                                                      \
    {#name, TYPE_##type, offsetof(struct brink_network_cell, name), basic, "1", meaning, false},
    BRINK_NETWORK_FIELDS(FIELD_ROW)
#undef FIELD_ROW
#define CURVE_ROW(name, meaning)                                                                   \
    {"curves/" #name, BRINK_F64, BRINK_CURVE_##name, false, "1", meaning, true},
        BRINK_NETWORK_CURVES(CURVE_ROW)
#undef CURVE_ROW
};

static const struct brink_flag status_flags[] = {
#define FLAG_ROW(upper, lower, value, meaning) {value, #lower, meaning},
    BRINK_NETWORK_STATUSES(FLAG_ROW)
#undef FLAG_ROW
        {.name = NULL},
};

// ---- what all keys together say

static double fallback(int parameter)
{
    const struct brink_parameter *entry = &parameters[parameter];
    for (int i = 0; entry->names && entry->names[i]; i++)
        if (strcmp(entry->names[i], entry->fallback) == 0)
            return i;
    return strtod(entry->fallback, NULL); // of our own table: whole numbers
}

static bool replaced_by_hidden(const struct brink_spec *spec, int parameter)
{
    return spec->network.hidden_count > 0 && (parameter == WIDTH || parameter == DEPTH);
}

static void complete(struct brink_spec *spec)
{
    const struct brink_network_options *options = &spec->network;
    for (int i = 0; i < PARAMETER_COUNT; i++)
        if (parameters[i].fallback && !brink_spec_has(spec, i) && !replaced_by_hidden(spec, i)) {
            spec->fixed[i] = true;
            spec->fixed_value[i] = fallback(i);
        }
    spec->curve_stride = options->curves_every;
    spec->curve_points = options->curves_every ? options->max_steps / options->curves_every + 1 : 0;
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        if (fields[i].curve && spec->curve_points)
            spec->record |= UINT64_C(1) << i;
}

// The largest value of a parameter over the grid, also before `complete`.
static double largest(const struct brink_spec *spec, int parameter)
{
    int axis = brink_spec_axis(spec, parameter);
    double most = spec->fixed[parameter] ? spec->fixed_value[parameter] : fallback(parameter);
    for (int64_t i = 0; axis >= 0 && i < spec->axes[axis].num; i++)
        most = i == 0 || spec->axes[axis].values[i] > most ? spec->axes[axis].values[i] : most;
    return most;
}

static int32_t steps_max(const struct brink_spec *spec)
{
    return spec->network.max_steps;
}

// A tile is worth about a second.
static int64_t tile_cells(const struct brink_spec *spec)
{
    const struct brink_network_options *options = &spec->network;
    double inputs = options->source == BRINK_SOURCE_CHEBYSHEV  ? 1
                    : options->source == BRINK_SOURCE_GAUSSIAN ? options->inputs
                                                               : 784;
    double width = options->hidden_count ? options->hidden[0] : largest(spec, WIDTH);
    double operations = 6 * inputs * width * largest(spec, SAMPLES) * options->max_steps;
    double cells = 2e10 / (operations + 1);
    return cells < 1 ? 1 : cells > 256 ? 256 : (int64_t)cells;
}

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

static void job_at(const struct network_state *state, const int64_t coordinate[],
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

// ---- checks and state

static brink_err check(const struct brink_spec *spec, int *parameter, double *value)
{
    const struct brink_network_options *options = &spec->network;
    int layers = 1 + (options->hidden_count ? options->hidden_count : (int)largest(spec, DEPTH));
    for (int l = 0; l < BRINK_LAYERS_MAX; l++) {
        bool rate = brink_spec_has(spec, LR1 + l);
        *parameter = brink_spec_has(spec, LR1) ? LR1 : DEPTH;
        *value = l + 1;
        if (brink_spec_has(spec, LR1) && rate != (l < layers))
            return brink_fail(BRINK_ERR_USAGE,
                              "the network has %d weight layers: give lr1 to lr%d, or lr", layers,
                              layers);
    }
    return BRINK_OK;
}

static brink_err check_digest(const struct brink_spec *spec)
{
    const struct brink_network_options *options = &spec->network;
    if ((options->init == BRINK_INIT_FILE) != (options->weights != NULL))
        return brink_fail(BRINK_ERR_USAGE, options->weights
                                               ? "network.weights: goes with network.init: file"
                                               : "network.weights: is missing: the HDF5 file that "
                                                 "holds W1, W2, ... (network.init: file)");
    return BRINK_OK;
}

static brink_err load_data(struct network_state *state)
{
    const struct brink_spec *spec = state->spec;
    const struct brink_network_options *options = &spec->network;
    int axis = brink_spec_axis(spec, SAMPLES);
    int64_t count = axis < 0 ? 1 : spec->axes[axis].num;
    brink_err error = brink_alloc(&state->data, (size_t)count, sizeof state->data[0]);
    for (; !error && state->data_count < count; state->data_count++) {
        double n =
            axis < 0 ? spec->fixed_value[SAMPLES] : spec->axes[axis].values[state->data_count];
        const struct brink_data_request request = {.source = (enum brink_source)options->source,
                                                   .path = options->path,
                                                   .n = (int)n,
                                                   .inputs = options->inputs,
                                                   .outputs = options->outputs,
                                                   .degree = options->degree,
                                                   .seed = spec->seed};
        error = brink_data_load(&request, &state->data[state->data_count]);
        if (error)
            break;
    }
    return error;
}

static bool recorded(const struct brink_spec *spec, const char *name)
{
    for (int i = 0; i < spec->model->field_count; i++)
        if (spec->record >> i & 1 && strcmp(fields[i].name, name) == 0)
            return true;
    return false;
}

static void set_rules(struct network_state *state)
{
    static const char *const sharp[] = {"sharpness_start", "sharpness_end", "sharpness_magnitude",
                                        "sharpness_peak",  "edge_start",    "edge_end"};
    const struct brink_spec *spec = state->spec;
    const struct brink_network_options *options = &spec->network;
    state->rules = (struct brink_network_rules){
        .max_steps = options->max_steps,
        .loss_goal = options->loss_goal > 0 ? options->loss_goal : -HUGE_VAL,
        .grad_tol = options->grad_tol,
        .escape = options->escape,
        .sharpness_every = options->sharpness_every,
        .curves_every = options->curves_every,
        .sharpness = options->sharpness_every > 0,
        .dor = recorded(spec, "dor"),
        .engine = options->engine ? brink_network_engines[options->engine - 1]->name : NULL,
    };
    for (size_t i = 0; i < sizeof sharp / sizeof sharp[0]; i++)
        state->rules.sharpness |= recorded(spec, sharp[i]);
}

// Does an engine fit every corner of the grid? Shapes depend on the axes one by one.
static brink_err check_engine(const struct network_state *state)
{
    const struct brink_grid *grid = &state->spec->grid;
    int64_t coordinate[BRINK_RANK_MAX] = {0};
    struct brink_network_job job;
    for (int axis = -1; axis < grid->rank; axis++) {
        for (int64_t i = 0; i < (axis < 0 ? 1 : grid->size[axis]); i++) {
            if (axis >= 0)
                coordinate[axis] = i;
            job_at(state, coordinate, &job);
            if (!brink_network_engine(&state->rules, &job))
                return brink_fail(BRINK_ERR_USAGE,
                                  "network.engine: %s does not fit all of these networks",
                                  state->rules.engine);
        }
        if (axis >= 0)
            coordinate[axis] = 0;
    }
    return BRINK_OK;
}

static void close_state(void **state_pointer)
{
    struct network_state *state = *state_pointer;
    if (state) {
        for (int64_t i = 0; i < state->data_count; i++)
            brink_data_free(&state->data[i]);
        brink_free(&state->data);
        brink_free(&state->weights);
    }
    brink_free(&state);
    *state_pointer = NULL;
}

static brink_err open_state(const struct brink_spec *spec, const struct brink_grid *grid,
                            void **out)
{
    struct network_state *state = NULL;
    int64_t origin[BRINK_RANK_MAX] = {0};
    struct brink_network network;
    (void)grid;
    brink_err error = brink_alloc(&state, 1, sizeof *state);
    if (error)
        return error;
    state->spec = spec;
    set_rules(state);
    error = check_digest(spec);
    if (!error)
        error = load_data(state);
    if (!error && spec->network.weights) {
        brink_network_of_cell(spec, &state->data[0], origin, &network);
        error = brink_network_read(&network, spec->network.weights, &state->weights);
    }
    if (!error)
        error = check_engine(state);
    if (error) {
        void *half = state;
        close_state(&half);
        return error;
    }
    *out = state;
    return BRINK_OK;
}

static int64_t undefined_cells(const void *state)
{
    (void)state; // a unit shows only when its cell is computed
    return 0;
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
    job_at(source->state, coordinate, job);
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

static bool run(const void *state_pointer, struct brink_stream *stream, struct brink_pulse *pulse)
{
    const struct network_state *state = state_pointer;
    struct source source = {.state = state, .stream = stream};
    const struct brink_network_source cells = {
        .take = take, .start = start, .give = give, .context = &source};
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
    job_at(single->source.state, coordinate, job);
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
    const double values[] = {step,
                             look->loss,
                             look->accuracy,
                             look->gradient_norm,
                             sqrt(look->norm2[0]),
                             sqrt(look->norm2[network->depth]),
                             sharpness,
                             lr * sharpness / 2};
    return single->row(single->row_context, values);
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
    return brink_network_train(&state->rules, &cells, NULL, &complete);
}

static void one_cell(const void *state, const int64_t coordinate[], void *record)
{
    // Without memory the record stays pending, which no stored cell is.
    if (train_single(state, coordinate, NULL, NULL, record))
        brink_say_error("%s", brink_error_note());
}

static const char *const trace_columns[] = {"step",       "loss",      "accuracy",  "gradient",
                                            "norm_first", "norm_last", "sharpness", "edge"};

static brink_err trace(const void *state, const int64_t coordinate[],
                       brink_err (*row)(void *context, const double values[]), void *context,
                       void *record)
{
    return train_single(state, coordinate, row, context, record);
}

const struct brink_model brink_model_network = {
    .name = "network",
    .references =
        "Wang, Xu, Zhao, Tao: Good regularity creates large learning rate implicit biases: "
        "edge of stability, balancing, and catapult. JMLR 26(273), 2025, arXiv:2310.17087; "
        "Cohen et al., arXiv:2103.00065; Sohl-Dickstein, arXiv:2402.06184",
    .parameters = parameters,
    .parameter_count = PARAMETER_COUNT,
    .groups = groups,
    .lr_units = lr_units,
    .record_size = sizeof(struct brink_network_cell),
    .fields = fields,
    .field_count = sizeof fields / sizeof fields[0],
    .status_flags = status_flags,
    .complete = complete,
    .tile_cells = tile_cells,
    .steps_max = steps_max,
    .check = check,
    .open = open_state,
    .close = close_state,
    .undefined_cells = undefined_cells,
    .run = run,
    .cell = one_cell,
    .trace_columns = trace_columns,
    .trace_column_count = sizeof trace_columns / sizeof trace_columns[0],
    .trace = trace,
};
