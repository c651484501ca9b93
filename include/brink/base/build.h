// SPDX-License-Identifier: MIT
// Facts about this build: what a result says it comes from.
#ifndef BRINK_BASE_BUILD_H
#define BRINK_BASE_BUILD_H

// Counts changes of the arithmetic: two builds of the same kernel version give the same bits.
#define BRINK_KERNEL_VERSION 7

struct brink_build {
    const char *version;  // of the program, "0.1.0"
    const char *commit;   // of the sources, "unknown" outside a checkout, "+changes" appended
    const char *compiler; // name and version
    const char *flags;    // of the numerical code
};

const struct brink_build *brink_build(void);

#endif
