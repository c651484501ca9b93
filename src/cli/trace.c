// SPDX-License-Identifier: MIT
// `brink trace`: recomputes cells step by step and proves that they end as stored.
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "brink/base/log.h"
#include "brink/base/memory.h"
#include "brink/store/store.h"
#include "command.h"

struct options {
    const char *path, *output; // borrowed
    char **words;              // borrowed: what follows the path
    int word_count;
    long long every, last, max_points;
    bool hdf5;
};

static const struct brink_option option_table[] = {
    {"output", "FILE", "instead of the standard output", 'o', BRINK_INTO(output)},
    {"hdf5", NULL, "an HDF5 file with one array per column (needs -o)", BRINK_INTO(hdf5)},
    {"every", "N", "each N-th step, and the last [1]", BRINK_INTO(every), .min = 1},
    {"last", "N", "only the last N steps", BRINK_INTO(last), .min = 1},
    {"max-points", "N", "at most N rows, evenly", BRINK_INTO(max_points), .min = 2},
    {.name = NULL},
};

// Where the rows go: of each cell from step `first`, every `every`-th step, and the last.
struct sink {
    int columns;
    bool several; // rows say which cell, by its number, they are of
    int64_t cell, every, first, last;
    FILE *csv;
    const char *path;
    double *rows; // owned, [row_count][columns] for HDF5
    int64_t row_count;
};

// What a result holds of a cell, to be compared with what is computed.
struct stored {
    struct brink_store *store;
    struct brink_columns columns;
    uint8_t *states; // owned, [tiles]
    int64_t equal;   // cells so far
};

// What trace works on: the cells at all combinations of `places`.
struct subject {
    struct brink_spec *spec;
    struct brink_plan plan;
    bool is_result; // its cells are compared
    struct stored stored;
    int64_t *places[BRINK_RANK_MAX]; // owned, [place_count] of each axis
    int64_t place_count[BRINK_RANK_MAX], cell_count;
    int64_t coordinate[BRINK_RANK_MAX]; // of the cell at hand
    void *record;                       // owned, the cell as recomputed
};

// The length of NAME in "NAME#3" or "NAME=0.5", 0 if it is no axis of the spec; *axis is set.
static size_t axis_word(const struct brink_spec *spec, const char *word, int *axis)
{
    size_t length = strcspn(word, "#=");
    for (*axis = 0; *axis < spec->axis_count; ++*axis) {
        const char *name = spec->model->parameters[spec->axes[*axis].parameter].name;
        if (strlen(name) == length && strncmp(name, word, length) == 0)
            return word[length] ? length : 0;
    }
    return 0;
}

static int64_t nearest(const struct brink_axis *axis, double value)
{
    int64_t best = 0;
    double distance = HUGE_VAL;
    for (int64_t i = 0; i < axis->num; i++) {
        double apart = axis->scale == BRINK_SCALE_LOG && value > 0
                           ? fabs(log(axis->values[i] / value))
                           : fabs(axis->values[i] - value);
        if (apart < distance) {
            distance = apart;
            best = i;
        }
    }
    return best;
}

// A number, or one of the parameter's words by its number.
static bool read_value(const struct brink_parameter *parameter, const char *text, double *value)
{
    char *end;
    for (int i = 0; parameter->names && parameter->names[i]; i++)
        if (strcmp(parameter->names[i], text) == 0) {
            *value = i;
            return true;
        }
    *value = strtod(text, &end);
    return end != text && !*end && isfinite(*value);
}

static brink_err fail_axis(const struct brink_spec *spec, const char *word)
{
    struct brink_text axes = {0};
    for (int i = 0; i < spec->axis_count; i++)
        brink_text_add(&axes, "%s%s", i ? ", " : "",
                       spec->model->parameters[spec->axes[i].parameter].name);
    brink_err error = axes.error;
    if (!error)
        error = brink_fail(BRINK_ERR_USAGE,
                           "trace: '%s' is no place on an axis of this sweep (%s): say AXIS#INDEX "
                           "or AXIS=VALUE",
                           word, brink_text_get(&axes));
    brink_text_free(&axes);
    return error;
}

