// SPDX-License-Identifier: MIT
// Making a file: the names that are taken, the sizes that cannot be, the account of shards beside
// it; and users' own files with matrices.
#include <hdf5.h>
#include <mpi.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "brink/base/memory.h"
#include "files.h"
#include "toy_store.h"
#include "unit.h"

// ---- names and sizes

enum { NAMES_MAX = 1000 };

// "FILE.tmp-PID" or "FILE.tmp-PID-NUMBER", in a static buffer.
static const char *draft_name(const char *file, int number)
{
    char name[64];
    int length = snprintf(name, sizeof name, "%s.tmp-%ld", file, (long)getpid());
    if (number > 0)
        snprintf(name + length, sizeof name - (size_t)length, "-%d", number);
    return in_folder(name);
}

// A folder cannot be a draft that somebody has left: it stays.
START_TEST(a_draft_takes_a_free_name_or_none)
{
    struct toy toy;
    char path[256];
    snprintf(path, sizeof path, "%s", in_folder("busy.h5"));
    toy_grid(&toy, 0);
    ck_assert_int_eq(mkdir(draft_name("busy.h5", 0), 0700), 0);
    spill(in_folder("busy.h5.tmp-"), "x", 1); // no draft's name
    ck_assert_ok(brink_store_create(path, &toy.spec));
    ck_assert_int_eq(files_in(folder), 3);
    ck_assert(unlink(path) == 0 && unlink(in_folder("busy.h5.tmp-")) == 0);
    for (int i = 1; i < NAMES_MAX; i++)
        ck_assert_int_eq(mkdir(draft_name("busy.h5", i), 0700), 0);
    ck_assert_fails(brink_store_create(path, &toy.spec), BRINK_ERR_IO, "cannot create");
    for (int i = 0; i < NAMES_MAX; i++)
        ck_assert_int_eq(rmdir(draft_name("busy.h5", i)), 0);
    ck_assert_int_eq(files_in(folder), 0);
}
END_TEST

START_TEST(a_link_that_leads_nowhere_is_not_followed)
{
    struct toy toy;
    const char *path = in_folder("link.h5");
    toy_grid(&toy, 0);
    ck_assert_int_eq(symlink("nowhere.h5", path), 0);
    ck_assert_fails(brink_store_create(path, &toy.spec), BRINK_ERR_IO, "leads nowhere");
    unlink(path);
    ck_assert_int_eq(files_in(folder), 0);
}
END_TEST

START_TEST(a_size_beyond_all_files_is_refused)
{
    static const char text[] = "model: regularity\nfixed: {dor: 1}\n"
                               "axes: {lr: {min: 1, max: 2, num: 2097152},\n"
                               " x0: {min: 1, max: 2, num: 2097152},\n"
                               " y0: {min: 1, max: 2, num: 1048576}}\n";
    struct brink_spec *spec = NULL;
    ck_assert_ok(brink_spec_parse("large.yaml", text, strlen(text), 0, NULL, &spec));
    ck_assert_int_eq(brink_store_bytes(spec), -1);
    ck_assert_fails(brink_store_create(in_folder("large.h5"), spec), BRINK_ERR_USAGE,
                    "would exceed 8 EiB");
    ck_assert_int_eq(files_in(folder), 0);
    brink_spec_free(&spec);
}
END_TEST

// ---- shards

START_TEST(an_account_of_shards_is_read_as_it_is_written_or_refused)
{
    static const char *const bad[] = {"",
                                      "brink shards",
                                      "brink shards 0\n{}\n",
                                      "shards 3\n{}\n",
                                      "brink shards 3 {}\n",
                                      "brink shards 99999999999\n{}\n"};
    struct toy toy, other;
    char path[256], beside[300], *json = NULL;
    int count = 0;
    snprintf(path, sizeof path, "%s", in_folder("s.h5"));
    snprintf(beside, sizeof beside, "%s.shards", path);
    toy_grid(&toy, 3);
    toy_grid(&other, 6);
    ck_assert_ok(brink_shards_read(path, &count, &json)); // there is none
    ck_assert(count == 0 && json == NULL);
    ck_assert_ok(brink_shards_declare(path, &toy.spec, 3));
    ck_assert_ok(brink_shards_declare(path, &toy.spec, 3));
    ck_assert_ok(brink_shards_read(path, &count, &json));
    ck_assert_int_eq(count, 3);
    ck_assert_str_eq(json, toy.spec.json);
    brink_free(&json);
    ck_assert_fails(brink_shards_declare(path, &toy.spec, 4), BRINK_ERR_MISMATCH, "in 3 shards");
    ck_assert_fails(brink_shards_declare(path, &other.spec, 3), BRINK_ERR_MISMATCH, "rank: 2 -> 3");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        spill(beside, bad[i], strlen(bad[i]));
        ck_assert_fails(brink_shards_read(path, &count, &json), BRINK_ERR_BAD_FILE,
                        "does not say how many shards");
        ck_assert(count == 0 && json == NULL);
    }
    ck_assert_int_eq(truncate(beside, (1 << 26) + 1), 0);
    ck_assert_fails(brink_shards_read(path, &count, &json), BRINK_ERR_BAD_FILE, "does not say");
    unlink(beside);
}
END_TEST

