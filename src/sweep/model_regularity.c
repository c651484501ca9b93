// SPDX-License-Identifier: MIT
// The model `regularity`: gradient descent on F_a and F_b over regularity, rate and start.
#include <assert.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "brink/base/elementary.h"
#include "brink/base/memory.h"
#include "brink/base/random.h"
#include "brink/dynamics/lanes.h"
#include "brink/objective/objective.h"
#include "brink/sweep/spec.h"
#include "brink/sweep/stream.h"

enum { A, B, DOR, LR, X0, Y0, RADIUS, ANGLE, S0, D0, INIT, SEED, SCALE, PARAMETER_COUNT };

// Rows of the table: any number from min to max, above min, and whole numbers.
#define REAL(named, means, in, low, high)                                                          \
    {                                                                                              \
        .name = (named), .meaning = (means), .unit = (in), .min = (low), .max = (high)             \
    }
#define REAL_ABOVE(named, means, in, low, high)                                                    \
    {                                                                                              \
        .name = (named), .meaning = (means), .unit = (in), .min = (low), .max = (high),            \
        .min_excluded = true                                                                       \
    }
#define STEADY(named, means, low, high)                                                            \
    {                                                                                              \
        .name = (named), .meaning = (means), .unit = "1", .min = (low), .max = (high),             \
        .min_excluded = true, .steady = true                                                       \
    }
#define WHOLE(named, means, low, high)                                                             \
    {                                                                                              \
        .name = (named), .meaning = (means), .unit = "1", .min = (low), .max = (high),             \
        .integer = true                                                                            \
    }
static const struct brink_parameter parameters[PARAMETER_COUNT] = {
    [A] = STEADY("a", "good regularity, dor = a", 0, 1),
    [B] = {.name = "b",
           .meaning = "bad regularity, odd, dor = 2 b",
           .unit = "1",
           .min = 1,
           .max = 1001,
           .integer = true,
           .steady = true},
    [DOR] = STEADY("dor", "degree of regularity", 0, 2002),
    [LR] = REAL_ABOVE("lr", "learning rate", "1", 0, 1e300),
    [X0] = REAL("x0", "x at the start", "1", -1e150, 1e150),
    [Y0] = REAL("y0", "y at the start", "1", -1e150, 1e150),
    [RADIUS] = REAL("radius", "distance of the start from the origin", "1", 0, 1e150),
    [ANGLE] = REAL("angle", "direction of the start", "degree", -1e6, 1e6),
    [S0] = REAL("s0", "product x y at the start", "1", -1e150, 1e150),
    [D0] = REAL("D0", "imbalance x^2 - y^2 at the start", "1", 0, 1e150),
    [INIT] = {.name = "init",
              .meaning = "number of the start in its list",
              .unit = "1",
              .min = -1e150,
              .max = 1e150,
              .pairs = true},
    [SEED] = WHOLE("seed", "seed of a Gaussian start", 0, 0x1p53),
    [SCALE] = REAL_ABOVE("scale", "standard deviation of a Gaussian start", "1", 0, 1e150),
};

#define BIT(parameter) (UINT32_C(1) << (parameter))
static const struct brink_parameter_group groups[] = {
    {"regularity", {BIT(DOR), BIT(A), BIT(B)}},
    {"learning rate", {BIT(LR)}},
    // The last but one is a start on the hyperbola x y = s0 with D0 = scale |Gaussian|.
    {"start",
     {BIT(X0) | BIT(Y0), BIT(RADIUS) | BIT(ANGLE), BIT(S0) | BIT(D0), BIT(INIT),
      BIT(S0) | BIT(SEED) | BIT(SCALE), BIT(SEED) | BIT(SCALE)}},
    {.name = NULL},
};

enum { UNIT_ONE, UNIT_NORM2, UNIT_SHARPNESS, UNIT_FLOW };
static const struct brink_lr_unit lr_units[] = {
    [UNIT_ONE] = {"one", "lr is h itself"},
    [UNIT_NORM2] = {"norm2", "1/(x0^2 + y0^2), with the start's own x0 and y0"},
    [UNIT_SHARPNESS] = {"sharpness", "2/sharpness at the start: lr = 1 starts at the edge"},
    [UNIT_FLOW] = {"flow", "h_GF = 2/(F''(1) sqrt(D0^2 + 4)), D0 = x0^2 - y0^2: lr = 1 is marginal "
                           "at the minimum that gradient flow reaches"},
    {.name = NULL},
};

