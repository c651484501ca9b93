// SPDX-License-Identifier: MIT
// The seal of a file: a digest of all its bytes that do not change after creation.
#include "seal.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#define XXH_STATIC_LINKING_ONLY // a hash state on the stack
#include <xxhash.h>

#include "bytes.h"
#include "check.h"
#include "heap.h"

enum { BUFFER_BYTES = 65536 };

// Coordinates of six axes of 2^24 pairs, and headers: more is not sealed by us.
static const uint64_t sealed_bytes_max = UINT64_C(4) << 30;

// ---- where arrays lie

// Where the raw data of a contiguous array, or of one with an implicit chunk index, begins.
static brink_err find_start(struct brink_door *door, const struct brink_array *array, hid_t dataset,
                            haddr_t *start)
{
    hsize_t first[H5S_MAX_RANK] = {0}, size = 0;
    unsigned skipped = 0;
    brink_err error = BRINK_OK;
    if (array->chunk[0])
        error = BRINK_HDF5(door, array->name,
                           H5Dget_chunk_info_by_coord(dataset, first, &skipped, start, &size));
    else
        *start = H5Dget_offset(dataset);
    if (!error && *start == HADDR_UNDEF)
        error = brink_fail(BRINK_ERR_BAD_FILE, "%s: damaged: %s has no place in the file",
                           door->path, array->name);
    return error;
}

static void add_range(struct brink_seal *seal, uint64_t start, uint64_t end)
{
    assert(seal->count < BRINK_SEAL_RANGES_MAX);
    seal->ranges[seal->count++] = (struct brink_range){start, end};
}

brink_err brink_seal_add(struct brink_door *door, const struct brink_array *array, hid_t dataset,
                         struct brink_seal *seal)
{
    haddr_t start = HADDR_UNDEF;
    bool own = array->role == BRINK_ROLE_SEAL || array->role == BRINK_ROLE_SEAL_WHOLE ||
               array->role == BRINK_ROLE_SEAL_RANGES;
    if (!own && !array->written)
        return BRINK_OK;
    brink_err error = find_start(door, array, dataset, &start);
    if (error)
        return error;
    if (array->role == BRINK_ROLE_SEAL)
        seal->digest_place = start;
    if (array->role == BRINK_ROLE_SEAL_WHOLE)
        seal->whole_place = start;
    if (array->role == BRINK_ROLE_SEAL_RANGES)
        seal->ranges_place = start;
    if (array->written)
        add_range(seal, start, start + (uint64_t)brink_array_bytes(array));
    return BRINK_OK;
}

// ---- digests

static int by_start(const void *a, const void *b)
{
    const struct brink_range *left = a, *right = b;
    int order = (left->start > right->start) - (left->start < right->start);
    return order ? order : (left->end > right->end) - (left->end < right->end);
}

// Sorted, apart, inside the file; unused ones first.
static brink_err sort_ranges(const struct brink_door *door, struct brink_seal *seal, uint64_t size)
{
    uint64_t at = 0, sealed = size;
    qsort(seal->ranges, (size_t)seal->count, sizeof seal->ranges[0], by_start);
    for (int i = 0; i < seal->count; i++) {
        const struct brink_range *range = &seal->ranges[i];
        if (range->start < at || range->end < range->start || range->end > size)
            return brink_fail(BRINK_ERR_BAD_FILE,
                              "%s: damaged: arrays overlap or lie beyond the end of the file",
                              door->path);
        at = range->end;
        sealed -= range->end - range->start;
    }
    if (sealed > sealed_bytes_max)
        return brink_fail(BRINK_ERR_BAD_FILE, "%s: damaged: larger than its contents", door->path);
    return BRINK_OK;
}

static brink_err digest_bytes(const struct brink_door *door, int descriptor, uint64_t start,
                              uint64_t end, XXH3_state_t *state)
{
    unsigned char buffer[BUFFER_BYTES];
    brink_err error = BRINK_OK;
    while (!error && start < end) {
        size_t count = end - start < sizeof buffer ? (size_t)(end - start) : sizeof buffer;
        error = brink_bytes_read(door, descriptor, buffer, count, start);
        if (!error)
            XXH3_64bits_update(state, buffer, count);
        start += count;
    }
    return error;
}

