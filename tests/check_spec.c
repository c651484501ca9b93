// SPDX-License-Identifier: MIT
// The sweep specification: what resolves reads back to the same bits; overrides; examples.
#include "brink/sweep/spec.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "brink/base/random.h"
#include "spec_text.h"
#include "unit.h"

static int parameter(const char *name)
{
    int index = brink_model_parameter(&brink_model_regularity, name);
    ck_assert_int_ge(index, 0);
    return index;
}

// ---- laws

// The resolved JSON, read as a specification, gives the same JSON, hash and values, to the bit.
static void assert_reads_back(const struct brink_spec *spec)
{
    struct brink_spec *again = NULL;
    ck_assert_ok(brink_spec_parse("again.yaml", spec->json, strlen(spec->json), 0, NULL, &again));
    ck_assert_str_eq(again->json, spec->json);
    ck_assert_str_eq(again->title, spec->title);
    ck_assert(again->hash == spec->hash && again->record == spec->record);
    ck_assert(again->seed == spec->seed && again->lr_unit == spec->lr_unit);
    ck_assert_int_eq(again->axis_count, spec->axis_count);
    ck_assert_int_eq(again->rules.max_steps, spec->rules.max_steps);
    ck_assert_int_eq(again->rules.tail, spec->rules.tail);
    ck_assert_bits_eq(again->rules.grad_tol, spec->rules.grad_tol);
    ck_assert_bits_eq(again->rules.escape, spec->rules.escape);
    for (int i = 0; i < spec->axis_count; i++) {
        const struct brink_axis *a = &spec->axes[i], *b = &again->axes[i];
        ck_assert(a->parameter == b->parameter && a->scale == b->scale && a->num == b->num);
        ck_assert_int_eq(spec->grid.tile[i], again->grid.tile[i]);
        for (int64_t j = 0; j < a->num; j++) {
            ck_assert_bits_eq(a->values[j], b->values[j]);
            for (int k = 0; a->pairs && k < 2; k++)
                ck_assert_bits_eq(a->pairs[j][k], b->pairs[j][k]);
        }
    }
    for (int i = 0; i < BRINK_PARAMETER_MAX; i++) {
        ck_assert(spec->fixed[i] == again->fixed[i]);
        ck_assert_bits_eq(spec->fixed_value[i], again->fixed_value[i]);
    }
    ck_assert_bits_eq(spec->fixed_pair[0], again->fixed_pair[0]);
    ck_assert_bits_eq(spec->fixed_pair[1], again->fixed_pair[1]);
    brink_spec_free(&again);
    ck_assert_ptr_null(again);
}

START_TEST(resolved_json_reads_back)
{
    static const char *const texts[] = {
        small,
        "model: regularity\ntitle: \"quotes \\\" back\\\\slash é 🙂\"\n"
        "axes: {init: {values: [[10, 1], [4, .5], [-0, 1e-300]]}, lr: {values: [5., +1e-3, 2]}}\n"
        "fixed: {b: 3}\nrecord: [steps, status]\ntile: [2, 99]\nseed: 9007199254740992\n",
        "model: regularity\naxes: {radius: {min: 0, max: 1e150, num: 7},\n"
        " angle: {min: -180, max: 180, num: 9}, a: {values: [0.1, 0.3]}}\n"
        "lr_unit: sharpness\nrecord: full\nstop:\nfixed : {lr: 0.1}\n",
        "model: regularity\naxes: {b: {min: 1, max: 9, num: 5}, s0: {min: 1, max: 1, num: 1}}\n"
        "fixed: {lr: 1e-9, seed: 3, scale: 2}\nrecord: []\n"
        "tile: auto\nstop: {max_steps: 2147483646, tail: 8, grad_tol: 0, escape: 1.7e308}\n",
        "{\"model\": \"regularity\", \"axes\": {\"lr\": {\"min\": 1e-308, \"max\": 1e300, "
        "\"num\": 33, \"scale\": \"log\"}}, \"fixed\": {\"dor\": 6, \"init\": [0.1, -0.7]}}",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct brink_spec *spec = parse(texts[i]);
        assert_reads_back(spec);
        brink_spec_free(&spec);
    }
}
END_TEST

