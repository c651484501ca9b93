// SPDX-License-Identifier: MIT
// One vector of reals (float or double, by BRINK_REAL_BITS) on every ISA, with the same bits.
//
// `vec` is VEC_WIDTH reals and takes + - * / and unary minus as they are; `mask` is a truth value
// per lane. Comparisons with NaN are false; min and max return b unless a is less or greater.
#ifndef BRINK_NETWORK_SIMD_H
#define BRINK_NETWORK_SIMD_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "brink/base/elementary.h"
#include "brink/base/pair.h"

#ifndef BRINK_REAL_BITS
#define BRINK_REAL_BITS 64 // for readers of a single file; the Makefile builds both
#endif

#define VEC_INLINE static inline __attribute__((always_inline))

#if BRINK_REAL_BITS == 32
typedef float real;
typedef uint32_t real_bits;
#define REAL_FRACTION_BITS 23
#define REAL_ROUNDER       0x1.8p23f // added, it leaves the nearest integer in the low bits
#else
typedef double real;
typedef uint64_t real_bits;
#define REAL_FRACTION_BITS 52
#define REAL_ROUNDER       0x1.8p52
#endif
#define REAL_ONE_BITS (((real_bits)-1 >> 2) & ~(((real_bits)1 << REAL_FRACTION_BITS) - 1))

// Sums over samples run in CHAINS chains side by side on every ISA: 64 bytes of reals.
#define CHAINS (512 / BRINK_REAL_BITS)

// a b + c, rounded once.
VEC_INLINE real real_fma(real a, real b, real c)
{
#if BRINK_REAL_BITS == 64
    return brink_fma(a, b, c);
#elif defined(BRINK_SOFT_FMA)
    // Exact product; the sum is rounded to odd, so that the last rounding decides as it should.
    struct brink_pair sum = brink_exact_sum((double)a * (double)b, (double)c);
    uint64_t bits = brink_bits(sum.high);
    if (sum.low < 0 || sum.low > 0)
        bits += bits & 1 ? 0 : (sum.low > 0) == (sum.high > 0) ? 1 : UINT64_MAX;
    return (real)brink_from_bits(bits);
#else
    return __builtin_fmaf(a, b, c);
#endif
}

#if defined(__AVX512F__) && defined(__AVX512DQ__)

#include <immintrin.h>

#define VEC_ISA avx512
#if BRINK_REAL_BITS == 32
typedef __m512 vec;
typedef __mmask16 mask;
#define VEC_OP(name)           _mm512_##name##_ps
#define VEC_COMPARE(a, b, how) _mm512_cmp_ps_mask(a, b, how)
#define VEC_INTEGER(name)      _mm512_##name##_epi32
#define VEC_CAST(a)            _mm512_castps_si512(a)
#define VEC_UNCAST(a)          _mm512_castsi512_ps(a)
#else
typedef __m512d vec;
typedef __mmask8 mask;
#define VEC_OP(name)           _mm512_##name##_pd
#define VEC_COMPARE(a, b, how) _mm512_cmp_pd_mask(a, b, how)
#define VEC_INTEGER(name)      _mm512_##name##_epi64
#define VEC_CAST(a)            _mm512_castpd_si512(a)
#define VEC_UNCAST(a)          _mm512_castsi512_pd(a)
#endif
typedef __m512i vec_bits;
#define VEC_WIDTH CHAINS

VEC_INLINE vec vec_abs(vec a)
{
    return VEC_OP(abs)(a);
}
VEC_INLINE vec vec_select(mask which, vec yes, vec no)
{
    return VEC_OP(mask_blend)(which, no, yes);
}
VEC_INLINE vec vec_with_sign(vec magnitude, vec sign)
{
    vec_bits top = VEC_CAST(VEC_OP(set1)((real)-0.0));
    return VEC_UNCAST(_mm512_ternarylogic_epi64(VEC_CAST(magnitude), VEC_CAST(sign), top, 0xf8));
}
#define BITS_OP(name) _mm512_##name##_si512
#define BITS_SET(a)   _mm512_set1_epi64(a)

#elif defined(__AVX2__) && defined(__FMA__)

#include <immintrin.h>

