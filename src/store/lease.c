// SPDX-License-Identifier: MIT
// The lease of a result on disk: taken, shown alive, checked, removed.
#include "brink/store/lease.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "brink/base/memory.h"
#include "brink/base/text.h"
#include "leftovers.h"
#include "owner_facts.h"

struct brink_lease {
    struct brink_text file; // owned: the result
    struct brink_text path; // owned: the lease
    struct brink_owner self;
    bool held; // made by this process, and not known to be lost
    uint64_t beats;
    // Of the owner that is waited for:
    struct brink_watch watch;
    char seen[BRINK_OWNER_BYTES];
    char asked[sizeof(struct brink_owner)]; // token of the owner whose job was asked for
    double asked_at;
    enum brink_life job;
};

static const double ask_seconds = 15; // between questions to the batch system

static brink_err fail(const struct brink_lease *lease, const char *what)
{
    return brink_fail(BRINK_ERR_IO, "%s: cannot %s its lease %s: %s", brink_text_get(&lease->file),
                      what, brink_text_get(&lease->path), strerror(errno));
}

static brink_err lease_path(const char *file, struct brink_text *path)
{
    char *resolved = realpath(file, NULL); // NULL: not there yet
    brink_text_add(path, "%s.lease", resolved ? resolved : file);
    free(resolved);
    return path->error;
}

brink_err brink_lease_open(const char *file, struct brink_lease **lease)
{
    struct brink_lease *made = NULL;
    *lease = NULL;
    brink_err error = brink_alloc(&made, 1, sizeof *made);
    if (error)
        return error;
    brink_text_add(&made->file, "%s", file);
    error = made->file.error;
    if (!error)
        error = lease_path(file, &made->path);
    if (!error)
        error = brink_owner_self(&made->self);
    if (error)
        brink_lease_close(&made);
    *lease = made;
    return error;
}

brink_err brink_lease_follow(const char *file, const char *token, struct brink_lease **lease)
{
    brink_err error = brink_lease_open(file, lease);
    if (!error)
        snprintf((*lease)->self.token, sizeof(*lease)->self.token, "%s", token);
    return error;
}

const char *brink_lease_token(const struct brink_lease *lease)
{
    return lease->self.token;
}

const char *brink_lease_seen(const struct brink_lease *lease)
{
    return lease->seen;
}

// ---- reading and writing

// Reads from an open lease; false on an error.
static bool read_text(int descriptor, char text[BRINK_OWNER_BYTES])
{
    ssize_t length = pread(descriptor, text, BRINK_OWNER_BYTES - 1, 0);
    text[length > 0 ? length : 0] = '\0';
    return length >= 0;
}

// Opened anew each time: only open() makes network file systems look at the server. ESTALE: it was
// replaced on the way.
static int open_lease(const char *path, int flags)
{
    int descriptor = open(path, flags | O_CLOEXEC);
    if (descriptor < 0 && errno == ESTALE)
        errno = ENOENT;
    return descriptor;
}

static brink_err look(struct brink_lease *lease, const char *path, char text[BRINK_OWNER_BYTES],
                      bool *there)
{
    int descriptor = open_lease(path, O_RDONLY);
    *there = descriptor >= 0;
    if (!*there)
        return errno == ENOENT ? BRINK_OK : fail(lease, "open");
    brink_err error = read_text(descriptor, text) ? BRINK_OK : fail(lease, "read");
    close(descriptor);
    return error;
}

// Writes the owner in place: its own text was of the same length. Closing sends it to the server of
// a network file system, and may be what fails.
static brink_err write_and_close(struct brink_lease *lease, int descriptor)
{
    char text[BRINK_OWNER_BYTES];
    snprintf(lease->self.beat, sizeof lease->self.beat, "%020" PRIu64, lease->beats);
    brink_owner_write(&lease->self, text);
    ssize_t length = (ssize_t)strlen(text), written = pwrite(descriptor, text, (size_t)length, 0);
    if (written >= 0 && written < length)
        errno = ENOSPC; // the usual reason for a short write
    brink_err error = written == length ? BRINK_OK : fail(lease, "write");
    if (close(descriptor) != 0 && !error)
        error = fail(lease, "write");
    return error;
}

static bool ours(const struct brink_lease *lease, const char *text)
{
    struct brink_owner owner;
    return brink_owner_read(text, &owner) && strcmp(owner.token, lease->self.token) == 0;
}

