// SPDX-License-Identifier: MIT
// Preloaded into brink, counts every call that changes the disk under one folder, and every
// allocation of brink's own: logs them, lets one fail, or kills the process there. A program and
// those that it forks count together, in the order of their calls.
//
//   SHIM_FOLDER  files below it count (absolute, without links)
//   SHIM_LOG     each call that was made is appended to this file, see struct record
//   SHIM_RANK    the rank whose calls fail or kill [0]
//   SHIM_FAULT   N HOW: at the N-th call (from 1)
//                kill          SIGKILL instead of the call
//                half          half of a write is made, then SIGKILL
//                short         half of a write is made and reported; other calls are just made
//                once ERRNO    this call fails
//                ever ERRNO    this call and all later ones fail
//   SHIM_ALLOC   N: the N-th allocation fails, which is logged
#include "shim.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

// A call in the log: `name_length` bytes of its file's name in the folder, `more_length` bytes of
// the second name (link, rename) or of the data written.
struct record {
    char call[12];
    int32_t rank, result;
    uint64_t offset, length; // of a write, of an allocation; new size
    uint32_t name_length, more_length;
};

static struct {
    char folder[PATH_MAX];
    size_t length;
    int log, rank, error;
    long at, alloc_at;
    enum { NOTHING, KILL, HALF, SHORT, ONCE, EVER } how;
} plan = {.log = -1};
static struct {
    long calls, allocations;
} * counts; // in memory that forks share
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

enum { FILES = 1024 };
static char *names[FILES]; // by descriptor: name in the folder, NULL if it is not ours

#define REAL(function)                                                                             \
    static __typeof__(&function) real;                                                             \
    if (!real)                                                                                     \
    *(void **)&real = dlsym(RTLD_NEXT, #function)

static void read_fault(const char *text)
{
    static const char *const ways[] = {"", "kill", "half", "short", "once", "ever"};
    char way[16] = "";
    if (!text || sscanf(text, "%ld %15s %d", &plan.at, way, &plan.error) < 2)
        return;
    for (unsigned i = KILL; i <= EVER; i++)
        if (strcmp(way, ways[i]) == 0)
            plan.how = i;
}

void *shim_shared(size_t size)
{
    void *memory =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, (off_t)0);
    if (memory == MAP_FAILED)
        abort();
    return memory;
}

void shim_plan(const char *folder, const char *fault, const char *alloc, const char *log)
{
    counts = shim_shared(sizeof *counts);
    snprintf(plan.folder, sizeof plan.folder, "%s/", folder);
    plan.length = strlen(plan.folder);
    read_fault(fault);
    plan.alloc_at = alloc ? atol(alloc) : 0;
    if (log && log[0])
        plan.log = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
}

__attribute__((constructor)) static void start(void)
{
    const char *folder = getenv("SHIM_FOLDER"), *log = getenv("SHIM_LOG");
    const char *rank = getenv("OMPI_COMM_WORLD_RANK"), *wanted = getenv("SHIM_RANK");
    plan.rank = rank ? atoi(rank) : 0;
    bool hit = plan.rank == (wanted ? atoi(wanted) : 0);
    shim_plan(folder ? folder : "/nowhere", hit ? getenv("SHIM_FAULT") : NULL,
              hit ? getenv("SHIM_ALLOC") : NULL, log);
    shim_ask_plan(hit ? getenv("SHIM_ASK") : NULL);
}

// The part of an absolute or relative path below the folder, NULL if it is elsewhere. Static.
static const char *inside(const char *path)
{
    static _Thread_local char whole[2 * PATH_MAX];
    char here[PATH_MAX];
    if (path[0] == '/')
        snprintf(whole, sizeof whole, "%s", path);
    else if (getcwd(here, sizeof here))
        snprintf(whole, sizeof whole, "%s/%s", here, strcmp(path, ".") == 0 ? "" : path);
    else
        return NULL;
    if (strncmp(whole, plan.folder, plan.length - 1) != 0 ||
        (whole[plan.length - 1] != '/' && whole[plan.length - 1] != '\0'))
        return NULL;
    return whole[plan.length - 1] == '\0' ? "" : whole + plan.length;
}

