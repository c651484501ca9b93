// SPDX-License-Identifier: MIT
// Verifying: an intact file is intact, no flipped bit that changes a value goes unnoticed, and no
// file is too broken to be looked at.
//
// BRINK_FLIPS=100000 BRINK_SEED=2 in the environment make the sweep over flips larger, and another.
#include <fcntl.h>
#include <hdf5.h>
#include <mpi.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "brink/base/random.h"
#include "hdf5_values.h"
#include "real_store.h"
#include "toy_store.h"
#include "unit.h"

// ---- laws

START_TEST(what_was_written_well_is_intact)
{
    for (size_t g = 0; g < GRIDS; g++)
        for (int64_t every = 1; every <= 3; every++) {
            struct toy toy;
            struct heard heard;
            struct brink_verify_report report;
            const char *path = in_folder("law.h5");
            toy_grid(&toy, g);
            int64_t tiles = toy.spec.grid.tile_count;
            ck_assert_ok(brink_store_create(path, &toy.spec));
            ck_assert_intact(path, &toy.spec, 0);
            struct brink_store *store = real_open(path, &toy.spec);
            ck_assert_ok(toy_put(store, &toy, every));
            ck_assert_ok(brink_store_close(&store));
            ck_assert_ok(verify_file(path, &toy.spec, 0, &heard, &report));
            ck_assert_msg(heard.count == 0, "%s", heard.all);
            ck_assert_int_eq(report.tiles, tiles);
            ck_assert_int_eq(report.tiles_done, (tiles + every - 1) / every);
            ck_assert_int_eq(report.tiles_checked, report.tiles_done);
            ck_assert(!report.packed && report.run_cut == -1 && report.unfinished == 0);
            unlink(path);
        }
}
END_TEST

START_TEST(a_real_file_needs_nothing_but_itself)
{
    struct brink_spec *spec = real_spec();
    struct heard heard;
    struct brink_verify_report report;
    const char *path = in_folder("real.h5");
    real_make(path, spec, 1);
    size_t before = 0, after = 0;
    unsigned char *old = slurp(path, &before);
    ck_assert_ok(verify_file(path, NULL, 40, &heard, &report));
    ck_assert_msg(heard.count == 0, "%s", heard.all);
    ck_assert_int_eq(report.tiles_checked, 6);
    ck_assert_int_eq(report.cells_recomputed, 40);
    unsigned char *new = slurp(path, &after);
    ck_assert(before == after && memcmp(old, new, before) == 0); // it never writes
    free(old);
    free(new);
    unlink(path);
    brink_spec_free(&spec);
}
END_TEST

// ---- single bits

static int64_t from_environment(const char *name, int64_t fallback)
{
    const char *text = getenv(name);
    return text ? atoll(text) : fallback;
}

static void flip(int descriptor, uint64_t bit)
{
    unsigned char byte;
    ck_assert(pread(descriptor, &byte, 1, (off_t)(bit / 8)) == 1);
    byte ^= (unsigned char)(1u << bit % 8);
    ck_assert(pwrite(descriptor, &byte, 1, (off_t)(bit / 8)) == 1);
}

// What became of the flips; in memory shared with the child that makes them.
struct tally {
    int64_t next; // flip to make
    int64_t found, harmless, silent, crashed;
    uint64_t silent_bit; // the first
};

// The record of starts takes most of a small file: every second flip is outside of it.
static uint64_t bit_of(uint64_t seed, int64_t i, size_t length, const unsigned char *record)
{
    struct brink_random_key key = {
        .seed = seed, .item = (uint64_t)i, .purpose = BRINK_PURPOSE_TEST};
    for (uint32_t draw = 0;; draw++) {
        uint64_t bit = brink_random_bits(&key, draw) % (8 * length);
        if (i % 2 == 0 || !record[bit / 8])
            return bit;
    }
}

