// SPDX-License-Identifier: MIT
// The one allocator: zeroed, aligned, checked, and able to fail on demand.
#include "brink/base/memory.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
    ALIGNMENT = 64, // a cache line, and an AVX-512 vector
    HUGE_PAGE = 2 << 20,
};

static atomic_int_fast64_t fail_countdown;

void brink_alloc_fail_at(int64_t n)
{
    atomic_store(&fail_countdown, n);
}

static bool told_to_fail(void)
{
    return atomic_load(&fail_countdown) > 0 && atomic_fetch_sub(&fail_countdown, 1) == 1;
}

// NULL if there is no room. Large blocks ask for huge pages, before they are touched: a matrix has
// more small ones than a core remembers. Not to get them is no error.
static void *allocate(size_t bytes)
{
    bool large = bytes >= HUGE_PAGE;
    size_t alignment = large ? HUGE_PAGE : ALIGNMENT; // of which C11 wants a multiple
    size_t whole = (bytes + alignment - 1) / alignment * alignment;
    void *memory = aligned_alloc(alignment, whole);
    if (memory && large)
        madvise(memory, whole, MADV_HUGEPAGE);
    return memory;
}

brink_err brink_alloc(void *block, size_t count, size_t size)
{
    size_t bytes = 0, rounded = 0;
    void *memory = NULL;
    if (!brink_mul_size(count, size, &bytes) ||
        __builtin_add_overflow(bytes, (size_t)ALIGNMENT, &rounded) || rounded > PTRDIFF_MAX)
        return brink_fail(BRINK_ERR_MEMORY, "out of memory: %zu elements of %zu bytes", count,
                          size);
    rounded -= rounded % ALIGNMENT; // at least one element's room: bytes < rounded + ALIGNMENT
    rounded = rounded ? rounded : ALIGNMENT;
    if (!told_to_fail())
        memory = allocate(rounded);
    if (!memory)
        return brink_fail(BRINK_ERR_MEMORY, "out of memory: %zu bytes wanted", bytes);
    memset(memory, 0, rounded);
    memcpy(block, &memory, sizeof memory);
    return BRINK_OK;
}

void brink_free(void *block)
{
    void *memory = NULL;
    memcpy(&memory, block, sizeof memory);
    free(memory);
    memset(block, 0, sizeof memory);
}
