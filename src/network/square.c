// SPDX-License-Identifier: MIT
// One level of Strassen's algorithm in Winograd's variant, by quarters A of the left operand, B of
// the square and C of the result:
//
//     S1 = A21 + A22   T1 = B12 - B11   P1 = A11 B11   P5 = S1 T1   C11 = P1 + P2
//     S2 = S1 - A11    T2 = B22 - T1    P2 = A12 B21   P6 = S2 T2   C12 = P1 + P6 + P5 + P3
//     S3 = A11 - A21   T3 = B22 - B12   P3 = S4 B22    P7 = S3 T3   C21 = P1 + P6 + P7 - P4
//     S4 = A12 - S2    T4 = T2 - B21    P4 = A22 T4                 C22 = P1 + P6 + P7 + P5
//
// Golub and Van Loan, Matrix Computations, 1.3.11; Higham, Accuracy and Stability of Numerical
// Algorithms, 23.2.2: an error is small against the norms of the operands, not element by element.
#include "square.h"

// From here on a step takes .92 of its time, by measurement with n and rows of 512 and 64, 512 and
// 200, 1000 and 64, 1000 and 200.
enum { QUARTERED_N = 512, QUARTERED_ROWS = 64 };

enum { S1, S2, S3, S4, P1, P5, P6, P7, SUMS };

static bool is_quartered(int n, int rows)
{
    return n >= QUARTERED_N && rows >= QUARTERED_ROWS;
}

static int half_of(int n)
{
    return whole((n + 1) / 2);
}

static size_t sums_size(int half, int rows)
{
    return (size_t)((rows + 1) / 2) * matrix_stride(half);
}

// Of one of the seven right operands, up to a whole line.
static size_t packed_size(int half)
{
    return (matrix_packed_size(half, half) + (size_t)CHAINS - 1) / CHAINS * CHAINS;
}

size_t square_room(int n, int rows)
{
    int half = half_of(n);
    if (!is_quartered(n, rows))
        return matrix_packed_size(n, n);
    return 7 * packed_size(half) + SUMS * sums_size(half, rows) + (size_t)half * (size_t)half;
}

// Element (i, j) of quarter (down, right), 0 beyond the matrix.
static double quarter(const real *from, int n, int half, int down, int right, int i, int j)
{
    int row = down * half + i, column = right * half + j;
    return row < n && column < n ? (double)from[(size_t)row * (size_t)n + (size_t)column] : 0;
}

// The right operand of product P(part + 1).
static double operand(const real *from, int n, int half, int part, int i, int j)
{
    double b11 = quarter(from, n, half, 0, 0, i, j), b12 = quarter(from, n, half, 0, 1, i, j);
    double b21 = quarter(from, n, half, 1, 0, i, j), b22 = quarter(from, n, half, 1, 1, i, j);
    double t1 = b12 - b11, t2 = b22 - t1;
    const double operands[] = {b11, b21, b22, b21 - t2, t1, t2, b22 - b12};
    return operands[part]; // P4's is -T4: C21 takes it away
}

struct square square_pack(real *room, const real *from, int n, int rows)
{
    struct square square = {.n = n, .rows = rows, .quartered = is_quartered(n, rows)};
    if (!square.quartered) {
        square.part[0] = matrix_pack(room, from, (size_t)n, n, n);
        return square;
    }
    int half = square.half = half_of(n);
    size_t packed = packed_size(half);
    real *sum = room + 7 * packed + SUMS * sums_size(half, rows);
    square.sums = room + 7 * packed;
    square.sums_stride = matrix_stride(half);
    for (int part = 0; part < 7; part++) {
        for (int i = 0; i < half; i++)
            for (int j = 0; j < half; j++)
                sum[(size_t)i * (size_t)half + (size_t)j] =
                    (real)operand(from, n, half, part, i, j);
        square.part[part] =
            matrix_pack(room + (size_t)part * packed, sum, (size_t)half, half, half);
    }
    return square;
}

static real *sum_of(const struct square *square, int which)
{
    return square->sums + (size_t)which * sums_size(square->half, square->rows);
}

// total += row, of n columns up to a whole vector.
static void add_row(int n, const real *row, real *total)
{
    for (int c = 0; c < n; c += VEC_WIDTH)
        vec_store(total + c, vec_load(total + c) + vec_load(row + c));
}

