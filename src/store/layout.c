// SPDX-License-Identifier: MIT
// The arrays of a result file, schema 1, written once for writer and checker.
//
// A sweep over axes A, B, ... with tiles of a x b x ... cells; T tiles; 256 rows of /runs.
//
// path            type   shape    fill  what
// /A, /B, ...     f8     [num]    -     value along the axis; the dimension scale of it
//   of pairs      i4     [num]    -     ... 0 .. num-1, and along it
// /A_x0, /A_y0    f8     [num]    -     first and second number of the pairs
// /status         i1     grid     0     verdict, 0 is pending; chunk = tile in all fields
// /FIELD ...      i1 i4  grid     -1    recorded fields in the order of the model's table
//                 f8     grid     NaN   the NaN is 0x7ff8000000000000
// /curves/step    i4     [points]       the steps of curves, dimension scale of their last
// dimension /curves/FIELD   f8     grid+[points]  NaN: curves of each cell, only if there are any;
//                                       chunk = tile, all points
// /tiles/state    u1     [T]      0     1: this tile is done
// /tiles/checksum u8     [T]      0     XXH3 of the tile's columns, its number, the spec hash
// /runs/COLUMN    see below [256]       one row per start; text is fixed-length UTF-8
// /runs/checksum  u8     [256]    0     XXH3 of the row's columns, its number, the spec hash
// /runs/count     i4     [1]      0     rows in use
// /runs/writing   i4     [1]      -1    the row being written: it may be torn
// /seal/ranges    u8     [R][2]   0     bytes of the file, from and to, that are written later:
//                                       those of fields, tiles, runs, and the digest
// /seal/digest    u8     [1]      0     XXH3 of all other bytes of the file
// /seal/whole     u8     [1]      0     of a packed file
// /entry          NXentry, /entry/data NXdata: hard links to all root arrays, and `title`
//
// Grid dimensions are the axes in the order of the specification; the last varies fastest.
// Tiles are numbered row-major over the grid of tiles, and clipped at the far edges. Everything is
// allocated and filled at creation, without filters or times; later only raw data changes.
//
// A packed file (root attribute storage = "packed") never changes: every array of more than one
// element is chunked, shuffled, deflated and has Fletcher's checksums, chunks are allocated when
// written, /seal/ranges is what lies behind the headers, and /seal/whole is the XXH3 of all bytes
// of the file but its own eight and those of /seal/digest.
//
// A joined file (storage = "joined") never changes: its fields are virtual datasets over those of
// shards, files beside it, and hold nothing themselves; all else is its own.
#include "layout.h"

#include <assert.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#define XXH_STATIC_LINKING_ONLY // a hash state on the stack
#include <xxhash.h>

#include "brink/base/elementary.h"
#include "brink/base/memory.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "checksums are over stored bytes");

const char *const brink_layout_groups[] = {"curves", "tiles",      "runs", "seal",
                                           "entry",  "entry/data", NULL};
const char *const brink_storage_names[] = {[BRINK_STORAGE_LIVE] = "in place",
                                           [BRINK_STORAGE_PACKED] = "packed",
                                           [BRINK_STORAGE_JOINED] = "joined"};

enum { PACKED_CHUNK = 65536 }; // elements of a chunk of a packed list

static const struct {
    const char *name;
    enum brink_element element;
    size_t size, offset; // in struct brink_run
    const char *unit, *meaning;
} run_columns[BRINK_RUN_COLUMNS] = {
#define NUMBER(element, member, unit, meaning)                                                     \
    {                                                                                              \
#member, BRINK_ELEMENT_##element, sizeof(((struct brink_run *)0)->member),                 \
            offsetof(struct brink_run, member), unit, meaning                                      \
    }
#define TEXT(member, meaning) NUMBER(TEXT, member, "1", meaning)
    NUMBER(F64, start_time, "seconds since 1970-01-01 00:00:00", "start of the run (UTC)"),
    NUMBER(F64, end_time, "seconds since 1970-01-01 00:00:00",
           "end of the run, or its last commit while exit_code is -1 (UTC)"),
    NUMBER(I32, ranks, "1", "MPI ranks of the job"),
    NUMBER(I32, threads, "1", "OpenMP threads of rank 0"),
    NUMBER(I32, kernel_version, "1", "version of the arithmetic"),
    NUMBER(I32, exit_code, "1", "exit code of the program, -1 while running, -2 if it was cut off"),
    NUMBER(I64, tiles_before, "1", "tiles done when this run began"),
    NUMBER(I64, tiles_done, "1", "tiles done by this run"),
    TEXT(host, "host of rank 0"),
    TEXT(job_id, "job id of the batch system"),
    TEXT(isa, "instruction set of the kernel"),
    TEXT(commit, "commit of the sources"),
    TEXT(mpi, "MPI library"),
    TEXT(hdf5, "HDF5 library"),
#undef TEXT
#undef NUMBER
};

