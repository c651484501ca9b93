// SPDX-License-Identifier: MIT
// A specification from text to resolved values, and questions about it.
#include "brink/sweep/spec.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

#include "brink/base/memory.h"
#include "spec_reader.h"

// ---- resolving: every key read, in the order of the table

// A key that is not in the table: say where it belongs, or what was meant.
static brink_err fail_unknown(const struct brink_yaml_node *root, const struct brink_yaml_node *key)
{
    const char *names[32 + BRINK_PARAMETER_MAX];
    const struct brink_yaml_node *model = brink_yaml_get(root, "model");
    const struct brink_model *named = NULL;
    int count = 0;
    for (int i = 0; brink_models[i]; i++)
        if (model && model->kind == BRINK_YAML_SCALAR &&
            strcmp(brink_models[i]->name, model->text) == 0)
            named = brink_models[i];
    if (brink_spec_is_parameter(root, key->text))
        return brink_yaml_fail(key, "'%s' is a parameter: it belongs under axes or fixed",
                               key->text);
    for (const struct brink_spec_key *top = brink_spec_keys; top->name; top++) {
        for (const struct brink_spec_key *child = top->children; child && child->name; child++)
            if (strcmp(strchr(child->name, '.') + 1, key->text) == 0)
                return brink_yaml_fail(key, "'%s' belongs under %s", key->text, top->name);
        if (top->write && (!named || brink_spec_key_of(top, named)))
            names[count++] = top->name;
    }
    // The first word of an override may be a parameter.
    for (int j = 0; key->origin->override && named && j < named->parameter_count; j++)
        names[count++] = named->parameters[j].name;
    return brink_spec_unknown(key, "", "key", key->text, count, names);
}

static brink_err resolve(struct brink_spec_reader *reader)
{
    const struct brink_yaml_node *root = reader->root;
    if (root->kind != BRINK_YAML_MAPPING)
        return brink_yaml_fail(root, "%s where a mapping of keys (model, axes, ...) is needed",
                               brink_yaml_kind_name(root));
    for (const struct brink_yaml_node *node = root->first; node; node = node->next)
        if (!brink_spec_key(node->key->text))
            return fail_unknown(root, node->key);
    for (const struct brink_spec_key *key = brink_spec_keys; key->name; key++) {
        const struct brink_yaml_node *node = brink_yaml_get(root, key->name);
        bool ours = brink_spec_key_of(key, reader->spec->model);
        if (node && !ours)
            return brink_yaml_fail(node->key, "%s: belongs to the model %s, not to %s", key->name,
                                   key->model, reader->spec->model->name);
        if (!ours)
            continue;
        brink_err error = key->read(reader, key, node);
        if (error)
            return error;
    }
    brink_err error = brink_spec_check_groups(reader);
    if (!error && reader->spec->model->complete)
        reader->spec->model->complete(reader->spec);
    return error ? error : brink_spec_check_model(reader);
}

static void add_json(const struct brink_spec *spec, struct brink_text *json)
{
    for (const struct brink_spec_key *key = brink_spec_keys; key->name; key++)
        if (key->write && brink_spec_key_of(key, spec->model)) {
            brink_text_add(json, "%s\"%s\": ", key == brink_spec_keys ? "{" : ", ", key->name);
            key->write(spec, key, json);
        }
    brink_text_add(json, "}");
}

static brink_err write_json(struct brink_spec *spec, const struct brink_yaml_node *root)
{
    struct brink_text json = {0};
    add_json(spec, &json);
    brink_err error = json.error;
    if (!error && json.length > BRINK_YAML_BYTES_MAX) // it must be readable again
        error = brink_yaml_fail(root, "resolved, larger than %d MiB: use shorter lists",
                                BRINK_YAML_BYTES_MAX >> 20);
    if (error) {
        brink_text_free(&json);
        return error;
    }
    spec->hash = XXH3_64bits(json.data, json.length);
    spec->json = json.data;
    return BRINK_OK;
}

static brink_err copy_string(const char *string, char **copy)
{
    brink_err error = brink_alloc(copy, strlen(string) + 1, 1);
    if (!error)
        memcpy(*copy, string, strlen(string));
    return error;
}

brink_err brink_spec_parse(const char *name, const char *text, size_t length, int override_count,
                           char *const overrides[], struct brink_spec **out)
{
    struct brink_yaml_tree tree = {0};
    struct brink_yaml_node *root = NULL;
    struct brink_spec *spec = NULL;
    *out = NULL;
    brink_err error = brink_yaml_parse(&tree, name, false, text, length, &root);
    for (int i = 0; !error && i < override_count; i++)
        error = brink_spec_override(&tree, root, overrides[i]);
    if (!error)
        error = brink_alloc(&spec, 1, sizeof *spec);
    if (!error)
        error = copy_string(name, &spec->source);
    if (error)
        goto done;
    struct brink_spec_reader reader = {.spec = spec, .root = root};
    error = resolve(&reader);
    if (!error)
        error = write_json(spec, root);
    if (error)
        goto done;
    *out = spec;
    spec = NULL;
done:
    brink_spec_free(&spec);
    brink_yaml_free(&tree);
    return error;
}

