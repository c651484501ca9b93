// SPDX-License-Identifier: MIT
// The keys `axes` and `fixed`: every parameter's values, and the points of an axis.
#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "brink/base/elementary.h"
#include "brink/base/memory.h"
#include "spec_reader.h"

const char *const brink_scale_names[] = {
    [BRINK_SCALE_LIST] = NULL,
    [BRINK_SCALE_LINEAR] = "linear",
    [BRINK_SCALE_LOG] = "log",
};

// ---- points of an axis

// (first (last_index - i) + last i) / last_index with the numerator's rounding errors carried
// along, hence within an ulp; the same bits up to sign when the ends are swapped and negated, so
// that a symmetric axis is symmetric.
static double between(double first, double last, int64_t last_index, int64_t i)
{
    double scale = fabs(first) > 0x1p900 || fabs(last) > 0x1p900 ? 0x1p-64 : 1; // no overflow
    double weight_first = (double)(last_index - i), weight_last = (double)i;
    first *= scale;
    last *= scale;
    double p = first * weight_first, p_error = brink_fma(first, weight_first, -p);
    double q = last * weight_last, q_error = brink_fma(last, weight_last, -q);
    double sum = p + q;
    double q_part = sum - p, p_part = sum - q_part; // Knuth's two-sum: sum_error is exact
    double sum_error = (p - p_part) + (q - q_part);
    return (sum + (sum_error + (p_error + q_error))) / (double)last_index / scale;
}

double brink_axis_value(enum brink_scale scale, double min, double max, int64_t num, int64_t i)
{
    assert(scale != BRINK_SCALE_LIST && i >= 0 && i < num);
    if (i == 0)
        return min;
    if (i == num - 1)
        return max;
    if (scale == BRINK_SCALE_LINEAR)
        return between(min, max, num - 1, i);
    return brink_exp(between(brink_log(min), brink_log(max), num - 1, i));
}

static struct brink_range range_of(const struct brink_parameter *parameter)
{
    return (struct brink_range){parameter->min, parameter->max, parameter->min_excluded,
                                parameter->integer};
}

static brink_err fill_range(struct brink_axis *axis, const struct brink_parameter *parameter,
                            const struct brink_yaml_node *num, double min, double max)
{
    struct brink_range range = range_of(parameter);
    char digits[BRINK_NUMBER_MAX], words[BRINK_RANGE_MAX];
    for (int64_t i = 0; i < axis->num; i++) {
        double value = brink_axis_value(axis->scale, min, max, axis->num, i);
        axis->values[i] = value;
        if (range.integer && value != rint(value))
            return brink_yaml_fail(num, "%s.num: point %" PRId64 " would be %s, which is not %s",
                                   parameter->name, i, brink_number_text(value, digits),
                                   brink_range_words(&range, words));
        if (i > 0 && !(value > axis->values[i - 1]))
            return brink_yaml_fail(num,
                                   "%s.num: points %" PRId64 " and %" PRId64
                                   " would be the same double, %s: use fewer",
                                   parameter->name, i - 1, i, brink_number_text(value, digits));
    }
    return BRINK_OK;
}

// ---- reading an axis

enum { VALUES, MIN, MAX, NUM, SCALE, AXIS_KEYS };
static const char *const axis_keys[AXIS_KEYS] = {"values", "min", "max", "num", "scale"};

static const char *dotted(const char *parameter, const char *key, char path[static 64])
{
    snprintf(path, 64, "%s.%s", parameter, key);
    return path;
}

static brink_err read_scale(const struct brink_yaml_node *node, const char *path,
                            enum brink_scale *scale)
{
    const char *word = NULL;
    *scale = BRINK_SCALE_LINEAR;
    if (!node)
        return BRINK_OK;
    brink_err error = brink_spec_word(node, path, &word);
    if (error)
        return error;
    for (*scale = BRINK_SCALE_LINEAR; *scale <= BRINK_SCALE_LOG; ++*scale)
        if (strcmp(word, brink_scale_names[*scale]) == 0)
            return BRINK_OK;
    return brink_spec_unknown(node, path, "scale", word, 2, &brink_scale_names[BRINK_SCALE_LINEAR]);
}