static brink_err fail_value(const struct brink_parameter *parameter, const char *word,
                            const char *text)
{
    struct brink_text names = {0};
    for (int i = 0; parameter->names && parameter->names[i]; i++)
        brink_text_add(&names, "%s%s", i ? ", " : ": ", parameter->names[i]);
    brink_err error = names.error;
    if (!error)
        error =
            brink_fail(BRINK_ERR_USAGE, "trace: '%s': '%s' is not %s%s", word, text,
                       parameter->names ? "one of its words" : "a number", brink_text_get(&names));
    brink_text_free(&names);
    return error;
}

// The place on axis `k` that a part of `word` from `text` on says, by '#' or by '='.
static brink_err read_place(const struct brink_spec *spec, int k, const char *word,
                            const char *text, char mark, int64_t *place)
{
    const struct brink_axis *axis = &spec->axes[k];
    const struct brink_parameter *parameter = &spec->model->parameters[axis->parameter];
    double value;
    if (!read_value(parameter, text, &value))
        return fail_value(parameter, word, text);
    if (mark == '=') {
        *place = nearest(axis, value);
    } else if (value >= 0 && value < (double)axis->num && value == floor(value)) {
        *place = (int64_t)value;
    } else {
        return brink_fail(BRINK_ERR_USAGE, "trace: '%s': an index is a whole number from 0 to %lld",
                          word, (long long)axis->num - 1);
    }
    return BRINK_OK;
}

// The places of "NAME#3,5,8" or "NAME=0.5,0.7".
static brink_err select_places(struct subject *subject, const char *word)
{
    const struct brink_spec *spec = subject->spec;
    int k;
    size_t length = axis_word(spec, word, &k);
    if (length == 0)
        return fail_axis(spec, word);
    if (subject->places[k])
        return brink_fail(BRINK_ERR_USAGE, "trace: '%s': the axis is given twice", word);
    size_t count = 1;
    for (const char *c = word + length; *c; c++)
        count += *c == ',';
    struct brink_text text = {0};
    brink_text_add(&text, "%s", word + length + 1);
    brink_err error = text.error;
    if (!error)
        error = brink_alloc(&subject->places[k], count, sizeof subject->places[k][0]);
    char *rest = error ? NULL : text.data;
    while (!error && rest) {
        char *comma = strchr(rest, ',');
        if (comma)
            *comma = '\0';
        error = read_place(spec, k, word, rest, word[length],
                           &subject->places[k][subject->place_count[k]++]);
        rest = comma ? comma + 1 : NULL;
    }
    brink_text_free(&text);
    return error;
}

// A word that is no place is an override, unless the cells are of a result.
static brink_err select_cells(struct subject *subject, const struct options *options)
{
    const struct brink_spec *spec = subject->spec;
    for (int i = 0; i < options->word_count; i++) {
        int axis;
        if (!subject->is_result && axis_word(spec, options->words[i], &axis) == 0 &&
            strchr(options->words[i], '=') && !strchr(options->words[i], '#') &&
            strchr(options->words[i], '.'))
            continue;
        brink_err error = select_places(subject, options->words[i]);
        if (error)
            return error;
    }
    subject->cell_count = 1;
    for (int k = 0; k < spec->axis_count; k++) {
        if (subject->places[k]) {
            subject->cell_count *= subject->place_count[k];
        } else if (spec->axes[k].num > 1) {
            const char *name = spec->model->parameters[spec->axes[k].parameter].name;
            return brink_fail(BRINK_ERR_USAGE,
                              "trace: which %s? say %s#INDEX (0 to %lld) or "
                              "%s=VALUE",
                              name, name, (long long)spec->axes[k].num - 1, name);
        }
    }
    return BRINK_OK;
}

