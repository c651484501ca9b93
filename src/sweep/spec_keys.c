// SPDX-License-Identifier: MIT
// The keys of a specification as one table: reader, resolved JSON and help follow it.
#include <assert.h>
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "brink/base/memory.h"
#include "spec_reader.h"
#include "utf8.h"

enum { TITLE_BYTES_MAX = 1000 };

// ---- title: one line of text, so that it is the same string in YAML, JSON, HDF5 and a plot

static bool is_title(const char *text)
{
    size_t length = strlen(text);
    for (size_t at = 0; at < length;) {
        uint32_t letter = 0;
        size_t bytes = brink_utf8_decode(text + at, length - at, &letter);
        if (bytes == 0 || !brink_utf8_printable(letter))
            return false;
        at += bytes;
    }
    return length <= TITLE_BYTES_MAX;
}

// The file's name without folder and extension, made a title where it is none.
static void write_stem(const char *path, char *title)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    const char *dot = strrchr(name, '.');
    size_t length = dot && dot > name ? (size_t)(dot - name) : strlen(name);
    memcpy(title, name, length < TITLE_BYTES_MAX ? length : TITLE_BYTES_MAX);
    if (!is_title(title))
        for (char *c = title; *c; c++)
            *c = *c < ' ' || *c > '~' ? '?' : *c;
}

static brink_err read_title(struct brink_spec_reader *reader, const struct brink_spec_key *key,
                            const struct brink_yaml_node *node)
{
    struct brink_spec *spec = reader->spec;
    if (node && node->kind != BRINK_YAML_SCALAR)
        return brink_yaml_fail(node, "%s: %s where text is needed; text with ': ' goes in quotes",
                               key->name, brink_yaml_kind_name(node));
    if (node && !is_title(node->text))
        return brink_yaml_fail(node, "%s: one line of at most %d bytes of text is needed",
                               key->name, TITLE_BYTES_MAX);
    brink_err error = brink_alloc(&spec->title, TITLE_BYTES_MAX + 1, 1);
    if (error)
        return error;
    if (node)
        memcpy(spec->title, node->text, strlen(node->text));
    else
        write_stem(spec->source, spec->title);
    return BRINK_OK;
}

static void write_title(const struct brink_spec *spec, const struct brink_spec_key *key,
                        struct brink_text *json)
{
    (void)key;
    brink_text_json(json, spec->title);
}

// ---- model

static brink_err read_model(struct brink_spec_reader *reader, const struct brink_spec_key *key,
                            const struct brink_yaml_node *node)
{
    const char *names[16], *word = "";
    char known[256] = "";
    int count = 0, length = 0;
    brink_err error = node ? brink_spec_word(node, key->name, &word) : BRINK_OK;
    if (error)
        return error;
    for (; brink_models[count]; count++) {
        if (strcmp(brink_models[count]->name, word) == 0) {
            reader->spec->model = brink_models[count];
            assert(reader->spec->model->parameter_count <= BRINK_PARAMETER_MAX);
            return BRINK_OK;
        }
        names[count] = brink_models[count]->name;
        length += snprintf(known + length, sizeof known - (size_t)length, "%s%s: %s",
                           count ? " or " : "", key->name, names[count]);
    }
    if (!node)
        return brink_yaml_fail(reader->root, "%s: is missing: say %s", key->name, known);
    return brink_spec_unknown(node, key->name, "model", word, count, names);
}

static void write_model(const struct brink_spec *spec, const struct brink_spec_key *key,
                        struct brink_text *json)
{
    (void)key;
    brink_text_json(json, spec->model->name);
}

// ---- lr_unit

static brink_err read_lr_unit(struct brink_spec_reader *reader, const struct brink_spec_key *key,
                              const struct brink_yaml_node *node)
{
    const struct brink_lr_unit *units = reader->spec->model->lr_units;
    const char *names[16], *word = units[0].name;
    int count = 0;
    brink_err error = node ? brink_spec_word(node, key->name, &word) : BRINK_OK;
    if (error)
        return error;
    for (; units[count].name; count++) {
        if (strcmp(units[count].name, word) == 0) {
            reader->spec->lr_unit = count;
            return BRINK_OK;
        }
        names[count] = units[count].name;
    }
    return brink_spec_unknown(node, key->name, "unit", word, count, names);
}

static void write_lr_unit(const struct brink_spec *spec, const struct brink_spec_key *key,
                          struct brink_text *json)
{
    (void)key;
    brink_text_json(json, spec->model->lr_units[spec->lr_unit].name);
}

// ---- numbers: of type int32_t, uint64_t or double, at the key's offset

