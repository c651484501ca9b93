// SPDX-License-Identifier: MIT
// What is said beside a result that is worked on in shards: how many, of which sweep.
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "brink/base/memory.h"
#include "brink/store/store.h"
#include "bytes.h"
#include "draft.h"

static const char heading[] = "brink shards ";

static brink_err bad(const char *path)
{
    return brink_fail(BRINK_ERR_BAD_FILE, "%s: does not say how many shards there are of what",
                      path);
}

static brink_err read_file(const char *path, char **text)
{
    struct stat status;
    FILE *file = fopen(path, "rb");
    *text = NULL;
    if (!file)
        return errno == ENOENT || errno == ENOTDIR
                   ? BRINK_OK
                   : brink_fail(BRINK_ERR_IO, "%s: cannot open: %s", path, strerror(errno));
    brink_err error = BRINK_OK;
    if (fstat(fileno(file), &status) != 0 || status.st_size > 1 << 26)
        error = bad(path);
    if (!error)
        error = brink_alloc(text, (size_t)status.st_size + 1, 1);
    if (!error && fread(*text, 1, (size_t)status.st_size, file) != (size_t)status.st_size)
        error = brink_fail(BRINK_ERR_IO, "%s: cannot read", path);
    fclose(file);
    if (error)
        brink_free(text);
    return error;
}

brink_err brink_shards_read(const char *result, int *count, char **json)
{
    struct brink_text path = {0};
    char *text = NULL, *end = NULL;
    *count = 0;
    *json = NULL;
    brink_text_add(&path, "%s.shards", result);
    brink_err error = path.error;
    if (!error)
        error = read_file(brink_text_get(&path), &text);
    if (error || !text)
        goto done;
    const char *number = text + sizeof heading - 1;
    bool headed = strncmp(text, heading, sizeof heading - 1) == 0;
    long value = headed ? strtol(number, &end, 10) : 0;
    if (value < 1 || value > BRINK_SHARDS_MAX || *end != '\n') {
        error = bad(brink_text_get(&path));
        goto done;
    }
    size_t length = strcspn(end + 1, "\n");
    error = brink_alloc(json, length + 1, 1);
    if (error)
        goto done;
    memcpy(*json, end + 1, length);
    *count = (int)value;
done:
    brink_free(&text);
    brink_text_free(&path);
    return error;
}

static brink_err compare(const char *result, const struct brink_spec *spec, int count, int there,
                         const char *json)
{
    struct brink_text difference = {0};
    if (there != count)
        return brink_fail(BRINK_ERR_MISMATCH,
                          "%s: is worked on in %d shards, not %d: leave --shards out to join in",
                          result, there, count);
    assert(json); // where there are shards
    if (strcmp(json, spec->json) == 0)
        return BRINK_OK;
    brink_err error = brink_spec_difference(json, spec->json, &difference);
    if (!error)
        error = brink_fail(BRINK_ERR_MISMATCH,
                           "%s: its shards are of another sweep (there -> specification):\n%s",
                           result, brink_text_get(&difference));
    brink_text_free(&difference);
    return error;
}

brink_err brink_shards_declare(const char *result, const struct brink_spec *spec, int count)
{
    struct brink_text path = {0}, text = {0};
    struct brink_draft draft;
    char *json = NULL;
    int there = 0;
    brink_text_add(&path, "%s.shards", result);
    brink_text_add(&text, "%s%d\n%s\n", heading, count, spec->json);
    brink_err error = path.error ? path.error : text.error;
    if (!error)
        error = brink_shards_read(result, &there, &json);
    if (!error && there == 0) {
        struct brink_door door = {.path = brink_text_get(&path), .blame = BRINK_ERR_IO};
        error = brink_draft_open(&draft, brink_text_get(&path), (int64_t)text.length);
        if (!error) {
            error = brink_bytes_write(&door, draft.descriptor, text.data, text.length, 0);
            if (!error)
                error = brink_draft_publish(&draft);
            brink_draft_discard(&draft);
        }
        if (!error || error == BRINK_ERR_LOCKED) // another job was faster
            error = brink_shards_read(result, &there, &json);
    }
    if (!error)
        error = compare(result, spec, count, there, json);
    brink_free(&json);
    brink_text_free(&text);
    brink_text_free(&path);
    return error;
}
