// SPDX-License-Identifier: MIT
// The kernel for the browser: one cell of the model `regularity` at a time, with the stored bits.
//
// The page names parameters and values as a specification does; the model itself makes start and
// rate of them, and brink_trajectory_run the cell. All state is static: each worker has its own
// instance. imports.txt names what the model's sweep needs and a replay never calls.
#include <assert.h>
#include <math.h>
#include <string.h>

#include "brink/base/build.h"
#include "brink/base/elementary.h"
#include "brink/base/memory.h"
#include "brink/dynamics/trajectory.h"
#include "brink/sweep/spec.h"

// A function the page may call: its prototype, which has no header to stand in, and its head.
#define EXPORT(type, name, ...)                                                                    \
    __attribute__((export_name(#name))) type name(__VA_ARGS__);                                    \
    type name(__VA_ARGS__)

// ---- in place of the C library and of base/memory.c and base/error.c

void *memcpy(void *restrict to, const void *restrict from, size_t count)
{
    char *out = to;
    const char *in = from;
    for (size_t i = 0; i < count; i++)
        out[i] = in[i];
    return to;
}

void *memset(void *to, int byte, size_t count)
{
    char *out = to;
    for (size_t i = 0; i < count; i++)
        out[i] = (char)byte;
    return to;
}

int strcmp(const char *a, const char *b)
{
    while (*a && *a == *b) {
        a++;
        b++;
    }
    return *a - *b;
}

brink_err brink_fail(brink_err code, const char *format, ...)
{
    (void)format; // nothing here can print
    return code;
}

// The model allocates its state and one curve, and frees both before it allocates again.
static _Alignas(64) char heap[8192];
static size_t heap_used;

brink_err brink_alloc(void *block, size_t count, size_t size)
{
    size_t bytes = (count * size + 63) / 64 * 64;
    void *memory = heap + heap_used;
    if (bytes > sizeof heap - heap_used)
        return BRINK_ERR_MEMORY;
    heap_used += bytes;
    memset(memory, 0, bytes);
    memcpy(block, &memory, sizeof memory);
    return BRINK_OK;
}

void brink_free(void *block)
{
    heap_used = 0;
    memset(block, 0, sizeof(void *));
}

// ---- the tables of the model, for the page to find names in

EXPORT(int, kernel_version, void)
{
    return BRINK_KERNEL_VERSION;
}

EXPORT(int, parameter_count, void)
{
    return brink_model_regularity.parameter_count;
}

EXPORT(const char *, parameter_name, int i)
{
    return brink_model_regularity.parameters[i].name;
}

EXPORT(int, field_count, void)
{
    return brink_model_regularity.field_count;
}

EXPORT(const char *, field_name, int i)
{
    return brink_model_regularity.fields[i].name;
}

EXPORT(int, field_type, int i)
{
    return (int)brink_model_regularity.fields[i].type;
}

EXPORT(int, field_offset, int i)
{
    return (int)brink_model_regularity.fields[i].offset;
}

EXPORT(const char *, unit_name, int i)
{
    return brink_model_regularity.lr_units[i].name; // NULL after the last
}

// ---- one cell

static struct brink_spec spec;
static void *state; // of the model, open while the regularity stays
static struct brink_rules rules;
static struct brink_curve curve;
static struct brink_point point;
static struct brink_cell cell;

EXPORT(void, begin, int lr_unit, int32_t max_steps, int32_t tail, double grad_tol, double escape,
       uint32_t seed_high, uint32_t seed_low)
{
    memset(&spec, 0, sizeof spec);
    spec.model = &brink_model_regularity;
    spec.lr_unit = lr_unit;
    spec.seed = (uint64_t)seed_high << 32 | seed_low;
    rules = (struct brink_rules){max_steps, tail, grad_tol, escape};
    // Without a step the model only says where a cell starts, and at what rate.
    spec.rules = (struct brink_rules){0, tail, grad_tol, escape};
    brink_model_regularity.close(&state);
}

EXPORT(void, fix, int parameter, double value)
{
    static const char *const regularity[] = {"dor", "a", "b"};
    for (int i = 0; i < 3; i++)
        if (strcmp(parameter_name(parameter), regularity[i]) == 0)
            brink_model_regularity.close(&state);
    spec.fixed[parameter] = true;
    spec.fixed_value[parameter] = value;
}

EXPORT(void, fix_pair, int parameter, double x, double y)
{
    spec.fixed[parameter] = true;
    spec.fixed_pair[0] = x;
    spec.fixed_pair[1] = y;
}

// The curve of the regularity that is fixed. False if it is of no family.
static bool find_curve(void)
{
    for (int i = 0; i < parameter_count(); i++) {
        const char *name = parameter_name(i);
        const struct brink_objective *objective = brink_objective_find(name);
        double member = spec.fixed_value[i], below, above;
        if (!spec.fixed[i] || (!objective && strcmp(name, "dor") != 0))
            continue;
        bool valid = objective
                         ? objective->valid(member, &below, &above)
                         : brink_objective_of_dor(member, &objective, &member, &below, &above);
        if (valid)
            objective->prepare(&curve, member);
        return valid;
    }
    return false;
}

// Start and rate of the cell that the fixed parameters name: the model's own, of no step at all.
// False if they are of no family.
EXPORT(bool, place, void)
{
    static const int64_t nowhere[BRINK_RANK_MAX];
    if (!state && (!find_curve() || brink_model_regularity.open(&spec, NULL, &state) != BRINK_OK))
        return false;
    brink_model_regularity.cell(state, nowhere, &cell);
    point = (struct brink_point){&curve, cell.lr_actual, cell.x_end, cell.y_end};
    return true;
}

static int64_t beats_left;

static void count_beat(void *pulse)
{
    if (--beats_left < 0)
        ((struct brink_pulse *)pulse)->abandon = true;
}

// Runs the placed cell. NULL if it takes more than about `budget` steps, Lyapunov tail and all;
// else its record.
EXPORT(const struct brink_cell *, run, double budget)
{
    struct brink_pulse pulse = {.beat = count_beat};
    pulse.context = &pulse;
    beats_left = (int64_t)(budget / BRINK_PULSE_STEPS) + 1;
    return brink_trajectory_run(&point, &rules, &pulse, &cell) ? &cell : NULL;
}

// ---- the way there

enum { ROW = 7 }; // step, x, y, excess loss, sharpness, s = x y, F''(1)
static double row[ROW];
static int32_t at;

static const double *show(void)
{
    row[0] = at;
    row[1] = point.x;
    row[2] = point.y;
    row[3] = curve.objective->excess(&curve, point.x, point.y);
    row[4] = brink_sharpness(&curve, point.x, point.y);
    row[5] = point.x * point.y;
    row[6] = curve.curvature_minimum;
    return row;
}

// The start of the placed cell, and the state `steps` steps later; the latter moves the cell.
EXPORT(const double *, first, void)
{
    at = 0;
    return show();
}

EXPORT(const double *, later, int32_t steps)
{
    for (int32_t i = 0; i < steps; i++)
        brink_gd_step(&curve, point.h, &point.x, &point.y);
    at += steps;
    return show();
}

EXPORT(double, rate, void)
{
    return point.h;
}

// The excess loss on a grid of s = x y, for contours.
EXPORT(double, loss_at, double x, double y)
{
    return curve.objective->excess(&curve, x, y);
}
