// SPDX-License-Identifier: MIT
// Checkpoints of single cells, beside the result: one file for a cell that takes long, replaced
// atomically, removed when its tile is stored. A file that does not fit is as good as none.
#include "checkpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#include "brink/base/build.h"
#include "brink/base/log.h"
#include "brink/base/memory.h"
#include "brink/base/text.h"

struct head {
    char magic[8];
    uint64_t spec_hash, bytes, checksum;
    int64_t number;
    int64_t kernel_version;
};

static struct head head_of(const struct brink_spec *spec, int64_t number, const void *data,
                           size_t bytes)
{
    return (struct head){.magic = "brinkcel",
                         .spec_hash = spec->hash,
                         .bytes = bytes,
                         .checksum = XXH3_64bits(data, bytes),
                         .number = number,
                         .kernel_version = BRINK_KERNEL_VERSION};
}

static brink_err name_of(const char *result, int64_t number, struct brink_text *name)
{
    *name = (struct brink_text){0};
    brink_text_add(name, "%s.cell-%" PRId64, result, number);
    return name->error;
}

static bool write_all(int file, const void *data, size_t bytes)
{
    for (const char *at = data; bytes > 0;) {
        ssize_t written = write(file, at, bytes);
        if (written < 0 && errno != EINTR)
            return false;
        at += written > 0 ? written : 0;
        bytes -= written > 0 ? (size_t)written : 0;
    }
    return true;
}

bool brink_checkpoint_write(const char *result, const struct brink_spec *spec, int64_t number,
                            const void *data, size_t bytes)
{
    struct brink_text name, draft = {0};
    const struct head head = head_of(spec, number, data, bytes);
    brink_err error = name_of(result, number, &name);
    // The same name for all: a killed job leaves no other, and a mixture has no right checksum.
    brink_text_add(&draft, "%s.tmp", brink_text_get(&name));
    bool good = !error && !draft.error;
    int file =
        good ? open(brink_text_get(&draft), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666) : -1;
    good = file >= 0 && write_all(file, &head, sizeof head) && write_all(file, data, bytes);
    good = good && fsync(file) == 0;
    if (file >= 0 && close(file) != 0)
        good = false;
    good = good && rename(brink_text_get(&draft), brink_text_get(&name)) == 0;
    if (!good && file >= 0)
        unlink(brink_text_get(&draft));
    brink_text_free(&name);
    brink_text_free(&draft);
    return good;
}

bool brink_checkpoint_read(const char *result, const struct brink_spec *spec, int64_t number,
                           void *data, size_t bytes)
{
    struct brink_text name;
    struct head head, wanted;
    char *found = NULL;
    FILE *file = NULL;
    bool good = !name_of(result, number, &name);
    file = good ? fopen(brink_text_get(&name), "rb") : NULL;
    good = file && !brink_alloc(&found, bytes, 1);
    good = good && fread(&head, sizeof head, 1, file) == 1 && fread(found, 1, bytes, file) == bytes;
    if (good) {
        wanted = head_of(spec, number, found, bytes);
        good = memcmp(&head, &wanted, sizeof head) == 0;
    }
    if (good)
        memcpy(data, found, bytes);
    if (file)
        fclose(file);
    brink_free(&found);
    brink_text_free(&name);
    return good;
}

void brink_checkpoint_remove(const char *result, int64_t number)
{
    struct brink_text name;
    if (!name_of(result, number, &name)) {
        unlink(brink_text_get(&name)); // there may be none
        brink_text_add(&name, ".tmp");
        unlink(brink_text_get(&name));
    }
    brink_text_free(&name);
}
