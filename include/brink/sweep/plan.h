// SPDX-License-Identifier: MIT
// A sweep ready to compute: the spec with the model's state, and results as columns.
#ifndef BRINK_SWEEP_PLAN_H
#define BRINK_SWEEP_PLAN_H

#include "brink/sweep/spec.h"

struct brink_plan {
    const struct brink_spec *spec; // borrowed
    void *state;                   // the model's, owned
};

brink_err brink_plan_open(struct brink_plan *plan, const struct brink_spec *spec) BRINK_CHECKED;
void brink_plan_close(struct brink_plan *plan);

// Checkpoints of long cells beside `result` (borrowed), if the model has any; those of a tile that
// is stored go.
void brink_plan_keep_at(struct brink_plan *plan, const char *result);
void brink_plan_forget(const struct brink_plan *plan, const struct brink_tile *tile);

#define BRINK_FIELD_MAX  64
#define BRINK_STATUS_MAX 16

// The results of one tile: a column for each recorded field in the order of the model's table
// (`status` is the first), cells row-major inside the clipped tile, packed as they are stored. A
// plain buffer that is reused from tile to tile.
struct brink_columns {
    int count;                                        // recorded fields
    const struct brink_field *field[BRINK_FIELD_MAX]; // borrowed
    void *column[BRINK_FIELD_MAX];                    // into `data`, room for a full tile each
    int64_t status_count[BRINK_STATUS_MAX];           // cells by status, of the last tile
    int64_t steps; // sum of `steps` over the last tile, 0 if it is not recorded
    void *data;    // owned
};

brink_err brink_columns_open(struct brink_columns *columns,
                             const struct brink_spec *spec) BRINK_CHECKED;
void brink_columns_close(struct brink_columns *columns);

// Turns `cells` records of the model into columns, and counts them.
void brink_columns_gather(struct brink_columns *columns, const struct brink_spec *spec,
                          const void *records, int64_t cells);

// Counts statuses and steps of the first `cells` cells anew, for columns read from a file.
void brink_columns_count(struct brink_columns *columns, int64_t cells);

#endif
