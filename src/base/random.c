// SPDX-License-Identifier: MIT
// Philox4x32-10, and uniform and Gaussian numbers made of it.
#include "brink/base/random.h"

#include <math.h>

#include "brink/base/elementary.h"

// Rounds, multipliers and key increments: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as
// easy as 1, 2, 3", SC 2011.
enum { ROUNDS = 10 };
#define MULTIPLIER_0 UINT32_C(0xD2511F53)
#define MULTIPLIER_1 UINT32_C(0xCD9E8D57)
#define WEYL_0       UINT32_C(0x9E3779B9)
#define WEYL_1       UINT32_C(0xBB67AE85)

void brink_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t words[4])
{
    uint32_t c[4] = {counter[0], counter[1], counter[2], counter[3]};
    uint32_t k[2] = {key[0], key[1]};
    for (int round = 0; round < ROUNDS; round++) {
        uint64_t product_0 = (uint64_t)MULTIPLIER_0 * c[0];
        uint64_t product_1 = (uint64_t)MULTIPLIER_1 * c[2];
        c[0] = (uint32_t)(product_1 >> 32) ^ c[1] ^ k[0];
        c[1] = (uint32_t)product_1;
        c[2] = (uint32_t)(product_0 >> 32) ^ c[3] ^ k[1];
        c[3] = (uint32_t)product_0;
        k[0] += WEYL_0;
        k[1] += WEYL_1;
    }
    for (int i = 0; i < 4; i++)
        words[i] = c[i];
}

// The seed is Philox's key; item, purpose and draw its counter.
static void draw_bits(const struct brink_random_key *key, uint32_t draw, uint64_t bits[2])
{
    uint32_t counter[4] = {draw, key->purpose, (uint32_t)key->item, (uint32_t)(key->item >> 32)};
    uint32_t seed[2] = {(uint32_t)key->seed, (uint32_t)(key->seed >> 32)};
    uint32_t words[4];
    brink_philox(counter, seed, words);
    bits[0] = words[0] | (uint64_t)words[1] << 32;
    bits[1] = words[2] | (uint64_t)words[3] << 32;
}

// The middle of one of 2^52 equal cells of (0, 1): exact, and never an end.
static double unit_interval(uint64_t bits)
{
    return ((double)(bits >> 12) + 0.5) * 0x1p-52;
}

uint64_t brink_random_bits(const struct brink_random_key *key, uint32_t draw)
{
    uint64_t bits[2];
    draw_bits(key, draw, bits);
    return bits[0];
}

double brink_random_uniform(const struct brink_random_key *key, uint32_t draw)
{
    return unit_interval(brink_random_bits(key, draw));
}

double brink_random_gaussian(const struct brink_random_key *key, uint32_t draw)
{
    uint64_t bits[2];
    double sine, cosine;
    draw_bits(key, draw, bits);
    brink_sincos_degrees(360 * unit_interval(bits[1]), &sine, &cosine);
    return sqrt(-2 * brink_log(unit_interval(bits[0]))) * cosine;
}