// {min, max, num, scale}
static brink_err read_range(struct brink_axis *axis, const struct brink_parameter *parameter,
                            const struct brink_yaml_node *const part[])
{
    static const struct brink_range num_range = {1, BRINK_AXIS_POINTS_MAX, .integer = true};
    struct brink_range range = range_of(parameter);
    range.integer = false; // of every point: fill_range
    char path[64], digits[BRINK_NUMBER_MAX], other[BRINK_NUMBER_MAX];
    double min = 0, max = 0, num = 0;
    const char *name = parameter->name;
    brink_err error = brink_spec_number(part[MIN], dotted(name, "min", path), &range, &min);
    if (!error)
        error = brink_spec_number(part[MAX], dotted(name, "max", path), &range, &max);
    if (!error)
        error = brink_spec_number(part[NUM], dotted(name, "num", path), &num_range, &num);
    if (!error)
        error = read_scale(part[SCALE], dotted(name, "scale", path), &axis->scale);
    if (error)
        return error;
    brink_number_text(min, digits);
    if (min > max)
        return brink_yaml_fail(part[MIN], "%s.min: %s is above max, %s", name, digits,
                               brink_number_text(max, other));
    if (axis->scale == BRINK_SCALE_LOG && !(min > 0))
        return brink_yaml_fail(part[MIN], "%s.min: %s is not > 0, as a log scale needs", name,
                               digits);
    if (num == 1 && min < max)
        return brink_yaml_fail(part[NUM], "%s.num: 1 point cannot have both ends, min and max",
                               name);
    axis->num = (int64_t)num;
    error = brink_alloc(&axis->values, (size_t)axis->num, sizeof axis->values[0]);
    return error ? error : fill_range(axis, parameter, part[NUM], min, max);
}

struct item {
    double value[2];
    int64_t place;
};

static int compare_items(const void *a, const void *b)
{
    const struct item *left = a, *right = b;
    for (int i = 0; i < 2; i++)
        if (left->value[i] != right->value[i])
            return left->value[i] < right->value[i] ? -1 : 1;
    return (left->place > right->place) - (left->place < right->place);
}

// The first place whose values stand at an earlier one too, or -1.
static brink_err find_repeated(const struct brink_axis *axis, int64_t *repeated)
{
    struct item *items = NULL;
    *repeated = -1;
    brink_err error = brink_alloc(&items, (size_t)axis->num, sizeof items[0]);
    if (error)
        return error;
    for (int64_t i = 0; i < axis->num; i++) {
        items[i].value[0] = axis->pairs ? axis->pairs[i][0] : axis->values[i];
        items[i].value[1] = axis->pairs ? axis->pairs[i][1] : 0;
        items[i].place = i;
    }
    qsort(items, (size_t)axis->num, sizeof items[0], compare_items);
    for (int64_t i = 1; i < axis->num; i++) {
        bool same = items[i].value[0] == items[i - 1].value[0] &&
                    items[i].value[1] == items[i - 1].value[1];
        if (same && (*repeated < 0 || items[i].place < *repeated))
            *repeated = items[i].place;
    }
    brink_free(&items);
    return BRINK_OK;
}

// One value: a number, or the word for it.
static brink_err read_one(const struct brink_yaml_node *node,
                          const struct brink_parameter *parameter, double *value)
{
    struct brink_range range = range_of(parameter);
    const char *word = NULL;
    int count = 0;
    if (!parameter->names)
        return brink_spec_number(node, parameter->name, &range, value);
    brink_err error = brink_spec_word(node, parameter->name, &word);
    if (error)
        return error;
    for (; parameter->names[count]; count++)
        if (strcmp(parameter->names[count], word) == 0) {
            *value = count;
            return BRINK_OK;
        }
    return brink_spec_unknown(node, parameter->name, "choice", word, count, parameter->names);
}

static brink_err read_pair(const struct brink_yaml_node *node,
                           const struct brink_parameter *parameter, double pair[2])
{
    struct brink_range range = range_of(parameter);
    if (node->kind != BRINK_YAML_SEQUENCE || node->count != 2)
        return brink_yaml_fail(node, "%s: a start is a list of two numbers, [x, y]",
                               parameter->name);
    brink_err error = brink_spec_number(node->first, parameter->name, &range, &pair[0]);
    return error ? error : brink_spec_number(node->last, parameter->name, &range, &pair[1]);
}

// {values: [...]}
static brink_err read_list(struct brink_axis *axis, const struct brink_parameter *parameter,
                           const struct brink_yaml_node *list)
{
    if (list->kind != BRINK_YAML_SEQUENCE || list->count == 0)
        return brink_yaml_fail(list, "%s.values: a list of at least one value is needed",
                               parameter->name);
    axis->scale = BRINK_SCALE_LIST;
    axis->num = list->count;
    brink_err error = brink_alloc(&axis->values, (size_t)axis->num, sizeof axis->values[0]);
    if (!error && parameter->pairs)
        error = brink_alloc(&axis->pairs, (size_t)axis->num, sizeof axis->pairs[0]);
    if (error)
        return error;
    int64_t i = 0;
    for (const struct brink_yaml_node *item = list->first; item && !error; item = item->next, i++) {
        axis->values[i] = (double)i;
        error = parameter->pairs ? read_pair(item, parameter, axis->pairs[i])
                                 : read_one(item, parameter, &axis->values[i]);
    }
    int64_t repeated = -1;
    if (!error)
        error = find_repeated(axis, &repeated);
    if (error || repeated < 0)
        return error;
    const struct brink_yaml_node *item = list->first;
    for (i = 0; i < repeated; i++) {
        assert(item); // `repeated` is one of them
        item = item->next;
    }
    return brink_yaml_fail(item, "%s: value %" PRId64 " of %" PRId64 " repeats an earlier one",
                           parameter->name, repeated + 1, axis->num);
}

