// SPDX-License-Identifier: MIT
// One writer: how a job gets the lease of its result.
#ifndef BRINK_CLUSTER_CLAIM_H
#define BRINK_CLUSTER_CLAIM_H

#include "brink/cluster/cluster.h"
#include "brink/store/lease.h"

// The lease of options->path for all ranks: rank 0 holds it, the others watch it. Waits, and says
// so, while its owner may be dead. BRINK_ERR_LOCKED with the owner's name if it lives,
// BRINK_ERR_STOPPED after a wish to stop. Collective.
brink_err brink_claim(const struct brink_job *job, const struct brink_run_options *options,
                      struct brink_lease **lease) BRINK_CHECKED;

#endif
