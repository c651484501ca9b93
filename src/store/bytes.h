// SPDX-License-Identifier: MIT
// The bytes of a file, past HDF5.
#ifndef BRINK_STORE_BYTES_H
#define BRINK_STORE_BYTES_H

#include <stddef.h>
#include <stdint.h>

#include "door.h"

// Opens `door->path` for reading; *descriptor is owned.
brink_err brink_bytes_open(const struct brink_door *door, int *descriptor,
                           uint64_t *size) BRINK_CHECKED;
brink_err brink_bytes_size(const struct brink_door *door, int descriptor,
                           uint64_t *size) BRINK_CHECKED;

// All `count` bytes from `place` on.
brink_err brink_bytes_read(const struct brink_door *door, int descriptor, void *data, size_t count,
                           uint64_t place) BRINK_CHECKED;
brink_err brink_bytes_write(const struct brink_door *door, int descriptor, const void *data,
                            size_t count, uint64_t place) BRINK_CHECKED;

#endif
