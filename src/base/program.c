// SPDX-License-Identifier: MIT
// Asking another program, and waiting for its answer only so long.
#include "brink/base/program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double clock_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

// Reads to the end, cut to `size`, for `seconds` at most; false if the end did not come.
static bool read_all(int descriptor, double seconds, char *text, size_t size)
{
    double end = clock_now() + seconds;
    size_t length = 0;
    char rest[256];
    for (;;) {
        struct pollfd wait = {.fd = descriptor, .events = POLLIN};
        int left = (int)((end - clock_now()) * 1000);
        if (left <= 0)
            return false;
        if (poll(&wait, 1, left) <= 0)
            continue; // interrupted, or the time is up
        bool room = length + 1 < size;
        ssize_t got = room ? read(descriptor, text + length, size - 1 - length)
                           : read(descriptor, rest, sizeof rest);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        length += room ? (size_t)got : 0;
    }
    text[length] = '\0';
    return true;
}

static bool start_program(char *const arguments[], int output, pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    if (posix_spawn_file_actions_init(&actions) != 0)
        return false;
    bool started = posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO) == 0 &&
                   posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO) == 0 &&
                   posix_spawnp(pid, arguments[0], &actions, NULL, arguments, environ) == 0;
    posix_spawn_file_actions_destroy(&actions);
    return started;
}

int brink_ask_program(char *const arguments[], double seconds, char *answer, size_t size)
{
    int ends[2], status = -1;
    pid_t pid;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return -1;
    bool started = start_program(arguments, ends[1], &pid);
    close(ends[1]);
    if (started) {
        bool whole = read_all(ends[0], seconds, answer, size);
        if (!whole)
            kill(pid, SIGKILL);
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
            ;
        status = whole && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }
    close(ends[0]);
    return status;
}
