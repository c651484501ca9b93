// SPDX-License-Identifier: MIT
// HDF5's global heap, where texts and lists of variable length lie, looked at before HDF5 does.
#ifndef BRINK_STORE_HEAP_H
#define BRINK_STORE_HEAP_H

#include "door.h"
#include "seal.h"

// Can HDF5 read the collections of the heap without going astray? Collections have no checksums,
// and HDF5 1.10 loops for ever or crashes in a damaged one. They are looked for outside of
// ranges[count], which are sorted. BRINK_ERR_BAD_FILE if not.
brink_err brink_heap_check(const struct brink_door *door, int descriptor, uint64_t size,
                           const struct brink_range ranges[], int count) BRINK_CHECKED;

#endif
