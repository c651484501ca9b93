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

#endif
