// SPDX-License-Identifier: MIT
// What a misspelt word was meant to be.
#include "brink/base/nearest.h"

#include <string.h>

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

const char *brink_nearest_word(const char *word, int count, const char *const candidates[])
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
