// SPDX-License-Identifier: MIT
// Whether a file is, to the bit, what its specification says: everything is looked at, whatever is
// found on the way.
#include "verify.h"

#include <assert.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "brink/base/build.h"
#include "brink/base/memory.h"
#include "check.h"

void brink_inspection_find(struct brink_inspection *inspection, const char *object,
                           const char *format, ...)
{
    char words[2048];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(words, sizeof words, format, arguments);
    va_end(arguments);
    inspection->report->findings++;
    inspection->options->find(inspection->options->context, object, words);
}

// Skips `prefix` of `words`, if it is there and ": " follows.
static const char *skip(const char *words, const char *prefix)
{
    size_t length = strlen(prefix);
    bool there =
        length > 0 && strncmp(words, prefix, length) == 0 && strncmp(words + length, ": ", 2) == 0;
    return there ? words + length + 2 : words;
}

brink_err brink_inspection_take(struct brink_inspection *inspection, const char *object,
                                brink_err error)
{
    if (error != BRINK_ERR_BAD_FILE)
        return error;
    // A note says which file, that it is damaged, and what; here only the rest is new.
    const char *words = skip(brink_error_note(), inspection->door.path);
    words = skip(skip(words, "damaged or not ours"), "damaged");
    brink_inspection_find(inspection, object, "%s", skip(words, object));
    return BRINK_OK;
}

void brink_inspection_beat(const struct brink_inspection *inspection)
{
    if (inspection->options->beat)
        inspection->options->beat(inspection->options->context);
}

// The seal itself was checked when the file was opened; here, whether it is over the right bytes.
static brink_err inspect_seal(struct brink_inspection *inspection)
{
    bool intact = false, packed = inspection->origin.packed;
    brink_err error = brink_seal_check_all(&inspection->door, inspection->file, &inspection->seal,
                                           packed, &intact);
    if (!error && !intact)
        brink_inspection_find(inspection, packed ? "seal/whole" : "seal/ranges",
                              packed ? "does not fit: some byte of the file is damaged"
                                     : "are not the places of the arrays");
    return brink_inspection_take(inspection, "seal", error);
}

// ---- what the file must hold

// The specification that the file says it is of. *spec is owned; NULL after a finding.
static brink_err read_spec(struct brink_inspection *inspection, struct brink_spec **spec)
{
    struct brink_door *door = &inspection->door;
    char *json = NULL;
    brink_err error = brink_check_read_spec(door, inspection->file, &json);
    if (!error)
        error = brink_spec_parse(door->path, json, strlen(json), 0, NULL, spec);
    if (error == BRINK_ERR_USAGE)
        error = brink_fail(BRINK_ERR_BAD_FILE, "%s: not a specification: %s", door->path,
                           brink_error_note());
    assert(error || *spec);
    if (!error && (*spec)->axis_count == 0)
        error = brink_fail(BRINK_ERR_BAD_FILE, "%s: no specification of a sweep", door->path);
    if (!error && strcmp((*spec)->json, json) != 0)
        error = brink_fail(BRINK_ERR_BAD_FILE,
                           "%s: not as this program resolves it: edited, or made by a version of "
                           "brink in which specifications have other keys",
                           door->path);
    if (error)
        brink_spec_free(spec);
    brink_free(&json);
    return brink_inspection_take(inspection, "spec", error);
}

static brink_err compare_spec(struct brink_inspection *inspection)
{
    char *json = NULL;
    brink_err error = brink_check_read_spec(&inspection->door, inspection->file, &json);
    if (!error && strcmp(json, inspection->spec->json) != 0)
        brink_inspection_find(inspection, "spec", "is of another sweep");
    brink_free(&json);
    return brink_inspection_take(inspection, "spec", error);
}

static brink_err inspect(struct brink_inspection *inspection)
{
    const struct brink_verify_options *options = inspection->options;
    struct brink_verify_report *report = inspection->report;
    int64_t tiles = inspection->spec->grid.tile_count;
    if (tiles > INT_MAX) { // no run makes so many
        brink_inspection_find(inspection, "spec", "%" PRId64 " tiles are too many", tiles);
        return BRINK_OK;
    }
    report->tiles = tiles;
    brink_err error = brink_check_origin(&inspection->door, inspection->file, &inspection->origin);
    if (error)
        return brink_inspection_take(inspection, "", error);
    report->packed = inspection->origin.packed;
    error = brink_inspect_layout(inspection);
    // Where an array is not what it should be, places in it mean nothing.
    if (error || inspection->bad_arrays > 0)
        return error;
    error = inspect_seal(inspection);
    if (!error)
        error = brink_inspect_runs(inspection);
    inspection->other_kernel |= inspection->origin.kernel_version != BRINK_KERNEL_VERSION;
    if (!error && options->deep > 0 && inspection->other_kernel)
        error = brink_fail(BRINK_ERR_MISMATCH,
                           "%s: has cells of another kernel version than %d, which this program "
                           "cannot compute again: leave out --deep",
                           inspection->door.path, BRINK_KERNEL_VERSION);
    return error ? error : brink_inspect_tiles(inspection);
}

brink_err brink_store_verify(const char *path, const struct brink_spec *spec,
                             const struct brink_verify_options *options,
                             struct brink_verify_report *report)
{
    struct brink_inspection inspection = {.door = {.path = path, .blame = BRINK_ERR_BAD_FILE},
                                          .file = H5I_INVALID_HID,
                                          .spec = spec,
                                          .options = options,
                                          .report = report};
    struct brink_spec *stored = NULL;
    *report = (struct brink_verify_report){.run_cut = -1};
    brink_err error = brink_check_open(&inspection.door, &inspection.file);
    bool ours = !error;
    if (error == BRINK_ERR_MISMATCH) // of another schema: not ours to tell whether it is intact
        error = brink_fail(BRINK_ERR_BAD_FILE, "%s", brink_error_note());
    error = brink_inspection_take(&inspection, "", error);
    if (ours && inspection.door.unsealed)
        brink_inspection_find(&inspection, "seal/digest",
                              "does not fit: something that never changes after creation has "
                              "changed: a header, a name, an attribute or a coordinate");
    if (ours && spec)
        error = compare_spec(&inspection);
    else if (ours)
        error = read_spec(&inspection, &stored);
    if (stored)
        inspection.spec = stored;
    if (!error && ours && inspection.spec)
        error = inspect(&inspection);
    brink_origin_free(&inspection.origin);
    brink_spec_free(&stored);
    brink_err late = BRINK_OK;
    brink_door_close(&inspection.door, &inspection.file, &late);
    late = brink_inspection_take(&inspection, "", late);
    return error ? error : late;
}
