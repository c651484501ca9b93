// SPDX-License-Identifier: MIT
// Register-blocked dense products: every element one chain of fma, whatever the blocking.
#include "matrix.h"

enum { INNER_BLOCK = 1024 }; // inner indices of a pass: a panel of them stays in the first cache

size_t matrix_packed_size(int inner, int columns)
{
    size_t panels = ((size_t)columns + PANEL - 1) / PANEL;
    return panels * PANEL * (size_t)inner;
}

struct right matrix_pack(real *to, const real *from, size_t stride, int inner, int columns)
{
    struct right right = {to, PANEL, (size_t)inner * PANEL};
    for (int first = 0; first < columns; first += PANEL)
        for (int q = 0; q < inner; q++)
            for (int c = first; c < first + PANEL; c++)
                *to++ = c < columns ? from[(size_t)q * stride + (size_t)c] : 0;
    return right;
}

// One block: rows <= BLOCK_ROWS, vecs <= PANEL_VECS, both constants.
VEC_INLINE void multiply_block(int rows, int vecs, int inner, struct left left, const real *right,
                               size_t right_row, real *to, size_t stride, bool add,
                               const real *bias)
{
    vec sum[BLOCK_ROWS][PANEL_VECS];
    for (int i = 0; i < rows; i++)
        for (int v = 0; v < vecs; v++)
            sum[i][v] = add ? vec_load(to + (size_t)i * stride + v * VEC_WIDTH)
                            : vec_set(bias ? bias[i] : 0);
    for (int q = 0; q < inner; q++) {
        vec b[PANEL_VECS];
        for (int v = 0; v < vecs; v++)
            b[v] = vec_load(right + v * VEC_WIDTH);
        for (int i = 0; i < rows; i++) {
            vec a = vec_set(left.at[(size_t)i * left.row]);
            for (int v = 0; v < vecs; v++)
                sum[i][v] = vec_fma(a, b[v], sum[i][v]);
        }
        right += right_row;
        left.at += left.column;
    }
    for (int i = 0; i < rows; i++)
        for (int v = 0; v < vecs; v++)
            vec_store(to + (size_t)i * stride + v * VEC_WIDTH, sum[i][v]);
}

// A block of any size: every pair of sizes is a function of its own.
static void multiply_any(int rows, int vecs, int inner, struct left left, const real *right,
                         size_t right_row, real *to, size_t stride, bool add, const real *bias)
{
#define BLOCK(r, v)                                                                                \
    case (r)*4 + (v)-1:                                                                            \
        multiply_block(r, v, inner, left, right, right_row, to, stride, add, bias);                \
        break;
#if PANEL_VECS == 4
#define BLOCK_ROW(r) BLOCK(r, 1) BLOCK(r, 2) BLOCK(r, 3) BLOCK(r, 4)
#else
#define BLOCK_ROW(r) BLOCK(r, 1) BLOCK(r, 2) BLOCK(r, 3)
#endif
    // clang-format off: it takes the macros for expressions
    switch (rows * 4 + vecs - 1) {
        BLOCK_ROW(1)
        BLOCK_ROW(2)
        BLOCK_ROW(3)
        BLOCK_ROW(4)
#if BLOCK_ROWS == 8
        BLOCK_ROW(5)
        BLOCK_ROW(6)
        BLOCK_ROW(7)
        BLOCK_ROW(8)
#endif
    default:
        break;
    }
    // clang-format on
#undef BLOCK
#undef BLOCK_ROW
}

static int at_most(int value, int limit)
{
    return value < limit ? value : limit;
}

void matrix_multiply(int rows, int columns, int inner, struct left left, struct right right,
                     real *to, size_t stride, bool add, const real *bias)
{
    // Blocks as equal as can be: few rows left over would wait for their own sums.
    int row_blocks = (rows + BLOCK_ROWS - 1) / BLOCK_ROWS;
    int passes = (inner + INNER_BLOCK - 1) / INNER_BLOCK;
    for (int pass = 0; pass < passes; pass++) {
        int q = (int)((int64_t)inner * pass / passes);
        int count = (int)((int64_t)inner * (pass + 1) / passes) - q;
        for (int c = 0; c < columns; c += PANEL) {
            int vecs = (at_most(columns - c, PANEL) + VEC_WIDTH - 1) / VEC_WIDTH;
            const real *panel =
                right.at + (size_t)(c / PANEL) * right.panel + (size_t)q * right.row;
            for (int block = 0; block < row_blocks; block++) {
                int i = (int)((int64_t)rows * block / row_blocks);
                int block_rows = (int)((int64_t)rows * (block + 1) / row_blocks) - i;
                struct left part = left;
                part.at += (size_t)i * left.row + (size_t)q * left.column;
                multiply_any(block_rows, vecs, count, part, panel, right.row,
                             to + (size_t)i * stride + c, stride, add || pass > 0,
                             bias ? bias + i : NULL);
            }
        }
    }
}

#define PAIRS (CHAIN_VECS == 1 ? 4 : CHAIN_VECS == 2 ? 2 : 1) // a block is PAIRS by PAIRS elements

VEC_INLINE void transposed_block(int rows, int others, int columns, const real *a, size_t a_stride,
                                 const real *b, size_t b_stride, real *to, size_t stride)
{
    vec sum[PAIRS][PAIRS][CHAIN_VECS];
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < others; j++)
            for (int v = 0; v < CHAIN_VECS; v++)
                sum[i][j][v] = vec_set(0);
    for (int c = 0; c < columns; c += CHAINS)
        for (int v = 0; v < CHAIN_VECS; v++) {
            vec right[PAIRS];
            for (int j = 0; j < others; j++)
                right[j] = vec_load(b + (size_t)j * b_stride + c + v * VEC_WIDTH);
            for (int i = 0; i < rows; i++) {
                vec left = vec_load(a + (size_t)i * a_stride + c + v * VEC_WIDTH);
                for (int j = 0; j < others; j++)
                    sum[i][j][v] = vec_fma(left, right[j], sum[i][j][v]);
            }
        }
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < others; j++)
            to[(size_t)i * stride + (size_t)j] += chains_sum(sum[i][j]);
}

void matrix_multiply_transposed(int rows, int others, int columns, const real *a, size_t a_stride,
                                const real *b, size_t b_stride, real *to, size_t stride)
{
    for (int j = 0; j < others; j += PAIRS)
        for (int i = 0; i < rows; i += PAIRS) {
            const real *left = a + (size_t)i * a_stride, *right = b + (size_t)j * b_stride;
            real *out = to + (size_t)i * stride + j;
            if (rows - i >= PAIRS && others - j >= PAIRS) {
                transposed_block(PAIRS, PAIRS, columns, left, a_stride, right, b_stride, out,
                                 stride);
                continue;
            }
            for (int p = 0; p < at_most(rows - i, PAIRS); p++)
                for (int o = 0; o < at_most(others - j, PAIRS); o++)
                    transposed_block(1, 1, columns, left + (size_t)p * a_stride, a_stride,
                                     right + (size_t)o * b_stride, b_stride,
                                     out + (size_t)p * stride + o, stride);
        }
}
