// SPDX-License-Identifier: MIT
// Parameters and state of the model `network`.
#ifndef BRINK_SWEEP_MODEL_NETWORK_H
#define BRINK_SWEEP_MODEL_NETWORK_H

#include <stdatomic.h>

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
    double *weights;    // owned: of network.weights
    const char *result; // beside which checkpoints are kept; NULL: nowhere
    atomic_bool *kept;  // owned: there may be checkpoints of ours
};

enum { UNIT_ONE, UNIT_SHARPNESS }; // of the learning rate

// The network of a cell.
void brink_network_of_cell(const struct brink_spec *spec, const struct brink_data *data,
                           const int64_t coordinate[], struct brink_network *network);

// What a cell trains.
void brink_network_job_at(const struct network_state *state, const int64_t coordinate[],
                          struct brink_network_job *job);

// Steps to the next combination of what an engine may look at, the axes before SEED; false: all
// were there.
bool brink_network_next_shape(const struct brink_spec *spec, int64_t coordinate[]);

// Why the engine of a name does not fit a network. BRINK_ERR_USAGE.
brink_err brink_network_fail_engine(const char *name, const struct brink_network_job *job);

// Members of brink_model_network.
void brink_network_describe(const void *state, struct brink_text *text);
void brink_network_keep_at(void *state, const char *result);
void brink_network_forget(const void *state, const struct brink_tile *tile);
bool brink_network_run(const void *state, struct brink_stream *stream, struct brink_pulse *pulse);
void brink_network_one_cell(const void *state, const int64_t coordinate[], void *record);
#define BRINK_NETWORK_TRACE_COLUMNS 8
extern const char *const brink_network_trace_columns[];
brink_err brink_network_trace(const void *state, const int64_t coordinate[], int64_t first,
                              brink_err (*row)(void *context, const double values[]), void *context,
                              void *record);

#endif