// ---- matrices of users

static void put_array(hid_t file, const char *name, int rank, const hsize_t shape[], hid_t type,
                      const void *values)
{
    hid_t space = rank > 0 ? H5Screate_simple(rank, shape, NULL) : H5Screate(H5S_SCALAR);
    hid_t dataset = H5Dcreate2(file, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    ck_assert(dataset >= 0);
    if (values)
        ck_assert(H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0);
    H5Dclose(dataset);
    H5Sclose(space);
}

START_TEST(matrices_of_numbers_are_read_and_nothing_else)
{
    static const struct {
        const char *name;
        int64_t rows, columns;
    } good[] = {{"x", 2, 3}, {"y", 3, 1}, {"b", 1, 3}};
    static const struct {
        const char *name, *words;
    } bad[] = {{"text", "this is none of rank 1"},
               {"cube", "this is one of rank 3"},
               {"scalar", "of rank 0"},
               {"huge", "is too large"},
               {"missing", "has no array"},
               {"group", "H5Dopen2 failed"}};
    const hsize_t two[] = {2, 3}, one[] = {3}, cube[] = {1, 1, 1},
                  huge[] = {(hsize_t)1 << 40, (hsize_t)1 << 40};
    const double numbers[] = {1, 2, 3, 4, 5, 6};
    const int whole[] = {1, 2, 3};
    const char *path = in_folder("data.h5");
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    put_array(file, "x", 2, two, H5T_NATIVE_DOUBLE, numbers);
    put_array(file, "y", 1, one, H5T_NATIVE_INT, whole);
    put_array(file, "b", 1, one, H5T_NATIVE_INT, whole);
    put_array(file, "text", 1, one, H5T_C_S1, NULL);
    put_array(file, "cube", 3, cube, H5T_NATIVE_INT, NULL);
    put_array(file, "scalar", 0, NULL, H5T_NATIVE_DOUBLE, NULL);
    hid_t creation = H5Pcreate(H5P_DATASET_CREATE), space = H5Screate_simple(2, huge, NULL);
    const hsize_t chunk[] = {1, 1};
    H5Pset_chunk(creation, 2, chunk); // takes no room
    H5Dclose(H5Dcreate2(file, "huge", H5T_NATIVE_INT8, space, H5P_DEFAULT, creation, H5P_DEFAULT));
    H5Sclose(space);
    H5Pclose(creation);
    H5Gclose(H5Gcreate2(file, "group", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    ck_assert(H5Fclose(file) >= 0);
    int64_t rows = 0, columns = 0;
    double *values = NULL;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        ck_assert_ok(brink_store_matrix(path, good[i].name, &rows, &columns, &values));
        ck_assert(rows == good[i].rows && columns == good[i].columns);
        for (int64_t k = 0; k < rows * columns; k++)
            ck_assert(values[k] == numbers[k]);
        brink_free(&values);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ck_assert_fails(brink_store_matrix(path, bad[i].name, &rows, &columns, &values),
                        BRINK_ERR_IO, bad[i].words);
        ck_assert_ptr_null(values);
    }
    ck_assert_int_eq(H5Fget_obj_count((hid_t)H5F_OBJ_ALL, H5F_OBJ_ALL), 0);
    unlink(path);
    ck_assert_fails(brink_store_matrix(path, "x", &rows, &columns, &values), BRINK_ERR_IO,
                    "cannot be read");
}
END_TEST

int main(int argc, char **argv)
{
    const TTest *const tests[] = {
        a_draft_takes_a_free_name_or_none,
        a_link_that_leads_nowhere_is_not_followed,
        a_size_beyond_all_files_is_refused,
        an_account_of_shards_is_read_as_it_is_written_or_refused,
        matrices_of_numbers_are_read_and_nothing_else,
    };
    setenv("CK_FORK", "no", 1); // MPI does not survive a fork that uses it
    setenv("OMPI_MCA_io", "^ompio", 0);
    brink_store_start();
    MPI_Init(&argc, &argv);
    snprintf(folder, sizeof folder, "/tmp/brink-draft-XXXXXX");
    if (!mkdtemp(folder))
        return EXIT_FAILURE;
    int result = unit_run("draft", tests, sizeof tests / sizeof tests[0]);
    rmdir(folder);
    MPI_Finalize();
    return result;
}
