// SPDX-License-Identifier: MIT
// A failed assertion ends the worker, and the page says so.
#undef assert
#define assert(truth) ((truth) ? (void)0 : __builtin_trap())
