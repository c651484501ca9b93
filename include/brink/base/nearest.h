// SPDX-License-Identifier: MIT
// What a misspelt word was meant to be.
#ifndef BRINK_BASE_NEAREST_H
#define BRINK_BASE_NEAREST_H

// The candidate a slip or two away from `word`, capitals aside, or NULL. Borrowed from candidates.
const char *brink_nearest_word(const char *word, int count, const char *const candidates[]);

#endif
