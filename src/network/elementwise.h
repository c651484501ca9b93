// SPDX-License-Identifier: MIT
// Exponential, logarithm and tanh of a vector, and what activations and losses are made of.
//
// Errors are bounds in units in the last place (f32, f64), tested in tests/check_network_simd.c.
// NaN gives NaN; exp and expm1 are for x <= 0, where results below the normal range are 0.
#ifndef BRINK_NETWORK_ELEMENTWISE_H
#define BRINK_NETWORK_ELEMENTWISE_H

#include "brink/base/polynomial.h"
#include "brink/network/network.h"
#include "simd.h"

#if BRINK_REAL_BITS == 32
#define LN2_HIGH   0x1.62e4p-1f // 16 bits: n LN2_HIGH is exact
#define LN2_LOW    0x1.7f7d1cp-20f
#define LOG2_E     0x1.715476p+0f
#define EXP_LEAST  (-87.0f)
#define ROOT_HALF  0x3f3504f3u
#define TANH_LIMIT 9.02f
#else
#define LN2_HIGH  0x1.62e42fefa3800p-1 // 42 bits
#define LN2_LOW   0x1.ef35793c76730p-45
#define LOG2_E    BRINK_LOG2E
#define EXP_LEAST (-708.0)
#define ROOT_HALF UINT64_C(0x3fe6a09e667f3bcd)
#endif

// c[0] + c[1] x + ... by Horner's rule; `count` is a constant.
VEC_INLINE vec horner(const real c[], int count, vec x)
{
    vec sum = vec_set(c[count - 1]);
    for (int i = count - 2; i >= 0; i--)
        sum = vec_fma(sum, x, vec_set(c[i]));
    return sum;
}

// e^x = scale (1 + rest) for EXP_LEAST <= x <= 0 (less counts as EXP_LEAST).
struct exponential {
    vec scale, rest;
};
VEC_INLINE struct exponential exponential_of(vec x)
{
    x = vec_max(vec_set(EXP_LEAST), x);
    vec rounded = vec_fma(x, vec_set((real)LOG2_E), vec_set(REAL_ROUNDER));
    vec n = rounded - vec_set(REAL_ROUNDER);
    vec r = vec_minus_fma(n, vec_set(LN2_HIGH), x);
    r = vec_minus_fma(n, vec_set(LN2_LOW), r);
    vec square = r * r;
    // (e^r - 1 - r)/r^2
#if BRINK_REAL_BITS == 32
    static const real tail_terms[5] = {0.5000000101f, 0.16666512888f, 0.041666187261f,
                                       0.0083695984507f, 0.0013951718819f};
    vec tail = horner(tail_terms, 5, r);
#else
    const double *c = brink_exp_tail_terms;
    vec fourth = square * square;
    vec c01 = vec_fma(vec_set(c[1]), r, vec_set(c[0])),
        c23 = vec_fma(vec_set(c[3]), r, vec_set(c[2]));
    vec c45 = vec_fma(vec_set(c[5]), r, vec_set(c[4])),
        c67 = vec_fma(vec_set(c[7]), r, vec_set(c[6]));
    vec c89 = vec_fma(vec_set(c[9]), r, vec_set(c[8]));
    vec low = vec_fma(c23, square, c01), high = vec_fma(c67, square, c45);
    vec tail = vec_fma(vec_fma(c89, fourth, high), fourth, low);
#endif
    vec_bits exponent = bits_to_exponent(vec_to_bits(rounded));
    return (struct exponential){
        .scale = vec_from_bits(bits_add(exponent, bits_set(REAL_ONE_BITS))),
        .rest = vec_fma(square, tail, r),
    };
}

// e^x for x <= 0; 1 ulp.
VEC_INLINE vec vec_exp(vec x)
{
    struct exponential e = exponential_of(x);
    vec value = vec_fma(e.scale, e.rest, e.scale);
    return vec_select(vec_less(x, vec_set(EXP_LEAST)), vec_set(0), value);
}

// e^x - 1 for x <= 0; 2 ulp.
VEC_INLINE vec vec_expm1(vec x)
{
    struct exponential e = exponential_of(x);
    return vec_fma(e.scale, e.rest, e.scale - vec_set(1));
}

