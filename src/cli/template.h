// SPDX-License-Identifier: MIT
// The job script that `brink submit` fills in: the text of jobs/sweep.sbatch, in the program.
#ifndef BRINK_CLI_TEMPLATE_H
#define BRINK_CLI_TEMPLATE_H

extern const char brink_template[]; // ends with NUL

#endif