// ---- taking

// A lease that was set aside is needed by nobody, unless it is ours and on its way back.
static bool is_dead(void *context, const char *name, const char *ending)
{
    struct brink_lease *lease = context;
    char text[BRINK_OWNER_BYTES];
    bool there = false;
    (void)ending;
    return look(lease, name, text, &there) == BRINK_OK && there && !ours(lease, text);
}

// What takers that were killed have set aside.
static void clear_aside(struct brink_lease *lease)
{
    struct brink_text prefix = {0};
    brink_text_add(&prefix, "%s.dead-", brink_text_get(&lease->path));
    if (!prefix.error)
        brink_leftovers_remove(prefix.data, is_dead, lease);
    brink_text_free(&prefix);
}

// *taken false: there is one already.
static brink_err create(struct brink_lease *lease, bool *taken)
{
    const char *path = brink_text_get(&lease->path);
    *taken = false;
    int descriptor = open_lease(path, O_WRONLY | O_CREAT | O_EXCL);
    if (descriptor < 0 && errno == EEXIST)
        return BRINK_OK;
    if (descriptor < 0 && (errno == ENOENT || errno == ENOTDIR))
        return brink_fail(BRINK_ERR_IO, "%s: cannot open its folder: %s",
                          brink_text_get(&lease->file), strerror(errno));
    if (descriptor < 0)
        return fail(lease, "create");
    brink_err error = write_and_close(lease, descriptor);
    if (error)
        unlink(path);
    *taken = lease->held = !error;
    if (*taken)
        clear_aside(lease);
    return error;
}

// Removes the lease whose text is `dead`, and no other. Between the look and the rename another
// taker may have been faster: then its lease was moved, and is given its name back. Its owner,
// should it look just now, looks again before it gives up (see find).
static brink_err remove_dead(struct brink_lease *lease, const char *dead)
{
    const char *path = brink_text_get(&lease->path);
    char text[BRINK_OWNER_BYTES];
    bool there = false;
    struct brink_text aside = {0};
    brink_text_add(&aside, "%s.dead-%s", path, lease->self.token);
    brink_err error = aside.error;
    if (!error)
        error = look(lease, path, text, &there);
    if (error || !there || strcmp(text, dead) != 0)
        goto done; // changed: the caller looks anew
    if (rename(path, brink_text_get(&aside)) != 0) {
        if (errno != ENOENT)
            error = fail(lease, "take over");
        goto done;
    }
    error = look(lease, brink_text_get(&aside), text, &there);
    if (!error && there && strcmp(text, dead) != 0)
        (void)!link(brink_text_get(&aside), path); // unless a third one has come
    unlink(brink_text_get(&aside));
done:
    brink_text_free(&aside);
    return error;
}

// What is known of the owner besides the lease's text. The batch system is asked now and then.
static void learn(struct brink_lease *lease, struct brink_look *sight)
{
    struct brink_owner owner;
    snprintf(lease->seen, sizeof lease->seen, "an unreadable lease");
    if (!brink_owner_read(sight->text, &owner))
        return;
    (void)brink_owner_name(&owner, lease->seen);
    sight->process = brink_owner_process(&owner, &lease->self);
    if (sight->process != BRINK_LIFE_UNKNOWN)
        return;
    if (strcmp(lease->asked, owner.token) != 0 || sight->now - lease->asked_at >= ask_seconds) {
        lease->job = brink_owner_job(&owner, &lease->self);
        lease->asked_at = sight->now;
        snprintf(lease->asked, sizeof lease->asked, "%s", owner.token);
    }
    sight->job = lease->job;
}

brink_err brink_lease_try(struct brink_lease *lease, bool steal, double now, bool *taken)
{
    enum { TURNS = 8 }; // against others that come and go; else the caller's next try
    lease->seen[0] = '\0';
    for (int turn = 0; turn < TURNS; turn++) {
        struct brink_look sight = {.now = now};
        bool there;
        brink_err error = create(lease, taken);
        if (error || *taken)
            return error;
        error = look(lease, brink_text_get(&lease->path), sight.text, &there);
        if (error)
            return error;
        if (!there) {
            lease->seen[0] = '\0';
            continue;
        }
        learn(lease, &sight);
        enum brink_life life = brink_watch_judge(&lease->watch, &sight);
        if (life == BRINK_LIFE_ALIVE && !steal)
            return brink_fail(BRINK_ERR_LOCKED,
                              "%s: is being written by %s (see %s): wait for its end, or take the "
                              "file from it with --steal-lease",
                              brink_text_get(&lease->file), lease->seen,
                              brink_text_get(&lease->path));
        if (life == BRINK_LIFE_UNKNOWN && !steal)
            return BRINK_OK;
        error = remove_dead(lease, sight.text);
        if (error)
            return error;
    }
    return BRINK_OK;
}

