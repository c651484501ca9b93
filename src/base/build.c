// SPDX-License-Identifier: MIT
// Facts about this build, handed in by the Makefile.
#include "brink/base/build.h"

#ifdef __clang__
#define COMPILER "clang " __clang_version__
#else
#define COMPILER "gcc " __VERSION__
#endif

static const struct brink_build build = {
    .version = BRINK_VERSION,
    .commit = BRINK_COMMIT,
    .compiler = COMPILER,
    .flags = BRINK_FLAGS,
};

const struct brink_build *brink_build(void)
{
    return &build;
}
