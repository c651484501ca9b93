// SPDX-License-Identifier: MIT
// Work on files that nobody vouches for, in a process of its own: HDF5 may crash or hang in them.
#include "isolate.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

// Address space, above what the largest tile and axes of a specification take; the shadow of a
// sanitizer is larger than any limit.
#ifdef __SANITIZE_ADDRESS__
static const rlim_t memory_max = RLIM_INFINITY;
#else
static const rlim_t memory_max = (rlim_t)6 << 30;
#endif
static const rlim_t patience = 120; // seconds of CPU time between beats

// What a child says about its end.
struct verdict {
    bool finished;
    brink_err error;
    char note[4096];
};

brink_err brink_share(void *block, size_t size)
{
    void *memory =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, (off_t)0);
    if (memory == MAP_FAILED)
        return brink_fail(BRINK_ERR_MEMORY, "out of memory: %zu bytes to share", size);
    memcpy(block, &memory, sizeof memory);
    return BRINK_OK;
}

void brink_unshare(void *block, size_t size)
{
    void *memory = NULL;
    memcpy(&memory, block, sizeof memory);
    if (memory)
        munmap(memory, size);
    memset(block, 0, sizeof memory);
}

void brink_isolated_beat(void *context)
{
    struct rusage used;
    struct rlimit limit;
    (void)context;
    if (getrusage(RUSAGE_SELF, &used) != 0 || getrlimit(RLIMIT_CPU, &limit) != 0)
        return;
    rlim_t seconds = (rlim_t)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) + patience;
    limit.rlim_cur = seconds < limit.rlim_max ? seconds : limit.rlim_max;
    (void)setrlimit(RLIMIT_CPU, &limit);
}

static void limit_memory(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur > memory_max) {
        limit.rlim_cur = limit.rlim_max < memory_max ? limit.rlim_max : memory_max;
        (void)setrlimit(RLIMIT_AS, &limit);
    }
}

static void be_child(brink_err (*work)(void *context), void *context, struct verdict *verdict)
{
    const struct rlimit none = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &none); // a crash is expected, and reported
    limit_memory();
    brink_isolated_beat(NULL);
    verdict->error = work(context);
    snprintf(verdict->note, sizeof verdict->note, "%s", brink_error_note());
    bool written = fflush(stdout) == 0 && !ferror(stdout);
    if (!written && !verdict->error) {
        verdict->error = BRINK_ERR_IO;
        snprintf(verdict->note, sizeof verdict->note, "cannot write to the standard output");
    }
    verdict->finished = true;
    exit(EXIT_SUCCESS);
}

static brink_err judge(const char *path, int status, const struct verdict *verdict)
{
    if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS && verdict->finished)
        return verdict->error ? brink_fail(verdict->error, "%s", verdict->note) : BRINK_OK;
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU)
        return brink_fail(BRINK_ERR_BAD_FILE,
                          "%s: damaged: HDF5 did not come to an end with it in %d minutes", path,
                          (int)patience / 60);
    if (WIFSIGNALED(status) && (WTERMSIG(status) == SIGINT || WTERMSIG(status) == SIGTERM))
        return brink_fail(BRINK_ERR_STOPPED, "%s: stopped by a signal", path);
    return brink_fail(BRINK_ERR_BAD_FILE, "%s: damaged: HDF5 crashed in it (%s)", path,
                      WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "left early");
}

brink_err brink_isolated(const char *path, brink_err (*work)(void *context), void *context)
{
    struct verdict *verdict = NULL;
    int status = 0;
    brink_err error = brink_share(&verdict, sizeof *verdict);
    if (error)
        return error;
    assert(verdict); // or there was an error
    fflush(NULL);    // or the child would print it again
    pid_t child = fork();
    if (child == 0)
        be_child(work, context, verdict);
    if (child < 0)
        error = brink_fail(BRINK_ERR_MEMORY, "cannot fork: %s", strerror(errno));
    while (!error && waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            error = brink_fail(BRINK_ERR_IO, "cannot wait for a child: %s", strerror(errno));
    if (!error)
        error = judge(path, status, verdict);
    brink_unshare(&verdict, sizeof *verdict);
    return error;
}