// Of all bytes of the file but the ranges, which are sorted.
static brink_err digest_file(const struct brink_door *door, int descriptor, uint64_t size,
                             const struct brink_range ranges[], int count, uint64_t *digest)
{
    XXH3_state_t state;
    uint64_t at = 0;
    brink_err error = BRINK_OK;
    XXH3_64bits_reset(&state);
    for (int i = 0; !error && i < count; i++) {
        error = digest_bytes(door, descriptor, at, ranges[i].start, &state);
        at = ranges[i].end;
    }
    if (!error)
        error = digest_bytes(door, descriptor, at, size, &state);
    *digest = XXH3_64bits_digest(&state);
    return error;
}

// The digest of all of a packed file leaves out only the two digests themselves.
static brink_err digest_whole(const struct brink_door *door, int descriptor, uint64_t size,
                              const struct brink_seal *seal, uint64_t *digest)
{
    struct brink_range own[2] = {{seal->digest_place, seal->digest_place + sizeof *digest},
                                 {seal->whole_place, seal->whole_place + sizeof *digest}};
    qsort(own, 2, sizeof own[0], by_start);
    if (own[0].end > own[1].start)
        return brink_fail(BRINK_ERR_BAD_FILE, "%s: damaged: its seals overlap", door->path);
    return digest_file(door, descriptor, size, own, 2, digest);
}

// ---- checking

// Reads `count` 64-bit numbers, stored as such in one piece, of an array that must have `rank`
// dimensions; *count is their number, at most `max`.
static brink_err read_numbers(struct brink_door *door, hid_t file, const char *name, int rank,
                              uint64_t numbers[], size_t max, size_t *count)
{
    hid_t dataset = H5I_INVALID_HID, type = H5I_INVALID_HID, space = H5I_INVALID_HID;
    htri_t equal = 0;
    hssize_t there = 0;
    int dimensions = 0;
    brink_err error = brink_check_links(door, file, name);
    if (!error)
        error = BRINK_HDF5(door, name, dataset = H5Dopen2(file, name, H5P_DEFAULT));
    if (!error)
        error = BRINK_HDF5(door, name, type = H5Dget_type(dataset));
    if (!error)
        error = BRINK_HDF5(door, name, equal = H5Tequal(type, H5T_STD_U64LE));
    if (!error)
        error = BRINK_HDF5(door, name, space = H5Dget_space(dataset));
    if (!error)
        error = BRINK_HDF5(door, name, dimensions = H5Sget_simple_extent_ndims(space));
    if (!error)
        error = BRINK_HDF5(door, name, there = H5Sget_simple_extent_npoints(space));
    if (!error && (!equal || dimensions != rank || there < 1 || (size_t)there > max ||
                   H5Dget_offset(dataset) == HADDR_UNDEF))
        error = brink_fail(BRINK_ERR_BAD_FILE, "%s: damaged or not ours: %s: wrong type or shape",
                           door->path, name);
    *count = (size_t)there;
    if (!error)
        error =
            BRINK_HDF5(door, name,
                       H5Dread(dataset, H5T_NATIVE_UINT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, numbers));
    brink_door_close(door, &space, &error);
    brink_door_close(door, &type, &error);
    brink_door_close(door, &dataset, &error);
    return error;
}

// The ranges as the file has them.
static brink_err read_ranges(struct brink_door *door, hid_t file, struct brink_seal *seal)
{
    uint64_t numbers[2 * BRINK_SEAL_RANGES_MAX] = {0};
    size_t count = 0;
    brink_err error = read_numbers(door, file, "seal/ranges", 2, numbers,
                                   sizeof numbers / sizeof numbers[0], &count);
    for (size_t i = 0; !error && i + 1 < count; i += 2)
        add_range(seal, numbers[i], numbers[i + 1]);
    return error;
}

brink_err brink_seal_check(struct brink_door *door, hid_t file, bool *intact)
{
    struct brink_seal seal = {0};
    uint64_t digest = 0, stored = 0, size = 0;
    size_t count = 0;
    int descriptor = -1;
    *intact = false;
    brink_err error = read_ranges(door, file, &seal);
    if (!error)
        error = read_numbers(door, file, "seal/digest", 1, &stored, 1, &count);
    if (!error)
        error = brink_bytes_open(door, &descriptor, &size);
    if (!error)
        error = sort_ranges(door, &seal, size);
    if (!error)
        error = digest_file(door, descriptor, size, seal.ranges, seal.count, &digest);
    *intact = !error && digest == stored;
    if (!error && !*intact)
        error = brink_heap_check(door, descriptor, size, seal.ranges, seal.count);
    if (descriptor >= 0)
        close(descriptor);
    return error;
}