size_t brink_run_offset(int index)
{
    return run_columns[index].offset;
}

uint64_t brink_run_checksum(const struct brink_spec *spec, int32_t row, const void *const cells[],
                            const size_t sizes[])
{
    XXH3_state_t state;
    const uint64_t number = (uint64_t)row;
    XXH3_64bits_reset(&state);
    for (int i = 0; i < BRINK_RUN_COLUMNS; i++)
        XXH3_64bits_update(&state, cells[i], sizes[i]);
    XXH3_64bits_update(&state, &number, sizeof number);
    XXH3_64bits_update(&state, &spec->hash, sizeof spec->hash);
    return XXH3_64bits_digest(&state);
}

size_t brink_element_size(enum brink_element element)
{
    static const size_t sizes[] = {
        [BRINK_ELEMENT_I8] = 1,  [BRINK_ELEMENT_U8] = 1,  [BRINK_ELEMENT_I32] = 4,
        [BRINK_ELEMENT_I64] = 8, [BRINK_ELEMENT_U64] = 8, [BRINK_ELEMENT_F64] = 8,
        [BRINK_ELEMENT_TEXT] = 0};
    return sizes[element];
}

static struct brink_array array_of(enum brink_role role, int index, enum brink_element element,
                                   double fill)
{
    return (struct brink_array){.role = role,
                                .index = index,
                                .element = element,
                                .size = brink_element_size(element),
                                .rank = 1,
                                .fill = fill,
                                .written = role != BRINK_ROLE_COORDINATE,
                                .unit = "1",
                                .meaning = ""};
}

static brink_err visit_axis(const struct brink_spec *spec, int index, brink_array_visit *visit,
                            void *context)
{
    const struct brink_axis *axis = &spec->axes[index];
    const struct brink_parameter *parameter = &spec->model->parameters[axis->parameter];
    bool pairs = axis->pairs != NULL;
    struct brink_array array =
        array_of(BRINK_ROLE_COORDINATE, index,
                 pairs || parameter->names ? BRINK_ELEMENT_I32 : BRINK_ELEMENT_F64, 0);
    array.shape[0] = (hsize_t)axis->num;
    array.meaning = parameter->meaning;
    array.unit = parameter->unit;
    snprintf(array.name, sizeof array.name, "%s", parameter->name);
    brink_err error = visit(context, &array);
    if (error || !pairs)
        return error;
    array.element = BRINK_ELEMENT_F64;
    array.size = brink_element_size(BRINK_ELEMENT_F64);
    array.role = BRINK_ROLE_PAIR_FIRST; // not written later, as the scale
    array.unit = "1";
    array.meaning = "x at the start";
    snprintf(array.name, sizeof array.name, "%s_x0", parameter->name);
    error = visit(context, &array);
    if (error)
        return error;
    array.role = BRINK_ROLE_PAIR_SECOND;
    array.meaning = "y at the start";
    snprintf(array.name, sizeof array.name, "%s_y0", parameter->name);
    return visit(context, &array);
}

