// SPDX-License-Identifier: MIT
// A correctly rounded x*y + z in integer arithmetic, for machines and compilers without one.
#include <stdbool.h>

#include "brink/base/elementary.h"

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

double brink_fma_soft(double x, double y, double z)
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
