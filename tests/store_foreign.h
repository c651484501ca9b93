// SPDX-License-Identifier: MIT
// Part of check_store.c: files that are not ours, or of another sweep, or spoilt, are refused.
#ifndef BRINK_TESTS_STORE_FOREIGN_H
#define BRINK_TESTS_STORE_FOREIGN_H

#include <fcntl.h>
#include <hdf5.h>
#include <stdbool.h>
#include <unistd.h>

#include "../src/store/seal.h"
#include "brink/base/build.h"
#include "brink/store/store.h"
#include "files.h"
#include "toy_store.h"
#include "unit.h"

static void set_number(hid_t file, const char *name, int32_t value)
{
    hid_t attribute = H5Aopen(file, name, H5P_DEFAULT);
    ck_assert(H5Awrite(attribute, H5T_NATIVE_INT32, &value) >= 0);
    H5Aclose(attribute);
}

// ---- ways to spoil a file of the toy grid of 6 x 8 cells in tiles of 3 x 4

// As another program would have made it.
static void reseal(const char *path, const struct toy *toy)
{
    int descriptor = open(path, O_RDWR);
    ck_assert_ok(brink_seal_file(path, descriptor, &toy->spec, BRINK_STORAGE_LIVE, 0));
    ck_assert_int_eq(close(descriptor), 0);
}

