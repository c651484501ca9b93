// SPDX-License-Identifier: MIT
// A correctly rounded x*y + z for machines and compilers without one: in doubles, or in integers.
#include <stdbool.h>

#include "brink/base/elementary.h"
#include "brink/base/pair.h"

__extension__ typedef unsigned __int128 wide;

enum { TOP = 125 }; // the highest bit of a normalised number: one bit is left for the carry

// (-1)^negative * mantissa * 2^exponent
struct number {
    bool negative;
    int exponent;
    wide mantissa;
};

static int highest_bit(wide value)
{
    uint64_t high = (uint64_t)(value >> 64);
    return high ? 127 - __builtin_clzll(high) : 63 - __builtin_clzll((uint64_t)value);
}

static bool is_finite(double value)
{
    return value - value == 0;
}

// `value` is finite; a subnormal is not normalised yet.
static struct number unpack(double value)
{
    uint64_t bits = brink_bits(value);
    int biased = (int)(bits >> 52 & 0x7ff);
    uint64_t fraction = bits & UINT64_C(0x000fffffffffffff);
    return (struct number){
        .negative = bits >> 63,
        .exponent = (biased ? biased : 1) - 1075,
        .mantissa = biased ? fraction | UINT64_C(1) << 52 : fraction,
    };
}

// Moves the highest bit to TOP. The mantissa is not 0.
static struct number normalise(struct number n)
{
    int shift = TOP - highest_bit(n.mantissa);
    n.mantissa = shift >= 0 ? n.mantissa << shift : n.mantissa >> -shift;
    n.exponent -= shift;
    return n;
}

// value >> shift, with the lowest bit set if any bit was lost: enough to round correctly.
static wide shift_sticky(wide value, int shift)
{
    if (shift == 0)
        return value;
    if (shift > 127)
        return value != 0;
    return value >> shift | ((value << (128 - shift)) != 0);
}

// Rounds to nearest, ties to even. The mantissa is not 0.
static double pack(struct number n)
{
    int unit = n.exponent + highest_bit(n.mantissa) - 52; // weight of the last bit of the result
    unit = unit < -1074 ? -1074 : unit;
    // With two more bits the sticky one decides between tie and not.
    int shift = unit - 2 - n.exponent;
    wide kept = shift >= 0 ? shift_sticky(n.mantissa, shift) : n.mantissa << -shift;
    uint64_t quarter = (uint64_t)kept & 3, whole = (uint64_t)(kept >> 2);
    whole += quarter > 2 || (quarter == 2 && (whole & 1));
    // The hidden bit, and a carry into it, add themselves to the exponent.
    uint64_t bits = ((uint64_t)(unit + 1074) << 52) + whole;
    if (unit > 971 || bits >= UINT64_C(0x7ff0000000000000))
        bits = UINT64_C(0x7ff0000000000000);
    return brink_from_bits(bits | (n.negative ? UINT64_C(1) << 63 : 0));
}

// In integer arithmetic: any operands.
static double fma_integer(double x, double y, double z)
{
    if (!is_finite(x) || !is_finite(y) || x == 0 || y == 0)
        return x * y + z; // the product is exact
    if (!is_finite(z))
        return z + z; // also where x*y overflows
    if (z == 0)
        return x * y; // one rounding; keeps the sign of a product that underflows
    struct number a = unpack(x), b = unpack(y), c = normalise(unpack(z));
    struct number product = normalise((struct number){
        .negative = a.negative != b.negative,
        .exponent = a.exponent + b.exponent,
        .mantissa = a.mantissa * b.mantissa,
    });
    // Both have their highest bit at TOP, and 20 zeros or more below: aligning loses bits only
    // when it shifts by more than that, and then the sum cancels one bit at most.
    bool product_larger = product.exponent != c.exponent ? product.exponent > c.exponent
                                                         : product.mantissa >= c.mantissa;
    struct number large = product_larger ? product : c, small = product_larger ? c : product;
    wide aligned = shift_sticky(small.mantissa, large.exponent - small.exponent);
    if (large.negative == small.negative)
        large.mantissa += aligned;
    else
        large.mantissa -= aligned;
    return large.mantissa ? pack(large) : 0.0;
}

// a * b exactly, by halves of 26 bits (Veltkamp, Dekker): nothing overflows or underflows.
static struct brink_pair product_of_halves(double a, double b)
{
    const double splitter = 0x1p27 + 1;
    double a_big = splitter * a, b_big = splitter * b;
    double a_high = a_big - (a_big - a), a_low = a - a_high;
    double b_high = b_big - (b_big - b), b_low = b - b_high;
    double product = a * b;
    double low = a_high * b_high - product + a_high * b_low + a_low * b_high + a_low * b_low;
    return (struct brink_pair){product, low};
}

// a + b rounded to odd: if inexact, to whichever neighbour has an odd mantissa.
static double sum_to_odd(double a, double b)
{
    struct brink_pair sum = brink_exact_sum(a, b);
    uint64_t bits = brink_bits(sum.high);
    if (sum.low == 0 || (bits & 1))
        return sum.high;
    bool outward = (sum.low > 0) == (sum.high > 0);
    return brink_from_bits(outward ? bits + 1 : bits - 1);
}

// Is the exponent of `value` within `range` of that of 1?
static bool moderate(double value, int range)
{
    int biased = (int)(brink_bits(value) >> 52 & 0x7ff);
    return biased > 1023 - range && biased < 1023 + range;
}

// Boldo and Melquiond, "Emulation of a FMA and correctly rounded sums: proved algorithms using
// rounding to odd", IEEE Transactions on Computers 57(4), 2008.
double brink_fma_soft(double x, double y, double z)
{
    if (!moderate(x, 400) || !moderate(y, 400) || !(moderate(z, 900) || z == 0))
        return fma_integer(x, y, z);
    struct brink_pair product = product_of_halves(x, y);
    struct brink_pair tail = brink_exact_sum(z, product.low);
    struct brink_pair head = brink_exact_sum(product.high, tail.high);
    return head.high + sum_to_odd(tail.low, head.low);
}