// ---- keeping

static brink_err lost(struct brink_lease *lease, const char *text)
{
    struct brink_owner owner;
    char name[BRINK_OWNER_BYTES] = "nobody: its lease is gone";
    if (brink_owner_read(text, &owner))
        (void)brink_owner_name(&owner, name);
    lease->held = false;
    return brink_fail(BRINK_ERR_LOCKED,
                      "%s: now belongs to %s; it was taken from this job, which stops here",
                      brink_text_get(&lease->file), name);
}

// Finds our lease: *descriptor is open then. One that is missing may be on its way back (see
// remove_dead), and is looked for again.
static brink_err find(struct brink_lease *lease, int flags, int *descriptor)
{
    const struct timespec moment = {.tv_nsec = 20000000};
    char text[BRINK_OWNER_BYTES] = "";
    enum { TURNS = 5 };
    for (int turn = 0;; turn++) {
        *descriptor = open_lease(brink_text_get(&lease->path), flags);
        if (*descriptor >= 0)
            break;
        if (errno != ENOENT)
            return fail(lease, "open");
        if (turn == TURNS)
            return lost(lease, "");
        nanosleep(&moment, NULL);
    }
    if (!read_text(*descriptor, text)) {
        brink_err error = fail(lease, "read");
        close(*descriptor);
        return error;
    }
    if (ours(lease, text))
        return BRINK_OK;
    close(*descriptor);
    return lost(lease, text);
}

brink_err brink_lease_check(struct brink_lease *lease)
{
    int descriptor = -1;
    brink_err error = find(lease, O_RDONLY, &descriptor);
    if (!error)
        close(descriptor);
    return error;
}

brink_err brink_lease_beat(struct brink_lease *lease)
{
    int descriptor = -1;
    assert(lease->held);
    brink_err error = find(lease, O_RDWR, &descriptor);
    if (error)
        return error;
    lease->beats++;
    // Should the lease be taken just now, this goes to the one that was set aside.
    return write_and_close(lease, descriptor);
}

// Should it be taken between the look and the removal, the new owner misses its lease and stops:
// safe, and next to impossible. Leaves the thread's note alone.
static void let_go(struct brink_lease *lease)
{
    char text[BRINK_OWNER_BYTES];
    int descriptor = open_lease(brink_text_get(&lease->path), O_RDONLY);
    if (descriptor < 0)
        return;
    if (read_text(descriptor, text) && ours(lease, text))
        unlink(brink_text_get(&lease->path));
    close(descriptor);
}

void brink_lease_close(struct brink_lease **lease_pointer)
{
    struct brink_lease *lease = *lease_pointer;
    if (!lease)
        return;
    if (lease->held)
        let_go(lease);
    brink_text_free(&lease->file);
    brink_text_free(&lease->path);
    brink_free(lease_pointer);
}

// ---- looking from outside

brink_err brink_lease_view(const char *file, struct brink_lease_view *view)
{
    struct brink_lease *lease = NULL;
    char text[BRINK_OWNER_BYTES];
    struct stat status;
    struct timespec now;
    *view = (struct brink_lease_view){.life = BRINK_LIFE_UNKNOWN};
    brink_err error = brink_lease_open(file, &lease);
    if (!error)
        error = look(lease, brink_text_get(&lease->path), text, &view->there);
    if (error || !view->there)
        goto done;
    view->readable = brink_owner_read(text, &view->owner);
    if (view->readable)
        view->life = brink_owner_process(&view->owner, &lease->self);
    if (view->readable && view->life == BRINK_LIFE_UNKNOWN)
        view->life = brink_owner_job(&view->owner, &lease->self);
    clock_gettime(CLOCK_REALTIME, &now);
    if (stat(brink_text_get(&lease->path), &status) == 0)
        view->age = (double)(now.tv_sec - status.st_mtim.tv_sec) +
                    1e-9 * (double)(now.tv_nsec - status.st_mtim.tv_nsec);
done:
    brink_lease_close(&lease);
    return error;
}
