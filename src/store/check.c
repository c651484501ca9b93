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
#include "types.h"

// Opens a root attribute that must be a scalar of exactly `type`.
static brink_err open_attribute(struct brink_door *door, hid_t file, const char *name, hid_t type,
                                hid_t *attribute)
{
    hid_t space = H5I_INVALID_HID, stored = H5I_INVALID_HID;
    htri_t there = 0, equal = 0;
    H5S_class_t shape = H5S_NO_CLASS;
    brink_err error = BRINK_HDF5(door, name, there = H5Aexists(file, name));
    if (!error && !there)
        error = brink_fail(BRINK_ERR_BAD_FILE, "%s: not a brink result: no attribute %s",
                           door->path, name);
    if (!error)
        error = BRINK_HDF5(door, name, *attribute = H5Aopen(file, name, H5P_DEFAULT));
    if (!error)
        error = BRINK_HDF5(door, name, stored = H5Aget_type(*attribute));
    if (!error)
        error = BRINK_HDF5(door, name, equal = H5Tequal(stored, type));
    if (!error)
        error = BRINK_HDF5(door, name, space = H5Aget_space(*attribute));
    if (!error)
        error = BRINK_HDF5(door, name, shape = H5Sget_simple_extent_type(space));
    if (!error && (!equal || shape != H5S_SCALAR))
        error =
            brink_fail(BRINK_ERR_BAD_FILE, "%s: attribute %s is of a wrong type", door->path, name);
    brink_door_close(door, &space, &error);
    brink_door_close(door, &stored, &error);
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
        error = open_attribute(door, file, name, type, &attribute);
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
    brink_err error = open_attribute(door, file, name, H5T_STD_I32LE, &attribute);
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
        error = brink_fail(BRINK_ERR_BAD_FILE,
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
    int descriptor = open(door->path, O_RDONLY | O_CLOEXEC);
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

brink_err brink_check_open(struct brink_door *door, hid_t *file)
{
    hid_t access = H5I_INVALID_HID;
    brink_err error = check_readable(door);
    if (!error)
        error = brink_door_access(door, &access);
    if (!error)
        error = BRINK_HDF5(door, "", *file = H5Fopen(door->path, H5F_ACC_RDONLY, access));
    brink_door_close(door, &access, &error);
    return error ? error : brink_check_format(door, *file);
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
                                              : "  the same keys, but spelt in another way";
        size_t length = strlen(lines);
        while (length > 0 && lines[length - 1] == '\n')
            length--;
        error =
            brink_fail(BRINK_ERR_MISMATCH, "%s: holds another sweep (file -> specification):\n%.*s",
                       door->path, (int)length, lines);
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
                           "cells would not have the same bits",
                           door->path, kernel, BRINK_KERNEL_VERSION);
    brink_free(&json);
    return error;
}

static brink_err bad(const struct brink_door *door, const struct brink_array *array,
                     const char *what)
{
    return brink_fail(BRINK_ERR_BAD_FILE, "%s: damaged or not ours: %s: %s", door->path,
                      array->name, what);
}

// Each link on the way must be a plain one: soft and external links lead out of our sight.
static brink_err check_links(struct brink_door *door, hid_t file, const struct brink_array *array)
{
    char prefix[sizeof array->name];
    size_t length = 0;
    do {
        length += strcspn(array->name + length, "/");
        memcpy(prefix, array->name, length);
        prefix[length] = '\0';
        htri_t there = 0;
        H5L_info_t link = {.type = H5L_TYPE_ERROR};
        brink_err error = BRINK_HDF5(door, prefix, there = H5Lexists(file, prefix, H5P_DEFAULT));
        if (!error && !there)
            return bad(door, array, "missing");
        if (!error)
            error = BRINK_HDF5(door, prefix, H5Lget_info(file, prefix, &link, H5P_DEFAULT));
        if (error)
            return error;
        if (link.type != H5L_TYPE_HARD)
            return bad(door, array, "a link that leads elsewhere");
    } while (array->name[length++] == '/');
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
        return bad(door, array, "wrong number of dimensions");
    for (int i = 0; i < rank; i++)
        if (shape[i] != array->shape[i] || shape_max[i] != array->shape[i])
            return bad(door, array, "wrong shape");
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
        error = bad(door, array, "wrong type");
    brink_door_close(door, &stored, &error);
    brink_door_close(door, &type, &error);
    return error;
}

// Stored in this file, whole, unfiltered, a chunk for each tile.
static brink_err check_storage(struct brink_door *door, const struct brink_array *array,
                               hid_t dataset)
{
    hsize_t chunk[H5S_MAX_RANK];
    hid_t creation = H5I_INVALID_HID;
    H5D_layout_t layout = H5D_LAYOUT_ERROR, wanted = array->chunk[0] ? H5D_CHUNKED : H5D_CONTIGUOUS;
    int filters = 0, external = 0, rank = 0;
    brink_err error = BRINK_HDF5(door, array->name, creation = H5Dget_create_plist(dataset));
    if (!error)
        error = BRINK_HDF5(door, array->name, layout = H5Pget_layout(creation));
    if (!error)
        error = BRINK_HDF5(door, array->name, filters = H5Pget_nfilters(creation));
    if (!error)
        error = BRINK_HDF5(door, array->name, external = H5Pget_external_count(creation));
    if (!error && (layout != wanted || filters > 0 || external > 0))
        error = bad(door, array, "stored in another way than ours");
    if (!error && array->chunk[0])
        error = BRINK_HDF5(door, array->name, rank = H5Pget_chunk(creation, H5S_MAX_RANK, chunk));
    if (!error && array->chunk[0] &&
        (rank != array->rank || memcmp(chunk, array->chunk, (size_t)rank * sizeof chunk[0]) != 0))
        error = bad(door, array, "its chunks are not the tiles");
    // 0 is also how this call fails; H5Dget_space_status errs where edge chunks are clipped.
    if (!error && H5Dget_storage_size(dataset) != (hsize_t)brink_array_bytes(array))
        error = bad(door, array, "not all of it is there");
    brink_door_close(door, &creation, &error);
    return error;
}

brink_err brink_check_array(struct brink_door *door, hid_t file, const struct brink_array *array,
                            hid_t *dataset)
{
    *dataset = H5I_INVALID_HID;
    brink_err error = check_links(door, file, array);
    if (!error)
        error = BRINK_HDF5(door, array->name, *dataset = H5Dopen2(file, array->name, H5P_DEFAULT));
    if (!error)
        error = check_shape(door, array, *dataset);
    if (!error)
        error = check_type(door, array, *dataset);
    if (!error)
        error = check_storage(door, array, *dataset);
    if (error)
        brink_door_close(door, dataset, &error);
    return error;
}
