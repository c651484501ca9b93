// SPDX-License-Identifier: MIT
// `brink diff`: whether two results hold the same cells, which differ, and why they may.
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "brink/base/memory.h"
#include "brink/base/text.h"
#include "command.h"
#include "compare.h"
#include "isolate.h"

struct options {
    const char *path_a, *path_b; // borrowed
    struct brink_list fields;
    double relative, absolute;
    long long max;
    bool json;
};

static const struct brink_option option_table[] = {
    {"rtol", "R", "relative tolerance [0]", BRINK_INTO(relative)},
    {"atol", "A", "absolute tolerance [0]", BRINK_INTO(absolute)},
    {"field", "NAME", "only this field; may be given again", BRINK_INTO(fields)},
    {"max", "N", "show N cells of each field [3]", BRINK_INTO(max), .max = 100000},
    {"json", NULL, "the comparison for programs", BRINK_INTO(json)},
    {.name = NULL},
};

// What is said besides the cells.
struct reasons {
    struct brink_text grids;         // "": the grids are the same
    struct brink_text specification; // "  key: A -> B" lines
    struct brink_text origin;        // likewise
};

// ---- why cells may differ

static void add_unlike(struct brink_text *text, const char *what, const char *a, const char *b)
{
    if (strcmp(a, b) != 0)
        brink_text_add(text, "  %s: %s -> %s\n", what, a, b);
}

// May the cells of the two be of different kernel versions?
static bool kernels_differ(const struct brink_comparison *comparison)
{
    const struct brink_side *a = &comparison->a, *b = &comparison->b;
    return a->kernel_least != a->kernel_most || b->kernel_least != b->kernel_most ||
           a->kernel_least != b->kernel_least;
}

static void add_kernels(struct brink_text *text, const struct brink_side *side)
{
    brink_text_add(text, "%" PRId32, side->kernel_least);
    if (side->kernel_most != side->kernel_least)
        brink_text_add(text, " to %" PRId32, side->kernel_most);
}

static brink_err find_reasons(const struct brink_comparison *comparison, struct reasons *reasons)
{
    const struct brink_origin *a = &comparison->a.origin, *b = &comparison->b.origin;
    struct brink_text *origin = &reasons->origin;
    if (kernels_differ(comparison)) {
        brink_text_add(origin, "  kernel version: ");
        add_kernels(origin, &comparison->a);
        brink_text_add(origin, " -> ");
        add_kernels(origin, &comparison->b);
        brink_text_add(origin, "\n");
    }
    add_unlike(origin, "version", a->version, b->version);
    add_unlike(origin, "commit", a->commit, b->commit);
    add_unlike(origin, "compiler", a->compiler, b->compiler);
    add_unlike(origin, "flags", a->flags, b->flags);
    brink_err error = brink_spec_difference(comparison->a.spec->json, comparison->b.spec->json,
                                            &reasons->specification);
    return error ? error : origin->error;
}

// What the origins mean for cells that differ under one specification.
static const char *advice(const struct brink_comparison *comparison, const struct reasons *reasons)
{
    if (reasons->specification.length || reasons->grids.length)
        return "the specifications differ";
    if (kernels_differ(comparison))
        return "another kernel version may give other last bits, and chaotic cells magnify them";
    return "the same specification and kernel version give the same bits on every machine: at "
           "least one file is wrong, and brink verify --deep says which";
}

// ---- what was found

static bool field_differs(const struct brink_compared *field)
{
    return field->count > 0 || field->column_a < 0 || field->column_b < 0;
}

static bool cells_differ(const struct brink_comparison *comparison)
{
    bool differ = comparison->only_a > 0 || comparison->only_b > 0;
    for (int i = 0; i < comparison->field_count; i++)
        differ |= field_differs(&comparison->fields[i]);
    return differ;
}

static bool all_differ(const struct brink_comparison *comparison, const struct reasons *reasons)
{
    return reasons->grids.length > 0 || reasons->specification.length > 0 ||
           cells_differ(comparison);
}

// A value of a field: a verdict by its name, else a number.
static void add_value(struct brink_text *text, const struct brink_comparison *comparison,
                      const struct brink_compared *field, double value)
{
    const struct brink_model *model = comparison->a.spec->model;
    const char *name = field->type == BRINK_I8 ? brink_model_status(model, (int8_t)value) : NULL;
    if (name)
        brink_text_add(text, "%s", name);
    else
        brink_text_number(text, value);
}

static void add_unlike_cell(struct brink_text *text, const struct brink_comparison *comparison,
                            const struct brink_compared *field, const struct brink_unlike *unlike)
{
    brink_text_add(text, "  ");
    brink_cell_text(comparison->a.spec, unlike->coordinate, text);
    brink_text_add(text, ": ");
    add_value(text, comparison, field, unlike->a);
    brink_text_add(text, " -> ");
    add_value(text, comparison, field, unlike->b);
    brink_text_add(text, "\n");
}

