// SPDX-License-Identifier: MIT
// Scalars of a specification: numbers and words.
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "brink/base/nearest.h"
#include "spec_reader.h"

// ---- numbers

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

// Skips digits; *any if there is one, *nonzero if one is not 0.
static const char *skip_digits(const char *c, bool *any, bool *nonzero)
{
    for (; is_digit(*c); c++) {
        *any = true;
        *nonzero = *nonzero || *c != '0';
    }
    return c;
}

enum brink_number brink_number_parse(const char *text, double *value)
{
    // strtod reads more than this: blanks, hexadecimal, "nan", "inf", and it stops at rubbish.
    bool any = false, nonzero = false, exponent = false, unused = false;
    const char *c = text + (*text == '+' || *text == '-');
    c = skip_digits(c, &any, &nonzero);
    if (*c == '.')
        c = skip_digits(c + 1, &any, &nonzero);
    if (any && (*c == 'e' || *c == 'E')) {
        c += 1 + (c[1] == '+' || c[1] == '-');
        c = skip_digits(c, &exponent, &unused);
        any = exponent;
    }
    if (!any || *c != '\0')
        return BRINK_NUMBER_NONE;
    *value = strtod(text, NULL);
    if (isinf(*value))
        return BRINK_NUMBER_HUGE;
    return *value == 0 && nonzero ? BRINK_NUMBER_TINY : BRINK_NUMBER_OK;
}

static bool has_decimal_comma(const char *text)
{
    const char *comma = strchr(text, ',');
    return comma && comma > text && is_digit(comma[-1]) && is_digit(comma[1]);
}

const char *brink_range_words(const struct brink_range *range, char words[static BRINK_RANGE_MAX])
{
    char min[BRINK_NUMBER_MAX], max[BRINK_NUMBER_MAX];
    const char *kind = range->integer ? "a whole number" : "a number";
    brink_number_text(range->min, min);
    brink_number_text(range->max, max);
    bool bounded = range->max < DBL_MAX;
    if (!bounded)
        snprintf(words, BRINK_RANGE_MAX, "%s %s %s", kind, range->min_excluded ? ">" : ">=", min);
    else if (range->min_excluded)
        snprintf(words, BRINK_RANGE_MAX, "%s > %s and <= %s", kind, min, max);
    else
        snprintf(words, BRINK_RANGE_MAX, "%s from %s to %s", kind, min, max);
    return words;
}

brink_err brink_spec_in_range(const struct brink_yaml_node *at, const char *path,
                              const struct brink_range *range, double value)
{
    bool above = range->min_excluded ? value > range->min : value >= range->min;
    if (above && value <= range->max && !(range->integer && value != rint(value)))
        return BRINK_OK;
    char digits[BRINK_NUMBER_MAX], words[BRINK_RANGE_MAX];
    return brink_yaml_fail(at, "%s: %s is not %s", path, brink_number_text(value, digits),
                           brink_range_words(range, words));
}

brink_err brink_spec_number(const struct brink_yaml_node *node, const char *path,
                            const struct brink_range *range, double *value)
{
    char quoted[BRINK_YAML_QUOTE_MAX], words[BRINK_RANGE_MAX];
    if (node->kind != BRINK_YAML_SCALAR)
        return brink_yaml_fail(node, "%s: %s where %s is needed", path, brink_yaml_kind_name(node),
                               brink_range_words(range, words));
    brink_yaml_quote(node->text, quoted);
    if (!node->plain)
        return brink_yaml_fail(node, "%s: \"%s\" is text where %s is needed: leave out the quotes",
                               path, quoted, brink_range_words(range, words));
    switch (brink_number_parse(node->text, value)) {
    case BRINK_NUMBER_NONE:
        return brink_yaml_fail(node, "%s: '%s' is not %s%s", path, quoted,
                               brink_range_words(range, words),
                               has_decimal_comma(node->text) ? ": write a point, no comma" : "");
    case BRINK_NUMBER_HUGE:
        return brink_yaml_fail(node, "%s: %s is too large for a double", path, quoted);
    case BRINK_NUMBER_TINY:
        return brink_yaml_fail(node, "%s: %s is too small for a double", path, quoted);
    case BRINK_NUMBER_OK:
        break;
    }
    return brink_spec_in_range(node, path, range, *value);
}

// ---- words

brink_err brink_spec_word(const struct brink_yaml_node *node, const char *path, const char **word)
{
    if (node->kind != BRINK_YAML_SCALAR)
        return brink_yaml_fail(node, "%s: %s where a word is needed", path,
                               brink_yaml_kind_name(node));
    *word = node->text;
    return BRINK_OK;
}

brink_err brink_spec_unknown(const struct brink_yaml_node *at, const char *path, const char *what,
                             const char *word, int count, const char *const candidates[])
{
    char quoted[BRINK_YAML_QUOTE_MAX], known[512] = "";
    const char *nearest = brink_nearest_word(word, count, candidates);
    const char *separator = path[0] ? ": " : "";
    brink_yaml_quote(word, quoted);
    if (nearest)
        return brink_yaml_fail(at, "%s%sunknown %s '%s'; did you mean '%s'?", path, separator, what,
                               quoted, nearest);
    size_t length = 0;
    for (int i = 0; i < count && length < sizeof known; i++)
        length += (size_t)snprintf(known + length, sizeof known - length, "%s%s", i ? ", " : "",
                                   candidates[i]);
    return brink_yaml_fail(at, "%s%sunknown %s '%s'; known: %s", path, separator, what, quoted,
                           known);
}
