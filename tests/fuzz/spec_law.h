// SPDX-License-Identifier: MIT
// What holds for any text as a specification: refused with words, or read; then its resolved text
// is read as the same specification. On a machine with little memory, so that no input takes long.
#ifndef BRINK_TESTS_SPEC_LAW_H
#define BRINK_TESTS_SPEC_LAW_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "brink/base/memory.h"
#include "brink/sweep/spec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
// Every allocation comes here (the linker's --wrap): a piece larger than that is not to be had.
enum { PIECE_MAX = 1 << 15 };
brink_err __wrap_brink_alloc(void *block, size_t count, size_t size);
brink_err __real_brink_alloc(void *block, size_t count, size_t size) BRINK_CHECKED;
const char *__asan_default_options(void);

brink_err __wrap_brink_alloc(void *block, size_t count, size_t size)
{
    size_t bytes = 0;
    if (brink_mul_size(count, size, &bytes) && bytes > PIECE_MAX)
        return brink_fail(BRINK_ERR_MEMORY, "out of memory: %zu bytes wanted", bytes);
    return __real_brink_alloc(block, count, size);
}

// libyaml's buffers are large: a long quarantine costs more than all the rest. Who allocated is
// told by ASAN_OPTIONS=malloc_context_size=30, when a finding is run again.
const char *__asan_default_options(void)
{
    return "quarantine_size_mb=2:thread_local_quarantine_size_kb=64:malloc_context_size=0";
}

static inline void law(const char *text, size_t size, int override_count, char *const overrides[])
{
    struct brink_spec *spec = NULL, *again = NULL;
    brink_error_clear();
    brink_err error = brink_spec_parse("fuzz.yaml", text, size, override_count, overrides, &spec);
    if (error && (spec || !brink_error_note()[0]))
        abort(); // half a specification, or no words
    if (!error) {
        error = brink_spec_parse("again", spec->json, strlen(spec->json), 0, NULL, &again);
        bool same = !error && again->hash == spec->hash && strcmp(again->json, spec->json) == 0;
        if (!same && error != BRINK_ERR_MEMORY)
            abort();
    }
    brink_spec_free(&again);
    brink_spec_free(&spec);
}

#endif