brink_err brink_spec_read(const char *path, int override_count, char *const overrides[],
                          struct brink_spec **spec)
{
    char *text = NULL;
    FILE *file = NULL;
    bool standard = strcmp(path, "-") == 0;
    const char *name = standard ? "stdin" : path;
    *spec = NULL;
    // A byte more than is read: the parser says that it is too large.
    size_t length = 0, room = (size_t)BRINK_YAML_BYTES_MAX + 1;
    brink_err error = brink_alloc(&text, room, 1);
    if (error)
        goto done;
    file = standard ? stdin : fopen(path, "rb");
    if (!file) {
        error = brink_fail(BRINK_ERR_IO, "%s: cannot open: %s", name, strerror(errno));
        goto done;
    }
    length = fread(text, 1, room, file);
    if (ferror(file)) {
        error = brink_fail(BRINK_ERR_IO, "%s: cannot read: %s", name, strerror(errno));
        goto done;
    }
    error = brink_spec_parse(name, text, length, override_count, overrides, spec);
done:
    if (file && !standard)
        fclose(file);
    brink_free(&text);
    return error;
}

brink_err brink_spec_subset(const struct brink_spec *spec, int axis, int64_t count,
                            const int64_t places[], struct brink_spec **subset)
{
    struct brink_spec copy = *spec; // borrows all but the axis
    struct brink_axis *cut = &copy.axes[axis];
    struct brink_text json = {0};
    const struct brink_axis *whole = &spec->axes[axis];
    *subset = NULL;
    cut->scale = BRINK_SCALE_LIST;
    cut->num = count;
    cut->values = NULL;
    cut->pairs = NULL;
    brink_err error = brink_alloc(&cut->values, (size_t)count, sizeof cut->values[0]);
    if (!error && whole->pairs)
        error = brink_alloc(&cut->pairs, (size_t)count, sizeof cut->pairs[0]);
    for (int64_t i = 0; !error && i < count; i++) {
        cut->values[i] = whole->values[places[i]];
        if (whole->pairs)
            memcpy(cut->pairs[i], whole->pairs[places[i]], sizeof cut->pairs[i]);
    }
    if (!error) {
        add_json(&copy, &json);
        error = json.error;
    }
    if (!error)
        error = brink_spec_parse(spec->source, json.data, json.length, 0, NULL, subset);
    brink_text_free(&json);
    brink_free(&cut->values);
    brink_free(&cut->pairs);
    return error;
}

void brink_spec_free(struct brink_spec **spec_pointer)
{
    struct brink_spec *spec = *spec_pointer;
    if (!spec)
        return;
    for (int i = 0; i < BRINK_RANK_MAX; i++) {
        brink_free(&spec->axes[i].values);
        brink_free(&spec->axes[i].pairs);
    }
    brink_free(&spec->network.weights);
    brink_free(&spec->network.library);
    brink_free(&spec->network.path);
    brink_free(&spec->network.digest);
    brink_free(&spec->title);
    brink_free(&spec->source);
    brink_free(&spec->json);
    brink_free(spec_pointer);
}

// ---- questions

size_t brink_field_bytes(const struct brink_spec *spec, const struct brink_field *field)
{
    return brink_type_size(field->type) * (field->curve ? (size_t)spec->curve_points : 1);
}

size_t brink_field_offset(const struct brink_spec *spec, const struct brink_field *field)
{
    size_t offset = spec->model->record_size;
    if (!field->curve)
        return field->offset;
    for (const struct brink_field *before = spec->model->fields; before < field; before++)
        if (before->curve && (spec->record >> (before - spec->model->fields) & 1))
            offset += brink_field_bytes(spec, before);
    return offset;
}

size_t brink_record_bytes(const struct brink_spec *spec)
{
    size_t bytes = spec->model->record_size;
    for (int i = 0; i < spec->model->field_count; i++)
        if (spec->model->fields[i].curve && (spec->record >> i & 1))
            bytes += brink_field_bytes(spec, &spec->model->fields[i]);
    return bytes;
}

const char *brink_value_text(const struct brink_parameter *parameter, double value,
                             char words[static BRINK_VALUE_MAX])
{
    if (parameter->names)
        return parameter->names[(int)value];
    return brink_number_text(value, words);
}

void brink_cell_text(const struct brink_spec *spec, const int64_t coordinate[],
                     struct brink_text *text)
{
    for (int i = 0; i < spec->axis_count; i++) {
        const struct brink_axis *axis = &spec->axes[i];
        const struct brink_parameter *parameter = &spec->model->parameters[axis->parameter];
        const int64_t k = coordinate[i];
        char first[BRINK_VALUE_MAX], second[BRINK_VALUE_MAX];
        brink_text_add(text, "%s%s#%" PRId64 " = ", i ? ", " : "", parameter->name, k);
        if (axis->pairs)
            brink_text_add(text, "[%s, %s]", brink_number_text(axis->pairs[k][0], first),
                           brink_number_text(axis->pairs[k][1], second));
        else
            brink_text_add(text, "%s", brink_value_text(parameter, axis->values[k], first));
    }
}
