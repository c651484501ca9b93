// SPDX-License-Identifier: MIT
// The result file: what is put comes back, nothing else changes, nothing foreign is believed.
//
// `check_store sample FILE` and `check_store write FILE` make files for other tests: one with half
// of its tiles done, and one that is written to again and again until the process is killed.
#include <errno.h>
#include <fcntl.h>
#include <hdf5.h>
#include <mpi.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "brink/base/memory.h"
#include "brink/store/store.h"
#include "files.h"
#include "store_foreign.h"
#include "toy_store.h"
#include "unit.h"

static struct brink_store *open_write(const char *path, const struct toy *toy)
{
    struct brink_store *store = NULL;
    ck_assert_ok(brink_store_open(path, &toy->spec, MPI_COMM_SELF, MPI_INFO_NULL, &store));
    return store;
}

static void check_tile(struct brink_store *store, const struct toy *toy, int64_t number, bool done)
{
    struct brink_columns wanted, got;
    struct brink_tile tile = brink_grid_tile(&toy->spec.grid, number);
    bool intact = !done;
    ck_assert_ok(brink_columns_open(&wanted, &toy->spec));
    ck_assert_ok(brink_columns_open(&got, &toy->spec));
    toy_fill(toy, &tile, &wanted);
    for (int64_t i = 0; !done && i < tile.cells; i++) {
        ((int8_t *)wanted.column[0])[i] = 0;
        ((int32_t *)wanted.column[1])[i] = -1;
        ((double *)wanted.column[2])[i] = brink_from_bits(BRINK_NAN_BITS);
    }
    ck_assert_ok(brink_store_get(store, &tile, &got, &intact));
    ck_assert(intact == done);
    for (int k = 0; k < got.count; k++)
        ck_assert_msg(memcmp(wanted.column[k], got.column[k],
                             (size_t)tile.cells * brink_type_size(got.field[k]->type)) == 0,
                      "tile %" PRId64 " of %s", number, got.field[k]->name);
    ck_assert_int_eq(got.status_count[0], done ? 0 : tile.cells);
    brink_columns_close(&wanted);
    brink_columns_close(&got);
}

START_TEST(what_is_put_comes_back_and_the_rest_is_fill)
{
    for (size_t g = 0; g < GRIDS; g++) {
        struct toy toy;
        const char *path = in_folder("law.h5");
        toy_grid(&toy, g);
        int64_t tiles = toy.spec.grid.tile_count;
        ck_assert_ok(brink_store_create(path, &toy.spec));
        struct brink_store *store = open_write(path, &toy), *reader = NULL;
        ck_assert_ok(brink_store_open_read(path, &toy.spec, &reader));
        ck_assert_ok(
            toy_put(store, &toy, 2)); // the reader was there before: it must see them all the same
        uint8_t states[256];
        ck_assert_int_le(tiles, 256);
        ck_assert_ok(brink_store_states(reader, states));
        for (int64_t i = 0; i < tiles; i++) {
            ck_assert_int_eq(states[i], i % 2 == 0);
            check_tile(store, &toy, i, i % 2 == 0);
            check_tile(reader, &toy, i, i % 2 == 0);
        }
        ck_assert_ok(brink_store_close(&store));
        ck_assert_ok(brink_store_close(&reader));
        ck_assert_ptr_null(store);
        store = open_write(path, &toy);
        for (int64_t i = 0; i < tiles; i++)
            check_tile(store, &toy, i, i % 2 == 0);
        ck_assert_ok(brink_store_close(&store));
        ck_assert_int_eq(unlink(path), 0);
    }
}
END_TEST

START_TEST(the_same_spec_gives_the_same_bytes)
{
    for (size_t g = 0; g < GRIDS; g++) {
        struct toy toy;
        size_t first = 0, second = 0;
        toy_grid(&toy, g);
        ck_assert_ok(brink_store_create(in_folder("a.h5"), &toy.spec));
        // Other heap contents, another name, another second.
        void *litter = malloc(1 << 20);
        memset(litter, 0x5a, 1 << 20);
        free(litter);
        if (g == 0)
            sleep(1);
        ck_assert_ok(brink_store_create(in_folder("another name.h5"), &toy.spec));
        unsigned char *a = slurp(in_folder("a.h5"), &first);
        unsigned char *b = slurp(in_folder("another name.h5"), &second);
        ck_assert_uint_eq(first, second);
        ck_assert(memcmp(a, b, first) == 0);
        free(a);
        free(b);
        unlink(in_folder("a.h5"));
        unlink(in_folder("another name.h5"));
    }
}
END_TEST

