// SPDX-License-Identifier: MIT
// The layout of a result file as data: every array and attribute of a spec's file, in order. The
// writer and the checker both walk over these, so that they cannot disagree.
#ifndef BRINK_STORE_LAYOUT_H
#define BRINK_STORE_LAYOUT_H

#include <hdf5.h>
#include <stdbool.h>
#include <stdint.h>

#include "brink/base/error.h"
#include "brink/store/store.h"

// Types of the file. All are little-endian, as the machines we build for: stored bytes are memory
// bytes. TEXT is UTF-8: of fixed length, zero-padded in an array, of variable length elsewhere.
enum brink_element {
    BRINK_ELEMENT_I8,
    BRINK_ELEMENT_U8,
    BRINK_ELEMENT_I32,
    BRINK_ELEMENT_I64,
    BRINK_ELEMENT_U64,
    BRINK_ELEMENT_F64,
    BRINK_ELEMENT_TEXT,
};

enum brink_role {
    BRINK_ROLE_COORDINATE, // the dimension scale of axis `index`
    BRINK_ROLE_PAIR_FIRST, // of an axis of pairs: along axis `index`
    BRINK_ROLE_PAIR_SECOND,
    BRINK_ROLE_STEP,  // the dimension scale of the steps of curves
    BRINK_ROLE_FIELD, // over the grid; `index` counts the recorded fields
    BRINK_ROLE_STATE, // of the tiles
    BRINK_ROLE_CHECKSUM,
    BRINK_ROLE_RUN, // column `index` of /runs
    BRINK_ROLE_RUN_CHECKSUM,
    BRINK_ROLE_RUN_COUNT,
    BRINK_ROLE_RUN_WRITING,
    BRINK_ROLE_SEAL,        // digest of all bytes that do not change after creation ...
    BRINK_ROLE_SEAL_RANGES, // ... but these
    BRINK_ROLE_SEAL_WHOLE,  // of a packed file: digest of all bytes
};

// How the arrays lie in the file: to be written in place, or as an archive that never changes.
// Or as views of the arrays of shards.
enum brink_storage { BRINK_STORAGE_LIVE, BRINK_STORAGE_PACKED, BRINK_STORAGE_JOINED };
#define BRINK_STORAGES 3

// One array of the file.
struct brink_array {
    char name[128]; // path from the root: "status", "tiles/state"
    enum brink_role role;
    int index;
    enum brink_element element;
    size_t size; // bytes of an element
    int rank;
    hsize_t shape[BRINK_RANK_MAX + 1]; // a curve has a dimension more
    hsize_t chunk[BRINK_RANK_MAX + 1]; // chunk[0] = 0: contiguous
    bool filtered;                     // shuffled, deflated and checked by Fletcher's checksum
    bool joined;                       // a virtual dataset over the shards
    bool written;                      // changes after creation
    double fill;                       // exact in every type; text is filled with zeros
    const char *unit, *meaning;        // borrowed
    const struct brink_field *field;   // borrowed; of a FIELD
};

// One attribute of an object of the file.
struct brink_attribute {
    const char *object; // path from the root, "." for the root
    const char *name;
    enum brink_element element;
    int64_t count;    // of a list; 0 for a scalar
    const void *data; // [count ? count : 1], in memory types; const char * for TEXT
};

#define BRINK_RUN_COLUMNS     14
#define BRINK_SEAL_RANGES_MAX (BRINK_FIELD_MAX + BRINK_RUN_COLUMNS + 8)
#define BRINK_FORMAT          "sweep" // the root attribute brink_format: our magic

extern const char *const brink_storage_names[]; // by storage: the root attribute `storage`

static inline enum brink_storage brink_origin_storage(const struct brink_origin *origin)
{
    return origin->packed   ? BRINK_STORAGE_PACKED
           : origin->joined ? BRINK_STORAGE_JOINED
                            : BRINK_STORAGE_LIVE;
}

// Bytes of a number of `element`, 0 for TEXT.
size_t brink_element_size(enum brink_element element);

typedef brink_err brink_array_visit(void *context, const struct brink_array *array);
typedef brink_err brink_attribute_visit(void *context, const struct brink_attribute *attribute);

// Hands every array to `visit`, in the order of the file; stops at the first error.
brink_err brink_layout_arrays(const struct brink_spec *spec, enum brink_storage storage,
                              brink_array_visit *visit, void *context) BRINK_CHECKED;

// Hands every attribute to `visit`; stops at the first error. Values live until visit returns.
brink_err brink_layout_attributes(const struct brink_spec *spec, const struct brink_origin *origin,
                                  brink_attribute_visit *visit, void *context) BRINK_CHECKED;

// The origin of a file that this program makes from `spec`. Release with brink_origin_free, also
// after a failure.
brink_err brink_layout_origin(const struct brink_spec *spec,
                              struct brink_origin *origin) BRINK_CHECKED;

// The groups of the file below the root, parents first; ends with NULL.
extern const char *const brink_layout_groups[];
bool brink_layout_has_group(const struct brink_spec *spec, const char *group); // `curves` is not
                                                                               // always there

// The axis that dimension `dimension` of a root array or curve runs along, -1: none.
int brink_array_axis(const struct brink_array *array, int dimension);

// Is it a dimension scale? Of another array: the path of the scale of a dimension, or NULL.
bool brink_array_is_scale(const struct brink_array *array);
const char *brink_array_scale(const struct brink_array *array, const struct brink_spec *spec,
                              int dimension);
// Has it a second name below entry/data, for NeXus viewers?
bool brink_array_is_root(const struct brink_array *array);

// What a COORDINATE, PAIR or STEP array holds: data[shape[0]], double, or int32_t for an index.
void brink_array_coordinate(const struct brink_array *array, const struct brink_spec *spec,
                            void *data);

// Fills element[array->size] with the fill value as it is stored.
void brink_array_fill(const struct brink_array *array, void *element);

// Bytes of the array in the file, unless filtered; chunks at the far edges count in full. -1: more
// than 2^63.
int64_t brink_array_bytes(const struct brink_array *array);

// Offset of column `index` of /runs in struct brink_run.
size_t brink_run_offset(int index);

// What runs/checksum holds for row `row` whose stored cells are cells[BRINK_RUN_COLUMNS], of
// sizes[] bytes.
uint64_t brink_run_checksum(const struct brink_spec *spec, int32_t row, const void *const cells[],
                            const size_t sizes[]);

#endif
