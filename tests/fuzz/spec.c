// SPDX-License-Identifier: MIT
// Any bytes as a specification: refused with words, or read; then its resolved text is read as the
// same specification.
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "brink/sweep/spec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct brink_spec *spec = NULL, *again = NULL;
    brink_error_clear();
    brink_err error = brink_spec_parse("fuzz.yaml", (const char *)data, size, 0, NULL, &spec);
    if (error && (spec || !brink_error_note()[0]))
        abort(); // half a specification, or no words
    if (!error) {
        error = brink_spec_parse("again", spec->json, strlen(spec->json), 0, NULL, &again);
        if (error || again->hash != spec->hash || strcmp(again->json, spec->json) != 0)
            abort();
    }
    brink_spec_free(&again);
    brink_spec_free(&spec);
    return 0;
}
