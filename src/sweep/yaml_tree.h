// SPDX-License-Identifier: MIT
// YAML as a small tree of mappings, sequences and scalars that know where they stand.
#ifndef BRINK_SWEEP_YAML_TREE_H
#define BRINK_SWEEP_YAML_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "brink/base/error.h"

// Bounds on what is read, so that no input costs more than a moment.
enum {
    BRINK_YAML_BYTES_MAX = 4 << 20,
    BRINK_YAML_DEPTH_MAX = 16,
    BRINK_YAML_KEYS_MAX = 256, // of one mapping
};

// Where text came from: a file, or (line and column mean nothing there) an override.
struct brink_yaml_origin {
    const char *name; // of the file, or the override as written
    bool override;
};

enum brink_yaml_kind { BRINK_YAML_SCALAR, BRINK_YAML_SEQUENCE, BRINK_YAML_MAPPING };

// All pointers are borrowed from the tree.
struct brink_yaml_node {
    enum brink_yaml_kind kind;
    bool plain;       // a scalar without quotes: may be a number
    int line, column; // of its first character, from 1
    const struct brink_yaml_origin *origin;
    const char *text;                     // of a scalar, without NUL inside
    struct brink_yaml_node *key;          // of a value in a mapping: its key, a scalar
    struct brink_yaml_node *first, *last; // children, linked by `next`
    struct brink_yaml_node *next;
    int64_t count; // of children
};

// Owns nodes and their text. A zeroed struct is empty; release with brink_yaml_free.
struct brink_yaml_tree {
    struct brink_yaml_block *blocks;
};

// Adds the one document in `text` to the tree and sets *root. No anchors, aliases or tags; keys are
// scalars and are not repeated. BRINK_ERR_USAGE with the place, BRINK_ERR_MEMORY. `name` is copied.
brink_err brink_yaml_parse(struct brink_yaml_tree *tree, const char *name, bool override,
                           const char *text, size_t length,
                           struct brink_yaml_node **root) BRINK_CHECKED;
void brink_yaml_free(struct brink_yaml_tree *tree);

// The value of `key` in a mapping, or NULL.
struct brink_yaml_node *brink_yaml_get(const struct brink_yaml_node *mapping, const char *key);

// Puts `value` under `key` (copied), in the place of the old value if there is one. The key stands
// where the value does.
brink_err brink_yaml_put(struct brink_yaml_tree *tree, struct brink_yaml_node *mapping,
                         const char *key, struct brink_yaml_node *value) BRINK_CHECKED;

// *node is a new empty mapping that stands where `place` does.
brink_err brink_yaml_mapping(struct brink_yaml_tree *tree, const struct brink_yaml_node *place,
                             struct brink_yaml_node **node) BRINK_CHECKED;

// A mapping key or file value with nothing after the colon: as good as absent.
bool brink_yaml_empty(const struct brink_yaml_node *node);

// "a list", "a mapping" or "a value".
const char *brink_yaml_kind_name(const struct brink_yaml_node *node);

// BRINK_ERR_USAGE with the note "FILE:LINE:COLUMN: words", or "override 'TEXT': words".
brink_err brink_yaml_fail(const struct brink_yaml_node *at, const char *format, ...)
    BRINK_PRINTF(2, 3);

// "line 4", or "override 'TEXT'": a second place in a message.
#define BRINK_YAML_PLACE_MAX 120
const char *brink_yaml_place(const struct brink_yaml_node *node,
                             char words[static BRINK_YAML_PLACE_MAX]);

// `text` for a message: cut short between characters, "..." added.
#define BRINK_YAML_QUOTE_MAX 72
const char *brink_yaml_quote(const char *text, char words[static BRINK_YAML_QUOTE_MAX]);

#endif