// Goes to cell `number` of the combinations, the last axis first.
static void go_to(struct subject *subject, int64_t number)
{
    for (int k = subject->spec->axis_count; k-- > 0;) {
        if (!subject->places[k])
            continue;
        subject->coordinate[k] = subject->places[k][number % subject->place_count[k]];
        number /= subject->place_count[k];
    }
}

static bool is_hdf5(const char *path)
{
    static const char signature[] = "\x89HDF\r\n\x1a\n";
    char start[8] = "";
    FILE *file = fopen(path, "rb");
    size_t count = file ? fread(start, 1, sizeof start, file) : 0;
    if (file)
        fclose(file);
    return count == sizeof start && memcmp(start, signature, sizeof start) == 0;
}

// A result's own specification, or a specification with the words that hold a '.' as overrides.
static brink_err read_subject(const struct options *options, struct subject *subject)
{
    char **overrides = NULL;
    int count = 0;
    subject->is_result = is_hdf5(options->path);
    if (subject->is_result)
        return brink_command_result_spec(options->path, &subject->spec);
    brink_err error = brink_alloc(&overrides, (size_t)options->word_count, sizeof overrides[0]);
    for (int i = 0; !error && i < options->word_count; i++) {
        size_t key = strcspn(options->words[i], "=#");
        if (options->words[i][key] == '=' && memchr(options->words[i], '.', key))
            overrides[count++] = options->words[i];
    }
    if (!error)
        error = brink_spec_read(options->path, count, overrides, &subject->spec);
    brink_free(&overrides);
    return error;
}

// Compares the recomputed record with cell `inside` of a stored tile.
static brink_err compare_fields(const struct subject *subject, int64_t inside)
{
    const struct brink_columns *columns = &subject->stored.columns;
    for (int i = 0; i < columns->count; i++) {
        const struct brink_field *field = columns->field[i];
        size_t size = brink_field_bytes(subject->spec, field);
        const char *stored = (const char *)columns->column[i] + (size_t)inside * size;
        const char *computed =
            (const char *)subject->record + brink_field_offset(subject->spec, field);
        if (memcmp(stored, computed, size) != 0)
            return brink_fail(BRINK_ERR_DIFFERS,
                              "trace: the cell computed now differs from the "
                              "stored one in '%s'",
                              field->name);
    }
    return BRINK_OK;
}

static brink_err open_stored(struct subject *subject, const char *path)
{
    const struct brink_spec *spec = subject->spec;
    struct stored *stored = &subject->stored;
    brink_err error = brink_store_open_read(path, spec, &stored->store);
    if (!error)
        error = brink_columns_open(&stored->columns, spec);
    if (!error)
        error = brink_alloc(&stored->states, (size_t)spec->grid.tile_count, 1);
    if (!error)
        error = brink_store_states(stored->store, stored->states);
    return error;
}

// Compares with the file; a cell that is not there yet is only reported.
static brink_err compare(struct subject *subject, const char *path)
{
    struct stored *stored = &subject->stored;
    bool intact = false;
    int64_t inside;
    struct brink_tile tile = brink_grid_find(&subject->spec->grid, subject->coordinate, &inside);
    if (!stored->states[tile.number]) {
        brink_say_plain("trace: the cell is still pending in %s", path);
        return BRINK_OK;
    }
    brink_err error = brink_store_get(stored->store, &tile, &stored->columns, &intact);
    if (!error && !intact)
        error = brink_fail(BRINK_ERR_BAD_FILE,
                           "%s: the tile of this cell is damaged; brink run "
                           "computes it again",
                           path);
    if (!error)
        error = compare_fields(subject, inside);
    if (!error)
        stored->equal++;
    return error;
}

static void say_equal(const struct subject *subject)
{
    const long long equal = (long long)subject->stored.equal;
    if (subject->cell_count > 1)
        brink_say_plain("trace: the ends of %lld cells equal the stored ones bit for bit", equal);
    else if (equal)
        brink_say_plain("trace: the end equals the stored cell bit for bit");
}

