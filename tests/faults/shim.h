// SPDX-License-Identifier: MIT
// What the parts of the preloaded library know of each other.
#ifndef BRINK_TESTS_SHIM_H
#define BRINK_TESTS_SHIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Zeros that forks share.
void *shim_shared(size_t size);

// Counts and faults from here on, as SHIM_FOLDER, SHIM_FAULT, SHIM_ALLOC and SHIM_LOG say.
void shim_plan(const char *folder, const char *fault, const char *alloc, const char *log);

// The same for SHIM_ASK.
void shim_ask_plan(const char *ask);

// From here on no such call is counted: the program is over, and those that count for `make
// coverage` write down what they have seen.
void shim_ask_end(void);

// Counts a call of `function` that changes nothing. True: it shall fail, with errno set.
bool shim_ask_fails(const char *function, const void *caller);

// Logs a call with a number.
void shim_note(const char *call, const char *name, uint64_t number);

#endif
