// SPDX-License-Identifier: MIT
// `brink submit`: the job script of a sweep, printed or submitted.
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "batch.h"
#include "brink/base/log.h"
#include "brink/base/memory.h"
#include "brink/base/program.h"
#include "brink/store/store.h"
#include "command.h"
#include "template.h"

struct options {
    const char *output, *time, *partition, *account, *site, *name; // borrowed; NULL: not given
    long long nodes, tasks, cpus, array, shards;                   // 0: not given
    struct brink_list more;
    bool dry_run;
};

static const struct brink_option option_table[] = {
    {"output", "FILE", "the result; default: the specification's name with .h5", 'o',
     BRINK_INTO(output)},
    {"nodes", "N", "nodes of a job [2]", 'N', BRINK_INTO(nodes), .min = 1, .max = 1e6},
    {"ntasks-per-node", "N", "MPI ranks of a node [1]", BRINK_INTO(tasks), .min = 1, .max = 4096},
    {"cpus-per-task", "N", "threads of a rank [2]", 'c', BRINK_INTO(cpus), .min = 1, .max = 4096},
    {"time", "T", "limit of a start: " BRINK_TIME_FORMS " [01:00:00]", 't', BRINK_INTO(time)},
    {"partition", "NAME", "partition", 'p', BRINK_INTO(partition)},
    {"account", "NAME", "account", 'A', BRINK_INTO(account)},
    {"job-name", "NAME", "name of the job [brink]", 'J', BRINK_INTO(name)},
    {"array", "K", "K jobs that share the sweep in shards", BRINK_INTO(array), .min = 1,
     .max = 10000},
    {"shards", "N", "so many [4 for each job of the array]", BRINK_INTO(shards), .min = 1,
     .max = BRINK_SHARDS_MAX},
    {"site", "NAME",
     "settings of the cluster: a file, or jobs/sites/NAME.env; default: BRINK_SITE, or default",
     BRINK_INTO(site)},
    {"sbatch", "OPTION", "another option of sbatch, as --sbatch=--qos=long; may be given again",
     BRINK_INTO(more)},
    {"dry-run", NULL, "print the script; make and submit nothing", 'n', BRINK_INTO(dry_run)},
    {.name = NULL},
};

// ---- the script

static void add_quoted(struct brink_text *text, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "-_./=+:,@%";
    if (word[0] && word[strspn(word, plain)] == '\0') {
        brink_text_add(text, "%s", word);
        return;
    }
    brink_text_add(text, "'");
    for (; *word; word++)
        brink_text_add(text, *word == '\'' ? "'\\''" : "%c", *word);
    brink_text_add(text, "'");
}

static void add_option(struct brink_text *text, const char *option, const char *value)
{
    if (value)
        brink_text_add(text, "#SBATCH --%s=%s\n", option, value);
}

// The value that replaces the one of the line "#SBATCH --OPTION=...", NULL: it stays.
static const char *replacement(const struct options *options, const char *line, char number[32])
{
    const struct {
        const char *option, *value;
        long long count;
    } replaced[] = {{"nodes", NULL, options->nodes},
                    {"ntasks-per-node", NULL, options->tasks},
                    {"cpus-per-task", NULL, options->cpus},
                    {"time", options->time, 0},
                    {"job-name", options->name, 0},
                    {"output", options->array ? "brink-%A_%a.log" : NULL, 0}};
    for (size_t i = 0; i < sizeof replaced / sizeof replaced[0]; i++) {
        char start[64];
        int length = snprintf(start, sizeof start, "#SBATCH --%s=", replaced[i].option);
        if (strncmp(line, start, (size_t)length) != 0)
            continue;
        snprintf(number, 32, "%lld", replaced[i].count);
        return replaced[i].count ? number : replaced[i].value;
    }
    return NULL;
}

