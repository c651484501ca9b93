// SPDX-License-Identifier: MIT
// A double together with its rounding error: sums and products that lose nothing.
#ifndef BRINK_BASE_PAIR_H
#define BRINK_BASE_PAIR_H

#include "brink/base/elementary.h"

// high + low, |low| <= ulp(high)/2
struct brink_pair {
    double high, low;
};

// a + b exactly, for |a| >= |b| or a = 0.
static inline struct brink_pair brink_fast_sum(double a, double b)
{
    double sum = a + b;
    return (struct brink_pair){sum, (a - sum) + b};
}

// a + b exactly (Knuth).
static inline struct brink_pair brink_exact_sum(double a, double b)
{
    double sum = a + b, b_part = sum - a;
    return (struct brink_pair){sum, (a - (sum - b_part)) + (b - b_part)};
}

// a * b exactly, if nothing underflows.
static inline struct brink_pair brink_exact_product(double a, double b)
{
    double product = a * b;
    return (struct brink_pair){product, brink_fma(a, b, -product)};
}

#endif
