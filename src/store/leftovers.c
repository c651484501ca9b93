// SPDX-License-Identifier: MIT
// The search for files that killed programs have left beside a result.
#include "leftovers.h"

#include <dirent.h>
#include <string.h>
#include <unistd.h>

#include "brink/base/text.h"

void brink_leftovers_remove(const char *prefix,
                            bool (*dead)(void *context, const char *name, const char *ending),
                            void *context)
{
    const char *slash = strrchr(prefix, '/'), *start = slash ? slash + 1 : prefix;
    struct brink_text folder = {0};
    brink_text_add(&folder, "%.*s.", (int)(start - prefix), prefix); // "x/." or "."
    DIR *list = folder.error ? NULL : opendir(brink_text_get(&folder));
    for (struct dirent *entry; list && (entry = readdir(list));) {
        struct brink_text name = {0};
        if (strncmp(entry->d_name, start, strlen(start)) != 0)
            continue;
        brink_text_add(&name, "%.*s%s", (int)(start - prefix), prefix, entry->d_name);
        if (!name.error && dead(context, name.data, entry->d_name + strlen(start)))
            unlink(name.data);
        brink_text_free(&name);
    }
    if (list)
        closedir(list);
    brink_text_free(&folder);
}