static brink_err read_axis(struct brink_axis *axis, const struct brink_parameter *parameter,
                           const struct brink_yaml_node *node)
{
    const char *name = parameter->name;
    const struct brink_yaml_node *part[AXIS_KEYS] = {NULL};
    if (node->kind != BRINK_YAML_MAPPING)
        return brink_yaml_fail(node,
                               "%s: an axis is {values: [...]} or {min, max, num, scale}, not %s; "
                               "a single value goes under fixed, or is {values: [V]}",
                               name, brink_yaml_kind_name(node));
    for (const struct brink_yaml_node *child = node->first; child; child = child->next) {
        int key = 0;
        while (key < AXIS_KEYS && strcmp(child->key->text, axis_keys[key]) != 0)
            key++;
        double number = 0;
        if (key == AXIS_KEYS && !brink_number_parse(child->key->text, &number))
            return brink_yaml_fail(child->key,
                                   "%s: '%s' is no key; behind a decimal comma? Write a point: 0.5",
                                   name, child->key->text);
        if (key == AXIS_KEYS)
            return brink_spec_unknown(child->key, name, "key", child->key->text, AXIS_KEYS,
                                      axis_keys);
        part[key] = child;
    }
    for (int key = MIN; part[VALUES] && key < AXIS_KEYS; key++)
        if (part[key])
            return brink_yaml_fail(
                part[VALUES]->origin->override ? part[VALUES] : part[key]->key,
                "%s: an axis has either values or min, max, num and scale, here values and %s",
                name, axis_keys[key]);
    if (part[VALUES])
        return read_list(axis, parameter, part[VALUES]);
    if (parameter->pairs)
        return brink_yaml_fail(node->key, "%s: values is missing: a list of starts, [[x, y], ...]",
                               name);
    if (parameter->names)
        return brink_yaml_fail(node->key, "%s: values is missing: a list of words", name);
    for (int key = MIN; key <= NUM; key++)
        if (!part[key])
            return brink_yaml_fail(node->key,
                                   "%s: %s is missing: an axis is {values: [...]} or {min, max, "
                                   "num, scale}",
                                   name, axis_keys[key]);
    return read_range(axis, parameter, part);
}

// ---- the keys

// Finds the parameter that `node` gives a value to, and notes that it is given.
static brink_err note_given(struct brink_spec_reader *reader, const char *path,
                            const struct brink_yaml_node *node, int *parameter)
{
    const struct brink_model *model = reader->spec->model;
    const char *word = node->key->text;
    *parameter = brink_model_parameter(model, word);
    if (*parameter < 0) {
        const char *names[BRINK_PARAMETER_MAX];
        const struct brink_spec_key *key = brink_spec_key(word);
        if (key && !key->write) // reserved, wherever it stands
            return key->read(reader, key, node);
        if (key)
            return brink_yaml_fail(node->key, "%s: '%s' belongs at the top", path, word);
        for (int i = 0; i < model->parameter_count; i++)
            names[i] = model->parameters[i].name;
        return brink_spec_unknown(node->key, path, "parameter", word, model->parameter_count,
                                  names);
    }
    const struct brink_yaml_node *earlier = reader->given[*parameter];
    char place[BRINK_YAML_PLACE_MAX];
    if (earlier && brink_spec_axis(reader->spec, *parameter) < 0)
        return brink_yaml_fail(node->key, "%s: is given twice: here and on %s", word,
                               brink_yaml_place(earlier->key, place));
    if (earlier)
        return brink_yaml_fail(node->key, "%s: is given twice: as an axis (%s) and under %s", word,
                               brink_yaml_place(earlier->key, place), path);
    reader->given[*parameter] = node;
    return BRINK_OK;
}

