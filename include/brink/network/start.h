// SPDX-License-Identifier: MIT
// Starting weights of a network, and what the loss does along the ray through them.
#ifndef BRINK_NETWORK_START_H
#define BRINK_NETWORK_START_H

#include "brink/network/network.h"

// name, value, meaning
#define BRINK_INITS(X)                                                                             \
    X(UNIFORM, uniform, 0, "uniform in +-1/sqrt(fan_in), biases too; +-sqrt 3 if mean field")      \
    X(GAUSSIAN, gaussian, 1, "deviation 1/sqrt(fan_in), or 1 if mean field; biases 0")             \
    X(FILE, file, 2, "W1 [width][d], W2, ... (and b1 [1][width], ...) of an HDF5 file")

enum brink_init {
#define ROW(upper, lower, value, meaning) BRINK_INIT_##upper = (value),
    BRINK_INITS(ROW)
#undef ROW
        BRINK_INIT_COUNT
};
extern const struct brink_choice brink_inits[];

struct brink_network_start {
    enum brink_init init;
    const double *file;            // weights read from a file, of INIT_FILE; borrowed
    uint64_t seed, item;           // key of the random numbers
    double scale;                  // factor on all weights
    double norm[BRINK_LAYERS_MAX]; // Frobenius norm that W_l is rescaled to, 0: as it is
    double offset;                 // added to every entry of W_1 at last
};

// Fills weights[brink_network_weights(network)].
void brink_network_begin(const struct brink_network *network,
                         const struct brink_network_start *start, double *weights);

// Reads W1, W2, ... and with biases b1, ... of `path`: *weights is owned. BRINK_ERR_IO.
brink_err brink_network_read(const struct brink_network *network, const char *path,
                             double **weights) BRINK_CHECKED;

// The empirical degree of regularity along the ray s * weights: the slope of log loss against
// log s at large s, over the number of weight layers. NaN without a finite loss there.
brink_err brink_network_dor(const struct brink_network *network, const struct brink_data *data,
                            const double *weights, double *dor) BRINK_CHECKED;

#endif
