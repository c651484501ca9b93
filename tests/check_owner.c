// SPDX-License-Identifier: MIT
// What decides on the owner of a lease at once: its job, as Slurm sees it, and its process.
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "leases.h"
#include "unit.h"

// Without a start its number alone speaks for an owner; without a number nothing does.
START_TEST(an_owner_that_says_little_is_left_alone)
{
    const char *file = in_folder("little.h5");
    struct brink_owner owner = this_process();
    bool taken = false;
    owner.start[0] = '\0';
    write_lease(file, &owner);
    struct brink_lease *lease = open_lease(file);
    ck_assert_fails(brink_lease_try(lease, false, 0, &taken), BRINK_ERR_LOCKED, owner.pid);
    brink_lease_close(&lease);
    owner.pid[0] = '\0';
    write_lease(file, &owner);
    lease = open_lease(file);
    ck_assert_ok(brink_lease_try(lease, false, 0, &taken));
    ck_assert(!taken);
    ck_assert_ok(brink_lease_try(lease, false, 60, &taken));
    ck_assert(taken);
    brink_lease_close(&lease);
    ck_assert_int_eq(files_in(folder), 0);
}
END_TEST

START_TEST(slurm_is_asked)
{
    static const struct {
        const char *script;
        bool dead;
    } answers[] = {
        {"exit 0", true},
        {"echo 'slurm_load_jobs error: Invalid job id specified' >&2; exit 1", true},
        {"echo RUNNING", false},
        {"echo COMPLETING", false},
        {"echo 'slurm_load_jobs error: Unable to contact slurm controller' >&2; exit 1", false},
        {"[ \"$*\" = '--noheader --jobs 12 --format=%T' ] || echo RUNNING", true},
        {"kill -9 $$", false},
    };
    const char *path = getenv("PATH");
    char *kept = strdup(path ? path : ""), ours[512], file[128];
    snprintf(file, sizeof file, "%s/job.h5", folder);
    snprintf(ours, sizeof ours, "%s:%s", folder, kept);
    setenv("SLURM_CLUSTER_NAME", "lab", 1);
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++)
        for (int kind = 0; kind < 3; kind++) {
            char script[256];
            bool taken = false;
            snprintf(script, sizeof script, "#!/bin/sh\n%s\n", answers[i].script);
            spill(in_folder("squeue"), script, strlen(script));
            chmod(in_folder("squeue"), 0755);
            struct brink_owner owner = somebody;
            if (kind == 1) // another cluster's number
                snprintf(owner.cluster, sizeof owner.cluster, "other");
            setenv("SLURM_JOB_ID", kind == 2 ? "12" : "13", 1); // our own, requeued
            write_lease(file, &owner);
            setenv("PATH", ours, 1);
            struct brink_lease *lease = open_lease(file);
            ck_assert_ok(brink_lease_try(lease, false, 0, &taken));
            setenv("PATH", kept, 1);
            ck_assert_msg(taken == (answers[i].dead && kind == 0), "answer %zu, kind %d", i, kind);
            brink_lease_close(&lease);
            unlink(in_folder("job.h5.lease"));
        }
    unlink(in_folder("squeue"));
    unsetenv("SLURM_JOB_ID");
    unsetenv("SLURM_CLUSTER_NAME");
    free(kept);
}
END_TEST

// "12.1" is the second start of job 12: Slurm has ended the first.
START_TEST(an_earlier_start_of_this_job_is_dead)
{
    static const struct {
        const char *job;
        bool dead;
    } owners[] = {{"12", true},    {"12.1", true}, {"12.2", false},
                  {"12.3", false}, {"x", false},   {"12x", false}};
    char file[128];
    snprintf(file, sizeof file, "%s/job.h5", folder);
    setenv("SLURM_CLUSTER_NAME", "lab", 1);
    setenv("SLURM_JOB_ID", "12", 1);
    setenv("SLURM_RESTART_COUNT", "2", 1);
    for (size_t i = 0; i < sizeof owners / sizeof owners[0]; i++) {
        struct brink_owner owner = somebody;
        bool taken = false;
        snprintf(owner.job, sizeof owner.job, "%s", owners[i].job);
        write_lease(file, &owner);
        struct brink_lease *lease = open_lease(file);
        ck_assert_ok(brink_lease_try(lease, false, 0, &taken));
        ck_assert_msg(taken == owners[i].dead, "start %s", owners[i].job);
        brink_lease_close(&lease);
        unlink(in_folder("job.h5.lease"));
    }
    // Seen from outside of any job, where Slurm is not to be asked.
    const char *path = getenv("PATH");
    char *kept = strdup(path ? path : "");
    bool taken = false;
    unsetenv("SLURM_JOB_ID");
    setenv("PATH", folder, 1);
    write_lease(file, &somebody);
    struct brink_lease *lease = open_lease(file);
    ck_assert_ok(brink_lease_try(lease, false, 0, &taken));
    ck_assert(!taken);
    brink_lease_close(&lease);
    unlink(in_folder("job.h5.lease"));
    setenv("PATH", kept, 1);
    free(kept);
    unsetenv("SLURM_RESTART_COUNT");
    unsetenv("SLURM_CLUSTER_NAME");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        an_owner_that_says_little_is_left_alone,
        slurm_is_asked,
        an_earlier_start_of_this_job_is_dead,
    };
    unsetenv("SLURM_JOB_ID");
    unsetenv("SLURM_CLUSTER_NAME");
    snprintf(folder, sizeof folder, "/tmp/brink-owner-XXXXXX");
    if (!mkdtemp(folder))
        return EXIT_FAILURE;
    int result = unit_run("owner", tests, sizeof tests / sizeof tests[0]);
    rmdir(folder);
    return result;
}
