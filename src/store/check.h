// SPDX-License-Identifier: MIT
// Whether a file is ours, before anything in it is trusted: every word of it may be hostile.
#ifndef BRINK_STORE_CHECK_H
#define BRINK_STORE_CHECK_H

#include "door.h"
#include "layout.h"

// Opens `door->path` for reading with the serial driver, whatever HDF5 file it is. BRINK_ERR_IO if
// it cannot be read, BRINK_ERR_BAD_FILE if it is no HDF5 file.
brink_err brink_check_file(struct brink_door *door, hid_t *file) BRINK_CHECKED;

// The same, and checks seal, format and schema version. A seal that does not fit is no error yet,
// so that a better reason may be found: it only sets door->unsealed.
brink_err brink_check_open(struct brink_door *door, hid_t *file) BRINK_CHECKED;

// The error that is left when nothing else was found: BRINK_ERR_BAD_FILE if door->unsealed.
brink_err brink_check_sealed(const struct brink_door *door) BRINK_CHECKED;

// The format and the schema version of an open file. BRINK_ERR_MISMATCH if an intact one is of
// another schema.
brink_err brink_check_format(struct brink_door *door, hid_t file) BRINK_CHECKED;

// How its arrays are stored: the root attribute `storage`.
brink_err brink_check_storage(struct brink_door *door, hid_t file,
                              enum brink_storage *storage) BRINK_CHECKED;

// Where it comes from. Release with brink_origin_free, also after a failure.
brink_err brink_check_origin(struct brink_door *door, hid_t file,
                             struct brink_origin *origin) BRINK_CHECKED;

// The specification stored in the file, as JSON. *json is owned.
brink_err brink_check_read_spec(struct brink_door *door, hid_t file, char **json) BRINK_CHECKED;

// Is it the file of `spec`, and, for `writing`, of our arithmetic? BRINK_ERR_MISMATCH with the
// difference.
brink_err brink_check_spec(struct brink_door *door, hid_t file, const struct brink_spec *spec,
                           bool writing) BRINK_CHECKED;

// Opens an attribute of `object` ("." for the root) that must be of exactly `type`, a scalar
// (count 0) or a list of `count`.
brink_err brink_check_attribute(struct brink_door *door, hid_t file, const char *object,
                                const char *name, hid_t type, int64_t count,
                                hid_t *attribute) BRINK_CHECKED;

// Is every link on the way to `name` a plain one? Others lead out of our sight.
brink_err brink_check_links(struct brink_door *door, hid_t file, const char *name) BRINK_CHECKED;

// Opens an array after checking links, rank, shape, type, fill and storage against its
// description.
brink_err brink_check_array(struct brink_door *door, hid_t file, const struct brink_array *array,
                            hid_t *dataset) BRINK_CHECKED;

#endif
