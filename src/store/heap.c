// SPDX-License-Identifier: MIT
// HDF5's global heap, where texts and lists of variable length lie, looked at before HDF5 does.
//
// A collection (HDF5 File Format Specification 3.0, III.E): "GCOL", version 1, three zeros, size of
// the collection; then objects: index u16, references u16, four zeros, size u64, the bytes, rounded
// up to 8. Object 0 is the free space and takes the rest; without it, less than its head is left.
#include "heap.h"

#include <inttypes.h>
#include <string.h>

#include "bytes.h"

enum { HEAD = 16, WINDOW = 65536 };

static const unsigned char signature[8] = {'G', 'C', 'O', 'L', 1, 0, 0, 0};

// A head of a collection or an object: eight bytes, then a size.
static brink_err read_head(const struct brink_door *door, int descriptor, uint64_t place,
                           unsigned char head[8], uint64_t *size)
{
    unsigned char bytes[HEAD];
    brink_err error = brink_bytes_read(door, descriptor, bytes, sizeof bytes, place);
    if (!error) {
        memcpy(head, bytes, 8);
        memcpy(size, bytes + 8, 8);
    }
    return error;
}

static brink_err check_collection(const struct brink_door *door, int descriptor, uint64_t start,
                                  uint64_t end)
{
    unsigned char head[8];
    uint64_t size = 0, at = start + HEAD;
    brink_err error =
        end - start < HEAD ? BRINK_OK : read_head(door, descriptor, start, head, &size);
    bool good = size >= HEAD && size <= end - start;
    while (!error && good && start + size - at >= HEAD) {
        uint64_t length = 0, left = start + size - at;
        error = read_head(door, descriptor, at, head, &length);
        bool space = head[0] == 0 && head[1] == 0;
        good = space ? length == left : length <= left - HEAD;
        at += space ? length : HEAD + (length + 7) / 8 * 8;
        good = good && at <= start + size;
    }
    if (!error && !good)
        error = brink_fail(BRINK_ERR_BAD_FILE,
                           "%s: damaged: the collection of texts at byte %" PRIu64 " of the file",
                           door->path, start);
    return error;
}

// All collections that begin in bytes start .. end - 1.
static brink_err check_bytes(const struct brink_door *door, int descriptor, uint64_t start,
                             uint64_t end)
{
    unsigned char buffer[WINDOW];
    brink_err error = BRINK_OK;
    while (!error && end - start >= sizeof signature) {
        size_t count = end - start < sizeof buffer ? (size_t)(end - start) : sizeof buffer;
        const unsigned char *found = buffer;
        error = brink_bytes_read(door, descriptor, buffer, count, start);
        while (!error && (found = memmem(found, (size_t)(buffer + count - found), signature,
                                         sizeof signature))) {
            error = check_collection(door, descriptor, start + (uint64_t)(found - buffer), end);
            found++;
        }
        start += count - (sizeof signature - 1); // one may lie across the window's end
    }
    return error;
}

brink_err brink_heap_check(const struct brink_door *door, int descriptor, uint64_t size,
                           const struct brink_range ranges[], int count)
{
    uint64_t at = 0;
    brink_err error = BRINK_OK;
    for (int i = 0; !error && i < count; i++) {
        error = check_bytes(door, descriptor, at, ranges[i].start);
        at = ranges[i].end;
    }
    return error ? error : check_bytes(door, descriptor, at, size);
}
