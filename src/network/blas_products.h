// SPDX-License-Identifier: MIT
// The products of plain_pass.h by OpenBLAS; for a file that defines REAL and GEMM, a member of
// brink_blas.
#include <stdbool.h>

#include "blas.h"

#define NAME    "blas"
#define MEANING "one network at a time, by OpenBLAS: a check of our own products"
#define LIBRARY brink_blas_load

// ---- C = alpha A B, added to C if `add`

// A [m][k], B [k][n]
static void times(int m, int n, int k, REAL alpha, const REAL *a, const REAL *b, bool add, REAL *c)
{
    brink_blas.GEMM(BLAS_ROWS, BLAS_AS_IS, BLAS_AS_IS, m, n, k, alpha, a, k, b, n, add, c, n);
}

// A [k][m], B [k][n]
static void transposed_times(int m, int n, int k, REAL alpha, const REAL *a, const REAL *b,
                             bool add, REAL *c)
{
    brink_blas.GEMM(BLAS_ROWS, BLAS_TRANSPOSED, BLAS_AS_IS, m, n, k, alpha, a, m, b, n, add, c, n);
}

// A [m][k], B [n][k]
static void times_transposed(int m, int n, int k, REAL alpha, const REAL *a, const REAL *b,
                             bool add, REAL *c)
{
    brink_blas.GEMM(BLAS_ROWS, BLAS_AS_IS, BLAS_TRANSPOSED, m, n, k, alpha, a, k, b, k, add, c, n);
}
