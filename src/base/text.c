// SPDX-License-Identifier: MIT
// A string that grows, for messages and JSON.
#include "brink/base/text.h"

#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "brink/base/memory.h"

static void reserve(struct brink_text *text, size_t more)
{
    if (text->error || text->length + more + 1 <= text->capacity)
        return;
    char *grown = NULL;
    size_t capacity = 2 * (text->length + more) + 64;
    text->error = brink_alloc(&grown, capacity, 1);
    if (text->error)
        return;
    if (text->data)
        memcpy(grown, text->data, text->length);
    brink_free(&text->data);
    text->data = grown;
    text->capacity = capacity;
}

void brink_text_add(struct brink_text *text, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length >= 0) {
        reserve(text, (size_t)length);
        if (!text->error) {
            vsnprintf(text->data + text->length, (size_t)length + 1, format, again);
            text->length += (size_t)length;
        }
    }
    va_end(again);
}

const char *brink_number_text(double value, char digits[BRINK_NUMBER_MAX])
{
    if (isnan(value) || isinf(value)) {
        snprintf(digits, BRINK_NUMBER_MAX, "%s", isnan(value) ? "nan" : value < 0 ? "-inf" : "inf");
    } else if (fabs(value) < 1e15 && value == rint(value)) {
        snprintf(digits, BRINK_NUMBER_MAX, "%.0f", value);
    } else {
        // Where 15 digits do not suffice, fewer do not, but for powers of two: there the doubles
        // below lie nearer than those above, so that more digits may miss what fewer hit.
        int exponent;
        snprintf(digits, BRINK_NUMBER_MAX, "%.15g", value);
        bool is_long = fabs(frexp(value, &exponent)) != 0.5 && strtod(digits, NULL) != value;
        for (int precision = is_long ? 16 : 1; precision <= 17; precision++) {
            snprintf(digits, BRINK_NUMBER_MAX, "%.*g", precision, value);
            if (strtod(digits, NULL) == value)
                break;
        }
    }
    return digits;
}

void brink_text_number(struct brink_text *text, double value)
{
    char digits[BRINK_NUMBER_MAX];
    brink_text_add(text, "%s", brink_number_text(value, digits));
}

void brink_text_json(struct brink_text *text, const char *string)
{
    brink_text_add(text, "\"");
    for (const unsigned char *c = (const unsigned char *)string; *c; c++) {
        if (*c == '"' || *c == '\\')
            brink_text_add(text, "\\%c", *c);
        else if (*c < 0x20 || *c == 0x7f)
            brink_text_add(text, "\\u%04x", *c);
        else
            brink_text_add(text, "%c", *c);
    }
    brink_text_add(text, "\"");
}

const char *brink_text_get(const struct brink_text *text)
{
    return text->data ? text->data : "";
}

void brink_text_free(struct brink_text *text)
{
    brink_free(&text->data);
    *text = (struct brink_text){0};
}

double brink_time_seconds(const char *text)
{
    double part[3] = {0}, days = 0;
    const char *at = text;
    size_t digits = strspn(at, "0123456789");
    bool dashed = digits > 0 && at[digits] == '-';
    int parts = 0;
    if (dashed) {
        days = strtod(at, NULL);
        at += digits + 1;
    }
    for (;;) {
        digits = strspn(at, "0123456789");
        if (digits == 0 || digits > 9 || parts == 3)
            return 0;
        part[parts++] = strtod(at, NULL);
        at += digits;
        if (*at != ':')
            break;
        at++;
    }
    if (at[strspn(at, " \n")] != '\0')
        return 0;
    if (dashed || parts == 3)
        return 86400 * days + 3600 * part[0] + 60 * part[1] + part[2];
    return 60 * part[0] + part[1];
}
