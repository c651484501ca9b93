// SPDX-License-Identifier: MIT
// Error codes and the thread's note that goes with them.
#include "brink/base/error.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

static _Thread_local char note[4096];

static const struct {
    int exit_code;
    const char *meaning;
} errors[] = {{0, "done"},
#define BRINK_ERROR_ROW(name, exit_code, meaning) {exit_code, meaning},
              BRINK_ERRORS(BRINK_ERROR_ROW)
#undef BRINK_ERROR_ROW
};

brink_err brink_fail(brink_err code, const char *format, ...)
{
    // Formatted aside, so that the old note may be an argument of the new one.
    char words[sizeof note];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(words, sizeof words, format, arguments);
    va_end(arguments);
    snprintf(note, sizeof note, "%s", words);
    return code;
}

const char *brink_error_note(void)
{
    return note;
}

void brink_error_clear(void)
{
    note[0] = '\0';
}

int brink_exit_code(brink_err code)
{
    assert((size_t)code < sizeof errors / sizeof errors[0]);
    return errors[code].exit_code;
}

const char *brink_error_meaning(brink_err code)
{
    assert((size_t)code < sizeof errors / sizeof errors[0]);
    return errors[code].meaning;
}
