// SPDX-License-Identifier: MIT
// A sweep ready to compute, and the columns its records are turned into.
#include "brink/sweep/plan.h"

#include <assert.h>
#include <string.h>

#include "brink/base/memory.h"

brink_err brink_plan_open(struct brink_plan *plan, const struct brink_spec *spec)
{
    *plan = (struct brink_plan){.spec = spec};
    return spec->model->open(spec, &spec->grid, &plan->state);
}

void brink_plan_close(struct brink_plan *plan)
{
    if (plan->state)
        plan->spec->model->close(&plan->state);
}

void brink_plan_keep_at(struct brink_plan *plan, const char *result)
{
    if (plan->spec->model->keep_at)
        plan->spec->model->keep_at(plan->state, result);
}

void brink_plan_forget(const struct brink_plan *plan, const struct brink_tile *tile)
{
    if (plan->spec->model->forget)
        plan->spec->model->forget(plan->state, tile);
}

static size_t tile_cells_max(const struct brink_grid *grid)
{
    size_t cells = 1;
    for (int i = 0; i < grid->rank; i++)
        cells *= (size_t)grid->tile[i];
    return cells;
}

brink_err brink_columns_open(struct brink_columns *columns, const struct brink_spec *spec)
{
    const struct brink_model *model = spec->model;
    size_t cells = tile_cells_max(&spec->grid), bytes = 0, start[BRINK_FIELD_MAX] = {0};
    *columns = (struct brink_columns){0};
    assert(model->field_count <= BRINK_FIELD_MAX);
    for (int i = 0; i < model->field_count; i++)
        if (spec->record >> i & 1) {
            columns->field[columns->count] = &model->fields[i];
            start[columns->count++] = bytes;
            bytes += (cells * brink_field_bytes(spec, &model->fields[i]) + 63) / 64 * 64;
        }
    brink_err error = brink_alloc(&columns->data, bytes, 1);
    if (error)
        return error;
    for (int i = 0; i < columns->count; i++)
        columns->column[i] = (char *)columns->data + start[i];
    return BRINK_OK;
}

void brink_columns_close(struct brink_columns *columns)
{
    brink_free(&columns->data);
    columns->count = 0;
}

// Copies member `field` of each record into a column.
static void gather(const struct brink_spec *spec, const struct brink_field *field,
                   const char *records, int64_t cells, void *column)
{
    size_t size = brink_field_bytes(spec, field), record_size = brink_record_bytes(spec);
    const char *from = records + brink_field_offset(spec, field);
    char *to = column;
    for (int64_t i = 0; i < cells; i++, from += record_size, to += size)
        memcpy(to, from, size);
}

void brink_columns_gather(struct brink_columns *columns, const struct brink_spec *spec,
                          const void *records, int64_t cells)
{
    for (int i = 0; i < columns->count; i++)
        gather(spec, columns->field[i], records, cells, columns->column[i]);
    brink_columns_count(columns, cells);
}

void brink_columns_count(struct brink_columns *columns, int64_t cells)
{
    const int8_t *status = columns->column[0];
    memset(columns->status_count, 0, sizeof columns->status_count);
    for (int64_t i = 0; i < cells; i++)
        if (status[i] >= 0 && status[i] < BRINK_STATUS_MAX)
            columns->status_count[status[i]]++;
    columns->steps = 0;
    for (int k = 1; k < columns->count; k++)
        if (strcmp(columns->field[k]->name, "steps") == 0)
            for (int64_t i = 0; i < cells; i++)
                columns->steps += ((const int32_t *)columns->column[k])[i];
}