// record[length]: 1 where the raw data of /runs is.
static unsigned char *find_record(const char *path, size_t length)
{
    unsigned char *record = calloc(length, 1);
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    hid_t runs = H5Gopen2(file, "runs", H5P_DEFAULT);
    H5G_info_t info;
    ck_assert(record && H5Gget_info(runs, &info) >= 0 && info.nlinks > 10);
    for (hsize_t i = 0; i < info.nlinks; i++) {
        hid_t dataset = H5Oopen_by_idx(runs, ".", H5_INDEX_NAME, H5_ITER_INC, i, H5P_DEFAULT);
        haddr_t start = H5Dget_offset(dataset);
        if (start != HADDR_UNDEF) // packed ones are small
            memset(record + start, 1, H5Dget_storage_size(dataset));
        H5Dclose(dataset);
    }
    H5Gclose(runs);
    H5Fclose(file);
    return record;
}

static void make_flips(const char *path, int64_t flips, uint64_t seed, size_t length,
                       struct tally *tally)
{
    const uint64_t values = values_of(path);
    unsigned char *record = find_record(path, length);
    int descriptor = open(path, O_RDWR);
    while (tally->next < flips) {
        struct heard heard;
        struct brink_verify_report report;
        uint64_t bit = bit_of(seed, tally->next++, length, record);
        flip(descriptor, bit);
        brink_err error = verify_file(path, NULL, 0, &heard, &report);
        ck_assert_msg(!error || error == BRINK_ERR_IO, "%s", brink_error_note());
        if (error || report.findings > 0 || report.run_cut >= 0) {
            tally->found++;
        } else if (values_of(path) == values) {
            tally->harmless++;
        } else {
            tally->silent_bit = tally->silent++ ? tally->silent_bit : bit;
        }
        flip(descriptor, bit);
    }
    close(descriptor);
    free(record);
}

// HDF5 may crash in a damaged file: each crash ends a child, and counts as found, since the program
// reads in a child, too.
static void sweep_flips(const char *path, int64_t flips, uint64_t seed, const char *what)
{
    size_t length = 0;
    unsigned char *bytes = slurp(path, &length);
    struct tally *tally =
        mmap(NULL, sizeof *tally, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, (off_t)0);
    ck_assert(tally != MAP_FAILED);
    while (tally->next < flips) {
        int status = 0;
        fflush(NULL);
        pid_t child = fork();
        if (child == 0) {
            make_flips(path, flips, seed, length, tally);
            _exit(EXIT_SUCCESS);
        }
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS)
            break;
        ck_assert_msg(WIFSIGNALED(status), "a check failed at flip %" PRId64, tally->next - 1);
        tally->crashed++;
        spill(path, bytes, length);
    }
    printf("flips of %s, seed %" PRIu64 ": %" PRId64 " found, %" PRId64 " change no value, %" PRId64
           " crash HDF5, %" PRId64 " silent\n",
           what, seed, tally->found, tally->harmless, tally->crashed, tally->silent);
    ck_assert_int_eq(tally->found + tally->harmless + tally->silent + tally->crashed, flips);
    ck_assert_msg(tally->silent == 0, "bit %" PRIu64 " of byte %" PRIu64 " is silent",
                  tally->silent_bit % 8, tally->silent_bit / 8);
    ck_assert_int_gt(tally->found, flips / 2);
    munmap(tally, sizeof *tally);
    free(bytes);
}

START_TEST(no_flipped_bit_that_changes_a_value_is_silent)
{
    struct brink_spec *spec = real_spec();
    const char *path = in_folder("flip.h5"), *packed = in_folder("packed.h5");
    const int64_t flips = from_environment("BRINK_FLIPS", 2000);
    const uint64_t seed = (uint64_t)from_environment("BRINK_SEED", 1);
    const struct brink_pack_options options = {.level = 4};
    real_make(path, spec, 1);
    sweep_flips(path, flips, seed, "a complete file");
    ck_assert_ok(brink_store_pack(path, packed, &options));
    sweep_flips(packed, flips / 4, seed, "a packed file");
    real_make(path, spec, 2);
    sweep_flips(path, flips / 4, seed, "an incomplete file");
    unlink(path);
    unlink(packed);
    brink_spec_free(&spec);
}
END_TEST

// ---- files that are cut or have grown

