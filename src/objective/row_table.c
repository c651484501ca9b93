// SPDX-License-Identifier: MIT
// Builds a row table: G at Chebyshev's nodes, in pairs of doubles, then its interpolants.
//
// Only log L, tanh(v/2)/v and the matrix of interpolation cost much; they depend on no parameter
// and are constants. The highest coefficients are sums of terms up to 2^18 times as large as G, of
// which a double would lose the digits that matter.
#include "brink/objective/row_table.h"

#include "brink/base/polynomial.h"
#include "row_table_nodes.h"

enum { TERMS = BRINK_ROW_TERMS, SLOTS = BRINK_ROW_SLOTS, CENTRE = TERMS / 2 };

// a * b
static struct brink_pair multiply(struct brink_pair a, struct brink_pair b)
{
    struct brink_pair product = brink_exact_product(a.high, b.high);
    return brink_fast_sum(product.high, product.low + (a.high * b.low + a.low * b.high));
}

// a * b + c, for |a * b| <= |c|.
static struct brink_pair multiply_add(struct brink_pair a, struct brink_pair b, struct brink_pair c)
{
    struct brink_pair product = brink_exact_product(a.high, b.high);
    double product_low = product.low + (a.high * b.low + a.low * b.high);
    struct brink_pair sum = brink_fast_sum(c.high, product.high);
    return brink_fast_sum(sum.high, sum.low + (c.low + product_low));
}

static struct brink_pair add(struct brink_pair a, struct brink_pair b)
{
    struct brink_pair sum = brink_exact_sum(a.high, b.high);
    return brink_fast_sum(sum.high, sum.low + (a.low + b.low));
}

// e^x for -3.4 < x <= 0 to 2^-84, far enough below what the interpolation loses: x = r - j/8, and
// the Taylor polynomial of e^r, whose terms from r^6/6! on need no pair.
static struct brink_pair exponential(struct brink_pair x)
{
    static const double tail[7] = {1 / 720.0,     1 / 5040.0,     1 / 40320.0,    1 / 362880.0,
                                   1 / 3628800.0, 1 / 39916800.0, 1 / 479001600.0};
    static const struct brink_pair half = {0.5, 0}, one = {1, 0};
    int eighths = (int)(0.5 - 8 * x.high);
    struct brink_pair r = brink_exact_sum(x.high + 0.125 * eighths, x.low); // both exact
    double rest = r.high * brink_estrin_7(tail, r.high);
    struct brink_pair fifth = inverse_factorial[2];
    struct brink_pair sum = brink_fast_sum(fifth.high, fifth.low + rest);
    sum = multiply_add(sum, r, inverse_factorial[1]);
    sum = multiply_add(sum, r, inverse_factorial[0]);
    sum = multiply_add(sum, r, half);
    sum = multiply_add(sum, r, one);
    sum = multiply_add(sum, r, one);
    return multiply(sum, exp_eighths[eighths]);
}

// G/a = L^(a-1) tanh(v/2)/v at a node of a slot.
static struct brink_pair value_at(int node, int slot, struct brink_pair a_less_1)
{
    struct brink_pair power = exponential(multiply(a_less_1, log_length[node][slot]));
    return multiply(power, tangent[node][slot]);
}

// The scalar product of `row` and `values` (Ogita, Rump and Oishi's Dot2, for pairs).
static struct brink_pair dot(int length, const struct brink_pair row[],
                             const struct brink_pair values[])
{
    double high = 0, low = 0;
    for (int k = 0; k < length; k++) {
        struct brink_pair product = brink_exact_product(row[k].high, values[k].high);
        product.low += row[k].high * values[k].low + row[k].low * values[k].high;
        struct brink_pair sum = brink_exact_sum(high, product.high);
        high = sum.high;
        low += sum.low + product.low;
    }
    return brink_fast_sum(high, low);
}

void brink_row_table_build(double table[BRINK_ROW_TERMS][BRINK_ROW_SLOTS], double a)
{
    struct brink_pair a_less_1 = brink_exact_sum(a, -1);
    for (int slot = 0; slot < SLOTS; slot++) {
        struct brink_pair sums[CENTRE + 1], differences[CENTRE], coefficients[TERMS];
        for (int k = 0; k < CENTRE; k++) {
            struct brink_pair right = value_at(k, slot, a_less_1);
            struct brink_pair left = value_at(TERMS - 1 - k, slot, a_less_1);
            sums[k] = add(left, right);
            differences[k] = add(right, (struct brink_pair){-left.high, -left.low});
        }
        sums[CENTRE] = coefficients[0] = value_at(CENTRE, slot, a_less_1);
        for (int j = 0; j < CENTRE; j++) {
            coefficients[2 * j + 1] = dot(CENTRE, odd[j], differences);
            coefficients[2 * j + 2] = dot(CENTRE + 1, even[j], sums);
        }
        // From [-1, 1] to the slot, whose half-width in 17/16 v is 1/4, 1/2, 1 or 2; G/a to G.
        double scale = 1, inverse_half_width = 4.0 / (1 << slot / 4);
        for (int k = 0; k < TERMS; k++) {
            table[k][slot] = multiply(coefficients[k], (struct brink_pair){a, 0}).high * scale;
            scale *= inverse_half_width;
        }
    }
}
