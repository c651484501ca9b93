// SPDX-License-Identifier: MIT
// Work on files that nobody vouches for, in a process of its own: HDF5 may crash or hang in them.
#ifndef BRINK_CLI_ISOLATE_H
#define BRINK_CLI_ISOLATE_H

#include <stddef.h>

#include "brink/base/error.h"

// Memory that the isolated work shares with its caller; zeroed. Release with brink_unshare.
brink_err brink_share(void *block, size_t size) BRINK_CHECKED;
void brink_unshare(void *block, size_t size);

// Calls work(context) in a child and returns what it returned, with its note. `path` is the file
// it reads: BRINK_ERR_BAD_FILE if the child crashed, took more than a few GB of memory, or spent
// two minutes of CPU time without a call to brink_isolated_beat. What it changes in memory that is
// not shared is lost; what it prints is not.
brink_err brink_isolated(const char *path, brink_err (*work)(void *context),
                         void *context) BRINK_CHECKED;

// The work goes on well. `context` is not used.
void brink_isolated_beat(void *context);

#endif
