// SPDX-License-Identifier: MIT
// One training in its lane, from start to verdict.
#ifndef BRINK_NETWORK_TRAINER_LANE_H
#define BRINK_NETWORK_TRAINER_LANE_H

#include "brink/network/lanczos.h"
#include "brink/network/trainer.h"

// A sharpness that was measured.
struct sample {
    int32_t step;
    double sharpness;
};

// What a training has come to; with samples, warm tangent, curves and the engine's snapshot it is
// a checkpoint.
struct progress {
    struct brink_network_cell cell;
    double lr[BRINK_LAYERS_MAX]; // as they are
    double imbalance_start, loss_before;
    double eigenvalue[BRINK_TOP_MAX - 1]; // after the largest, as measured last
    int32_t step, sample_count;
};

struct lane {
    bool busy;
    struct brink_network_job job;
    struct progress progress;
    struct sample *samples; // owned, [sample_max]
    void *warm;             // owned, the last eigenvector
};

struct trainer {
    const struct brink_network_rules *rules;
    const struct brink_network_source *source;
    bool waiting; // `next` is taken, but has no lane yet
    struct brink_network_job next;
    // Of the present shape:
    const struct brink_network_engine *engine;
    struct brink_network network;
    const struct brink_data *data;
    struct brink_engine_state *state; // owned
    struct brink_lanczos *lanczos;    // owned
    struct lane *lanes;               // owned
    int lane_count, busy;
    int32_t sample_max, keep_every;
    int block;       // steps between two beats
    double *loss;    // owned, [lanes][BRINK_NETWORK_BLOCK]
    int *taken;      // owned, [lanes]
    double *weights; // owned, of one network
};

// A training enters the lane, and leaves it at once if its start is its end.
brink_err brink_lane_begin(struct trainer *trainer, int lane,
                           const struct brink_network_job *job) BRINK_CHECKED;

// Steps until it must be looked at.
int32_t brink_lane_distance(const struct trainer *trainer, const struct lane *lane);

// Takes in what `advance` returned for up to `steps` steps.
brink_err brink_lane_digest(struct trainer *trainer, int lane, int steps) BRINK_CHECKED;

#endif