static brink_err close_stored(struct stored *stored)
{
    brink_free(&stored->states);
    brink_columns_close(&stored->columns);
    return stored->store ? brink_store_close(&stored->store) : BRINK_OK;
}

static brink_err take_row(void *context, const double values[])
{
    struct sink *sink = context;
    int64_t step = (int64_t)values[0];
    if (step < sink->first || (step % sink->every != 0 && step != sink->last))
        return BRINK_OK;
    if (sink->rows) {
        memcpy(sink->rows + sink->row_count++ * sink->columns, values,
               (size_t)sink->columns * sizeof values[0]);
        return BRINK_OK;
    }
    struct brink_text line = {0};
    if (sink->several)
        brink_text_add(&line, "%lld,", (long long)sink->cell);
    for (int i = 0; i < sink->columns; i++) {
        brink_text_add(&line, "%s", i ? "," : "");
        brink_text_number(&line, values[i]);
    }
    brink_err error = line.error;
    if (!error && fprintf(sink->csv, "%s\n", brink_text_get(&line)) < 0)
        error = brink_fail(BRINK_ERR_IO, "%s: cannot write: %s", sink->path, strerror(errno));
    brink_text_free(&line);
    return error;
}

static brink_err write_rows(struct subject *subject, struct sink *sink)
{
    return subject->spec->model->trace(subject->plan.state, subject->coordinate, sink->first,
                                       take_row, sink, subject->record);
}

static brink_err write_hdf5(struct subject *subject, struct sink *sink, const char *output)
{
    const struct brink_model *model = subject->spec->model;
    size_t count = (size_t)((sink->last - sink->first) / sink->every + 2);
    brink_err error = brink_alloc(&sink->rows, count, (size_t)sink->columns * sizeof sink->rows[0]);
    if (!error)
        error = write_rows(subject, sink);
    if (!error)
        error = brink_store_table(output, subject->spec->title, sink->columns, model->trace_columns,
                                  sink->row_count, sink->rows);
    brink_free(&sink->rows);
    return error;
}

static void describe(const struct subject *subject, int64_t steps)
{
    const struct brink_spec *spec = subject->spec;
    struct brink_text line = {0};
    brink_cell_text(spec, subject->coordinate, &line);
    const int8_t *status =
        (const int8_t *)((const char *)subject->record + spec->model->fields[0].offset);
    brink_say_plain("trace: %s, %lld step%s, %s", brink_text_get(&line), (long long)steps,
                    steps == 1 ? "" : "s", brink_model_status(spec->model, *status));
    brink_text_free(&line);
}

// Which rows of a cell of `steps` steps are asked for.
static void choose_rows(struct sink *sink, const struct options *options, int64_t steps)
{
    sink->every = options->every;
    sink->first = 0;
    sink->last = steps;
    if (options->last && options->last <= steps)
        sink->first = steps - options->last + 1;
    int64_t span = sink->last - sink->first;
    if (options->max_points && span / sink->every + 2 > options->max_points)
        sink->every = (span + options->max_points - 2) / (options->max_points - 1);
}

static brink_err trace_cell(const struct options *options, struct subject *subject,
                            struct sink *sink)
{
    subject->spec->model->cell(subject->plan.state, subject->coordinate, subject->record);
    const struct brink_field *field = brink_model_field(subject->spec->model, "steps");
    int32_t steps;
    memcpy(&steps, (const char *)subject->record + field->offset, sizeof steps);
    choose_rows(sink, options, steps);
    describe(subject, steps); // before the rows: what reads them may stop reading
    brink_err error =
        options->hdf5 ? write_hdf5(subject, sink, options->output) : write_rows(subject, sink);
    return error || !subject->is_result ? error : compare(subject, options->path);
}