// The same for random ends, numbers of points and lists.
START_TEST(random_specs_read_back)
{
    struct brink_random_key key = {.purpose = BRINK_PURPOSE_TEST};
    for (key.item = 0; key.item < 300; key.item++) {
        struct brink_text text = {0};
        double min = brink_from_bits(brink_random_bits(&key, 0) & ~(UINT64_C(3) << 62));
        double max = min * (1 + brink_random_uniform(&key, 1) * 1e3);
        bool log_scale = brink_random_bits(&key, 2) & 1;
        brink_text_add(&text, "model: regularity\naxes: {lr: {min: ");
        brink_text_number(&text, min);
        brink_text_add(&text, ", max: ");
        brink_text_number(&text, max);
        brink_text_add(&text, ", num: %d, scale: %s}, x0: {values: [",
                       (int)(2 + brink_random_bits(&key, 3) % 50), log_scale ? "log" : "linear");
        for (uint32_t i = 0; i < 5; i++)
            brink_text_add(&text, "%s%.17g", i ? "," : "", brink_random_gaussian(&key, 10 + i));
        brink_text_add(&text, "]}}\nfixed: {dor: 0.5, y0: %.17g}\n",
                       brink_random_gaussian(&key, 20));
        struct brink_spec *spec = NULL;
        brink_err error = parse_with(brink_text_get(&text), NULL, &spec);
        // Only what is too small for distinct doubles may be refused.
        ck_assert_msg(!error || min < 1e-300, "%s", brink_error_note());
        if (!error)
            assert_reads_back(spec);
        brink_spec_free(&spec);
        brink_text_free(&text);
    }
}
END_TEST

// A number's digits read back to it, and one digit fewer would not; powers of two are a kind apart.
START_TEST(numbers_are_as_short_as_reads_back)
{
    struct brink_random_key key = {.purpose = BRINK_PURPOSE_TEST};
    for (key.item = 0; key.item < 20000; key.item++) {
        double value = brink_from_bits(brink_random_bits(&key, 0));
        if (key.item % 4 == 1)
            value = ldexp(1, (int)(brink_random_bits(&key, 1) % 2098) - 1074);
        if (key.item % 4 == 2)
            value = (double)(brink_random_bits(&key, 1) % 100000) / 1000;
        if (key.item % 4 == 3)
            value = nextafter((double)(brink_random_bits(&key, 1) % 1000) / 10, 1e9);
        if (!isfinite(value) || value == rint(value))
            continue;
        char digits[BRINK_NUMBER_MAX], shortest[BRINK_NUMBER_MAX];
        int precision = 0;
        do
            snprintf(shortest, sizeof shortest, "%.*g", ++precision, value);
        while (strtod(shortest, NULL) != value);
        ck_assert_str_eq(brink_number_text(value, digits), shortest);
    }
}
END_TEST

