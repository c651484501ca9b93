// SPDX-License-Identifier: MIT
// Scalars of a specification: numbers, words, and what a misspelt word was meant to be.
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
        return brink_yaml_fail(node, "%s: '%s' is not %s", path, quoted,
                               brink_range_words(range, words));
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

enum { WORD_MAX = 32 }; // longer words are near to nothing

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

// Insertions, deletions, replacements and swaps of neighbours that lead from `a` to `b`, capitals
// aside (Damerau's distance, optimal string alignment).
static int distance(const char *a, const char *b)
{
    int rows = (int)strlen(a), columns = (int)strlen(b);
    int d[WORD_MAX + 1][WORD_MAX + 1];
    for (int i = 0; i <= rows; i++)
        for (int j = 0; j <= columns; j++) {
            if (i == 0 || j == 0) {
                d[i][j] = i + j;
                continue;
            }
            int best = d[i - 1][j - 1] + (lower(a[i - 1]) != lower(b[j - 1]));
            best = d[i - 1][j] + 1 < best ? d[i - 1][j] + 1 : best;
            best = d[i][j - 1] + 1 < best ? d[i][j - 1] + 1 : best;
            if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                lower(a[i - 2]) == lower(b[j - 1]))
                best = d[i - 2][j - 2] + 1 < best ? d[i - 2][j - 2] + 1 : best;
            d[i][j] = best;
        }
    return d[rows][columns];
}

const char *brink_spec_nearest(const char *word, int count, const char *const candidates[])
{
    const char *nearest = NULL;
    size_t length = strlen(word);
    // One slip in a word of two or three letters, two in a longer one; only capitals in one letter.
    int least = length > 3 ? 3 : length > 1 ? 2 : 1;
    for (int i = 0; i < count && length <= WORD_MAX; i++) {
        int slips = strlen(candidates[i]) <= WORD_MAX ? distance(word, candidates[i]) : least;
        if (slips < least) {
            least = slips;
            nearest = candidates[i];
        }
    }
    return nearest;
}

brink_err brink_spec_unknown(const struct brink_yaml_node *at, const char *path, const char *what,
                             const char *word, int count, const char *const candidates[])
{
    char quoted[BRINK_YAML_QUOTE_MAX], known[512] = "";
    const char *nearest = brink_spec_nearest(word, count, candidates);
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