// log(1 + x) for x >= 0; 2 ulp.
VEC_INLINE vec vec_log1p(vec x)
{
#if BRINK_REAL_BITS == 32
    static const real terms[3] = {0.66666776363f, 0.39977541329f, 0.29871734521f};
    enum { TERMS = 3 };
#else
    static const real terms[8] = {0x1.5555555555555p-1, 0x1.999999999999fp-2, 0x1.249249248e4d8p-2,
                                  0x1.c71c71d7fbbacp-3, 0x1.745d09e3d8241p-3, 0x1.3b18bc82cc745p-3,
                                  0x1.1018374c7f117p-3, 0x1.087e4945615c6p-3};
    enum { TERMS = 8 };
#endif
    vec sum = x + vec_set(1);
    vec lost = vec_select(vec_less(x, vec_set(1)), x - (sum - vec_set(1)),
                          vec_set(1) - (sum - x)); // 1 + x - sum, exactly
    // sum = 2^n m with sqrt(1/2) <= m < sqrt 2; n comes in the low bits of a large power of two.
    const real_bits fraction = ((real_bits)1 << REAL_FRACTION_BITS) - 1;
    vec_bits offset = bits_add(vec_to_bits(sum), bits_set((real_bits)(0 - (real_bits)ROOT_HALF)));
    const real_bits bias = (real_bits)128 << REAL_FRACTION_BITS;
    vec_bits biased = bits_from_exponent(bits_add(offset, bits_set(bias)));
    const real large = (real)((real_bits)1 << REAL_FRACTION_BITS);
    vec n = vec_from_bits(bits_or(biased, vec_to_bits(vec_set(large)))) - vec_set(large + 128);
    vec m = vec_from_bits(bits_add(bits_and(offset, bits_set(fraction)), bits_set(ROOT_HALF)));
    vec f = m - vec_set(1);
    vec s = f / (f + vec_set(2)), square = s * s;
    // log m = f - s (f - s^2 (...)): log m = 2s + s^3 (...) with 2s = f - s f
    vec log_m = f - s * vec_minus_fma(square, horner(terms, TERMS, square), f);
    vec low = vec_fma(n, vec_set(LN2_LOW), lost / sum);
    vec value = vec_fma(n, vec_set(LN2_HIGH), log_m + low);
    return vec_select(vec_less(x, vec_set((real)HUGE_VAL)), value, x); // infinity and NaN
}

// 4.5 ulp, 3 ulp; never beyond 1.
VEC_INLINE vec vec_tanh(vec x)
{
#if BRINK_REAL_BITS == 32
    // x P(x^2)/Q(x^2), minimax up to where tanh rounds to 1.
    static const real p[5] = {1, 0.13382693661f, 0.0034974650015f, 2.0635932078e-05f,
                              1.3384422675e-08f};
    static const real q[5] = {1, 0.46716014917f, 0.025884389502f, 0.00032885288572f,
                              7.7903073230e-07f};
    vec inside = vec_min(vec_set(TANH_LIMIT), vec_abs(x)), square = inside * inside;
    vec ratio = inside * horner(p, 5, square) / horner(q, 5, square);
    return vec_with_sign(vec_min(vec_set(1), ratio), x);
#else
    // With v = 2|x| log2(e) = n + r, s = 2^n and k(r) of brink_coth2_terms e^(2|x|) is s (k + r)/
    // (k - r), and tanh|x| above/(above + 2 (k - r)) with above = (s - 1) k + (s + 1) r. Rounding v
    // changes tanh in no greater proportion; the constant's error is also that of k(0). s r comes
    // from r's exponent, to spare a multiplication: where r is 0 it is 2^(n - 1023), and vanishes.
    vec v = vec_min(vec_set(64), vec_abs(x) * vec_set(2 * LOG2_E)); // 1 long before
    vec rounded = v + vec_set(REAL_ROUNDER), r = v - (rounded - vec_set(REAL_ROUNDER));
    vec k = horner(brink_coth2_terms, 6, r * r);
    vec_bits exponent = bits_to_exponent(vec_to_bits(rounded));
    vec s = vec_from_bits(bits_add(exponent, bits_set(REAL_ONE_BITS)));
    vec s_r = vec_from_bits(bits_add(vec_to_bits(r), exponent));
    vec above = vec_fma(s - vec_set(1), k, s_r + r), less = k - r;
    return vec_with_sign(above / (above + (less + less)), x);
#endif
}

