// SPDX-License-Identifier: MIT
// What the parts of verifying share: the file, what it must be, and where findings go.
#ifndef BRINK_STORE_VERIFY_H
#define BRINK_STORE_VERIFY_H

#include "door.h"
#include "layout.h"
#include "seal.h"

struct brink_inspection {
    struct brink_door door;
    hid_t file;
    const struct brink_spec *spec; // what the file must hold
    struct brink_origin origin;    // where it says it comes from; owned
    const struct brink_verify_options *options;
    struct brink_verify_report *report;
    struct brink_seal seal;
    int bad_arrays;    // whose cells are not looked at
    bool other_kernel; // some cells may be of another arithmetic than ours
};

// Reports a finding.
void brink_inspection_find(struct brink_inspection *inspection, const char *object,
                           const char *format, ...) BRINK_PRINTF(3, 4);

// What is wrong with the file becomes a finding and BRINK_OK; other errors stay.
brink_err brink_inspection_take(struct brink_inspection *inspection, const char *object,
                                brink_err error) BRINK_CHECKED;

void brink_inspection_beat(const struct brink_inspection *inspection);

// Groups, arrays, coordinates, scales and attributes against the layout; prepares the seal.
brink_err brink_inspect_layout(struct brink_inspection *inspection) BRINK_CHECKED;

// Rows of /runs against their checksums, and the others against fill.
brink_err brink_inspect_runs(struct brink_inspection *inspection) BRINK_CHECKED;

// Tiles against their checksums, those not done against fill; some cells computed again.
brink_err brink_inspect_tiles(struct brink_inspection *inspection) BRINK_CHECKED;

#endif
