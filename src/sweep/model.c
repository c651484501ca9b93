// SPDX-License-Identifier: MIT
// The table of models, and look-ups in a model's own tables.
#include "brink/sweep/model.h"

#include <stdlib.h>
#include <string.h>

const struct brink_model *const brink_models[] = {
    &brink_model_regularity,
    &brink_model_network,
    NULL,
};

size_t brink_type_size(enum brink_type type)
{
    switch (type) {
    case BRINK_I8:
        return 1;
    case BRINK_I32:
        return 4;
    case BRINK_F64:
        return 8;
    }
    abort(); // a type without a size
}

const struct brink_field *brink_model_field(const struct brink_model *model, const char *name)
{
    for (int i = 0; i < model->field_count; i++)
        if (strcmp(model->fields[i].name, name) == 0)
            return &model->fields[i];
    return NULL;
}

int brink_model_parameter(const struct brink_model *model, const char *name)
{
    for (int i = 0; i < model->parameter_count; i++)
        if (strcmp(model->parameters[i].name, name) == 0)
            return i;
    return -1;
}

const char *brink_model_status(const struct brink_model *model, int8_t status)
{
    for (const struct brink_flag *flag = model->status_flags; flag->name; flag++)
        if (flag->value == status)
            return flag->name;
    return NULL;
}
