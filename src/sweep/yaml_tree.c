// SPDX-License-Identifier: MIT
// The one door to libyaml: its events become a tree, and what a specification has no use for
// (anchors, aliases, tags, several documents) is refused by name.
#include "yaml_tree.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

#include "brink/base/memory.h"
#include "utf8.h"

// ---- storage: nodes and text are cut from blocks and released together

enum { BLOCK_BYTES = 16 << 10, ALIGNMENT = 16 };

struct brink_yaml_block {
    struct brink_yaml_block *next;
    size_t used, size;
    char *bytes; // owned
};

static brink_err new_block(struct brink_yaml_tree *tree, size_t size)
{
    struct brink_yaml_block *block = NULL;
    brink_err error = brink_alloc(&block, 1, sizeof *block);
    if (error)
        return error;
    error = brink_alloc(&block->bytes, size, 1);
    if (error) {
        brink_free(&block);
        return error;
    }
    block->size = size;
    block->next = tree->blocks;
    tree->blocks = block;
    return BRINK_OK;
}

// *memory is `size` zeroed bytes that live as long as the tree.
static brink_err cut(struct brink_yaml_tree *tree, size_t size, void *memory)
{
    size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT; // texts are bounded: no overflow
    if (!tree->blocks || tree->blocks->size - tree->blocks->used < size) {
        brink_err error = new_block(tree, size > BLOCK_BYTES ? size : BLOCK_BYTES);
        if (error)
            return error;
    }
    char *bytes = tree->blocks->bytes + tree->blocks->used;
    tree->blocks->used += size;
    memcpy(memory, &bytes, sizeof bytes);
    return BRINK_OK;
}

static brink_err copy_text(struct brink_yaml_tree *tree, const char *text, size_t length,
                           const char **copy)
{
    char *bytes = NULL;
    brink_err error = cut(tree, length + 1, &bytes);
    if (!error && length)
        memcpy(bytes, text, length);
    *copy = bytes;
    return error;
}

void brink_yaml_free(struct brink_yaml_tree *tree)
{
    while (tree->blocks) {
        struct brink_yaml_block *block = tree->blocks;
        tree->blocks = block->next;
        brink_free(&block->bytes);
        brink_free(&block);
    }
}

// ---- messages

static brink_err fail_at(const struct brink_yaml_origin *origin, int line, int column,
                         const char *format, va_list arguments) BRINK_PRINTF(4, 0);
static brink_err fail_at(const struct brink_yaml_origin *origin, int line, int column,
                         const char *format, va_list arguments)
{
    char words[3072], quoted[BRINK_YAML_QUOTE_MAX];
    vsnprintf(words, sizeof words, format, arguments);
    if (origin->override)
        return brink_fail(BRINK_ERR_USAGE, "override '%s': %s",
                          brink_yaml_quote(origin->name, quoted), words);
    return brink_fail(BRINK_ERR_USAGE, "%s:%d:%d: %s", origin->name, line, column, words);
}

brink_err brink_yaml_fail(const struct brink_yaml_node *at, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    brink_err error = fail_at(at->origin, at->line, at->column, format, arguments);
    va_end(arguments);
    return error;
}

const char *brink_yaml_place(const struct brink_yaml_node *node,
                             char words[static BRINK_YAML_PLACE_MAX])
{
    char quoted[BRINK_YAML_QUOTE_MAX];
    if (node->origin->override)
        snprintf(words, BRINK_YAML_PLACE_MAX, "override '%s'",
                 brink_yaml_quote(node->origin->name, quoted));
    else
        snprintf(words, BRINK_YAML_PLACE_MAX, "line %d", node->line);
    return words;
}

const char *brink_yaml_quote(const char *text, char words[static BRINK_YAML_QUOTE_MAX])
{
    size_t length = strlen(text);
    if (length >= BRINK_YAML_QUOTE_MAX) {
        length = BRINK_YAML_QUOTE_MAX - sizeof "...";
        while (length && brink_utf8_continues(text[length]))
            length--;
        memcpy(words + length, "...", sizeof "...");
    } else
        words[length] = '\0';
    memcpy(words, text, length);
    return words;
}

