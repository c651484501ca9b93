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
#include "brink/base/memory.h"
#include "brink/network/data.h"
#include "brink/network/start.h"
#include "brink/network/trainer.h"
#include "brink/sweep/spec.h"
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

static const struct brink_lr_unit lr_units[] = {
    [UNIT_ONE] = {"one", "1: lr is the rate itself"},
    [UNIT_SHARPNESS] = {"sharpness", "2/sharpness at the start: lr = 1 is marginal there"},
    {.name = NULL},
};

#define TYPE_int8_t  BRINK_I8
#define TYPE_int32_t BRINK_I32
#define TYPE_double  BRINK_F64
enum { CURVE_NORM_2 = BRINK_CURVE_COUNT + BRINK_TOP_MAX - 1 }; // after those of eigenvalues
enum {
#define ROW(layer, word) MIDDLE_LAYER_##layer,
    BRINK_NETWORK_MIDDLE_LAYERS(ROW)
#undef ROW
        MIDDLE_LAYERS_MAX
};
_Static_assert(MIDDLE_LAYERS_MAX == BRINK_LAYERS_MAX - 2, "a curve for each");
static const struct brink_field fields[] = {
#define FIELD_ROW(type, name, basic, meaning)                                                      \
    {#name, TYPE_##type, offsetof(struct brink_network_cell, name), basic, "1", meaning,           \
     false, NULL},
    BRINK_NETWORK_FIELDS(FIELD_ROW)
#undef FIELD_ROW
#define EIGENVALUE_ROW(rank, word)                                                                 \
    {.name = "eigenvalue_" #rank,                                                                  \
     .type = BRINK_F64,                                                                            \
     .offset = offsetof(struct brink_network_cell, eigenvalue[(rank)-2]),                          \
     .unit = "1",                                                                                  \
     .meaning = word " largest eigenvalue of the Hessian at the verdict",                          \
     .key = "train.eigenvalues"},
        BRINK_NETWORK_EIGENVALUES(EIGENVALUE_ROW)
#undef EIGENVALUE_ROW
#define CURVE_ROW(curve_name, index, means, by)                                                    \
    {.name = "curves/" curve_name,                                                                 \
     .type = BRINK_F64,                                                                            \
     .offset = (index),                                                                            \
     .unit = "1",                                                                                  \
     .meaning = (means),                                                                           \
     .curve = true,                                                                                \
     .key = (by)},
#define ROW(name, meaning) CURVE_ROW(#name, BRINK_CURVE_##name, meaning, "train.curves_every")
            BRINK_NETWORK_CURVES(ROW)
#undef ROW
#define ROW(rank, word)                                                                            \
    CURVE_ROW("eigenvalue_" #rank, BRINK_CURVE_COUNT + (rank)-2,                                   \
              word " largest eigenvalue of the Hessian; NaN where curves/sharpness is",            \
              "train.eigenvalues")
                BRINK_NETWORK_EIGENVALUES(ROW)
#undef ROW
#define ROW(layer, word)                                                                           \
    CURVE_ROW("norm_" #layer, CURVE_NORM_2 + (layer)-2,                                            \
              "Frobenius norm of the " word " layer's weights; NaN where no layer follows it",     \
              "train.curves_every")
                    BRINK_NETWORK_MIDDLE_LAYERS(ROW)
#undef ROW
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

// The largest value of a parameter over the grid, also before `complete`.
static double largest(const struct brink_spec *spec, int parameter)
{
    int axis = brink_spec_axis(spec, parameter);
    double most = spec->fixed[parameter] ? spec->fixed_value[parameter] : fallback(parameter);
    for (int64_t i = 0; axis >= 0 && i < spec->axes[axis].num; i++)
        most = i == 0 || spec->axes[axis].values[i] > most ? spec->axes[axis].values[i] : most;
    return most;
}

// Layers between the first and the last, as many as there can be where depth is an axis: a shard
// has some of its values, and stores what the whole sweep does.
static int middle_layers(const struct brink_spec *spec)
{
    int hidden = spec->network.hidden_count;
    if (!hidden)
        hidden = brink_spec_axis(spec, DEPTH) >= 0 ? BRINK_DEPTH_MAX : (int)largest(spec, DEPTH);
    return hidden > 1 ? hidden - 1 : 0;
}

// Is a field that `record` does not name stored?
static bool asked_for(const struct brink_spec *spec, const struct brink_field *field)
{
    size_t more = (size_t)spec->network.eigenvalues - 1;
    if (field->curve && field->offset >= CURVE_NORM_2)
        return spec->curve_points > 0 && field->offset < CURVE_NORM_2 + (size_t)middle_layers(spec);
    if (field->curve)
        return spec->curve_points > 0 && field->offset < BRINK_CURVE_COUNT + more;
    return field->offset < offsetof(struct brink_network_cell, eigenvalue) + more * sizeof(double);
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
        if (fields[i].key && asked_for(spec, &fields[i]))
            spec->record |= UINT64_C(1) << i;
}

static int32_t steps_max(const struct brink_spec *spec)
{
    return spec->network.max_steps;
}

// To whole periods of sharpness, which is dear, and some steps.
static void shorten(struct brink_spec *spec, int32_t steps)
{
    struct brink_network_options *options = &spec->network;
    int64_t period = options->sharpness_every, least = 16;
    if (period == 0 || period >= options->max_steps) // at the start and the end only
        period = 1;
    least = (least + period - 1) / period * period;
    int64_t rounded = steps > least ? (steps + period - 1) / period * period : least;
    if (rounded < options->max_steps)
        options->max_steps = (int32_t)rounded;
    complete(spec);
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

// ---- checks and state

// Norms are of layers that some network of the grid has.
static brink_err check_norms(const struct brink_spec *spec, int layers, int *parameter,
                             double *value)
{
    for (int l = layers; l < BRINK_LAYERS_MAX; l++) {
        *parameter = NORM1 + l;
        *value = largest(spec, *parameter);
        if (*value > 0)
            return brink_fail(BRINK_ERR_USAGE, "the network has %d weight layer%s", layers,
                              layers == 1 ? "" : "s");
    }
    return BRINK_OK;
}

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
    return check_norms(spec, layers, parameter, value);
}

static brink_err check_weights(const struct brink_spec *spec)
{
    const struct brink_network_options *options = &spec->network;
    static const int shape[] = {WIDTH, DEPTH, BIAS};
    if ((options->init == BRINK_INIT_FILE) != (options->weights != NULL))
        return brink_fail(BRINK_ERR_USAGE, options->weights
                                               ? "network.weights: goes with network.init: file"
                                               : "network.weights: is missing: the HDF5 file that "
                                                 "holds W1, W2, ... (network.init: file)");
    for (size_t i = 0; options->weights && i < sizeof shape / sizeof shape[0]; i++) {
        int axis = brink_spec_axis(spec, shape[i]);
        if (axis >= 0 && spec->grid.size[axis] > 1)
            return brink_fail(BRINK_ERR_USAGE,
                              "network.weights: they are of one shape, %s cannot be an axis",
                              parameters[shape[i]].name);
    }
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
        .keep_every = options->checkpoint_every,
        .sharpness = options->sharpness_every > 0 || options->eigenvalues > 1,
        .eigenvalues = options->eigenvalues - 1,
        .middle_layers = middle_layers(spec),
        .dor = recorded(spec, "dor"),
        .engine = options->engine ? brink_network_engines[options->engine - 1]->name : NULL,
    };
    for (size_t i = 0; i < sizeof sharp / sizeof sharp[0]; i++)
        state->rules.sharpness |= recorded(spec, sharp[i]);
}

