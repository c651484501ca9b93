// SPDX-License-Identifier: MIT
// Two results, cell by cell: a tile of one at a time, whatever the tiles of the other.
#include "compare.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "brink/base/memory.h"
#include "brink/base/text.h"
#include "command.h"

// ---- opening

// A job that was allowed to go on with another kernel version has left it in its row of /runs.
static brink_err find_kernels(struct brink_side *side)
{
    int32_t count = 0;
    side->kernel_least = side->kernel_most = side->origin.kernel_version;
    brink_err error = brink_store_run_count(side->store, &count);
    for (int32_t row = 0; !error && row < count; row++) {
        struct brink_run run;
        error = brink_store_run_read(side->store, row, &run);
        if (!error && run.kernel_version < side->kernel_least)
            side->kernel_least = run.kernel_version;
        if (!error && run.kernel_version > side->kernel_most)
            side->kernel_most = run.kernel_version;
    }
    return error;
}

static brink_err open_side(struct brink_side *side, const char *path)
{
    side->path = path;
    brink_err error = brink_command_result_spec(path, &side->spec);
    if (!error)
        error = brink_store_origin(path, &side->origin);
    if (!error)
        error = brink_store_open_read(path, side->spec, &side->store);
    if (!error)
        error = find_kernels(side);
    if (!error)
        error = brink_alloc(&side->states, (size_t)side->spec->grid.tile_count, 1);
    if (!error)
        error = brink_store_states(side->store, side->states);
    for (int64_t i = 0; !error && i < side->spec->grid.tile_count; i++)
        side->done += side->states[i] == 1;
    return error;
}

static void close_side(struct brink_side *side)
{
    brink_err late = brink_store_close(&side->store);
    (void)late; // of a file that was only read
    brink_columns_close(&side->columns);
    brink_free(&side->states);
    brink_origin_free(&side->origin);
    brink_spec_free(&side->spec);
}

brink_err brink_comparison_open(struct brink_comparison *comparison, const char *path_a,
                                const char *path_b)
{
    brink_err error = open_side(&comparison->a, path_a);
    return error ? error : open_side(&comparison->b, path_b);
}

void brink_comparison_close(struct brink_comparison *comparison)
{
    for (int i = 0; i < comparison->field_count; i++)
        brink_free(&comparison->fields[i].first);
    close_side(&comparison->a);
    close_side(&comparison->b);
}

// ---- equality

static bool near(const struct brink_comparison *comparison, double a, double b)
{
    double size = fabs(a) > fabs(b) ? fabs(a) : fabs(b);
    if (brink_bits(a) == brink_bits(b))
        return true;
    if (comparison->relative == 0 && comparison->absolute == 0)
        return false; // to the bit: 0 is not -0
    return isfinite(size) && !isnan(a) && !isnan(b) &&
           fabs(a - b) <= comparison->absolute + comparison->relative * size;
}

static const char *axis_name(const struct brink_spec *spec, int axis)
{
    return spec->model->parameters[spec->axes[axis].parameter].name;
}

static void describe_grid(const struct brink_side *side, struct brink_text *text)
{
    brink_text_add(text, "%s is ", side->path);
    for (int i = 0; i < side->spec->axis_count; i++)
        brink_text_add(text, "%s%s[%" PRId64 "]", i ? " x " : "", axis_name(side->spec, i),
                       side->spec->axes[i].num);
}