static brink_err visit_field(const struct brink_spec *spec, const struct brink_field *field,
                             int index, brink_array_visit *visit, void *context)
{
    static const enum brink_element elements[] = {[BRINK_I8] = BRINK_ELEMENT_I8,
                                                  [BRINK_I32] = BRINK_ELEMENT_I32,
                                                  [BRINK_F64] = BRINK_ELEMENT_F64};
    enum brink_element element = elements[field->type];
    double fill = element == BRINK_ELEMENT_F64 ? brink_from_bits(BRINK_NAN_BITS) : -1;
    struct brink_array array =
        array_of(BRINK_ROLE_FIELD, index, element, index == 0 ? 0 : fill); // 0 is `status`
    array.rank = spec->grid.rank;
    for (int i = 0; i < spec->grid.rank; i++) {
        array.shape[i] = (hsize_t)spec->grid.size[i];
        array.chunk[i] = (hsize_t)spec->grid.tile[i];
    }
    if (field->curve) {
        array.shape[array.rank] = (hsize_t)spec->curve_points;
        array.chunk[array.rank++] = (hsize_t)spec->curve_points;
    }
    array.unit = field->unit;
    array.meaning = field->meaning;
    array.field = field;
    snprintf(array.name, sizeof array.name, "%s", field->name);
    return visit(context, &array);
}

static brink_err visit_step(const struct brink_spec *spec, brink_array_visit *visit, void *context)
{
    struct brink_array array = array_of(BRINK_ROLE_STEP, 0, BRINK_ELEMENT_I32, 0);
    array.shape[0] = (hsize_t)spec->curve_points;
    array.written = false;
    array.meaning = "gradient descent steps";
    snprintf(array.name, sizeof array.name, "curves/step");
    return visit(context, &array);
}

static brink_err visit_tiles(const struct brink_spec *spec, brink_array_visit *visit, void *context)
{
    struct brink_array array = array_of(BRINK_ROLE_STATE, 0, BRINK_ELEMENT_U8, 0);
    array.shape[0] = (hsize_t)spec->grid.tile_count;
    array.meaning = "1 where the tile is done";
    snprintf(array.name, sizeof array.name, "tiles/state");
    brink_err error = visit(context, &array);
    if (error)
        return error;
    array = array_of(BRINK_ROLE_CHECKSUM, 0, BRINK_ELEMENT_U64, 0);
    array.shape[0] = (hsize_t)spec->grid.tile_count;
    array.meaning = "XXH3 (64 bits) of the tile: its columns in the order of the fields, then its "
                    "number and the spec hash as 64-bit integers, little-endian";
    snprintf(array.name, sizeof array.name, "tiles/checksum");
    return visit(context, &array);
}

static brink_err visit_runs(brink_array_visit *visit, void *context)
{
    for (int i = 0; i < BRINK_RUN_COLUMNS; i++) {
        enum brink_element element = run_columns[i].element;
        double fill = element == BRINK_ELEMENT_F64 ? brink_from_bits(BRINK_NAN_BITS) : -1;
        struct brink_array array = array_of(BRINK_ROLE_RUN, i, element, fill);
        array.size = run_columns[i].size;
        array.shape[0] = BRINK_RUNS_MAX;
        array.unit = run_columns[i].unit;
        array.meaning = run_columns[i].meaning;
        snprintf(array.name, sizeof array.name, "runs/%s", run_columns[i].name);
        brink_err error = visit(context, &array);
        if (error)
            return error;
    }
    return BRINK_OK;
}

static brink_err visit_lists(brink_array_visit *visit, void *context)
{
    static const struct {
        const char *name;
        enum brink_role role;
        enum brink_element element;
        double fill;
        hsize_t length;
        const char *meaning;
    } lists[] = {
        {"runs/checksum", BRINK_ROLE_RUN_CHECKSUM, BRINK_ELEMENT_U64, 0, BRINK_RUNS_MAX,
         "XXH3 (64 bits) of the row: its columns in order, then its number and the spec hash as "
         "64-bit integers, little-endian"},
        {"runs/count", BRINK_ROLE_RUN_COUNT, BRINK_ELEMENT_I32, 0, 1, "rows in use"},
        {"runs/writing", BRINK_ROLE_RUN_WRITING, BRINK_ELEMENT_I32, -1, 1,
         "row being written, -1: none"},
        {"seal/digest", BRINK_ROLE_SEAL, BRINK_ELEMENT_U64, 0, 1,
         "XXH3 (64 bits) of all bytes of the file outside of seal/ranges"},
        {"seal/whole", BRINK_ROLE_SEAL_WHOLE, BRINK_ELEMENT_U64, 0, 1,
         "of a packed file: XXH3 (64 bits) of all its bytes but those of seal/digest and "
         "seal/whole"},
    };
    brink_err error = BRINK_OK;
    for (size_t i = 0; !error && i < sizeof lists / sizeof lists[0]; i++) {
        struct brink_array array = array_of(lists[i].role, 0, lists[i].element, lists[i].fill);
        array.shape[0] = lists[i].length;
        array.written = lists[i].role != BRINK_ROLE_SEAL_WHOLE;
        array.meaning = lists[i].meaning;
        snprintf(array.name, sizeof array.name, "%s", lists[i].name);
        error = visit(context, &array);
    }
    return error;
}