// Ends exact, strictly increasing, and symmetric where the ends are.
START_TEST(axis_values_are_lawful)
{
    static const struct {
        double min, max;
        int64_t num;
    } cases[] = {
        {0, 1, 11},          {-1, 1, 1000},           {-6, 6, 512},           {0.1, 0.7, 7},
        {1e-4, 40, 1024},    {1, 1e300, 3},           {1, 1 + 0x1p-40, 4096}, {5e-324, 1e-320, 2},
        {-1e308, 1e308, 77}, {1e-300, 1e300, 100001},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (enum brink_scale scale = BRINK_SCALE_LINEAR; scale <= BRINK_SCALE_LOG; scale++) {
            double min = cases[i].min, max = cases[i].max, last = -(double)INFINITY;
            int64_t num = cases[i].num;
            if (scale == BRINK_SCALE_LOG && min <= 0)
                continue;
            ck_assert_bits_eq(brink_axis_value(scale, min, max, num, 0), min);
            ck_assert_bits_eq(brink_axis_value(scale, min, max, num, num - 1), max);
            for (int64_t j = 0; j < num; j++) {
                double value = brink_axis_value(scale, min, max, num, j);
                ck_assert_msg(value > last, "%a to %a: point %d", min, max, (int)j);
                last = value;
                if (scale == BRINK_SCALE_LINEAR)
                    ck_assert(value == -brink_axis_value(scale, -max, -min, num, num - 1 - j));
            }
        }
    ck_assert_bits_eq(brink_axis_value(BRINK_SCALE_LINEAR, 3, 3, 1, 0), 3.0);
}
END_TEST

START_TEST(axis_values_are_accurate)
{
    // Tenths are the tenths that a person writes.
    for (int i = 0; i <= 10; i++)
        ck_assert_bits_eq(brink_axis_value(BRINK_SCALE_LINEAR, 0, 1, 11, i), i / 10.0);
    for (int i = 0; i <= 6; i++) {
        double decade = brink_axis_value(BRINK_SCALE_LOG, 1e-3, 1e3, 7, i);
        ck_assert_close(decade, pow(10, i - 3), 4e-15);
    }
    for (int i = 0; i < 1024; i++) {
        double value = brink_axis_value(BRINK_SCALE_LOG, 1e-4, 40, 1024, i);
        ck_assert_close(value, (double)(1e-4L * powl(4e5L, i / 1023.0L)), 4e-15);
        value = brink_axis_value(BRINK_SCALE_LINEAR, 1e-4, 40, 1024, i);
        ck_assert_close(value, (double)((1e-4L * (1023 - i) + 40.0L * i) / 1023), 2.3e-16);
    }
}
END_TEST

// Of a group exactly one choice, whole: every set of parameters of the regularity and the start.
START_TEST(groups_take_one_choice)
{
    const struct brink_model *model = &brink_model_regularity;
    int lr = parameter("lr"), accepted = 0, choices = 1;
    for (const struct brink_parameter_group *group = model->groups; group->name; group++) {
        int count = 0;
        while (group->choice[count])
            count++;
        choices *= count;
    }
    for (uint32_t set = 0; set < UINT32_C(1) << model->parameter_count; set++) {
        if (set >> lr & 1)
            continue; // it is the axis
        struct brink_text text = {0};
        brink_text_add(&text, "model: regularity\naxes: {lr: {values: [1]}}\nfixed: {");
        const char *separator = "";
        for (int i = 0; i < model->parameter_count; i++)
            if (set >> i & 1) {
                brink_text_add(&text, "%s%s: %s", separator, model->parameters[i].name,
                               model->parameters[i].pairs ? "[1, 1]" : "1");
                separator = ", ";
            }
        brink_text_add(&text, "}\n");
        bool valid = true;
        for (const struct brink_parameter_group *group = model->groups; group->name; group++) {
            uint32_t members = 0;
            bool found = false;
            for (int i = 0; group->choice[i]; i++)
                members |= group->choice[i];
            for (int i = 0; group->choice[i]; i++)
                found = found || ((set | UINT32_C(1) << lr) & members) == group->choice[i];
            valid = valid && found;
        }
        struct brink_spec *spec = NULL;
        brink_err error = parse_with(brink_text_get(&text), NULL, &spec);
        ck_assert_msg(error == (valid ? BRINK_OK : BRINK_ERR_USAGE), "%s: %s",
                      brink_text_get(&text), brink_error_note());
        accepted += valid;
        brink_spec_free(&spec);
        brink_text_free(&text);
    }
    ck_assert_int_eq(accepted, choices);
}
END_TEST

// An override is an edit: the same as the edited text.
START_TEST(overrides_edit)
{
    static const char text[] =
        "title: t\nmodel: regularity\naxes:\n"
        "  lr: {min: 0.1, max: 1, num: 4}\nfixed: {dor: 1, x0: 4, y0: 0.5}\n";
    static const struct {
        const char *override, *text;
    } cases[] = {
        {"lr.num=7", "axes: {lr: {min: 0.1, max: 1, num: 7}}\nfixed: {dor: 1, x0: 4, y0: 0.5}"},
        {"axes.lr.max=2",
         "axes: {lr: {min: 0.1, max: 2, num: 4}}\nfixed: {dor: 1, x0: 4, y0: 0.5}"},
        {"lr.scale=log", "axes: {lr: {min: 0.1, max: 1, num: 4, scale: log}}\n"
                         "fixed: {dor: 1, x0: 4, y0: 0.5}"},
        {"lr={values: [1, 2]}", "axes: {lr: {values: [1, 2]}}\nfixed: {dor: 1, x0: 4, y0: 0.5}"},
        {"x0=3", "axes: {lr: {min: 0.1, max: 1, num: 4}}\nfixed: {dor: 1, x0: 3, y0: 0.5}"},
        {"fixed.x0=3", "axes: {lr: {min: 0.1, max: 1, num: 4}}\nfixed: {dor: 1, x0: 3, y0: 0.5}"},
        {"fixed={a: 0.5, init: [1, 2]}",
         "axes: {lr: {min: 0.1, max: 1, num: 4}}\nfixed: {a: 0.5, init: [1, 2]}"},
        {"stop.tail=512", "axes: {lr: {min: 0.1, max: 1, num: 4}}\n"
                          "fixed: {dor: 1, x0: 4, y0: 0.5}\nstop: {tail: 512}"},
        {"stop.max_steps=1e5", "axes: {lr: {min: 0.1, max: 1, num: 4}}\n"
                               "fixed: {dor: 1, x0: 4, y0: 0.5}\nstop: {max_steps: 100000}"},
        {"record=[steps]", "axes: {lr: {min: 0.1, max: 1, num: 4}}\n"
                           "fixed: {dor: 1, x0: 4, y0: 0.5}\nrecord: [steps]"},
        {"seed=7", "axes: {lr: {min: 0.1, max: 1, num: 4}}\n"
                   "fixed: {dor: 1, x0: 4, y0: 0.5}\nseed: 7"},
    };
    char edited[512];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct brink_spec *a = NULL, *b = NULL;
        ck_assert_ok(parse_with(text, cases[i].override, &a));
        snprintf(edited, sizeof edited, "title: t\nmodel: regularity\n%s\n", cases[i].text);
        ck_assert_ok(parse_with(edited, NULL, &b));
        ck_assert_str_eq(a->json, b->json);
        brink_spec_free(&a);
        brink_spec_free(&b);
    }
}
END_TEST

