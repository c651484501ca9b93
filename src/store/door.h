// SPDX-License-Identifier: MIT
// The one door to HDF5: every call goes through it, and a failing call names itself.
#ifndef BRINK_STORE_DOOR_H
#define BRINK_STORE_DOOR_H

#include <hdf5.h>
#include <stdbool.h>

#include "brink/base/error.h"

// What is known about the file that calls are made for.
struct brink_door {
    const char *path; // borrowed, for messages
    brink_err blame;  // code of a failing call, unless the system refused (BRINK_ERR_IO)
    bool writing;     // the first failure is final: HDF5 may crash when it closes such a file
    bool unsealed;    // the file's seal does not fit: something in it is damaged
    bool broken;      // it happened: nothing is called any more, ids are abandoned
};

// Makes `call` (negative: failed) for `object` of the file ("" for the file itself). Gives
// BRINK_OK, or an error with the note "PATH: OBJECT: FUNCTION failed: HDF5's innermost words".
#define BRINK_HDF5(door, object, call)                                                             \
    ((door)->broken ? brink_door_refused(door)                                                     \
     : (call) < 0   ? brink_door_failed(door, object, #call)                                       \
                    : BRINK_OK)

brink_err brink_door_refused(const struct brink_door *door) BRINK_CHECKED;
brink_err brink_door_failed(struct brink_door *door, const char *object,
                            const char *call) BRINK_CHECKED;

// Releases *id of any kind, if it is one, and sets it to H5I_INVALID_HID. *error, if still
// BRINK_OK, becomes the late error.
void brink_door_close(struct brink_door *door, hid_t *id, brink_err *error);

// File access properties for all our files: the format of HDF5 1.10 whatever the library, no
// locks (the lease is ours), and nothing cached in readers, since others write.
brink_err brink_door_access(struct brink_door *door, hid_t *access) BRINK_CHECKED;

#endif
