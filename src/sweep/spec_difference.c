// SPDX-License-Identifier: MIT
// Where two resolved specifications differ, key by key.
#include <inttypes.h>
#include <string.h>

#include "spec_reader.h"

// Lists longer than this are compared value by value.
enum { SHOWN_BYTES_MAX = 100 };

// Frees a passing text; `difference` keeps its error.
static void discard(struct brink_text *text, struct brink_text *difference)
{
    if (!difference->error)
        difference->error = text->error;
    brink_text_free(text);
}

static void add_node(struct brink_text *text, const struct brink_yaml_node *node)
{
    const char *separator = "";
    if (!node || node->kind == BRINK_YAML_SCALAR) {
        brink_text_add(text, "%s", node ? node->text : "(none)");
        return;
    }
    brink_text_add(text, node->kind == BRINK_YAML_SEQUENCE ? "[" : "{");
    for (const struct brink_yaml_node *child = node->first; child; child = child->next) {
        brink_text_add(text, "%s", separator);
        if (child->key)
            brink_text_add(text, "%s: ", child->key->text);
        add_node(text, child);
        separator = ", ";
    }
    brink_text_add(text, node->kind == BRINK_YAML_SEQUENCE ? "]" : "}");
}

static void compare(const char *path, const struct brink_yaml_node *a,
                    const struct brink_yaml_node *b, struct brink_text *difference);

static void compare_child(const char *path, const char *key, const struct brink_yaml_node *a,
                          const struct brink_yaml_node *b, struct brink_text *difference)
{
    struct brink_text below = {0};
    brink_text_add(&below, "%s%s%s", path, path[0] ? "." : "", key);
    compare(brink_text_get(&below), a, b, difference);
    discard(&below, difference);
}

static void add_keys(struct brink_text *text, const struct brink_yaml_node *mapping)
{
    for (const struct brink_yaml_node *node = mapping->first; node; node = node->next)
        brink_text_add(text, "%s%s", node == mapping->first ? "" : ", ", node->key->text);
}

static void compare_mappings(const char *path, const struct brink_yaml_node *a,
                             const struct brink_yaml_node *b, struct brink_text *difference)
{
    struct brink_text keys_a = {0}, keys_b = {0};
    add_keys(&keys_a, a);
    add_keys(&keys_b, b);
    // The order of axes is part of a sweep.
    if (path[0] && strcmp(brink_text_get(&keys_a), brink_text_get(&keys_b)) != 0)
        brink_text_add(difference, "  %s: %s -> %s\n", path, brink_text_get(&keys_a),
                       brink_text_get(&keys_b));
    for (const struct brink_yaml_node *node = a->first; node; node = node->next)
        compare_child(path, node->key->text, node, brink_yaml_get(b, node->key->text), difference);
    for (const struct brink_yaml_node *node = b->first; node; node = node->next)
        if (!brink_yaml_get(a, node->key->text))
            compare_child(path, node->key->text, NULL, node, difference);
    discard(&keys_a, difference);
    discard(&keys_b, difference);
}

// Two long lists: the first place where they differ.
static void compare_lists(const char *path, const struct brink_yaml_node *a,
                          const struct brink_yaml_node *b, struct brink_text *difference)
{
    const struct brink_yaml_node *left = a->first, *right = b->first;
    for (int64_t i = 0; left || right; i++) {
        struct brink_text text_a = {0}, text_b = {0};
        add_node(&text_a, left);
        add_node(&text_b, right);
        bool differ =
            !left || !right || strcmp(brink_text_get(&text_a), brink_text_get(&text_b)) != 0;
        if (differ)
            brink_text_add(
                difference, "  %s[%" PRId64 "]: %s -> %s (%" PRId64 " -> %" PRId64 " values)\n",
                path, i, brink_text_get(&text_a), brink_text_get(&text_b), a->count, b->count);
        discard(&text_a, difference);
        discard(&text_b, difference);
        if (differ)
            return;
        left = left->next;
        right = right->next;
    }
}

static void compare(const char *path, const struct brink_yaml_node *a,
                    const struct brink_yaml_node *b, struct brink_text *difference)
{
    if (a && b && a->kind == BRINK_YAML_MAPPING && b->kind == BRINK_YAML_MAPPING) {
        compare_mappings(path, a, b, difference);
        return;
    }
    struct brink_text text_a = {0}, text_b = {0};
    add_node(&text_a, a);
    add_node(&text_b, b);
    bool lists = a && b && a->kind == BRINK_YAML_SEQUENCE && b->kind == BRINK_YAML_SEQUENCE;
    if (lists && (text_a.length > SHOWN_BYTES_MAX || text_b.length > SHOWN_BYTES_MAX))
        compare_lists(path, a, b, difference);
    else if (strcmp(brink_text_get(&text_a), brink_text_get(&text_b)) != 0)
        brink_text_add(difference, "  %s: %s -> %s\n", path, brink_text_get(&text_a),
                       brink_text_get(&text_b));
    discard(&text_a, difference);
    discard(&text_b, difference);
}

// Is the tile of a resolved specification the one that its axes have by default?
static bool tile_is_automatic(const char *json)
{
    char automatic[] = "tile=auto";
    char *const overrides[] = {automatic};
    struct brink_spec *spec = NULL;
    brink_err error = brink_spec_parse("", json, strlen(json), 1, overrides, &spec);
    bool same = !error && strcmp(spec->json, json) == 0;
    brink_spec_free(&spec);
    return same;
}

// Takes the line on the tile out, unless it is the only one.
static void hide_tile(struct brink_text *difference)
{
    static const char key[] = "  tile: ";
    char *line = difference->data;
    while (line && strncmp(line, key, strlen(key)) != 0) {
        line = strchr(line, '\n');
        line = line ? line + 1 : NULL;
    }
    if (!line)
        return;
    char *end = strchr(line, '\n') + 1; // every line has one
    if (line == difference->data && !*end)
        return;
    memmove(line, end, strlen(end) + 1);
    difference->length -= (size_t)(end - line);
}

brink_err brink_spec_difference(const char *file_json, const char *spec_json,
                                struct brink_text *difference)
{
    struct brink_yaml_tree tree = {0};
    struct brink_yaml_node *a = NULL, *b = NULL;
    brink_err error =
        brink_yaml_parse(&tree, "the file's spec", false, file_json, strlen(file_json), &a);
    if (!error)
        error = brink_yaml_parse(&tree, "the new spec", false, spec_json, strlen(spec_json), &b);
    if (error)
        goto done;
    compare("", a, b, difference);
    error = difference->error;
    // It follows from other keys, which say it better.
    if (!error && tile_is_automatic(file_json) && tile_is_automatic(spec_json))
        hide_tile(difference);
done:
    brink_yaml_free(&tree);
    return error;
}
