// SPDX-License-Identifier: MIT
// Finds a script of analysis/ and becomes its interpreter.
#include "script.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "brink/base/memory.h"

// From the folder of the program: a build, an installation, and a build one folder deeper.
static const char *const places[] = {"../analysis", "../share/brink/analysis", "../../analysis"};

// Is FOLDER-of-the-program/place/name there to read? `path` is set.
static bool find(const char *place, const char *name, char path[static PATH_MAX])
{
    char program[PATH_MAX / 2] = "";
    if (readlink("/proc/self/exe", program, sizeof program - 1) < 0)
        return false;
    if (setenv("BRINK", program, 1) != 0) // a script that runs brink runs this one
        return false;
    *strrchr(program, '/') = '\0'; // the link is absolute
    int length = snprintf(path, PATH_MAX, "%s/%s/%s", program, place, name);
    return length < PATH_MAX && access(path, R_OK) == 0;
}

static bool find_script(const char *name, char path[static PATH_MAX])
{
    bool found = false;
    for (size_t i = 0; !found && i < sizeof places / sizeof places[0]; i++)
        found = find(places[i], name, path);
    return found;
}

bool brink_script_beside(const char *name, char path[static PATH_MAX])
{
    return find(".", name, path);
}

brink_err brink_script_run(const char *name, const char *const words[])
{
    char path[PATH_MAX];
    char **line = NULL;
    int count = 0;
    if (!find_script(name, path))
        return brink_fail(BRINK_ERR_IO,
                          "%s: not found in ../analysis or ../share/brink/analysis "
                          "beside this program: use make install, or run the script",
                          name);
    while (words[count])
        count++;
    brink_err error = brink_alloc(&line, (size_t)count + 3, sizeof line[0]);
    if (error)
        return error;
    const char *python = getenv("PYTHON"), *debian = "/usr/bin/python3";
    if (!python || !python[0])
        python = access(debian, X_OK) == 0 ? debian : "python3";
    // execvp takes what it never writes as char *.
    memcpy(&line[0], &python, sizeof python);
    line[1] = path;
    memcpy(&line[2], words, (size_t)count * sizeof words[0]);
    execvp(python, line);
    error = brink_fail(BRINK_ERR_IO, "cannot run %s: %s", python, strerror(errno));
    brink_free(&line);
    return error;
}
