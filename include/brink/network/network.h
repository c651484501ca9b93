// SPDX-License-Identifier: MIT
// A small fully connected network and its data: plain values that every engine builds on.
//
// Layer l = 1 .. L of `depth` hidden ones and the output: Z_l = gain_l W_l A_{l-1} + b_l, then for
// hidden layers the norm, then A_l = phi(Z_l). A_0 are the samples. W_l is [width_l][width_{l-1}].
#ifndef BRINK_NETWORK_NETWORK_H
#define BRINK_NETWORK_NETWORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "brink/base/error.h"

#define BRINK_DEPTH_MAX  4                     // hidden layers
#define BRINK_LAYERS_MAX (BRINK_DEPTH_MAX + 1) // weight layers

// ---- named choices. name, value in the file, meaning; values never change.

#define BRINK_ACTIVATIONS(X)                                                                       \
    X(TANH, tanh, 0, "tanh z")                                                                     \
    X(RELU, relu, 1, "max(z, 0)")                                                                  \
    X(LEAKY_RELU, leaky_relu, 2, "z for z > 0, else z/5.5")                                        \
    X(ELU, elu, 3, "z for z > 0, else exp(z) - 1")                                                 \
    X(SOFTPLUS, softplus, 4, "log(1 + exp z)")                                                     \
    X(IDENTITY, identity, 5, "z")                                                                  \
    X(RELU2, relu2, 6, "max(z, 0)^2")                                                              \
    X(RELU3, relu3, 7, "max(z, 0)^3")

// r = output - label; each is summed over outputs and averaged over samples.
#define BRINK_LOSSES(X)                                                                            \
    X(MSE, mse, 0, "r^2/2")                                                                        \
    X(HUBER, huber, 1, "r^2/2 for |r| <= 1, else |r| - 1/2")                                       \
    X(LOGCOSH, logcosh, 2, "log cosh r")                                                           \
    X(CROSS_ENTROPY, cross_entropy, 3, "cross entropy of softmax; labels sum to 1 per sample")

// Without affine part; over the samples of the step (batch) or the units of a layer (layer).
#define BRINK_NORMS(X)                                                                             \
    X(NONE, none, 0, "no normalisation")                                                           \
    X(BATCH, batch, 1, "batch norm: statistics over the samples")                                  \
    X(LAYER, layer, 2, "layer norm: statistics over the units")

#define BRINK_PARAMETRIZATIONS(X)                                                                  \
    X(STANDARD, standard, 0, "z = W x")                                                            \
    X(MEAN_FIELD, mean_field, 1, "z = sqrt(2/fan_in) W x, the output W a/sqrt(fan_in)")

#define BRINK_CHOICE_ENUM(prefix, upper, value) prefix##upper = (value),
enum brink_activation {
#define ROW(upper, lower, value, meaning) BRINK_CHOICE_ENUM(BRINK_, upper, value)
    BRINK_ACTIVATIONS(ROW)
#undef ROW
        BRINK_ACTIVATION_COUNT
};
enum brink_loss {
#define ROW(upper, lower, value, meaning) BRINK_CHOICE_ENUM(BRINK_LOSS_, upper, value)
    BRINK_LOSSES(ROW)
#undef ROW
        BRINK_LOSS_COUNT
};
enum brink_norm {
#define ROW(upper, lower, value, meaning) BRINK_CHOICE_ENUM(BRINK_NORM_, upper, value)
    BRINK_NORMS(ROW)
#undef ROW
        BRINK_NORM_COUNT
};
enum brink_parametrization {
#define ROW(upper, lower, value, meaning) BRINK_CHOICE_ENUM(BRINK_, upper, value)
    BRINK_PARAMETRIZATIONS(ROW)
#undef ROW
        BRINK_PARAMETRIZATION_COUNT
};
enum brink_precision { BRINK_F32_NET, BRINK_F64_NET };

// A choice and its meaning; tables indexed by value, ended by name NULL.
struct brink_choice {
    const char *name, *meaning;
};
extern const struct brink_choice brink_activations[], brink_losses[], brink_norms[];
extern const struct brink_choice brink_parametrizations[], brink_precisions[];

// ---- the network

struct brink_network {
    int depth;                       // hidden layers, 0 .. BRINK_DEPTH_MAX
    int width[BRINK_LAYERS_MAX + 1]; // [0] = inputs d, [1 .. depth] hidden, [depth + 1] outputs
    bool bias;                       // b_l, in all layers
    enum brink_activation activation;
    enum brink_loss loss;
    enum brink_norm norm;
    double norm_epsilon; // added to variances; 1e-5
    enum brink_parametrization parametrization;
    enum brink_precision precision;
};

static inline int brink_network_layers(const struct brink_network *network)
{
    return network->depth + 1;
}

// gain of layer l = 1 .. layers; 1 unless mean field.
double brink_network_gain(const struct brink_network *network, int layer);

// Weights of a network are one array of doubles: W_1, b_1 (if bias), W_2, b_2, ...; where layer
// l = 1 .. layers starts, its W first; l = layers + 1: the number of all.
size_t brink_network_offset(const struct brink_network *network, int layer);
size_t brink_network_weights(const struct brink_network *network);