START_TEST(every_length_but_the_right_one_is_found)
{
    struct brink_spec *spec = real_spec();
    const char *path = in_folder("cut.h5");
    size_t length = 0;
    real_make(path, spec, 1);
    unsigned char *bytes = slurp(path, &length);
    for (size_t i = 0; i < 200; i++) { // small steps near the ends, large ones between
        size_t cut = i < 50 ? i * 16 : i < 150 ? length * (i - 50) / 100 : length - 1 - (i - 150);
        struct heard heard;
        struct brink_verify_report report;
        spill(path, bytes, cut);
        ck_assert_ok(verify_file(path, NULL, 0, &heard, &report));
        ck_assert_msg(report.findings > 0, "cut to %zu of %zu bytes", cut, length);
    }
    spill(path, bytes, length);
    ck_assert_intact(path, NULL, 0);
    FILE *file = fopen(path, "ab");
    ck_assert(file && fputc(0, file) == 0 && fclose(file) == 0);
    ck_assert_found(path, NULL, 0, "seal/digest", "does not fit");
    ck_assert_int_eq(truncate(path, (off_t)1 << 40), 0); // sparse: not read to its end
    ck_assert_found(path, NULL, 0, "", "larger than its contents");
    free(bytes);
    unlink(path);
    brink_spec_free(&spec);
}
END_TEST

// ---- cells

// Writes `value` into the element `at` of the list or grid `name` of a closed file.
static void poke(const char *path, const char *name, hsize_t at, hid_t type, const void *value)
{
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    hid_t dataset = H5Dopen2(file, name, H5P_DEFAULT), place = H5Dget_space(dataset);
    hsize_t shape[H5S_MAX_RANK], coordinate[H5S_MAX_RANK], one = 1;
    int rank = H5Sget_simple_extent_dims(place, shape, NULL);
    for (int i = rank - 1; i >= 0; i--) {
        coordinate[i] = at % shape[i];
        at /= shape[i];
    }
    hid_t memory = H5Screate_simple(1, &one, NULL);
    ck_assert(H5Sselect_elements(place, H5S_SELECT_SET, 1, coordinate) >= 0);
    ck_assert(H5Dwrite(dataset, type, memory, place, H5P_DEFAULT, value) >= 0);
    H5Sclose(memory);
    H5Sclose(place);
    H5Dclose(dataset);
    ck_assert(H5Fclose(file) >= 0);
}

START_TEST(tiles_are_named)
{
    struct brink_spec *spec = real_spec();
    const char *path = in_folder("tiles.h5");
    const double other = 17;
    const uint8_t seven = 7, zero = 0;
    const uint64_t sum = 1;
    real_make(path, spec, 2); // tiles 0, 2, 4: tile 1 is [0..1, 3..5]
    ck_assert_intact(path, NULL, 0);
    poke(path, "x_end", 4, H5T_NATIVE_DOUBLE, &other);
    ck_assert_found(path, NULL, 0, "tile 1", "not marked done, yet not empty");
    real_make(path, spec, 2);
    poke(path, "tiles/checksum", 3, H5T_NATIVE_UINT64, &sum);
    ck_assert_found(path, NULL, 0, "tile 3", "not marked done, yet not empty");
    real_make(path, spec, 2);
    poke(path, "tiles/state", 2, H5T_NATIVE_UINT8, &zero); // its state was lost
    ck_assert_found(path, NULL, 0, "tile 2", "not marked done, yet not empty");
    real_make(path, spec, 2);
    poke(path, "tiles/state", 5, H5T_NATIVE_UINT8, &seven);
    ck_assert_found(path, NULL, 0, "tile 5", "its state is 7");
    real_make(path, spec, 2);
    poke(path, "x_end", 0, H5T_NATIVE_DOUBLE, &other);
    ck_assert_found(path, NULL, 0, "tile 0", "its checksum does not fit");
    unlink(path);
    brink_spec_free(&spec);
}
END_TEST

// A file whose checksums are right, but not its cells: as a bug or another processor leaves it.
static void put_wrong(const char *path, const struct brink_spec *spec, int field, int8_t byte)
{
    struct brink_plan plan;
    struct brink_columns columns;
    struct brink_tile tile = brink_grid_tile(&spec->grid, 3); // [2, 0..2]
    real_make(path, spec, 1);
    ck_assert_ok(brink_plan_open(&plan, spec));
    ck_assert_ok(brink_columns_open(&columns, spec));
    real_columns(&plan, &tile, &columns);
    memcpy(columns.column[field], &byte, 1);
    struct brink_store *store = real_open(path, spec);
    ck_assert_ok(brink_store_put(store, &tile, &columns));
    ck_assert_ok(brink_store_close(&store));
    brink_columns_close(&columns);
    brink_plan_close(&plan);
}

