// SPDX-License-Identifier: MIT
// Whether a file is ours: format, schema, specification, and every array against its description.
#include "check.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "brink/base/build.h"
#include "brink/base/memory.h"
#include "brink/base/text.h"
#include "seal.h"
#include "types.h"

// Is the space of a dataset or attribute a scalar (count 0), or a list of `count`?
static bool right_space(hid_t space, int64_t count)
{
    hsize_t shape[H5S_MAX_RANK];
    H5S_class_t kind = H5Sget_simple_extent_type(space);
    if (count == 0)
        return kind == H5S_SCALAR;
    return kind == H5S_SIMPLE && H5Sget_simple_extent_ndims(space) == 1 &&
           H5Sget_simple_extent_dims(space, shape, NULL) == 1 && shape[0] == (hsize_t)count;
}

brink_err brink_check_attribute(struct brink_door *door, hid_t file, const char *object,
                                const char *name, hid_t type, int64_t count, hid_t *attribute)
{
    hid_t space = H5I_INVALID_HID, stored = H5I_INVALID_HID;
    htri_t there = 0, equal = 0;
    *attribute = H5I_INVALID_HID;
    brink_err error =
        BRINK_HDF5(door, name, there = H5Aexists_by_name(file, object, name, H5P_DEFAULT));
    if (!error && !there)
        error = brink_fail(BRINK_ERR_BAD_FILE, "%s: not a brink result: no attribute %s",
                           door->path, name);
    if (!error)
        error = BRINK_HDF5(
            door, name, *attribute = H5Aopen_by_name(file, object, name, H5P_DEFAULT, H5P_DEFAULT));
    if (!error)
        error = BRINK_HDF5(door, name, stored = H5Aget_type(*attribute));
    if (!error)
        error = BRINK_HDF5(door, name, equal = H5Tequal(stored, type));
    if (!error)
        error = BRINK_HDF5(door, name, space = H5Aget_space(*attribute));
    if (!error && (!equal || !right_space(space, count)))
        error =
            brink_fail(BRINK_ERR_BAD_FILE, "%s: attribute %s is of a wrong type", door->path, name);
    brink_door_close(door, &space, &error);
    brink_door_close(door, &stored, &error);
    if (error)
        brink_door_close(door, attribute, &error);
    return error;
}

// *text is owned.
static brink_err read_text(struct brink_door *door, hid_t file, const char *name, char **text)
{
    hid_t type = H5I_INVALID_HID, attribute = H5I_INVALID_HID;
    char *stored = NULL;
    size_t length = 0;
    brink_err error = brink_file_type(door, BRINK_ELEMENT_TEXT, 0, &type);
    if (!error)
        error = brink_check_attribute(door, file, ".", name, type, 0, &attribute);
    if (!error)
        error = BRINK_HDF5(door, name, H5Aread(attribute, type, &stored));
    if (!error)
        length = stored ? strlen(stored) : 0;
    if (!error)
        error = brink_alloc(text, length + 1, 1);
    if (!error && stored)
        memcpy(*text, stored, length);
    if (stored)
        (void)H5free_memory(stored);
    brink_door_close(door, &attribute, &error);
    brink_door_close(door, &type, &error);
    assert(error || *text);
    return error;
}

static brink_err read_i32(struct brink_door *door, hid_t file, const char *name, int32_t *value)
{
    hid_t attribute = H5I_INVALID_HID;
    brink_err error = brink_check_attribute(door, file, ".", name, H5T_STD_I32LE, 0, &attribute);
    if (!error)
        error = BRINK_HDF5(door, name, H5Aread(attribute, H5T_NATIVE_INT32, value));
    brink_door_close(door, &attribute, &error);
    return error;
}

