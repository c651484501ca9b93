// SPDX-License-Identifier: MIT
// Packing: the archive holds the same bits, never changes, and is never half made.
#include <fcntl.h>
#include <hdf5.h>
#include <mpi.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "real_store.h"
#include "unit.h"

static const struct brink_pack_options whole = {.level = 4};
static const struct brink_pack_options partial = {.level = 1, .partial = true};

static int64_t size_of(const char *path)
{
    struct stat status;
    ck_assert_int_eq(stat(path, &status), 0);
    return status.st_size;
}

static void check_same_cells(const char *left, const char *right, const struct brink_spec *spec)
{
    struct brink_store *a = NULL, *b = NULL;
    struct brink_columns from_a, from_b;
    uint8_t done_a[64], done_b[64];
    ck_assert_ok(brink_store_open_read(left, spec, &a));
    ck_assert_ok(brink_store_open_read(right, spec, &b));
    ck_assert_ok(brink_columns_open(&from_a, spec));
    ck_assert_ok(brink_columns_open(&from_b, spec));
    ck_assert_ok(brink_store_states(a, done_a));
    ck_assert_ok(brink_store_states(b, done_b));
    for (int64_t i = 0; i < spec->grid.tile_count; i++) {
        struct brink_tile tile = brink_grid_tile(&spec->grid, i);
        bool intact_a, intact_b;
        ck_assert_ok(brink_store_get(a, &tile, &from_a, &intact_a));
        ck_assert_ok(brink_store_get(b, &tile, &from_b, &intact_b));
        ck_assert(done_a[i] == done_b[i] && intact_a == intact_b);
        for (int k = 0; k < from_a.count; k++)
            ck_assert(memcmp(from_a.column[k], from_b.column[k],
                             (size_t)tile.cells * brink_type_size(from_a.field[k]->type)) == 0);
    }
    brink_columns_close(&from_a);
    brink_columns_close(&from_b);
    ck_assert_ok(brink_store_close(&a));
    ck_assert_ok(brink_store_close(&b));
}

START_TEST(an_archive_holds_the_same_bits)
{
    struct brink_spec *spec = real_spec();
    struct heard heard;
    struct brink_verify_report report;
    struct brink_origin origin;
    const char *path = in_folder("live.h5"), *packed = in_folder("packed.h5");
    for (int64_t every = 1; every <= 2; every++) {
        const struct brink_pack_options *options = every == 1 ? &whole : &partial;
        real_make(path, spec, every);
        ck_assert_ok(brink_store_pack(path, packed, options));
        ck_assert_int_lt(size_of(packed), size_of(path) / 2); // /runs is mostly empty
        ck_assert_ok(verify_file(packed, NULL, 20, &heard, &report));
        ck_assert_msg(heard.count == 0, "%s", heard.all);
        ck_assert(report.packed && report.tiles_done == 6 / every);
        check_same_cells(path, packed, spec);
        unlink(packed);
    }
    real_make(path, spec, 1);
    ck_assert_ok(brink_store_pack(path, packed, &whole));
    unlink(path);
    ck_assert_ok(brink_store_pack(packed, path, &whole)); // of an archive
    check_same_cells(path, packed, spec);
    ck_assert_ok(brink_store_origin(path, &origin));
    ck_assert(origin.packed && strstr(origin.history, "created by brink") == origin.history &&
              strstr(origin.history, "\npacked by brink"));
    brink_origin_free(&origin);
    unlink(path);
    unlink(packed);
    brink_spec_free(&spec);
}
END_TEST

START_TEST(what_a_killed_job_has_left_is_not_packed)
{
    struct brink_spec *spec = real_spec();
    struct heard heard;
    struct brink_verify_report report;
    const char *path = in_folder("live.h5"), *packed = in_folder("packed.h5");
    const double other = 17;
    const hsize_t place[2] = {0, 4}; // in tile 1, which is not done
    real_make(path, spec, 2);
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    hid_t dataset = H5Dopen2(file, "x_end", H5P_DEFAULT), space = H5Dget_space(dataset);
    hsize_t one = 1;
    hid_t memory = H5Screate_simple(1, &one, NULL);
    H5Sselect_elements(space, H5S_SELECT_SET, 1, place);
    ck_assert(H5Dwrite(dataset, H5T_NATIVE_DOUBLE, memory, space, H5P_DEFAULT, &other) >= 0);
    H5Sclose(memory);
    H5Sclose(space);
    H5Dclose(dataset);
    H5Fclose(file);
    ck_assert_ok(verify_file(path, NULL, 0, &heard, &report));
    ck_assert(report.findings == 1 && report.unfinished == 1);
    ck_assert_ok(brink_store_pack(path, packed, &partial));
    ck_assert_intact(packed, NULL, 0);
    unlink(path);
    unlink(packed);
    brink_spec_free(&spec);
}
END_TEST