#define TYPE_int8_t  BRINK_I8
#define TYPE_int32_t BRINK_I32
#define TYPE_double  BRINK_F64
static const struct brink_field fields[] = {
#define FIELD_ROW(type, name, basic, meaning)                                                      \
    {#name, TYPE_##type, offsetof(struct brink_cell, name), basic, "1", meaning, false, NULL},
    BRINK_CELL_FIELDS(FIELD_ROW)
#undef FIELD_ROW
};

static const struct brink_flag status_flags[] = {
#define FLAG_ROW(upper, lower, value, meaning) {value, #lower, meaning},
    BRINK_STATUSES(FLAG_ROW)
#undef FLAG_ROW
        {.name = NULL},
};

// What all cells share. `curves` has one member per value of the regularity axis, or one.
struct state {
    const struct brink_spec *spec; // borrowed
    int regularity;                // A, B or DOR
    int regularity_axis;           // or -1
    struct brink_curve *curves;    // owned
};

// Family and parameter of a value of A, B or DOR; false if it belongs to none.
static bool family(int regularity, double value, const struct brink_objective **objective,
                   double *parameter, double *below, double *above)
{
    if (regularity == DOR)
        return brink_objective_of_dor(value, objective, parameter, below, above);
    *objective = regularity == A ? &brink_regularity_a : &brink_regularity_b;
    *parameter = value;
    return (*objective)->valid(value, below, above);
}

static int regularity_of(const struct brink_spec *spec)
{
    return brink_spec_has(spec, DOR) ? DOR : brink_spec_has(spec, A) ? A : B;
}

// Number of values a parameter takes, and the i-th.
static int64_t value_count(const struct brink_spec *spec, int parameter)
{
    int axis = brink_spec_axis(spec, parameter);
    return axis < 0 ? 1 : spec->axes[axis].num;
}

static double value_at(const struct brink_spec *spec, int parameter, int64_t i)
{
    int axis = brink_spec_axis(spec, parameter);
    return axis < 0 ? spec->fixed_value[parameter] : spec->axes[axis].values[i];
}

static bool takes_zero(const struct brink_spec *spec, int parameter)
{
    for (int64_t i = 0; i < value_count(spec, parameter); i++)
        if (value_at(spec, parameter, i) == 0)
            return true;
    return false;
}

static brink_err check(const struct brink_spec *spec, int *parameter, double *value)
{
    int regularity = regularity_of(spec);
    for (int64_t i = 0; i < value_count(spec, regularity); i++) {
        const struct brink_objective *objective;
        double member, below, above;
        *parameter = regularity;
        *value = value_at(spec, regularity, i);
        if (family(regularity, *value, &objective, &member, &below, &above))
            continue;
        const char *rule =
            regularity == DOR ? "a degree is at most 1, or 2, 6, 10, 14, ... (2 b)" : "b is odd";
        if (below == above)
            return brink_fail(BRINK_ERR_USAGE, "%.17g is in no family: %s; nearest is %.17g",
                              *value, rule, below);
        return brink_fail(BRINK_ERR_USAGE, "%.17g is in no family: %s; nearest are %.17g and %.17g",
                          *value, rule, below, above);
    }
    if (brink_spec_has(spec, D0) && takes_zero(spec, S0) && takes_zero(spec, D0)) {
        *parameter = S0;
        *value = 0;
        return brink_fail(BRINK_ERR_USAGE,
                          "s0 = 0 with D0 = 0 is the origin, which is no direction to start in; "
                          "for the origin itself give x0: 0 and y0: 0");
    }
    return BRINK_OK;
}

static int32_t steps_max(const struct brink_spec *spec)
{
    return spec->rules.max_steps;
}

// To several tails: each cell that runs to its last step has one.
static void shorten(struct brink_spec *spec, int32_t steps)
{
    int64_t least = 4 * (int64_t)spec->rules.tail, wanted = steps > least ? steps : least;
    if (wanted < spec->rules.max_steps)
        spec->rules.max_steps = (int32_t)wanted;
}

static brink_err open_state(const struct brink_spec *spec, const struct brink_grid *grid,
                            void **out)
{
    (void)grid;
    struct state *state = NULL;
    brink_err error = brink_alloc(&state, 1, sizeof *state);
    if (error)
        return error;
    state->spec = spec;
    state->regularity = regularity_of(spec);
    state->regularity_axis = brink_spec_axis(spec, state->regularity);
    int64_t count = value_count(spec, state->regularity);
    error = brink_alloc(&state->curves, (size_t)count, sizeof state->curves[0]);
    if (error) {
        brink_free(&state);
        return error;
    }
    for (int64_t i = 0; i < count; i++) {
        const struct brink_objective *objective;
        double parameter, below, above;
        bool found = family(state->regularity, value_at(spec, state->regularity, i), &objective,
                            &parameter, &below, &above);
        assert(found); // check() has seen them all
        (void)found;
        objective->prepare(&state->curves[i], parameter);
    }
    *out = state;
    return BRINK_OK;
}

static void close_state(void **state_pointer)
{
    struct state *state = *state_pointer;
    if (state)
        brink_free(&state->curves);
    brink_free(&state);
    *state_pointer = NULL;
}

// The start with s = x y and D = x^2 - y^2 >= 0 on the branch x > 0: N = hypot(D, 2 s),
// x = sqrt((N + D)/2).
static void start_of_product(double s, double d, double *x, double *y)
{
    *x = sqrt((brink_hypot(d, 2 * s) + d) / 2);
    *y = d == 0 ? copysign(*x, s) : s / *x;
}

static void start_of(const struct brink_spec *spec, const int64_t coordinate[], double *x,
                     double *y)
{
    if (brink_spec_has(spec, X0)) {
        *x = brink_spec_value(spec, X0, coordinate);
        *y = brink_spec_value(spec, Y0, coordinate);
    } else if (brink_spec_has(spec, RADIUS)) {
        double radius = brink_spec_value(spec, RADIUS, coordinate), sine, cosine;
        brink_sincos_degrees(brink_spec_value(spec, ANGLE, coordinate), &sine, &cosine);
        *x = radius * cosine;
        *y = radius * sine;
    } else if (brink_spec_has(spec, INIT)) {
        int axis = brink_spec_axis(spec, INIT);
        const double *pair = axis < 0 ? spec->fixed_pair : spec->axes[axis].pairs[coordinate[axis]];
        *x = pair[0];
        *y = pair[1];
    } else if (brink_spec_has(spec, SEED)) {
        struct brink_random_key key = {
            spec->seed, (uint64_t)brink_spec_value(spec, SEED, coordinate), BRINK_PURPOSE_START};
        double scale = brink_spec_value(spec, SCALE, coordinate);
        *x = scale * brink_random_gaussian(&key, 0);
        *y = scale * brink_random_gaussian(&key, 1);
        if (brink_spec_has(spec, S0))
            start_of_product(brink_spec_value(spec, S0, coordinate), fabs(*x), x, y);
    } else {
        start_of_product(brink_spec_value(spec, S0, coordinate),
                         brink_spec_value(spec, D0, coordinate), x, y);
    }
}

// The rate that one unit of `lr` means at this start; not positive and finite where undefined.
static double rate_unit(int unit, const struct brink_curve *curve, double x, double y)
{
    switch (unit) {
    case UNIT_NORM2:
        return 1 / brink_fma(x, x, y * y);
    case UNIT_SHARPNESS:
        return 2 / brink_sharpness(curve, x, y);
    case UNIT_FLOW:
        return brink_flow_rate(curve, x, y);
    default:
        return 1;
    }
}

// What the cells of a row of rates share.
struct row {
    const struct brink_curve *curve;
    double x, y;
    double unit; // NaN where it is undefined
};

static struct row row_at(const struct state *state, const int64_t coordinate[])
{
    int axis = state->regularity_axis;
    struct row row = {.curve = &state->curves[axis < 0 ? 0 : coordinate[axis]]};
    start_of(state->spec, coordinate, &row.x, &row.y);
    row.unit = rate_unit(state->spec->lr_unit, row.curve, row.x, row.y);
    if (!(row.unit > 0 && isfinite(row.unit)))
        row.unit = brink_from_bits(BRINK_NAN_BITS);
    return row;
}

static struct brink_point point_of(const struct state *state, const struct row *row,
                                   const int64_t coordinate[])
{
    double lr = brink_spec_value(state->spec, LR, coordinate);
    return (struct brink_point){row->curve, lr * row->unit, row->x, row->y};
}

static struct brink_point point_at(const struct state *state, const int64_t coordinate[])
{
    struct row row = row_at(state, coordinate);
    return point_of(state, &row, coordinate);
}

static int64_t undefined_cells(const void *state_pointer)
{
    const struct state *state = state_pointer;
    const struct brink_grid *grid = &state->spec->grid;
    int lr_axis = brink_spec_axis(state->spec, LR);
    int64_t coordinate[BRINK_RANK_MAX] = {0}, undefined = 0;
    // Odometer over all axes but lr, on which the unit does not depend.
    for (int i = 0; i >= 0;) {
        undefined += isnan(point_at(state, coordinate).h);
        for (i = grid->rank - 1; i >= 0; i--) {
            if (i != lr_axis && ++coordinate[i] < grid->size[i])
                break;
            coordinate[i] = 0;
        }
    }
    return lr_axis < 0 ? undefined : undefined * grid->size[lr_axis];
}

// Cells on their way from the stream to an engine: one errand after the other. The start and the
// unit of the rate are kept from cell to cell, since along a row only the rate itself changes.
struct source {
    const struct state *state;
    struct brink_stream *stream;
    struct brink_errand errand;
    int64_t next; // cell of the errand
    int64_t coordinate[BRINK_RANK_MAX];
    struct row row;
};

enum { ERRAND_CELLS = 64 };

// The coordinates of the next cell in *source; true if nothing but the rate is new.
static bool advance(struct source *source)
{
    const struct brink_spec *spec = source->state->spec;
    const struct brink_tile *tile = source->errand.tile;
    int last = spec->grid.rank - 1;
    // Row-major: inside a row only the last coordinate moves.
    if (source->next > 0 && source->coordinate[last] + 1 < tile->start[last] + tile->count[last]) {
        source->coordinate[last]++;
        return spec->axes[last].parameter == LR;
    }
    int64_t before[BRINK_RANK_MAX];
    memcpy(before, source->coordinate, sizeof before);
    brink_tile_cell(&spec->grid, tile, source->errand.first + source->next, source->coordinate);
    bool same = source->next > 0;
    for (int axis = 0; axis <= last; axis++)
        same &= source->coordinate[axis] == before[axis] || spec->axes[axis].parameter == LR;
    return same;
}

static int take(void *context, struct brink_point *point, void **ticket)
{
    struct source *source = context;
    if (source->next == source->errand.count) {
        enum brink_supply supply = brink_stream_take(source->stream, ERRAND_CELLS, &source->errand);
        source->next = 0;
        if (supply != BRINK_SUPPLY_CELLS) {
            source->errand.count = 0;
            return supply == BRINK_SUPPLY_OVER ? -1 : 0;
        }
    }
    if (!advance(source))
        source->row = row_at(source->state, source->coordinate);
    *point = point_of(source->state, &source->row, source->coordinate);
    *ticket = (struct brink_cell *)source->errand.records + source->next++;
    return 1;
}

static void give(void *context, void *ticket, const struct brink_cell *cell)
{
    struct source *source = context;
    *(struct brink_cell *)ticket = *cell;
    brink_stream_give(source->stream, ticket);
}

// Is a field recorded that needs every step watched? The exponent is of the tail alone.
static bool records_all(const struct brink_spec *spec)
{
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        if (!fields[i].basic && fields[i].offset != offsetof(struct brink_cell, lyapunov) &&
            (spec->record >> i & 1))
            return true;
    return false;
}

static bool run(const void *state_pointer, struct brink_stream *stream, struct brink_pulse *pulse)
{
    const struct state *state = state_pointer;
    struct source source = {.state = state, .stream = stream};
    const struct brink_cell_source cells = {.take = take, .give = give, .context = &source};
    return brink_lanes_run(&state->spec->rules, records_all(state->spec), &cells, pulse, NULL);
}

static void one_cell(const void *state_pointer, const int64_t coordinate[], void *record)
{
    const struct state *state = state_pointer;
    struct brink_point point = point_at(state, coordinate);
    bool complete = brink_trajectory_run(&point, &state->spec->rules, NULL, record);
    assert(complete); // nobody can abandon it
    (void)complete;
}

static const char *const trace_columns[] = {"step",      "x",    "y",        "loss",
                                            "sharpness", "edge", "imbalance"};

static brink_err trace(const void *state_pointer, const int64_t coordinate[], int64_t first,
                       brink_err (*row)(void *context, const double values[]), void *context,
                       void *record)
{
    const struct state *state = state_pointer;
    const struct brink_cell *cell = record;
    struct brink_point point = point_at(state, coordinate);
    double x = point.x, y = point.y;
    for (int32_t n = 0;; n++) {
        if (n < first && n < cell->steps) {
            brink_gd_step(point.curve, point.h, &x, &y);
            continue;
        }
        double sharpness = brink_sharpness(point.curve, x, y);
        double values[] = {n,
                           x,
                           y,
                           point.curve->objective->excess(point.curve, x, y),
                           sharpness,
                           point.h * sharpness / 2,
                           (x - y) * (x + y)};
        brink_err error = row(context, values);
        if (error || n == cell->steps) {
            assert(error || (brink_bits(brink_canonical(x)) == brink_bits(cell->x_end) &&
                             brink_bits(brink_canonical(y)) == brink_bits(cell->y_end)));
            return error;
        }
        brink_gd_step(point.curve, point.h, &x, &y);
    }
}

const struct brink_model brink_model_regularity = {
    .name = "regularity",
    .references =
        "Wang, Xu, Zhao, Tao: Good regularity creates large learning rate implicit biases: "
        "edge of stability, balancing, and catapult. JMLR 26(273), 2025, arXiv:2310.17087",
    .parameters = parameters,
    .parameter_count = PARAMETER_COUNT,
    .groups = groups,
    .lr_units = lr_units,
    .record_size = sizeof(struct brink_cell),
    .fields = fields,
    .field_count = sizeof fields / sizeof fields[0],
    .status_flags = status_flags,
    .steps_max = steps_max,
    .row_cells = 8,
    .shorten = shorten,
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
