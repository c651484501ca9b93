// SPDX-License-Identifier: MIT
// What the kernel needs of math.h, as instructions of WebAssembly: there is no C library.
#ifndef BRINK_WASM_MATH_H
#define BRINK_WASM_MATH_H

#define HUGE_VAL       __builtin_huge_val()
#define NAN            __builtin_nanf("")
#define fabs(x)        __builtin_fabs(x)
#define sqrt(x)        __builtin_sqrt(x)
#define copysign(x, y) __builtin_copysign(x, y)
#define isfinite(x)    __builtin_isfinite(x)
#define isnan(x)       __builtin_isnan(x)

#endif