START_TEST(what_is_not_whole_is_not_packed)
{
    struct brink_spec *spec = real_spec();
    const char *path = in_folder("live.h5"), *packed = in_folder("packed.h5");
    real_make(path, spec, 2);
    ck_assert_fails(brink_store_pack(path, packed, &whole), BRINK_ERR_BAD_FILE,
                    "incomplete: 3 of 6 tiles are done");
    real_make(path, spec, 1);
    spill(packed, "x", 1);
    ck_assert_fails(brink_store_pack(path, packed, &whole), BRINK_ERR_LOCKED, "is not replaced");
    ck_assert_int_eq(size_of(packed), 1);
    unlink(packed);
    ck_assert_fails(brink_store_pack(path, in_folder("no/folder.h5"), &whole), BRINK_ERR_IO,
                    "cannot open its folder");
    ck_assert_fails(brink_store_pack(in_folder("none.h5"), packed, &whole), BRINK_ERR_IO,
                    "No such file");
    size_t length = 0;
    unsigned char *bytes = slurp(path, &length);
    bytes[length / 2] ^= 1;
    spill(path, bytes, length);
    ck_assert_fails(brink_store_pack(path, packed, &whole), BRINK_ERR_BAD_FILE, "damaged");
    free(bytes);
    unlink(path);
    ck_assert_int_eq(files_in(folder), 0);
    brink_spec_free(&spec);
}
END_TEST

START_TEST(a_failure_leaves_nothing_behind)
{
    struct brink_spec *spec = real_spec();
    const char *path = in_folder("live.h5"), *packed = in_folder("packed.h5");
    struct rlimit old, tight;
    real_make(path, spec, 1);
    int failed = 0;
    for (int i = 1; i < 20000; i += i < 100 ? 1 : 37) { // allocations in turn
        brink_alloc_fail_at(i);
        brink_err error = brink_store_pack(path, packed, &whole);
        brink_alloc_fail_at(0);
        if (!error)
            break;
        ck_assert_int_eq(error, BRINK_ERR_MEMORY);
        ck_assert_int_eq(files_in(folder), 1);
        failed++;
    }
    ck_assert_int_gt(failed, 50);
    unlink(packed);
    getrlimit(RLIMIT_FSIZE, &old);
    tight = (struct rlimit){20000, old.rlim_max};
    setrlimit(RLIMIT_FSIZE, &tight);
    brink_err limited = brink_store_pack(path, packed, &whole);
    setrlimit(RLIMIT_FSIZE, &old);
    ck_assert_fails(limited, BRINK_ERR_USAGE, "largest file allowed");
    ck_assert_int_eq(files_in(folder), 1);
    unlink(path);
    brink_spec_free(&spec);
}
END_TEST

START_TEST(an_archive_is_never_written_to)
{
    struct brink_spec *spec = real_spec();
    struct brink_store *store = NULL;
    struct brink_columns columns;
    const char *path = in_folder("live.h5"), *packed = in_folder("packed.h5");
    real_make(path, spec, 1);
    ck_assert_ok(brink_store_pack(path, packed, &whole));
    store = real_open(packed, spec); // complete: a run finds nothing to do
    struct brink_tile tile = brink_grid_tile(&spec->grid, 0);
    ck_assert_ok(brink_columns_open(&columns, spec));
    ck_assert_fails(brink_store_put(store, &tile, &columns), BRINK_ERR_BAD_FILE,
                    "cannot be mended");
    brink_columns_close(&columns);
    ck_assert_ok(brink_store_close(&store));
    ck_assert_intact(packed, NULL, 0);
    unlink(packed);
    real_make(path, spec, 2);
    ck_assert_ok(brink_store_pack(path, packed, &partial));
    ck_assert_fails(brink_store_open(packed, spec, MPI_COMM_SELF, MPI_INFO_NULL, &store),
                    BRINK_ERR_MISMATCH, "packed with 3 of 6 tiles done");
    unlink(path);
    unlink(packed);
    brink_spec_free(&spec);
}
END_TEST

int main(int argc, char **argv)
{
    const TTest *const tests[] = {
        an_archive_holds_the_same_bits,  what_a_killed_job_has_left_is_not_packed,
        what_is_not_whole_is_not_packed, a_failure_leaves_nothing_behind,
        an_archive_is_never_written_to,
    };
    setenv("CK_FORK", "no", 1); // MPI does not survive a fork
    setenv("OMPI_MCA_io", "^ompio", 0);
    brink_store_start();
    MPI_Init(&argc, &argv);
    snprintf(folder, sizeof folder, "/tmp/brink-pack-XXXXXX");
    if (!mkdtemp(folder))
        return EXIT_FAILURE;
    int result = unit_run("pack", tests, sizeof tests / sizeof tests[0]);
    rmdir(folder);
    MPI_Finalize();
    return result;
}
