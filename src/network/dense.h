// SPDX-License-Identifier: MIT
// The dense engine inside: one network at a time, in tiles of samples, on register-blocked
// products.
//
// Weights are kept times their layer's gain: V_l = gain_l W_l. With `gram` the first layer lives in
// coordinates of the samples: V_1 = V_1(0) + S X, of which training only needs Z_1 = V_1 X' =
// Z_1(0) + S K with K = X X'. All arrays are feature-major: row i is unit i of all samples of the
// tile (`tile_stride`) or of all (`stride`).
#ifndef BRINK_NETWORK_DENSE_H
#define BRINK_NETWORK_DENSE_H

#include "brink/network/network.h"
#include "square.h"

struct dense_layer {
    int in, out;
    bool hidden; // has a norm and an activation
    real gain;
    size_t offset;       // of W [out][in] among the weights of network.h; b [out] follows
    size_t tangent;      // where its part of a tangent starts: W or, with gram, Q and Q K; then b
    real *weight, *bias; // V [out][in] (not of a gram layer), b [out]
    real *weight_down;   // V' [in][out] of layers above the first, as of the last pass
    real *gradient, *bias_gradient; // by V and b
    // of a tile, [out][tile_stride]
    real *z; // before the activation; of the output layer F
    real *a, *slope;
    real *d; // dL/dZ; of a gram layer [out][stride], part of state->delta
    size_t d_stride;
    real *deviation; // of each group of the norm: 1/sqrt(variance + epsilon)
    // of a tile for Hessians: phi'' dL/dA, dL/dZ behind the norm, derivatives along the tangent
    real *bend, *u, *rz, *ra, *rd, *rdeviation;
    real *tangent_weight; // gain times the tangent's W
};

// Samples as columns: x[d][stride], y[outputs][stride], worked on in tiles.
struct dense_samples {
    real *x, *y;
    int count, tile;
    size_t stride;
};

struct brink_engine_state {
    const struct brink_network_engine *engine; // first: the dispatcher's (fast.c)
    struct brink_network network;
    const struct brink_data *data; // borrowed
    struct brink_training training;
    int layers, samples, tile; // tile: samples of one
    size_t stride, tile_stride;
    // With minibatches samples, tile, stride, samples_x and samples_y are of `all` or of `part`.
    bool minibatches;
    struct dense_samples all, part;
    int32_t *permutation; // owned
    int64_t step, epoch;  // epoch of `permutation`, -1: none
    size_t weight_count, tangent_count;
    bool gram, loaded, over;
    struct dense_layer layer[BRINK_LAYERS_MAX + 1]; // [0].a is a tile of the samples
    real *samples_x, *samples_y;                    // [d][stride], [outputs][stride]
    real *kernel_room;                              // gram: room of ...
    struct square kernel;                           // ... K
    double *first_start;                            // gram: W_1(0)
    real *z_start, *z_first, *shift, *delta;        // gram: Z_1(0), Z_1, S, steps of S
    real *image;                                    // gram: a matrix times K
    real *group[4];                                 // means over the groups of the norm
    void *block;                                    // owned
};

enum { DENSE_TILE = 240 }; // samples unless a norm sums over all: what the second cache holds

// Samples of a tile of `samples`.
VEC_INLINE int dense_tile_samples(const struct brink_engine_state *state, int samples)
{
    bool whole = state->network.norm == BRINK_NORM_BATCH || samples < DENSE_TILE;
    return whole ? samples : DENSE_TILE;
}

// Columns first .. first + columns - 1 of the samples.
struct dense_tile {
    int first, columns;
};

VEC_INLINE struct dense_tile dense_tile_at(const struct brink_engine_state *state, int first)
{
    int left = state->samples - first;
    return (struct dense_tile){first, left < state->tile ? left : state->tile};
}

// Fills all weight_down: a unit's weights to all that is above it then lie in a row.
void dense_turn_weights(struct brink_engine_state *state);

// Forward through all layers; with `bends` phi'' goes to layer.bend, too.
void dense_forward(struct brink_engine_state *state, struct dense_tile tile, bool bends);

// The tile's part of the sum of all losses; fills d of the output layer. `right` (may be NULL) is
// raised by the samples whose largest output is that of the largest label.
double dense_loss(struct brink_engine_state *state, struct dense_tile tile, int *right);

// After dense_turn_weights: fills all d from the last, and adds the tile's part of all gradients if
// `gradients`; d of the first layer, its gradient and that of its bias are multiplied by `factor`.
// With `bends` layer.bend becomes phi'' dL/dA, and layer.u is filled.
void dense_backward(struct brink_engine_state *state, struct dense_tile tile, bool gradients,
                    real factor, bool bends);

// Forward and backward over all samples: the loss, all gradients (see `factor` above).
double dense_pass(struct brink_engine_state *state, real factor, int *right);

// Sums of the rows of a tile, added to `sums`.
void dense_add_row_sums(int rows, int columns, const real *a, size_t stride, real *sums);

// ---- minibatches (dense_batch.c)

// Passes run over all samples, or over those of the present step's minibatch.
void dense_see_all(struct brink_engine_state *state);
void dense_see_batch(struct brink_engine_state *state);

// ---- norms (dense_norm.c)

void dense_normalise(struct brink_engine_state *state, struct dense_layer *layer,
                     struct dense_tile tile, const real *z, size_t z_stride, bool add_bias);
void dense_normalise_back(struct brink_engine_state *state, struct dense_layer *layer,
                          struct dense_tile tile, real factor);
void dense_normalise_along(struct brink_engine_state *state, struct dense_layer *layer,
                           struct dense_tile tile);
void dense_normalise_back_along(struct brink_engine_state *state, struct dense_layer *layer,
                                struct dense_tile tile);

// ---- Hessian (dense_hessian.c)

void dense_hessian(struct brink_engine_state *state, const void *tangent, void *product);
double dense_dot(struct brink_engine_state *state, const void *a, const void *b);
// Sum over all elements of a b, rows of `stride` each.
double dense_sum_products(int rows, int columns, const real *a, const real *b, size_t stride);

#endif
