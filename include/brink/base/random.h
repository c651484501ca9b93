// SPDX-License-Identifier: MIT
// Keyed, counter-based random numbers: a draw is a function of its key, never of order.
#ifndef BRINK_BASE_RANDOM_H
#define BRINK_BASE_RANDOM_H

#include <stdint.h>

// What a draw is for; part of its key, so that purposes never share numbers.
enum brink_purpose {
    BRINK_PURPOSE_START = 1, // the Gaussian initialisation of a start
    BRINK_PURPOSE_TEST = 2,
    BRINK_PURPOSE_WEIGHT = 3,   // starting weights of a network; plus its layer, from 0
    BRINK_PURPOSE_DATA = 16,    // Gaussian samples and labels
    BRINK_PURPOSE_BATCH = 17,   // permutations of the samples
    BRINK_PURPOSE_PILOT = 32,   // which cells a pilot computes
    BRINK_PURPOSE_TANGENT = 18, // the first vector of a Lanczos iteration
};

struct brink_random_key {
    uint64_t seed; // of the sweep
    uint64_t item; // cell number, or the value of a seed axis
    uint32_t purpose;
};

// Philox4x32-10 (Salmon et al., SC 2011): four 32-bit words for (key, counter).
void brink_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t words[4]);

// Draw number `draw` of `key`. Uniform: 52 bits, in the open interval (0, 1). Gaussian: mean 0,
// standard deviation 1, by Box and Muller with our own log, sin and cos.
uint64_t brink_random_bits(const struct brink_random_key *key, uint32_t draw);
double brink_random_uniform(const struct brink_random_key *key, uint32_t draw);
double brink_random_gaussian(const struct brink_random_key *key, uint32_t draw);

#endif
