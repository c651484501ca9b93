// SPDX-License-Identifier: MIT
// Facts about owners that this host and its batch system know.
#ifndef BRINK_STORE_OWNER_FACTS_H
#define BRINK_STORE_OWNER_FACTS_H

#include "brink/base/error.h"
#include "brink/store/owner.h"

// This process as an owner, with a new token.
brink_err brink_owner_self(struct brink_owner *self) BRINK_CHECKED;

// Does the owner's process run? UNKNOWN unless it is of this host, boot and space. A zombie and
// another process of the same number are no owners.
enum brink_life brink_owner_process(const struct brink_owner *owner,
                                    const struct brink_owner *self);

// Is the owner's job over? Asks Slurm, 5 s at most. UNKNOWN where Slurm lists it or cannot say: of
// another cluster, and of our own job, which a requeue may have left running elsewhere.
enum brink_life brink_owner_job(const struct brink_owner *owner, const struct brink_owner *self);

#endif
