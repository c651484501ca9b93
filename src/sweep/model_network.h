// SPDX-License-Identifier: MIT
// Parameters and state of the model `network`.
#ifndef BRINK_SWEEP_MODEL_NETWORK_H
#define BRINK_SWEEP_MODEL_NETWORK_H

#include "brink/network/trainer.h"
#include "brink/sweep/spec.h"

enum {
    ACTIVATION,
    LOSS,
    NORM,
    BIAS,
    WIDTH,
    DEPTH,
    SAMPLES,
    SEED,
    SCALE,
    OFFSET,
    NORM1, // ... of each layer
    LR = NORM1 + BRINK_LAYERS_MAX,
    LR1, // ... of each layer
    PARAMETER_COUNT = LR1 + BRINK_LAYERS_MAX
};

// What all cells share. `data` has one member per value of the axis n, or one.
struct network_state {
    const struct brink_spec *spec; // borrowed
    struct brink_network_rules rules;
    struct brink_data *data; // owned, [data_count]
    int64_t data_count;
    double *weights; // owned: of network.weights
};

// The network of a cell.
void brink_network_of_cell(const struct brink_spec *spec, const struct brink_data *data,
                           const int64_t coordinate[], struct brink_network *network);

#endif