brink_err brink_check_format(struct brink_door *door, hid_t file)
{
    char *format = NULL;
    int32_t schema = 0;
    brink_err error = read_text(door, file, "brink_format", &format);
    if (!error && strcmp(format, BRINK_FORMAT) != 0)
        error = brink_fail(BRINK_ERR_BAD_FILE, "%s: not a brink result: its format is \"%.40s\"",
                           door->path, format);
    if (!error)
        error = read_i32(door, file, "schema_version", &schema);
    if (!error && schema != BRINK_SCHEMA_VERSION)
        error = brink_fail(door->unsealed ? BRINK_ERR_BAD_FILE : BRINK_ERR_MISMATCH,
                           "%s: schema version %" PRId32 ", but this program knows only %d",
                           door->path, schema, BRINK_SCHEMA_VERSION);
    brink_free(&format);
    return error;
}

// Says in plain words what HDF5 would say about its own signature.
static brink_err check_readable(const struct brink_door *door)
{
    static const unsigned char signature[8] = {0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};
    unsigned char start[sizeof signature];
    struct stat status;
    brink_err error = BRINK_OK;
    int descriptor = open(door->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC); // not stopped by a pipe
    if (descriptor < 0)
        return brink_fail(BRINK_ERR_IO, "%s: cannot open: %s", door->path, strerror(errno));
    ssize_t length = -1;
    if (fstat(descriptor, &status) == 0 && !S_ISREG(status.st_mode))
        error = brink_fail(BRINK_ERR_BAD_FILE, "%s: not a regular file", door->path);
    else if ((length = pread(descriptor, start, sizeof start, 0)) < 0)
        error = brink_fail(BRINK_ERR_IO, "%s: cannot read: %s", door->path, strerror(errno));
    else if (length < (ssize_t)sizeof start || memcmp(start, signature, sizeof start) != 0)
        error = brink_fail(BRINK_ERR_BAD_FILE, "%s: not a brink result: %s", door->path,
                           status.st_size == 0 ? "empty" : "not an HDF5 file");
    close(descriptor);
    return error;
}

brink_err brink_check_file(struct brink_door *door, hid_t *file)
{
    hid_t access = H5I_INVALID_HID;
    brink_err error = check_readable(door);
    if (!error)
        error = brink_door_access(door, &access);
    if (!error)
        error = BRINK_HDF5(door, "", *file = H5Fopen(door->path, H5F_ACC_RDONLY, access));
    brink_door_close(door, &access, &error);
    return error;
}

brink_err brink_check_open(struct brink_door *door, hid_t *file)
{
    static const char magic[] = "brink_format";
    bool intact = false;
    htri_t there = 0;
    brink_err error = brink_check_file(door, file);
    if (!error)
        error = BRINK_HDF5(door, magic, there = H5Aexists(*file, magic));
    if (!error && !there)
        error = brink_fail(BRINK_ERR_BAD_FILE, "%s: not a brink result: no attribute %s",
                           door->path, magic);
    // Before any text is read: in damaged ones HDF5 hangs or crashes.
    if (!error)
        error = brink_seal_check(door, *file, &intact);
    door->unsealed = !intact;
    return error ? error : brink_check_format(door, *file);
}

brink_err brink_check_sealed(const struct brink_door *door)
{
    if (!door->unsealed)
        return BRINK_OK;
    return brink_fail(BRINK_ERR_BAD_FILE,
                      "%s: damaged or edited: what never changes after creation has changed "
                      "(brink verify says more)",
                      door->path);
}

brink_err brink_check_storage(struct brink_door *door, hid_t file, enum brink_storage *storage)
{
    char *name = NULL;
    brink_err error = read_text(door, file, "storage", &name);
    int found = 0;
    while (!error && found < BRINK_STORAGES && strcmp(name, brink_storage_names[found]) != 0)
        found++;
    if (!error && found == BRINK_STORAGES)
        error =
            brink_fail(BRINK_ERR_BAD_FILE, "%s: attribute storage is \"%.40s\"", door->path, name);
    if (!error)
        *storage = (enum brink_storage)found;
    brink_free(&name);
    return error;
}

