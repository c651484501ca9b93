// SPDX-License-Identifier: MIT
// The making of a result file, live, packed or joined, up to its cells.
#ifndef BRINK_STORE_CREATE_H
#define BRINK_STORE_CREATE_H

#include "door.h"
#include "layout.h"

// A file under construction.
struct brink_making {
    struct brink_door door;
    const struct brink_spec *spec;         // borrowed
    const struct brink_origin *origin;     // borrowed
    int level;                             // of compression, of a packed file
    const struct brink_sharding *sharding; // borrowed; of a joined file
    const char *result;                    // borrowed: its name when it is done
    hid_t file;
};

// Makes the file `name`, whole but for its seal, with coordinates and fill. It stays open.
brink_err brink_making_open(struct brink_making *making, const char *name) BRINK_CHECKED;

#endif
