// SPDX-License-Identifier: MIT
// The lanes engine inside: VEC_WIDTH networks of one shape side by side, one in each lane.
//
// Weights are kept times their layer's gain. Every array of vectors holds for a number of one
// network the same number of all of them. Sums over samples and over units are chains of fma in
// their order, so the bits depend neither on the block of samples nor on other lanes.
#ifndef BRINK_NETWORK_LANES_PASS_H
#define BRINK_NETWORK_LANES_PASS_H

#include "brink/network/network.h"
#include "simd.h"

// Samples taken through all layers together; of vectors of 16 fewer fill the registers best.
#define BLOCK (VEC_WIDTH == 16 ? 4 : 8)

struct lanes_layer {
    int in, out;
    bool hidden;
    double gain;
    size_t offset;                  // among the weights of network.h: V [out][in], b [out]
    real *weight, *bias;            // vectors; bias NULL without
    real *gradient, *bias_gradient; // vectors
    real *a, *slope, *d;            // vectors, [out][BLOCK]: of the block of samples
};

// ---- numbers of a vector array

VEC_INLINE vec lanes_get(const real *vectors, size_t i)
{
    return vec_load(vectors + i * VEC_WIDTH);
}
VEC_INLINE void lanes_put(real *vectors, size_t i, vec value)
{
    vec_store(vectors + i * VEC_WIDTH, value);
}

struct lanes_nets {
    struct brink_network network;
    int layers, samples;
    struct lanes_layer layer[BRINK_LAYERS_MAX + 1];
    real *x, *y; // [block][d or outputs][BLOCK]
};

// The loss of every lane; adds to all gradients theirs.
void lanes_pass(struct lanes_nets *nets, double loss[VEC_WIDTH]);

#endif
