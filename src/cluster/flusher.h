// SPDX-License-Identifier: MIT
// A thread that syncs the file while the main thread computes: a disk may take its time.
#ifndef BRINK_CLUSTER_FLUSHER_H
#define BRINK_CLUSTER_FLUSHER_H

#include <stdbool.h>

#include "brink/store/store.h"

struct brink_flusher; // opaque

// Sleeps until it is asked. The store is borrowed, and open until brink_flusher_end. Independent.
brink_err brink_flusher_start(struct brink_store *store,
                              struct brink_flusher **flusher) BRINK_CHECKED;

// Begins a sync of all that was written before; only when none is under way.
void brink_flusher_ask(struct brink_flusher *flusher);

// *busy: a sync is under way. Else the error of the last one, again and again, and in *seconds what
// it took (0: there was none).
brink_err brink_flusher_look(struct brink_flusher *flusher, bool *busy,
                             double *seconds) BRINK_CHECKED;

// Waits for the sync under way and returns its error; sets *flusher to NULL; NULL is fine.
brink_err brink_flusher_end(struct brink_flusher **flusher) BRINK_CHECKED;

#endif
