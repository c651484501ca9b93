// SPDX-License-Identifier: MIT
// The end of the time that a job has, and when to stop before it.
#ifndef BRINK_CLUSTER_DEADLINE_H
#define BRINK_CLUSTER_DEADLINE_H

// In s of brink_clock(); infinite: no end is known.
struct brink_deadline {
    double stop;    // nothing new is begun
    double abandon; // tiles that still run are given up; they are computed again
};

// From `limit` seconds from now (0: not given), else from SLURM_JOB_END_TIME, else from squeue.
// Rank 0 finds out, and every rank has it. Collective.
struct brink_deadline brink_deadline_find(double limit);

#endif