brink_err brink_spec_read_axes(struct brink_spec_reader *reader, const struct brink_spec_key *key,
                               const struct brink_yaml_node *node)
{
    struct brink_spec *spec = reader->spec;
    reader->axes = node ? node->key : reader->root;
    spec->axes_line = reader->axes->line;
    spec->axes_column = reader->axes->column;
    if (!node || (node->kind == BRINK_YAML_SCALAR && node->plain && !node->text[0]))
        return BRINK_OK; // one point, for a trace
    if (node->kind != BRINK_YAML_MAPPING)
        return brink_yaml_fail(node, "%s: a mapping of axes is needed", key->name);
    for (const struct brink_yaml_node *child = node->first; child; child = child->next) {
        int parameter = -1;
        brink_err error = note_given(reader, key->name, child, &parameter);
        if (error)
            return error;
        if (spec->axis_count == BRINK_RANK_MAX)
            return brink_yaml_fail(child->key, "%s: more than %d axes", key->name, BRINK_RANK_MAX);
        struct brink_axis *axis = &spec->axes[spec->axis_count++];
        axis->parameter = parameter;
        error = read_axis(axis, &spec->model->parameters[parameter], child);
        if (error)
            return error;
    }
    return BRINK_OK;
}

brink_err brink_spec_read_value(struct brink_spec_reader *reader, const char *path,
                                const struct brink_yaml_node *node)
{
    struct brink_spec *spec = reader->spec;
    int index = -1;
    brink_err error = note_given(reader, path, node, &index);
    if (error)
        return error;
    const struct brink_parameter *parameter = &spec->model->parameters[index];
    if (node->kind == BRINK_YAML_MAPPING)
        return brink_yaml_fail(node, "%s: a mapping where one value is needed: axes go under axes",
                               parameter->name);
    spec->fixed[index] = true;
    return parameter->pairs ? read_pair(node, parameter, spec->fixed_pair)
                            : read_one(node, parameter, &spec->fixed_value[index]);
}

brink_err brink_spec_read_fixed(struct brink_spec_reader *reader, const struct brink_spec_key *key,
                                const struct brink_yaml_node *node)
{
    if (!node || brink_yaml_empty(node))
        return BRINK_OK;
    if (node->kind != BRINK_YAML_MAPPING)
        return brink_yaml_fail(node, "%s: a mapping of parameters to values is needed", key->name);
    for (const struct brink_yaml_node *child = node->first; child; child = child->next) {
        brink_err error = brink_spec_read_value(reader, key->name, child);
        if (error)
            return error;
    }
    return BRINK_OK;
}

// ---- writing

static void write_pair(struct brink_text *json, const double pair[2])
{
    brink_text_add(json, "[");
    brink_text_number(json, pair[0]);
    brink_text_add(json, ", ");
    brink_text_number(json, pair[1]);
    brink_text_add(json, "]");
}

static void write_value(const struct brink_parameter *parameter, double value,
                        struct brink_text *json)
{
    if (parameter->names)
        brink_text_json(json, parameter->names[(int)value]);
    else
        brink_text_number(json, value);
}

static void write_axis(const struct brink_axis *axis, const struct brink_parameter *parameter,
                       struct brink_text *json)
{
    if (axis->scale != BRINK_SCALE_LIST) {
        brink_text_add(json, "{\"min\": ");
        brink_text_number(json, axis->values[0]);
        brink_text_add(json, ", \"max\": ");
        brink_text_number(json, axis->values[axis->num - 1]);
        brink_text_add(json, ", \"num\": %" PRId64 ", \"scale\": \"%s\"}", axis->num,
                       brink_scale_names[axis->scale]);
        return;
    }
    brink_text_add(json, "{\"values\": [");
    for (int64_t i = 0; i < axis->num; i++) {
        brink_text_add(json, "%s", i ? ", " : "");
        if (axis->pairs)
            write_pair(json, axis->pairs[i]);
        else
            write_value(parameter, axis->values[i], json);
    }
    brink_text_add(json, "]}");
}

void brink_spec_write_axes(const struct brink_spec *spec, const struct brink_spec_key *key,
                           struct brink_text *json)
{
    (void)key;
    brink_text_add(json, "{");
    for (int i = 0; i < spec->axis_count; i++) {
        brink_text_add(json, "%s\"%s\": ", i ? ", " : "",
                       spec->model->parameters[spec->axes[i].parameter].name);
        write_axis(&spec->axes[i], &spec->model->parameters[spec->axes[i].parameter], json);
    }
    brink_text_add(json, "}");
}

void brink_spec_write_fixed(const struct brink_spec *spec, const struct brink_spec_key *key,
                            struct brink_text *json)
{
    (void)key;
    const char *separator = "";
    brink_text_add(json, "{");
    for (int i = 0; i < spec->model->parameter_count; i++) {
        if (!spec->fixed[i])
            continue;
        brink_text_add(json, "%s\"%s\": ", separator, spec->model->parameters[i].name);
        if (spec->model->parameters[i].pairs)
            write_pair(json, spec->fixed_pair);
        else
            write_value(&spec->model->parameters[i], spec->fixed_value[i], json);
        separator = ", ";
    }
    brink_text_add(json, "}");
}