// Address and bytes of piece `i` of a dataset's raw data: a chunk, or all of it; false: no more.
static bool raw_piece(hid_t file, const char *name, hsize_t i, haddr_t *address, hsize_t *size)
{
    hid_t dataset = H5Dopen2(file, name, H5P_DEFAULT), space = H5Dget_space(dataset);
    ck_assert_msg(dataset >= 0, "%s", name);
    bool found = i == 0;
    hsize_t chunks = 0, offset[H5S_MAX_RANK];
    unsigned filters = 0;
    *address = H5Dget_offset(dataset);
    *size = H5Dget_storage_size(dataset);
    if (*address == HADDR_UNDEF) {
        ck_assert(H5Dget_num_chunks(dataset, space, &chunks) >= 0);
        found = i < chunks;
        if (found)
            ck_assert(H5Dget_chunk_info(dataset, space, i, offset, &filters, address, size) >= 0);
    }
    H5Sclose(space);
    H5Dclose(dataset);
    return found;
}

// Marks in mask[length] where the raw data of `name` is.
static void mask_raw(hid_t file, const char *name, unsigned char *mask, size_t length)
{
    haddr_t address;
    hsize_t size;
    for (hsize_t i = 0; raw_piece(file, name, i, &address, &size); i++) {
        ck_assert(size > 0 && address + size <= length);
        memset(mask + address, 1, size);
    }
}

static const struct brink_run a_run = {.start_time = 1.5e9,
                                       .end_time = 1.6e9,
                                       .ranks = 3,
                                       .threads = 4,
                                       .kernel_version = 5,
                                       .exit_code = 75,
                                       .tiles_before = 6,
                                       .tiles_done = 7,
                                       .host = "node\0garbage",
                                       .job_id = "123",
                                       .isa = "avx2",
                                       .commit = "abc",
                                       .mpi = "Open MPI",
                                       .hdf5 = "1.10.8"};

START_TEST(writing_changes_raw_data_only)
{
    static const char *const raw[] = {
        "status",        "steps",        "value",          "tiles/state",     "tiles/checksum",
        "runs/count",    "runs/host",    "runs/job_id",    "runs/start_time", "runs/end_time",
        "runs/ranks",    "runs/threads", "runs/exit_code", "runs/isa",        "runs/tiles_before",
        "runs/commit",   "runs/mpi",     "runs/hdf5",      "runs/tiles_done", "runs/kernel_version",
        "runs/checksum", "runs/writing"};
    struct toy toy;
    const char *path = in_folder("raw.h5");
    toy_grid(&toy, 6);
    ck_assert_ok(brink_store_create(path, &toy.spec));
    size_t before = 0, after = 0, changed = 0;
    unsigned char *old = slurp(path, &before);
    struct brink_store *store = open_write(path, &toy);
    ck_assert_ok(toy_put(store, &toy, 1));
    for (int32_t row = 0; row < 3; row++)
        ck_assert_ok(brink_store_run_write(store, row, &a_run));
    ck_assert_ok(brink_store_sync(store));
    // Compared while it is open, too: a killed job leaves the file like this.
    for (int closed = 0; closed < 2; closed++) {
        unsigned char *new = slurp(path, &after), *mask = calloc(before, 1);
        ck_assert_uint_eq(before, after);
        hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
        for (size_t i = 0; i < sizeof raw / sizeof raw[0]; i++)
            mask_raw(file, raw[i], mask, before);
        H5Fclose(file);
        for (size_t i = 0; i < before; i++) {
            ck_assert_msg(mask[i] || old[i] == new[i], "byte %zu of %zu changed", i, before);
            changed += old[i] != new[i];
        }
        ck_assert_uint_gt(changed, 1000);
        free(new);
        free(mask);
        if (!closed)
            ck_assert_ok(brink_store_close(&store));
    }
    free(old);
    unlink(path);
}
END_TEST