static brink_err check_whole(struct brink_door *door, hid_t file, const struct brink_seal *seal,
                             bool *intact)
{
    uint64_t digest = 0, stored = 0, size = 0;
    size_t count = 0;
    int descriptor = -1;
    brink_err error = read_numbers(door, file, "seal/whole", 1, &stored, 1, &count);
    if (!error)
        error = brink_bytes_open(door, &descriptor, &size);
    if (!error)
        error = digest_whole(door, descriptor, size, seal, &digest);
    *intact = !error && digest == stored;
    if (descriptor >= 0)
        close(descriptor);
    return error;
}

brink_err brink_seal_check_all(struct brink_door *door, hid_t file, struct brink_seal *seal,
                               bool packed, bool *intact)
{
    struct brink_seal stored = {0};
    if (packed)
        return check_whole(door, file, seal, intact);
    brink_err error = read_ranges(door, file, &stored);
    if (error)
        return error;
    qsort(stored.ranges, (size_t)stored.count, sizeof stored.ranges[0], by_start);
    qsort(seal->ranges, (size_t)seal->count, sizeof seal->ranges[0], by_start);
    int unused = 0; // a joined file has fewer arrays that are written
    while (unused < stored.count && stored.ranges[unused].end == 0)
        unused++;
    *intact = stored.count - unused == seal->count &&
              memcmp(stored.ranges + unused, seal->ranges,
                     (size_t)seal->count * sizeof seal->ranges[0]) == 0;
    return BRINK_OK;
}

// ---- sealing

// Arrays of a file are added to a seal.
struct adding {
    struct brink_door *door;
    hid_t file;
    struct brink_seal *seal;
};

static brink_err add_array(void *context, const struct brink_array *array)
{
    const struct adding *adding = context;
    hid_t dataset = H5I_INVALID_HID;
    brink_err error = brink_check_array(adding->door, adding->file, array, &dataset);
    if (!error)
        error = brink_seal_add(adding->door, array, dataset, adding->seal);
    brink_door_close(adding->door, &dataset, &error);
    return error;
}

static brink_err find_arrays(struct brink_door *door, const struct brink_spec *spec,
                             enum brink_storage storage, struct brink_seal *seal)
{
    hid_t file = H5I_INVALID_HID;
    struct adding adding = {.door = door, .seal = seal};
    brink_err error = brink_check_file(door, &file);
    adding.file = file;
    if (!error)
        error = brink_layout_arrays(spec, storage, add_array, &adding);
    brink_door_close(door, &file, &error);
    return error;
}

brink_err brink_seal_file(const char *name, int descriptor, const struct brink_spec *spec,
                          enum brink_storage storage, uint64_t head)
{
    struct brink_door door = {.path = name, .blame = BRINK_ERR_IO};
    struct brink_seal seal = {0};
    uint64_t digest = 0, size = 0;
    bool packed = storage == BRINK_STORAGE_PACKED;
    brink_err error = find_arrays(&door, spec, storage, &seal);
    if (!error)
        error = brink_bytes_size(&door, descriptor, &size);
    if (!error && packed)
        add_range(&seal, head, size);
    if (!error)
        error = sort_ranges(&door, &seal, size);
    if (!error)
        error = brink_bytes_write(&door, descriptor, seal.ranges,
                                  (size_t)seal.count * sizeof seal.ranges[0], seal.ranges_place);
    if (!error)
        error = digest_file(&door, descriptor, size, seal.ranges, seal.count, &digest);
    if (!error)
        error = brink_bytes_write(&door, descriptor, &digest, sizeof digest, seal.digest_place);
    if (!error && packed)
        error = digest_whole(&door, descriptor, size, &seal, &digest);
    if (!error && packed)
        error = brink_bytes_write(&door, descriptor, &digest, sizeof digest, seal.whole_place);
    return error;
}
