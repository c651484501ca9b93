// SPDX-License-Identifier: MIT
// Every message of the specification's reader, word for word, and input meant to break it.
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "brink/base/memory.h"
#include "brink/sweep/spec.h"
#include "spec_text.h"
#include "unit.h"

// The first line of each file in tests/bad is "# expect: MESSAGE"; a second line may be
// "# override: KEY=VALUE".
static void check_bad_file(const char *file)
{
    static char text[1 << 16];
    char path[512], name[300], line[2048], *overrides[1] = {NULL};
    snprintf(path, sizeof path, "tests/bad/%s", file);
    snprintf(name, sizeof name, "bad/%s", file);
    FILE *stream = fopen(path, "rb");
    ck_assert_msg(stream, "%s", path);
    size_t length = fread(text, 1, sizeof text - 1, stream);
    fclose(stream);
    text[length] = '\0';
    static const char expect[] = "# expect: ", override[] = "# override: ";
    ck_assert_msg(strncmp(text, expect, strlen(expect)) == 0, "%s", path);
    size_t end = strcspn(text, "\n");
    int override_count = strncmp(text + end + 1, override, strlen(override)) == 0;
    if (override_count) {
        const char *words = text + end + 1 + strlen(override);
        snprintf(line, sizeof line, "%.*s", (int)strcspn(words, "\n"), words);
        overrides[0] = line;
    }
    struct brink_spec *spec = NULL;
    brink_err error = brink_spec_parse(name, text, length, override_count, overrides, &spec);
    ck_assert_msg(error == BRINK_ERR_USAGE, "%s: %d", path, (int)error);
    ck_assert_ptr_null(spec);
    size_t wanted = end - strlen(expect);
    ck_assert_msg(strlen(brink_error_note()) == wanted &&
                      memcmp(brink_error_note(), text + strlen(expect), wanted) == 0,
                  "%s\n  says %s", path, brink_error_note());
}

START_TEST(bad_files_are_refused_in_words)
{
    DIR *folder = opendir("tests/bad");
    ck_assert_msg(folder, "run in the root folder of the project");
    int count = 0;
    for (struct dirent *entry = readdir(folder); entry; entry = readdir(folder))
        if (entry->d_name[0] != '.') {
            check_bad_file(entry->d_name);
            count++;
        }
    closedir(folder);
    ck_assert_int_eq(count, 192); // none was skipped
}
END_TEST

START_TEST(files_are_read_or_not)
{
    struct brink_spec *spec = NULL;
    ck_assert_fails(brink_spec_read("no/such.yaml", 0, NULL, &spec), BRINK_ERR_IO,
                    "no/such.yaml: cannot open: No such file");
    ck_assert_fails(brink_spec_read("tests", 0, NULL, &spec), BRINK_ERR_IO, "tests: cannot read");
    static const char of_folder[] = "model: network\naxes: {lr: {values: [0.1]}}\n"
                                    "data: {source: hdf5, path: tests, digest: auto}\n";
    ck_assert_fails(brink_spec_parse("data.yaml", of_folder, strlen(of_folder), 0, NULL, &spec),
                    BRINK_ERR_IO, "tests: cannot read: Is a directory");
    ck_assert_ptr_nonnull(freopen("jobs/dor.yaml", "r", stdin));
    ck_assert_ok(brink_spec_read("-", 0, NULL, &spec));
    ck_assert_str_eq(spec->source, "stdin");
    brink_spec_free(&spec);
    char path[] = "/tmp/brink-spec-XXXXXX";
    int descriptor = mkstemp(path);
    ck_assert_int_ge(descriptor, 0);
    ck_assert_int_eq(ftruncate(descriptor, (4 << 20) + 1), 0);
    brink_err error = brink_spec_read(path, 0, NULL, &spec);
    close(descriptor);
    unlink(path);
    ck_assert_int_eq(error, BRINK_ERR_USAGE);
    ck_assert_msg(strstr(brink_error_note(), ":1:1: larger than 4 MiB"), "%s", brink_error_note());
}
END_TEST

START_TEST(json_too_long_to_read_back_is_refused)
{
    struct brink_text text = {0};
    brink_text_add(&text, "model: regularity\nfixed: {dor: 1, lr: 1, y0: 1}\n"
                          "axes: {x0: {values: [");
    for (int i = 1; i <= 480000; i++)
        brink_text_add(&text, "%s.%06d", i > 1 ? "," : "", i);
    brink_text_add(&text, "]}}\n");
    ck_assert_int_eq(text.error, BRINK_OK);
    ck_assert_uint_lt(text.length, 4 << 20);
    struct brink_spec *spec = NULL;
    ck_assert_fails(parse_with(brink_text_get(&text), NULL, &spec), BRINK_ERR_USAGE,
                    "test.yaml:1:1: resolved, larger than 4 MiB");
    brink_text_free(&text);
}
END_TEST

