// SPDX-License-Identifier: MIT
// A user's HDF5 file: one matrix of numbers of any kind, as doubles.
#include <inttypes.h>
#include <math.h>
#include <unistd.h>

#include "brink/base/memory.h"
#include "brink/store/store.h"
#include "door.h"

// A vector is a matrix of one row if its name begins with b (biases), else of one column.
static brink_err shape_of(struct brink_door *door, const char *name, hid_t dataset, int64_t *rows,
                          int64_t *columns)
{
    hid_t space = H5I_INVALID_HID, type = H5I_INVALID_HID;
    hsize_t shape[2] = {1, 1};
    H5T_class_t kind = H5T_NO_CLASS;
    int rank = -1;
    brink_err error = BRINK_HDF5(door, name, space = H5Dget_space(dataset));
    if (!error)
        error = BRINK_HDF5(door, name, type = H5Dget_type(dataset));
    if (!error)
        error = BRINK_HDF5(door, name, kind = H5Tget_class(type));
    if (!error)
        error = BRINK_HDF5(door, name, rank = H5Sget_simple_extent_ndims(space));
    if (!error && (rank < 1 || rank > 2 || (kind != H5T_FLOAT && kind != H5T_INTEGER)))
        error = brink_fail(
            BRINK_ERR_IO, "%s: %s: a matrix of numbers is needed, this is %s of rank %d",
            door->path, name, kind == H5T_FLOAT || kind == H5T_INTEGER ? "one" : "none", rank);
    if (!error)
        error = BRINK_HDF5(door, name, H5Sget_simple_extent_dims(space, shape, NULL));
    *rows = (int64_t)shape[0];
    *columns = (int64_t)shape[1];
    if (rank == 1 && name[0] == 'b') {
        *rows = 1;
        *columns = (int64_t)shape[0];
    }
    brink_door_close(door, &type, &error);
    brink_door_close(door, &space, &error);
    return error;
}

static brink_err check_finite(const char *path, const char *name, int64_t columns, int64_t count,
                              const double values[])
{
    for (int64_t i = 0; i < count; i++)
        if (!isfinite(values[i]))
            return brink_fail(BRINK_ERR_IO, "%s: %s[%" PRId64 "][%" PRId64 "] is %g: not finite",
                              path, name, i / columns, i % columns, values[i]);
    return BRINK_OK;
}

brink_err brink_store_matrix(const char *path, const char *name, int64_t *rows, int64_t *columns,
                             double **values)
{
    static const int64_t numbers_max = INT64_C(1) << 32;
    struct brink_door door = {.path = path, .blame = BRINK_ERR_IO};
    hid_t file = H5I_INVALID_HID, dataset = H5I_INVALID_HID;
    int64_t count = 0;
    htri_t there = 0;
    *values = NULL;
    brink_store_start();
    if (access(path, R_OK) != 0)
        return brink_fail(BRINK_ERR_IO, "%s: cannot be read: no such file, or not allowed", path);
    brink_err error = BRINK_HDF5(&door, "", file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT));
    if (!error)
        error = BRINK_HDF5(&door, name, there = H5Lexists(file, name, H5P_DEFAULT));
    if (!error && !there)
        error = brink_fail(BRINK_ERR_IO, "%s: has no array %s", path, name);
    if (!error)
        error = BRINK_HDF5(&door, name, dataset = H5Dopen2(file, name, H5P_DEFAULT));
    if (!error)
        error = shape_of(&door, name, dataset, rows, columns);
    if (!error && (!brink_mul_i64(*rows, *columns, &count) || count > numbers_max))
        error = brink_fail(BRINK_ERR_IO, "%s: %s: [%" PRId64 "][%" PRId64 "] is too large", path,
                           name, *rows, *columns);
    if (!error)
        error = brink_alloc(values, (size_t)count, sizeof **values);
    if (!error)
        error =
            BRINK_HDF5(&door, name,
                       H5Dread(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, *values));
    if (!error)
        error = check_finite(path, name, *columns, count, *values);
    if (error)
        brink_free(values);
    brink_door_close(&door, &dataset, &error);
    brink_door_close(&door, &file, &error);
    return error;
}
