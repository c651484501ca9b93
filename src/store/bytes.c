// SPDX-License-Identifier: MIT
// The bytes of a file, past HDF5.
#include "bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static brink_err fail(const struct brink_door *door, const char *what)
{
    return brink_fail(BRINK_ERR_IO, "%s: cannot %s: %s", door->path, what, strerror(errno));
}

brink_err brink_bytes_open(const struct brink_door *door, int *descriptor, uint64_t *size)
{
    *descriptor = open(door->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    return *descriptor < 0 ? fail(door, "open") : brink_bytes_size(door, *descriptor, size);
}

brink_err brink_bytes_size(const struct brink_door *door, int descriptor, uint64_t *size)
{
    struct stat status;
    if (fstat(descriptor, &status) != 0)
        return fail(door, "ask for its size");
    *size = (uint64_t)status.st_size;
    return BRINK_OK;
}

brink_err brink_bytes_read(const struct brink_door *door, int descriptor, void *data, size_t count,
                           uint64_t place)
{
    char *to = data;
    while (count > 0) {
        ssize_t got = pread(descriptor, to, count, (off_t)place);
        if (got < 0 && errno != EINTR)
            return fail(door, "read");
        if (got == 0)
            return brink_fail(BRINK_ERR_BAD_FILE, "%s: it became shorter while it was read",
                              door->path);
        if (got > 0) {
            to += got;
            count -= (size_t)got;
            place += (uint64_t)got;
        }
    }
    return BRINK_OK;
}

brink_err brink_bytes_write(const struct brink_door *door, int descriptor, const void *data,
                            size_t count, uint64_t place)
{
    const char *from = data;
    while (count > 0) {
        ssize_t put = pwrite(descriptor, from, count, (off_t)place);
        if (put < 0 && errno != EINTR)
            return fail(door, "write");
        if (put > 0) {
            from += put;
            count -= (size_t)put;
            place += (uint64_t)put;
        }
    }
    return BRINK_OK;
}
