// SPDX-License-Identifier: MIT
// Shards that do not go together are not joined, and a joined file is of views.
#include <fcntl.h>
#include <hdf5.h>
#include <mpi.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../src/store/seal.h"
#include "brink/sweep/shard.h"
#include "real_store.h"
#include "unit.h"

// Two shards of a specification, and where the file goes that joins them.
struct shards {
    char path[256];
    struct brink_spec *whole, *spec[2];
    struct brink_sharding sharding;
    struct brink_text shard[2];
};

static void make_shards(struct shards *shards)
{
    *shards = (struct shards){.whole = real_spec()};
    snprintf(shards->path, sizeof shards->path, "%s", in_folder("joined.h5"));
    ck_assert_ok(brink_sharding_init(shards->whole, 2, &shards->sharding));
    for (int i = 0; i < 2; i++) {
        ck_assert_ok(brink_shard_spec(shards->whole, &shards->sharding, i, &shards->spec[i]));
        brink_shard_path(shards->path, 2, i, &shards->shard[i]);
        real_make(brink_text_get(&shards->shard[i]), shards->spec[i], 1);
    }
}

static void remove_shards(struct shards *shards)
{
    for (int i = 0; i < 2; i++) {
        unlink(brink_text_get(&shards->shard[i]));
        brink_text_free(&shards->shard[i]);
        brink_spec_free(&shards->spec[i]);
    }
    unlink(shards->path);
    brink_spec_free(&shards->whole);
}

static void set_count(const char *path, int32_t count)
{
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    hid_t array = H5Dopen2(file, "runs/count", H5P_DEFAULT);
    ck_assert(H5Dwrite(array, H5T_NATIVE_INT32, H5S_ALL, H5S_ALL, H5P_DEFAULT, &count) >= 0);
    ck_assert(H5Dclose(array) >= 0 && H5Fclose(file) >= 0);
}

// As a program with the next version of the arithmetic would have made it.
static void age(const char *path, const struct brink_spec *spec)
{
    int32_t version = BRINK_KERNEL_VERSION + 1;
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    hid_t attribute = H5Aopen(file, "kernel_version", H5P_DEFAULT);
    ck_assert(H5Awrite(attribute, H5T_NATIVE_INT32, &version) >= 0);
    ck_assert(H5Aclose(attribute) >= 0 && H5Fclose(file) >= 0);
    int descriptor = open(path, O_RDWR);
    ck_assert_ok(brink_seal_file(path, descriptor, spec, BRINK_STORAGE_LIVE, 0));
    close(descriptor);
}

#define ck_assert_not_joined(path, shards, words)                                                  \
    ck_assert_fails(brink_store_join(path, (shards)->whole, &(shards)->sharding, &options),        \
                    BRINK_ERR_BAD_FILE, words)

START_TEST(what_does_not_go_together_is_not_joined)
{
    const struct brink_join_options options = {.partial = true};
    struct shards shards;
    make_shards(&shards);
    const char *first = brink_text_get(&shards.shard[0]);
    ck_assert_not_joined(in_folder("none.h5"), &shards, "not one of its 2 shards is there");
    set_count(first, -1);
    ck_assert_not_joined(shards.path, &shards, "damaged: runs/count is -1");
    set_count(first, BRINK_RUNS_MAX + 1);
    ck_assert_not_joined(shards.path, &shards, "damaged: runs/count is 257");
    set_count(first, 2);
    age(brink_text_get(&shards.shard[1]), shards.spec[1]);
    ck_assert_not_joined(shards.path, &shards, "made by kernel version");
    ck_assert_int_ne(access(shards.path, F_OK), 0);
    remove_shards(&shards);
}
END_TEST

START_TEST(a_joined_file_has_room_for_as_many_starts_as_any)
{
    const struct brink_join_options options = {.partial = false};
    struct brink_store *store = NULL;
    struct shards shards;
    int32_t count = 0;
    make_shards(&shards);
    for (int i = 0; i < 2; i++) {
        store = real_open(brink_text_get(&shards.shard[i]), shards.spec[i]);
        for (int32_t row = 2; row < BRINK_RUNS_MAX - 50; row++)
            ck_assert_ok(brink_store_run_write(store, row, &real_run));
        ck_assert_ok(brink_store_close(&store));
    }
    ck_assert_ok(brink_store_join(shards.path, shards.whole, &shards.sharding, &options));
    ck_assert_intact(shards.path, shards.whole, 5);
    ck_assert_ok(brink_store_open_read(shards.path, shards.whole, &store));
    ck_assert_ok(brink_store_run_count(store, &count));
    ck_assert_ok(brink_store_close(&store));
    ck_assert_int_eq(count, BRINK_RUNS_MAX);
    remove_shards(&shards);
}
END_TEST

// Last: what is refused stays open in HDF5.
START_TEST(a_joined_file_is_of_views_and_not_written_to)
{
    const struct brink_join_options options = {.partial = false};
    const hsize_t shape[] = {3, 7};
    struct brink_store *store = NULL;
    struct shards shards;
    make_shards(&shards);
    ck_assert_ok(brink_store_join(shards.path, shards.whole, &shards.sharding, &options));
    hid_t file = H5Fopen(shards.path, H5F_ACC_RDWR, H5P_DEFAULT);
    hid_t space = H5Screate_simple(2, shape, NULL);
    ck_assert(H5Ldelete(file, "x_end", H5P_DEFAULT) >= 0);
    H5Dclose(
        H5Dcreate2(file, "x_end", H5T_IEEE_F64LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    ck_assert(H5Sclose(space) >= 0 && H5Fclose(file) >= 0);
    ck_assert_found(shards.path, NULL, 0, "x_end", "stored in another way");
    unlink(shards.path);
    ck_assert_ok(brink_store_join(shards.path, shards.whole, &shards.sharding, &options));
    ck_assert_fails(
        brink_store_open(shards.path, shards.whole, MPI_COMM_SELF, MPI_INFO_NULL, &store),
        BRINK_ERR_MISMATCH, "joined from shards: go on with these, or pack it");
    ck_assert_ptr_null(store);
    remove_shards(&shards);
}
END_TEST

int main(int argc, char **argv)
{
    const TTest *const tests[] = {
        what_does_not_go_together_is_not_joined,
        a_joined_file_has_room_for_as_many_starts_as_any,
        a_joined_file_is_of_views_and_not_written_to,
    };
    setenv("CK_FORK", "no", 1); // MPI does not survive a fork that uses it
    setenv("OMPI_MCA_io", "^ompio", 0);
    brink_store_start();
    MPI_Init(&argc, &argv);
    snprintf(folder, sizeof folder, "/tmp/brink-join-XXXXXX");
    if (!mkdtemp(folder))
        return EXIT_FAILURE;
    int result = unit_run("join", tests, sizeof tests / sizeof tests[0]);
    rmdir(folder);
    MPI_Finalize();
    return result;
}
