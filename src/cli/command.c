// SPDX-License-Identifier: MIT
// What the subcommands share: options, names, sizes.
#include "command.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "brink/base/memory.h"
#include "brink/base/text.h"

brink_err brink_command_misuse(const struct brink_command *self, char *const argv[])
{
    // getopt has moved past the offender, unless it is a cluster of short options.
    const char *word = optind > 0 ? argv[optind - 1] : "";
    return brink_fail(BRINK_ERR_USAGE,
                      "%s: bad option or missing value at '%s'; usage: brink %s %s", self->name,
                      word, self->name, self->usage);
}

void brink_command_print_help(const struct brink_command *self)
{
    printf("usage: brink %s %s\n\n%s.\n", self->name, self->usage, self->summary);
    if (self->help[0])
        printf("\n%s", self->help);
}

brink_err brink_command_result_path(const char *spec_path, const char *output, char **path)
{
    struct brink_text text = {0};
    if (output) {
        brink_text_add(&text, "%s", output);
    } else if (strcmp(spec_path, "-") == 0) {
        return brink_fail(BRINK_ERR_USAGE, "a specification from the standard input has no name to "
                                           "derive the result's from: give -o RESULT.h5");
    } else {
        const char *slash = strrchr(spec_path, '/');
        const char *name = slash ? slash + 1 : spec_path;
        const char *dot = strrchr(name, '.');
        int stem = dot && dot != name ? (int)(dot - name) : (int)strlen(name);
        brink_text_add(&text, "%.*s.h5", stem, name);
    }
    *path = text.data;
    return text.error;
}

brink_err brink_command_count(const char *option, const char *text, long long min, long long *value)
{
    char *end;
    errno = 0;
    *value = strtoll(text, &end, 10);
    if (end == text || *end || errno || *value < min)
        return brink_fail(BRINK_ERR_USAGE, "%s: '%s' is not a whole number >= %lld", option, text,
                          min);
    return BRINK_OK;
}

brink_err brink_command_seconds(const char *option, const char *text, double *value)
{
    char *end;
    *value = strtod(text, &end);
    if (end == text || *end || !(*value > 0 && *value < 1e9))
        return brink_fail(BRINK_ERR_USAGE, "%s: '%s' is not a number of seconds > 0", option, text);
    return BRINK_OK;
}

const char *brink_command_bytes(double bytes, char text[32])
{
    static const char *const unit[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
    size_t i = 0;
    for (; bytes >= 999.5 && i + 1 < sizeof unit / sizeof unit[0]; i++)
        bytes /= 1000;
    snprintf(text, 32, i == 0 || bytes >= 99.95 ? "%.0f %s" : "%.1f %s", bytes, unit[i]);
    return text;
}