// Is the library that the engine works on still the one that the sweep is bound to?
static brink_err check_library(const struct brink_network_options *options)
{
    const char *name;
    if (!options->library)
        return BRINK_OK;
    brink_err error = brink_network_engines[options->engine - 1]->library(&name);
    if (!error && strcmp(name, options->library) != 0)
        error = brink_fail(BRINK_ERR_MISMATCH,
                           "network.engine: the sweep is bound to %s, here is %s: its cells would "
                           "not have the same bits",
                           options->library, name);
    return error;
}

// Are the files of data and weights still those that the sweep is bound to?
static brink_err check_digest(const struct brink_spec *spec)
{
    const struct brink_network_options *options = &spec->network;
    char digest[BRINK_DIGEST_MAX];
    if (!options->digest)
        return BRINK_OK;
    brink_err error = brink_spec_data_digest(spec, digest);
    if (!error && strcmp(digest, options->digest) != 0)
        error = brink_fail(BRINK_ERR_MISMATCH,
                           "data.digest: the sweep is bound to files of data and weights with the "
                           "digest %s, those here have %s: they are others, or were changed",
                           options->digest, digest);
    return error;
}

bool brink_network_next_shape(const struct brink_spec *spec, int64_t coordinate[])
{
    for (int parameter = 0; parameter < SEED; parameter++) {
        int axis = brink_spec_axis(spec, parameter);
        if (axis < 0)
            continue;
        if (++coordinate[axis] < spec->grid.size[axis])
            return true;
        coordinate[axis] = 0;
    }
    return false;
}

// Can each network of the grid be trained, by an engine that fits it?
static brink_err check_networks(const struct network_state *state)
{
    int64_t coordinate[BRINK_RANK_MAX] = {0};
    struct brink_network_job job;
    do {
        brink_network_job_at(state, coordinate, &job);
        if (!brink_network_engine(&state->rules, &job))
            return brink_network_fail_engine(state->rules.engine, &job);
        if (job.network.loss == BRINK_LOSS_CROSS_ENTROPY && job.data->outputs == 1)
            return brink_fail(BRINK_ERR_USAGE,
                              "loss: cross_entropy needs 2 outputs or more, the data has 1: the "
                              "softmax of one is 1, and nothing would be trained");
    } while (brink_network_next_shape(state->spec, coordinate));
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
        brink_free(&state->kept);
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
    assert(spec->model->record_size +
               sizeof(double) * (size_t)brink_network_points_all(&state->rules) ==
           brink_record_bytes(spec));
    error = brink_alloc(&state->kept, 1, sizeof *state->kept);
    if (!error)
        error = check_weights(spec);
    if (!error)
        error = check_library(&spec->network);
    if (!error)
        error = check_digest(spec);
    if (!error)
        error = load_data(state);
    if (!error && spec->network.weights) {
        brink_network_of_cell(spec, &state->data[0], origin, &network);
        error = brink_network_read(&network, spec->network.weights, &state->weights);
    }
    if (!error)
        error = check_networks(state);
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
    .row_cells = 1,
    .shorten = shorten,
    .check = check,
    .open = open_state,
    .close = close_state,
    .undefined_cells = undefined_cells,
    .describe = brink_network_describe,
    .keep_at = brink_network_keep_at,
    .forget = brink_network_forget,
    .run = brink_network_run,
    .cell = brink_network_one_cell,
    .trace_columns = brink_network_trace_columns,
    .trace_column_count = BRINK_NETWORK_TRACE_COLUMNS,
    .trace = brink_network_trace,
};