static brink_err read_number(const struct brink_spec_key *key, const struct brink_yaml_node *node,
                             double *value)
{
    if (node)
        return brink_spec_number(node, key->name, &key->range, value);
    enum brink_number parsed = brink_number_parse(key->fallback, value);
    assert(parsed == BRINK_NUMBER_OK);
    (void)parsed;
    return BRINK_OK;
}

#define NUMBER_KEY(type)                                                                           \
    static brink_err read_##type(struct brink_spec_reader *reader,                                 \
                                 const struct brink_spec_key *key,                                 \
                                 const struct brink_yaml_node *node)                               \
    {                                                                                              \
        double value = 0;                                                                          \
        brink_err error = read_number(key, node, &value);                                          \
        if (!error)                                                                                \
            memcpy((char *)reader->spec + key->offset, &(type){(type)value}, sizeof(type));        \
        return error;                                                                              \
    }                                                                                              \
    static void write_##type(const struct brink_spec *spec, const struct brink_spec_key *key,      \
                             struct brink_text *json)                                              \
    {                                                                                              \
        type value;                                                                                \
        memcpy(&value, (const char *)spec + key->offset, sizeof value);                            \
        brink_text_number(json, (double)value);                                                    \
    }
NUMBER_KEY(int32_t)
NUMBER_KEY(uint64_t)
NUMBER_KEY(double)

brink_err brink_spec_read_int32(struct brink_spec_reader *reader, const struct brink_spec_key *key,
                                const struct brink_yaml_node *node)
{
    return read_int32_t(reader, key, node);
}

void brink_spec_write_int32(const struct brink_spec *spec, const struct brink_spec_key *key,
                            struct brink_text *json)
{
    write_int32_t(spec, key, json);
}

brink_err brink_spec_read_double(struct brink_spec_reader *reader, const struct brink_spec_key *key,
                                 const struct brink_yaml_node *node)
{
    return read_double(reader, key, node);
}

void brink_spec_write_double(const struct brink_spec *spec, const struct brink_spec_key *key,
                             struct brink_text *json)
{
    write_double(spec, key, json);
}

// ---- record

enum { BASIC, FULL, PRESETS };
static const char *const presets[PRESETS] = {"basic", "full"};

static uint64_t preset_fields(const struct brink_model *model, int preset)
{
    uint64_t record = 0;
    for (int i = 0; i < model->field_count; i++)
        if ((preset == FULL || model->fields[i].basic) && !model->fields[i].key)
            record |= UINT64_C(1) << i;
    return record;
}

static brink_err record_field(const struct brink_model *model, const char *path,
                              const struct brink_yaml_node *node, uint64_t *record)
{
    const char *names[64], *word = NULL;
    brink_err error = brink_spec_word(node, path, &word);
    if (error)
        return error;
    const struct brink_field *field = brink_model_field(model, word);
    if (!field) {
        for (int i = 0; i < model->field_count; i++)
            names[i] = model->fields[i].name;
        return brink_spec_unknown(node, path, "field", word, model->field_count, names);
    }
    if (field->key)
        return brink_yaml_fail(node, "%s: %s is stored if %s asks for it", path, word, field->key);
    uint64_t bit = UINT64_C(1) << (field - model->fields);
    if (*record & bit)
        return brink_yaml_fail(node, "%s: %s is repeated", path, word);
    *record |= bit;
    return BRINK_OK;
}

static brink_err read_record(struct brink_spec_reader *reader, const struct brink_spec_key *key,
                             const struct brink_yaml_node *node)
{
    const struct brink_model *model = reader->spec->model;
    uint64_t *record = &reader->spec->record;
    const char *word = node ? node->text : key->fallback;
    assert(model->field_count <= 64);
    if (!node || node->kind == BRINK_YAML_SCALAR) {
        for (int preset = 0; preset < PRESETS; preset++)
            if (strcmp(word, presets[preset]) == 0) {
                *record = preset_fields(model, preset);
                return BRINK_OK;
            }
        if (brink_model_field(model, word))
            return brink_yaml_fail(node, "%s: fields stand in a list: [%s]", key->name, word);
        return brink_spec_unknown(node, key->name, "choice", word, PRESETS, presets);
    }
    if (node->kind == BRINK_YAML_MAPPING)
        return brink_yaml_fail(node, "%s: a mapping where basic, full or a list is needed",
                               key->name);
    *record = 1; // status is always stored
    uint64_t listed = 0;
    for (const struct brink_yaml_node *item = node->first; item; item = item->next) {
        brink_err error = record_field(model, key->name, item, &listed);
        if (error)
            return error;
    }
    *record |= listed;
    return BRINK_OK;
}

