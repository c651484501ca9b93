// SPDX-License-Identifier: MIT
// What the parts of the specification's reader share: its keys as one table, its state, scalars.
#ifndef BRINK_SWEEP_SPEC_READER_H
#define BRINK_SWEEP_SPEC_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "brink/sweep/spec.h"
#include "yaml_tree.h"

// Points along one axis: its values are kept in memory.
#define BRINK_AXIS_POINTS_MAX (INT64_C(1) << 24)

struct brink_spec_reader {
    struct brink_spec *spec;
    const struct brink_yaml_node *root;
    const struct brink_yaml_node *axes; // where they stand, for messages
    // By parameter: the value under axes or fixed, NULL where not given.
    const struct brink_yaml_node *given[BRINK_PARAMETER_MAX];
};

// The numbers a key or parameter may be.
struct brink_range {
    double min, max;
    bool min_excluded; // open below
    bool integer;
};

// A key of the specification. `read` is handed the key's value or NULL where it is absent.
struct brink_spec_key {
    const char *name;     // dotted under a key that is a mapping: "stop.tail"
    const char *type;     // in words
    const char *fallback; // the default, in words or as YAML; NULL: must be given
    const char *meaning;
    struct brink_range range;              // of a number
    size_t offset;                         // of a number or text in struct brink_spec
    const struct brink_choice *choices;    // of a word whose number is at offset
    const struct brink_spec_key *children; // ends with name NULL; NULL: none, or the model's
    bool mapping;                          // has keys below it
    const char *model;                     // the only model that has it; NULL: all
    brink_err (*read)(struct brink_spec_reader *reader, const struct brink_spec_key *key,
                      const struct brink_yaml_node *node);
    void (*write)(const struct brink_spec *spec, const struct brink_spec_key *key,
                  struct brink_text *json);
};

// `write` is NULL for a reserved key.
// In the order of reading, of the resolved JSON and of the help; ends with name NULL.
extern const struct brink_spec_key brink_spec_keys[];
const struct brink_spec_key *brink_spec_key(const char *name);
bool brink_spec_key_of(const struct brink_spec_key *key, const struct brink_model *model);

// ---- spec_network.c: the keys below network, data and train; end with name NULL
extern const struct brink_spec_key brink_network_keys[], brink_data_keys[], brink_train_keys[];

// ---- numbers of a type at the key's offset, for tables
brink_err brink_spec_read_int32(struct brink_spec_reader *reader, const struct brink_spec_key *key,
                                const struct brink_yaml_node *node) BRINK_CHECKED;
void brink_spec_write_int32(const struct brink_spec *spec, const struct brink_spec_key *key,
                            struct brink_text *json);
brink_err brink_spec_read_double(struct brink_spec_reader *reader, const struct brink_spec_key *key,
                                 const struct brink_yaml_node *node) BRINK_CHECKED;
void brink_spec_write_double(const struct brink_spec *spec, const struct brink_spec_key *key,
                             struct brink_text *json);

// ---- spec_scalar.c

// `text` as a decimal number: BRINK_NUMBER_NONE for anything else, hexadecimal, "nan" and "inf".
enum brink_number { BRINK_NUMBER_OK, BRINK_NUMBER_NONE, BRINK_NUMBER_HUGE, BRINK_NUMBER_TINY };
enum brink_number brink_number_parse(const char *text, double *value);

// Shortest decimal that reads back to the same double, whole numbers without an exponent.
#define BRINK_NUMBER_MAX 32

// The scalar `node` as a number in `range`; `path` ("lr.min") is named in messages.
brink_err brink_spec_number(const struct brink_yaml_node *node, const char *path,
                            const struct brink_range *range, double *value) BRINK_CHECKED;

// Is `value` in range? If not, fails at `at` with what would be.
brink_err brink_spec_in_range(const struct brink_yaml_node *at, const char *path,
                              const struct brink_range *range, double value) BRINK_CHECKED;

// "a number > 0", "a whole number from 1 to 1001".
#define BRINK_RANGE_MAX 96
const char *brink_range_words(const struct brink_range *range, char words[static BRINK_RANGE_MAX]);

// The scalar `node` as a word.
brink_err brink_spec_word(const struct brink_yaml_node *node, const char *path,
                          const char **word) BRINK_CHECKED;

// Fails with "PATH: unknown WHAT 'word'" and what was meant, or what there is.
brink_err brink_spec_unknown(const struct brink_yaml_node *at, const char *path, const char *what,
                             const char *word, int count, const char *const candidates[]);

// ---- spec_axes.c

extern const char *const brink_scale_names[]; // by enum brink_scale; NULL for a list

brink_err brink_spec_read_axes(struct brink_spec_reader *reader, const struct brink_spec_key *key,
                               const struct brink_yaml_node *node) BRINK_CHECKED;
brink_err brink_spec_read_fixed(struct brink_spec_reader *reader, const struct brink_spec_key *key,
                                const struct brink_yaml_node *node) BRINK_CHECKED;

// The value of one parameter, also where it stands in another section (`network.width`).
brink_err brink_spec_read_value(struct brink_spec_reader *reader, const char *path,
                                const struct brink_yaml_node *node) BRINK_CHECKED;

void brink_spec_write_axes(const struct brink_spec *spec, const struct brink_spec_key *key,
                           struct brink_text *json);
void brink_spec_write_fixed(const struct brink_spec *spec, const struct brink_spec_key *key,
                            struct brink_text *json);

// ---- spec_groups.c

// Of each of the model's groups exactly one choice is given, whole; and the model agrees.
brink_err brink_spec_check_groups(const struct brink_spec_reader *reader) BRINK_CHECKED;
brink_err brink_spec_check_model(const struct brink_spec_reader *reader) BRINK_CHECKED;

// "x0 and y0": the parameters of a choice.
void brink_spec_choice_words(const struct brink_model *model, uint32_t choice,
                             struct brink_text *words);

// ---- spec_override.c

// Is `word` a parameter of the model that the tree names?
bool brink_spec_is_parameter(const struct brink_yaml_node *root, const char *word);

// Puts "PATH=VALUE" into the tree.
brink_err brink_spec_override(struct brink_yaml_tree *tree, struct brink_yaml_node *root,
                              const char *override) BRINK_CHECKED;

#endif
