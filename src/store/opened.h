// SPDX-License-Identifier: MIT
// What an open result file is inside.
#ifndef BRINK_STORE_OPENED_H
#define BRINK_STORE_OPENED_H

#include "brink/base/text.h"
#include "brink/store/store.h"
#include "door.h"
#include "layout.h"

struct brink_store {
    struct brink_door door;
    struct brink_text path; // owned
    const struct brink_spec *spec;
    enum brink_storage storage;
    hid_t file;
    hid_t fields[BRINK_FIELD_MAX]; // in the order of columns
    int field_count;
    hid_t state, checksum;
    hid_t runs[BRINK_RUN_COLUMNS], run_checksum, run_count, run_writing;
    struct brink_array run_arrays[BRINK_RUN_COLUMNS];
    int descriptor; // our own, for fdatasync; -1 when reading
};

// As brink_store_open_read, also where the seal does not fit.
brink_err brink_store_open_unsealed(const char *path, const struct brink_spec *spec,
                                    struct brink_store **store) BRINK_CHECKED;

// A store over a file under construction, to write its lists and runs: serial, not collective.
// `file` stays open when the store is closed.
brink_err brink_store_adopt(const char *path, const struct brink_spec *spec, hid_t file,
                            struct brink_store **store) BRINK_CHECKED;

// What tiles/checksum holds for a tile.
uint64_t brink_store_checksum(const struct brink_spec *spec, const struct brink_tile *tile,
                              const struct brink_columns *columns);

#endif