START_TEST(a_flipped_byte_is_noticed_anywhere_in_a_tile)
{
    struct toy toy;
    const char *path = in_folder("flip.h5");
    struct brink_columns columns;
    toy_grid(&toy, 3); // full tiles only: every byte of a chunk counts
    ck_assert_ok(brink_store_create(path, &toy.spec));
    struct brink_store *store = open_write(path, &toy);
    ck_assert_ok(toy_put(store, &toy, 1));
    ck_assert_ok(brink_store_close(&store));
    ck_assert_ok(brink_columns_open(&columns, &toy.spec));
    static const char *const names[] = {"status", "steps", "value", "tiles/checksum"};
    for (size_t n = 0; n < 4; n++) {
        haddr_t address;
        hsize_t size;
        hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
        ck_assert(raw_piece(file, names[n], 0, &address, &size));
        H5Fclose(file);
        size = n == 3 ? sizeof(uint64_t) : size;
        int descriptor = open(path, O_RDWR);
        ck_assert_ok(brink_store_open_read(path, &toy.spec, &store));
        for (hsize_t at = 0; at < size; at++) {
            struct brink_tile tile = brink_grid_tile(&toy.spec.grid, 0);
            unsigned char byte;
            for (int flip = 1; flip >= 0; flip--) { // there and back
                bool intact;
                ck_assert(pread(descriptor, &byte, 1, (off_t)(address + at)) == 1);
                byte ^= (unsigned char)(1u << at % 8);
                ck_assert(pwrite(descriptor, &byte, 1, (off_t)(address + at)) == 1);
                ck_assert_ok(brink_store_get(store, &tile, &columns, &intact));
                ck_assert(intact == !flip);
            }
        }
        ck_assert_ok(brink_store_close(&store));
        close(descriptor);
    }
    brink_columns_close(&columns);
    unlink(path);
}
END_TEST

START_TEST(a_tile_in_the_place_of_another_is_noticed)
{
    struct toy toy;
    const char *path = in_folder("swap.h5");
    struct brink_columns columns;
    bool intact = true;
    toy_grid(&toy, 3);
    ck_assert_ok(brink_store_create(path, &toy.spec));
    struct brink_store *store = open_write(path, &toy);
    ck_assert_ok(toy_put(store, &toy, 1));
    ck_assert_ok(brink_columns_open(&columns, &toy.spec));
    struct brink_tile tile = brink_grid_tile(&toy.spec.grid, 0);
    struct brink_tile wrong = tile;
    wrong.number = 1; // tile 1's checksum over tile 0's cells
    ck_assert_ok(brink_store_get(store, &wrong, &columns, &intact));
    ck_assert(!intact);
    ck_assert_ok(brink_store_get(store, &tile, &columns, &intact));
    ck_assert(intact);
    toy.spec.hash++;
    ck_assert_ok(brink_store_get(store, &tile, &columns, &intact));
    ck_assert(!intact);
    ck_assert_ok(brink_store_close(&store));
    brink_columns_close(&columns);
    unlink(path);
}
END_TEST

START_TEST(runs_are_counted_and_kept)
{
    struct toy toy;
    const char *path = in_folder("runs.h5");
    int32_t count = -1;
    toy_grid(&toy, 1);
    ck_assert_ok(brink_store_create(path, &toy.spec));
    struct brink_store *store = open_write(path, &toy);
    ck_assert_ok(brink_store_run_count(store, &count));
    ck_assert_int_eq(count, 0);
    ck_assert_ok(brink_store_run_write(store, 0, &a_run));
    ck_assert_ok(brink_store_run_write(store, 1, &a_run));
    ck_assert_ok(brink_store_run_write(store, 0, &a_run)); // again: its end
    ck_assert_ok(brink_store_run_count(store, &count));
    ck_assert_int_eq(count, 2);
    ck_assert_ok(brink_store_run_write(store, BRINK_RUNS_MAX - 1, &a_run));
    ck_assert_ok(brink_store_run_count(store, &count));
    ck_assert_int_eq(count, BRINK_RUNS_MAX);
    ck_assert_ok(brink_store_close(&store));

    double times[BRINK_RUNS_MAX];
    char hosts[BRINK_RUNS_MAX][64];
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    hid_t start = H5Dopen2(file, "runs/end_time", H5P_DEFAULT);
    hid_t host = H5Dopen2(file, "runs/host", H5P_DEFAULT), type = H5Dget_type(host);
    ck_assert(H5Dread(start, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, times) >= 0);
    ck_assert(H5Dread(host, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, hosts) >= 0);
    ck_assert(times[1] == 1.6e9 && brink_bits(times[2]) == BRINK_NAN_BITS);
    char wanted[64] = "node"; // and nothing of what stood behind its end
    ck_assert(memcmp(hosts[1], wanted, 64) == 0 && hosts[2][0] == '\0');
    H5Tclose(type);
    H5Dclose(host);
    H5Dclose(start);
    H5Fclose(file);
    unlink(path);
}
END_TEST