#define VEC_ISA avx2
#if BRINK_REAL_BITS == 32
typedef __m256 vec;
#define VEC_OP(name)           _mm256_##name##_ps
#define VEC_COMPARE(a, b, how) _mm256_cmp_ps(a, b, how)
#define VEC_INTEGER(name)      _mm256_##name##_epi32
#define VEC_CAST(a)            _mm256_castps_si256(a)
#define VEC_UNCAST(a)          _mm256_castsi256_ps(a)
#else
typedef __m256d vec;
#define VEC_OP(name)           _mm256_##name##_pd
#define VEC_COMPARE(a, b, how) _mm256_cmp_pd(a, b, how)
#define VEC_INTEGER(name)      _mm256_##name##_epi64
#define VEC_CAST(a)            _mm256_castpd_si256(a)
#define VEC_UNCAST(a)          _mm256_castsi256_pd(a)
#endif
typedef vec mask; // all bits of a lane, or none
typedef __m256i vec_bits;
#define VEC_WIDTH     (CHAINS / 2)

VEC_INLINE vec vec_abs(vec a)
{
    return VEC_OP(andnot)(VEC_OP(set1)((real)-0.0), a);
}
VEC_INLINE vec vec_select(mask which, vec yes, vec no)
{
    return VEC_OP(blendv)(no, yes, which);
}
VEC_INLINE vec vec_with_sign(vec magnitude, vec sign)
{
    return VEC_OP(or)(magnitude, VEC_OP(and)(sign, VEC_OP(set1)((real)-0.0)));
}
#define BITS_OP(name) _mm256_##name##_si256
#define BITS_SET(a)   _mm256_set1_epi64x(a)

#else

#define VEC_ISA   portable
#define VEC_WIDTH 1
typedef real vec;
typedef bool mask;
typedef real_bits vec_bits;

VEC_INLINE vec vec_set(real value)
{
    return value;
}
VEC_INLINE vec vec_load(const real from[])
{
    return *from;
}
VEC_INLINE void vec_store(real to[], vec a)
{
    *to = a;
}
VEC_INLINE vec vec_fma(vec a, vec b, vec c)
{
    return real_fma(a, b, c);
}
VEC_INLINE vec vec_minus_fma(vec a, vec b, vec c)
{
    return real_fma(-a, b, c);
}
VEC_INLINE vec vec_min(vec a, vec b)
{
    return a < b ? a : b;
}
VEC_INLINE vec vec_max(vec a, vec b)
{
    return a > b ? a : b;
}
VEC_INLINE vec vec_abs(vec a)
{
    return a < 0 ? -a : a + 0; // no -0
}
VEC_INLINE vec vec_sqrt(vec a)
{
    return (real)sqrt((double)a); // rounding twice is exact here
}
VEC_INLINE mask vec_less(vec a, vec b)
{
    return a < b;
}
VEC_INLINE mask vec_at_most(vec a, vec b)
{
    return a <= b;
}
VEC_INLINE vec vec_select(mask which, vec yes, vec no)
{
    return which ? yes : no;
}
VEC_INLINE vec_bits vec_to_bits(vec a)
{
    real_bits bits;
    memcpy(&bits, &a, sizeof bits);
    return bits;
}
VEC_INLINE vec vec_from_bits(vec_bits a)
{
    real value;
    memcpy(&value, &a, sizeof value);
    return value;
}
VEC_INLINE vec vec_with_sign(vec magnitude, vec sign)
{
    return vec_from_bits(vec_to_bits(magnitude) | (vec_to_bits(sign) & ~((real_bits)-1 >> 1)));
}
VEC_INLINE vec_bits bits_set(real_bits value)
{
    return value;
}
VEC_INLINE vec_bits bits_add(vec_bits a, vec_bits b)
{
    return a + b;
}
VEC_INLINE vec_bits bits_and(vec_bits a, vec_bits b)
{
    return a & b;
}
VEC_INLINE vec_bits bits_or(vec_bits a, vec_bits b)
{
    return a | b;
}
VEC_INLINE vec_bits bits_to_exponent(vec_bits a)
{
    return a << REAL_FRACTION_BITS;
}
VEC_INLINE vec_bits bits_from_exponent(vec_bits a)
{
    return a >> REAL_FRACTION_BITS;
}
#endif