static void edit_schema(hid_t file)
{
    set_number(file, "schema_version", 2);
}
static void edit_kernel(hid_t file)
{
    set_number(file, "kernel_version", BRINK_KERNEL_VERSION + 1);
}
static void edit_format(hid_t file)
{
    hid_t attribute = H5Aopen(file, "brink_format", H5P_DEFAULT), type = H5Aget_type(attribute);
    const char *value = "swoop";
    ck_assert(H5Awrite(attribute, type, &value) >= 0);
    H5Tclose(type);
    H5Aclose(attribute);
}
static void edit_null_format(hid_t file)
{
    hid_t attribute = H5Aopen(file, "brink_format", H5P_DEFAULT), type = H5Aget_type(attribute);
    const char *value = NULL;
    ck_assert(H5Awrite(attribute, type, &value) >= 0);
    H5Tclose(type);
    H5Aclose(attribute);
}
static void edit_no_format(hid_t file)
{
    ck_assert(H5Adelete(file, "brink_format") >= 0);
}
static void edit_no_spec(hid_t file)
{
    ck_assert(H5Adelete(file, "spec") >= 0);
}
static void edit_spec_type(hid_t file)
{
    edit_no_spec(file);
    hsize_t many = 1000;
    hid_t space = H5Screate_simple(1, &many, NULL);
    hid_t attribute = H5Acreate2(file, "spec", H5T_STD_I64LE, space, H5P_DEFAULT, H5P_DEFAULT);
    H5Aclose(attribute);
    H5Sclose(space);
}
static void edit_missing(hid_t file)
{
    ck_assert(H5Ldelete(file, "value", H5P_DEFAULT) >= 0);
}
static void edit_external(hid_t file)
{
    edit_missing(file);
    ck_assert(H5Lcreate_external("/etc/passwd", "value", file, "value", H5P_DEFAULT, H5P_DEFAULT) >=
              0);
}
static void edit_soft_group(hid_t file)
{
    ck_assert(H5Lmove(file, "tiles", file, "moved", H5P_DEFAULT, H5P_DEFAULT) >= 0);
    ck_assert(H5Lcreate_soft("/moved", file, "tiles", H5P_DEFAULT, H5P_DEFAULT) >= 0);
}
static void edit_group(hid_t file)
{
    edit_missing(file);
    H5Gclose(H5Gcreate2(file, "value", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
}

// `value` anew; grid 3 is 6 x 8 in tiles of 3 x 4.
static void remake(hid_t file, int rank, hsize_t rows, hid_t type, bool chunked, int filter)
{
    const hsize_t shape[3] = {rows, 8, 1}, chunk[3] = {3, 4, 1};
    edit_missing(file);
    hid_t space = H5Screate_simple(rank, shape, NULL), creation = H5Pcreate(H5P_DATASET_CREATE);
    if (chunked)
        H5Pset_chunk(creation, rank, chunk);
    if (filter)
        H5Pset_deflate(creation, 1);
    H5Pset_alloc_time(creation, H5D_ALLOC_TIME_EARLY);
    hid_t dataset = H5Dcreate2(file, "value", type, space, H5P_DEFAULT, creation, H5P_DEFAULT);
    ck_assert(dataset >= 0);
    H5Dclose(dataset);
    H5Pclose(creation);
    H5Sclose(space);
}
static void edit_rank(hid_t file)
{
    remake(file, 3, 6, H5T_IEEE_F64LE, true, 0);
}
static void edit_shape(hid_t file)
{
    remake(file, 2, (hsize_t)1 << 62, H5T_IEEE_F64LE, true, 1); // a hostile size
}
static void edit_type(hid_t file)
{
    remake(file, 2, 6, H5T_IEEE_F64BE, true, 0);
}
static void edit_layout(hid_t file)
{
    remake(file, 2, 6, H5T_IEEE_F64LE, false, 0);
}
static void edit_filter(hid_t file)
{
    remake(file, 2, 6, H5T_IEEE_F64LE, true, 1);
}
static void edit_raw_file(hid_t file)
{
    const hsize_t shape[2] = {6, 8};
    edit_missing(file);
    hid_t space = H5Screate_simple(2, shape, NULL), creation = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_external(creation, "/etc/passwd", 0, H5F_UNLIMITED);
    hid_t dataset =
        H5Dcreate2(file, "value", H5T_IEEE_F64LE, space, H5P_DEFAULT, creation, H5P_DEFAULT);
    ck_assert(dataset >= 0);
    H5Dclose(dataset);
    H5Pclose(creation);
    H5Sclose(space);
}

// Any contiguous array or scale anew, without values.
static void remake_list(hid_t file, const char *name, hid_t creation)
{
    hid_t old = H5Dopen2(file, name, H5P_DEFAULT);
    hid_t type = H5Dget_type(old), space = H5Dget_space(old);
    ck_assert(H5Dclose(old) >= 0 && H5Ldelete(file, name, H5P_DEFAULT) >= 0);
    hid_t dataset = H5Dcreate2(file, name, type, space, H5P_DEFAULT, creation, H5P_DEFAULT);
    ck_assert(dataset >= 0);
    H5Dclose(dataset);
    H5Sclose(space);
    H5Tclose(type);
    H5Pclose(creation);
}
static void edit_raw_list(hid_t file)
{
    hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_external(creation, "/etc/passwd", 0, H5F_UNLIMITED);
    remake_list(file, "tiles/state", creation);
}
static void edit_late(hid_t file)
{
    hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_alloc_time(creation, H5D_ALLOC_TIME_LATE);
    remake_list(file, "tiles/state", creation);
}
static void edit_fill(hid_t file)
{
    const uint8_t one = 1;
    hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_alloc_time(creation, H5D_ALLOC_TIME_EARLY);
    H5Pset_fill_value(creation, H5T_NATIVE_UINT8, &one); // each tile done
    remake_list(file, "tiles/state", creation);
}
static void edit_text_fill(hid_t file)
{
    hid_t old = H5Dopen2(file, "runs/host", H5P_DEFAULT), type = H5Dget_type(old);
    hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    char host[256] = "nowhere";
    ck_assert_uint_le(H5Tget_size(type), sizeof host);
    H5Pset_alloc_time(creation, H5D_ALLOC_TIME_EARLY);
    H5Pset_fill_value(creation, type, host);
    H5Tclose(type);
    H5Dclose(old);
    remake_list(file, "runs/host", creation);
}

// `value` with tiles of another shape, or room to grow, or chunks found by a tree.
static void remake_chunks(hid_t file, hsize_t rows, hsize_t rows_max, hsize_t tile_rows)
{
    const hsize_t shape[2] = {rows, 8}, shape_max[2] = {rows_max, 8}, chunk[2] = {tile_rows, 4};
    const double fill = brink_from_bits(BRINK_NAN_BITS);
    edit_missing(file);
    hid_t space = H5Screate_simple(2, shape, shape_max), creation = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(creation, 2, chunk);
    H5Pset_alloc_time(creation, H5D_ALLOC_TIME_EARLY);
    H5Pset_fill_value(creation, H5T_NATIVE_DOUBLE, &fill);
    hid_t dataset =
        H5Dcreate2(file, "value", H5T_IEEE_F64LE, space, H5P_DEFAULT, creation, H5P_DEFAULT);
    ck_assert(dataset >= 0);
    H5Dclose(dataset);
    H5Pclose(creation);
    H5Sclose(space);
}
static void edit_growing(hid_t file)
{
    remake_chunks(file, 6, H5S_UNLIMITED, 3);
}
static void edit_tiles(hid_t file)
{
    remake_chunks(file, 6, 6, 2);
}

// Each with words of the reason the file is then refused for.
static const struct {
    void (*edit)(hid_t file);
    const char *words;
} edits[] = {
    {edit_schema, "schema version 2, but this program knows only 1"},
    {edit_format, "its format is \"swoop\""},
    {edit_null_format, "its format is \"\""},
    {edit_no_format, "not a brink result: no attribute brink_format"},
    {edit_no_spec, "no attribute spec"},
    {edit_spec_type, "attribute spec is of a wrong type"},
    {edit_missing, "value: missing"},
    {edit_external, "value: a link that leads elsewhere"},
    {edit_soft_group, "tiles/state: a link that leads elsewhere"},
    {edit_group, "value: H5Dopen2 failed: not a dataset"},
    {edit_rank, "value: wrong number of dimensions"},
    {edit_shape, "value: wrong shape"},
    {edit_type, "value: wrong type"},
    {edit_layout, "value: stored in another way"},
    {edit_filter, "value: stored in another way"},
    {edit_raw_file, "value: stored in another way"},
    {edit_raw_list, "tiles/state: stored in another way"},
    {edit_late, "tiles/state: stored in another way"},
    {edit_fill, "tiles/state: wrong fill value"},
    {edit_text_fill, "runs/host: wrong fill value"},
    {edit_growing, "value: wrong shape"},
    {edit_tiles, "value: its chunks are not the tiles"},
};

START_TEST(edited_files_are_refused_with_a_reason)
{
    struct toy toy;
    const char *path = in_folder("edited.h5");
    struct brink_store *store = NULL;
    toy_grid(&toy, 3);
    for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++) {
        ck_assert_ok(brink_store_create(path, &toy.spec));
        hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
        edits[i].edit(file);
        ck_assert(H5Fclose(file) >= 0);
        ck_assert_fails(brink_store_open_read(path, &toy.spec, &store), BRINK_ERR_BAD_FILE,
                        edits[i].words);
        ck_assert_ptr_null(store);
        unlink(path);
    }
}
END_TEST

START_TEST(another_kernel_may_read_but_not_write)
{
    struct toy toy;
    char words[64];
    const char *path = in_folder("kernel.h5");
    struct brink_store *store = NULL;
    snprintf(words, sizeof words, "kernel version %d, this program has %d",
             BRINK_KERNEL_VERSION + 1, BRINK_KERNEL_VERSION);
    toy_grid(&toy, 3);
    ck_assert_ok(brink_store_create(path, &toy.spec));
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    edit_kernel(file);
    H5Fclose(file);
    ck_assert_fails(brink_store_open_read(path, &toy.spec, &store), BRINK_ERR_BAD_FILE,
                    "damaged or edited");
    reseal(path, &toy);
    ck_assert_fails(brink_store_open(path, &toy.spec, MPI_COMM_SELF, MPI_INFO_NULL, &store),
                    BRINK_ERR_MISMATCH, words);
    ck_assert_ok(brink_store_open_read(path, &toy.spec, &store));
    ck_assert_ok(brink_store_close(&store));
    unlink(path);
}
END_TEST

static void check_foreign(const char *path, const struct toy *toy, brink_err code,
                          const char *words)
{
    struct brink_store *store = NULL;
    char *json = NULL;
    ck_assert_fails(brink_store_open_read(path, &toy->spec, &store), code, words);
    ck_assert_ptr_null(store);
    ck_assert_fails(brink_store_spec(path, &json), code, words);
    ck_assert_ptr_null(json);
}

START_TEST(foreign_files_are_refused)
{
    static const char netcdf[] = "CDF\001\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
    struct toy toy;
    const char *path = in_folder("foreign.h5");
    toy_grid(&toy, 3);
    check_foreign(in_folder("none.h5"), &toy, BRINK_ERR_IO, "No such file");
    check_foreign(folder, &toy, BRINK_ERR_BAD_FILE, "not a regular file");
    spill(path, "", 0);
    check_foreign(path, &toy, BRINK_ERR_BAD_FILE, "empty");
    spill(path, "x", 1);
    check_foreign(path, &toy, BRINK_ERR_BAD_FILE, "not an HDF5 file");
    spill(path, netcdf, sizeof netcdf);
    check_foreign(path, &toy, BRINK_ERR_BAD_FILE, "not an HDF5 file");
    spill(path, "\x89HDF\r\n\x1a\nnot what follows", 24);
    check_foreign(path, &toy, BRINK_ERR_BAD_FILE, "H5Fopen failed");
    struct brink_store *store = NULL;
    ck_assert_fails(brink_store_open(path, &toy.spec, MPI_COMM_SELF, MPI_INFO_NULL, &store),
                    BRINK_ERR_BAD_FILE, "H5Fopen failed");
    H5Fclose(H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT));
    check_foreign(path, &toy, BRINK_ERR_BAD_FILE, "no attribute brink_format");
    unlink(path);
}
END_TEST

