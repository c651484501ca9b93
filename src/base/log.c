// SPDX-License-Identifier: MIT
// Words for a person, on stderr.
#include "brink/base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static bool quiet, live;

void brink_say_quiet(bool value)
{
    quiet = value;
}

bool brink_say_terminal(void)
{
    return isatty(STDERR_FILENO) == 1;
}

static void end_live(void)
{
    if (live)
        fputc('\n', stderr);
    live = false;
}

void brink_say(const char *format, ...)
{
    if (quiet)
        return;
    end_live();
    char stamp[32];
    time_t now = time(NULL);
    struct tm utc;
    strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
    fprintf(stderr, "%s ", stamp);
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}

void brink_say_plain(const char *format, ...)
{
    if (quiet)
        return;
    end_live();
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}

void brink_say_live(const char *format, ...)
{
    if (quiet || !brink_say_terminal())
        return;
    va_list arguments;
    va_start(arguments, format);
    fputc('\r', stderr);
    vfprintf(stderr, format, arguments);
    fputs("\033[K", stderr);
    va_end(arguments);
    fflush(stderr);
    live = true;
}

void brink_say_error(const char *format, ...)
{
    char words[8192];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(words, sizeof words, format, arguments);
    va_end(arguments);
    end_live();
    // One write, so that lines of several ranks do not mix.
    fprintf(stderr, "brink: %s\n", words);
}
