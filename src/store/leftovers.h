// SPDX-License-Identifier: MIT
// Files that killed programs have left beside a result.
#ifndef BRINK_STORE_LEFTOVERS_H
#define BRINK_STORE_LEFTOVERS_H

#include <stdbool.h>

// Removes each file whose name is `prefix` (a path) and an ending, if `dead` says that nobody needs
// it. Best effort: what cannot be seen or removed stays. Independent.
void brink_leftovers_remove(const char *prefix,
                            bool (*dead)(void *context, const char *name, const char *ending),
                            void *context);

#endif
