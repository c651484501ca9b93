// SPDX-License-Identifier: MIT
// A string that grows, for messages and JSON.
#ifndef BRINK_BASE_TEXT_H
#define BRINK_BASE_TEXT_H

#include <stddef.h>

#include "brink/base/error.h"

// A zeroed struct is an empty text. `data` is owned, NUL-terminated once anything was added, NULL
// before. The first failure to grow is kept in `error`, and later additions do nothing.
struct brink_text {
    char *data;
    size_t length, capacity;
    brink_err error;
};

void brink_text_add(struct brink_text *text, const char *format, ...) BRINK_PRINTF(2, 3);
// Adds `value` as the shortest decimal that reads back to the same double, whole numbers below 1e15
// without an exponent; "nan", "inf" as such.
void brink_text_number(struct brink_text *text, double value);
// Adds `string` quoted and escaped as JSON (RFC 8259); `string` is UTF-8.

// The same into a buffer; returns it.
#define BRINK_NUMBER_MAX 32
const char *brink_number_text(double value, char digits[BRINK_NUMBER_MAX]);

void brink_text_json(struct brink_text *text, const char *string);

// Seconds of a time in the forms of Slurm: minutes, minutes:seconds, hours:minutes:seconds,
// days-hours, days-hours:minutes, days-hours:minutes:seconds. 0 if it is none.
double brink_time_seconds(const char *text);

const char *brink_text_get(const struct brink_text *text); // never NULL; borrowed
void brink_text_free(struct brink_text *text);

#endif
