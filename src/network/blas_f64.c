// SPDX-License-Identifier: MIT
// The engine on OpenBLAS in double precision.
#define REAL      double
#define PRECISION BRINK_F64_NET
#define GEMM      dgemm
#define ENGINE    brink_engine_blas_f64
#include "blas_products.h"
// after the products it is made of
#include "plain_pass.h"
// after the passes it differentiates
#include "plain_hessian.h"
// after both
#include "plain_engine.h"
