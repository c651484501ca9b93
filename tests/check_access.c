// SPDX-License-Identifier: MIT
// Ways into a result: of another kernel version only if it is wanted, its verdicts alone, its
// starts.
#include <fcntl.h>
#include <hdf5.h>
#include <mpi.h>
#include <string.h>
#include <unistd.h>

#include "../src/store/seal.h"
#include "brink/base/build.h"
#include "real_store.h"

// The file as a program with the next version of the arithmetic would have made it.
static void age(const char *path, const struct brink_spec *spec)
{
    int32_t version = BRINK_KERNEL_VERSION + 1;
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    hid_t attribute = H5Aopen(file, "kernel_version", H5P_DEFAULT);
    ck_assert(H5Awrite(attribute, H5T_NATIVE_INT32, &version) >= 0);
    H5Aclose(attribute);
    H5Fclose(file);
    int descriptor = open(path, O_RDWR);
    ck_assert_ok(brink_seal_file(path, descriptor, spec, BRINK_STORAGE_LIVE, 0));
    close(descriptor);
}

START_TEST(another_kernel_is_let_in_only_when_wanted)
{
    const char *path = in_folder("kernel.h5");
    struct brink_spec *spec = real_spec();
    struct brink_store *store = NULL;
    real_make(path, spec, 1);
    ck_assert_ok(brink_store_open_read(path, spec, &store));
    ck_assert_ok(brink_store_check_kernel(store));
    ck_assert_ok(brink_store_close(&store));
    age(path, spec);
    ck_assert_ok(brink_store_open_read(path, spec, &store));
    ck_assert_fails(brink_store_check_kernel(store), BRINK_ERR_MISMATCH, "kernel");
    ck_assert_ok(brink_store_close(&store));
    ck_assert_ok(brink_store_open_any_kernel(path, spec, MPI_COMM_SELF, MPI_INFO_NULL, &store));
    ck_assert_ok(brink_store_run_write(store, 2, &real_run));
    ck_assert_ok(brink_store_close(&store));
    // Last: what is refused stays open in HDF5.
    ck_assert_fails(brink_store_open(path, spec, MPI_COMM_SELF, MPI_INFO_NULL, &store),
                    BRINK_ERR_MISMATCH, "kernel");
    ck_assert(store == NULL);
    unlink(path);
    brink_spec_free(&spec);
}
END_TEST

START_TEST(verdicts_alone_are_those_of_the_tiles)
{
    const char *path = in_folder("statuses.h5");
    struct brink_spec *spec = real_spec();
    struct brink_store *store = NULL;
    struct brink_columns columns;
    real_make(path, spec, 2);
    ck_assert_ok(brink_columns_open(&columns, spec));
    ck_assert_ok(brink_store_open_read(path, spec, &store));
    for (int64_t i = 0; i < spec->grid.tile_count; i++) {
        struct brink_tile tile = brink_grid_tile(&spec->grid, i);
        int8_t statuses[6];
        bool intact;
        ck_assert_int_le(tile.cells, 6);
        ck_assert_ok(brink_store_get(store, &tile, &columns, &intact));
        ck_assert_ok(brink_store_statuses(store, &tile, statuses));
        ck_assert(memcmp(statuses, columns.column[0], (size_t)tile.cells) == 0);
        ck_assert((statuses[0] != 0) == (i % 2 == 0));
    }
    ck_assert_ok(brink_store_close(&store));
    brink_columns_close(&columns);
    unlink(path);
    brink_spec_free(&spec);
}
END_TEST

START_TEST(starts_come_back_with_their_texts_cut)
{
    const char *path = in_folder("starts.h5");
    struct brink_spec *spec = real_spec();
    struct brink_run long_run = real_run, got;
    int32_t count = 0;
    real_make(path, spec, 1);
    memset(long_run.host, 'h', sizeof long_run.host); // no end within its place
    long_run.exit_code = BRINK_RUN_CUT_OFF;
    struct brink_store *store = real_open(path, spec);
    ck_assert_ok(brink_store_run_write(store, 1, &long_run));
    ck_assert_ok(brink_store_run_count(store, &count));
    ck_assert_int_eq(count, 2);
    ck_assert_ok(brink_store_run_read(store, 0, &got));
    ck_assert(got.ranks == real_run.ranks && got.tiles_done == real_run.tiles_done);
    ck_assert_str_eq(got.host, "node");
    ck_assert_str_eq(got.job_id, "123");
    ck_assert_bits_eq(got.end_time, real_run.end_time);
    ck_assert_ok(brink_store_run_read(store, 1, &got));
    ck_assert_int_eq(got.exit_code, BRINK_RUN_CUT_OFF);
    ck_assert_uint_eq(strlen(got.host), sizeof got.host - 1);
    ck_assert_ok(brink_store_close(&store));
    ck_assert_intact(path, spec, 0);
    unlink(path);
    brink_spec_free(&spec);
}
END_TEST

int main(int argc, char **argv)
{
    const TTest *const tests[] = {
        verdicts_alone_are_those_of_the_tiles, starts_come_back_with_their_texts_cut,
        another_kernel_is_let_in_only_when_wanted, // last, see there
    };
    setenv("CK_FORK", "no", 1); // MPI does not survive a fork
    setenv("OMPI_MCA_io", "^ompio", 0);
    brink_store_start();
    MPI_Init(&argc, &argv);
    snprintf(folder, sizeof folder, "/tmp/brink-access-XXXXXX");
    if (!mkdtemp(folder))
        return EXIT_FAILURE;
    int result = unit_run("access", tests, sizeof tests / sizeof tests[0]);
    rmdir(folder);
    MPI_Finalize();
    return result;
}
