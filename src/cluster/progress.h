// SPDX-License-Identifier: MIT
// What the master tells the user while a sweep runs.
#ifndef BRINK_CLUSTER_PROGRESS_H
#define BRINK_CLUSTER_PROGRESS_H

#include "brink/sweep/plan.h"

struct brink_progress {
    const struct brink_spec *spec;          // borrowed
    double report_seconds;                  // between lines in a log
    double start, last;                     // brink_clock()
    int64_t cells_before;                   // done by earlier starts
    int64_t cells, steps;                   // done by this one
    int64_t status_count[BRINK_STATUS_MAX]; // of all that is done
};

void brink_progress_start(struct brink_progress *progress, const struct brink_spec *spec,
                          double report_seconds);
// Writes a line if it is time for one: live on a terminal, timestamped in a log.
void brink_progress_tell(struct brink_progress *progress);
// The last line: what was done, how fast, how it came out.
void brink_progress_end(const struct brink_progress *progress, const char *path);

#endif