static void add_field(struct brink_text *text, const struct brink_comparison *comparison,
                      const struct brink_compared *field)
{
    if (field->column_a < 0 || field->column_b < 0) {
        brink_text_add(text, "%s: only in %s\n", field->name,
                       field->column_a < 0 ? comparison->b.path : comparison->a.path);
        return;
    }
    if (field->count == 0)
        return;
    brink_text_add(text, "%s: %" PRId64 " of %" PRId64 " cells differ", field->name, field->count,
                   comparison->cells);
    if (field->apart_max > 0 && field->type != BRINK_I8) { // else NaN or the sign of a zero
        brink_text_add(text, ", by at most ");
        brink_text_number(text, field->apart_max);
    }
    brink_text_add(text, "\n");
    for (int64_t i = 0; i < field->first_count; i++)
        add_unlike_cell(text, comparison, field, &field->first[i]);
}

static void add_report(struct brink_text *text, const struct brink_comparison *comparison,
                       const struct reasons *reasons)
{
    if (reasons->grids.length)
        brink_text_add(text, "different grids: %s\n", brink_text_get(&reasons->grids));
    if (reasons->specification.length)
        brink_text_add(text, "specification:\n%s", brink_text_get(&reasons->specification));
    if (reasons->origin.length)
        brink_text_add(text, "origin:\n%s", brink_text_get(&reasons->origin));
    if (comparison->only_a)
        brink_text_add(text, "%" PRId64 " cells are done in %s only\n", comparison->only_a,
                       comparison->a.path);
    if (comparison->only_b)
        brink_text_add(text, "%" PRId64 " cells are done in %s only\n", comparison->only_b,
                       comparison->b.path);
    int equal = 0;
    bool differ = false;
    for (int i = 0; i < comparison->field_count; i++) {
        add_field(text, comparison, &comparison->fields[i]);
        differ |= comparison->fields[i].count > 0;
        equal += !field_differs(&comparison->fields[i]);
    }
    if (differ)
        brink_text_add(text, "why: %s\n", advice(comparison, reasons));
    if (!reasons->grids.length)
        brink_text_add(text, "%" PRId64 " cells, equal in %d field%s\n", comparison->cells, equal,
                       equal == 1 ? "" : "s");
}

// ---- the same for programs

// The lines of `text` as a JSON list of strings.
static void add_json_lines(struct brink_text *json, const char *key, const struct brink_text *lines)
{
    const char *line = brink_text_get(lines), *separator = "";
    brink_text_add(json, "  \"%s\": [", key);
    while (*line) {
        struct brink_text one = {0};
        size_t length = strcspn(line, "\n"), blank = strspn(line, " ");
        blank = blank < length ? blank : length;
        brink_text_add(&one, "%.*s", (int)(length - blank), line + blank);
        brink_text_add(json, "%s", separator);
        brink_text_json(json, brink_text_get(&one));
        json->error = json->error ? json->error : one.error;
        brink_text_free(&one);
        separator = ", ";
        line += length + (line[length] == '\n');
    }
    brink_text_add(json, "],\n");
}

// JSON has no NaN and no infinity: those are strings.
static void add_json_number(struct brink_text *json, double value)
{
    char digits[BRINK_NUMBER_MAX];
    brink_text_add(json, isfinite(value) ? "%s" : "\"%s\"", brink_number_text(value, digits));
}

static void add_json_field(struct brink_text *json, const struct brink_comparison *comparison,
                           const struct brink_compared *field)
{
    brink_text_add(json,
                   "    {\"name\": \"%s\", \"in_a\": %s, \"in_b\": %s, \"cells_differ\": %" PRId64
                   ", \"apart_max\": ",
                   field->name, field->column_a < 0 ? "false" : "true",
                   field->column_b < 0 ? "false" : "true", field->count);
    add_json_number(json, field->apart_max);
    brink_text_add(json, ", \"first\": [");
    for (int64_t k = 0; k < field->first_count; k++) {
        brink_text_add(json, "%s{\"index\": [", k ? ", " : "");
        for (int i = 0; i < comparison->a.spec->axis_count; i++)
            brink_text_add(json, "%s%" PRId64, i ? ", " : "", field->first[k].coordinate[i]);
        brink_text_add(json, "], \"a\": ");
        add_json_number(json, field->first[k].a);
        brink_text_add(json, ", \"b\": ");
        add_json_number(json, field->first[k].b);
        brink_text_add(json, "}");
    }
    brink_text_add(json, "]}");
}

