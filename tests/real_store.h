// SPDX-License-Identifier: MIT
// A small real sweep in a file, for tests of verifying: starts along one axis, clipped tiles.
#ifndef BRINK_TESTS_REAL_STORE_H
#define BRINK_TESTS_REAL_STORE_H

#include <mpi.h>
#include <stdint.h>
#include <string.h>

#include "brink/base/build.h"
#include "brink/base/memory.h"
#include "brink/store/store.h"
#include "files.h"
#include "unit.h"

// 3 starts x 7 learning rates in tiles of 2 x 3: 6 tiles, 4 of them clipped.
static const char real_text[] = "title: Verified\n"
                                "model: regularity\n"
                                "axes:\n"
                                "  init: {values: [[4, 0.5], [3, 1], [2, 2]]}\n"
                                "  lr: {min: 0.01, max: 1, num: 7, scale: log}\n"
                                "fixed: {dor: 1}\n"
                                "tile: [2, 3]\n"
                                "record: full\n"
                                "stop: {max_steps: 500, tail: 64}\n";

static inline struct brink_spec *real_spec(void)
{
    struct brink_spec *spec = NULL;
    ck_assert_ok(brink_spec_parse("real.yaml", real_text, strlen(real_text), 0, NULL, &spec));
    return spec;
}

static inline struct brink_store *real_open(const char *path, const struct brink_spec *spec)
{
    struct brink_store *store = NULL;
    ck_assert_ok(brink_store_open(path, spec, MPI_COMM_SELF, MPI_INFO_NULL, &store));
    return store;
}

static inline void real_columns(const struct brink_plan *plan, const struct brink_tile *tile,
                                struct brink_columns *columns)
{
    const struct brink_spec *spec = plan->spec;
    char *records = NULL;
    size_t size = spec->model->record_size;
    ck_assert_ok(brink_alloc(&records, (size_t)tile->cells, size));
    for (int64_t i = 0; i < tile->cells; i++) {
        int64_t coordinate[BRINK_RANK_MAX];
        brink_tile_cell(&spec->grid, tile, i, coordinate);
        spec->model->cell(plan->state, coordinate, records + (size_t)i * size);
    }
    brink_columns_gather(columns, spec, records, tile->cells);
    brink_free(&records);
}

static const struct brink_run real_run = {.start_time = 1.5e9,
                                          .end_time = 1.6e9,
                                          .ranks = 3,
                                          .threads = 4,
                                          .kernel_version = BRINK_KERNEL_VERSION,
                                          .tiles_done = 6,
                                          .host = "node",
                                          .job_id = "123",
                                          .isa = "avx2",
                                          .commit = "abc",
                                          .mpi = "Open MPI",
                                          .hdf5 = "1.10.8"};

// Creates `path` with tiles 0, every, 2 every ... done, and two starts recorded.
static inline void real_make(const char *path, const struct brink_spec *spec, int64_t every)
{
    struct brink_plan plan;
    struct brink_columns columns;
    unlink(path);
    ck_assert_ok(brink_store_create(path, spec));
    ck_assert_ok(brink_plan_open(&plan, spec));
    ck_assert_ok(brink_columns_open(&columns, spec));
    struct brink_store *store = real_open(path, spec);
    ck_assert_ok(brink_store_run_write(store, 0, &real_run));
    for (int64_t i = 0; i < spec->grid.tile_count; i += every) {
        struct brink_tile tile = brink_grid_tile(&spec->grid, i);
        real_columns(&plan, &tile, &columns);
        ck_assert_ok(brink_store_put(store, &tile, &columns));
    }
    ck_assert_ok(brink_store_run_write(store, 1, &real_run));
    ck_assert_ok(brink_store_close(&store));
    brink_columns_close(&columns);
    brink_plan_close(&plan);
}

// ---- what verify says

struct heard {
    int count;
    char object[128], words[512]; // of the first finding
    char all[8192];
};

static inline void hear(void *context, const char *object, const char *words)
{
    struct heard *heard = context;
    if (heard->count++ == 0) {
        snprintf(heard->object, sizeof heard->object, "%s", object);
        snprintf(heard->words, sizeof heard->words, "%s", words);
    }
    size_t length = strlen(heard->all);
    snprintf(heard->all + length, sizeof heard->all - length, "%s: %s\n", object, words);
}

static inline brink_err verify_file(const char *path, const struct brink_spec *spec, int64_t deep,
                                    struct heard *heard, struct brink_verify_report *report)
{
    const struct brink_verify_options options = {
        .deep = deep, .seed = 7, .find = hear, .context = heard};
    *heard = (struct heard){0};
    brink_err error = brink_store_verify(path, spec, &options, report);
    // Nothing stays open, whatever was found: HDF5 would believe it the next time.
    ck_assert_int_eq(H5Fget_obj_count((hid_t)H5F_OBJ_ALL, H5F_OBJ_ALL), 0);
    return error;
}

#define ck_assert_intact(path, spec, deep)                                                         \
    do {                                                                                           \
        struct heard intact_heard;                                                                 \
        struct brink_verify_report intact_report;                                                  \
        ck_assert_ok(verify_file(path, spec, deep, &intact_heard, &intact_report));                \
        ck_assert_msg(intact_report.findings == 0, "%s", intact_heard.all);                        \
    } while (0)

// Some finding has `object` and contains `words`.
#define ck_assert_found(path, spec, deep, wanted_object, wanted_words)                             \
    do {                                                                                           \
        struct heard found_heard;                                                                  \
        struct brink_verify_report found_report;                                                   \
        ck_assert_ok(verify_file(path, spec, deep, &found_heard, &found_report));                  \
        ck_assert_int_eq(found_report.findings, found_heard.count);                                \
        ck_assert_msg(strstr(found_heard.all, wanted_object) &&                                    \
                          strstr(found_heard.all, wanted_words),                                   \
                      "no \"%s: %s\" in \"%s\"", wanted_object, wanted_words, found_heard.all);    \
    } while (0)

#endif
