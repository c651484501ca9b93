// SPDX-License-Identifier: MIT
// A small valid specification, and its parsing with one override.
#ifndef BRINK_TESTS_SPEC_TEXT_H
#define BRINK_TESTS_SPEC_TEXT_H

#include <stdio.h>
#include <string.h>

#include "brink/sweep/spec.h"
#include "unit.h"

static const char small[] = "model: regularity\n"
                            "axes:\n"
                            "  lr: {min: 0.1, max: 1, num: 4}\n"
                            "fixed: {dor: 1, x0: 4, y0: 0.5}\n";

static inline brink_err parse_with(const char *text, const char *override, struct brink_spec **spec)
{
    char *overrides[1] = {NULL};
    char words[256] = "";
    if (override) {
        snprintf(words, sizeof words, "%s", override);
        overrides[0] = words;
    }
    return brink_spec_parse("test.yaml", text, strlen(text), override != NULL, overrides, spec);
}

static inline struct brink_spec *parse(const char *text)
{
    struct brink_spec *spec = NULL;
    ck_assert_ok(parse_with(text, NULL, &spec));
    return spec;
}

#endif
