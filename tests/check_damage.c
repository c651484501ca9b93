// SPDX-License-Identifier: MIT
// Damage of all kinds that chance does not make: verify names each one, and never crashes.
#include <hdf5.h>
#include <hdf5_hl.h>
#include <mpi.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "brink/sweep/shard.h"
#include "real_store.h"
#include "unit.h"

// ---- the collections of texts, past HDF5

static const unsigned char collection[] = {'G', 'C', 'O', 'L', 1, 0, 0, 0};
enum { HEAD = 16 }; // of a collection, of an object in it

// The file with other bytes at a place.
struct patch {
    size_t at, length;
    uint64_t number; // its low bytes
};

// Patched at some places the collections are found to be damaged.
static void check_patches(const char *path, const unsigned char *bytes, size_t length,
                          const struct patch patches[2])
{
    unsigned char *copy = malloc(length);
    ck_assert_ptr_nonnull(copy);
    memcpy(copy, bytes, length);
    for (int i = 0; i < 2; i++)
        memcpy(copy + patches[i].at, &patches[i].number, patches[i].length);
    spill(path, copy, length);
    ck_assert_found(path, NULL, 0, "", "the collection of texts at byte");
    free(copy);
}

START_TEST(a_damaged_collection_of_texts_is_not_given_to_hdf5)
{
    struct brink_spec *spec = real_spec();
    const char *path = in_folder("texts.h5");
    size_t length = 0;
    real_make(path, spec, 1);
    unsigned char *bytes = slurp(path, &length);
    const unsigned char *found = memmem(bytes, length, collection, sizeof collection);
    ck_assert_ptr_nonnull(found);
    const size_t size = (size_t)(found - bytes) + 8, object = size + 8, text = object + 8;
    const struct patch cases[][2] = {
        {{size, 8, HEAD - 1}},                   // no room for its own head
        {{size, 8, length}},                     // beyond the end of the file
        {{text, 8, length}},                     // an object longer than all of it
        {{object, 2, 0}, {text, 8, 8}},          // free space that is not the rest
        {{text, 8, 3}, {size, 8, 2 * HEAD + 3}}, // 3 bytes where the text takes 8
        {{object, 2, 256}, {text, 8, length}},   // object 256 is no free space
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        check_patches(path, bytes, length, cases[i]);
    // One that begins where the file ends.
    unsigned char *longer = malloc(length + sizeof collection);
    ck_assert_ptr_nonnull(longer);
    memcpy(longer, bytes, length);
    memcpy(longer + length, collection, sizeof collection);
    spill(path, longer, length + sizeof collection);
    ck_assert_found(path, NULL, 0, "", "the collection of texts at byte");
    free(longer);
    free(bytes);
    unlink(path);
    brink_spec_free(&spec);
}
END_TEST

// ---- edits by a program

static void replace_text(hid_t file, const char *object, const char *name, const char *text)
{
    hid_t place = H5Oopen(file, object, H5P_DEFAULT), old = H5Aopen(place, name, H5P_DEFAULT);
    hid_t type = H5Aget_type(old), space = H5Aget_space(old);
    ck_assert(H5Aclose(old) >= 0 && H5Adelete(place, name) >= 0);
    hid_t attribute = H5Acreate2(place, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    ck_assert(H5Awrite(attribute, type, &text) >= 0);
    H5Aclose(attribute);
    H5Sclose(space);
    H5Tclose(type);
    H5Oclose(place);
}
static void edit_no_text(hid_t file)
{
    replace_text(file, ".", "title", NULL);
}
static void edit_meaning(hid_t file)
{
    replace_text(file, "x_end", "long_name", "something else");
}
static void edit_kind(hid_t file)
{
    ck_assert(H5Ldelete(file, "x_end", H5P_DEFAULT) >= 0);
    H5Gclose(H5Gcreate2(file, "x_end", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
}
static void edit_group(hid_t file)
{
    ck_assert(H5Ldelete(file, "runs", H5P_DEFAULT) >= 0);
    hid_t space = H5Screate(H5S_SCALAR);
    H5Dclose(H5Dcreate2(file, "runs", H5T_STD_I32LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    H5Sclose(space);
}
static void edit_point(hid_t file) // a start, of which `brink trace` computes the path
{
    static const char text[] = "model: regularity\nfixed: {dor: 1, lr: 0.1, x0: 4, y0: 0.5}\n";
    struct brink_spec *point = NULL;
    ck_assert_ok(brink_spec_parse("point.yaml", text, strlen(text), 0, NULL, &point));
    replace_text(file, ".", "spec", point->json);
    brink_spec_free(&point);
}
static void edit_commit(hid_t file) // meanings may be worded in another way then
{
    replace_text(file, ".", "commit", "another");
    edit_meaning(file);
}
static void edit_coordinate(hid_t file)
{
    double rates[7] = {0};
    hid_t array = H5Dopen2(file, "lr", H5P_DEFAULT);
    ck_assert(H5Dread(array, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, rates) >= 0);
    rates[4] += 1;
    ck_assert(H5Dwrite(array, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, rates) >= 0);
    H5Dclose(array);
}
static void edit_list(hid_t file)
{
    const hsize_t three = 3;
    hid_t tiles = H5Gopen2(file, "tiles", H5P_DEFAULT), space = H5Screate_simple(1, &three, NULL);
    ck_assert(H5Adelete(tiles, "tile_shape") >= 0);
    H5Aclose(H5Acreate2(tiles, "tile_shape", H5T_STD_I64LE, space, H5P_DEFAULT, H5P_DEFAULT));
    H5Sclose(space);
    H5Gclose(tiles);
}
static void edit_second_name(hid_t file)
{
    ck_assert(H5Ldelete(file, "entry/data/x_end", H5P_DEFAULT) >= 0);
    ck_assert(H5Lcreate_hard(file, "y_end", file, "entry/data/x_end", H5P_DEFAULT, H5P_DEFAULT) >=
              0);
}
static void edit_scale(hid_t file)
{
    hid_t array = H5Dopen2(file, "x_end", H5P_DEFAULT), scale = H5Dopen2(file, "lr", H5P_DEFAULT);
    ck_assert(H5DSdetach_scale(array, scale, 1) >= 0);
    H5Dclose(scale);
    H5Dclose(array);
}
static void edit_other_scale(hid_t file)
{
    hid_t array = H5Dopen2(file, "x_end", H5P_DEFAULT), scale = H5Dopen2(file, "lr", H5P_DEFAULT);
    hid_t other = H5Dopen2(file, "init", H5P_DEFAULT);
    ck_assert(H5DSdetach_scale(array, scale, 1) >= 0 && H5DSattach_scale(array, other, 1) >= 0);
    H5Dclose(other);
    H5Dclose(scale);
    H5Dclose(array);
}

static void replace_range(hid_t file, uint64_t start, uint64_t end)
{
    uint64_t ranges[128];
    hid_t array = H5Dopen2(file, "seal/ranges", H5P_DEFAULT), space = H5Dget_space(array);
    ck_assert(H5Sget_simple_extent_npoints(space) <= 128);
    ck_assert(H5Dread(array, H5T_NATIVE_UINT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, ranges) >= 0);
    ranges[0] = start;
    ranges[1] = end;
    ck_assert(H5Dwrite(array, H5T_NATIVE_UINT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, ranges) >= 0);
    H5Sclose(space);
    H5Dclose(array);
}
static void edit_range_back(hid_t file)
{
    replace_range(file, 9, 8);
}
static void edit_range_beyond(hid_t file)
{
    replace_range(file, 8, (uint64_t)1 << 40);
}
static void edit_range_over(hid_t file)
{
    replace_range(file, 0, 100000); // over others
}
static void edit_range_ends(hid_t file)
{
    uint64_t ranges[128];
    hid_t array = H5Dopen2(file, "seal/ranges", H5P_DEFAULT);
    ck_assert(H5Dread(array, H5T_NATIVE_UINT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, ranges) >= 0);
    H5Dclose(array);
    replace_range(file, ranges[0], ranges[1] - 1);
}
static void edit_no_ranges(hid_t file)
{
    static const uint64_t zeros[128];
    hid_t array = H5Dopen2(file, "seal/ranges", H5P_DEFAULT);
    ck_assert(H5Dwrite(array, H5T_NATIVE_UINT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, zeros) >= 0);
    H5Dclose(array);
}

// `name` anew, of another type or shape.
static void remake(hid_t file, const char *name, hid_t type, hid_t space)
{
    ck_assert(H5Ldelete(file, name, H5P_DEFAULT) >= 0);
    hid_t array = H5Dcreate2(file, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    ck_assert(array >= 0 && H5Dclose(array) >= 0 && H5Sclose(space) >= 0);
}
static void edit_range_type(hid_t file)
{
    const hsize_t shape[] = {64, 2};
    remake(file, "seal/ranges", H5T_STD_I64LE, H5Screate_simple(2, shape, NULL));
}
static void edit_empty_ranges(hid_t file)
{
    const hsize_t shape[] = {0, 2};
    remake(file, "seal/ranges", H5T_STD_U64LE, H5Screate_simple(2, shape, NULL));
}
static void edit_title_type(hid_t file)
{
    remake(file, "entry/data/title", H5T_STD_I32LE, H5Screate(H5S_SCALAR));
}
static void title_of(hid_t file, hid_t space)
{
    hid_t type = H5Tcopy(H5T_C_S1);
    ck_assert(H5Tset_size(type, H5T_VARIABLE) >= 0 && H5Tset_cset(type, H5T_CSET_UTF8) >= 0);
    remake(file, "entry/data/title", type, space);
    H5Tclose(type);
}
static void edit_titles(hid_t file)
{
    const hsize_t two = 2;
    title_of(file, H5Screate_simple(1, &two, NULL));
}
static void edit_no_title(hid_t file)
{
    title_of(file, H5Screate(H5S_SCALAR));
}

static const struct {
    void (*edit)(hid_t file);
    const char *object, *words;
} edits[] = {
    {edit_no_text, ".", "attribute title is \"\", not \"Verified\""},
    {edit_meaning, "x_end", "attribute long_name is \"something else\""},
    {edit_kind, "x_end", "is not a dataset"},
    {edit_group, "runs", "is not a group"},
    {edit_commit, "seal/digest", "does not fit"},
    {edit_point, "spec", "no specification of a sweep"},
    {edit_coordinate, "lr", "value 4 is not that of the specification"},
    {edit_list, "tiles", "attribute tile_shape is of a wrong type"},
    {edit_second_name, "entry/data/x_end", "is not x_end under another name"},
    {edit_scale, "x_end", "dimension 1 has not lr as its scale"},
    {edit_other_scale, "x_end", "dimension 1 has not lr as its scale"},
    {edit_range_back, "", "arrays overlap or lie beyond the end of the file"},
    {edit_range_beyond, "", "arrays overlap or lie beyond the end of the file"},
    {edit_range_over, "", "arrays overlap or lie beyond the end of the file"},
    {edit_range_ends, "seal/ranges", "are not the places of the arrays"},
    {edit_no_ranges, "seal/ranges", "are not the places of the arrays"},
    {edit_range_type, "seal/ranges", "wrong type or shape"},
    {edit_empty_ranges, "seal/ranges", "wrong type or shape"},
    {edit_title_type, "entry/data/title", "wrong type"},
    {edit_titles, "entry/data/title", "wrong type"},
    {edit_no_title, "entry/data/title", "is not the title of the specification"},
};

START_TEST(edits_are_named)
{
    struct brink_spec *spec = real_spec();
    const char *path = in_folder("edited.h5");
    for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++) {
        real_make(path, spec, 1);
        hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
        edits[i].edit(file);
        ck_assert(H5Fclose(file) >= 0);
        ck_assert_found(path, NULL, 0, edits[i].object, edits[i].words);
    }
    unlink(path);
    brink_spec_free(&spec);
}
END_TEST

// ---- archives and views

// The filters of an archive in another order than ours.
static void edit_filters(hid_t file)
{
    const hsize_t shape[] = {3, 7}, chunk[] = {2, 3};
    hid_t space = H5Screate_simple(2, shape, NULL), creation = H5Pcreate(H5P_DATASET_CREATE);
    ck_assert(H5Pset_chunk(creation, 2, chunk) >= 0 && H5Pset_fletcher32(creation) >= 0 &&
              H5Pset_shuffle(creation) >= 0 && H5Pset_deflate(creation, 1) >= 0);
    ck_assert(H5Ldelete(file, "x_end", H5P_DEFAULT) >= 0);
    H5Dclose(H5Dcreate2(file, "x_end", H5T_IEEE_F64LE, space, H5P_DEFAULT, creation, H5P_DEFAULT));
    H5Pclose(creation);
    H5Sclose(space);
}

START_TEST(an_archive_has_our_filters)
{
    struct brink_spec *spec = real_spec();
    const char *path = in_folder("whole.h5"), *packed = in_folder("packed.h5");
    const struct brink_pack_options options = {.level = 1};
    real_make(path, spec, 1);
    ck_assert_ok(brink_store_pack(path, packed, &options));
    hid_t file = H5Fopen(packed, H5F_ACC_RDWR, H5P_DEFAULT);
    edit_filters(file);
    ck_assert(H5Fclose(file) >= 0);
    ck_assert_found(packed, NULL, 0, "x_end", "other filters");
    unlink(path);
    unlink(packed);
    brink_spec_free(&spec);
}
END_TEST

START_TEST(one_place_for_both_seals_of_an_archive_is_damage)
{
    struct brink_spec *spec = real_spec();
    const char *path = in_folder("whole.h5"), *packed = in_folder("packed.h5");
    const struct brink_pack_options options = {.level = 1};
    real_make(path, spec, 1);
    ck_assert_ok(brink_store_pack(path, packed, &options));
    hid_t file = H5Fopen(packed, H5F_ACC_RDWR, H5P_DEFAULT);
    ck_assert(H5Ldelete(file, "seal/whole", H5P_DEFAULT) >= 0);
    ck_assert(H5Lcreate_hard(file, "seal/digest", file, "seal/whole", H5P_DEFAULT, H5P_DEFAULT) >=
              0);
    ck_assert(H5Fclose(file) >= 0);
    ck_assert_found(packed, NULL, 0, "", "its seals overlap");
    unlink(path);
    unlink(packed);
    ck_assert_fails(brink_store_pack(folder, packed, &options), BRINK_ERR_BAD_FILE,
                    "not a regular file");
    brink_spec_free(&spec);
}
END_TEST

static struct brink_spec *spec_of(const char *text)
{
    struct brink_spec *spec = NULL;
    ck_assert_ok(brink_spec_parse("line.yaml", text, strlen(text), 0, NULL, &spec));
    return spec;
}

// One axis, and a start that is fixed.
START_TEST(a_line_is_packed)
{
    const char *path = in_folder("line.h5"), *packed = in_folder("line.packed.h5");
    const struct brink_pack_options options = {.level = 1};
    struct brink_spec *spec = spec_of("model: regularity\n"
                                      "axes: {lr: {min: 0.1, max: 1, num: 12}}\n"
                                      "fixed: {dor: 1, init: [4, 0.5]}\n"
                                      "stop: {max_steps: 100}\ntile: [2]\n");
    real_make(path, spec, 1);
    ck_assert_ok(brink_store_pack(path, packed, &options));
    ck_assert_intact(packed, spec, 5);
    unlink(path);
    unlink(packed);
    brink_spec_free(&spec);
}
END_TEST

START_TEST(shards_of_starts_are_sweeps_of_starts)
{
    struct brink_spec *shard = NULL;
    struct brink_spec *spec = spec_of("model: regularity\naxes:\n"
                                      "  init: {values: [[4, 0.5], [3, 1], [2, 2], [1, 3]]}\n"
                                      "  lr: {min: 0.1, max: 1, num: 2}\n"
                                      "fixed: {dor: 1}\ntile: [1, 2]\n");
    struct brink_sharding sharding;
    ck_assert_ok(brink_sharding_init(spec, 2, &sharding));
    ck_assert_int_eq(sharding.axis, 0);
    ck_assert_ok(brink_shard_spec(spec, &sharding, 1, &shard));
    ck_assert_int_eq(shard->axes[0].num, 2);
    ck_assert(memcmp(shard->axes[0].pairs[0], spec->axes[0].pairs[1], 2 * sizeof(double)) == 0);
    ck_assert(memcmp(shard->axes[0].pairs[1], spec->axes[0].pairs[3], 2 * sizeof(double)) == 0);
    brink_spec_free(&shard);
    brink_spec_free(&spec);
}
END_TEST

// `x_end` of a joined file as a view of other files.
static void view(const char *path, const char *source, const char *name)
{
    const hsize_t shape[] = {3, 7};
    const double fill = brink_from_bits(BRINK_NAN_BITS);
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    ck_assert(H5Ldelete(file, "x_end", H5P_DEFAULT) >= 0);
    hid_t space = H5Screate_simple(2, shape, NULL), creation = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_fill_value(creation, H5T_NATIVE_DOUBLE, &fill);
    ck_assert(H5Pset_virtual(creation, space, source, name, space) >= 0);
    hid_t array =
        H5Dcreate2(file, "x_end", H5T_IEEE_F64LE, space, H5P_DEFAULT, creation, H5P_DEFAULT);
    ck_assert(array >= 0);
    H5Dclose(array);
    H5Pclose(creation);
    H5Sclose(space);
    ck_assert(H5Fclose(file) >= 0);
}

START_TEST(a_view_of_anything_but_shards_beside_it_is_refused)
{
    static const char words[] = "x_end: a view of something else than shards beside it";
    struct brink_spec *spec = real_spec(), *shard = NULL;
    const struct brink_join_options whole = {.partial = false}, partial = {.partial = true};
    struct brink_sharding sharding;
    struct brink_text shards[2] = {{0}, {0}};
    char path[256], long_name[600];
    snprintf(path, sizeof path, "%s", in_folder("joined.h5"));
    ck_assert_ok(brink_sharding_init(spec, 2, &sharding));
    for (int i = 0; i < 2; i++) {
        ck_assert_ok(brink_shard_spec(spec, &sharding, i, &shard));
        brink_shard_path(path, 2, i, &shards[i]);
        real_make(brink_text_get(&shards[i]), shard, i == 0 ? 1 : 2); // the second incomplete
        brink_spec_free(&shard);
    }
    ck_assert_fails(brink_store_join(path, spec, &sharding, &whole), BRINK_ERR_BAD_FILE,
                    "incomplete: ");
    ck_assert_ok(brink_store_join(path, spec, &sharding, &partial));
    ck_assert_intact(path, spec, 0);
    memset(long_name, 'n', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    view(path, "/etc/passwd", "x_end");
    ck_assert_found(path, NULL, 0, "", words);
    view(path, long_name, "x_end");
    ck_assert_found(path, NULL, 0, "", words);
    view(path, "shard.h5", long_name);
    ck_assert_found(path, NULL, 0, "", words);
    view(path, "shard.h5", "y_end");
    ck_assert_found(path, NULL, 0, "", words);
    unlink(path);
    for (int i = 0; i < 2; i++) {
        unlink(brink_text_get(&shards[i]));
        brink_text_free(&shards[i]);
    }
    brink_spec_free(&spec);
}
END_TEST

// ---- sweeps without cells, and with too many

START_TEST(nothing_is_computed_again_where_nothing_is_done)
{
    struct brink_spec *spec = real_spec();
    struct heard heard;
    struct brink_verify_report report;
    const char *path = in_folder("empty.h5");
    ck_assert_ok(brink_store_create(path, spec));
    ck_assert_ok(verify_file(path, NULL, 9, &heard, &report));
    ck_assert_msg(heard.count == 0, "%s", heard.all);
    ck_assert(report.tiles_done == 0 && report.cells_recomputed == 0);
    unlink(path);
    brink_spec_free(&spec);
}
END_TEST

START_TEST(more_tiles_than_any_run_has_are_refused)
{
    static const char text[] = "model: regularity\nfixed: {dor: 1}\n"
                               "axes: {lr: {min: 1, max: 2, num: 2097152},\n"
                               " x0: {min: 1, max: 2, num: 2097152},\n"
                               " y0: {min: 1, max: 2, num: 1048576}}\n";
    struct brink_spec *spec = real_spec(), *large = NULL;
    const char *path = in_folder("large.h5");
    ck_assert_ok(brink_spec_parse("large.yaml", text, strlen(text), 0, NULL, &large));
    real_make(path, spec, 1);
    ck_assert_found(path, large, 0, "spec", "tiles are too many");
    unlink(path);
    brink_spec_free(&large);
    brink_spec_free(&spec);
}
END_TEST

int main(int argc, char **argv)
{
    const TTest *const tests[] = {
        a_damaged_collection_of_texts_is_not_given_to_hdf5,
        edits_are_named,
        an_archive_has_our_filters,
        one_place_for_both_seals_of_an_archive_is_damage,
        a_line_is_packed,
        shards_of_starts_are_sweeps_of_starts,
        a_view_of_anything_but_shards_beside_it_is_refused,
        nothing_is_computed_again_where_nothing_is_done,
        more_tiles_than_any_run_has_are_refused,
    };
    setenv("CK_FORK", "no", 1); // MPI does not survive a fork that uses it
    setenv("OMPI_MCA_io", "^ompio", 0);
    brink_store_start();
    MPI_Init(&argc, &argv);
    snprintf(folder, sizeof folder, "/tmp/brink-damage-XXXXXX");
    if (!mkdtemp(folder))
        return EXIT_FAILURE;
    int result = unit_run("damage", tests, sizeof tests / sizeof tests[0]);
    rmdir(folder);
    MPI_Finalize();
    return result;
}
