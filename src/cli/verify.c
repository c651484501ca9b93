// SPDX-License-Identifier: MIT
// `brink verify`: whether a file is whole, and what is wrong with it.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "brink/base/log.h"
#include "brink/base/text.h"
#include "brink/store/store.h"
#include "command.h"
#include "isolate.h"

struct options {
    const char *path; // borrowed
    long long deep, seed;
    bool partial, json;
};

static const struct brink_option option_table[] = {
    {"deep", "N",
     "computes N cells again, drawn at random among those done, and compares each recorded bit",
     BRINK_INTO(deep), .min = 1, .max = 1e7},
    {"seed", "S", "of the draw [1]", BRINK_INTO(seed)},
    {"partial", NULL, "an incomplete file is all right if what is there is intact",
     BRINK_INTO(partial)},
    {"json", NULL, "the findings and the outcome for programs", BRINK_INTO(json)},
    {.name = NULL},
};

// In memory that the isolated reader shares with us.
struct looking {
    struct options options;
    struct brink_verify_report report;
};

// At once: should the rest of the file crash the reader, this was said.
static void print_finding(const struct options *options, bool first, const char *object,
                          const char *words)
{
    struct brink_text text = {0};
    if (options->json) {
        brink_text_add(&text, "%s\n    {\"object\": ", first ? "" : ",");
        brink_text_json(&text, object);
        brink_text_add(&text, ", \"what\": ");
        brink_text_json(&text, words);
        brink_text_add(&text, "}");
    } else {
        brink_text_add(&text, "%s%s%s\n", object, object[0] ? ": " : "", words);
    }
    fputs(brink_text_get(&text), stdout);
    fflush(stdout);
    brink_text_free(&text);
}

static void find(void *context, const char *object, const char *words)
{
    const struct looking *looking = context;
    print_finding(&looking->options, looking->report.findings == 1, object, words);
}

static brink_err look(void *context)
{
    struct looking *looking = context;
    const struct brink_verify_options options = {.deep = looking->options.deep,
                                                 .seed = (uint64_t)looking->options.seed,
                                                 .find = find,
                                                 .beat = brink_isolated_beat,
                                                 .context = looking};
    return brink_store_verify(looking->options.path, NULL, &options, &looking->report);
}

// The outcome in words, and as the program's error.
static brink_err conclude(const struct options *options, const struct brink_verify_report *report)
{
    if (report->findings > 0)
        return brink_fail(BRINK_ERR_BAD_FILE, "%s: damaged or not ours: %" PRId64 " finding%s",
                          options->path, report->findings, report->findings == 1 ? "" : "s");
    if (report->tiles_done < report->tiles && !options->partial)
        return brink_fail(BRINK_ERR_BAD_FILE,
                          "%s: intact, but incomplete: %" PRId64 " of %" PRId64 " tiles are done",
                          options->path, report->tiles_done, report->tiles);
    return BRINK_OK;
}

static void print_report(const struct options *options, const struct brink_verify_report *report)
{
    bool complete = report->tiles_done == report->tiles;
    if (report->run_cut >= 0)
        printf("note: the record of start %" PRId32 " in /runs was cut off while it was written\n",
               report->run_cut);
    if (report->findings == 0)
        printf("%s: intact%s: %" PRId64 " of %" PRId64 " tiles%s", options->path,
               complete ? " and complete" : "", report->tiles_checked, report->tiles,
               report->packed ? ", packed" : "");
    if (report->findings == 0 && options->deep > 0)
        printf("; %" PRId64 " cells computed again, equal to the bit (seed %lld)",
               report->cells_recomputed, options->seed);
    if (report->findings == 0)
        printf("\n");
}

static void print_json(const struct options *options, const struct brink_verify_report *report,
                       bool known, brink_err error)
{
    bool intact = known && report->findings == 0;
    printf("%s],\n  \"intact\": %s,\n  \"complete\": %s,\n  \"packed\": %s,\n",
           report->findings ? "\n  " : "", intact ? "true" : "false",
           report->tiles > 0 && report->tiles_done == report->tiles ? "true" : "false",
           report->packed ? "true" : "false");
    printf("  \"tiles\": %" PRId64 ",\n  \"tiles_done\": %" PRId64
           ",\n  \"tiles_checked\": %" PRId64 ",\n  \"cells_recomputed\": %" PRId64
           ",\n  \"seed\": %lld,\n  \"run_cut\": ",
           report->tiles, report->tiles_done, report->tiles_checked, report->cells_recomputed,
           options->seed);
    if (report->run_cut >= 0)
        printf("%" PRId32, report->run_cut);
    else
        printf("null");
    printf(",\n  \"exit_code\": %d\n}\n", brink_exit_code(error));
}

static brink_err verify(const struct options *options)
{
    struct looking *looking = NULL;
    brink_err error = brink_share(&looking, sizeof *looking);
    if (error)
        return error;
    looking->options = *options;
    if (options->json) {
        struct brink_text name = {0};
        brink_text_json(&name, options->path);
        printf("{\n  \"file\": %s,\n  \"findings\": [", brink_text_get(&name));
        brink_text_free(&name);
    }
    looking->report.run_cut = -1;
    error = brink_isolated(options->path, look, looking);
    bool known = !error;
    if (error == BRINK_ERR_BAD_FILE) { // it came to no end: that is a finding, too
        const char *note = brink_error_note(), *colon = strstr(note, ": ");
        looking->report.findings++;
        print_finding(options, looking->report.findings == 1, "", colon ? colon + 2 : note);
    }
    if (!error)
        error = conclude(options, &looking->report);
    if (options->json)
        print_json(options, &looking->report, known, error);
    else if (known)
        print_report(options, &looking->report);
    brink_unshare(&looking, sizeof *looking);
    return error;
}

static brink_err run(const struct brink_command *self, int argc, char **argv, bool *told)
{
    struct options options = {.seed = 1};
    struct brink_words words;
    (void)told;
    brink_err error = brink_command_parse(self, argc, argv, &options, &words);
    if (error)
        return error;
    options.path = words.word[0];
    return verify(&options);
}

const struct brink_command brink_command_verify = {
    .name = "verify",
    .usage = "RESULT.h5 [--deep N] [--partial] [options]",
    .summary = "Checks every byte of a result that means something, and never writes",
    .help =
        "Rebuilds the layout, coordinates, attributes and fill from the specification in the file\n"
        "and compares; checks the seal over everything that does not change, each tile done,\n"
        "and the record of runs. Any file may be given, damaged, foreign or hostile.\n",
    .options = option_table,
    .notes =
        "Exit code 0: intact and complete. 4: damaged, not ours, or incomplete. A file that a job\n"
        "is writing may show tiles that are under way.\n",
    .words_min = 1,
    .words_max = 1,
    .question = "which file?",
    .run = run,
};
