// SPDX-License-Identifier: MIT
// One rank at work: the master hands out batches of tiles and works too, the others work.
#ifndef BRINK_CLUSTER_WORK_H
#define BRINK_CLUSTER_WORK_H

#include "brink/cluster/cluster.h"
#include "brink/store/lease.h"
#include "brink/store/store.h"
#include "brink/sweep/plan.h"
#include "brink/sweep/schedule.h"
#include "brink/sweep/stream.h"
#include "deadline.h"
#include "flusher.h"
#include "journal.h"
#include "progress.h"

// What a rank tells about its work since the last report.
struct brink_report {
    int64_t number;       // of this rank's: 1, 2, 3 ...
    int64_t returned;     // tiles given back undone
    double seconds;       // since the last report of a stored tile
    int64_t cells, steps; // of the tiles stored
    int64_t status_count[BRINK_STATUS_MAX];
    int64_t stopping; // a signal came here
    int64_t asking;   // for an order
    int64_t leaving;
    int64_t done_count; // tiles that are stored; no more of done[] is sent
    struct brink_done done[BRINK_BATCH_MAX];
};

struct brink_work {
    const struct brink_job *job;   // borrowed
    const struct brink_spec *spec; // borrowed
    struct brink_plan plan;
    struct brink_columns columns;
    struct brink_stream *stream;
    struct brink_store *store;
    struct brink_lease *lease; // owned; rank 0 holds it, the others watch it
    struct brink_pulse pulse;
    int64_t *todo; // owned: tile numbers in the order of the schedule, the same on every rank
    int64_t todo_count;
    double commit_seconds;
    bool unsynced;                 // something was written since
    double committed;              // brink_clock() when the last whole commit began
    struct brink_flusher *flusher; // owned
    double flush_due;              // brink_clock()
    struct brink_deadline deadline;
    const char *stop_file;              // borrowed
    double stop_looked;                 // brink_clock() of a look for the stop file
    double lease_checked, lease_beaten; // ... of looks at the lease
    double beaten;                      // ... of the last beat
    double listened, listen_seconds;    // ... of the last look for messages; what it took
    double told;                        // ... of the last report
    double reported;                    // ... of the last that had a stored tile
    struct brink_report report;         // what the next report will say
    int64_t reports;                    // so many were made
    struct brink_heard orders;          // that have come
    struct brink_batch hand;            // ordered
    int64_t hand_next;                  // its first tile that is not put into the stream
    int64_t under_way;                  // tiles in the stream
    double cell_seconds;                // of this rank, running mean; 0: not known yet
    double asked, answered;             // brink_clock() of the last question; seconds to its answer
    bool awaited;                       // an answer is still to come
    bool exhausted;                     // the master has nothing left
    bool stop_said;                     // the wish to stop was reported
    bool no_more;                       // nothing more will be begun on this rank
    bool finished;                      // the stream was told that no tile comes any more
    // The rest is the master's.
    struct brink_journal journal;
    struct brink_schedule schedule;
    int64_t *coarser;     // owned: of the schedule
    int64_t *orders_made; // owned: [ranks]
    struct brink_progress progress;
    int ranks_left; // workers that still talk
    bool stop_told; // the wish to stop was passed on
};

// Computes until everything is done or a stop is wished for. An I/O error, or the loss of the
// lease, ends the job. Collective.
void brink_work_run(struct brink_work *work);

// Ends the job if the lease is lost; `age`: a check that old is enough. Independent.
void brink_work_check_lease(struct brink_work *work, double age);

// Says what went wrong and ends all ranks with its exit code, without another call into HDF5.
void brink_work_die(brink_err error) __attribute__((noreturn));

#endif