START_TEST(overrides_tell_the_seed_from_the_seed_axis)
{
    static const char text[] = "model: regularity\naxes: {seed: {min: 0, max: 3, num: 4}}\n"
                               "fixed: {dor: 1, lr: 1, scale: 1}\n";
    char seed[] = "seed=5", max[] = "seed.max=6", num[] = "seed.num=7", title[] = "title=Two words";
    char *overrides[] = {seed, max, num, title};
    struct brink_spec *spec = NULL;
    ck_assert_ok(brink_spec_parse("t.yaml", text, strlen(text), 4, overrides, &spec));
    ck_assert_uint_eq(spec->seed, 5);
    ck_assert_int_eq(spec->axes[0].num, 7);
    ck_assert_str_eq(spec->title, "Two words");
    brink_spec_free(&spec);
}
END_TEST

// ---- examples

START_TEST(the_demo_is_what_its_file_says)
{
    struct brink_spec *spec = NULL;
    ck_assert_ok(brink_spec_read("jobs/dor.yaml", 0, NULL, &spec));
    ck_assert_str_eq(spec->title, "Convergence against degree of regularity");
    ck_assert_int_eq(spec->axis_count, 2);
    ck_assert_int_eq(brink_spec_axis(spec, parameter("dor")), 0);
    ck_assert_int_eq(brink_spec_axis(spec, parameter("lr")), 1);
    ck_assert_int_eq(brink_spec_axis(spec, parameter("x0")), -1);
    ck_assert(brink_spec_has(spec, parameter("x0")) && !brink_spec_has(spec, parameter("a")));
    ck_assert_int_eq(spec->grid.cell_count, 8192);
    int64_t coordinate[] = {6, 1023};
    ck_assert_bits_eq(brink_spec_value(spec, parameter("dor"), coordinate), 10.0);
    ck_assert_bits_eq(brink_spec_value(spec, parameter("lr"), coordinate), 40.0);
    ck_assert_bits_eq(brink_spec_value(spec, parameter("y0"), coordinate), 0.5);
    ck_assert_str_eq(spec->model->lr_units[spec->lr_unit].name, "flow");
    assert_reads_back(spec);
    brink_spec_free(&spec);
}
END_TEST

START_TEST(the_examples_are_valid)
{
    static const char *const paths[] = {"jobs/basin.yaml", "jobs/paper.yaml"};
    for (size_t i = 0; i < 2; i++) {
        struct brink_spec *spec = NULL;
        ck_assert_ok(brink_spec_read(paths[i], 0, NULL, &spec));
        assert_reads_back(spec);
        brink_spec_free(&spec);
    }
}
END_TEST