static const char *name_of(int descriptor)
{
    return descriptor >= 0 && descriptor < FILES ? names[descriptor] : NULL;
}

// Counts a call. False: it shall fail, with errno set. *half: only half of its bytes.
static bool allowed(bool *half)
{
    long number = __atomic_add_fetch(&counts->calls, 1, __ATOMIC_SEQ_CST);
    *half = false;
    if (plan.how == NOTHING || number < plan.at || (number > plan.at && plan.how != EVER))
        return true;
    if (plan.how == KILL)
        raise(SIGKILL);
    *half = plan.how == HALF || plan.how == SHORT;
    errno = plan.error;
    return *half;
}

// Only after the call: a sync that is logged later than a write covers it.
static void note(const char *call, const char *name, const void *more, size_t more_length,
                 uint64_t offset, uint64_t length, int result)
{
    int before = errno;
    struct record record = {.rank = plan.rank,
                            .result = result,
                            .offset = offset,
                            .length = length,
                            .name_length = (uint32_t)strlen(name),
                            .more_length = (uint32_t)more_length};
    snprintf(record.call, sizeof record.call, "%s", call);
    union {
        const void *in;
        void *out;
    } second = {.in = more}, first = {.in = name};
    struct iovec parts[3] = {{&record, sizeof record},
                             {first.out, record.name_length},
                             {second.out, record.more_length}};
    if (plan.log >= 0 && writev(plan.log, parts, more_length ? 3 : 2) < 0)
        abort();
    errno = before;
}

void shim_note(const char *call, const char *name, uint64_t number)
{
    note(call, name, NULL, 0, number, 0, 0);
}

// ---- opening and closing

static void remember(int descriptor, const char *name)
{
    if (descriptor < 0 || descriptor >= FILES)
        return;
    pthread_mutex_lock(&mutex);
    free(names[descriptor]);
    names[descriptor] = name ? strdup(name) : NULL;
    pthread_mutex_unlock(&mutex);
}

static int opened(int (*real)(const char *, int, ...), const char *path, int flags, mode_t mode,
                  const void *caller)
{
    const char *name = inside(path);
    bool writes = name && (flags & O_ACCMODE) != O_RDONLY, half;
    if (writes ? !allowed(&half) : shim_ask_fails("open", caller))
        return -1;
    int descriptor = real(path, flags, mode);
    remember(descriptor, name);
    if (writes)
        note(flags & O_CREAT ? "create" : "open", name, NULL, 0, (uint64_t)flags, 0, descriptor);
    return descriptor;
}

#define OPEN(function)                                                                             \
    int function(const char *path, int flags, ...);                                                \
    int function(const char *path, int flags, ...)                                                 \
    {                                                                                              \
        REAL(function);                                                                            \
        va_list arguments;                                                                         \
        va_start(arguments, flags);                                                                \
        mode_t mode = flags & O_CREAT ? va_arg(arguments, mode_t) : 0;                             \
        va_end(arguments);                                                                         \
        return opened(real, path, flags, mode, __builtin_return_address(0));                       \
    }
OPEN(open)
OPEN(open64)

int close(int descriptor)
{
    REAL(close);
    remember(descriptor, NULL);
    return real(descriptor);
}

// ---- reading: only ferror() tells a failure from the end

size_t fread(void *data, size_t size, size_t count, FILE *file)
{
    REAL(fread);
    if (shim_ask_fails("fread", __builtin_return_address(0))) {
        file->_flags |= _IO_ERR_SEEN;
        return 0;
    }
    return real(data, size, count, file);
}

// ---- writing

#define PWRITE(function, type)                                                                     \
    ssize_t function(int descriptor, const void *data, size_t count, type offset)                  \
    {                                                                                              \
        REAL(function);                                                                            \
        const char *name = name_of(descriptor);                                                    \
        bool half = false;                                                                         \
        if (name && !allowed(&half))                                                               \
            return -1;                                                                             \
        if (half)                                                                                  \
            count = (count + 1) / 2;                                                               \
        ssize_t put = real(descriptor, data, count, offset);                                       \
        if (half && plan.how == HALF)                                                              \
            raise(SIGKILL);                                                                        \
        if (name && put > 0)                                                                       \
            note("write", name, data, (size_t)put, (uint64_t)offset, (uint64_t)put, 0);            \
        return put;                                                                                \
    }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

