// SPDX-License-Identifier: MIT
// Dense products with one definition of the bits for every ISA, blocking and thread.
//
// An element of multiply is one chain of fma in the order of the inner index. An element of
// multiply_transposed sums column c of its operands in chain c mod CHAINS, then the chains (see
// chains_sum). Rows start at multiples of 64 bytes and are readable to the next one.
#ifndef BRINK_NETWORK_MATRIX_H
#define BRINK_NETWORK_MATRIX_H

#include "simd.h"

#if VEC_WIDTH == 1
#define PANEL_VECS 4
#define BLOCK_ROWS 4
#elif VEC_WIDTH == CHAINS
#define PANEL_VECS 3
#define BLOCK_ROWS 8
#else
#define PANEL_VECS 3
#define BLOCK_ROWS 4
#endif
#define PANEL (PANEL_VECS * VEC_WIDTH) // columns of a panel of the right operand

// Columns up to the end of the last whole round of chains.
VEC_INLINE int whole(int columns)
{
    return (columns + CHAINS - 1) / CHAINS * CHAINS;
}

// Reals from row to row: whole cache lines, an odd number of them, so that the rows of a column
// do not all fall into the same sets of a cache.
VEC_INLINE size_t matrix_stride(int columns)
{
    return (size_t)(whole(columns) / CHAINS | 1) * (size_t)CHAINS;
}

// Element (i, q) of a left operand is at[i * row + q * column].
struct left {
    const real *at;
    size_t row, column;
};

// Element (q, c) of a right operand is at[c / PANEL * panel + q * row + c % PANEL].
struct right {
    const real *at;
    size_t row, panel;
};

// A plain matrix with `stride` reals a row as right operand.
VEC_INLINE struct right right_plain(const real *at, size_t stride)
{
    return (struct right){at, stride, PANEL};
}

// Reals that a packed [inner][columns] matrix takes; packs `from` (rows of `stride`), the columns
// beyond filled with zeros.
size_t matrix_packed_size(int inner, int columns);
struct right matrix_pack(real *to, const real *from, size_t stride, int inner, int columns);

// to[i * stride + c] = start + sum over q of left(i, q) right(q, c), for i < rows, c < columns
// rounded up to whole vectors; start is to itself (if `add`), else bias[i], or 0 without bias.
void matrix_multiply(int rows, int columns, int inner, struct left left, struct right right,
                     real *to, size_t stride, bool add, const real *bias);

// to[i * stride + j] += sum over c < columns of a[i * a_stride + c] b[j * b_stride + c], rounded up
// to whole chains, for i < rows and j < others.
void matrix_multiply_transposed(int rows, int others, int columns, const real *a, size_t a_stride,
                                const real *b, size_t b_stride, real *to, size_t stride);

#endif