bool brink_network_equal(const struct brink_network *a, const struct brink_network *b);

// ---- data

// Samples are rows: x[n][d], y[n][outputs]; cross entropy and accuracy read the largest label. The
// f32 copies are of the f64 rounded once. All owned by whoever filled it.
struct brink_data {
    int n, d, outputs;
    double *x, *y;
    float *x32, *y32;
};

// ---- training

// Steps between two looks of the trainer at a network: engines run blocks of at most so many.
#define BRINK_NETWORK_BLOCK 64

// What one network is trained with.
struct brink_training {
    double lr[BRINK_LAYERS_MAX]; // of W_l and b_l, l = 1 first
    // At the start of a step, before the update: the network is over when loss <= loss_min or not
    // loss <= loss_max (NaN too).
    double loss_min, loss_max;
    int batch;           // samples of a step, 0: all
    uint64_t batch_seed; // of the permutations
};

// The samples of minibatch `step`, first of all: batches are consecutive parts of a permutation
// that changes from epoch to epoch; a rest that fills none is left out. *epoch is the one of
// permutation[n], -1 at first. Returns where in it the batch begins.
size_t brink_network_batch(const struct brink_training *training, int n, int64_t step,
                           int64_t *epoch, int32_t *permutation);

// ---- the engine: arithmetic only. Verdicts, records, sharpness and curves are the trainer's.

// What a network is like at its present weights.
struct brink_network_look {
    double loss, accuracy, gradient_norm;
    double norm2[BRINK_LAYERS_MAX]; // ||W_l||^2, without biases
};

struct brink_engine_state; // opaque, the engine's; one thread's

// An engine trains `lanes` networks of one shape side by side on one set of data. The bits of a
// network depend on nothing in other lanes, nor on how its steps are cut into calls.
struct brink_network_engine {
    const char *name, *meaning;
    const char *takes; // what fits, in words; NULL: any network
    bool (*fits)(const struct brink_network *network, const struct brink_data *data,
                 const struct brink_training *training);
    // *state is owned by the caller; network and data are copied or borrowed until close.
    // BRINK_ERR_MEMORY.
    brink_err (*open)(const struct brink_network *network, const struct brink_data *data,
                      struct brink_engine_state **state);
    void (*close)(struct brink_engine_state **state);
    int (*lanes)(const struct brink_engine_state *state);

    // A network enters a lane with its starting weights (see brink_network_offset), at step 0.
    void (*load)(struct brink_engine_state *state, int lane, const double *weights,
                 const struct brink_training *training);
    // Takes up to `steps` <= BRINK_NETWORK_BLOCK steps in each of the lanes that are loaded and not
    // over. loss[lane * BRINK_NETWORK_BLOCK + k] is the loss before the k-th; taken[lane] says how
    // many were taken. A network that is over stops at the step that ends it: its loss is the last
    // one written, at k = taken[lane] < steps, and its weights are those of that loss.
    void (*advance)(struct brink_engine_state *state, int steps, double *loss, int *taken);
    void (*unload)(struct brink_engine_state *state, int lane);

    // At the present weights of a lane.
    void (*look)(struct brink_engine_state *state, int lane, struct brink_network_look *look);
    void (*weights)(struct brink_engine_state *state, int lane, double *weights);

    // A lane's whole state as bytes, for checkpoints: restored (after a load with the same
    // arguments, in any lane, by any thread) it goes on with the same bits.
    size_t (*snapshot_bytes)(const struct brink_engine_state *state);
    void (*save)(struct brink_engine_state *state, int lane, void *snapshot);
    void (*restore)(struct brink_engine_state *state, int lane, const void *snapshot);

    // The Hessian of the loss over all samples at a lane's present weights. Tangents are
    // tangent_count reals of the network's precision in the engine's own coordinates, linear in
    // every member; `dot` is the inner product of weight space. `bend` must come before `hessian`,
    // and again after the weights moved. A random tangent is Gaussian, from key (seed, draw).
    size_t (*tangent_count)(const struct brink_engine_state *state);
    void (*tangent_random)(struct brink_engine_state *state, uint64_t seed, void *tangent);
    void (*bend)(struct brink_engine_state *state, int lane);
    void (*hessian)(struct brink_engine_state *state, const void *tangent, void *product);
    double (*dot)(struct brink_engine_state *state, const void *a, const void *b);
    // What the bits depend on besides the kernel version; NULL for our own products. Loads a BLAS,
    // which names itself and the CPU core it chose: a sweep is bound to it. BRINK_ERR_USAGE if
    // there is none.
    brink_err (*library)(const char **name);
};

extern const struct brink_network_engine brink_engine_plain_f32, brink_engine_plain_f64;
// Their twins, but for the products, which are OpenBLAS's.
extern const struct brink_network_engine brink_engine_blas_f32, brink_engine_blas_f64;
// In order of preference, ended by NULL. The plain ones fit any network of their precision: what
// comes after them is taken by name alone.
extern const struct brink_network_engine *const brink_network_engines[];

#endif
