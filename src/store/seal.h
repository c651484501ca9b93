// SPDX-License-Identifier: MIT
// The seal of a file: a digest of all its bytes that do not change after creation.
//
// Object headers, links, attributes, texts, coordinates, and what lies between: of all these HDF5
// itself checks only a part, and in damaged texts it hangs or crashes. So the seal is looked at
// first, whenever a file is opened: for that, the file names the ranges it leaves out.
//
// A live file leaves out the raw data that is written in place, a packed one all that lies behind
// its headers; a second digest of a packed file is over these, too.
#ifndef BRINK_STORE_SEAL_H
#define BRINK_STORE_SEAL_H

#include <stdbool.h>

#include "door.h"
#include "layout.h"

struct brink_range {
    uint64_t start, end; // bytes of the file; both 0: unused
};

// What is left out of the digest. A zeroed struct is empty.
struct brink_seal {
    struct brink_range ranges[BRINK_SEAL_RANGES_MAX];
    int count;
    uint64_t digest_place, whole_place, ranges_place; // in the file
};

// Adds where the raw data of `array` lies, if it is written to after creation. `dataset` is its id,
// checked by brink_check_array.
brink_err brink_seal_add(struct brink_door *door, const struct brink_array *array, hid_t dataset,
                         struct brink_seal *seal) BRINK_CHECKED;

// *intact: does the seal of an open file fit? If not, texts and lists in it are at least such that
// HDF5 comes to an end with them. BRINK_ERR_BAD_FILE if they are not, or there is no seal.
brink_err brink_seal_check(struct brink_door *door, hid_t file, bool *intact) BRINK_CHECKED;

// The same, with all arrays added to `seal`: are those of the file the ranges left out? Of a packed
// file: does the digest of all of it fit?
brink_err brink_seal_check_all(struct brink_door *door, hid_t file, struct brink_seal *seal,
                               bool packed, bool *intact) BRINK_CHECKED;

// Seals the file `name`, which is complete and closed, through `descriptor`. Of a packed file the
// first `head` bytes hold all but raw data.
brink_err brink_seal_file(const char *name, int descriptor, const struct brink_spec *spec,
                          enum brink_storage storage, uint64_t head) BRINK_CHECKED;

#endif