static void add_json(struct brink_text *json, const struct brink_comparison *comparison,
                     const struct reasons *reasons)
{
    brink_text_add(json, "{\n  \"a\": ");
    brink_text_json(json, comparison->a.path);
    brink_text_add(json, ",\n  \"b\": ");
    brink_text_json(json, comparison->b.path);
    brink_text_add(json, ",\n  \"equal\": %s,\n",
                   all_differ(comparison, reasons) ? "false" : "true");
    add_json_lines(json, "grids", &reasons->grids);
    add_json_lines(json, "specification", &reasons->specification);
    add_json_lines(json, "origin", &reasons->origin);
    brink_text_add(json,
                   "  \"cells\": %" PRId64 ",\n  \"only_in_a\": %" PRId64
                   ",\n  \"only_in_b\": %" PRId64 ",\n  \"damaged_tiles_a\": %" PRId64
                   ",\n  \"damaged_tiles_b\": %" PRId64 ",\n  \"fields\": [",
                   comparison->cells, comparison->only_a, comparison->only_b, comparison->a.damaged,
                   comparison->b.damaged);
    for (int i = 0; i < comparison->field_count; i++) {
        brink_text_add(json, "%s\n", i ? "," : "");
        add_json_field(json, comparison, &comparison->fields[i]);
    }
    brink_text_add(json, "%s]\n}\n", comparison->field_count ? "\n  " : "");
}

// ---- the whole

static brink_err conclude(const struct brink_comparison *comparison, const struct reasons *reasons)
{
    const struct brink_side *a = &comparison->a, *b = &comparison->b;
    const struct brink_side *side = a->damaged ? a : b;
    if (side->damaged)
        return brink_fail(BRINK_ERR_BAD_FILE,
                          "%s: %" PRId64 " tile%s damaged: brink verify says which", side->path,
                          side->damaged, side->damaged == 1 ? " is" : "s are");
    if (!all_differ(comparison, reasons))
        return BRINK_OK;
    return brink_fail(BRINK_ERR_DIFFERS, "%s and %s differ%s", a->path, b->path,
                      reasons->grids.length      ? ": they have different grids"
                      : cells_differ(comparison) ? ""
                                                 : " in their specifications, but in no cell");
}

static brink_err compare(const struct options *options, struct brink_comparison *comparison,
                         struct reasons *reasons)
{
    struct brink_text report = {0};
    brink_err error = brink_comparison_open(comparison, options->path_a, options->path_b);
    if (!error)
        error = find_reasons(comparison, reasons);
    bool same_grids = !error && brink_comparison_grids(comparison, &reasons->grids);
    if (!error)
        error = reasons->grids.error;
    if (!error && same_grids)
        error = brink_comparison_fields(comparison, options->fields.word, options->fields.count);
    if (!error && same_grids)
        error = brink_comparison_run(comparison, brink_isolated_beat);
    if (error)
        return error;
    if (options->json)
        add_json(&report, comparison, reasons);
    else
        add_report(&report, comparison, reasons);
    error = report.error;
    if (!error)
        fputs(brink_text_get(&report), stdout);
    brink_text_free(&report);
    return error ? error : conclude(comparison, reasons);
}

static brink_err diff(void *context)
{
    const struct options *options = context;
    struct brink_comparison *comparison = NULL;
    struct reasons reasons = {0};
    brink_err error = brink_alloc(&comparison, 1, sizeof *comparison);
    if (error)
        return error;
    comparison->relative = options->relative;
    comparison->absolute = options->absolute;
    comparison->first_max = options->max;
    error = compare(options, comparison, &reasons);
    brink_comparison_close(comparison);
    brink_free(&comparison);
    brink_text_free(&reasons.grids);
    brink_text_free(&reasons.specification);
    brink_text_free(&reasons.origin);
    return error;
}

static brink_err run(const struct brink_command *self, int argc, char **argv, bool *told)
{
    struct options options = {.max = 3};
    struct brink_words words;
    struct brink_text both = {0};
    (void)told;
    brink_err error = brink_command_parse(self, argc, argv, &options, &words);
    if (error)
        return error;
    options.path_a = words.word[0];
    options.path_b = words.word[1];
    brink_text_add(&both, "%s or %s", options.path_a, options.path_b);
    error = both.error;
    if (!error)
        error = brink_isolated(brink_text_get(&both), diff, &options);
    brink_text_free(&both);
    return error;
}

const struct brink_command brink_command_diff = {
    .name = "diff",
    .usage = "A.h5 B.h5 [options]",
    .summary = "Compares two results cell by cell, and says why they may differ",
    .help = "Specifications, grids and all recorded fields, to the bit or within a tolerance:\n"
            "|a - b| <= ATOL + RTOL max(|a|, |b|). Verdicts must be equal. Tiles may differ in "
            "shape.\n",
    .options = option_table,
    .notes =
        "Exit code 0: equal. 7: a cell, a grid or a key of the specification differs. 4: one of\n"
        "the files is damaged.\n",
    .words_min = 2,
    .words_max = 2,
    .question = "which two files?",
    .run = run,
};