// ---- activations: value, slope (first derivative) and bend (second)

struct activation {
    vec value, slope, bend;
};

VEC_INLINE struct activation activation_tanh(vec z)
{
    vec a = vec_tanh(z), slope = vec_minus_fma(a, a, vec_set(1));
    return (struct activation){a, slope, slope * a * vec_set(-2)};
}
VEC_INLINE vec vec_where_positive(vec z, real yes, real no)
{
    return vec_select(vec_less(vec_set(0), z), vec_set(yes), vec_set(no));
}
VEC_INLINE struct activation activation_relu(vec z)
{
    return (struct activation){vec_max(vec_set(0), z), vec_where_positive(z, 1, 0), vec_set(0)};
}
VEC_INLINE struct activation activation_leaky_relu(vec z)
{
    vec slope = vec_where_positive(z, 1, (real)(1 / 5.5));
    return (struct activation){z * slope, slope, vec_set(0)};
}
VEC_INLINE struct activation activation_elu(vec z)
{
    mask positive = vec_less(vec_set(0), z);
    vec e = vec_expm1(vec_min(vec_set(0), z)), slope = e + vec_set(1);
    return (struct activation){vec_select(positive, z, e), vec_select(positive, vec_set(1), slope),
                               vec_select(positive, vec_set(0), slope)};
}
VEC_INLINE struct activation activation_softplus(vec z)
{
    vec e = vec_exp(-vec_abs(z)), whole = e + vec_set(1);
    vec slope = vec_select(vec_less(z, vec_set(0)), e, vec_set(1)) / whole;
    return (struct activation){vec_max(vec_set(0), z) + vec_log1p(e), slope, e / (whole * whole)};
}
VEC_INLINE struct activation activation_identity(vec z)
{
    return (struct activation){z, vec_set(1), vec_set(0)};
}
VEC_INLINE struct activation activation_relu2(vec z)
{
    vec t = vec_max(vec_set(0), z);
    return (struct activation){t * t, t + t, vec_where_positive(z, 2, 0)};
}
VEC_INLINE struct activation activation_relu3(vec z)
{
    vec t = vec_max(vec_set(0), z);
    return (struct activation){t * t * t, t * t * vec_set(3), t * vec_set(6)};
}

// ---- losses of one residual r: value, slope, bend

struct residual_loss {
    vec value, slope, bend;
};

VEC_INLINE struct residual_loss loss_mse(vec r)
{
    return (struct residual_loss){r * r * vec_set((real)0.5), r, vec_set(1)};
}
VEC_INLINE struct residual_loss loss_huber(vec r)
{
    vec c = vec_max(vec_set(-1), vec_min(vec_set(1), r));
    vec value = c * vec_minus_fma(vec_set((real)0.5), c, r);
    vec bend = vec_select(vec_at_most(vec_abs(r), vec_set(1)), vec_set(1), vec_set(0));
    return (struct residual_loss){value, c, bend};
}
// Near 0 as log(1 + (cosh r - 1)) with cosh r - 1 = q^2/(2 + 2q), q = e^-|r| - 1.
VEC_INLINE struct residual_loss loss_logcosh(vec r)
{
    vec size = vec_abs(r), q = vec_expm1(-vec_min(vec_set(1), size));
    vec near = vec_log1p(q * q / (q + q + vec_set(2)));
    vec far = size - vec_set((real)BRINK_LN2) + vec_log1p(vec_exp(size * vec_set(-2)));
    vec t = vec_tanh(r);
    return (struct residual_loss){vec_select(vec_less(size, vec_set(1)), near, far), t,
                                  vec_minus_fma(t, t, vec_set(1))};
}

#endif
