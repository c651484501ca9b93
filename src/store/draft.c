// SPDX-License-Identifier: MIT
// A file under construction: room on the disk first, the name last.
#include "draft.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "leftovers.h"

enum { NAMES_MAX = 1000 }; // left by killed jobs of the same process id

static brink_err fail(const char *path, const char *what)
{
    return brink_fail(BRINK_ERR_IO, "%s: cannot %s: %s", path, what, strerror(errno));
}

static brink_err exists(const char *path)
{
    return brink_fail(BRINK_ERR_LOCKED,
                      "%s: exists already and is not replaced: choose another name or remove it "
                      "(with brink run, another job has just made it: run again to go on with it)",
                      path);
}

// "1.42 GB (1421337600 bytes)"
static void add_size(struct brink_text *text, int64_t bytes)
{
    static const char *const units[] = {"bytes", "kB", "MB", "GB", "TB", "PB", "EB"};
    double value = (double)bytes;
    int unit = 0;
    for (; value >= 1000; unit++) // no int64_t is as large as 1000 EB
        value /= 1000;
    if (unit > 0)
        brink_text_add(text, "%.3g %s (%" PRId64 " bytes)", value, units[unit], bytes);
    else
        brink_text_add(text, "%" PRId64 " bytes", bytes);
}

static brink_err too_large(const char *path, int64_t bytes, int64_t room, const char *where)
{
    struct brink_text text = {0};
    brink_text_add(&text, "%s: the result needs ", path);
    add_size(&text, bytes);
    brink_text_add(&text, ", but ");
    add_size(&text, room);
    brink_text_add(&text, " %s: choose another disk, fewer cells or fewer recorded fields", where);
    brink_err error = text.error;
    if (!error)
        error = brink_fail(BRINK_ERR_USAGE, "%s", brink_text_get(&text));
    brink_text_free(&text);
    return error;
}

// Linux' own call: glibc's posix_fallocate would write to every block where the file system cannot.
static int reserve(struct brink_draft *draft, off_t bytes)
{
    int result;
    do {
        result = fallocate(draft->descriptor, 0, 0, bytes);
    } while (result != 0 && errno == EINTR);
    if (result == 0 || (errno != EOPNOTSUPP && errno != ENOSYS))
        return result;
    draft->unreserved = true;
    return 0;
}

static brink_err check_room(struct brink_draft *draft, int64_t bytes)
{
    struct statvfs disk;
    struct rlimit limit;
    if (fstatvfs(draft->descriptor, &disk) != 0)
        return fail(draft->path, "ask for the free space of its disk");
    int64_t room = INT64_MAX;
    if (__builtin_mul_overflow(disk.f_bavail, disk.f_frsize, &room))
        room = INT64_MAX;
    if (bytes > room)
        return too_large(draft->path, bytes, room, "are free on its disk");
    // Asked first, since growing past this limit is also a deadly signal.
    if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
        (uint64_t)bytes > limit.rlim_cur)
        return too_large(draft->path, bytes, (int64_t)limit.rlim_cur,
                         "are the largest file allowed here (ulimit -f)");
    if (reserve(draft, bytes) == 0)
        return BRINK_OK;
    if (errno == ENOSPC)
        return too_large(draft->path, bytes, room, "are free on its disk, some of them reserved");
    if (errno == EDQUOT)
        return too_large(draft->path, bytes, room, "are free on its disk, above your quota");
    if (errno == EFBIG)
        return too_large(draft->path, bytes, room, "are free on its disk, too much for one file");
    return fail(draft->path, "reserve its space");
}

// A draft is locked as long as its maker lives. Not by flock(), which HDF5 may use itself.
static int lock(int descriptor)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    return fcntl(descriptor, F_OFD_SETLK, &whole);
}