// Row `i` of S1 to S4, of rows `up` and `down` of the left operand; down NULL: zeros.
static void add_left_row(const struct square *square, int i, const real *up, const real *down)
{
    size_t at = (size_t)i * square->sums_stride;
    real *s1 = sum_of(square, S1) + at, *s2 = sum_of(square, S2) + at,
         *s3 = sum_of(square, S3) + at, *s4 = sum_of(square, S4) + at;
    int half = square->half, right = whole(square->n - half);
    for (int c = 0; c < half; c += VEC_WIDTH) {
        vec a11 = vec_load(up + c), a21 = down ? vec_load(down + c) : vec_set(0);
        vec a12 = vec_set(0), a22 = vec_set(0);
        if (c < right) {
            a12 = vec_load(up + half + c);
            a22 = down ? vec_load(down + half + c) : vec_set(0);
        }
        vec first = a21 + a22, second = first - a11;
        vec_store(s1 + c, first);
        vec_store(s2 + c, second);
        vec_store(s3 + c, a11 - a21);
        vec_store(s4 + c, a12 - second);
    }
}

// Adds P1, P5, P6, P7 to the rows `up` and `down` (NULL: none) of the result.
static void add_result_row(const struct square *square, int i, real *up, real *down)
{
    size_t at = (size_t)i * square->sums_stride;
    const real *p1 = sum_of(square, P1) + at, *p5 = sum_of(square, P5) + at,
               *p6 = sum_of(square, P6) + at, *p7 = sum_of(square, P7) + at;
    int half = square->half, right = whole(square->n - half);
    for (int c = 0; c < half; c += VEC_WIDTH) {
        vec first = vec_load(p1 + c), u2 = first + vec_load(p6 + c), u3 = u2 + vec_load(p7 + c);
        vec_store(up + c, vec_load(up + c) + first);
        if (down)
            vec_store(down + c, vec_load(down + c) + u3);
        if (c >= right)
            continue;
        vec fifth = vec_load(p5 + c);
        vec_store(up + half + c, vec_load(up + half + c) + (u2 + fifth));
        if (down)
            vec_store(down + half + c, vec_load(down + half + c) + (u3 + fifth));
    }
}

static void multiply_part(const struct square *square, int part, int rows, int columns, int inner,
                          const real *left, size_t left_stride, real *to, size_t stride, bool add)
{
    matrix_multiply(rows, columns, inner, (struct left){left, left_stride, 1},
                    square->part[part - 1], to, stride, add, NULL);
}

void square_multiply(const struct square *square, const real *left, real *total, real *to,
                     size_t stride, bool add)
{
    int n = square->n, rows = square->rows, half = square->half, right = n - half;
    if (!square->quartered) {
        for (int i = 0; total && i < rows; i++)
            add_row(n, left + (size_t)i * stride, total + (size_t)i * stride);
        matrix_multiply(rows, n, n, (struct left){left, stride, 1}, square->part[0], to, stride,
                        add, NULL);
        return;
    }
    int upper = (rows + 1) / 2, lower = rows / 2;
    size_t down = (size_t)upper * stride, sums = square->sums_stride;
    for (int i = 0; i < upper; i++) {
        const real *row = left + (size_t)i * stride;
        real *sum = total ? total + (size_t)i * stride : NULL;
        if (sum)
            add_row(n, row, sum);
        if (sum && i < lower)
            add_row(n, row + down, sum + down);
        add_left_row(square, i, row, i < lower ? row + down : NULL); // still in the first cache
    }
    if (!add)
        for (int i = 0; i < rows; i++)
            memset(to + (size_t)i * stride, 0, (size_t)whole(n) * sizeof to[0]);
    multiply_part(square, 2, upper, half, right, left + half, stride, to, stride, true);
    multiply_part(square, 3, upper, right, right, sum_of(square, S4), sums, to + half, stride,
                  true);
    multiply_part(square, 4, lower, half, right, left + down + half, stride, to + down, stride,
                  true);
    multiply_part(square, 1, upper, half, half, left, stride, sum_of(square, P1), sums, false);
    multiply_part(square, 5, upper, right, half, sum_of(square, S1), sums, sum_of(square, P5), sums,
                  false);
    multiply_part(square, 6, upper, half, half, sum_of(square, S2), sums, sum_of(square, P6), sums,
                  false);
    multiply_part(square, 7, upper, half, half, sum_of(square, S3), sums, sum_of(square, P7), sums,
                  false);
    for (int i = 0; i < upper; i++) {
        real *row = to + (size_t)i * stride;
        add_result_row(square, i, row, i < lower ? row + down : NULL);
    }
    for (int i = 0; i < rows; i++)
        for (int c = n; c < whole(n); c++) // where only the exact sum is 0
            to[(size_t)i * stride + (size_t)c] = 0;
}
