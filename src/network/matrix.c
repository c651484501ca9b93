// SPDX-License-Identifier: MIT
// Register-blocked dense products: every element one chain of fma, whatever the blocking.
#include <assert.h>

#include "matrix.h"

enum {
    INNER_BLOCK = 1024, // inner indices of a pass: a panel of them stays in the second cache
    GAP_LEAST = 8,      // inner indices between two fetches: a loop of few costs its ends
    EARLY = 32,         // inner indices before the end of a block where the next one is fetched
};

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

static int at_most(int value, int limit)
{
    return value < limit ? value : limit;
}

// Asks for a row of a panel in the second cache.
VEC_INLINE void fetch_row(const real *at)
{
    for (int c = 0; c < PANEL; c += CHAINS)
        __builtin_prefetch(at + c, 0, 2);
}

// What is asked for while a block is multiplied: after every `gap` inner indices `rows` rows of the
// panel to come, the first of them at `panel`, and near the end the sums of the block to come.
struct fetch {
    const real *panel, *sums;
    int gap, rows, sums_at;
};

// One block: rows <= BLOCK_ROWS, vecs <= PANEL_VECS, both constants.
VEC_INLINE void multiply_block(int rows, int vecs, int inner, const real *left, size_t row,
                               size_t column, const real *right, size_t right_row,
                               const struct fetch *fetch, real *to, size_t stride, bool add,
                               const real *bias)
{
    const real *ahead = fetch->panel;
    vec sum[BLOCK_ROWS][PANEL_VECS];
    for (int i = 0; i < rows; i++)
        for (int v = 0; v < vecs; v++)
            sum[i][v] = add ? vec_load(to + (size_t)i * stride + v * VEC_WIDTH)
                            : vec_set(bias ? bias[i] : 0);
    for (int first = 0, gap = fetch->gap; first < inner; first += gap) {
        int count = at_most(inner - first, gap);
        for (int k = 0; k < fetch->rows; k++, ahead += right_row)
            fetch_row(ahead);
        if (first == fetch->sums_at)
            for (int i = 0; i < rows; i++)
                for (int c = 0; c < vecs * VEC_WIDTH; c += CHAINS)
                    __builtin_prefetch(fetch->sums + (size_t)i * stride + c, 1, 3);
#pragma GCC unroll 4
        for (int q = 0; q < count; q++) {
            vec b[PANEL_VECS];
            for (int v = 0; v < vecs; v++)
                b[v] = vec_load(right + v * VEC_WIDTH);
            for (int i = 0; i < rows; i++) {
                vec a = vec_set(left[(size_t)i * row]);
                for (int v = 0; v < vecs; v++)
                    sum[i][v] = vec_fma(a, b[v], sum[i][v]);
            }
            right += right_row;
            left += column;
        }
    }
    for (int i = 0; i < rows; i++)
        for (int v = 0; v < vecs; v++)
            vec_store(to + (size_t)i * stride + v * VEC_WIDTH, sum[i][v]);
}