START_TEST(the_spec_comes_back)
{
    struct toy toy;
    const char *path = in_folder("with space \xc3\xbc.h5");
    char *json = NULL;
    toy_grid(&toy, 4);
    ck_assert_ok(brink_store_create(path, &toy.spec));
    ck_assert_int_eq(files_in(folder), 1);
    ck_assert_ok(brink_store_spec(path, &json));
    ck_assert_str_eq(json, toy.json);
    brink_free(&json);
    unlink(path);
}
END_TEST

// ---- a world that says no

START_TEST(creation_leaves_nothing_behind)
{
    struct toy toy;
    struct rlimit old, tight = {1000, RLIM_INFINITY};
    toy_grid(&toy, 3);
    ck_assert_fails(brink_store_create(in_folder("no/such/folder.h5"), &toy.spec), BRINK_ERR_IO,
                    "cannot open its folder: No such file or directory");
    spill(in_folder("file"), "", 0);
    ck_assert_fails(brink_store_create(in_folder("file/below.h5"), &toy.spec), BRINK_ERR_IO,
                    "cannot open its folder: Not a directory");
    ck_assert_fails(brink_store_create(in_folder("file"), &toy.spec), BRINK_ERR_LOCKED,
                    "exists already");
    unlink(in_folder("file"));
    getrlimit(RLIMIT_FSIZE, &old);
    tight.rlim_max = old.rlim_max;
    setrlimit(RLIMIT_FSIZE, &tight);
    brink_err limited = brink_store_create(in_folder("limited.h5"), &toy.spec);
    setrlimit(RLIMIT_FSIZE, &old);
    ck_assert_fails(limited, BRINK_ERR_USAGE, "1 kB (1000 bytes) are the largest file");
    for (int i = 1; i < 100; i++) { // each allocation in turn
        brink_alloc_fail_at(i);
        brink_err error = brink_store_create(in_folder("memory.h5"), &toy.spec);
        brink_alloc_fail_at(0);
        if (!error)
            break;
        ck_assert_int_eq(error, BRINK_ERR_MEMORY);
        ck_assert_int_eq(files_in(folder), 0);
    }
    unlink(in_folder("memory.h5"));
    ck_assert_int_eq(files_in(folder), 0);
}
END_TEST

START_TEST(drafts_of_the_dead_are_cleared)
{
    struct toy toy;
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    toy_grid(&toy, 0);
    spill(in_folder("left.h5.tmp-99"), "x", 1);
    spill(in_folder("left.h5.tmp-99-1"), "x", 1);
    spill(in_folder("left.h5.tmp-mine"), "x", 1); // not a draft's name
    spill(in_folder("left.h5.tmp-7"), "x", 1);    // of one that lives
    int living = open(in_folder("left.h5.tmp-7"), O_RDWR);
    ck_assert(living >= 0 && fcntl(living, F_OFD_SETLK, &whole) == 0);
    ck_assert_ok(brink_store_create(in_folder("left.h5"), &toy.spec));
    ck_assert_int_eq(files_in(folder), 3);
    close(living);
    brink_store_clear(in_folder("left.h5"));
    ck_assert_int_eq(files_in(folder), 2);
    ck_assert(unlink(in_folder("left.h5.tmp-mine")) == 0 && unlink(in_folder("left.h5")) == 0);
}
END_TEST

START_TEST(the_size_is_known_before)
{
    for (size_t g = 0; g < GRIDS; g++) {
        struct toy toy;
        struct stat status;
        struct rlimit old, tight;
        const char *path = in_folder("size.h5");
        toy_grid(&toy, g);
        ck_assert_ok(brink_store_create(path, &toy.spec));
        ck_assert_int_eq(stat(path, &status), 0);
        unlink(path);
        getrlimit(RLIMIT_FSIZE, &old);
        tight = (struct rlimit){(rlim_t)status.st_size - 1, old.rlim_max};
        setrlimit(RLIMIT_FSIZE, &tight); // the size asked for must be the larger one
        brink_err refused = brink_store_create(path, &toy.spec);
        tight.rlim_cur += 200000; // but not far from it
        setrlimit(RLIMIT_FSIZE, &tight);
        brink_err accepted = brink_store_create(path, &toy.spec);
        setrlimit(RLIMIT_FSIZE, &old);
        unlink(path);
        ck_assert_int_eq(refused, BRINK_ERR_USAGE);
        ck_assert_int_eq(accepted, BRINK_OK);
    }
}
END_TEST