const char *brink_yaml_kind_name(const struct brink_yaml_node *node)
{
    return node->kind == BRINK_YAML_SEQUENCE  ? "a list"
           : node->kind == BRINK_YAML_MAPPING ? "a mapping"
                                              : "a value";
}

// ---- building

struct builder {
    struct brink_yaml_tree *tree;
    const struct brink_yaml_origin *origin;
    yaml_parser_t *parser;
    const char *text; // borrowed, [length]
    size_t length;
    struct brink_yaml_node *open[BRINK_YAML_DEPTH_MAX]; // collections from the root inwards
    int depth;
    struct brink_yaml_node *key; // waits for its value in open[depth - 1]
    struct brink_yaml_node *root;
    int documents;
};

static brink_err fail_mark(const struct builder *builder, yaml_mark_t mark, const char *format, ...)
    BRINK_PRINTF(3, 4);
static brink_err fail_mark(const struct builder *builder, yaml_mark_t mark, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    brink_err error =
        fail_at(builder->origin, (int)mark.line + 1, (int)mark.column + 1, format, arguments);
    va_end(arguments);
    return error;
}

struct brink_yaml_node *brink_yaml_get(const struct brink_yaml_node *mapping, const char *key)
{
    for (struct brink_yaml_node *node = mapping->first; node; node = node->next)
        if (strcmp(node->key->text, key) == 0)
            return node;
    return NULL;
}

static brink_err add_key(struct builder *builder, const struct brink_yaml_node *mapping,
                         struct brink_yaml_node *key)
{
    char place[BRINK_YAML_PLACE_MAX], quoted[BRINK_YAML_QUOTE_MAX];
    if (key->kind != BRINK_YAML_SCALAR)
        return brink_yaml_fail(key, "a key is a word, not %s", brink_yaml_kind_name(key));
    const struct brink_yaml_node *earlier = brink_yaml_get(mapping, key->text);
    if (earlier)
        return brink_yaml_fail(key, "%s: is repeated (first: %s)",
                               brink_yaml_quote(key->text, quoted),
                               brink_yaml_place(earlier->key, place));
    if (mapping->count == BRINK_YAML_KEYS_MAX)
        return brink_yaml_fail(key, "more than %d keys in one mapping", BRINK_YAML_KEYS_MAX);
    builder->key = key;
    return BRINK_OK;
}

static void append(struct brink_yaml_node *parent, struct brink_yaml_node *node)
{
    if (parent->last)
        parent->last->next = node;
    else
        parent->first = node;
    parent->last = node;
    parent->count++;
}

static brink_err attach(struct builder *builder, struct brink_yaml_node *node)
{
    if (builder->depth == 0) {
        builder->root = node;
        return BRINK_OK;
    }
    struct brink_yaml_node *parent = builder->open[builder->depth - 1];
    if (parent->kind == BRINK_YAML_MAPPING && !builder->key)
        return add_key(builder, parent, node);
    node->key = builder->key;
    builder->key = NULL;
    append(parent, node);
    return BRINK_OK;
}

// A node of any kind begins at `event`.
static brink_err begin(struct builder *builder, const yaml_event_t *event,
                       enum brink_yaml_kind kind, const yaml_char_t *anchor, const yaml_char_t *tag)
{
    char quoted[BRINK_YAML_QUOTE_MAX];
    if (anchor)
        return fail_mark(builder, event->start_mark, "anchors (&%s) are not read: write values out",
                         brink_yaml_quote((const char *)anchor, quoted));
    if (tag)
        return fail_mark(builder, event->start_mark, "tags (%s) are not read: leave it out",
                         brink_yaml_quote((const char *)tag, quoted));
    struct brink_yaml_node *node = NULL;
    brink_err error = cut(builder->tree, sizeof *node, &node);
    if (error)
        return error;
    node->kind = kind;
    node->line = (int)event->start_mark.line + 1;
    node->column = (int)event->start_mark.column + 1;
    node->origin = builder->origin;
    if (kind == BRINK_YAML_SCALAR) {
        const char *text = (const char *)event->data.scalar.value;
        size_t length = event->data.scalar.length;
        if (memchr(text, '\0', length)) // from an escape, "\0"
            return brink_yaml_fail(node, "text with a NUL character");
        node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
        error = copy_text(builder->tree, text, length, &node->text);
    }
    if (!error)
        error = attach(builder, node);
    if (error || kind == BRINK_YAML_SCALAR)
        return error;
    if (builder->depth == BRINK_YAML_DEPTH_MAX)
        return brink_yaml_fail(node, "nested deeper than %d levels", BRINK_YAML_DEPTH_MAX);
    builder->open[builder->depth++] = node;
    return BRINK_OK;
}