brink_err brink_check_origin(struct brink_door *door, hid_t file, struct brink_origin *origin)
{
    enum brink_storage storage = BRINK_STORAGE_LIVE;
    const struct {
        const char *name;
        char **text;
    } texts[] = {{"version", &origin->version},
                 {"commit", &origin->commit},
                 {"compiler", &origin->compiler},
                 {"flags", &origin->flags},
                 {"history", &origin->history}};
    brink_err error = BRINK_OK;
    *origin = (struct brink_origin){0};
    for (size_t i = 0; !error && i < sizeof texts / sizeof texts[0]; i++)
        error = read_text(door, file, texts[i].name, texts[i].text);
    if (!error)
        error = read_i32(door, file, "kernel_version", &origin->kernel_version);
    if (!error)
        error = brink_check_storage(door, file, &storage);
    origin->packed = storage == BRINK_STORAGE_PACKED;
    origin->joined = storage == BRINK_STORAGE_JOINED;
    return error;
}

brink_err brink_check_read_spec(struct brink_door *door, hid_t file, char **json)
{
    return read_text(door, file, "spec", json);
}

static brink_err mismatch(const struct brink_door *door, const char *json,
                          const struct brink_spec *spec)
{
    struct brink_text difference = {0};
    brink_err error = brink_spec_difference(json, spec->json, &difference);
    if (!error)
        error = difference.error;
    if (!error) {
        const char *lines = difference.length ? brink_text_get(&difference)
                                              : "  the same keys, but spelt in another way\n";
        error =
            brink_fail(BRINK_ERR_MISMATCH,
                       "%s: holds another sweep (file -> specification):\n%sto go on with it "
                       "repeat the overrides it was started with; else name another file with -o",
                       door->path, lines);
    }
    brink_text_free(&difference);
    return error;
}

brink_err brink_check_spec(struct brink_door *door, hid_t file, const struct brink_spec *spec,
                           bool writing)
{
    char *json = NULL;
    int32_t kernel = 0;
    brink_err error = brink_check_read_spec(door, file, &json);
    if (!error && strcmp(json, spec->json) != 0)
        error = mismatch(door, json, spec);
    if (!error)
        error = read_i32(door, file, "kernel_version", &kernel);
    if (!error && writing && kernel != BRINK_KERNEL_VERSION)
        error = brink_fail(BRINK_ERR_MISMATCH,
                           "%s: made by kernel version %" PRId32 ", this program has %d: its "
                           "cells would not have the same bits (--allow-kernel-change goes on)",
                           door->path, kernel, BRINK_KERNEL_VERSION);
    brink_free(&json);
    return error;
}

static brink_err bad(const struct brink_door *door, const char *name, const char *what)
{
    return brink_fail(BRINK_ERR_BAD_FILE, "%s: damaged or not ours: %s: %s", door->path, name,
                      what);
}

brink_err brink_check_links(struct brink_door *door, hid_t file, const char *name)
{
    char prefix[192];
    size_t length = 0;
    assert(strlen(name) < sizeof prefix);
    do {
        length += strcspn(name + length, "/");
        memcpy(prefix, name, length);
        prefix[length] = '\0';
        htri_t there = 0;
        H5L_info_t link = {.type = H5L_TYPE_ERROR};
        brink_err error = BRINK_HDF5(door, prefix, there = H5Lexists(file, prefix, H5P_DEFAULT));
        if (!error && !there)
            return bad(door, name, "missing");
        if (!error)
            error = BRINK_HDF5(door, prefix, H5Lget_info(file, prefix, &link, H5P_DEFAULT));
        if (error)
            return error;
        if (link.type != H5L_TYPE_HARD)
            return bad(door, name, "a link that leads elsewhere");
    } while (name[length++] == '/');
    return BRINK_OK;
}

static brink_err check_shape(struct brink_door *door, const struct brink_array *array,
                             hid_t dataset)
{
    hsize_t shape[H5S_MAX_RANK], shape_max[H5S_MAX_RANK];
    hid_t space = H5I_INVALID_HID;
    int rank = -1;
    brink_err error = BRINK_HDF5(door, array->name, space = H5Dget_space(dataset));
    if (!error)
        error = BRINK_HDF5(door, array->name,
                           rank = H5Sget_simple_extent_dims(space, shape, shape_max));
    brink_door_close(door, &space, &error);
    if (error)
        return error;
    if (rank != array->rank)
        return bad(door, array->name, "wrong number of dimensions");
    for (int i = 0; i < rank; i++)
        if (shape[i] != array->shape[i] || shape_max[i] != array->shape[i])
            return bad(door, array->name, "wrong shape");
    return BRINK_OK;
}

