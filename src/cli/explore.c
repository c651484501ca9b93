// SPDX-License-Identifier: MIT
// `brink explore`: one HTML page that shows a result and replays its cells.
#include "brink/base/text.h"
#include "command.h"
#include "script.h"

struct options {
    const char *output; // borrowed
    double max_mb;
};

static const struct brink_option option_table[] = {
    {"output", "PAGE.html", "the page [RESULT.html]", 'o', BRINK_INTO(output)},
    {"max-mb", "MB", "thin a larger result out to so much before compression [48]",
     BRINK_INTO(max_mb), .min = 0.01, .max = 1000},
    {.name = NULL},
};

static brink_err run(const struct brink_command *self, int argc, char **argv, bool *told)
{
    struct options options = {.max_mb = 48};
    struct brink_words words;
    char number[BRINK_NUMBER_MAX];
    (void)told;
    brink_err error = brink_command_parse(self, argc, argv, &options, &words);
    if (error)
        return error;
    brink_number_text(options.max_mb, number);
    char page[PATH_MAX];
    const char *line[9] = {"--max-mb", number}; // ends with NULL
    int count = 2;
    if (options.output) {
        line[count++] = "--output";
        line[count++] = options.output;
    }
    // The page of this very build, where it has one.
    if (brink_script_beside("explorer/page.html", page)) {
        line[count++] = "--page";
        line[count++] = page;
    }
    line[count++] = "--";
    line[count] = words.word[0];
    return brink_script_run("explore.py", line);
}

const struct brink_command brink_command_explore = {
    .name = "explore",
    .usage = "RESULT.h5 [options]",
    .summary = "Writes one web page that shows a result offline and replays its cells to the bit",
    .help = "The page needs no server and no network. A result that is too large for it is thinned "
            "out: each\ncell shown is one of the file. Drop any brink .h5 file on the page to see "
            "all of that one.\n",
    .options = option_table,
    .notes =
        "`make explorer` builds the page once, with npm and clang; python3 with h5py and xarray\n"
        "puts the data in.\n",
    .words_min = 1,
    .words_max = 1,
    .question = "of which file?",
    .run = run,
};