START_TEST(a_wrong_cell_is_found_by_computing_it_again)
{
    struct brink_spec *spec = real_spec();
    const char *path = in_folder("wrong.h5");
    put_wrong(path, spec, 1, 0x55);
    ck_assert_intact(path, NULL, 0);
    ck_assert_found(path, NULL, 500, "cell init#2 = [2, 2], lr#0 = 0.01",
                    "steps is not what it is");
    put_wrong(path, spec, 0, 0);
    ck_assert_found(path, NULL, 0, "tile 3", "cells without a verdict");
    put_wrong(path, spec, 0, 99);
    ck_assert_found(path, NULL, 0, "tile 3", "cells without a verdict");
    unlink(path);
    brink_spec_free(&spec);
}
END_TEST

// ---- the record of starts

START_TEST(a_damaged_record_of_starts_is_found_and_a_torn_one_forgiven)
{
    struct brink_spec *spec = real_spec();
    struct heard heard;
    struct brink_verify_report report;
    const char *path = in_folder("runs.h5");
    const int32_t one = 1, two = 2, three = 3, many = 300, none = -1;
    real_make(path, spec, 1);
    poke(path, "runs/ranks", 1, H5T_NATIVE_INT32, &two);
    ck_assert_found(path, NULL, 0, "runs row 1", "its checksum does not fit");
    poke(path, "runs/writing", 0, H5T_NATIVE_INT32, &one); // it was being written
    ck_assert_ok(verify_file(path, NULL, 0, &heard, &report));
    ck_assert_msg(report.findings == 0 && report.run_cut == 1, "%s", heard.all);
    struct brink_store *store = real_open(path, spec); // the next start settles it
    ck_assert_ok(brink_store_run_write(store, 2, &real_run));
    ck_assert_ok(brink_store_close(&store));
    ck_assert_ok(verify_file(path, NULL, 0, &heard, &report));
    ck_assert_msg(report.findings == 0 && report.run_cut == -1, "%s", heard.all);

    poke(path, "runs/threads", 3, H5T_NATIVE_INT32, &two); // a row that is not in use
    ck_assert_found(path, NULL, 0, "runs/threads", "row 3 is not in use");
    poke(path, "runs/writing", 0, H5T_NATIVE_INT32, &three);
    ck_assert_ok(verify_file(path, NULL, 0, &heard, &report));
    ck_assert_msg(report.findings == 0 && report.run_cut == 3, "%s", heard.all);
    poke(path, "runs/writing", 0, H5T_NATIVE_INT32, &many);
    ck_assert_found(path, NULL, 0, "runs/writing", "is 300");
    real_make(path, spec, 1);
    poke(path, "runs/count", 0, H5T_NATIVE_INT32, &three);
    ck_assert_found(path, NULL, 0, "runs row 2", "its checksum does not fit");
    poke(path, "runs/count", 0, H5T_NATIVE_INT32, &one);
    ck_assert_found(path, NULL, 0, "runs/start_time", "row 1 is not in use");
    poke(path, "runs/count", 0, H5T_NATIVE_INT32, &none);
    ck_assert_found(path, NULL, 0, "runs/count", "is -1");
    unlink(path);
    brink_spec_free(&spec);
}
END_TEST

