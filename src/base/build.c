// SPDX-License-Identifier: MIT
// Facts about this build, handed in by the Makefile.
#include "brink/base/build.h"

#ifdef __clang__
#define COMPILER "clang " __clang_version__
#else
#define COMPILER "gcc " __VERSION__
#endif

#if defined(__FMA__)
#define ISA "x86-64 with FMA"
#elif defined(__x86_64__)
#define ISA "x86-64"
#elif defined(__aarch64__)
#define ISA "aarch64"
#else
#define ISA "portable"
#endif

static const struct brink_build build = {
    .version = BRINK_VERSION,
    .commit = BRINK_COMMIT,
    .compiler = COMPILER,
    .flags = BRINK_FLAGS,
    .isa = ISA,
};

const struct brink_build *brink_build(void)
{
    return &build;
}
