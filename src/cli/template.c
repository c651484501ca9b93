// SPDX-License-Identifier: MIT
// The job script that `brink submit` fills in, taken in by the assembler from jobs/sweep.sbatch.
#include "template.h"

__asm__(".pushsection .rodata\n"
        ".global brink_template\n"
        "brink_template:\n"
        ".incbin \"jobs/sweep.sbatch\"\n"
        ".byte 0\n"
        ".popsection\n");