static brink_err open_csv(struct sink *sink, const struct brink_model *model, const char *output)
{
    sink->path = output ? output : "standard output";
    sink->csv = output ? fopen(output, "w") : stdout;
    if (!sink->csv)
        return brink_fail(BRINK_ERR_IO, "%s: cannot create: %s", output, strerror(errno));
    if (sink->several)
        fputs("cell,", sink->csv);
    for (int i = 0; i < sink->columns; i++)
        fprintf(sink->csv, "%s%s", i ? "," : "", model->trace_columns[i]);
    fputc('\n', sink->csv);
    return BRINK_OK;
}

static brink_err close_csv(struct sink *sink)
{
    if (!sink->csv)
        return BRINK_OK;
    bool bad = fflush(sink->csv) != 0 || ferror(sink->csv) != 0;
    if (sink->csv != stdout && fclose(sink->csv) != 0)
        bad = true;
    return bad ? brink_fail(BRINK_ERR_IO, "%s: cannot write: %s", sink->path, strerror(errno))
               : BRINK_OK;
}

static brink_err trace(const struct options *options, struct subject *subject)
{
    brink_err error = read_subject(options, subject);
    if (!error)
        error = select_cells(subject, options);
    if (!error && options->hdf5 && subject->cell_count > 1)
        error = brink_fail(BRINK_ERR_USAGE, "trace: --hdf5 is for one cell, these are %lld",
                           (long long)subject->cell_count);
    if (!error)
        error = brink_plan_open(&subject->plan, subject->spec);
    if (!error)
        error = brink_alloc(&subject->record, 1, brink_record_bytes(subject->spec));
    if (!error && subject->is_result)
        error = open_stored(subject, options->path);
    if (error)
        return error;
    struct sink sink = {.columns = subject->spec->model->trace_column_count,
                        .several = subject->cell_count > 1};
    if (!options->hdf5)
        error = open_csv(&sink, subject->spec->model, options->output);
    for (; !error && sink.cell < subject->cell_count; sink.cell++) {
        go_to(subject, sink.cell);
        error = trace_cell(options, subject, &sink);
    }
    brink_err late = close_csv(&sink);
    error = error ? error : late;
    if (!error && subject->is_result)
        say_equal(subject);
    return error;
}

static brink_err run(const struct brink_command *self, int argc, char **argv, bool *told)
{
    struct options options = {.every = 1};
    struct brink_words words;
    struct subject subject = {0};
    (void)told;
    brink_err error = brink_command_parse(self, argc, argv, &options, &words);
    if (!error && options.hdf5 && !options.output)
        error = brink_fail(BRINK_ERR_USAGE, "trace: --hdf5 needs -o FILE");
    if (error)
        return error;
    options.path = words.word[0];
    options.words = words.word + 1;
    options.word_count = words.count - 1;
    error = trace(&options, &subject);
    brink_err late = close_stored(&subject.stored);
    error = error ? error : late;
    for (int k = 0; k < BRINK_RANK_MAX; k++)
        brink_free(&subject.places[k]);
    brink_free(&subject.record);
    brink_plan_close(&subject.plan);
    brink_spec_free(&subject.spec);
    return error;
}

const struct brink_command brink_command_trace = {
    .name = "trace",
    .usage = "RESULT.h5 AXIS#INDEX|AXIS=VALUE ... | SPEC.yaml [KEY=VALUE ...] [options]",
    .summary = "Recomputes cells step by step, as CSV, and compares their ends with the file",
    .help =
        "AXIS#3 is a place on an axis (from 0), AXIS=0.5 the nearest value. A specification\n"
        "may have fixed values only; then no cell needs choosing. AXIS#3,5,8 chooses several\n"
        "cells; the first column is then the number of the cell, from 0, the last axis first.\n",
    .options = option_table,
    .notes = "Exit code 7 if the end differs from the stored cell in a single bit.\n",
    .words_min = 1,
    .words_max = BRINK_WORDS_ANY,
    .question = "of which file?",
    .run = run,
};
