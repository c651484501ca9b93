// SPDX-License-Identifier: MIT
// The engine on OpenBLAS in single precision.
#define REAL      float
#define PRECISION BRINK_F32_NET
#define GEMM      sgemm
#define ENGINE    brink_engine_blas_f32
#include "blas_products.h"
// after the products it is made of
#include "plain_pass.h"
// after the passes it differentiates
#include "plain_hessian.h"
// after both
#include "plain_engine.h"