START_TEST(defaults_are_filled_in)
{
    struct brink_spec *spec = parse(small);
    ck_assert_str_eq(
        spec->json,
        "{\"title\": \"test\", \"model\": \"regularity\", \"axes\": {\"lr\": {\"min\": 0.1, "
        "\"max\": 1, \"num\": 4, \"scale\": \"linear\"}}, \"fixed\": {\"dor\": 1, \"x0\": 4, "
        "\"y0\": 0.5}, \"lr_unit\": \"one\", \"stop\": {\"max_steps\": 20000, \"grad_tol\": 1e-10, "
        "\"escape\": 100000000, \"tail\": 1024}, \"record\": \"basic\", \"seed\": 0, "
        "\"tile\": [4]}");
    ck_assert(spec->record & 1);
    ck_assert_str_eq(spec->source, "test.yaml");
    brink_spec_free(&spec);
}
END_TEST

START_TEST(titles_come_from_the_file)
{
    static const char *const cases[][2] = {
        {"a/b.c/sweep.v2.yaml", "sweep.v2"}, {"plain", "plain"},          {".hidden", ".hidden"},
        {"caf\xc3\xa9.yaml", "caf\xc3\xa9"}, {"\xff\ta\x7f.yml", "??a?"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct brink_spec *spec = NULL;
        ck_assert_ok(brink_spec_parse(cases[i][0], small, strlen(small), 0, NULL, &spec));
        ck_assert_str_eq(spec->title, cases[i][1]);
        assert_reads_back(spec);
        brink_spec_free(&spec);
    }
}
END_TEST

START_TEST(starts_may_be_a_list)
{
    struct brink_spec *spec = parse("model: regularity\naxes:\n  init:\n    values:\n"
                                    "    - [10, 1]\n    - [4, .5]\nfixed: {dor: 1, lr: 1}\n");
    ck_assert_int_eq(spec->axes[0].num, 2);
    ck_assert_bits_eq(spec->axes[0].pairs[1][0], 4.0);
    ck_assert_bits_eq(spec->axes[0].pairs[1][1], 0.5);
    int64_t coordinate[] = {1};
    ck_assert_bits_eq(brink_spec_value(spec, parameter("init"), coordinate), 1.0);
    brink_spec_free(&spec);
}
END_TEST

// Whatever is a number in C's decimal notation is that number.
START_TEST(numbers_are_decimal)
{
    static const char *const numbers[] = {"0",   "-0",    "1e-3",  ".5",     "5.",
                                          "+7",  "-2E+2", "010",   "1e5",    "4.9e-324",
                                          "0e9", "0.1",   "00.00", "1.7e100"};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        char override[64];
        struct brink_spec *spec = NULL;
        snprintf(override, sizeof override, "x0=%s", numbers[i]);
        ck_assert_ok(parse_with(small, override, &spec));
        ck_assert_bits_eq(spec->fixed_value[parameter("x0")], strtod(numbers[i], NULL));
        assert_reads_back(spec);
        brink_spec_free(&spec);
    }
}
END_TEST

// A byte-order mark and the line ends of another system are nothing.
START_TEST(files_from_elsewhere_are_read)
{
    char text[512];
    snprintf(text, sizeof text, "\xef\xbb\xbf%s", small);
    struct brink_spec *spec = parse(text), *plain = parse(small);
    ck_assert_str_eq(spec->json, plain->json);
    brink_spec_free(&spec);
    size_t length = 0;
    for (const char *c = small; *c; c++) {
        if (*c == '\n')
            text[length++] = '\r';
        text[length++] = *c;
    }
    text[length] = '\0';
    spec = parse(text);
    ck_assert_str_eq(spec->json, plain->json);
    brink_spec_free(&spec);
    brink_spec_free(&plain);
}
END_TEST

START_TEST(overrides_find_parameters_in_sections_and_fill_empty_ones)
{
    static const char network[] = "model: network\naxes: {lr: {values: [0.1]}}\n"
                                  "network: {loss: mse}\n";
    static const char empty[] = "model: regularity\naxes: {lr: {values: [0.1]}}\nstop:\n"
                                "fixed: {dor: 1, x0: 4, y0: 0.5}\n";
    struct brink_spec *spec = NULL;
    ck_assert_ok(parse_with(network, "loss=huber", &spec));
    ck_assert_ptr_nonnull(strstr(spec->json, "\"loss\": \"huber\""));
    brink_spec_free(&spec);
    ck_assert_ok(parse_with(network, "activation=relu", &spec)); // stands nowhere yet
    ck_assert_ptr_nonnull(strstr(spec->json, "\"activation\": \"relu\""));
    brink_spec_free(&spec);
    ck_assert_ok(parse_with(empty, "stop.max_steps=77", &spec));
    ck_assert_ptr_nonnull(strstr(spec->json, "\"max_steps\": 77"));
    brink_spec_free(&spec);
}
END_TEST

