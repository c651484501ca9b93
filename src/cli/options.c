// SPDX-License-Identifier: MIT
// Options of the subcommands, from their tables: the parser and the help.
#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "brink/base/nearest.h"
#include "brink/base/text.h"
#include "command.h"

enum { OPTIONS_MAX = 32, KEY = 256, NAME_MAX_BYTES = 64, LINE_COLUMNS = 92 };

static const struct brink_option option_help = {
    .name = "help", .letter = 'h', .meaning = "this text"};

static int count_options(const struct brink_command *self)
{
    int count = 0;
    while (self->options && self->options[count].name)
        count++;
    assert(count < OPTIONS_MAX);
    return count;
}

// ---- the parser

static brink_err fail_range(const struct brink_option *option, const char *text)
{
    char min[BRINK_NUMBER_MAX], max[BRINK_NUMBER_MAX];
    const char *kind = option->kind == BRINK_OPTION_COUNT ? "a whole number" : "a number";
    brink_number_text(option->min, min);
    if (option->max == 0)
        return brink_fail(BRINK_ERR_USAGE, "--%s: '%s' is not %s >= %s", option->name, text, kind,
                          min);
    return brink_fail(BRINK_ERR_USAGE, "--%s: '%s' is not %s from %s to %s", option->name, text,
                      kind, min, brink_number_text(option->max, max));
}

static bool in_range(const struct brink_option *option, double value)
{
    return value >= option->min && (option->max == 0 ? isfinite(value) : value <= option->max);
}

static brink_err take_count(const struct brink_option *option, const char *text, long long *value)
{
    char *end;
    errno = 0;
    *value = strtoll(text, &end, 10);
    bool number = end != text && !*end && !errno;
    return number && in_range(option, (double)*value) ? BRINK_OK : fail_range(option, text);
}

static brink_err take_number(const struct brink_option *option, const char *text, double *value)
{
    char *end;
    *value = strtod(text, &end);
    return end != text && !*end && in_range(option, *value) ? BRINK_OK : fail_range(option, text);
}

static brink_err take_word(const struct brink_option *option, const char *text,
                           struct brink_list *list)
{
    if (list->count == BRINK_LIST_MAX)
        return brink_fail(BRINK_ERR_USAGE, "--%s: given more than %d times", option->name,
                          BRINK_LIST_MAX);
    list->word[list->count++] = text;
    return BRINK_OK;
}

static brink_err take(const struct brink_option *option, const char *text, void *options)
{
    void *into = (char *)options + option->offset;
    switch (option->kind) {
    case BRINK_OPTION_FLAG:
        *(bool *)into = true;
        return BRINK_OK;
    case BRINK_OPTION_TEXT:
        *(const char **)into = text;
        return BRINK_OK;
    case BRINK_OPTION_COUNT:
        return take_count(option, text, into);
    case BRINK_OPTION_NUMBER:
        return take_number(option, text, into);
    case BRINK_OPTION_LIST:
        return take_word(option, text, into);
    }
    return BRINK_OK;
}

// What getopt knows option `i` by.
static int key_of(const struct brink_command *self, int i)
{
    return self->options[i].letter ? self->options[i].letter : KEY + i;
}

// What getopt makes of a wrong option: `c` is '?' or, if the value is missing, ':'.
static brink_err misuse(const struct brink_command *self, int c, char *const argv[])
{
    const char *names[OPTIONS_MAX], *word = optind > 0 ? argv[optind - 1] : "", *nearest = NULL;
    const char letter[] = {'-', (char)optopt, '\0'};
    int count = count_options(self);
    if (c == ':')
        return brink_fail(BRINK_ERR_USAGE, "%s: a value is missing after '%s'; usage: brink %s %s",
                          self->name, word, self->name, self->usage);
    for (int i = 0; i < count; i++) {
        names[i] = self->options[i].name;
        if (optopt == key_of(self, i))
            return brink_fail(BRINK_ERR_USAGE, "%s: '%s': --%s takes no value", self->name, word,
                              names[i]);
    }
    if (optopt > 0) // of a word of several letters, which getopt has not moved past yet
        word = letter;
    size_t length = strcspn(word, "=");
    if (strncmp(word, "--", 2) == 0 && length < 64) {
        char name[64] = "";
        memcpy(name, word + 2, length - 2);
        nearest = brink_nearest_word(name, count, names);
    }
    if (nearest)
        return brink_fail(BRINK_ERR_USAGE, "%s: bad option '%s'; did you mean '--%s'?", self->name,
                          word, nearest);
    return brink_fail(BRINK_ERR_USAGE,
                      "%s: bad option '%s'; usage: brink %s %s; all options: "
                      "brink help %s",
                      self->name, word, self->name, self->usage, self->name);
}