static brink_err handle(struct builder *builder, const yaml_event_t *event)
{
    char quoted[BRINK_YAML_QUOTE_MAX];
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        if (++builder->documents > 1)
            return fail_mark(builder, event->start_mark, "a second document: only one is read");
        return BRINK_OK;
    case YAML_ALIAS_EVENT:
        return fail_mark(builder, event->start_mark, "aliases (*%s) are not read: write values out",
                         brink_yaml_quote((const char *)event->data.alias.anchor, quoted));
    case YAML_SCALAR_EVENT:
        return begin(builder, event, BRINK_YAML_SCALAR, event->data.scalar.anchor,
                     event->data.scalar.tag);
    case YAML_SEQUENCE_START_EVENT:
        return begin(builder, event, BRINK_YAML_SEQUENCE, event->data.sequence_start.anchor,
                     event->data.sequence_start.tag);
    case YAML_MAPPING_START_EVENT:
        return begin(builder, event, BRINK_YAML_MAPPING, event->data.mapping_start.anchor,
                     event->data.mapping_start.tag);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        builder->depth--;
        return BRINK_OK;
    default:
        return BRINK_OK;
    }
}

// Is line `number` (from 0) indented with a tab?
static bool tab_indents(const struct builder *builder, size_t number)
{
    const char *line = builder->text, *end = builder->text + builder->length;
    for (size_t i = 0; line && i < number; i++) {
        line = memchr(line, '\n', (size_t)(end - line));
        line = line ? line + 1 : NULL;
    }
    while (line && line < end && *line == ' ')
        line++;
    return line && line < end && *line == '\t';
}

// What people do not guess from libyaml's words.
static const char *hint(const struct builder *builder)
{
    const yaml_parser_t *parser = builder->parser;
    if (tab_indents(builder, parser->problem_mark.line))
        return ": indent with blanks, not with a tab";
    if (strstr(parser->problem, "mapping values are not allowed"))
        return ": is a blank missing after a colon just before, or is this line indented too far?";
    return "";
}

static brink_err syntax_error(const struct builder *builder)
{
    const yaml_parser_t *parser = builder->parser;
    if (parser->error == YAML_MEMORY_ERROR)
        return brink_fail(BRINK_ERR_MEMORY, "out of memory: reading %s", builder->origin->name);
    return fail_mark(builder, parser->problem_mark, "not valid YAML: %s%s%s%s", parser->problem,
                     parser->context ? " " : "", parser->context ? parser->context : "",
                     hint(builder));
}

static brink_err read_events(struct builder *builder)
{
    for (bool ended = false; !ended;) {
        yaml_event_t event;
        if (!yaml_parser_parse(builder->parser, &event))
            return syntax_error(builder);
        ended = event.type == YAML_STREAM_END_EVENT;
        brink_err error = handle(builder, &event);
        yaml_event_delete(&event);
        if (error)
            return error;
    }
    yaml_mark_t start = {0};
    return builder->root ? BRINK_OK : fail_mark(builder, start, "empty: there is nothing to read");
}

