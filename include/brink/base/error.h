// SPDX-License-Identifier: MIT
// What can go wrong in the world (disk, spec, memory): a code that travels up, words that stay.
#ifndef BRINK_BASE_ERROR_H
#define BRINK_BASE_ERROR_H

// name, exit code of the program, meaning. A bug is an assert, never one of these; mathematics
// that blows up is data. Two errors may share an exit code.
#define BRINK_ERRORS(X)                                                                            \
    X(BUG, 1, "internal error")                                                                    \
    X(USAGE, 2, "bad command line or sweep specification")                                         \
    X(IO, 3, "input or output failed")                                                             \
    X(MEMORY, 3, "out of memory")                                                                  \
    X(BAD_FILE, 4, "bad, damaged or incomplete file")                                              \
    X(LOCKED, 5, "the result is being written by another job")                                     \
    X(MISMATCH, 6, "the existing result is of another sweep")                                      \
    X(DIFFERS, 7, "compared and different")                                                        \
    X(STOPPED, 75, "stopped early: run again to resume")

typedef enum brink_err {
    BRINK_OK = 0,
#define BRINK_ERROR_ENUM(name, exit_code, meaning) BRINK_ERR_##name,
    BRINK_ERRORS(BRINK_ERROR_ENUM)
#undef BRINK_ERROR_ENUM
} brink_err;

// Every fallible function carries this: ignoring its result is a compile error.
#define BRINK_CHECKED         __attribute__((warn_unused_result))
#define BRINK_PRINTF(fmt, at) __attribute__((format(printf, fmt, at)))

// Replaces this thread's note by the formatted words and returns `code`:
//     return brink_fail(BRINK_ERR_IO, "%s: cannot open: %s", path, strerror(errno));
// A message names the file, the line and key where there are any, the value, and what to do.
brink_err brink_fail(brink_err code, const char *format, ...) BRINK_PRINTF(2, 3);

// This thread's note ("" if there is none). Borrowed; valid until the next brink_fail.
const char *brink_error_note(void);

// Forgets this thread's note.
void brink_error_clear(void);

// Exit code of the program for `code` (0 for BRINK_OK), and its meaning in a few words.
int brink_exit_code(brink_err code);
const char *brink_error_meaning(brink_err code);

#endif