static bool is_dead(void *context, const char *name, const char *ending)
{
    (void)context;
    if (!ending[0] || ending[strspn(ending, "0123456789-")])
        return false; // not a name that make_name gives
    int descriptor = open(name, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    bool dead = descriptor >= 0 && lock(descriptor) == 0;
    if (descriptor >= 0)
        close(descriptor);
    return dead;
}

void brink_draft_clear(const char *path)
{
    struct brink_text prefix = {0};
    brink_text_add(&prefix, "%s.tmp-", path);
    if (!prefix.error)
        brink_leftovers_remove(prefix.data, is_dead, NULL);
    brink_text_free(&prefix);
}

// Locks the new draft. False: somebody who clears was faster, and removes it.
static bool lock_draft(const struct brink_draft *draft)
{
    struct stat status;
    if (lock(draft->descriptor) != 0)
        return errno != EAGAIN && errno != EACCES; // a file system without locks will do
    return fstat(draft->descriptor, &status) != 0 || status.st_nlink > 0;
}

static brink_err make_name(struct brink_draft *draft)
{
    for (int i = 0; i < NAMES_MAX && draft->descriptor < 0; i++) {
        brink_text_free(&draft->name);
        brink_text_add(&draft->name, "%s.tmp-%ld", draft->path, (long)getpid());
        if (i > 0)
            brink_text_add(&draft->name, "-%d", i);
        if (draft->name.error)
            return draft->name.error;
        // O_EXCL makes the name ours alone, also among nodes with equal process ids.
        draft->descriptor =
            open(brink_text_get(&draft->name), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (draft->descriptor < 0 && errno != EEXIST)
            return fail(draft->path, "create");
        if (draft->descriptor >= 0 && !lock_draft(draft)) {
            close(draft->descriptor);
            draft->descriptor = -1;
        }
    }
    return draft->descriptor < 0 ? fail(draft->path, "create") : BRINK_OK;
}

// Before anything is made, so that naming the file is the last thing that can go wrong.
static brink_err open_folder(struct brink_draft *draft)
{
    struct brink_text copy = {0}; // dirname() writes into its argument
    brink_text_add(&copy, "%s", draft->path);
    brink_err error = copy.error;
    if (!error)
        draft->folder = open(dirname(copy.data), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (!error && draft->folder < 0)
        error = fail(draft->path, "open its folder");
    brink_text_free(&copy);
    return error;
}

brink_err brink_draft_open(struct brink_draft *draft, const char *path, int64_t bytes)
{
    struct stat status;
    *draft = (struct brink_draft){.path = path, .descriptor = -1, .folder = -1};
    if (access(path, F_OK) == 0)
        return exists(path);
    if (lstat(path, &status) == 0)
        return brink_fail(BRINK_ERR_IO, "%s: cannot create: it is a link that leads nowhere", path);
    brink_err error = open_folder(draft);
    if (!error) {
        brink_draft_clear(path);
        error = make_name(draft);
    }
    if (!error)
        error = check_room(draft, bytes);
    if (error)
        brink_draft_discard(draft);
    return error;
}

// link() never replaces a file. Where there are no hard links, look and then rename.
static brink_err name_it(const struct brink_draft *draft)
{
    const char *name = brink_text_get(&draft->name);
    if (link(name, draft->path) == 0)
        return BRINK_OK;
    if (errno == EPERM || errno == EOPNOTSUPP || errno == ENOSYS) {
        if (access(draft->path, F_OK) == 0)
            return exists(draft->path);
        return rename(name, draft->path) == 0 ? BRINK_OK : fail(draft->path, "rename");
    }
    return errno == EEXIST ? exists(draft->path) : fail(draft->path, "name");
}

brink_err brink_draft_publish(struct brink_draft *draft)
{
    struct stat status;
    if (fstat(draft->descriptor, &status) != 0)
        return fail(draft->path, "ask for its size");
    if (reserve(draft, status.st_size) != 0)
        return fail(draft->path, "reserve its space");
    if (fsync(draft->descriptor) != 0)
        return fail(draft->path, "sync");
    brink_err error = name_it(draft);
    // EINVAL: a file system that does not sync folders.
    if (!error && fsync(draft->folder) != 0 && errno != EINVAL)
        error = fail(draft->path, "sync its folder");
    return error;
}

void brink_draft_discard(struct brink_draft *draft)
{
    if (draft->descriptor >= 0) {
        unlink(brink_text_get(&draft->name)); // gone already where it was renamed
        close(draft->descriptor);
    }
    if (draft->folder >= 0)
        close(draft->folder);
    draft->descriptor = draft->folder = -1;
    brink_text_free(&draft->name);
}
