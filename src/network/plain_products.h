// SPDX-License-Identifier: MIT
// The products of plain_pass.h by simple loops, for a file that defines REAL. What is multiplied is
// rounded before it is added, and in a fixed order: the bits are the same on every machine.
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define NAME    "plain"
#define MEANING "one network at a time, simple loops: the reference"
#define LIBRARY NULL

// ---- C = alpha A B, added to C if `add`

static void clear(REAL *c, size_t count, bool add)
{
    if (!add)
        memset(c, 0, count * sizeof c[0]);
}

static void add_row(int n, REAL factor, const REAL *restrict b, REAL *restrict c)
{
#pragma omp simd
    for (int j = 0; j < n; j++)
        c[j] += factor * b[j];
}

// A [m][k], B [k][n]
static void times(int m, int n, int k, REAL alpha, const REAL *a, const REAL *b, bool add, REAL *c)
{
    clear(c, (size_t)m * (size_t)n, add);
    for (int i = 0; i < m; i++)
        for (int l = 0; l < k; l++)
            add_row(n, alpha * a[(size_t)i * (size_t)k + (size_t)l], b + (size_t)l * (size_t)n,
                    c + (size_t)i * (size_t)n);
}

// A [k][m], B [k][n]
static void transposed_times(int m, int n, int k, REAL alpha, const REAL *a, const REAL *b,
                             bool add, REAL *c)
{
    clear(c, (size_t)m * (size_t)n, add);
    for (int i = 0; i < m; i++)
        for (int l = 0; l < k; l++)
            add_row(n, alpha * a[(size_t)l * (size_t)m + (size_t)i], b + (size_t)l * (size_t)n,
                    c + (size_t)i * (size_t)n);
}

enum { PARTS = 16 }; // interleaved partial sums of a long one

static REAL inner(int n, const REAL *restrict a, const REAL *restrict b)
{
    REAL part[PARTS] = {0};
    int j = 0;
    for (; j + PARTS <= n; j += PARTS)
#pragma omp simd
        for (int t = 0; t < PARTS; t++)
            part[t] += a[j + t] * b[j + t];
    for (int t = 0; j < n; j++, t++)
        part[t] += a[j] * b[j];
    for (int half = PARTS / 2; half > 0; half /= 2)
        for (int t = 0; t < half; t++)
            part[t] += part[t + half];
    return part[0];
}

// A [m][k], B [n][k]
static void times_transposed(int m, int n, int k, REAL alpha, const REAL *a, const REAL *b,
                             bool add, REAL *c)
{
    for (int i = 0; i < m; i++)
        for (int j = 0; j < n; j++) {
            REAL *to = c + (size_t)i * (size_t)n + j;
            REAL sum = alpha * inner(k, a + (size_t)i * (size_t)k, b + (size_t)j * (size_t)k);
            *to = add ? *to + sum : sum;
        }
}