START_TEST(differences_are_named)
{
    static const struct {
        const char *override, *difference;
    } cases[] = {
        {"title=test", ""},
        {"stop.max_steps=1e5", "  stop.max_steps: 20000 -> 100000\n"},
        {"x0=3", "  fixed.x0: 4 -> 3\n"},
        {"lr={values: [1, 2]}",
         "  axes.lr: min, max, num, scale -> values\n"
         "  axes.lr.min: 0.1 -> (none)\n  axes.lr.max: 1 -> (none)\n"
         "  axes.lr.num: 4 -> (none)\n  axes.lr.scale: linear -> (none)\n"
         "  axes.lr.values: (none) -> [1, 2]\n"}, // of the tile nothing: it follows
        {"tile=[2]", "  tile: [4] -> [2]\n"},
        {"record=[steps]", "  record: basic -> [status, steps]\n"},
    };
    struct brink_spec *a = parse(small);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct brink_spec *b = NULL;
        struct brink_text difference = {0};
        ck_assert_ok(parse_with(small, cases[i].override, &b));
        ck_assert_ok(brink_spec_difference(a->json, b->json, &difference));
        ck_assert_str_eq(brink_text_get(&difference), cases[i].difference);
        brink_text_free(&difference);
        brink_spec_free(&b);
    }
    brink_spec_free(&a);
}
END_TEST

static void assert_difference(const char *a, const char *b, const char *expected)
{
    struct brink_text difference = {0};
    ck_assert_ok(brink_spec_difference(a, b, &difference));
    ck_assert_str_eq(brink_text_get(&difference), expected);
    brink_text_free(&difference);
}

START_TEST(differences_see_order_and_long_lists)
{
    assert_difference("{axes: {a: 1, b: 2}}", "{axes: {b: 2, a: 1}}", "  axes: a, b -> b, a\n");
    struct brink_text a = {0}, b = {0};
    brink_text_add(&a, "{values: [");
    brink_text_add(&b, "{values: [");
    for (int i = 0; i < 60; i++) {
        brink_text_add(&a, "%s%d", i ? ", " : "", i);
        brink_text_add(&b, "%s%d", i ? ", " : "", i + 100 * (i == 40));
    }
    brink_text_add(&a, "]}");
    brink_text_add(&b, ", 60]}");
    assert_difference(brink_text_get(&a), brink_text_get(&b),
                      "  values[40]: 40 -> 140 (60 -> 61 values)\n");
    brink_text_free(&a);
    brink_text_free(&b);
    brink_text_add(&a, "{values: [[0, 0]");
    for (int i = 1; i < 60; i++)
        brink_text_add(&a, ", [%d, 0]", i);
    brink_text_add(&b, "%s, {x: 1}]}", brink_text_get(&a)); // longer by one
    brink_text_add(&a, "]}");
    assert_difference(brink_text_get(&a), brink_text_get(&b),
                      "  values[60]: (none) -> {x: 1} (60 -> 61 values)\n");
    assert_difference(brink_text_get(&b), brink_text_get(&a),
                      "  values[60]: {x: 1} -> (none) (61 -> 60 values)\n");
    assert_difference(brink_text_get(&a), brink_text_get(&a), "");
    brink_text_free(&b); // longer by one that reads like none
    brink_text_add(&b, "%.*s, (none)]}", (int)strlen(brink_text_get(&a)) - 2, brink_text_get(&a));
    assert_difference(brink_text_get(&a), brink_text_get(&b),
                      "  values[60]: (none) -> (none) (60 -> 61 values)\n");
    assert_difference("{values: [[0, 0]]}", brink_text_get(&a),
                      "  values[1]: (none) -> [1, 0] (1 -> 60 values)\n");
    assert_difference("{x: [1]}", "{x: {y: 1}}", "  x: [1] -> {y: 1}\n");
    assert_difference("{x: {y: 1}}", "{x: 2}", "  x: {y: 1} -> 2\n");
    brink_text_free(&a);
    brink_text_free(&b);
    struct brink_text difference = {0};
    ck_assert_fails(brink_spec_difference("[1, 2", small, &difference), BRINK_ERR_USAGE,
                    "the file's spec:2:1: not valid YAML");
    ck_assert_fails(brink_spec_difference(small, "*a", &difference), BRINK_ERR_USAGE,
                    "the new spec:1:1: aliases");
    brink_text_free(&difference);
}
END_TEST