static brink_err check_type(struct brink_door *door, const struct brink_array *array, hid_t dataset)
{
    hid_t type = H5I_INVALID_HID, stored = H5I_INVALID_HID;
    htri_t equal = 0;
    brink_err error = brink_file_type(door, array->element, array->size, &type);
    if (!error)
        error = BRINK_HDF5(door, array->name, stored = H5Dget_type(dataset));
    if (!error)
        error = BRINK_HDF5(door, array->name, equal = H5Tequal(stored, type));
    if (!error && !equal)
        error = bad(door, array->name, "wrong type");
    brink_door_close(door, &stored, &error);
    brink_door_close(door, &type, &error);
    return error;
}

// Those of a packed array, in order, and no others.
static brink_err check_filters(struct brink_door *door, const struct brink_array *array,
                               hid_t creation)
{
    H5Z_filter_t wanted[3], found = H5Z_FILTER_NONE;
    int count = 0, there = 0;
    if (array->filtered && array->size > 1 && array->element != BRINK_ELEMENT_TEXT)
        wanted[count++] = H5Z_FILTER_SHUFFLE;
    if (array->filtered)
        wanted[count++] = H5Z_FILTER_DEFLATE;
    if (array->filtered)
        wanted[count++] = H5Z_FILTER_FLETCHER32;
    brink_err error = BRINK_HDF5(door, array->name, there = H5Pget_nfilters(creation));
    if (!error && there != count)
        return bad(door, array->name, "stored in another way than ours: other filters");
    for (int i = 0; !error && i < count; i++) {
        unsigned flags = 0, config = 0;
        size_t parameters = 0;
        error = BRINK_HDF5(door, array->name,
                           found = H5Pget_filter2(creation, (unsigned)i, &flags, &parameters, NULL,
                                                  0, NULL, &config));
        if (!error && found != wanted[i])
            error = bad(door, array->name, "stored in another way than ours: other filters");
    }
    return error;
}

static brink_err check_fill(struct brink_door *door, const struct brink_array *array,
                            hid_t creation)
{
    unsigned char wanted[sizeof(double)], found[sizeof(double)] = {0};
    H5D_fill_value_t defined = H5D_FILL_VALUE_ERROR;
    if (array->element == BRINK_ELEMENT_TEXT) {
        brink_err error = BRINK_HDF5(door, array->name, H5Pfill_value_defined(creation, &defined));
        return !error && defined != H5D_FILL_VALUE_DEFAULT
                   ? bad(door, array->name, "wrong fill value")
                   : error;
    }
    assert(array->size <= sizeof wanted);
    brink_array_fill(array, wanted);
    brink_err error = BRINK_HDF5(
        door, array->name, H5Pget_fill_value(creation, brink_number_type(array->element), found));
    if (!error && memcmp(wanted, found, array->size) != 0)
        error = bad(door, array->name, "wrong fill value");
    return error;
}

// A chunk for each tile (or piece of a packed list), all there in a live file, at fixed places.
static brink_err check_chunks(struct brink_door *door, const struct brink_array *array,
                              hid_t creation, hid_t dataset)
{
    hsize_t chunk[H5S_MAX_RANK];
    H5D_chunk_index_t index = H5D_CHUNK_IDX_BTREE;
    int rank = 0;
    brink_err error =
        BRINK_HDF5(door, array->name, rank = H5Pget_chunk(creation, H5S_MAX_RANK, chunk));
    if (!error &&
        (rank != array->rank || memcmp(chunk, array->chunk, (size_t)rank * sizeof chunk[0]) != 0))
        return bad(door, array->name, "its chunks are not the tiles");
    if (!error)
        error = BRINK_HDF5(door, array->name, H5Dget_chunk_index_type(dataset, &index));
    if (!error && !array->filtered && index != H5D_CHUNK_IDX_NONE && index != H5D_CHUNK_IDX_SINGLE)
        error = bad(door, array->name, "stored in another way than ours: another chunk index");
    return error;
}