static brink_err check_words(const struct brink_command *self, const struct brink_words *words)
{
    if (words->count < self->words_min)
        return brink_fail(BRINK_ERR_USAGE, "%s: %s usage: brink %s %s", self->name, self->question,
                          self->name, self->usage);
    if (words->count > self->words_max)
        return brink_fail(BRINK_ERR_USAGE, "%s: '%s' is a word too many; usage: brink %s %s",
                          self->name, words->word[self->words_max], self->name, self->usage);
    return BRINK_OK;
}

brink_err brink_command_parse(const struct brink_command *self, int argc, char **argv,
                              void *options, struct brink_words *words)
{
    struct option table[OPTIONS_MAX + 1] = {0};
    char letters[2 * OPTIONS_MAX + 2] = ":"; // a missing value is told from a bad option
    int count = count_options(self), letter_count = 1;
    for (int i = 0; i < count; i++) {
        const struct brink_option *option = &self->options[i];
        bool valued = option->kind != BRINK_OPTION_FLAG;
        assert(valued == (option->value != NULL));
        table[i] = (struct option){option->name, valued ? required_argument : no_argument, NULL,
                                   key_of(self, i)};
        if (option->letter)
            letters[letter_count++] = option->letter;
        if (option->letter && valued)
            letters[letter_count++] = ':';
    }
    brink_err error = BRINK_OK;
    opterr = 0;
    for (int c; !error && (c = getopt_long(argc, argv, letters, table, NULL)) != -1;) {
        int i = 0;
        while (i < count && table[i].val != c)
            i++;
        error = i < count ? take(&self->options[i], optarg, options) : misuse(self, c, argv);
    }
    *words = (struct brink_words){argv + optind, argc - optind};
    return error ? error : check_words(self, words);
}

// ---- the help

// "  -o, --output FILE"; returns its length.
static int option_name(const struct brink_option *option, char name[static NAME_MAX_BYTES])
{
    char letter[4] = "";
    if (option->letter)
        snprintf(letter, sizeof letter, "-%c,", option->letter);
    return snprintf(name, NAME_MAX_BYTES, "  %-3s --%s%s%s", letter, option->name,
                    option->value ? " " : "", option->value ? option->value : "");
}

static void print_option(const struct brink_option *option, int width)
{
    char name[NAME_MAX_BYTES];
    option_name(option, name);
    int column = printf("%-*s", width, name);
    for (const char *word = option->meaning; *word;) {
        int length = (int)strcspn(word, " ");
        if (column + 1 + length > LINE_COLUMNS)
            column = printf("\n%-*s", width, "") - 1;
        column += printf(" %.*s", length, word);
        word += length + (word[length] == ' ');
    }
    printf("\n");
}

void brink_command_print_help(const struct brink_command *self)
{
    char name[NAME_MAX_BYTES];
    int count = count_options(self), width = 0;
    printf("usage: brink %s %s\n\n%s.\n\n", self->name, self->usage, self->summary);
    if (self->help[0])
        printf("%s\n", self->help);
    for (int i = 0; i <= count; i++) {
        int length = option_name(i < count ? &self->options[i] : &option_help, name) + 1;
        width = length > width ? length : width;
    }
    for (int i = 0; i <= count; i++)
        print_option(i < count ? &self->options[i] : &option_help, width);
    if (self->notes)
        printf("\n%s", self->notes);
}
