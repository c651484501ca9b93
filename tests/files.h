// SPDX-License-Identifier: MIT
// Small files for tests, all in one temporary folder.
#ifndef BRINK_TESTS_FILES_H
#define BRINK_TESTS_FILES_H

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "unit.h"

static char folder[64];

// "FOLDER/NAME", in a static buffer of which there are a few.
static inline const char *in_folder(const char *name)
{
    static char paths[4][256];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static inline int files_in(const char *path)
{
    char command[512], answer[16] = "";
    snprintf(command, sizeof command, "ls -A '%s' | wc -l", path);
    FILE *pipe = popen(command, "r");
    ck_assert(pipe && fgets(answer, sizeof answer, pipe));
    pclose(pipe);
    return atoi(answer);
}

// The bytes of a file; *length are owned by the caller (free).
static inline unsigned char *slurp(const char *path, size_t *length)
{
    FILE *file = fopen(path, "rb");
    ck_assert_msg(file != NULL, "%s: %s", path, strerror(errno));
    struct stat status;
    ck_assert(fstat(fileno(file), &status) == 0);
    *length = (size_t)status.st_size;
    unsigned char *bytes = malloc(*length + 1);
    ck_assert(bytes && fread(bytes, 1, *length, file) == *length);
    fclose(file);
    return bytes;
}

static inline void spill(const char *path, const void *bytes, size_t length)
{
    FILE *file = fopen(path, "wb");
    ck_assert(file && fwrite(bytes, 1, length, file) == length);
    ck_assert(fclose(file) == 0);
}

#endif
