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
#include "journal.h"
#include "progress.h"

// What a rank tells about its work since the last report. A report answers for one batch.
struct brink_report {
    struct brink_batch batch;
    int64_t done; // tiles of it that are stored
    double seconds;
    int64_t cells, steps;
    int64_t status_count[BRINK_STATUS_MAX];
    int64_t stopping; // a signal came here
    int64_t leaving;
};

// A batch on its way through this rank.
struct brink_order_open {
    struct brink_batch batch;
    int64_t pushed, done; // tiles put into the stream; stored
};

// One to be pushed, one being pushed, one with its last tiles under way.
#define BRINK_ORDERS_MAX 4

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
    bool unsynced;    // something was written since
    double committed; // brink_clock() of the last fdatasync
    struct brink_deadline deadline;
    const char *stop_file;                           // borrowed
    double stop_looked;                              // brink_clock() of a look for the stop file
    double lease_checked, lease_beaten;              // ... of looks at the lease
    double beaten;                                   // ... of the last beat
    double reported;                                 // ... of the last report
    struct brink_order_open order[BRINK_ORDERS_MAX]; // batch.count 0: free
    struct brink_report report;                      // what the next report will say
    int awaited;                                     // a worker's: answers still to come
    bool no_more;                                    // nothing more will be handed to this rank
    bool finished;                                   // the stream was told so
    // The rest is the master's.
    struct brink_journal journal;
    struct brink_schedule schedule;
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