// As many as there are arrays that are written later.
static brink_err visit_ranges(const struct brink_spec *spec, brink_array_visit *visit,
                              void *context)
{
    struct brink_array array = array_of(BRINK_ROLE_SEAL_RANGES, 0, BRINK_ELEMENT_U64, 0);
    array.rank = 2;
    array.shape[0] = (hsize_t)__builtin_popcountll(spec->record) + BRINK_RUN_COLUMNS + 6;
    array.shape[1] = 2;
    array.written = false;
    array.meaning = "bytes of the file, from and to, that are written after its creation";
    snprintf(array.name, sizeof array.name, "seal/ranges");
    return visit(context, &array);
}

// Stands between the arrays of a live file and a visitor of another.
struct packer {
    brink_array_visit *visit;
    void *context;
};

static brink_err visit_packed(void *context, const struct brink_array *live)
{
    const struct packer *packer = context;
    struct brink_array array = *live;
    if (array.rank == 1 && !array.chunk[0] && array.shape[0] > 1)
        array.chunk[0] = array.shape[0] < PACKED_CHUNK ? array.shape[0] : PACKED_CHUNK;
    array.filtered = array.chunk[0] > 0;
    array.written = array.role == BRINK_ROLE_SEAL || array.role == BRINK_ROLE_SEAL_WHOLE;
    return packer->visit(packer->context, &array);
}

static brink_err visit_joined(void *context, const struct brink_array *live)
{
    const struct packer *packer = context;
    struct brink_array array = *live;
    array.joined = array.role == BRINK_ROLE_FIELD;
    array.written = array.role == BRINK_ROLE_SEAL;
    if (array.joined)
        array.chunk[0] = 0;
    return packer->visit(packer->context, &array);
}

static brink_err visit_live(const struct brink_spec *spec, brink_array_visit *visit, void *context)
{
    brink_err error = BRINK_OK;
    int recorded = 0;
    for (int i = 0; !error && i < spec->axis_count; i++)
        error = visit_axis(spec, i, visit, context);
    if (!error && spec->curve_points)
        error = visit_step(spec, visit, context);
    for (int i = 0; !error && i < spec->model->field_count; i++)
        if (spec->record >> i & 1)
            error = visit_field(spec, &spec->model->fields[i], recorded++, visit, context);
    if (!error)
        error = visit_tiles(spec, visit, context);
    if (!error)
        error = visit_runs(visit, context);
    if (!error)
        error = visit_lists(visit, context);
    return error ? error : visit_ranges(spec, visit, context);
}

brink_err brink_layout_arrays(const struct brink_spec *spec, enum brink_storage storage,
                              brink_array_visit *visit, void *context)
{
    struct packer packer = {visit, context};
    switch (storage) {
    case BRINK_STORAGE_PACKED:
        return visit_live(spec, visit_packed, &packer);
    case BRINK_STORAGE_JOINED:
        return visit_live(spec, visit_joined, &packer);
    case BRINK_STORAGE_LIVE:
        break;
    }
    return visit_live(spec, visit, context);
}

bool brink_layout_has_group(const struct brink_spec *spec, const char *group)
{
    return strcmp(group, "curves") != 0 || spec->curve_points > 0;
}

