// SPDX-License-Identifier: MIT
// What one look at a result gives, and words for it.
#ifndef BRINK_CLI_STATUS_H
#define BRINK_CLI_STATUS_H

#include <time.h>

#include "brink/store/lease.h"
#include "brink/store/store.h"

struct brink_sight {
    const struct brink_spec *spec; // borrowed
    int64_t tiles_done, cells_done;
    int64_t cells_counted; // of the verdicts
    int64_t status_count[BRINK_STATUS_MAX];
    int32_t run_count;
    struct brink_run runs[BRINK_RUNS_MAX];
    struct brink_lease_view lease;
    double rate; // cells/s, 0: not known
    bool working;
};

// The first look of a watch, for a rate that is of now.
struct brink_sight_origin {
    double time; // monotonic seconds, 0: none yet
    int64_t cells_done;
};

brink_err brink_sight_look(const char *path, const struct brink_spec *spec,
                           const struct brink_sight_origin *origin,
                           struct brink_sight *sight) BRINK_CHECKED;
double brink_sight_seconds(clockid_t clock);
const char *brink_sight_life(const struct brink_lease_view *lease);
const char *brink_sight_span(double seconds, char text[32]); // "2 min 03 s"

// Members of a JSON object after the first: `, "name": value`; null where it is not finite.
void brink_json_number(struct brink_text *json, const char *name, double value);
void brink_json_string(struct brink_text *json, const char *name, const char *value);
void brink_json_owner(struct brink_text *json, const struct brink_lease_view *lease);

// Looks at all shards of a result that is not joined yet, and tells; *over: all are complete.
brink_err brink_status_shards(const char *path, const struct brink_spec *spec, int count, bool json,
                              struct brink_sight_origin *origin, bool *over) BRINK_CHECKED;

#endif
