// SPDX-License-Identifier: MIT
// `brink run`: reads the specification on rank 0, shares it, sweeps.
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "brink/base/log.h"
#include "brink/base/memory.h"
#include "brink/cluster/cluster.h"
#include "brink/dynamics/lanes.h"
#include "command.h"

struct options {
    const char *spec_path, *output, *isa; // borrowed; NULL: not given
    char **overrides;                     // borrowed
    int override_count;
    long long threads;
    bool quiet, help, steal_lease, allow_kernel_change;
    double report_seconds, commit_seconds;
};

static brink_err parse(const struct brink_command *self, int argc, char **argv,
                       struct options *options)
{
    enum { REPORT = 256, COMMIT, ISA, STEAL, KERNEL };
    static const struct option table[] = {
        {"output", required_argument, NULL, 'o'},
        {"threads", required_argument, NULL, 't'},
        {"quiet", no_argument, NULL, 'q'},
        {"report-interval", required_argument, NULL, REPORT},
        {"commit-interval", required_argument, NULL, COMMIT},
        {"isa", required_argument, NULL, ISA},
        {"steal-lease", no_argument, NULL, STEAL},
        {"allow-kernel-change", no_argument, NULL, KERNEL},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    *options = (struct options){.report_seconds = 60, .commit_seconds = 10};
    brink_err error = BRINK_OK;
    opterr = 0;
    for (int c; !error && (c = getopt_long(argc, argv, "o:t:qh", table, NULL)) != -1;) {
        if (c == 'o')
            options->output = optarg;
        else if (c == 't')
            error = brink_command_count("--threads", optarg, 1, &options->threads);
        else if (c == 'q')
            options->quiet = true;
        else if (c == REPORT)
            error = brink_command_seconds("--report-interval", optarg, &options->report_seconds);
        else if (c == COMMIT)
            error = brink_command_seconds("--commit-interval", optarg, &options->commit_seconds);
        else if (c == ISA)
            options->isa = optarg;
        else if (c == STEAL)
            options->steal_lease = true;
        else if (c == KERNEL)
            options->allow_kernel_change = true;
        else if (c == 'h')
            options->help = true;
        else
            error = brink_command_misuse(self, argv);
    }
    if (error || options->help)
        return error;
    if (optind >= argc)
        return brink_fail(BRINK_ERR_USAGE, "run: which specification? usage: brink run %s",
                          self->usage);
    if (options->threads > 4096)
        return brink_fail(BRINK_ERR_USAGE, "--threads: %lld is more than 4096", options->threads);
    options->spec_path = argv[optind];
    options->overrides = argv + optind + 1;
    options->override_count = argc - optind - 1;
    return BRINK_OK;
}

// Rank 0 reads the file, the others its resolved text: every rank has the same bits. Collective.
static brink_err share_spec(const struct brink_job *job, const struct options *options,
                            struct brink_spec **spec)
{
    char *json = NULL;
    brink_err error = BRINK_OK;
    if (job->rank == 0) {
        error =
            brink_spec_read(options->spec_path, options->override_count, options->overrides, spec);
        if (!error && (*spec)->axis_count == 0)
            error = brink_fail(BRINK_ERR_USAGE,
                               "%s: axes: a sweep needs at least one axis; one "
                               "point alone is for brink trace",
                               options->spec_path);
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
        error = brink_spec_parse(options->spec_path, json, strlen(json), 0, NULL, spec);
    brink_free(&json);
    return brink_cluster_agree(error);
}

static brink_err sweep(const struct brink_command *self, int argc, char **argv,
                       struct brink_job *job)
{
    struct options options;
    struct brink_spec *spec = NULL;
    char *path = NULL;
    brink_err error = brink_cluster_agree(parse(self, argc, argv, &options));
    if (error)
        return error;
    if (options.help) {
        if (job->rank == 0)
            brink_command_print_help(self);
        return BRINK_OK;
    }
    brink_say_quiet(options.quiet);
    error = brink_cluster_agree(brink_lanes_select(options.isa));
    if (error)
        return error;
    brink_cluster_threads(job, (int)options.threads);
    error = share_spec(job, &options, &spec);
    if (error)
        goto done;
    error =
        brink_cluster_agree(brink_command_result_path(options.spec_path, options.output, &path));
    if (error)
        goto done;
    struct brink_run_options run_options = {.path = path,
                                            .report_seconds = options.report_seconds,
                                            .commit_seconds = options.commit_seconds,
                                            .steal_lease = options.steal_lease,
                                            .allow_kernel_change = options.allow_kernel_change};
    error = brink_cluster_sweep(job, spec, &run_options);
done:
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
    .help =
        "KEY=VALUE overrides a key of the specification: lr.num=4096, stop.max_steps=1e5.\n"
        "\n"
        "  -o, --output FILE        the result; default: the specification's name with .h5\n"
        "  -t, --threads N          OpenMP threads of each rank; default: the CPUs it is given\n"
        "  -q, --quiet              only errors\n"
        "      --isa NAME           avx512, avx2 or portable; default: BRINK_ISA, or the best "
        "here\n"
        "      --report-interval S  seconds between progress lines in a log [60]\n"
        "      --commit-interval S  seconds between syncs to the disk [10]: what a power loss\n"
        "                           may cost; a killed job loses only its running tiles\n"
        "      --steal-lease        take the file from the job that writes it; that job stops\n"
        "      --allow-kernel-change  go on with a file of another kernel version\n"
        "\n"
        "An existing result of the same sweep is resumed. SIGINT, SIGTERM and SIGUSR1 stop\n"
        "after the running tiles (a second one at once) with exit code 75: run again to resume.\n"
        "\n"
        "One job at a time writes a result; RESULT.h5.lease says which. The lease of a killed\n"
        "job is taken over: at once on the same host, or when Slurm says that the job is over,\n"
        "else after 60 s without a heartbeat. If the job lives, the exit code is 5.\n",
    .run = run,
};
