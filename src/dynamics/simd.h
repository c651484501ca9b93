// SPDX-License-Identifier: MIT
// One vector of doubles on every ISA: the few operations the kernels need, with the same bits.
//
// `vec` is VEC_WIDTH doubles and takes + - * / and unary minus as they are; `mask` is a truth value
// per lane, as bits. Comparisons with NaN are false, but vec_not_less is true. The width follows
// from the compiler's target.
#ifndef BRINK_DYNAMICS_SIMD_H
#define BRINK_DYNAMICS_SIMD_H

#include <math.h>
#include <stdint.h>

#include "brink/base/elementary.h"

#define VEC_INLINE static inline __attribute__((always_inline))

typedef uint32_t mask; // bit i is lane i

#if defined(__AVX512F__) && defined(__AVX512DQ__)

#include <immintrin.h>

#define VEC_WIDTH 8
#define VEC_ISA   "avx512"
typedef __m512d vec;
typedef __m512i vec_bits; // 64 bits a lane

VEC_INLINE vec vec_set(double value)
{
    return _mm512_set1_pd(value);
}
VEC_INLINE vec vec_load(const double from[])
{
    return _mm512_load_pd(from);
}
VEC_INLINE void vec_store(double to[], vec a)
{
    _mm512_store_pd(to, a);
}
VEC_INLINE void vec_store_some(double to[], mask which, vec a)
{
    _mm512_mask_store_pd(to, (__mmask8)which, a);
}
VEC_INLINE vec vec_fma(vec a, vec b, vec c)
{
    return _mm512_fmadd_pd(a, b, c);
}
VEC_INLINE vec vec_fma_minus(vec a, vec b, vec c)
{
    return _mm512_fmsub_pd(a, b, c);
}
VEC_INLINE vec vec_minus_fma(vec a, vec b, vec c)
{
    return _mm512_fnmadd_pd(a, b, c);
}
VEC_INLINE vec vec_abs(vec a)
{
    return _mm512_abs_pd(a);
}
VEC_INLINE vec vec_sqrt(vec a)
{
    return _mm512_sqrt_pd(a);
}
VEC_INLINE vec vec_larger(vec a, vec b)
{
    return _mm512_range_pd(a, b, 0x0b);
}
VEC_INLINE vec vec_smaller(vec a, vec b)
{
    return _mm512_range_pd(a, b, 0x0a);
}
VEC_INLINE vec vec_positive(vec a)
{
    return _mm512_max_pd(a, _mm512_setzero_pd());
}
VEC_INLINE vec vec_with_sign(vec magnitude, vec sign)
{
    __m512i bit = _mm512_set1_epi64(INT64_MIN);
    return _mm512_castsi512_pd(_mm512_ternarylogic_epi64(_mm512_castpd_si512(magnitude),
                                                         _mm512_castpd_si512(sign), bit, 0xf8));
}
VEC_INLINE mask vec_less(vec a, vec b)
{
    return _mm512_cmp_pd_mask(a, b, _CMP_LT_OQ);
}
VEC_INLINE mask vec_at_most(vec a, vec b)
{
    return _mm512_cmp_pd_mask(a, b, _CMP_LE_OQ);
}
VEC_INLINE mask vec_not_less(vec a, vec b)
{
    return _mm512_cmp_pd_mask(a, b, _CMP_NLT_UQ);
}
VEC_INLINE mask vec_equal(vec a, vec b)
{
    return _mm512_cmp_pd_mask(a, b, _CMP_EQ_OQ);
}
VEC_INLINE vec vec_select(mask which, vec yes, vec no)
{
    return _mm512_mask_blend_pd((__mmask8)which, no, yes);
}
VEC_INLINE vec_bits vec_to_bits(vec a)
{
    return _mm512_castpd_si512(a);
}
VEC_INLINE vec vec_from_bits(vec_bits a)
{
    return _mm512_castsi512_pd(a);
}
VEC_INLINE vec_bits bits_set(uint64_t value)
{
    return _mm512_set1_epi64((int64_t)value);
}
VEC_INLINE vec_bits bits_add(vec_bits a, vec_bits b)
{
    return _mm512_add_epi64(a, b);
}
VEC_INLINE vec_bits bits_and(vec_bits a, vec_bits b)
{
    return _mm512_and_epi64(a, b);
}
VEC_INLINE vec_bits bits_shift_52(vec_bits a)
{
    return _mm512_slli_epi64(a, 52);
}
VEC_INLINE vec_bits bits_shift_down_52(vec_bits a)
{
    return _mm512_srli_epi64(a, 52);
}