// What the table of the script has no line for; `site` are lines of options.
static void add_more_options(struct brink_text *text, const struct options *options,
                             const char *site)
{
    char number[32];
    snprintf(number, sizeof number, "1-%lld", options->array);
    add_option(text, "array", options->array ? number : NULL);
    add_option(text, "partition", options->partition);
    add_option(text, "account", options->account);
    for (int i = 0; i < options->more.count; i++)
        brink_text_add(text, "#SBATCH %s\n", options->more.word[i]);
    for (const char *line = site; *line;) {
        int length = (int)strcspn(line, "\n");
        if (length > 0)
            brink_text_add(text, "#SBATCH %.*s\n", length, line);
        line += length + (line[length] == '\n');
    }
}

// What to run: this program, the resolved specification beside the result.
static void add_sweep(struct brink_text *text, const struct options *options, const char *site,
                      const char *result)
{
    char program[4096];
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    if (length > 0) {
        program[length] = '\0';
        brink_text_add(text, "BRINK=${BRINK:-");
        add_quoted(text, program);
        brink_text_add(text, "}\n");
    }
    if (site) {
        brink_text_add(text, "BRINK_SITE=");
        add_quoted(text, site);
        brink_text_add(text, "\n");
    }
    struct brink_text spec = {0};
    brink_text_add(&spec, "%s.spec", result);
    brink_text_add(text, "set -- ");
    add_quoted(text, brink_text_get(&spec));
    brink_text_add(text, " ");
    add_quoted(text, result);
    if (options->shards)
        brink_text_add(text, " --shards %lld", options->shards);
    brink_text_add(text, "\n");
    text->error = text->error ? text->error : spec.error;
    brink_text_free(&spec);
}

static void write_script(struct brink_text *text, const struct options *options, const char *site,
                         const char *site_options, const char *result)
{
    static const char place[] = "# set -- SPEC.yaml", option[] = "#SBATCH ";
    bool within = false;
    for (const char *line = brink_template; *line;) {
        char number[32];
        int length = (int)strcspn(line, "\n");
        const char *value = replacement(options, line, number);
        bool is_option = strncmp(line, option, sizeof option - 1) == 0;
        if (within && !is_option && line[0] != '#') { // the options are over
            add_more_options(text, options, site_options);
            within = false;
        }
        within |= is_option;
        if (strncmp(line, place, sizeof place - 1) == 0)
            add_sweep(text, options, site, result);
        else if (value)
            brink_text_add(text, "%.*s%s\n", (int)strcspn(line, "=") + 1, line, value);
        else
            brink_text_add(text, "%.*s\n", length, line);
        line += length + (line[length] == '\n');
    }
}

// ---- the site

// The file of --site; *path stays empty if there is none to be used. `--site` that is missing is an
// error.
static brink_err find_site(const struct options *options, struct brink_text *path)
{
    if (options->site && strchr(options->site, '/') == NULL && access(options->site, R_OK) != 0)
        brink_text_add(path, "jobs/sites/%s.env", options->site);
    else if (options->site)
        brink_text_add(path, "%s", options->site);
    if (path->error || !options->site || access(path->data, R_OK) == 0)
        return path->error;
    return brink_fail(BRINK_ERR_USAGE, "--site: cannot read %s: %s", path->data, strerror(errno));
}

// The options in the array sbatch_options of a site's file, a line each, into lines[size].
static brink_err site_options(const char *site, char *lines, size_t size)
{
    static const double patience = 20;
    char shell[] = "bash", flag[] = "-c", name[] = "site", path[4096];
    char text[] = ". \"$1\" >/dev/null 2>&1; printf '%s\\n' \"${sbatch_options[@]}\"";
    char *const arguments[] = {shell, flag, text, name, path, NULL};
    lines[0] = '\0';
    if (!site)
        return BRINK_OK;
    snprintf(path, sizeof path, "%s%s", site[0] == '/' ? "" : "./", site);
    if (brink_ask_program(arguments, patience, lines, size) != 0)
        return brink_fail(BRINK_ERR_USAGE, "%s: bash cannot read it: %.200s", site, lines);
    return BRINK_OK;
}

// ---- submitting