bool brink_comparison_grids(const struct brink_comparison *comparison, struct brink_text *reason)
{
    const struct brink_spec *a = comparison->a.spec, *b = comparison->b.spec;
    bool same = a->model == b->model && a->axis_count == b->axis_count;
    for (int i = 0; same && i < a->axis_count; i++)
        same = a->axes[i].parameter == b->axes[i].parameter && a->axes[i].num == b->axes[i].num &&
               !a->axes[i].pairs == !b->axes[i].pairs;
    if (!same) {
        describe_grid(&comparison->a, reason);
        brink_text_add(reason, ", ");
        describe_grid(&comparison->b, reason);
    }
    for (int i = 0; same && i < a->axis_count; i++)
        for (int64_t k = 0; same && k < a->axes[i].num; k++) {
            const struct brink_axis *left = &a->axes[i], *right = &b->axes[i];
            same = near(comparison, left->values[k], right->values[k]);
            for (int j = 0; left->pairs && j < 2; j++)
                same &= near(comparison, left->pairs[k][j], right->pairs[k][j]);
            if (!same)
                brink_text_add(reason, "%s#%" PRId64 " is not at the same place", axis_name(a, i),
                               k);
        }
    return same;
}

// ---- fields

static int column_of(const struct brink_columns *columns, const char *name)
{
    for (int i = 0; i < columns->count; i++)
        if (strcmp(columns->field[i]->name, name) == 0)
            return i;
    return -1;
}

