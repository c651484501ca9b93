// SPDX-License-Identifier: MIT
// A file under construction: a name of its own until it is complete, then published at once.
#ifndef BRINK_STORE_DRAFT_H
#define BRINK_STORE_DRAFT_H

#include <stdbool.h>
#include <stdint.h>

#include "brink/base/error.h"
#include "brink/base/text.h"

struct brink_draft {
    const char *path;       // borrowed: where it shall be
    struct brink_text name; // owned: where it is, beside `path`
    int descriptor;         // owned
    int folder;             // owned: descriptor of the folder of both
    bool unreserved;        // its file system cannot reserve space
};

// Removes drafts of `path` whose makers were killed. Independent.
void brink_draft_clear(const char *path);

// Clears, and makes an empty file PATH.tmp-PID beside `path`, after making sure that `bytes` fit on
// its disk.
// BRINK_ERR_USAGE if they do not, BRINK_ERR_LOCKED if `path` exists, BRINK_ERR_IO; nothing is left
// behind then.
brink_err brink_draft_open(struct brink_draft *draft, const char *path,
                           int64_t bytes) BRINK_CHECKED;

// Reserves what the file's holes will need, syncs it, gives it its name, syncs the folder. An
// existing `path` is never replaced: BRINK_ERR_LOCKED.
brink_err brink_draft_publish(struct brink_draft *draft) BRINK_CHECKED;

// Removes the draft's own name and releases it; after publishing and instead of it.
void brink_draft_discard(struct brink_draft *draft);

#endif
