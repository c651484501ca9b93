// SPDX-License-Identifier: MIT
// Asking another program, and waiting for its answer only so long.
#ifndef BRINK_BASE_PROGRAM_H
#define BRINK_BASE_PROGRAM_H

#include <stddef.h>

// Runs arguments[0], found on PATH, and returns its exit code, with what it says on either stream
// in answer[size], cut and ended by NUL; -1 if it cannot be started, is ended by a signal, or takes
// longer than `seconds`: then it is killed. `arguments` ends with NULL.
int brink_ask_program(char *const arguments[], double seconds, char *answer, size_t size);

#endif
