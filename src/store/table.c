// SPDX-License-Identifier: MIT
// A table of numbers as a small HDF5 file: one array per column along the first, its scale.
#include <hdf5_hl.h>

#include "brink/base/memory.h"
#include "brink/store/store.h"
#include "door.h"
#include "draft.h"

enum { HEADER_BYTES = 65536 };

static brink_err write_column(struct brink_door *door, hid_t file, const char *name,
                              int64_t row_count, const double *values, hid_t *dataset)
{
    hid_t space = H5I_INVALID_HID;
    hsize_t count = (hsize_t)row_count;
    brink_err error = BRINK_HDF5(door, name, space = H5Screate_simple(1, &count, NULL));
    if (!error)
        error = BRINK_HDF5(door, name,
                           *dataset = H5Dcreate2(file, name, H5T_IEEE_F64LE, space, H5P_DEFAULT,
                                                 H5P_DEFAULT, H5P_DEFAULT));
    if (!error)
        error = BRINK_HDF5(
            door, name,
            H5Dwrite(*dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values));
    brink_door_close(door, &space, &error);
    return error;
}

static brink_err write_title(struct brink_door *door, hid_t file, const char *title)
{
    hid_t type = H5I_INVALID_HID, space = H5I_INVALID_HID, attribute = H5I_INVALID_HID;
    brink_err error = BRINK_HDF5(door, "title", type = H5Tcopy(H5T_C_S1));
    if (!error)
        error = BRINK_HDF5(door, "title", H5Tset_size(type, H5T_VARIABLE));
    if (!error)
        error = BRINK_HDF5(door, "title", H5Tset_cset(type, H5T_CSET_UTF8));
    if (!error)
        error = BRINK_HDF5(door, "title", space = H5Screate(H5S_SCALAR));
    if (!error)
        error = BRINK_HDF5(door, "title",
                           attribute =
                               H5Acreate2(file, "title", type, space, H5P_DEFAULT, H5P_DEFAULT));
    if (!error)
        error = BRINK_HDF5(door, "title", H5Awrite(attribute, type, &title));
    brink_door_close(door, &attribute, &error);
    brink_door_close(door, &space, &error);
    brink_door_close(door, &type, &error);
    return error;
}

// rows[row_count][column_count] into columns; the first is the scale of the others.
static brink_err write_columns(struct brink_door *door, hid_t file, int column_count,
                               const char *const names[], int64_t row_count, const double *rows)
{
    hid_t scale = H5I_INVALID_HID, dataset = H5I_INVALID_HID;
    double *values = NULL;
    brink_err error = brink_alloc(&values, (size_t)row_count, sizeof *values);
    for (int k = 0; !error && k < column_count; k++) {
        for (int64_t i = 0; i < row_count; i++)
            values[i] = rows[i * column_count + k];
        error = write_column(door, file, names[k], row_count, values, k == 0 ? &scale : &dataset);
        if (!error && k == 0)
            error = BRINK_HDF5(door, names[k], H5DSset_scale(scale, names[k]));
        else if (!error)
            error = BRINK_HDF5(door, names[k], H5DSattach_scale(dataset, scale, 0));
        brink_door_close(door, &dataset, &error);
    }
    brink_door_close(door, &scale, &error);
    brink_free(&values);
    return error;
}

brink_err brink_store_table(const char *path, const char *title, int column_count,
                            const char *const names[], int64_t row_count, const double *rows)
{
    struct brink_door door = {.path = path, .blame = BRINK_ERR_IO, .writing = true};
    struct brink_draft draft;
    hid_t file = H5I_INVALID_HID, access = H5I_INVALID_HID;
    int64_t bytes = HEADER_BYTES + (int64_t)sizeof(double) * row_count * column_count;
    brink_err error = brink_draft_open(&draft, path, bytes);
    if (error)
        return error;
    error = brink_door_access(&door, &access);
    if (!error)
        error = BRINK_HDF5(
            &door, "",
            file = H5Fcreate(brink_text_get(&draft.name), H5F_ACC_TRUNC, H5P_DEFAULT, access));
    if (!error)
        error = write_title(&door, file, title);
    if (!error)
        error = write_columns(&door, file, column_count, names, row_count, rows);
    brink_door_close(&door, &file, &error);
    brink_door_close(&door, &access, &error);
    if (!error)
        error = brink_draft_publish(&draft);
    brink_draft_discard(&draft);
    return error;
}