static brink_err check_stored(struct brink_door *door, const struct brink_array *array,
                              hid_t dataset)
{
    hid_t creation = H5I_INVALID_HID;
    H5D_layout_t layout = H5D_LAYOUT_ERROR, wanted = array->chunk[0] ? H5D_CHUNKED : H5D_CONTIGUOUS;
    H5D_alloc_time_t time = H5D_ALLOC_TIME_ERROR;
    int external = 0;
    brink_err error = BRINK_HDF5(door, array->name, creation = H5Dget_create_plist(dataset));
    if (!error)
        error = BRINK_HDF5(door, array->name, layout = H5Pget_layout(creation));
    if (!error)
        error = BRINK_HDF5(door, array->name, external = H5Pget_external_count(creation));
    if (!error)
        error = BRINK_HDF5(door, array->name, H5Pget_alloc_time(creation, &time));
    if (!error && (layout != wanted || external > 0 ||
                   time != (array->filtered ? H5D_ALLOC_TIME_INCR : H5D_ALLOC_TIME_EARLY)))
        error = bad(door, array->name, "stored in another way than ours");
    if (!error)
        error = check_filters(door, array, creation);
    if (!error)
        error = check_fill(door, array, creation);
    if (!error && array->chunk[0])
        error = check_chunks(door, array, creation, dataset);
    // 0 is also how this call fails; H5Dget_space_status errs where edge chunks are clipped.
    if (!error && !array->filtered &&
        H5Dget_storage_size(dataset) != (hsize_t)brink_array_bytes(array))
        error = bad(door, array->name, "not all of it is there");
    brink_door_close(door, &creation, &error);
    return error;
}

// A view of arrays of the same name in files beside ours, and of nothing elsewhere.
static brink_err check_joined(struct brink_door *door, const struct brink_array *array,
                              hid_t dataset)
{
    enum { NAME_BYTES = 512 };
    hid_t creation = H5I_INVALID_HID;
    H5D_layout_t layout = H5D_LAYOUT_ERROR;
    size_t count = 0;
    ssize_t length = 0;
    char file[NAME_BYTES] = "", name[NAME_BYTES] = ""; // HDF5 does not end what it cuts: we do
    brink_err error = BRINK_HDF5(door, array->name, creation = H5Dget_create_plist(dataset));
    if (!error)
        error = BRINK_HDF5(door, array->name, layout = H5Pget_layout(creation));
    if (!error && layout != H5D_VIRTUAL)
        error = bad(door, array->name, "stored in another way than ours");
    if (!error)
        error = BRINK_HDF5(door, array->name, H5Pget_virtual_count(creation, &count));
    for (size_t i = 0; !error && i < count; i++) {
        error = BRINK_HDF5(door, array->name,
                           length = H5Pget_virtual_filename(creation, i, file, sizeof file - 1));
        bool outside = strchr(file, '/') || (size_t)length >= sizeof file - 1 || !file[0];
        if (!error)
            error =
                BRINK_HDF5(door, array->name,
                           length = H5Pget_virtual_dsetname(creation, i, name, sizeof name - 1));
        if (!error &&
            (outside || (size_t)length >= sizeof name - 1 || strcmp(name, array->name) != 0))
            error = bad(door, array->name, "a view of something else than shards beside it");
    }
    if (!error)
        error = check_fill(door, array, creation);
    brink_door_close(door, &creation, &error);
    return error;
}

brink_err brink_check_array(struct brink_door *door, hid_t file, const struct brink_array *array,
                            hid_t *dataset)
{
    *dataset = H5I_INVALID_HID;
    brink_err error = brink_check_links(door, file, array->name);
    if (!error)
        error = BRINK_HDF5(door, array->name, *dataset = H5Dopen2(file, array->name, H5P_DEFAULT));
    if (!error)
        error = check_shape(door, array, *dataset);
    if (!error)
        error = check_type(door, array, *dataset);
    if (!error)
        error = array->joined ? check_joined(door, array, *dataset)
                              : check_stored(door, array, *dataset);
    if (error)
        brink_door_close(door, dataset, &error);
    return error;
}