// Where in a row of 16 each lane looks: bits 50 to 53. Lanes that all look at the first VEC_NEAR
// numbers may look near.
#define VEC_NEAR 16
typedef __m512i vec_slot;
VEC_INLINE vec_slot vec_slot_of(vec_bits a)
{
    return _mm512_srli_epi64(a, 50);
}
VEC_INLINE vec vec_look(const double row[16], vec_slot slot)
{
    return _mm512_permutex2var_pd(_mm512_load_pd(row), slot, _mm512_load_pd(row + 8));
}
VEC_INLINE vec vec_look_near(const double row[16], vec_slot slot)
{
    return vec_look(row, slot);
}

#elif defined(__AVX2__) && defined(__FMA__)

#include <immintrin.h>

#define VEC_WIDTH 4
#define VEC_ISA   "avx2"
typedef __m256d vec;
typedef __m256i vec_bits;

VEC_INLINE vec vec_set(double value)
{
    return _mm256_set1_pd(value);
}
VEC_INLINE vec vec_load(const double from[])
{
    return _mm256_load_pd(from);
}
VEC_INLINE void vec_store(double to[], vec a)
{
    _mm256_store_pd(to, a);
}
VEC_INLINE vec vec_fma(vec a, vec b, vec c)
{
    return _mm256_fmadd_pd(a, b, c);
}
VEC_INLINE vec vec_fma_minus(vec a, vec b, vec c)
{
    return _mm256_fmsub_pd(a, b, c);
}
VEC_INLINE vec vec_minus_fma(vec a, vec b, vec c)
{
    return _mm256_fnmadd_pd(a, b, c);
}
VEC_INLINE vec vec_abs(vec a)
{
    return _mm256_andnot_pd(_mm256_set1_pd(-0.0), a);
}
VEC_INLINE vec vec_sqrt(vec a)
{
    return _mm256_sqrt_pd(a);
}
VEC_INLINE vec vec_larger(vec a, vec b)
{
    return _mm256_max_pd(vec_abs(b), vec_abs(a));
}
VEC_INLINE vec vec_smaller(vec a, vec b)
{
    return _mm256_min_pd(vec_abs(b), vec_abs(a));
}
VEC_INLINE vec vec_positive(vec a)
{
    return _mm256_max_pd(a, _mm256_setzero_pd());
}
VEC_INLINE vec vec_with_sign(vec magnitude, vec sign)
{
    return _mm256_or_pd(magnitude, _mm256_and_pd(sign, _mm256_set1_pd(-0.0)));
}
VEC_INLINE mask mask_of(vec a)
{
    return (mask)_mm256_movemask_pd(a);
}
VEC_INLINE mask vec_less(vec a, vec b)
{
    return mask_of(_mm256_cmp_pd(a, b, _CMP_LT_OQ));
}
VEC_INLINE mask vec_at_most(vec a, vec b)
{
    return mask_of(_mm256_cmp_pd(a, b, _CMP_LE_OQ));
}
VEC_INLINE mask vec_not_less(vec a, vec b)
{
    return mask_of(_mm256_cmp_pd(a, b, _CMP_NLT_UQ));
}
VEC_INLINE mask vec_equal(vec a, vec b)
{
    return mask_of(_mm256_cmp_pd(a, b, _CMP_EQ_OQ));
}
VEC_INLINE vec vec_select(mask which, vec yes, vec no)
{
    __m256i place = _mm256_set_epi64x(8, 4, 2, 1);
    __m256i all = _mm256_set1_epi64x((int64_t)which);
    __m256i chosen = _mm256_cmpeq_epi64(_mm256_and_si256(all, place), place);
    return _mm256_blendv_pd(no, yes, _mm256_castsi256_pd(chosen));
}
VEC_INLINE void vec_store_some(double to[], mask which, vec a)
{
    vec_store(to, vec_select(which, a, vec_load(to)));
}
VEC_INLINE vec_bits vec_to_bits(vec a)
{
    return _mm256_castpd_si256(a);
}
VEC_INLINE vec vec_from_bits(vec_bits a)
{
    return _mm256_castsi256_pd(a);
}
VEC_INLINE vec_bits bits_set(uint64_t value)
{
    return _mm256_set1_epi64x((int64_t)value);
}
VEC_INLINE vec_bits bits_add(vec_bits a, vec_bits b)
{
    return _mm256_add_epi64(a, b);
}
VEC_INLINE vec_bits bits_and(vec_bits a, vec_bits b)
{
    return _mm256_and_si256(a, b);
}
VEC_INLINE vec_bits bits_shift_52(vec_bits a)
{
    return _mm256_slli_epi64(a, 52);
}
VEC_INLINE vec_bits bits_shift_down_52(vec_bits a)
{
    return _mm256_srli_epi64(a, 52);
}

