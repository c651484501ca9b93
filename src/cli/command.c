// SPDX-License-Identifier: MIT
// What the subcommands share: names, specifications, sizes.
#include "command.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "brink/base/memory.h"
#include "brink/base/nearest.h"
#include "brink/base/text.h"
#include "brink/store/store.h"

enum { COMMANDS_MAX = 64 };

const struct brink_command *brink_command_find(const char *name)
{
    for (int i = 0; brink_commands[i]; i++)
        if (strcmp(brink_commands[i]->name, name) == 0)
            return brink_commands[i];
    return NULL;
}

brink_err brink_command_unknown(const char *name)
{
    const char *names[COMMANDS_MAX], *nearest;
    int count = 0;
    for (; brink_commands[count]; count++) {
        assert(count < COMMANDS_MAX);
        names[count] = brink_commands[count]->name;
    }
    nearest = brink_nearest_word(name, count, names);
    if (nearest)
        return brink_fail(BRINK_ERR_USAGE, "unknown command '%s'; did you mean '%s'?", name,
                          nearest);
    return brink_fail(BRINK_ERR_USAGE, "unknown command '%s'; `brink help` lists them", name);
}

brink_err brink_command_sweep_spec(const struct brink_words *words, struct brink_spec **spec)
{
    const char *path = words->word[0];
    brink_err error = brink_spec_read(path, words->count - 1, words->word + 1, spec);
    if (!error && (*spec)->axis_count == 0)
        error = brink_fail(BRINK_ERR_USAGE,
                           "%s: axes: a sweep needs at least one axis; one point alone is for "
                           "brink trace",
                           path);
    return error;
}

brink_err brink_command_result_spec(const char *path, struct brink_spec **spec)
{
    char *json = NULL;
    brink_err error = brink_store_spec(path, &json);
    if (!error)
        error = brink_spec_parse(path, json, strlen(json), 0, NULL, spec);
    if (error == BRINK_ERR_USAGE)
        error = brink_fail(BRINK_ERR_BAD_FILE, "%s", brink_error_note());
    if (!error && strcmp((*spec)->json, json) != 0)
        error = brink_fail(BRINK_ERR_MISMATCH,
                           "%s: made by a version of brink in which specifications have other "
                           "keys: read it with that version, or compute it again",
                           path);
    brink_free(&json);
    return error;
}

brink_err brink_command_new_file(const char *path)
{
    struct stat status;
    if (lstat(path, &status) != 0)
        return BRINK_OK; // whether it can be made shows in making it
    return brink_fail(BRINK_ERR_USAGE,
                      "%s: exists already and is not replaced: choose another name or remove it",
                      path);
}

brink_err brink_command_shards(const char *path, int *count, struct brink_spec **spec)
{
    char *json = NULL;
    *spec = NULL;
    brink_err error = brink_shards_read(path, count, &json);
    if (!error && *count > 0)
        error = brink_spec_parse(path, json, strlen(json), 0, NULL, spec);
    brink_free(&json);
    return error;
}

brink_err brink_command_result_path(const char *spec_path, const char *output, char **path)
{
    struct brink_text text = {0};
    if (output) {
        brink_text_add(&text, "%s", output);
    } else if (strcmp(spec_path, "-") == 0) {
        return brink_fail(BRINK_ERR_USAGE, "a specification from the standard input has no name to "
                                           "derive the result's from: give -o RESULT.h5");
    } else {
        const char *slash = strrchr(spec_path, '/');
        const char *name = slash ? slash + 1 : spec_path;
        const char *dot = strrchr(name, '.');
        int stem = dot && dot != name ? (int)(dot - name) : (int)strlen(name);
        brink_text_add(&text, "%.*s.h5", stem, name);
    }
    *path = text.data;
    return text.error;
}

brink_err brink_command_time(const char *option, const char *text, double *seconds)
{
    if (!text)
        return BRINK_OK;
    *seconds = brink_time_seconds(text);
    if (!(*seconds >= 1 && *seconds <= 8.64e8))
        return brink_fail(BRINK_ERR_USAGE, "--%s: '%s' is not a time: " BRINK_TIME_FORMS, option,
                          text);
    return BRINK_OK;
}

const char *brink_command_clock(double seconds, char text[32])
{
    long long whole = (long long)seconds;
    whole += (double)whole < seconds;
    long long days = whole / 86400;
    char front[16] = "";
    if (days > 0)
        snprintf(front, sizeof front, "%lld-", days < 10000 ? days : 10000);
    snprintf(text, 32, "%s%02d:%02d:%02d", front, (int)(whole / 3600 % 24), (int)(whole / 60 % 60),
             (int)(whole % 60));
    return text;
}

double brink_command_memory(const struct brink_spec *spec)
{
    static const double libraries = 23e6; // MPI and HDF5
    const struct brink_model *model = spec->model;
    double cells = 1, cell_bytes = (double)brink_record_bytes(spec), bytes = libraries;
    for (int i = 0; i < spec->grid.rank; i++)
        cells *= (double)spec->grid.tile[i];
    for (int i = 0; i < model->field_count; i++)
        if (spec->record >> i & 1)
            cell_bytes += (double)brink_field_bytes(spec, &model->fields[i]);
    for (int i = 0; i < spec->axis_count; i++)
        bytes += (double)spec->axes[i].num * sizeof(double);
    return bytes + cells * cell_bytes + 9 * (double)spec->grid.tile_count;
}

const char *brink_command_bytes(double bytes, char text[32])
{
    static const char *const unit[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
    size_t i = 0;
    for (; bytes >= 999.5 && i + 1 < sizeof unit / sizeof unit[0]; i++)
        bytes /= 1000;
    snprintf(text, 32, i == 0 || bytes >= 99.95 ? "%.0f %s" : "%.1f %s", bytes, unit[i]);
    return text;
}
