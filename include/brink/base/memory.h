// SPDX-License-Identifier: MIT
// Checked sizes and the one allocator of the program.
#ifndef BRINK_BASE_MEMORY_H
#define BRINK_BASE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "brink/base/error.h"

// Products and sums that say when they do not fit; *result is unspecified then.
static inline bool brink_mul_size(size_t a, size_t b, size_t *result)
{
    return !__builtin_mul_overflow(a, b, result);
}
static inline bool brink_mul_i64(int64_t a, int64_t b, int64_t *result)
{
    return !__builtin_mul_overflow(a, b, result);
}

// Sets *block (a pointer to any object pointer) to `count` zeroed elements of `size` bytes;
// count 0 gives a valid block. BRINK_ERR_MEMORY, with a note, when there is no room. Release with
// brink_free. Aligned to 64 bytes.
brink_err brink_alloc(void *block, size_t count, size_t size) BRINK_CHECKED;

// Releases *block and sets it to NULL; *block may be NULL.
void brink_free(void *block);

// For fault tests: the n-th brink_alloc from now on fails (0: none does).
void brink_alloc_fail_at(int64_t n);

#endif