ssize_t write(int descriptor, const void *data, size_t count)
{
    REAL(write);
    const char *name = name_of(descriptor);
    bool half = false;
    if (name && !allowed(&half))
        return -1;
    if (half)
        count = (count + 1) / 2;
    off_t offset = name ? lseek(descriptor, 0, SEEK_CUR) : 0;
    ssize_t put = real(descriptor, data, count);
    if (half && plan.how == HALF)
        raise(SIGKILL);
    if (name && put > 0)
        note("write", name, data, (size_t)put, (uint64_t)offset, (uint64_t)put, 0);
    return put;
}

#define SYNC(function)                                                                             \
    int function(int descriptor)                                                                   \
    {                                                                                              \
        REAL(function);                                                                            \
        const char *name = name_of(descriptor);                                                    \
        bool half;                                                                                 \
        if (name && !allowed(&half))                                                               \
            return -1;                                                                             \
        if (name)                                                                                  \
            note("sync begins", name, NULL, 0, 0, 0, 0);                                           \
        int result = real(descriptor);                                                             \
        if (name)                                                                                  \
            note("sync", name, NULL, 0, 0, 0, result);                                             \
        return result;                                                                             \
    }
SYNC(fsync)
SYNC(fdatasync)

#define TRUNCATE(function, type)                                                                   \
    int function(int descriptor, type length)                                                      \
    {                                                                                              \
        REAL(function);                                                                            \
        const char *name = name_of(descriptor);                                                    \
        bool half;                                                                                 \
        if (name && !allowed(&half))                                                               \
            return -1;                                                                             \
        int result = real(descriptor, length);                                                     \
        if (name && result == 0)                                                                   \
            note("truncate", name, NULL, 0, 0, (uint64_t)length, 0);                               \
        return result;                                                                             \
    }
TRUNCATE(ftruncate, off_t)
TRUNCATE(ftruncate64, off64_t)

#define ALLOCATE(function, type)                                                                   \
    int function(int descriptor, int mode, type offset, type length)                               \
    {                                                                                              \
        REAL(function);                                                                            \
        const char *name = name_of(descriptor);                                                    \
        bool half;                                                                                 \
        if (name && !allowed(&half))                                                               \
            return -1;                                                                             \
        int result = real(descriptor, mode, offset, length);                                       \
        if (name && result == 0)                                                                   \
            note("allocate", name, NULL, 0, (uint64_t)offset, (uint64_t)length, 0);                \
        return result;                                                                             \
    }
ALLOCATE(fallocate, off_t)
ALLOCATE(fallocate64, off64_t)

// ---- names

static int named(const char *call, int (*real)(const char *, const char *), const char *from,
                 const char *to)
{
    char first[PATH_MAX];
    const char *name = inside(from);
    bool half;
    snprintf(first, sizeof first, "%s", name ? name : "");
    if (name && !allowed(&half))
        return -1;
    int result = real(from, to);
    if (name && result == 0 && (name = inside(to)))
        note(call, first, name, strlen(name), 0, 0, 0);
    return result;
}

int rename(const char *from, const char *to)
{
    REAL(rename);
    return named("rename", real, from, to);
}

int link(const char *from, const char *to)
{
    REAL(link);
    return named("link", real, from, to);
}

int unlink(const char *path)
{
    REAL(unlink);
    const char *name = inside(path);
    bool half;
    if (name && !allowed(&half))
        return -1;
    int result = real(path);
    if (name && result == 0)
        note("unlink", inside(path), NULL, 0, 0, 0, 0);
    return result;
}

// ---- memory: brink allocates with aligned_alloc() alone

void *aligned_alloc(size_t alignment, size_t size)
{
    REAL(aligned_alloc);
    Dl_info caller;
    bool ours = dladdr(__builtin_return_address(0), &caller) != 0 && caller.dli_fname &&
                strstr(caller.dli_fname, "brink");
    if (ours && __atomic_add_fetch(&counts->allocations, 1, __ATOMIC_SEQ_CST) == plan.alloc_at) {
        note("no memory", "", NULL, 0, 0, size, 0);
        errno = ENOMEM;
        return NULL;
    }
    return real(alignment, size);
}