// libyaml's own words on bad bytes name no line: they are looked for first.
static brink_err check_bytes(const struct builder *builder)
{
    static const char hdf5[] = "\x89HDF\r\n";
    const char *text = builder->text;
    const size_t length = builder->length;
    yaml_mark_t mark = {0};
    if (length >= sizeof hdf5 - 1 && memcmp(text, hdf5, sizeof hdf5 - 1) == 0)
        return brink_fail(BRINK_ERR_USAGE,
                          "%s: an HDF5 file where a specification (YAML) is needed; a result is "
                          "for brink status, trace, verify, diff and pack",
                          builder->origin->name);
    if (length > BRINK_YAML_BYTES_MAX)
        return fail_mark(builder, mark, "larger than %d MiB", BRINK_YAML_BYTES_MAX >> 20);
    for (size_t at = 0; at < length; mark.column++) {
        uint32_t letter = 0;
        size_t bytes = brink_utf8_decode(text + at, length - at, &letter);
        if (bytes == 0)
            return fail_mark(builder, mark, "not UTF-8 text (byte 0x%02x)",
                             (unsigned)(unsigned char)text[at]);
        bool blank = letter == '\t' || letter == '\n' || letter == '\r';
        // U+0085 and its like are line breaks to YAML 1.1.
        bool breaks = letter == 0x85 || letter == 0x2028 || letter == 0x2029;
        if (!blank && !breaks && !brink_utf8_printable(letter))
            return fail_mark(builder, mark, "a character that is not text (U+%04X)",
                             (unsigned)letter);
        at += bytes;
        if (letter == '\n')
            mark = (yaml_mark_t){.line = mark.line + 1, .column = (size_t)-1};
    }
    return BRINK_OK;
}

brink_err brink_yaml_parse(struct brink_yaml_tree *tree, const char *name, bool override,
                           const char *text, size_t length, struct brink_yaml_node **root)
{
    yaml_parser_t parser = {0};
    struct brink_yaml_origin *origin = NULL;
    brink_err error = cut(tree, sizeof *origin, &origin);
    if (error)
        return error;
    origin->override = override;
    error = copy_text(tree, name, strlen(name), &origin->name);
    if (error)
        return error;
    if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) { // a byte-order mark
        text += 3;
        length -= 3;
    }
    struct builder builder = {
        .tree = tree, .origin = origin, .parser = &parser, .text = text, .length = length};
    error = check_bytes(&builder);
    if (error)
        return error;
    if (!yaml_parser_initialize(&parser))
        return brink_fail(BRINK_ERR_MEMORY, "out of memory: reading %s", name);
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, length);
    error = read_events(&builder);
    yaml_parser_delete(&parser);
    *root = builder.root;
    return error;
}

// ---- editing

brink_err brink_yaml_mapping(struct brink_yaml_tree *tree, const struct brink_yaml_node *place,
                             struct brink_yaml_node **node)
{
    brink_err error = cut(tree, sizeof **node, node);
    if (error)
        return error;
    (*node)->kind = BRINK_YAML_MAPPING;
    (*node)->origin = place->origin;
    (*node)->line = place->line;
    (*node)->column = place->column;
    return BRINK_OK;
}

brink_err brink_yaml_put(struct brink_yaml_tree *tree, struct brink_yaml_node *mapping,
                         const char *key, struct brink_yaml_node *value)
{
    assert(mapping->kind == BRINK_YAML_MAPPING);
    brink_err error = cut(tree, sizeof *value->key, &value->key);
    if (error)
        return error;
    value->key->kind = BRINK_YAML_SCALAR;
    value->key->origin = value->origin;
    value->key->line = value->line;
    value->key->column = value->column;
    error = copy_text(tree, key, strlen(key), &value->key->text);
    if (error)
        return error;
    struct brink_yaml_node *before = NULL, *old = mapping->first;
    while (old && strcmp(old->key->text, key) != 0) {
        before = old;
        old = old->next;
    }
    if (!old) {
        append(mapping, value);
        return BRINK_OK;
    }
    value->next = old->next;
    if (before)
        before->next = value;
    else
        mapping->first = value;
    if (mapping->last == old)
        mapping->last = value;
    return BRINK_OK;
}

bool brink_yaml_empty(const struct brink_yaml_node *node)
{
    return node->kind == BRINK_YAML_SCALAR && node->plain && node->text[0] == '\0';
}