START_TEST(help_names_everything)
{
    struct brink_text text = {0};
    brink_spec_help(&text);
    ck_assert_int_eq(text.error, BRINK_OK);
    static const char *const words[] = {"title",         "model",
                                        "axes",          "fixed",
                                        "lr_unit",       "stop.max_steps",
                                        "stop.grad_tol", "stop.escape",
                                        "stop.tail",     "record",
                                        "seed",          "tile",
                                        "noise",         "from 0 to 2147483646",
                                        "default 20000", "> 1;",
                                        "must be given", "x0 and y0 | radius and angle",
                                        "norm2"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        ck_assert_msg(strstr(brink_text_get(&text), words[i]), "%s", words[i]);
    for (int i = 0; i < brink_model_regularity.parameter_count; i++)
        ck_assert(strstr(brink_text_get(&text), brink_model_regularity.parameters[i].meaning));
    for (int i = 0; i < brink_model_regularity.field_count; i++)
        ck_assert(strstr(brink_text_get(&text), brink_model_regularity.fields[i].meaning));
    brink_text_free(&text);
}
END_TEST

// Fixed values only: one point, for a trace.
START_TEST(a_point_needs_no_axes)
{
    static const char *const texts[] = {
        "model: regularity\nfixed: {a: 1, lr: 0.3, x0: 4, y0: 0.5}\n",
        "model: regularity\naxes: {}\nfixed: {a: 1, lr: 0.3, x0: 4, y0: 0.5}\n",
        "model: regularity\naxes:\nfixed: {a: 1, lr: 0.3, x0: 4, y0: 0.5}\n"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct brink_spec *spec = parse(texts[i]);
        ck_assert_int_eq(spec->axis_count, 0);
        ck_assert_int_eq(spec->grid.cell_count, 1);
        ck_assert_int_eq(spec->grid.tile_count, 1);
        assert_reads_back(spec);
        brink_spec_free(&spec);
    }
}
END_TEST

// Tiles are long rows of one curve, whatever the order of the axes.
START_TEST(tiles_turn_with_the_axes)
{
    static const char *const curves[] = {"a: {min: 0.1, max: 1, num: 300}",
                                         "b: {min: 1, max: 599, num: 300}",
                                         "dor: {min: 0.1, max: 1, num: 300}"};
    for (size_t i = 0; i < sizeof curves / sizeof curves[0]; i++)
        for (int last = 0; last < 2; last++) {
            char text[256];
            const char *rates = "lr: {min: 0.1, max: 1, num: 3000}";
            snprintf(text, sizeof text,
                     "model: regularity\naxes: {%s, %s}\nfixed: {x0: 4, y0: 0}\n",
                     last ? rates : curves[i], last ? curves[i] : rates);
            struct brink_spec *spec = parse(text);
            ck_assert_int_eq(spec->grid.tile[last], 1);
            ck_assert_int_eq(spec->grid.tile[!last], 3000);
            brink_spec_free(&spec);
        }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_point_needs_no_axes,
        tiles_turn_with_the_axes,
        resolved_json_reads_back,
        random_specs_read_back,
        numbers_are_as_short_as_reads_back,
        axis_values_are_lawful,
        axis_values_are_accurate,
        groups_take_one_choice,
        overrides_edit,
        overrides_tell_the_seed_from_the_seed_axis,
        the_demo_is_what_its_file_says,
        the_examples_are_valid,
        defaults_are_filled_in,
        titles_come_from_the_file,
        starts_may_be_a_list,
        numbers_are_decimal,
        files_from_elsewhere_are_read,
        overrides_find_parameters_in_sections_and_fill_empty_ones,
        differences_are_named,
        differences_see_order_and_long_lists,
        help_names_everything,
    };
    return unit_run("spec", tests, sizeof tests / sizeof tests[0]);
}
