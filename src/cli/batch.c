// SPDX-License-Identifier: MIT
// The jobs that were submitted for a result, and what Slurm says of them.
#include "batch.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "brink/base/memory.h"
#include "brink/base/program.h"

enum { JOBS_MAX = 64, ID_BYTES = 32, ANSWER_BYTES = 1 << 18 };

// All that is known: ids from the file, the queue's lines "id state left".
struct jobs {
    int count;
    char id[JOBS_MAX][ID_BYTES]; // the latest
    char *queue;                 // owned; "" where there is no squeue
};

static brink_err jobs_path(const char *result, struct brink_text *path)
{
    brink_text_add(path, "%s.jobs", result);
    return path->error;
}

brink_err brink_batch_note(const char *result, const char *id)
{
    struct brink_text path = {0};
    char date[32];
    time_t now = time(NULL);
    struct tm utc;
    brink_err error = jobs_path(result, &path);
    if (error)
        return error;
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
    FILE *file = fopen(path.data, "a");
    bool written = file && fprintf(file, "%s %s\n", id, date) > 0;
    if (file && fclose(file) != 0)
        written = false;
    if (!written)
        error = brink_fail(BRINK_ERR_IO, "%s: cannot write: %s", path.data, strerror(errno));
    brink_text_free(&path);
    return error;
}

static void read_ids(const char *path, struct jobs *jobs)
{
    FILE *file = fopen(path, "r");
    char line[256];
    while (file && fgets(line, sizeof line, file)) {
        size_t length = strspn(line, "0123456789");
        if (length == 0 || length >= ID_BYTES)
            continue;
        if (jobs->count == JOBS_MAX)
            memmove(jobs->id[0], jobs->id[1], (size_t)--jobs->count * ID_BYTES);
        memcpy(jobs->id[jobs->count], line, length);
        jobs->id[jobs->count++][length] = '\0';
    }
    if (file)
        fclose(file);
}

static void open_jobs(const char *result, struct jobs *jobs)
{
    static const double patience = 5;
    char program[] = "squeue", heading[] = "--noheader", mine[] = "--me",
         what[] = "--format=%i %T %L";
    char *const arguments[] = {program, heading, mine, what, NULL};
    struct brink_text path = {0};
    *jobs = (struct jobs){.count = 0};
    if (jobs_path(result, &path) == BRINK_OK)
        read_ids(path.data, jobs);
    brink_text_free(&path);
    if (jobs->count == 0 || brink_alloc(&jobs->queue, ANSWER_BYTES, 1) != BRINK_OK)
        return;
    if (brink_ask_program(arguments, patience, jobs->queue, ANSWER_BYTES) != 0)
        jobs->queue[0] = '\0';
}

// Of the queue's next line that is of job `id` or a task of it: the words; false if there is none.
static bool next_task(const char **at, const char *id, char task[ID_BYTES], char state[32],
                      char left[32])
{
    size_t length = strlen(id);
    while (**at) {
        const char *line = *at;
        *at += strcspn(line, "\n");
        *at += **at == '\n';
        bool same = strncmp(line, id, length) == 0 && (line[length] == ' ' || line[length] == '_');
        if (same && sscanf(line, "%31s %31s %31s", task, state, left) == 3)
            return true;
    }
    return false;
}

void brink_batch_print(const char *result)
{
    struct jobs jobs;
    char task[ID_BYTES], state[32], left[32];
    open_jobs(result, &jobs);
    for (int i = 0; i < jobs.count; i++) {
        const char *at = jobs.queue ? jobs.queue : "";
        bool queued = false;
        for (; next_task(&at, jobs.id[i], task, state, left); queued = true)
            printf("job       %s: %s, time left %s\n", task, state, left);
        if (!queued && i + 1 == jobs.count)
            printf("job       %s: not in the queue\n", jobs.id[i]);
    }
    brink_free(&jobs.queue);
}

void brink_batch_json(const char *result, struct brink_text *json)
{
    struct jobs jobs;
    char task[ID_BYTES], state[32], left[32];
    const char *between = "";
    open_jobs(result, &jobs);
    brink_text_add(json, ", \"jobs\": [");
    for (int i = 0; i < jobs.count; i++) {
        const char *at = jobs.queue ? jobs.queue : "";
        for (; next_task(&at, jobs.id[i], task, state, left); between = ", ")
            brink_text_add(json, "%s{\"id\": \"%s\", \"state\": \"%s\", \"left\": \"%s\"}", between,
                           task, state, left);
    }
    brink_text_add(json, "]");
    brink_free(&jobs.queue);
}
