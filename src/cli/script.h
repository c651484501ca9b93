// SPDX-License-Identifier: MIT
// Subcommands that are a script of analysis/: found beside the program, run in its place.
#ifndef BRINK_CLI_SCRIPT_H
#define BRINK_CLI_SCRIPT_H

#include <limits.h>
#include <stdbool.h>

#include "brink/base/error.h"

// Becomes `python3 analysis/NAME words[0] ...` (words end with NULL); returns only if it cannot:
// BRINK_ERR_IO when there is no such script near the program (../analysis in a build,
// ../share/brink/analysis installed) or no interpreter (PYTHON of the environment, else Debian's,
// else the first on PATH).
brink_err brink_script_run(const char *name, const char *const words[]);

// Is there a file of this name below the program's own folder? Then *path is where.
bool brink_script_beside(const char *name, char path[static PATH_MAX]);

#endif