// A block of any size: every pair of sizes is a function of its own. The left operand comes in
// single words: copying a struct of them was the dearest line here in a profile.
static void multiply_any(int rows, int vecs, int inner, const real *left, size_t row, size_t column,
                         const real *right, size_t right_row, const struct fetch *fetch, real *to,
                         size_t stride, bool add, const real *bias)
{
#define BLOCK(r, v)                                                                                \
    case (r)*4 + (v)-1:                                                                            \
        multiply_block(r, v, inner, left, row, column, right, right_row, fetch, to, stride, add,   \
                       bias);                                                                      \
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

// `count` in parts of at most `size`, as equal as can be: few left over would wait for their sums.
struct parts {
    int count, size, larger; // the first `larger` parts have one more
};
static struct parts parts_of(int count, int size)
{
    int parts = (count + size - 1) / size;
    return parts > 0 ? (struct parts){parts, count / parts, count % parts} : (struct parts){0};
}
static int part_size(struct parts parts, int part)
{
    return parts.size + (part < parts.larger);
}

void matrix_multiply(int rows, int columns, int inner, struct left left, struct right right,
                     real *to, size_t stride, bool add, const real *bias)
{
    struct parts blocks = parts_of(rows, BLOCK_ROWS), passes = parts_of(inner, INNER_BLOCK);
    assert(blocks.count > 0);
    struct fetch fetch = {.rows = (GAP_LEAST + blocks.count - 1) / blocks.count};
    fetch.gap = fetch.rows * blocks.count;
    for (int pass = 0, q = 0; pass < passes.count; q += part_size(passes, pass++)) {
        int count = part_size(passes, pass);
        for (int c = 0; c < columns; c += PANEL) {
            int vecs = (at_most(columns - c, PANEL) + VEC_WIDTH - 1) / VEC_WIDTH;
            const real *panel =
                right.at + (size_t)(c / PANEL) * right.panel + (size_t)q * right.row;
            // The blocks of this panel fetch the next, each its share of the rows.
            bool last = c + PANEL >= columns;
            fetch.panel = panel + (last ? 0 : right.panel);
            fetch.sums_at = count > EARLY ? (count - EARLY) / fetch.gap * fetch.gap : 0;
            size_t share = (size_t)(count / blocks.count) * right.row;
            for (int block = 0, i = 0; block < blocks.count; i += part_size(blocks, block++)) {
                const real *from = left.at + (size_t)i * left.row + (size_t)q * left.column;
                real *sums = to + (size_t)i * stride + c;
                fetch.sums = block + 1 < blocks.count
                                 ? sums + (size_t)part_size(blocks, block) * stride
                                 : to + (last ? 0 : c + PANEL);
                multiply_any(part_size(blocks, block), vecs, count, from, left.row, left.column,
                             panel, right.row, &fetch, sums, stride, add || pass > 0,
                             bias ? bias + i : NULL);
                fetch.panel += share;
            }
        }
    }
}

// A block is at most PAIRS by PAIRS elements.
#define PAIRS (CHAIN_VECS == 1 ? 4 : CHAIN_VECS == 2 ? 2 : 1)

// to[i * stride + j] += the sum of the chains sum[i][j].
VEC_INLINE void add_sums(int rows, int others, vec sum[PAIRS][PAIRS][CHAIN_VECS], real *to,
                         size_t stride)
{
#if CHAIN_VECS == 1
    enum { ROWS = CHAINS / PAIRS }; // of the block, whose sums fill a vector
    for (int i = 0; i < rows; i += ROWS) {
        real sums[CHAINS];
        vec_store(sums, chains_sums(&sum[i][0][0]));
        for (int k = 0; k < ROWS && i + k < rows; k++)
            for (int j = 0; j < others; j++)
                to[(size_t)(i + k) * stride + (size_t)j] += sums[k * PAIRS + j];
    }
#else
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < others; j++)
            to[(size_t)i * stride + (size_t)j] += chains_sum(sum[i][j]);
#endif
}

VEC_INLINE void transposed_block(int rows, int others, int columns, const real *a, size_t a_stride,
                                 const real *b, size_t b_stride, real *to, size_t stride)
{
    vec sum[PAIRS][PAIRS][CHAIN_VECS];
    for (int i = 0; i < PAIRS; i++)
        for (int j = 0; j < PAIRS; j++)
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
    add_sums(rows, others, sum, to, stride);
}

// A block of any size: every pair of sizes is a function of its own.
static void transposed_any(int rows, int others, int columns, const real *a, size_t a_stride,
                           const real *b, size_t b_stride, real *to, size_t stride)
{
#define BLOCK(r, o)                                                                                \
    case (r)*8 + (o):                                                                              \
        transposed_block(r, o, columns, a, a_stride, b, b_stride, to, stride);                     \
        break;
    // clang-format off: it takes the macros for expressions
    switch (rows * 8 + others) {
#if CHAIN_VECS == 1
#define BLOCK_ROW(r) BLOCK(r, 1) BLOCK(r, 2) BLOCK(r, 3) BLOCK(r, 4)
        BLOCK_ROW(1)
        BLOCK_ROW(2)
        BLOCK_ROW(3)
        BLOCK_ROW(4)
#undef BLOCK_ROW
#elif CHAIN_VECS == 2
        BLOCK(1, 1) BLOCK(1, 2) BLOCK(2, 1) BLOCK(2, 2)
#else
        BLOCK(1, 1)
#endif
    default:
        break;
    }
    // clang-format on
#undef BLOCK
}

void matrix_multiply_transposed(int rows, int others, int columns, const real *a, size_t a_stride,
                                const real *b, size_t b_stride, real *to, size_t stride)
{
    enum { BLOCKS_KEPT = 6 }; // rows of so many stay in the first cache, if they are short
    struct parts right = parts_of(others, PAIRS), down = parts_of(rows, PAIRS);
    for (int kept = 0, top = 0, end = 0; kept < down.count; kept += BLOCKS_KEPT, top = end)
        for (int other = 0, j = 0; other < right.count; j += part_size(right, other++)) {
            end = top;
            for (int block = kept; block < down.count && block < kept + BLOCKS_KEPT; block++) {
                transposed_any(part_size(down, block), part_size(right, other), columns,
                               a + (size_t)end * a_stride, a_stride, b + (size_t)j * b_stride,
                               b_stride, to + (size_t)end * stride + j, stride);
                end += part_size(down, block);
            }
        }
}
