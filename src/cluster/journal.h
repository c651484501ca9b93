// SPDX-License-Identifier: MIT
// The row of this start in /runs, which rank 0 writes.
#ifndef BRINK_CLUSTER_JOURNAL_H
#define BRINK_CLUSTER_JOURNAL_H

#include "brink/cluster/cluster.h"
#include "brink/store/store.h"

struct brink_journal {
    struct brink_run run;
    int32_t row;
};

// A new row, written and synced; the last one once all are used. Independent.
brink_err brink_journal_begin(struct brink_journal *journal, struct brink_store *store,
                              const struct brink_job *job, int64_t tiles_before) BRINK_CHECKED;

// Writes and syncs that `tiles_done` tiles were done by now. Independent.
brink_err brink_journal_commit(struct brink_journal *journal, struct brink_store *store,
                               int64_t tiles_done) BRINK_CHECKED;

// The same at the end, with the exit code of `outcome`. Independent.
brink_err brink_journal_end(struct brink_journal *journal, struct brink_store *store,
                            int64_t tiles_done, brink_err outcome) BRINK_CHECKED;

// Where nothing is left to do: if the last start came to no end of its own, its row says so.
// Independent.
brink_err brink_journal_settle(struct brink_store *store) BRINK_CHECKED;

#endif
