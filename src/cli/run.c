// SPDX-License-Identifier: MIT
// `brink run`: reads the specification on rank 0, shares it, sweeps.
#include <stdio.h>
#include <string.h>

#include "brink/base/log.h"
#include "brink/base/memory.h"
#include "brink/cluster/cluster.h"
#include "brink/dynamics/lanes.h"
#include "brink/store/store.h"
#include "command.h"

struct options {
    const char *output, *isa, *time_limit; // borrowed; NULL: not given
    long long threads, shards;             // 0: not given
    bool quiet, steal_lease, allow_kernel_change;
    double report_seconds, commit_seconds;
};

static const struct brink_option option_table[] = {
    {"output", "FILE", "the result; default: the specification's name with .h5", 'o',
     BRINK_INTO(output)},
    {"threads", "N", "OpenMP threads of each rank; default: the CPUs it is given", 't',
     BRINK_INTO(threads), .min = 1, .max = 4096},
    {"quiet", NULL, "only errors", 'q', BRINK_INTO(quiet)},
    {"isa", "NAME", "avx512, avx2 or portable; default: BRINK_ISA, or the best here",
     BRINK_INTO(isa)},
    {"report-interval", "S", "seconds between progress lines in a log [60]",
     BRINK_INTO(report_seconds), .min = 0.001, .max = 1e9},
    {"commit-interval", "S",
     "seconds between syncs to the disk [10]: what a power loss may cost; a killed job loses only "
     "its running tiles",
     BRINK_INTO(commit_seconds), .min = 0.001, .max = 1e9},
    {"time-limit", "T",
     "the time that this job has: " BRINK_TIME_FORMS "; it stops before its end; default: what "
     "Slurm says",
     BRINK_INTO(time_limit)},
    {"shards", "N",
     "work on the sweep in N shards, one file each, with any number of jobs at any time; later "
     "ones need not say it again",
     BRINK_INTO(shards), .min = 1, .max = BRINK_SHARDS_MAX},
    {"steal-lease", NULL, "take the file from the job that writes it; that job stops",
     BRINK_INTO(steal_lease)},
    {"allow-kernel-change", NULL, "go on with a file of another kernel version",
     BRINK_INTO(allow_kernel_change)},
    {.name = NULL},
};

// Rank 0 reads the file, the others its resolved text: every rank has the same bits. Collective.
static brink_err share_spec(const struct brink_job *job, const struct brink_words *words,
                            struct brink_spec **spec)
{
    char *json = NULL;
    brink_err error = BRINK_OK;
    if (job->rank == 0) {
        brink_cluster_mortal(true); // the standard input may keep it waiting
        error = brink_command_sweep_spec(words, spec);
        brink_cluster_mortal(false);
        if (!error) {
            struct brink_text copy = {0};
            brink_text_add(&copy, "%s", (*spec)->json);
            json = copy.data;
            error = copy.error;
        }
    }
    error = brink_cluster_agree(error);
    if (!error)
        error = brink_cluster_share(job, &json);
    if (!error && job->rank != 0)
        error = brink_spec_parse(words->word[0], json, strlen(json), 0, NULL, spec);
    brink_free(&json);
    return brink_cluster_agree(error);
}

// In shards if that was said, now or by an earlier job. Collective.
static brink_err sweep_or_shards(const struct brink_job *job, const struct brink_spec *spec,
                                 int shards, const struct brink_run_options *options)
{
    struct brink_sharding sharding;
    char *json = NULL;
    int count = shards;
    brink_err error = BRINK_OK;
    if (job->rank == 0 && shards == 0)
        error = brink_shards_read(options->path, &count, &json);
    brink_free(&json);
    error = brink_cluster_agree(error);
    if (error)
        return error;
    shards = brink_cluster_share_count(count);
    if (shards == 0)
        return brink_cluster_sweep(job, spec, options);
    error = brink_sharding_init(spec, shards, &sharding); // the same on every rank
    return error ? error : brink_cluster_shards(job, spec, &sharding, options);
}

static brink_err sweep(const struct brink_command *self, int argc, char **argv,
                       struct brink_job *job)
{
    struct options options = {.report_seconds = 60, .commit_seconds = 10};
    struct brink_words words;
    struct brink_spec *spec = NULL;
    struct brink_text stop_file = {0};
    char *path = NULL;
    double time_limit = 0;
    brink_err error = brink_command_parse(self, argc, argv, &options, &words);
    if (!error)
        error = brink_command_time("time-limit", options.time_limit, &time_limit);
    error = brink_cluster_agree(error);
    if (error)
        return error;
    brink_say_quiet(options.quiet);
    error = brink_cluster_agree(brink_lanes_select(options.isa));
    if (error)
        return error;
    brink_cluster_threads(job, (int)options.threads);
    error = share_spec(job, &words, &spec);
    if (error)
        goto done;
    error = brink_cluster_agree(brink_command_result_path(words.word[0], options.output, &path));
    if (error)
        goto done;
    brink_text_add(&stop_file, "%s.stop", path);
    error = brink_cluster_agree(stop_file.error);
    if (error)
        goto done;
    struct brink_run_options run_options = {.path = path,
                                            .report_seconds = options.report_seconds,
                                            .commit_seconds = options.commit_seconds,
                                            .time_limit = time_limit,
                                            .stop_file = brink_text_get(&stop_file),
                                            .steal_lease = options.steal_lease,
                                            .allow_kernel_change = options.allow_kernel_change};
    error = sweep_or_shards(job, spec, (int)options.shards, &run_options);
done:
    brink_text_free(&stop_file);
    brink_free(&path);
    brink_spec_free(&spec);
    return error;
}

static brink_err run(const struct brink_command *self, int argc, char **argv, bool *told)
{
    struct brink_job job;
    brink_err error = brink_cluster_start(&argc, &argv, &job);
    if (!error)
        error = sweep(self, argc, argv, &job);
    // Before MPI ends: a launcher kills the ranks that are slower to end than the first one.
    if (error && job.rank == 0)
        brink_say_error("%s", brink_error_note());
    *told = error != BRINK_OK;
    brink_cluster_end();
    return error;
}

const struct brink_command brink_command_run = {
    .name = "run",
    .usage = "SPEC.yaml [KEY=VALUE ...] [-o RESULT.h5] [options]",
    .summary = "Runs a sweep, or goes on with it; alone, under mpirun or under srun",
    .help = "KEY=VALUE overrides a key of the specification: lr.num=4096, stop.max_steps=1e5.\n",
    .options = option_table,
    .notes =
        "An existing result of the same sweep is resumed. SIGINT, SIGTERM and SIGUSR1 stop\n"
        "after the running tiles (a second one at once) with exit code 75: run again to resume.\n"
        "So does the coming end of the job's time, and a file RESULT.h5.stop, as long as it is\n"
        "there: touch RESULT.h5.stop. Tiles too long for the time left are given up.\n"
        "\n"
        "With --shards every job works on whichever shard is free, none waits for another, and\n"
        "`brink join` makes one result of them. No file is shared: it suits job arrays.\n"
        "\n"
        "One job at a time writes a result; RESULT.h5.lease says which. The lease of a killed\n"
        "job is taken over: at once on the same host, or when Slurm says that the job is over,\n"
        "else after 60 s without a heartbeat. If the job lives, the exit code is 5.\n",
    .words_min = 1,
    .words_max = BRINK_WORDS_ANY,
    .question = "which specification?",
    .run = run,
};
