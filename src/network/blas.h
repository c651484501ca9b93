// SPDX-License-Identifier: MIT
// OpenBLAS, loaded when an engine first asks for it: no other brink has its 30 MB and its threads.
#ifndef BRINK_NETWORK_BLAS_H
#define BRINK_NETWORK_BLAS_H

#include "brink/base/error.h"

// CBLAS's numbers for its order and transposition.
enum { BLAS_ROWS = 101, BLAS_AS_IS = 111, BLAS_TRANSPOSED = 112 };

// C [m][n] = alpha A B + beta C, A and B as they are or transposed; rows are la, lb and lc apart.
typedef void blas_sgemm(int order, int a_is, int b_is, int m, int n, int k, float alpha,
                        const float *a, int la, const float *b, int lb, float beta, float *c,
                        int lc);
typedef void blas_dgemm(int order, int a_is, int b_is, int m, int n, int k, double alpha,
                        const double *a, int la, const double *b, int lb, double beta, double *c,
                        int lc);

// Filled by brink_blas_load.
struct brink_blas {
    blas_sgemm *sgemm;
    blas_dgemm *dgemm;
    char name[96]; // "OpenBLAS 0.3.21 SkylakeX": its version and the CPU core it has code for
};
extern struct brink_blas brink_blas;

// Loads libopenblas.so.0, at the first call of all threads, to work on the calling thread alone;
// *name is that of brink_blas. BRINK_ERR_USAGE, with what to install, if there is none that can.
brink_err brink_blas_load(const char **name) BRINK_CHECKED;

#endif
