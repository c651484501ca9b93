// SPDX-License-Identifier: MIT
// HDF5's types for our elements.
#ifndef BRINK_STORE_TYPES_H
#define BRINK_STORE_TYPES_H

#include "door.h"
#include "layout.h"

// Borrowed id of the type of a number: in the file, and, since we build for little-endian machines
// only, in memory.
hid_t brink_number_type(enum brink_element element);

// Type in the file, owned. TEXT of `size` bytes, 0: of variable length.
brink_err brink_file_type(struct brink_door *door, enum brink_element element, size_t size,
                          hid_t *type) BRINK_CHECKED;

#endif
