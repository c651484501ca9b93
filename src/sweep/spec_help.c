// SPDX-License-Identifier: MIT
// Help on the specification, from the tables of keys, models, parameters and fields.
#include <string.h>

#include "spec_reader.h"

// The default of a key, or of the model's parameter that may stand there; NULL: must be given.
static const char *fallback_of(const struct brink_spec_key *key)
{
    const char *name = strrchr(key->name, '.');
    for (int i = 0; !key->fallback && name && brink_models[i]; i++) {
        int parameter = brink_model_parameter(brink_models[i], name + 1);
        if (parameter >= 0)
            return brink_models[i]->parameters[parameter].fallback;
    }
    return key->fallback;
}

static void add_key(struct brink_text *text, const struct brink_spec_key *key)
{
    const char *fallback = fallback_of(key);
    char words[BRINK_RANGE_MAX];
    if (key->model)
        brink_text_add(text, "  Of the model %s:\n", key->model);
    bool ranged = key->range.max > key->range.min;
    brink_text_add(text, "  %-16s %s", key->name, key->meaning);
    brink_text_add(text, "\n  %-16s %s; ", "",
                   ranged ? brink_range_words(&key->range, words) : key->type);
    if (fallback)
        brink_text_add(text, "default %s\n", fallback);
    else
        brink_text_add(text, "must be given\n");
    for (int i = 0; key->choices && key->choices[i].name; i++)
        brink_text_add(text, "  %-16s   %s: %s\n", "", key->choices[i].name,
                       key->choices[i].meaning);
}

static void add_model(struct brink_text *text, const struct brink_model *model)
{
    brink_text_add(text, "\nModel %s. Parameters, each an axis or fixed:\n", model->name);
    for (int i = 0; i < model->parameter_count; i++) {
        const struct brink_parameter *parameter = &model->parameters[i];
        struct brink_range range = {parameter->min, parameter->max, parameter->min_excluded,
                                    parameter->integer};
        char words[BRINK_RANGE_MAX];
        brink_text_add(text, "  %-16s %s; %s%s\n", parameter->name, parameter->meaning,
                       parameter->pairs ? "each " : "",
                       parameter->names ? "a word" : brink_range_words(&range, words));
        for (int j = 0; parameter->names && parameter->names[j]; j++)
            brink_text_add(text, "%s%s%s", j ? " " : "                   ", parameter->names[j],
                           parameter->names[j + 1] ? "" : "\n");
        if (parameter->fallback)
            brink_text_add(text, "  %-16s default %s\n", "", parameter->fallback);
        if (parameter->pairs)
            brink_text_add(text,
                           "  %-16s axes: {%s: {values: [[x, y], ...]}}, or fixed: {%s: [x, y]}\n",
                           "", parameter->name, parameter->name);
    }
    brink_text_add(text, "Exactly one of each line is given:\n");
    for (const struct brink_parameter_group *group = model->groups; group->name; group++) {
        brink_text_add(text, "  %-16s ", group->name);
        for (int i = 0; group->choice[i]; i++) {
            brink_text_add(text, "%s", i ? " | " : "");
            brink_spec_choice_words(model, group->choice[i], text);
        }
        brink_text_add(text, "\n");
    }
    brink_text_add(text, "The learning rate is h = lr times lr_unit:\n");
    for (int i = 0; model->lr_units[i].name; i++)
        brink_text_add(text, "  %-16s %s\n", model->lr_units[i].name, model->lr_units[i].meaning);
    brink_text_add(text, "Verdicts:\n");
    for (const struct brink_flag *flag = model->status_flags; flag->name; flag++)
        brink_text_add(text, "  %-16s %s\n", flag->name, flag->meaning);
    brink_text_add(text, "Fields (* in record: basic):\n");
    for (int i = 0; i < model->field_count; i++)
        brink_text_add(text, "%c %-16s %s\n", model->fields[i].basic ? '*' : ' ',
                       model->fields[i].name, model->fields[i].meaning);
}

void brink_spec_help(struct brink_text *text)
{
    brink_text_add(text, "Keys of a sweep specification (YAML):\n");
    for (const struct brink_spec_key *key = brink_spec_keys; key->name; key++) {
        add_key(text, key);
        for (const struct brink_spec_key *child = key->children; child && child->name; child++)
            add_key(text, child);
    }
    brink_text_add(text,
                   "\nAn axis is {values: [...]} or {min: M, max: M, num: N, scale: linear|log}, "
                   "ends included.\nA parameter in an override may leave out axes or fixed: "
                   "lr.num=4096 x0=3 stop.tail=512.\n");
    for (int i = 0; brink_models[i]; i++)
        add_model(text, brink_models[i]);
}