START_TEST(truncated_files_are_refused)
{
    struct toy toy;
    const char *path = in_folder("cut.h5");
    size_t length = 0;
    toy_grid(&toy, 3);
    ck_assert_ok(brink_store_create(path, &toy.spec));
    unsigned char *bytes = slurp(path, &length);
    for (int i = 0; i < 40; i++) {
        spill(path, bytes, length * (size_t)i / 40);
        struct brink_store *store = NULL;
        ck_assert_int_eq(brink_store_open_read(path, &toy.spec, &store), BRINK_ERR_BAD_FILE);
        ck_assert_ptr_null(store);
    }
    check_foreign(path, &toy, BRINK_ERR_BAD_FILE, "truncated file");
    free(bytes);
    unlink(path);
}
END_TEST

START_TEST(the_same_keys_spelt_otherwise_are_refused)
{
    struct toy toy, spaced;
    const char *path = in_folder("spelt.h5");
    struct brink_store *store = NULL;
    toy_grid(&toy, 3);
    toy_grid(&spaced, 3);
    strcat(spaced.json, " ");
    ck_assert_ok(brink_store_create(path, &toy.spec));
    ck_assert_fails(brink_store_open_read(path, &spaced.spec, &store), BRINK_ERR_MISMATCH,
                    "the same keys, but spelt in another way\nto go on");
    ck_assert_ptr_null(store);
    unlink(path);
}
END_TEST

START_TEST(another_spec_is_refused_with_the_difference)
{
    struct toy toy, other;
    const char *path = in_folder("mismatch.h5");
    struct brink_store *store = NULL;
    toy_grid(&toy, 3);
    toy_grid(&other, 6);
    ck_assert_ok(brink_store_create(path, &toy.spec));
    ck_assert_fails(brink_store_open_read(path, &other.spec, &store), BRINK_ERR_MISMATCH,
                    "another sweep");
    ck_assert_ptr_null(store);
    ck_assert_ptr_nonnull(strstr(brink_error_note(), "rank: 2 -> 3"));
    ck_assert_fails(brink_store_open(path, &other.spec, MPI_COMM_SELF, MPI_INFO_NULL, &store),
                    BRINK_ERR_MISMATCH, "first: 6 -> 3");
    ck_assert_ptr_null(store);
    unlink(path);
}
END_TEST

#endif
