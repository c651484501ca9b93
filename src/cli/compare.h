// SPDX-License-Identifier: MIT
// Two results, cell by cell.
#ifndef BRINK_CLI_COMPARE_H
#define BRINK_CLI_COMPARE_H

#include <stdbool.h>
#include <stdint.h>

#include "brink/base/error.h"
#include "brink/store/store.h"

// One of the two, A or B.
struct brink_side {
    const char *path;        // borrowed
    struct brink_spec *spec; // owned, and all below
    struct brink_origin origin;
    int32_t kernel_least, kernel_most; // versions: of the file and of all starts of /runs
    struct brink_store *store;
    uint8_t *states; // [tiles]
    int64_t done;    // tiles
    struct brink_columns columns;
    int64_t damaged; // tiles whose checksum does not fit
};

// A cell that differs.
struct brink_unlike {
    int64_t coordinate[BRINK_RANK_MAX];
    double a, b; // exact: all fields fit
};

// A field of both, or of one alone: its column there is -1.
struct brink_compared {
    const char *name; // borrowed
    enum brink_type type;
    int column_a, column_b;
    int64_t points;             // values of a cell: more than one of a curve
    int64_t count;              // cells that differ
    double apart_max;           // largest |a - b| that is a number
    struct brink_unlike *first; // owned, [first_count]
    int64_t first_count;
};

struct brink_comparison {
    double relative,
        absolute;      // numbers a, b are equal if |a - b| <= absolute + relative max(|a|, |b|)
    int64_t first_max; // cells to keep for each field
    struct brink_side a, b;
    struct brink_compared fields[2 * BRINK_FIELD_MAX];
    int field_count;
    int64_t cells;          // done in both: these are compared
    int64_t only_a, only_b; // cells done in one of the two
};

// Opens both. Zeroed members before; release with brink_comparison_close, also after a failure.
brink_err brink_comparison_open(struct brink_comparison *comparison, const char *path_a,
                                const char *path_b) BRINK_CHECKED;
void brink_comparison_close(struct brink_comparison *comparison);

// Do both have the same axes with the same values? If not, why not is added to `reason`.
bool brink_comparison_grids(const struct brink_comparison *comparison, struct brink_text *reason);

// Fields by name: all, or those in names[count]. BRINK_ERR_USAGE for a name in neither file.
brink_err brink_comparison_fields(struct brink_comparison *comparison, const char *const names[],
                                  int count) BRINK_CHECKED;

// Compares all cells, tile by tile of A; the grids must be the same.
brink_err brink_comparison_run(struct brink_comparison *comparison,
                               void (*beat)(void *context)) BRINK_CHECKED;

#endif
