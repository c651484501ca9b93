// SPDX-License-Identifier: MIT
// A model: what a sweep computes. The seam is a tile of cells in, a tile of results out.
#ifndef BRINK_SWEEP_MODEL_H
#define BRINK_SWEEP_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "brink/base/error.h"
#include "brink/base/text.h"
#include "brink/dynamics/pulse.h"
#include "brink/sweep/grid.h"

struct brink_spec;
struct brink_stream;

enum brink_type { BRINK_I8, BRINK_I32, BRINK_F64 };
size_t brink_type_size(enum brink_type type);

// A stored field: a root array over the grid, and a member of the model's record.
struct brink_field {
    const char *name;
    enum brink_type type;
    size_t offset; // in the record
    bool basic;    // part of `record: basic`
    const char *unit;
    const char *meaning;
    // A curve: over the grid and the spec's curve steps, in the group its name begins with. Those
    // stored follow the model's record, in the order of this table; the offset is the model's own.
    bool curve;
    const char *key; // that says whether it is stored, where that is not `record`; else NULL
};

// A value of an integer field with a name (`status`); ends with name NULL.
struct brink_flag {
    int8_t value;
    const char *name;
    const char *meaning;
};

// A parameter that may be an axis or fixed.
struct brink_parameter {
    const char *name;
    const char *meaning;
    const char *unit;
    double min, max;          // allowed values ...
    bool min_excluded;        // ... open below
    bool integer;             // only whole numbers
    bool steady;              // cells that share its value share their arithmetic: long rows of it
    bool pairs;               // a list of (x0, y0) starts; its coordinate is an index (`init`)
    const char *const *names; // words for the values 0, 1, ...; ends with NULL; NULL: numbers
    const char *fallback;     // the value where it is neither an axis nor fixed; NULL: none
};

// What a learning rate may be measured in.
struct brink_lr_unit {
    const char *name;
    const char *meaning;
};

#define BRINK_CHOICE_MAX 8

// Of each group exactly one choice is given, whole: "regularity" is a, b or dor. Bit i of a choice
// is parameter i of the model.
struct brink_parameter_group {
    const char *name;
    uint32_t choice[BRINK_CHOICE_MAX]; // ends with 0
};

struct brink_model {
    const char *name;       // "regularity"
    const char *references; // where it comes from, for the file
    const struct brink_parameter *parameters;
    int parameter_count;
    const struct brink_parameter_group *groups; // ends with name NULL
    const struct brink_lr_unit *lr_units;       // ends with name NULL; the first is the default
    size_t record_size;
    const struct brink_field *fields; // the first is `status`
    int field_count;
    const struct brink_flag *status_flags;
    // Fills in what follows from all keys together (fallbacks, curves); NULL: nothing does.
    void (*complete)(struct brink_spec *spec);
    // Cells of a tile if the specification leaves it open; NULL: thousands, since cells are cheap.
    int64_t (*tile_cells)(const struct brink_spec *spec);
    // Cells that follow each other in a row and are computed together: the lanes of a vector, or 1.
    int64_t row_cells;
    // Steps of a cell at most.
    int32_t (*steps_max)(const struct brink_spec *spec);
    // Lowers that to `steps`, or to the least beyond it after which more steps cost as much each.
    void (*shorten)(struct brink_spec *spec, int32_t steps);
    // Checks values that no table can (dor between the families, a start at the origin): on
    // failure *parameter is the offender's index and *value the offending value; the note says
    // what is wrong and what would be right.
    brink_err (*check)(const struct brink_spec *spec, int *parameter, double *value);
    // Prepares what all cells share. *state is owned; release with close.
    brink_err (*open)(const struct brink_spec *spec, const struct brink_grid *grid, void **state);
    void (*close)(void **state);
    // Cells whose learning-rate unit does not exist.
    int64_t (*undefined_cells)(const void *state);
    // Takes cells from the stream and gives them back computed, until it is over or `pulse` is
    // abandoned (false). Called by every OpenMP thread. A record is a function of (spec, cell).
    bool (*run)(const void *state, struct brink_stream *stream, struct brink_pulse *pulse);
    // Adds lines "KEY  WORDS" on what computes the cells, for `brink check`; NULL: none.
    void (*describe)(const void *state, struct brink_text *text);
    // Long cells may leave checkpoints beside `result` (borrowed) from now on, and go on from those
    // that are there. `forget`: this tile is stored, its checkpoints go. NULL: cells are short.
    void (*keep_at)(void *state, const char *result);
    void (*forget)(const void *state, const struct brink_tile *tile);
    // Computes one cell by itself; where an engine has a reference, by that.
    void (*cell)(const void *state, const int64_t coordinate[], void *record);
    // Goes through the cell at `coordinate` once more, of which *record is what `cell` made of it,
    // and hands a row of `trace_columns` numbers for each state (the first is the step) to `row`;
    // rows before step `first` may be left out. *record stays the cell.
    const char *const *trace_columns;
    brink_err (*trace)(const void *state, const int64_t coordinate[], int64_t first,
                       brink_err (*row)(void *context, const double values[]), void *context,
                       void *record);
    int trace_column_count;
};

extern const struct brink_model brink_model_regularity, brink_model_network;

// The table of all models; ends with NULL.
extern const struct brink_model *const brink_models[];

// The field, parameter (index) or flag name of a model; NULL / -1 if there is none.
const struct brink_field *brink_model_field(const struct brink_model *model, const char *name);
int brink_model_parameter(const struct brink_model *model, const char *name);
const char *brink_model_status(const struct brink_model *model, int8_t status);

#endif
