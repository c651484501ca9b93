// SPDX-License-Identifier: MIT
// Facts about owners that this host and its batch system know: processes and Slurm's jobs.
#include "owner_facts.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "brink/base/program.h"

// ---- this process

// The visible part of `text` up to its first blank.
static void set_word(char *word, size_t size, const char *text)
{
    size_t length = 0;
    for (; text && length + 1 < size && text[length] > ' ' && text[length] < 127; length++)
        word[length] = text[length];
    word[length] = '\0';
}

// The start of a small file, as text; false if there is none.
static bool read_start(const char *path, char *text, size_t size)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return false;
    ssize_t length = read(descriptor, text, size - 1);
    close(descriptor);
    text[length > 0 ? length : 0] = '\0';
    return length > 0;
}

// Start of process `pid` in clock ticks since boot; false if it cannot be seen. *zombie: it has
// ended, and only its number is left. See proc(5), /proc/PID/stat.
static bool process_start(long pid, char *start, size_t size, bool *zombie)
{
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    if (!read_start(path, text, sizeof text))
        return false;
    char *field = strrchr(text, ')'); // the end of field 2, the only one that may hold anything
    if (!field || strlen(field) < 3)
        return false;
    field += 2;
    *zombie = *field == 'Z' || *field == 'X';
    for (int i = 3; i < 22 && field; i++) {
        field = strchr(field, ' ');
        field = field ? field + 1 : NULL;
    }
    set_word(start, size, field);
    return start[0] != '\0';
}

brink_err brink_owner_self(struct brink_owner *self)
{
    char text[256];
    uint64_t random[2];
    bool zombie;
    *self = (struct brink_owner){.host = ""};
    if (gethostname(text, sizeof text - 1) == 0)
        set_word(self->host, sizeof self->host, text);
    if (read_start("/proc/sys/kernel/random/boot_id", text, sizeof text))
        set_word(self->boot, sizeof self->boot, text);
    ssize_t length = readlink("/proc/self/ns/pid", text, sizeof text - 1);
    text[length > 0 ? length : 0] = '\0';
    set_word(self->space, sizeof self->space, text);
    snprintf(self->pid, sizeof self->pid, "%ld", (long)getpid());
    if (!process_start((long)getpid(), self->start, sizeof self->start, &zombie))
        self->start[0] = '\0';
    set_word(self->cluster, sizeof self->cluster, getenv("SLURM_CLUSTER_NAME"));
    set_word(self->job, sizeof self->job, getenv("SLURM_JOB_ID"));
    // A requeued job keeps its id: "12.1" is the second start of job 12.
    const char *restarts = getenv("SLURM_RESTART_COUNT");
    const long starts = restarts ? strtol(restarts, NULL, 10) : 0;
    const size_t digits = strlen(self->job);
    if (digits > 0 && starts > 0)
        snprintf(self->job + digits, sizeof self->job - digits, ".%ld", starts);
    if (getentropy(random, sizeof random) != 0)
        return brink_fail(BRINK_ERR_IO, "no random numbers for a lease: %s", strerror(errno));
    snprintf(self->token, sizeof self->token, "%016" PRIx64 "%016" PRIx64, random[0], random[1]);
    return BRINK_OK;
}

// ---- processes

static bool equal_and_known(const char *a, const char *b)
{
    return a[0] && strcmp(a, b) == 0;
}

enum brink_life brink_owner_process(const struct brink_owner *owner, const struct brink_owner *self)
{
    char start[sizeof owner->start];
    bool zombie = false;
    long pid = strtol(owner->pid, NULL, 10);
    if (pid <= 0 || !equal_and_known(owner->host, self->host) ||
        !equal_and_known(owner->boot, self->boot) || !equal_and_known(owner->space, self->space))
        return BRINK_LIFE_UNKNOWN;
    // First, since /proc may hide the processes of others.
    if (kill((pid_t)pid, 0) != 0 && errno == ESRCH)
        return BRINK_LIFE_DEAD;
    if (!process_start(pid, start, sizeof start, &zombie) || !owner->start[0])
        return BRINK_LIFE_ALIVE;
    return zombie || strcmp(start, owner->start) != 0 ? BRINK_LIFE_DEAD : BRINK_LIFE_ALIVE;
}

// ---- jobs

// "12.1" into 12 and 1; false if it is no such word.
static bool read_job(const char *word, long *id, long *restarts)
{
    char *end;
    *id = strtol(word, &end, 10);
    *restarts = *end == '.' ? strtol(end + 1, &end, 10) : 0;
    return *id > 0 && *end == '\0';
}

enum brink_life brink_owner_job(const struct brink_owner *owner, const struct brink_owner *self)
{
    static const double seconds = 5;
    long id = 0, restarts = 0, own_id = 0, own_restarts = 0;
    char job[sizeof owner->job], answer[256];
    char program[] = "squeue", heading[] = "--noheader", which[] = "--jobs", what[] = "--format=%T";
    char *const arguments[] = {program, heading, which, job, what, NULL};
    if (!equal_and_known(owner->cluster, self->cluster) || !read_job(owner->job, &id, &restarts))
        return BRINK_LIFE_UNKNOWN;
    if (read_job(self->job, &own_id, &own_restarts) && id == own_id) // Slurm has ended that start
        return restarts < own_restarts ? BRINK_LIFE_DEAD : BRINK_LIFE_UNKNOWN;
    snprintf(job, sizeof job, "%ld", id);
    int status = brink_ask_program(arguments, seconds, answer, sizeof answer);
    bool over = status == 0 ? answer[strspn(answer, " \n")] == '\0'
                            : status > 0 && strstr(answer, "Invalid job id") != NULL;
    return over ? BRINK_LIFE_DEAD : BRINK_LIFE_UNKNOWN;
}