START_TEST(a_disk_that_is_too_small_is_refused_before_anything_is_written)
{
    struct toy toy;
    const int64_t size[] = {64, 64}, tile[] = {64, 64};
    const char *disk = in_folder("disk");
    char path[128];
    ck_assert_int_eq(mkdir(disk, 0700), 0);
    if (mount("tmpfs", disk, "tmpfs", 0, "size=128k") != 0) {
        printf("SKIPPED: a small disk needs root and mount\n");
        rmdir(disk);
        return;
    }
    toy_init(&toy, 2, size, tile, false);
    snprintf(path, sizeof path, "%s/full.h5", disk);
    brink_err error = brink_store_create(path, &toy.spec);
    int left = files_in(disk);
    ck_assert_int_eq(umount(disk), 0);
    ck_assert_int_eq(rmdir(disk), 0);
    ck_assert_fails(error, BRINK_ERR_USAGE, "but 131 kB (131072 bytes) are free on its disk");
    ck_assert_int_eq(left, 0);
}
END_TEST

START_TEST(after_the_first_failed_write_nothing_more_is_tried)
{
    struct toy toy;
    struct rlimit old, tight;
    const char *path = in_folder("limit.h5");
    struct brink_columns columns;
    int32_t count;
    toy_grid(&toy, 3);
    ck_assert_ok(brink_store_create(path, &toy.spec));
    struct brink_store *store = open_write(path, &toy);
    ck_assert_ok(brink_columns_open(&columns, &toy.spec));
    struct brink_tile tile = brink_grid_tile(&toy.spec.grid, 0);
    toy_fill(&toy, &tile, &columns);
    getrlimit(RLIMIT_FSIZE, &old);
    tight = (struct rlimit){64, old.rlim_max};
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &tight);
    brink_err error = brink_store_put(store, &tile, &columns);
    setrlimit(RLIMIT_FSIZE, &old);
    signal(SIGXFSZ, handler);
    ck_assert_int_eq(error, BRINK_ERR_IO);
    ck_assert_ptr_nonnull(strstr(brink_error_note(), "status: H5Dwrite failed"));
    ck_assert_fails(brink_store_put(store, &tile, &columns), BRINK_ERR_IO, "not touched any more");
    ck_assert_fails(brink_store_run_count(store, &count), BRINK_ERR_IO, "not touched any more");
    ck_assert_fails(brink_store_sync(store), BRINK_ERR_IO, "not touched any more");
    ck_assert_ok(brink_store_close(&store));
    ck_assert_ptr_null(store);
    // The file is as it was, and another start goes on with it.
    ck_assert_ok(brink_store_open_read(path, &toy.spec, &store));
    for (int64_t i = 0; i < toy.spec.grid.tile_count; i++)
        check_tile(store, &toy, i, false);
    ck_assert_ok(brink_store_close(&store));
    brink_columns_close(&columns);
    unlink(path);
}
END_TEST

START_TEST(a_read_only_or_missing_file_is_not_opened_for_writing)
{
    struct toy toy;
    struct brink_store *store = NULL;
    toy_grid(&toy, 3);
    ck_assert_fails(
        brink_store_open(in_folder("none.h5"), &toy.spec, MPI_COMM_SELF, MPI_INFO_NULL, &store),
        BRINK_ERR_IO, "cannot open for writing: No such file");
    ck_assert_ptr_null(store);
}
END_TEST

START_TEST(a_table_is_written_by_columns_and_never_over_a_file)
{
    static const char *const names[] = {"step", "x"};
    static const double rows[3][2] = {{0, 1.5}, {10, -0.0}, {20, 5e-324}};
    const char *path = in_folder("table.h5");
    double x[3];
    ck_assert_ok(brink_store_table(path, "A trace", 2, names, 3, rows[0]));
    ck_assert_fails(brink_store_table(path, "A trace", 2, names, 3, rows[0]), BRINK_ERR_LOCKED,
                    "is not replaced");
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    hid_t dataset = H5Dopen2(file, "x", H5P_DEFAULT);
    ck_assert(H5Dread(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, x) >= 0);
    for (int i = 0; i < 3; i++)
        ck_assert_bits_eq(x[i], rows[i][1]);
    H5Dclose(dataset);
    H5Fclose(file);
    unlink(path);
}
END_TEST