static void write_record(const struct brink_spec *spec, const struct brink_spec_key *key,
                         struct brink_text *json)
{
    (void)key;
    const char *separator = "";
    uint64_t record = 0; // without curves and others that have a key of their own
    for (int i = 0; i < spec->model->field_count; i++)
        record |= spec->model->fields[i].key ? 0 : spec->record & UINT64_C(1) << i;
    for (int preset = 0; preset < PRESETS; preset++)
        if (preset_fields(spec->model, preset) == record) {
            brink_text_json(json, presets[preset]);
            return;
        }
    brink_text_add(json, "[");
    for (int i = 0; i < spec->model->field_count; i++)
        if (record >> i & 1) {
            brink_text_add(json, "%s\"%s\"", separator, spec->model->fields[i].name);
            separator = ", ";
        }
    brink_text_add(json, "]");
}

// ---- tile, and with it the grid

static brink_err read_tile(struct brink_spec_reader *reader, const struct brink_spec_key *key,
                           const struct brink_yaml_node *node)
{
    static const struct brink_range range = {1, 0x1p24, .integer = true};
    struct brink_spec *spec = reader->spec;
    int64_t size[BRINK_RANK_MAX] = {0}, tile[BRINK_RANK_MAX] = {0};
    bool automatic = !node || (node->kind == BRINK_YAML_SCALAR && node->plain &&
                               strcmp(node->text, key->fallback) == 0);
    bool fitted = false; // to what the model's cells cost
    for (int axis = 0; axis < spec->axis_count; axis++)
        size[axis] = spec->axes[axis].num;
    if (!automatic && (node->kind != BRINK_YAML_SEQUENCE || node->count != spec->axis_count))
        return brink_yaml_fail(node,
                               "%s: auto, or a list of cells along each axis (%d of them) is "
                               "needed",
                               key->name, spec->axis_count);
    int axis = 0, steady = -1;
    for (int i = 0; i < spec->axis_count; i++)
        if (spec->model->parameters[spec->axes[i].parameter].steady)
            steady = i;
    if (automatic && spec->model->tile_cells) {
        int64_t room = spec->model->tile_cells(spec);
        for (int i = spec->axis_count - 1; i >= 0; i--) {
            tile[i] = size[i] < room ? size[i] : room;
            room /= tile[i];
            room = room > 0 ? room : 1;
        }
        fitted = true;
    }
    for (const struct brink_yaml_node *item = automatic ? NULL : node->first; item;
         item = item->next) {
        double cells = 0;
        brink_err error = brink_spec_number(item, key->name, &range, &cells);
        if (error)
            return error;
        tile[axis++] = (int64_t)cells;
    }
    // The sizes alone first, so that a message points to what is wrong.
    brink_err error = brink_grid_init(&spec->grid, spec->axis_count, size, NULL);
    if (error)
        return brink_yaml_fail(reader->axes, "axes: %s", brink_error_note());
    if (automatic && !fitted)
        brink_grid_choose(&spec->grid, steady, tile);
    error = brink_grid_init(&spec->grid, spec->axis_count, size, tile);
    return error ? brink_yaml_fail(node, "%s: %s", key->name, brink_error_note()) : BRINK_OK;
}

static void write_tile(const struct brink_spec *spec, const struct brink_spec_key *key,
                       struct brink_text *json)
{
    (void)key;
    brink_text_add(json, "[");
    for (int axis = 0; axis < spec->axis_count; axis++)
        brink_text_add(json, "%s%" PRId64, axis ? ", " : "", spec->grid.tile[axis]);
    brink_text_add(json, "]");
}

// ---- the reserved key

static brink_err read_noise(struct brink_spec_reader *reader, const struct brink_spec_key *key,
                            const struct brink_yaml_node *node)
{
    (void)reader;
    if (!node)
        return BRINK_OK;
    return brink_yaml_fail(
        node->key, "%s: is reserved: gradient noise keyed by cell and step is to come", key->name);
}

// ---- keys below a key

static const char *leaf(const struct brink_spec_key *key)
{
    const char *dot = strrchr(key->name, '.');
    return dot ? dot + 1 : key->name;
}

static const struct brink_spec_key *find_key(const struct brink_spec_key *keys, const char *name)
{
    for (; keys->name; keys++)
        if (strcmp(leaf(keys), name) == 0)
            return keys;
    return NULL;
}