// Their checksum is right: a program that is not ours, or a bug, has written them.
START_TEST(numbers_that_no_start_has_are_found)
{
    struct brink_spec *spec = real_spec();
    const char *path = in_folder("numbers.h5");
    struct brink_run odd[6];
    for (size_t i = 0; i < 6; i++)
        odd[i] = real_run;
    odd[0].ranks = 0;
    odd[1].threads = 0;
    odd[2].tiles_before = -1;
    odd[3].tiles_before = spec->grid.tile_count + 1;
    odd[4].tiles_done = -1;
    odd[5].tiles_done = spec->grid.tile_count + 1;
    for (size_t i = 0; i < 6; i++) {
        real_make(path, spec, 1);
        struct brink_store *store = real_open(path, spec);
        ck_assert_ok(brink_store_run_write(store, 2, &odd[i]));
        ck_assert_ok(brink_store_close(&store));
        ck_assert_found(path, NULL, 0, "runs row 2", "holds numbers that no run has");
    }
    real_make(path, spec, 1);
    const int32_t below = -2, above = BRINK_RUNS_MAX + 1;
    poke(path, "runs/writing", 0, H5T_NATIVE_INT32, &below);
    ck_assert_found(path, NULL, 0, "runs/writing", "is -2");
    poke(path, "runs/count", 0, H5T_NATIVE_INT32, &above);
    ck_assert_found(path, NULL, 0, "runs/count", "is 257");
    unlink(path);
    brink_spec_free(&spec);
}
END_TEST

START_TEST(cells_of_another_kernel_are_not_computed_again)
{
    struct brink_spec *spec = real_spec();
    struct heard heard;
    struct brink_verify_report report;
    struct brink_run run = real_run;
    const char *path = in_folder("kernel.h5");
    real_make(path, spec, 1);
    struct brink_store *store = real_open(path, spec);
    run.kernel_version = BRINK_KERNEL_VERSION + 1;
    ck_assert_ok(brink_store_run_write(store, 2, &run));
    ck_assert_ok(brink_store_close(&store));
    ck_assert_intact(path, NULL, 0);
    ck_assert_fails(verify_file(path, NULL, 5, &heard, &report), BRINK_ERR_MISMATCH,
                    "another kernel version");
    unlink(path);
    brink_spec_free(&spec);
}
END_TEST

// ---- a world that says no

START_TEST(no_memory_is_an_error_and_not_a_finding)
{
    struct brink_spec *spec = real_spec();
    const char *path = in_folder("memory.h5");
    real_make(path, spec, 1);
    int failed = 0;
    for (int i = 1; i < 3000; i++) { // each allocation in turn
        struct heard heard;
        struct brink_verify_report report;
        brink_alloc_fail_at(i);
        brink_err error = verify_file(path, NULL, 3, &heard, &report);
        brink_alloc_fail_at(0);
        ck_assert_int_eq(heard.count, 0);
        if (!error)
            break;
        ck_assert_int_eq(error, BRINK_ERR_MEMORY);
        failed++;
    }
    ck_assert_int_gt(failed, 20);
    unlink(path);
    brink_spec_free(&spec);
}
END_TEST

START_TEST(what_cannot_be_read_is_an_error)
{
    struct heard heard;
    struct brink_verify_report report;
    ck_assert_fails(verify_file(in_folder("none.h5"), NULL, 0, &heard, &report), BRINK_ERR_IO,
                    "No such file");
    ck_assert_found(folder, NULL, 0, "", "not a regular file");
    ck_assert_int_eq(mkfifo(in_folder("pipe"), 0600), 0);
    ck_assert_found(in_folder("pipe"), NULL, 0, "", "not a regular file");
    unlink(in_folder("pipe"));
}
END_TEST

int main(int argc, char **argv)
{
    const TTest *const tests[] = {
        what_was_written_well_is_intact,
        a_real_file_needs_nothing_but_itself,
        no_flipped_bit_that_changes_a_value_is_silent,
        every_length_but_the_right_one_is_found,
        tiles_are_named,
        a_wrong_cell_is_found_by_computing_it_again,
        a_damaged_record_of_starts_is_found_and_a_torn_one_forgiven,
        numbers_that_no_start_has_are_found,
        cells_of_another_kernel_are_not_computed_again,
        no_memory_is_an_error_and_not_a_finding,
        what_cannot_be_read_is_an_error,
    };
    setenv("CK_FORK", "no", 1); // MPI does not survive a fork that uses it
    setenv("OMPI_MCA_io", "^ompio", 0);
    brink_store_start();
    MPI_Init(&argc, &argv);
    snprintf(folder, sizeof folder, "/tmp/brink-verify-XXXXXX");
    if (!mkdtemp(folder))
        return EXIT_FAILURE;
    int result = unit_run("verify", tests, sizeof tests / sizeof tests[0]);
    rmdir(folder);
    MPI_Finalize();
    return result;
}