#if VEC_WIDTH > 1
VEC_INLINE vec vec_set(real value)
{
    return VEC_OP(set1)(value);
}
VEC_INLINE vec vec_load(const real from[])
{
    return VEC_OP(loadu)(from);
}
VEC_INLINE void vec_store(real to[], vec a)
{
    VEC_OP(storeu)(to, a);
}
VEC_INLINE vec vec_fma(vec a, vec b, vec c)
{
    return VEC_OP(fmadd)(a, b, c);
}
VEC_INLINE vec vec_minus_fma(vec a, vec b, vec c)
{
    return VEC_OP(fnmadd)(a, b, c);
}
VEC_INLINE vec vec_min(vec a, vec b)
{
    return VEC_OP(min)(a, b);
}
VEC_INLINE vec vec_max(vec a, vec b)
{
    return VEC_OP(max)(a, b);
}
VEC_INLINE vec vec_sqrt(vec a)
{
    return VEC_OP(sqrt)(a);
}
VEC_INLINE mask vec_less(vec a, vec b)
{
    return VEC_COMPARE(a, b, _CMP_LT_OQ);
}
VEC_INLINE mask vec_at_most(vec a, vec b)
{
    return VEC_COMPARE(a, b, _CMP_LE_OQ);
}
VEC_INLINE vec_bits vec_to_bits(vec a)
{
    return VEC_CAST(a);
}
VEC_INLINE vec vec_from_bits(vec_bits a)
{
    return VEC_UNCAST(a);
}
VEC_INLINE vec_bits bits_set(real_bits value)
{
    uint64_t both = sizeof value == 4 ? (uint64_t)value << 16 << 16 | value : value;
    return BITS_SET((int64_t)both);
}
VEC_INLINE vec_bits bits_add(vec_bits a, vec_bits b)
{
    return VEC_INTEGER(add)(a, b);
}
VEC_INLINE vec_bits bits_and(vec_bits a, vec_bits b)
{
    return BITS_OP(and)(a, b);
}
VEC_INLINE vec_bits bits_or(vec_bits a, vec_bits b)
{
    return BITS_OP(or)(a, b);
}
VEC_INLINE vec_bits bits_to_exponent(vec_bits a)
{
    return VEC_INTEGER(slli)(a, REAL_FRACTION_BITS);
}
VEC_INLINE vec_bits bits_from_exponent(vec_bits a)
{
    return VEC_INTEGER(srli)(a, REAL_FRACTION_BITS);
}
#endif

// ---- CHAINS chains

#define CHAIN_VECS (CHAINS / VEC_WIDTH)

// The sum of all chains, by halving: chain i takes in chain i + CHAINS/2, and so on.
VEC_INLINE real chains_sum(const vec chains[CHAIN_VECS])
{
#if VEC_WIDTH == 1
    real each[CHAINS];
    memcpy(each, chains, sizeof each);
    for (int half = CHAINS / 2; half > 0; half /= 2)
        for (int i = 0; i < half; i++)
            each[i] += each[i + half];
    return each[0];
#else
#if VEC_WIDTH == CHAINS && BRINK_REAL_BITS == 32
    __m512d whole = _mm512_castps_pd(chains[0]);
    __m256 half =
        _mm512_castps512_ps256(chains[0]) + _mm256_castpd_ps(_mm512_extractf64x4_pd(whole, 1));
#elif VEC_WIDTH == CHAINS
    __m256d half = _mm512_castpd512_pd256(chains[0]) + _mm512_extractf64x4_pd(chains[0], 1);
#else
    vec half = chains[0] + chains[1];
#endif
#if BRINK_REAL_BITS == 32
    __m128 quarter = _mm256_castps256_ps128(half) + _mm256_extractf128_ps(half, 1);
    __m128 pair = quarter + _mm_movehl_ps(quarter, quarter);
    return _mm_cvtss_f32(pair + _mm_movehdup_ps(pair));
#else
    __m128d pair = _mm256_castpd256_pd128(half) + _mm256_extractf128_pd(half, 1);
    return _mm_cvtsd_f64(pair + _mm_unpackhi_pd(pair, pair));
#endif
#endif
}

#if VEC_WIDTH == CHAINS
// Lanes without the bit `half` of their number: a[lane] + a[lane + half]; with it, of b.
VEC_INLINE vec vec_halves(int half, vec a, vec b)
{
    real_bits index[CHAINS];
    mask upper = 0;
    for (int lane = 0; lane < CHAINS; lane++) {
        index[lane] = (real_bits)(lane & half ? CHAINS + lane - half : lane + half);
        upper = (mask)(upper | (lane & half ? 1U << lane : 0U));
    }
    vec_bits across = _mm512_loadu_si512(index);
    return vec_select(upper, b, a) + VEC_OP(permutex2var)(a, across, b);
}

// Lane i: chains_sum of vector i; `chains` is destroyed.
VEC_INLINE vec chains_sums(vec chains[CHAINS])
{
#pragma GCC unroll 4
    for (int half = CHAINS / 2; half > 0; half /= 2)
#pragma GCC unroll 8
        for (int i = 0; i < half; i++)
            chains[i] = vec_halves(half, chains[i], chains[i + half]);
    return chains[0];
}
#endif

#endif