START_TEST(a_matrix_of_more_numbers_than_memory_holds_is_refused)
{
    const hsize_t shape[] = {1 << 20, 1 << 14}, chunk[] = {1 << 10, 1 << 10};
    const char *path = in_folder("matrix.h5");
    int64_t rows = 0, columns = 0;
    double *values = NULL;
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    hid_t space = H5Screate_simple(2, shape, NULL), creation = H5Pcreate(H5P_DATASET_CREATE);
    ck_assert(H5Pset_chunk(creation, 2, chunk) >= 0);
    H5Dclose(H5Dcreate2(file, "X", H5T_NATIVE_DOUBLE, space, H5P_DEFAULT, creation, H5P_DEFAULT));
    H5Pclose(creation);
    H5Sclose(space);
    ck_assert(H5Fclose(file) >= 0);
    ck_assert_fails(brink_store_matrix(path, "X", &rows, &columns, &values), BRINK_ERR_IO,
                    "X: [1048576][16384] is too large");
    ck_assert_ptr_null(values);
    unlink(path);
}
END_TEST

START_TEST(the_library_says_its_version)
{
    unsigned major, minor, release;
    char version[32];
    H5get_libversion(&major, &minor, &release);
    snprintf(version, sizeof version, "%u.%u.%u", major, minor, release);
    ck_assert_str_eq(brink_store_library(), version);
}
END_TEST

// ---- files for other tests

// Half of the tiles of a grid of starts; or, for `write`, all of them again and again, for ever.
static brink_err make_file(const char *what, const char *path)
{
    struct toy toy;
    struct brink_store *store = NULL;
    bool for_ever = strcmp(what, "write") == 0;
    toy_grid(&toy, for_ever ? 6 : 4);
    brink_err error = brink_store_create(path, &toy.spec);
    if (!error)
        error = brink_store_open(path, &toy.spec, MPI_COMM_WORLD, MPI_INFO_NULL, &store);
    if (!error)
        error = brink_store_run_write(store, 0, &a_run);
    do {
        if (!error)
            error = toy_put(store, &toy, for_ever ? 1 : 2);
    } while (for_ever && !error);
    brink_err late = brink_store_close(&store);
    error = error ? error : late;
    if (error)
        fprintf(stderr, "check_store: %s\n", brink_error_note());
    return error;
}

int main(int argc, char **argv)
{
    const TTest *const tests[] = {
        what_is_put_comes_back_and_the_rest_is_fill,
        the_same_spec_gives_the_same_bytes,
        writing_changes_raw_data_only,
        a_flipped_byte_is_noticed_anywhere_in_a_tile,
        a_tile_in_the_place_of_another_is_noticed,
        runs_are_counted_and_kept,
        the_spec_comes_back,
        the_same_keys_spelt_otherwise_are_refused,
        another_spec_is_refused_with_the_difference,
        edited_files_are_refused_with_a_reason,
        another_kernel_may_read_but_not_write,
        foreign_files_are_refused,
        truncated_files_are_refused,
        creation_leaves_nothing_behind,
        drafts_of_the_dead_are_cleared,
        the_size_is_known_before,
        a_disk_that_is_too_small_is_refused_before_anything_is_written,
        after_the_first_failed_write_nothing_more_is_tried,
        a_read_only_or_missing_file_is_not_opened_for_writing,
        a_table_is_written_by_columns_and_never_over_a_file,
        a_matrix_of_more_numbers_than_memory_holds_is_refused,
        the_library_says_its_version,
    };
    setenv("CK_FORK", "no", 1); // MPI does not survive a fork
    setenv("OMPI_MCA_io", "^ompio", 0);
    brink_store_start();
    MPI_Init(&argc, &argv);
    int result = EXIT_SUCCESS;
    if (argc == 3) {
        result = make_file(argv[1], argv[2]) ? EXIT_FAILURE : EXIT_SUCCESS;
    } else {
        snprintf(folder, sizeof folder, "/tmp/brink-store-XXXXXX");
        if (!mkdtemp(folder))
            return EXIT_FAILURE;
        result = unit_run("store", tests, sizeof tests / sizeof tests[0]);
        rmdir(folder);
    }
    MPI_Finalize();
    return result;
}
