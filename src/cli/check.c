// SPDX-License-Identifier: MIT
// `brink check`: what a specification means and costs, without running it.
#include <inttypes.h>
#include <stdio.h>

#include "brink/store/store.h"
#include "command.h"

static void print_axis(const struct brink_spec *spec, const struct brink_axis *axis)
{
    static const char *const scale[] = {"listed", "linear", "log"};
    const struct brink_parameter *parameter = &spec->model->parameters[axis->parameter];
    char first[BRINK_VALUE_MAX], last[BRINK_VALUE_MAX], range[2 * BRINK_VALUE_MAX + 8];
    snprintf(range, sizeof range, "%s .. %s", brink_value_text(parameter, axis->values[0], first),
             brink_value_text(parameter, axis->values[axis->num - 1], last));
    printf("  %-10s %8" PRId64 "  %-7s %-22s %s\n", parameter->name, axis->num, scale[axis->scale],
           range, parameter->meaning);
}

static void print_fixed(const struct brink_spec *spec)
{
    struct brink_text line = {0};
    for (int i = 0; i < spec->model->parameter_count; i++) {
        if (!spec->fixed[i])
            continue;
        brink_text_add(&line, "%s%s = ", line.length ? ", " : "", spec->model->parameters[i].name);
        if (spec->model->parameters[i].pairs) {
            brink_text_number(&line, spec->fixed_pair[0]);
            brink_text_add(&line, ", ");
            brink_text_number(&line, spec->fixed_pair[1]);
        } else {
            char value[BRINK_VALUE_MAX];
            brink_text_add(
                &line, "%s",
                brink_value_text(&spec->model->parameters[i], spec->fixed_value[i], value));
        }
    }
    if (line.length)
        printf("fixed    %s\n", brink_text_get(&line));
    brink_text_free(&line);
}

static void print_record(const struct brink_spec *spec)
{
    printf("record  ");
    for (int i = 0; i < spec->model->field_count; i++)
        if (spec->record >> i & 1)
            printf(" %s", spec->model->fields[i].name);
    printf("\n");
}

static brink_err print_check(const struct brink_spec *spec)
{
    struct brink_plan plan;
    brink_err error = brink_plan_open(&plan, spec);
    if (error)
        return error;
    char bytes[32], memory[32], digits[BRINK_NUMBER_MAX];
    const struct brink_grid *grid = &spec->grid;
    printf("title    %s\nmodel    %s\naxes\n", spec->title, spec->model->name);
    for (int i = 0; i < spec->axis_count; i++)
        print_axis(spec, &spec->axes[i]);
    print_fixed(spec);
    printf("lr_unit  %s\n", spec->model->lr_units[spec->lr_unit].name);
    print_record(spec);
    printf("cells    %" PRId64 "\ntiles    %" PRId64 " of ", grid->cell_count, grid->tile_count);
    for (int i = 0; i < grid->rank; i++)
        printf("%s%" PRId64, i ? " x " : "", grid->tile[i]);
    int32_t steps = spec->model->steps_max(spec);
    printf("\nsteps    %s at most, %" PRId32 " a cell",
           brink_number_text((double)grid->cell_count * steps, digits), steps);
    printf("\nfile     %s\nmemory   %s a rank\n",
           brink_command_bytes((double)brink_store_bytes(spec), bytes),
           brink_command_bytes(brink_command_memory(spec), memory));
    struct brink_text engine = {0};
    if (spec->model->describe)
        spec->model->describe(plan.state, &engine);
    printf("%s", brink_text_get(&engine));
    brink_text_free(&engine);
    int64_t undefined = spec->model->undefined_cells(plan.state);
    printf("undefined %" PRId64 " cell%s%s\n", undefined, undefined == 1 ? "" : "s",
           undefined ? ": the unit of the learning rate does not exist there" : "");
    brink_plan_close(&plan);
    return BRINK_OK;
}

static brink_err run(const struct brink_command *self, int argc, char **argv, bool *told)
{
    struct brink_words words;
    struct brink_spec *spec = NULL;
    (void)told;
    brink_err error = brink_command_parse(self, argc, argv, NULL, &words);
    if (!error)
        error = brink_command_sweep_spec(&words, &spec);
    if (!error)
        error = print_check(spec);
    brink_spec_free(&spec);
    return error;
}

const struct brink_command brink_command_check = {
    .name = "check",
    .usage = "SPEC.yaml [KEY=VALUE ...]",
    .summary = "Checks a specification and says what it means and costs",
    .help = "Prints axes, cells, tiles, the size of the result, memory, and how many cells are\n"
            "undefined in the chosen unit of the learning rate. Creates nothing.\n",
    .words_min = 1,
    .words_max = BRINK_WORDS_ANY,
    .question = "which specification?",
    .run = run,
};