static bool wanted(const char *name, const char *const names[], int count)
{
    for (int i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return count == 0;
}

static brink_err add_field(struct brink_comparison *comparison, const struct brink_field *field)
{
    struct brink_compared *compared = &comparison->fields[comparison->field_count++];
    int64_t curve_points = comparison->a.spec->curve_points;
    if (field->curve && comparison->b.spec->curve_points != curve_points)
        return brink_fail(
            BRINK_ERR_USAGE, "%s: the curves have %lld and %lld points: choose other fields",
            field->name, (long long)curve_points, (long long)comparison->b.spec->curve_points);
    *compared = (struct brink_compared){.name = field->name,
                                        .type = field->type,
                                        .points = field->curve ? curve_points : 1,
                                        .column_a = column_of(&comparison->a.columns, field->name),
                                        .column_b = column_of(&comparison->b.columns, field->name)};
    return brink_alloc(&compared->first, (size_t)comparison->first_max, sizeof compared->first[0]);
}

brink_err brink_comparison_fields(struct brink_comparison *comparison, const char *const names[],
                                  int count)
{
    struct brink_columns *a = &comparison->a.columns, *b = &comparison->b.columns;
    // Both hold a tile of A.
    struct brink_spec view = *comparison->b.spec;
    view.grid = comparison->a.spec->grid;
    brink_err error = brink_columns_open(a, comparison->a.spec);
    if (!error)
        error = brink_columns_open(b, &view);
    for (int i = 0; !error && i < count; i++)
        if (column_of(a, names[i]) < 0 && column_of(b, names[i]) < 0)
            error = brink_fail(BRINK_ERR_USAGE, "--field: neither file has a field '%s'", names[i]);
    for (int i = 0; !error && i < a->count; i++)
        if (wanted(a->field[i]->name, names, count))
            error = add_field(comparison, a->field[i]);
    for (int i = 0; !error && i < b->count; i++)
        if (column_of(a, b->field[i]->name) < 0 && wanted(b->field[i]->name, names, count))
            error = add_field(comparison, b->field[i]);
    return error;
}

// ---- cells

static double value_of(enum brink_type type, const void *column, int64_t i)
{
    switch (type) {
    case BRINK_I8:
        return ((const int8_t *)column)[i];
    case BRINK_I32:
        return ((const int32_t *)column)[i];
    case BRINK_F64:
        break;
    }
    return ((const double *)column)[i];
}

static void compare_column(struct brink_comparison *comparison, struct brink_compared *field,
                           const struct brink_tile *tile)
{
    const void *a = comparison->a.columns.column[field->column_a];
    const void *b = comparison->b.columns.column[field->column_b];
    const int8_t *status_a = comparison->a.columns.column[0];
    const int8_t *status_b = comparison->b.columns.column[0];
    size_t values = (size_t)(tile->cells * field->points);
    int64_t last = -1; // cell that was seen to differ
    if (memcmp(a, b, values * brink_type_size(field->type)) == 0)
        return;
    for (int64_t k = 0; k < (int64_t)values; k++) {
        int64_t i = k / field->points;
        double left = value_of(field->type, a, k), right = value_of(field->type, b, k);
        bool both = status_a[i] != 0 && status_b[i] != 0;
        // A verdict is a name, not a number.
        bool equal = field->type == BRINK_I8 ? left == right : near(comparison, left, right);
        if (!both || equal || i == last)
            continue;
        last = i;
        double apart = fabs(left - right);
        if (apart > field->apart_max)
            field->apart_max = apart;
        if (field->count++ >= comparison->first_max)
            continue;
        struct brink_unlike *unlike = &field->first[field->first_count++];
        *unlike = (struct brink_unlike){.a = left, .b = right};
        brink_tile_cell(&comparison->a.spec->grid, tile, i, unlike->coordinate);
    }
}

static bool same_tiles(const struct brink_grid *a, const struct brink_grid *b)
{
    return memcmp(a->tile, b->tile, sizeof a->tile) == 0;
}

// Counts the damaged tiles of a file that is read in tiles of another shape.
static brink_err check_tiles(struct brink_side *side, void (*beat)(void *context))
{
    const struct brink_grid *grid = &side->spec->grid;
    struct brink_columns columns = {0};
    brink_err error = brink_columns_open(&columns, side->spec);
    for (int64_t number = 0; !error && number < grid->tile_count; number++) {
        struct brink_tile tile = brink_grid_tile(grid, number);
        bool intact = true;
        if (side->states[number] == 1)
            error = brink_store_get(side->store, &tile, &columns, &intact);
        side->damaged += !intact;
        beat(NULL);
    }
    brink_columns_close(&columns);
    return error;
}

// Reads the cells of a tile of A; those of tiles not done become pending.
static brink_err read_side(struct brink_side *side, const struct brink_grid *grid,
                           const struct brink_tile *tile)
{
    const struct brink_grid *own = &side->spec->grid;
    bool same = same_tiles(own, grid), intact = true;
    struct brink_tile block = *tile;
    int8_t *status = side->columns.column[0];
    if (!same)
        block.number = 0; // a block of it, which has no checksum: see check_tiles()
    brink_err error = brink_store_get(side->store, &block, &side->columns, &intact);
    if (error)
        return error;
    if (same)
        side->damaged += side->states[tile->number] == 1 && !intact;
    for (int64_t i = 0; side->done < own->tile_count && i < tile->cells; i++) {
        int64_t coordinate[BRINK_RANK_MAX], inside;
        brink_tile_cell(grid, tile, i, coordinate);
        if (side->states[brink_grid_find(own, coordinate, &inside).number] != 1)
            status[i] = 0;
    }
    return BRINK_OK;
}

brink_err brink_comparison_run(struct brink_comparison *comparison, void (*beat)(void *context))
{
    const struct brink_grid *grid = &comparison->a.spec->grid;
    const int8_t *status_a = comparison->a.columns.column[0];
    const int8_t *status_b = comparison->b.columns.column[0];
    brink_err error = BRINK_OK;
    if (!same_tiles(grid, &comparison->b.spec->grid))
        error = check_tiles(&comparison->b, beat);
    for (int64_t number = 0; !error && number < grid->tile_count; number++) {
        struct brink_tile tile = brink_grid_tile(grid, number);
        error = read_side(&comparison->a, grid, &tile);
        if (!error)
            error = read_side(&comparison->b, grid, &tile);
        if (error)
            return error;
        for (int64_t i = 0; i < tile.cells; i++) {
            comparison->cells += status_a[i] && status_b[i];
            comparison->only_a += status_a[i] && !status_b[i];
            comparison->only_b += !status_a[i] && status_b[i];
        }
        for (int i = 0; i < comparison->field_count; i++)
            if (comparison->fields[i].column_a >= 0 && comparison->fields[i].column_b >= 0)
                compare_column(comparison, &comparison->fields[i], &tile);
        beat(NULL);
    }
    return error;
}