static brink_err write_file(const char *result, const char *ending, const char *text)
{
    struct brink_text path = {0};
    brink_text_add(&path, "%s.%s", result, ending);
    brink_err error = path.error;
    if (error)
        return error;
    FILE *file = fopen(path.data, "w");
    bool written = file && fputs(text, file) >= 0;
    if (file && fclose(file) != 0)
        written = false;
    if (!written)
        error = brink_fail(BRINK_ERR_IO, "%s: cannot write: %s", path.data, strerror(errno));
    brink_text_free(&path);
    return error;
}

static brink_err submit(const char *result, const struct brink_spec *spec, int shards,
                        const char *script)
{
    static const double patience = 60;
    char answer[1024];
    char program[] = "sbatch", parsable[] = "--parsable";
    struct brink_text path = {0};
    brink_text_add(&path, "%s.sbatch", result);
    brink_err error = path.error;
    if (!error && shards > 0) // so that status knows of them at once
        error = brink_shards_declare(result, spec, shards);
    if (!error)
        error = write_file(result, "spec", spec->json);
    if (!error)
        error = write_file(result, "sbatch", script);
    if (error)
        goto done;
    char *const arguments[] = {program, parsable, path.data, NULL};
    if (brink_ask_program(arguments, patience, answer, sizeof answer) != 0) {
        error =
            brink_fail(BRINK_ERR_IO, "sbatch failed: %.400s(the script is %s)", answer, path.data);
        goto done;
    }
    answer[strspn(answer, "0123456789")] = '\0';
    error = brink_batch_note(result, answer);
    if (!error)
        brink_say_plain("%s: job %s; brink status %s --watch follows it", path.data, answer,
                        result);
done:
    brink_text_free(&path);
    return error;
}

static brink_err prepare(struct options *options, const struct brink_spec *spec)
{
    struct brink_sharding sharding;
    double seconds = 0;
    brink_err error = brink_command_time("time", options->time, &seconds);
    if (error || (!options->array && !options->shards))
        return error;
    long long wanted = options->shards ? options->shards : 4 * options->array;
    error = brink_sharding_init(spec, 1, &sharding);
    if (!error && !options->shards && wanted > sharding.tiles)
        wanted = sharding.tiles;
    if (!error)
        error = brink_sharding_init(spec, wanted, &sharding);
    options->shards = wanted;
    return error;
}

static brink_err run(const struct brink_command *self, int argc, char **argv, bool *told)
{
    struct options options = {.dry_run = false};
    struct brink_words words;
    struct brink_spec *spec = NULL;
    struct brink_text script = {0}, site = {0};
    char lines[8192];
    char *result = NULL;
    (void)told;
    brink_err error = brink_command_parse(self, argc, argv, &options, &words);
    if (!error)
        error = brink_command_sweep_spec(&words, &spec);
    if (!error)
        error = prepare(&options, spec);
    if (!error)
        error = brink_command_result_path(words.word[0], options.output, &result);
    if (!error)
        error = find_site(&options, &site);
    if (!error)
        error = site_options(site.data, lines, sizeof lines);
    if (error)
        goto done;
    write_script(&script, &options, site.data, lines, result);
    error = script.error;
    if (!error && options.dry_run)
        fputs(script.data, stdout);
    else if (!error)
        error = submit(result, spec, (int)options.shards, script.data);
done:
    brink_text_free(&script);
    brink_text_free(&site);
    brink_free(&result);
    brink_spec_free(&spec);
    return error;
}

const struct brink_command brink_command_submit = {
    .name = "submit",
    .usage = "SPEC.yaml [KEY=VALUE ...] [-o RESULT.h5] [options]",
    .summary = "Prints or submits the Slurm job of a sweep",
    .help =
        "The script is jobs/sweep.sbatch with these options in. Beside the result are left the\n"
        "script (RESULT.h5.sbatch: read it, change it, sbatch it again), the resolved\n"
        "specification it runs (RESULT.h5.spec), and the job's id (RESULT.h5.jobs), which\n"
        "`brink status` follows. What belongs to the cluster stays in jobs/sites/*.env.\n",
    .options = option_table,
    .words_min = 1,
    .words_max = BRINK_WORDS_ANY,
    .question = "which specification?",
    .run = run,
};
