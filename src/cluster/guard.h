// SPDX-License-Identifier: MIT
// A thread that watches over steps in which the main thread does not come to its beat.
#ifndef BRINK_CLUSTER_GUARD_H
#define BRINK_CLUSTER_GUARD_H

#include "brink/base/error.h"
#include "brink/store/lease.h"

struct brink_guard; // opaque

// Until brink_guard_end: shows the heartbeat of `lease` (NULL: of none), and after `seconds` (0: no
// limit) ends this process, and with it the job, with exit code 3 and words about opening `path`;
// only the rank that leads says them. `path` and `lease` are borrowed. No call may touch the lease
// meanwhile. That it was lost shows at the next check. Independent.
brink_err brink_guard_start(const char *path, struct brink_lease *lease, double seconds, int rank,
                            struct brink_guard **guard) BRINK_CHECKED;
void brink_guard_end(struct brink_guard **guard); // sets *guard to NULL; NULL is fine

// How long a collective open may take: BRINK_OPEN_TIMEOUT, or 300 s.
double brink_guard_open_seconds(void);

#endif