static brink_err read_children(struct brink_spec_reader *reader, const struct brink_spec_key *key,
                               const struct brink_yaml_node *node)
{
    const char *names[32];
    int count = 0;
    bool given = node && !brink_yaml_empty(node);
    if (given && node->kind != BRINK_YAML_MAPPING)
        return brink_yaml_fail(node, "%s: %s where a mapping is needed", key->name,
                               brink_yaml_kind_name(node));
    for (; key->children[count].name; count++)
        names[count] = leaf(&key->children[count]);
    for (const struct brink_yaml_node *child = given ? node->first : NULL; child;
         child = child->next) {
        const char *word = child->key->text;
        if (find_key(key->children, word))
            continue;
        if (brink_spec_key(word))
            return brink_yaml_fail(child->key, "%s: '%s' belongs at the top", key->name, word);
        return brink_spec_unknown(child->key, key->name, "key", word, count, names);
    }
    for (const struct brink_spec_key *child = key->children; child->name; child++) {
        brink_err error =
            child->read(reader, child, given ? brink_yaml_get(node, leaf(child)) : NULL);
        if (error)
            return error;
    }
    return BRINK_OK;
}

static void write_children(const struct brink_spec *spec, const struct brink_spec_key *key,
                           struct brink_text *json)
{
    const char *separator = "{";
    for (const struct brink_spec_key *child = key->children; child->name; child++) {
        if (!child->write) // a parameter's: written under fixed
            continue;
        brink_text_add(json, "%s\"%s\": ", separator, leaf(child));
        child->write(spec, child, json);
        separator = ", ";
    }
    brink_text_add(json, "}");
}

// ---- the table

#define INTEGER_KEY(least, most, member)                                                           \
    .range = {least, most, .integer = true}, .offset = offsetof(struct brink_spec, member)

static const struct brink_spec_key stop_keys[] = {
    {"stop.max_steps", "whole number", "20000", "gradient descent steps at most",
     INTEGER_KEY(0, 0x1p31 - 2, rules.max_steps), .read = read_int32_t, .write = write_int32_t},
    {"stop.grad_tol", "number", "1e-10", "norm of the gradient at which a point is critical",
     .range = {.min = 0, .max = DBL_MAX}, .offset = offsetof(struct brink_spec, rules.grad_tol),
     .read = read_double, .write = write_double},
    {"stop.escape", "number", "1e8", "|x| or |y| at which a cell has diverged",
     .range = {.min = 1, .max = DBL_MAX, .min_excluded = true},
     .offset = offsetof(struct brink_spec, rules.escape), .read = read_double,
     .write = write_double},
    {"stop.tail", "whole number", "1024", "last steps over which chaos is measured",
     INTEGER_KEY(8, 0x1p30, rules.tail), .read = read_int32_t, .write = write_int32_t},
    {.name = NULL},
};

const struct brink_spec_key brink_spec_keys[] = {
    {"title", "text", "the file's name", "one line, for plots", .read = read_title,
     .write = write_title},
    {"model", "word", NULL, "what is swept", .read = read_model, .write = write_model},
    {"axes", "mapping", "{}", "1 to 6 parameters; the last two are the picture, the last across",
     .mapping = true, .read = brink_spec_read_axes, .write = brink_spec_write_axes},
    {"fixed", "mapping", "{}", "parameters with one value", .mapping = true,
     .read = brink_spec_read_fixed, .write = brink_spec_write_fixed},
    {"lr_unit", "word", "one", "what the learning rate is measured in", .read = read_lr_unit,
     .write = write_lr_unit},
    {"stop", "mapping", "{}", "when a cell is over", .model = "regularity", .children = stop_keys,
     .mapping = true, .read = read_children, .write = write_children},
    {"network", "mapping", "{}", "the network", .model = "network", .children = brink_network_keys,
     .mapping = true, .read = read_children, .write = write_children},
    {"data", "mapping", "{}", "what it learns", .model = "network", .children = brink_data_keys,
     .mapping = true, .read = read_children, .write = write_children},
    {"train", "mapping", "{}", "how, and what is watched", .model = "network",
     .children = brink_train_keys, .mapping = true, .read = read_children, .write = write_children},
    {"record", "basic, full or list", "basic", "fields that are stored", .read = read_record,
     .write = write_record},
    {"seed", "whole number", "0", "of all random numbers", INTEGER_KEY(0, 0x1p53, seed),
     .read = read_uint64_t, .write = write_uint64_t},
    {"tile", "auto or list", "auto", "cells of a tile along each axis", .read = read_tile,
     .write = write_tile},
    {"noise", "reserved", "none", "gradient noise, to come", .read = read_noise},
    {.name = NULL},
};

const struct brink_spec_key *brink_spec_key(const char *name)
{
    return find_key(brink_spec_keys, name);
}

bool brink_spec_key_of(const struct brink_spec_key *key, const struct brink_model *model)
{
    return !key->model || strcmp(key->model, model->name) == 0;
}