int brink_array_axis(const struct brink_array *array, int dimension)
{
    switch (array->role) {
    case BRINK_ROLE_COORDINATE:
    case BRINK_ROLE_PAIR_FIRST:
    case BRINK_ROLE_PAIR_SECOND:
        return array->index;
    case BRINK_ROLE_FIELD:
        return array->field->curve && dimension == array->rank - 1 ? -1 : dimension;
    default:
        return -1;
    }
}

bool brink_array_is_scale(const struct brink_array *array)
{
    return array->role == BRINK_ROLE_COORDINATE || array->role == BRINK_ROLE_STEP;
}

const char *brink_array_scale(const struct brink_array *array, const struct brink_spec *spec,
                              int dimension)
{
    int axis = brink_array_axis(array, dimension);
    if (brink_array_is_scale(array))
        return NULL;
    if (axis >= 0)
        return spec->model->parameters[spec->axes[axis].parameter].name;
    return array->role == BRINK_ROLE_FIELD ? "curves/step" : NULL;
}

bool brink_array_is_root(const struct brink_array *array)
{
    return brink_array_axis(array, 0) >= 0 && !strchr(array->name, '/');
}

void brink_array_coordinate(const struct brink_array *array, const struct brink_spec *spec,
                            void *data)
{
    const struct brink_axis *axis = &spec->axes[array->index];
    double *numbers = data;
    int32_t *indices = data;
    for (int64_t i = 0; array->role == BRINK_ROLE_STEP && i < spec->curve_points; i++)
        indices[i] = (int32_t)(i * spec->curve_stride);
    if (array->role == BRINK_ROLE_STEP)
        return;
    for (int64_t i = 0; i < axis->num; i++) {
        if (array->role != BRINK_ROLE_COORDINATE)
            numbers[i] = axis->pairs[i][array->role == BRINK_ROLE_PAIR_SECOND];
        else if (axis->pairs)
            indices[i] = (int32_t)i;
        else if (spec->model->parameters[axis->parameter].names)
            indices[i] = (int32_t)axis->values[i];
        else
            numbers[i] = axis->values[i];
    }
}

void brink_array_fill(const struct brink_array *array, void *element)
{
    const int64_t whole = array->element == BRINK_ELEMENT_F64 ? 0 : (int64_t)array->fill;
    memset(element, 0, array->size);
    if (array->element == BRINK_ELEMENT_F64)
        memcpy(element, &array->fill, sizeof array->fill);
    else if (array->element != BRINK_ELEMENT_TEXT) // two's complement, the low bytes first
        memcpy(element, &whole, array->size);
}

int64_t brink_array_bytes(const struct brink_array *array)
{
    int64_t bytes = (int64_t)array->size;
    bool fits = true;
    for (int i = 0; i < array->rank; i++) {
        hsize_t chunk = array->chunk[0] ? array->chunk[i] : 1;
        hsize_t stored = (array->shape[i] + chunk - 1) / chunk * chunk;
        fits &= brink_mul_i64(bytes, (int64_t)stored, &bytes);
    }
    return fits ? bytes : -1;
}

struct sum {
    int64_t bytes;
    bool fits;
};

static brink_err add_bytes(void *context, const struct brink_array *array)
{
    // Object header, attributes and their part of the global heap: 1.2 kB seen, 2 kB at most.
    static const int64_t overhead = 2048;
    struct sum *sum = context;
    int64_t bytes = brink_array_bytes(array);
    sum->fits &= bytes >= 0;
    sum->fits &= !__builtin_add_overflow(sum->bytes, bytes, &sum->bytes);
    sum->fits &= !__builtin_add_overflow(sum->bytes, overhead, &sum->bytes);
    return BRINK_OK;
}

int64_t brink_store_bytes(const struct brink_spec *spec)
{
    // Superblock, groups and root attributes, with the texts that may be long; the title is there
    // three times.
    size_t texts = strlen(spec->json) + 3 * strlen(spec->title) + strlen(spec->source);
    struct sum sum = {.bytes = 65536 + (int64_t)texts, .fits = true};
    brink_err error = brink_layout_arrays(spec, BRINK_STORAGE_LIVE, add_bytes, &sum);
    assert(!error); // add_bytes never fails
    return error || !sum.fits ? -1 : sum.bytes;
}
