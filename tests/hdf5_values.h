// SPDX-License-Identifier: MIT
// A digest of everything that a reader gets from a file: names, shapes, values, attributes, fill.
#ifndef BRINK_TESTS_HDF5_VALUES_H
#define BRINK_TESTS_HDF5_VALUES_H

#include <hdf5.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

// FNV-1a, 64 bits.
struct values {
    uint64_t digest;
    bool failed; // a reader got an error
};

static inline void values_add(struct values *values, const void *data, size_t size)
{
    const unsigned char *bytes = data;
    for (size_t i = 0; i < size; i++)
        values->digest = (values->digest ^ bytes[i]) * UINT64_C(0x100000001b3);
}

// `count` values of `type` as they lie in memory.
static inline void values_add_data(struct values *values, hid_t type, size_t count,
                                   const void *data)
{
    const size_t size = H5Tget_size(type);
    const char *element = data;
    for (size_t i = 0; i < count; i++, element += size) {
        if (H5Tis_variable_str(type) > 0) {
            const char *text;
            memcpy(&text, element, sizeof text);
            values_add(values, text ? text : "(null)", text ? strlen(text) + 1 : 7);
        } else if (H5Tget_class(type) == H5T_VLEN) {
            hvl_t list;
            hid_t base = H5Tget_super(type);
            memcpy(&list, element, sizeof list);
            values_add(values, &list.len, sizeof list.len);
            values_add(values, list.p, list.len * H5Tget_size(base));
            H5Tclose(base);
        } else {
            values_add(values, element, size);
        }
    }
}

static inline size_t values_space(struct values *values, hid_t space)
{
    hsize_t shape[H5S_MAX_RANK];
    int rank = H5Sget_simple_extent_dims(space, shape, NULL);
    hssize_t count = H5Sget_simple_extent_npoints(space);
    values->failed |= rank < 0 || count < 0;
    if (values->failed)
        return 0;
    values_add(values, shape, (size_t)rank * sizeof shape[0]);
    return (size_t)count;
}

static inline herr_t values_attribute(hid_t object, const char *name, const H5A_info_t *info,
                                      void *context)
{
    struct values *values = context;
    hid_t id = H5Aopen(object, name, H5P_DEFAULT), type = H5Aget_type(id), space = H5Aget_space(id);
    (void)info;
    values_add(values, name, strlen(name) + 1);
    size_t count = values_space(values, space);
    void *data = calloc(count + 1, H5Tget_size(type) + 1);
    values->failed |= !data || H5Aread(id, type, data) < 0;
    if (!values->failed) {
        values_add_data(values, type, count, data);
        H5Dvlen_reclaim(type, space, H5P_DEFAULT, data);
    }
    free(data);
    H5Sclose(space);
    H5Tclose(type);
    H5Aclose(id);
    return 0;
}

static inline void values_dataset(struct values *values, hid_t id)
{
    hid_t type = H5Dget_type(id), space = H5Dget_space(id), creation = H5Dget_create_plist(id);
    size_t count = values_space(values, space);
    unsigned char fill[256] = {0};
    if (H5Tget_class(type) != H5T_STRING && H5Pget_fill_value(creation, type, fill) >= 0)
        values_add(values, fill, sizeof fill);
    void *data = calloc(count + 1, H5Tget_size(type) + 1);
    values->failed |= !data || H5Dread(id, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) < 0;
    if (!values->failed) {
        values_add_data(values, type, count, data);
        H5Dvlen_reclaim(type, space, H5P_DEFAULT, data);
    }
    free(data);
    H5Pclose(creation);
    H5Sclose(space);
    H5Tclose(type);
}

static inline herr_t values_object(hid_t file, const char *name, const H5O_info_t *info,
                                   void *context)
{
    struct values *values = context;
    hid_t id = H5Oopen(file, name, H5P_DEFAULT);
    (void)info;
    values_add(values, name, strlen(name) + 1);
    values->failed |=
        id < 0 || H5Aiterate2(id, H5_INDEX_NAME, H5_ITER_INC, NULL, values_attribute, values) < 0;
    if (!values->failed && H5Iget_type(id) == H5I_DATASET)
        values_dataset(values, id);
    H5Oclose(id);
    return 0;
}

// 0: a reader fails somewhere.
static inline uint64_t values_of(const char *path)
{
    struct values values = {UINT64_C(0xcbf29ce484222325), false};
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    if (file < 0)
        return 0;
    values.failed = H5Ovisit2(file, H5_INDEX_NAME, H5_ITER_NATIVE, values_object, &values,
                              H5O_INFO_BASIC) < 0 ||
                    values.failed;
    H5Fclose(file);
    return values.failed ? 0 : values.digest;
}

#endif
