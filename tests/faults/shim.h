// SPDX-License-Identifier: MIT
// What the two halves of the preloaded library know of each other.
#ifndef BRINK_TESTS_SHIM_H
#define BRINK_TESTS_SHIM_H

// Counts and faults from here on, as SHIM_FOLDER, SHIM_FAULT, SHIM_ALLOC and SHIM_LOG say.
void shim_plan(const char *folder, const char *fault, const char *alloc, const char *log);

#endif
