// SPDX-License-Identifier: MIT
// What the kernel needs of string.h; replay.c has the functions.
#ifndef BRINK_WASM_STRING_H
#define BRINK_WASM_STRING_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t count);
void *memset(void *to, int byte, size_t count);
int strcmp(const char *a, const char *b);

#endif