// As many cells as there may be.
START_TEST(two_to_the_62_cells_are_allowed)
{
    struct brink_spec *spec =
        parse("model: regularity\naxes: {lr: {min: 1, max: 2, num: 2097152},\n"
              " x0: {min: 1, max: 2, num: 2097152}, y0: {min: 1, max: 2, num: 1048576}}\n"
              "fixed: {dor: 1}\n");
    ck_assert_int_eq(spec->grid.cell_count, INT64_C(1) << 62);
    brink_spec_free(&spec);
}
END_TEST

// Every prefix, and every byte replaced by each of a few: an answer with words, or a spec.
START_TEST(mutilated_text_is_safe)
{
    static const char text[] =
        "title: \"t\\x41\"\nmodel: regularity\naxes: {dor: {values: [1, .5]}, lr:\n"
        "  {min: 0.1, max: 1, num: 4, scale: log}}\nfixed: {init: [4, 0.5]}\nstop:\n  tail: 9\n";
    static const char bytes[] = "\0\xff :,[]{}\"'#&*!|>%@`-?\n\t9e~x";
    char copy[sizeof text];
    for (size_t at = 0; at < sizeof text - 1; at++)
        for (size_t i = 0; i < sizeof bytes; i++) {
            struct brink_spec *spec = NULL;
            memcpy(copy, text, sizeof text);
            copy[at] = bytes[i];
            size_t length = i + 1 < sizeof bytes ? sizeof text - 1 : at; // the last: a prefix
            brink_error_clear();
            brink_err error = brink_spec_parse("m.yaml", copy, length, 0, NULL, &spec);
            ck_assert(error ? error == BRINK_ERR_USAGE && !spec && brink_error_note()[0] : !!spec);
            brink_spec_free(&spec);
        }
}
END_TEST

// Whichever allocation fails, the answer is out of memory and nothing stays behind.
START_TEST(memory_may_end_at_any_time)
{
    static const char text[] = "model: regularity\naxes: {init: {values: [[1, 2], [3, 4]]}, lr: "
                               "{min: 1, max: 2, num: 3}}\n"
                               "fixed: {dor: 1}\nrecord: [steps]\n";
    for (int64_t n = 1;; n++) {
        char num[] = "lr.num=4", tail[] = "stop.tail=9", *overrides[] = {num, tail};
        struct brink_spec *spec = NULL;
        brink_alloc_fail_at(n);
        brink_err error = brink_spec_parse("m.yaml", text, strlen(text), 2, overrides, &spec);
        brink_alloc_fail_at(0);
        ck_assert_msg(error == (spec ? BRINK_OK : BRINK_ERR_MEMORY), "%d: %s", (int)n,
                      brink_error_note());
        brink_spec_free(&spec);
        if (!error) {
            ck_assert_int_gt(n, 10);
            break;
        }
    }
    // The words of a message need memory, too.
    static const char incomplete[] = "model: regularity\naxes: {lr: {values: [1]}}\n";
    for (int64_t n = 1;; n++) {
        struct brink_spec *spec = NULL;
        brink_alloc_fail_at(n);
        brink_err error = parse_with(incomplete, NULL, &spec);
        brink_alloc_fail_at(0);
        ck_assert_ptr_null(spec);
        if (error == BRINK_ERR_USAGE)
            break;
        ck_assert_int_eq(error, BRINK_ERR_MEMORY);
    }
    for (int64_t n = 1;; n++) {
        struct brink_text difference = {0};
        brink_alloc_fail_at(n);
        brink_err error = brink_spec_difference("{a: {b: 1}, c: 2}", "{a: {d: 1}}", &difference);
        brink_alloc_fail_at(0);
        brink_text_free(&difference);
        ck_assert(!error || error == BRINK_ERR_MEMORY);
        if (!error) {
            ck_assert_int_gt(n, 10);
            break;
        }
    }
    struct brink_spec *spec = NULL;
    brink_alloc_fail_at(1);
    ck_assert_fails(brink_spec_read("jobs/dor.yaml", 0, NULL, &spec), BRINK_ERR_MEMORY, "");
    brink_alloc_fail_at(0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        bad_files_are_refused_in_words,
        files_are_read_or_not,
        json_too_long_to_read_back_is_refused,
        two_to_the_62_cells_are_allowed,
        mutilated_text_is_safe,
        memory_may_end_at_any_time,
    };
    return unit_run("spec_errors", tests, sizeof tests / sizeof tests[0]);
}
