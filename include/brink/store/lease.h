// SPDX-License-Identifier: MIT
// One writer for a result: a lease beside it, RESULT.h5.lease, says who writes and shows a
// heartbeat.
//
// - A lease is made with O_EXCL. Its owner rewrites it in place as its heartbeat, and removes it.
// - A dead owner's lease (see owner.h) is renamed to a name of the taker's own, looked at once more
//   and removed; then O_EXCL decides between takers.
// - An owner that was declared dead but lives finds another token, or no lease, at its next check,
//   and stops. Between a check and the write after it nothing protects the file. That is harmless:
//   tiles lie at fixed places and are functions of the specification, so a late write by the same
//   kernel writes the same bytes.
// - What is seen is only the name: a file with several hard links has as many leases.
// Only clocks that never jump count. Every function is independent.
#ifndef BRINK_STORE_LEASE_H
#define BRINK_STORE_LEASE_H

#include "brink/base/error.h"
#include "brink/store/owner.h"

#define BRINK_LEASE_BEAT_S 2.0 // between heartbeats; far below BRINK_OWNER_PATIENCE_S

struct brink_lease; // opaque

// For `file`, which need not exist yet; nothing is done to the disk. A symbolic link stands for
// what it points to. Release with brink_lease_close.
brink_err brink_lease_open(const char *file, struct brink_lease **lease) BRINK_CHECKED;

// Tries to become the owner at time `now` (s). *taken false: the owner may be dead, try again in
// half a second; it takes BRINK_OWNER_PATIENCE_S at most. `steal`: without regard to the owner.
// BRINK_ERR_LOCKED with the owner's name if it lives, BRINK_ERR_IO.
brink_err brink_lease_try(struct brink_lease *lease, bool steal, double now,
                          bool *taken) BRINK_CHECKED;

// After a try: the name of the owner that was waited for or removed, "" if there was none.
// Borrowed.
const char *brink_lease_seen(const struct brink_lease *lease);

// The lease's token, borrowed; and another process's view of the lease with that token.
const char *brink_lease_token(const struct brink_lease *lease);
brink_err brink_lease_follow(const char *file, const char *token,
                             struct brink_lease **lease) BRINK_CHECKED;

// Is it still ours? BRINK_ERR_LOCKED, with the name of the new owner, if not.
brink_err brink_lease_check(struct brink_lease *lease) BRINK_CHECKED;
// The same, and shows a heartbeat. Of the owner only.
brink_err brink_lease_beat(struct brink_lease *lease) BRINK_CHECKED;

// Removes the lease if it is ours, releases memory, sets *lease to NULL; NULL is fine.
void brink_lease_close(struct brink_lease **lease);

// What a third party sees.
struct brink_lease_view {
    bool there, readable;
    struct brink_owner owner;
    enum brink_life life; // as far as one look can tell
    double age;           // s since the last heartbeat by the clocks of the file system and here
};
brink_err brink_lease_view(const char *file, struct brink_lease_view *view) BRINK_CHECKED;

#endif
