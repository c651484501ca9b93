// SPDX-License-Identifier: MIT
// Overrides, "lr.num=4096": edits of the tree before it is read, so that one reader checks all.
#include <string.h>

#include "brink/base/memory.h"
#include "spec_reader.h"

bool brink_spec_is_parameter(const struct brink_yaml_node *root, const char *word)
{
    const struct brink_yaml_node *model = brink_yaml_get(root, "model");
    if (!model || model->kind != BRINK_YAML_SCALAR)
        return false;
    for (int i = 0; brink_models[i]; i++)
        if (strcmp(brink_models[i]->name, model->text) == 0)
            return brink_model_parameter(brink_models[i], word) >= 0;
    return false;
}

static bool mapping_has(const struct brink_yaml_node *root, const char *mapping, const char *word)
{
    const struct brink_yaml_node *node = brink_yaml_get(root, mapping);
    return node && node->kind == BRINK_YAML_MAPPING && brink_yaml_get(node, word);
}

// The top-level mapping that a path with this first word leaves out, or NULL. `seed` is a key and
// may be a parameter: alone it is the key, `seed.num` the axis.
static const char *implied_mapping(const struct brink_yaml_node *root, const char *word, bool alone)
{
    const struct brink_spec_key *key = brink_spec_key(word);
    if (key && (alone || key->mapping))
        return NULL;
    if (mapping_has(root, "axes", word))
        return "axes";
    for (const struct brink_spec_key *top = brink_spec_keys; top->name; top++)
        for (const struct brink_spec_key *below = top->children; below && below->name; below++)
            if (!below->write && mapping_has(root, top->name, word) &&
                strcmp(strchr(below->name, '.') + 1, word) == 0)
                return top->name; // a parameter that stands in a section
    return mapping_has(root, "fixed", word) || brink_spec_is_parameter(root, word) ? "fixed" : NULL;
}

// The mapping `word` of *parent, made where it is absent.
static brink_err descend(struct brink_yaml_tree *tree, struct brink_yaml_node **parent,
                         const char *word, const struct brink_yaml_node *value)
{
    struct brink_yaml_node *child = brink_yaml_get(*parent, word);
    char quoted[BRINK_YAML_QUOTE_MAX];
    if (!child || brink_yaml_empty(child)) {
        brink_err error = brink_yaml_mapping(tree, value, &child);
        if (!error)
            error = brink_yaml_put(tree, *parent, word, child);
        if (error)
            return error;
    }
    if (child->kind != BRINK_YAML_MAPPING)
        return brink_yaml_fail(value, "%s: has no keys below it, it is %s",
                               brink_yaml_quote(word, quoted), brink_yaml_kind_name(child));
    *parent = child;
    return BRINK_OK;
}

// `path` is cut into its words.
static brink_err put_at_path(struct brink_yaml_tree *tree, struct brink_yaml_node *root, char *path,
                             struct brink_yaml_node *value)
{
    struct brink_yaml_node *parent = root;
    char *dot = strchr(path, '.');
    if (dot)
        *dot = '\0';
    const char *implied = implied_mapping(root, path, !dot);
    brink_err error = implied ? descend(tree, &parent, implied, value) : BRINK_OK;
    while (!error && dot) {
        error = descend(tree, &parent, path, value);
        path = dot + 1;
        dot = strchr(path, '.');
        if (dot)
            *dot = '\0';
    }
    return error ? error : brink_yaml_put(tree, parent, path, value);
}

brink_err brink_spec_override(struct brink_yaml_tree *tree, struct brink_yaml_node *root,
                              const char *override)
{
    char quoted[BRINK_YAML_QUOTE_MAX];
    char *path = NULL;
    struct brink_yaml_node *value = NULL;
    const char *equals = strchr(override, '=');
    const char *dot = strrchr(override, '.');
    brink_yaml_quote(override, quoted);
    if (!equals && dot && strcmp(dot, ".h5") == 0)
        return brink_fail(BRINK_ERR_USAGE,
                          "override '%s': is not KEY=VALUE; a result is named "
                          "with -o",
                          quoted);
    if (!equals || equals == override || override[0] == '.' || equals[-1] == '.' ||
        memmem(override, (size_t)(equals - override), "..", 2))
        return brink_fail(BRINK_ERR_USAGE,
                          "override '%s': write KEY=VALUE without blanks, as in lr.num=4096",
                          quoted);
    if (equals[1] == '\0')
        return brink_fail(BRINK_ERR_USAGE, "override '%s': no value after '='", quoted);
    brink_err error =
        brink_yaml_parse(tree, override, true, equals + 1, strlen(equals + 1), &value);
    if (!error)
        error = brink_alloc(&path, (size_t)(equals - override) + 1, 1);
    if (error)
        goto done;
    memcpy(path, override, (size_t)(equals - override));
    if (root->kind == BRINK_YAML_MAPPING) // or the reader says that it is not
        error = put_at_path(tree, root, path, value);
done:
    brink_free(&path);
    return error;
}
