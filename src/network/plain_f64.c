// SPDX-License-Identifier: MIT
// The plain engine in double precision.
#define REAL      double
#define PRECISION BRINK_F64_NET
#define ENGINE    brink_engine_plain_f64
#include "plain_products.h"
// after the products it is made of
#include "plain_pass.h"
// after the passes it differentiates
#include "plain_hessian.h"
// after both
#include "plain_engine.h"
