// SPDX-License-Identifier: MIT
// Whether a file is ours, before anything in it is trusted: every word of it may be hostile.
#ifndef BRINK_STORE_CHECK_H
#define BRINK_STORE_CHECK_H

#include "door.h"
#include "layout.h"

// Opens `door->path` for reading with the serial driver, and checks format and schema version.
// BRINK_ERR_IO if it cannot be read, BRINK_ERR_BAD_FILE if it is not ours.
brink_err brink_check_open(struct brink_door *door, hid_t *file) BRINK_CHECKED;

// The format and the schema version of an open file.
brink_err brink_check_format(struct brink_door *door, hid_t file) BRINK_CHECKED;

// The specification stored in the file, as JSON. *json is owned.
brink_err brink_check_read_spec(struct brink_door *door, hid_t file, char **json) BRINK_CHECKED;

// Is it the file of `spec`, and, for `writing`, of our arithmetic? BRINK_ERR_MISMATCH with the
// difference.
brink_err brink_check_spec(struct brink_door *door, hid_t file, const struct brink_spec *spec,
                           bool writing) BRINK_CHECKED;

// Opens an array after checking links, rank, shape, type and storage against its description.
brink_err brink_check_array(struct brink_door *door, hid_t file, const struct brink_array *array,
                            hid_t *dataset) BRINK_CHECKED;

#endif
