// SPDX-License-Identifier: MIT
// Words for a person, on stderr: timestamped lines, or one line that updates on a terminal.
#ifndef BRINK_BASE_LOG_H
#define BRINK_BASE_LOG_H

#include <stdbool.h>

#include "brink/base/error.h"

// A line "2026-11-21T22:11:12Z message" (UTC). Ends a live line first. Nothing when quiet.
void brink_say(const char *format, ...) BRINK_PRINTF(1, 2);
// Rewrites the live line on a terminal; does nothing when stderr is none, or when quiet.
void brink_say_live(const char *format, ...) BRINK_PRINTF(1, 2);
// A line without a time, for commands that answer at once. Nothing when quiet.
void brink_say_plain(const char *format, ...) BRINK_PRINTF(1, 2);
// "brink: message", always, after ending a live line: what ends the program.
void brink_say_error(const char *format, ...) BRINK_PRINTF(1, 2);
void brink_say_quiet(bool quiet);
bool brink_say_terminal(void); // is stderr a terminal?

#endif