// `pair`: the two 32-bit halves of the wanted double among the 4 of a quarter of a row; the top
// bits of `odd` and `far`: the odd quarter, the far half is meant.
#define VEC_NEAR  8
typedef struct {
    __m256i pair;
    __m256d odd, far;
} vec_slot;
VEC_INLINE vec_slot vec_slot_of(vec_bits a)
{
    __m256i low = _mm256_and_si256(_mm256_srli_epi64(a, 49), _mm256_set1_epi64x(6));
    __m256i high = _mm256_slli_epi64(_mm256_or_si256(low, _mm256_set1_epi64x(1)), 32);
    __m256d odd = _mm256_castsi256_pd(_mm256_slli_epi64(a, 11)); // bit 52 on top
    __m256d far = _mm256_castsi256_pd(_mm256_slli_epi64(a, 10)); // bit 53
    return (vec_slot){_mm256_or_si256(low, high), odd, far};
}
VEC_INLINE vec vec_look_near(const double row[8], vec_slot slot)
{
    __m256 low = _mm256_castpd_ps(_mm256_load_pd(row));
    __m256 high = _mm256_castpd_ps(_mm256_load_pd(row + 4));
    return _mm256_blendv_pd(_mm256_castps_pd(_mm256_permutevar8x32_ps(low, slot.pair)),
                            _mm256_castps_pd(_mm256_permutevar8x32_ps(high, slot.pair)), slot.odd);
}
VEC_INLINE vec vec_look(const double row[16], vec_slot slot)
{
    return _mm256_blendv_pd(vec_look_near(row, slot), vec_look_near(row + 8, slot), slot.far);
}

#else

#define VEC_WIDTH 1
#define VEC_ISA   "portable"
typedef double vec;
typedef uint64_t vec_bits;

VEC_INLINE vec vec_set(double value)
{
    return value;
}
VEC_INLINE vec vec_load(const double from[])
{
    return *from;
}
VEC_INLINE void vec_store(double to[], vec a)
{
    *to = a;
}
VEC_INLINE vec vec_fma(vec a, vec b, vec c)
{
    return brink_fma(a, b, c);
}
VEC_INLINE vec vec_fma_minus(vec a, vec b, vec c)
{
    return brink_fma(a, b, -c);
}
VEC_INLINE vec vec_minus_fma(vec a, vec b, vec c)
{
    return brink_fma(-a, b, c);
}
VEC_INLINE vec vec_abs(vec a)
{
    return fabs(a);
}
VEC_INLINE vec vec_sqrt(vec a)
{
    return sqrt(a);
}
VEC_INLINE vec vec_larger(vec a, vec b)
{
    return fabs(b) > fabs(a) ? fabs(b) : fabs(a);
}
VEC_INLINE vec vec_smaller(vec a, vec b)
{
    return fabs(b) < fabs(a) ? fabs(b) : fabs(a);
}
VEC_INLINE vec vec_positive(vec a)
{
    return a > 0 ? a : 0;
}
VEC_INLINE vec vec_with_sign(vec magnitude, vec sign)
{
    return brink_from_bits(brink_bits(magnitude) | (brink_bits(sign) & UINT64_C(1) << 63));
}
VEC_INLINE mask vec_less(vec a, vec b)
{
    return a < b;
}
VEC_INLINE mask vec_at_most(vec a, vec b)
{
    return a <= b;
}
VEC_INLINE mask vec_not_less(vec a, vec b)
{
    return (mask)(!(a < b));
}
VEC_INLINE mask vec_equal(vec a, vec b)
{
    return a == b;
}
VEC_INLINE vec vec_select(mask which, vec yes, vec no)
{
    return which & 1 ? yes : no;
}
VEC_INLINE void vec_store_some(double to[], mask which, vec a)
{
    if (which & 1)
        *to = a;
}
VEC_INLINE vec_bits vec_to_bits(vec a)
{
    return brink_bits(a);
}
VEC_INLINE vec vec_from_bits(vec_bits a)
{
    return brink_from_bits(a);
}
VEC_INLINE vec_bits bits_set(uint64_t value)
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
VEC_INLINE vec_bits bits_shift_52(vec_bits a)
{
    return a << 52;
}
VEC_INLINE vec_bits bits_shift_down_52(vec_bits a)
{
    return a >> 52;
}

#define VEC_NEAR 16
typedef uint64_t vec_slot;
VEC_INLINE vec_slot vec_slot_of(vec_bits a)
{
    return a >> 50 & 15;
}
VEC_INLINE vec vec_look(const double row[16], vec_slot slot)
{
    return row[slot];
}
VEC_INLINE vec vec_look_near(const double row[16], vec_slot slot)
{
    return row[slot];
}

#endif

// All lanes of a vector.
#define VEC_ALL ((mask)((1u << VEC_WIDTH) - 1))

#endif
