// SPDX-License-Identifier: MIT
// Each parameter exactly once: of every group of the model one choice, whole.
#include <assert.h>
#include <string.h>

#include "spec_reader.h"

void brink_spec_choice_words(const struct brink_model *model, uint32_t choice,
                             struct brink_text *words)
{
    for (int i = 0; i < model->parameter_count; i++)
        if (choice >> i & 1) {
            uint32_t higher = choice >> i >> 1, lower = choice & ((UINT32_C(1) << i) - 1);
            brink_text_add(words, "%s%s",
                           !lower   ? ""
                           : higher ? ", "
                                    : " and ",
                           model->parameters[i].name);
        }
}

// "x0 and y0, or radius and angle": of each choice that holds all of `given` the rest.
static void list_choices(const struct brink_model *model, const struct brink_parameter_group *group,
                         uint32_t given, struct brink_text *words)
{
    const char *separator = "";
    for (int i = 0; group->choice[i]; i++)
        if ((group->choice[i] & given) == given) {
            brink_text_add(words, "%s", separator);
            brink_spec_choice_words(model, group->choice[i] & ~given, words);
            separator = ", or ";
        }
}

// The last in the file of the parameters `given`.
static const struct brink_yaml_node *last_of(const struct brink_spec_reader *reader, uint32_t given)
{
    const struct brink_yaml_node *last = NULL;
    for (int i = 0; i < BRINK_PARAMETER_MAX; i++) {
        const struct brink_yaml_node *node = given >> i & 1 ? reader->given[i] : NULL;
        // Overrides come after the file.
        if (node &&
            (!last || node->origin->override > last->origin->override ||
             (node->origin->override == last->origin->override &&
              (node->key->line > last->key->line ||
               (node->key->line == last->key->line && node->key->column > last->key->column)))))
            last = node;
    }
    assert(last);
    return last;
}

static brink_err check_group(const struct brink_spec_reader *reader,
                             const struct brink_parameter_group *group)
{
    const struct brink_model *model = reader->spec->model;
    uint32_t members = 0, given = 0;
    bool extensible = false; // can parameters be added to make a choice?
    for (int i = 0; group->choice[i]; i++)
        members |= group->choice[i];
    for (int i = 0; i < model->parameter_count; i++)
        given |= (uint32_t)(reader->given[i] != NULL) << i & members;
    for (int i = 0; group->choice[i]; i++) {
        if (group->choice[i] == given)
            return BRINK_OK;
        extensible = extensible || (group->choice[i] & given) == given;
    }
    struct brink_text have = {0}, need = {0};
    brink_spec_choice_words(model, given, &have);
    list_choices(model, group, extensible ? given : 0, &need);
    brink_err error = have.error ? have.error : need.error;
    if (error)
        goto done;
    if (!given)
        error = brink_yaml_fail(reader->axes, "axes: the %s is missing: give %s", group->name,
                                brink_text_get(&need));
    else if (extensible)
        error = brink_yaml_fail(last_of(reader, given)->key, "%s: goes with %s",
                                brink_text_get(&have), brink_text_get(&need));
    else
        error = brink_yaml_fail(last_of(reader, given)->key, "%s: do not go together: give %s",
                                brink_text_get(&have), brink_text_get(&need));
done:
    brink_text_free(&have);
    brink_text_free(&need);
    return error;
}

brink_err brink_spec_check_groups(const struct brink_spec_reader *reader)
{
    for (const struct brink_parameter_group *group = reader->spec->model->groups; group->name;
         group++) {
        brink_err error = check_group(reader, group);
        if (error)
            return error;
    }
    return BRINK_OK;
}

// Where `value` of `parameter` stands: the item of a list, or the axis, or the fixed value.
static const struct brink_yaml_node *place_of(const struct brink_spec_reader *reader, int parameter,
                                              double value)
{
    const struct brink_yaml_node *given = reader->given[parameter];
    if (given->kind != BRINK_YAML_MAPPING)
        return given;
    const struct brink_yaml_node *list = brink_yaml_get(given, "values");
    for (const struct brink_yaml_node *item = list ? list->first : NULL; item; item = item->next) {
        double number = 0;
        enum brink_number parsed = brink_number_parse(item->text, &number);
        assert(parsed == BRINK_NUMBER_OK); // it has been read before
        (void)parsed;
        if (number == value)
            return item;
    }
    return given->key;
}

brink_err brink_spec_check_model(const struct brink_spec_reader *reader)
{
    const struct brink_spec *spec = reader->spec;
    int parameter = -1;
    double value = 0;
    brink_err error = spec->model->check(spec, &parameter, &value);
    if (error != BRINK_ERR_USAGE)
        return error;
    assert(parameter >= 0 && reader->given[parameter]);
    return brink_yaml_fail(place_of(reader, parameter, value), "%s: %s",
                           spec->model->parameters[parameter].name, brink_error_note());
}
