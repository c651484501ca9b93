// SPDX-License-Identifier: MIT
// Laws of the lease: one owner at any time, no living owner loses it, every dead one does.
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "brink/base/memory.h"
#include "brink/base/random.h"
#include "leases.h"
#include "unit.h"

static struct brink_look look_at(const struct brink_owner *owner, double now)
{
    struct brink_look look = {.now = now};
    brink_owner_write(owner, look.text);
    return look;
}

static struct brink_owner beating(struct brink_owner owner, unsigned beat)
{
    snprintf(owner.beat, sizeof owner.beat, "%020u", beat);
    return owner;
}

// ---- the judgement, by a clock of our own

// Any owner that beats every `beat_seconds` < 60 s is never judged dead, whatever the times of the
// looks; one that stops is judged dead 60 s after it was last seen to change, and not before.
START_TEST(only_silence_kills)
{
    const struct brink_random_key key = {.seed = 1, .purpose = BRINK_PURPOSE_TEST};
    uint32_t draw = 0;
    for (int turn = 0; turn < 300; turn++) {
        double beat_seconds = 59 * brink_random_uniform(&key, draw++);
        double death = 500 * brink_random_uniform(&key, draw++), now = 1e6, changed = now;
        unsigned seen = 0;
        struct brink_watch watch = {.begun = false};
        bool dead = false, first = true;
        while (!dead) {
            double age = now - 1e6;
            unsigned beat = (unsigned)((age < death ? age : death) / beat_seconds);
            struct brink_owner owner = beating(somebody, beat);
            struct brink_look look = look_at(&owner, now);
            enum brink_life life = brink_watch_judge(&watch, &look);
            if (first || beat != seen)
                changed = now;
            if (!first && beat != seen)
                ck_assert_int_eq(life, BRINK_LIFE_ALIVE);
            else
                ck_assert_int_eq(life, now - changed >= BRINK_OWNER_PATIENCE_S
                                           ? BRINK_LIFE_DEAD
                                           : BRINK_LIFE_UNKNOWN);
            dead = life == BRINK_LIFE_DEAD;
            ck_assert(!dead || age > death - beat_seconds);
            first = false;
            seen = beat;
            now += 20 * brink_random_uniform(&key, draw++);
        }
    }
}
END_TEST

START_TEST(facts_decide_at_the_first_look)
{
    struct brink_watch watch = {.begun = false};
    struct brink_look look = look_at(&somebody, 5);
    look.process = BRINK_LIFE_ALIVE;
    ck_assert_int_eq(brink_watch_judge(&watch, &look), BRINK_LIFE_ALIVE);
    look.now = 1e9; // a living process is never taken for dead, however silent
    ck_assert_int_eq(brink_watch_judge(&watch, &look), BRINK_LIFE_ALIVE);
    look.job = BRINK_LIFE_DEAD; // it outlived its job
    ck_assert_int_eq(brink_watch_judge(&watch, &look), BRINK_LIFE_ALIVE);
    watch = (struct brink_watch){.begun = false};
    look = look_at(&somebody, 5);
    look.process = BRINK_LIFE_DEAD;
    ck_assert_int_eq(brink_watch_judge(&watch, &look), BRINK_LIFE_DEAD);
    watch = (struct brink_watch){.begun = false};
    look.process = BRINK_LIFE_UNKNOWN;
    look.job = BRINK_LIFE_DEAD;
    ck_assert_int_eq(brink_watch_judge(&watch, &look), BRINK_LIFE_DEAD);
}
END_TEST

START_TEST(a_new_owner_is_watched_anew)
{
    struct brink_watch watch = {.begun = false};
    struct brink_owner other = somebody;
    struct brink_look look = look_at(&somebody, 0);
    memcpy(other.token, "f", 1);
    ck_assert_int_eq(brink_watch_judge(&watch, &look), BRINK_LIFE_UNKNOWN);
    look = look_at(&other, 59); // no heartbeat of the first
    ck_assert_int_eq(brink_watch_judge(&watch, &look), BRINK_LIFE_UNKNOWN);
    look.now = 118;
    ck_assert_int_eq(brink_watch_judge(&watch, &look), BRINK_LIFE_UNKNOWN);
    look.now = 119;
    ck_assert_int_eq(brink_watch_judge(&watch, &look), BRINK_LIFE_DEAD);
}
END_TEST

START_TEST(what_cannot_be_read_is_waited_for)
{
    static const char *const texts[] = {"", "brink lease 1\n", "junk", "brink lease 1\nhost n1\n"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct brink_watch watch = {.begun = false};
        struct brink_look look = {.now = 7, .job = BRINK_LIFE_DEAD, .process = BRINK_LIFE_DEAD};
        snprintf(look.text, sizeof look.text, "%s", texts[i]);
        ck_assert_int_eq(brink_watch_judge(&watch, &look), BRINK_LIFE_UNKNOWN);
        look.now = 66.9;
        ck_assert_int_eq(brink_watch_judge(&watch, &look), BRINK_LIFE_UNKNOWN);
        struct brink_watch other = watch;
        look.now = 67;
        ck_assert_int_eq(brink_watch_judge(&watch, &look), BRINK_LIFE_DEAD);
        look = look_at(&somebody, 67); // it was being written
        ck_assert_int_eq(brink_watch_judge(&other, &look), BRINK_LIFE_UNKNOWN);
    }
}
END_TEST

// ---- the text

START_TEST(the_text_comes_back)
{
    struct brink_owner longest, empty = {.token = "t"}, back;
    char text[BRINK_OWNER_BYTES], name[BRINK_OWNER_BYTES];
    memset(&longest, 'x', sizeof longest);
    brink_owner_write(&longest, text);
    ck_assert(brink_owner_read(text, &back));
    ck_assert_uint_eq(strlen(back.host), sizeof back.host - 1);
    ck_assert_uint_eq(strlen(back.beat), sizeof back.beat - 1);
    brink_owner_write(&empty, text);
    ck_assert(brink_owner_read(text, &back) && memcmp(&back, &empty, sizeof back) == 0);
    brink_owner_write(&somebody, text);
    ck_assert(brink_owner_read(text, &back) && memcmp(&back, &somebody, sizeof back) == 0);
    ck_assert_str_eq(brink_owner_name(&back, name), "process 345 on n1, job 12");
    ck_assert_str_eq(brink_owner_name(&empty, name), "process ? on an unknown host");
    size_t length = strlen(text);
    for (size_t cut = 0; cut < length; cut++) { // no part of it is a lease
        char part[BRINK_OWNER_BYTES] = "";
        memcpy(part, text, cut);
        ck_assert(!brink_owner_read(part, &back));
    }
    text[length] = 'x';
    text[length + 1] = '\0';
    ck_assert(!brink_owner_read(text, &back));
}
END_TEST

// Whoever reads it must not be led to a process or a job by half of a name.
START_TEST(a_line_that_is_not_as_it_is_written_is_no_lease)
{
    struct brink_owner back, nobody = somebody;
    char good[BRINK_OWNER_BYTES], text[2 * BRINK_OWNER_BYTES], longer[sizeof back.host + 1];
    brink_owner_write(&somebody, good);
    memset(longer, 'h', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    const char *const words[] = {"n1 and more", "", longer};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) { // instead of the host
        const char *start = strstr(good, "host ") + sizeof "host " - 1, *end = strchr(start, '\n');
        snprintf(text, sizeof text, "%.*s%s%s", (int)(start - good), good, words[i], end);
        ck_assert_msg(!brink_owner_read(text, &back), "%s", text);
    }
    nobody.token[0] = '\0'; // what tells one owner from the next
    brink_owner_write(&nobody, text);
    ck_assert(!brink_owner_read(text, &back));
}
END_TEST

// ---- on disk

START_TEST(a_living_owner_is_left_alone)
{
    const char *file = in_folder("held.h5");
    bool taken = false;
    struct brink_lease *first = open_lease(file), *second = open_lease(file);
    ck_assert_ok(brink_lease_try(first, false, 0, &taken));
    ck_assert(taken);
    for (int i = 0; i < 3; i++) {
        ck_assert_fails(brink_lease_try(second, false, 1000 * i, &taken), BRINK_ERR_LOCKED,
                        "held.h5: is being written by process");
        ck_assert(!taken);
        ck_assert_ok(brink_lease_beat(first));
        ck_assert_ok(brink_lease_check(first));
    }
    brink_lease_close(&second); // which never had it
    ck_assert_ok(brink_lease_check(first));
    ck_assert_int_eq(files_in(folder), 1);
    brink_lease_close(&first);
    ck_assert_ptr_null(first);
    ck_assert_int_eq(files_in(folder), 0);
    brink_lease_close(&first);
}
END_TEST

START_TEST(who_lost_it_knows_and_stays_away)
{
    const char *file = in_folder("lost.h5");
    bool taken = false;
    struct brink_lease *old = open_lease(file), *new = open_lease(file), *watcher = NULL;
    ck_assert_ok(brink_lease_try(old, false, 0, &taken));
    ck_assert_ok(brink_lease_follow(file, brink_lease_token(old), &watcher));
    ck_assert_ok(brink_lease_check(watcher));
    ck_assert_ok(brink_lease_try(new, true, 0, &taken));
    ck_assert(taken);
    ck_assert(strstr(brink_lease_seen(new), "process"));
    ck_assert_fails(brink_lease_check(watcher), BRINK_ERR_LOCKED, "taken from this job");
    ck_assert_fails(brink_lease_beat(old), BRINK_ERR_LOCKED, "lost.h5: now belongs to process");
    ck_assert_fails(brink_lease_check(old), BRINK_ERR_LOCKED, "taken from this job");
    brink_lease_close(&watcher);
    brink_lease_close(&old);
    ck_assert_ok(brink_lease_check(new)); // the loser removed nothing
    ck_assert_int_eq(files_in(folder), 1);
    ck_assert_int_eq(unlink(in_folder("lost.h5.lease")), 0);
    ck_assert_fails(brink_lease_check(new), BRINK_ERR_LOCKED, "its lease is gone");
    brink_lease_close(&new);
}
END_TEST

// Each way to be dead on this host, with one difference to a living process.
START_TEST(the_dead_of_this_host_are_known_at_once)
{
    const char *file = in_folder("dead.h5");
    struct brink_owner self = this_process(), owner;
    pid_t zombie = fork(), gone = fork();
    if (zombie == 0 || gone == 0)
        _exit(0);
    ck_assert_int_eq(waitpid(gone, NULL, 0), gone);
    siginfo_t info; // wait for its end, and leave it
    ck_assert_int_eq(waitid(P_PID, (id_t)zombie, &info, WEXITED | WNOWAIT), 0);
    for (int kind = 0; kind < 6; kind++) {
        bool taken = false;
        owner = self;
        if (kind == 0)
            snprintf(owner.pid, sizeof owner.pid, "%ld", (long)gone);
        else if (kind == 1)
            snprintf(owner.pid, sizeof owner.pid, "%ld", (long)zombie);
        else if (kind == 2)
            snprintf(owner.start, sizeof owner.start, "1"); // the number is used again
        else
            snprintf(owner.pid, sizeof owner.pid, "%ld", (long)gone);
        // Seen from another host, boot or space of numbers: not known.
        if (kind == 3)
            snprintf(owner.host, sizeof owner.host, "elsewhere");
        else if (kind == 4)
            snprintf(owner.boot, sizeof owner.boot, "earlier");
        else if (kind == 5)
            snprintf(owner.space, sizeof owner.space, "pid:[1]");
        write_lease(file, &owner);
        struct brink_lease *lease = open_lease(file);
        ck_assert_ok(brink_lease_try(lease, false, 0, &taken));
        ck_assert_int_eq(taken, kind < 3);
        if (kind >= 3) {
            ck_assert_ok(brink_lease_try(lease, false, 59, &taken));
            ck_assert(!taken);
            ck_assert_ok(brink_lease_try(lease, false, 60, &taken));
            ck_assert(taken);
        }
        ck_assert(strstr(brink_lease_seen(lease), owner.pid));
        brink_lease_close(&lease);
        ck_assert_int_eq(files_in(folder), 0);
    }
    waitpid(zombie, NULL, 0);
}
END_TEST

// A heartbeat between two looks at an owner far away.
START_TEST(an_owner_elsewhere_that_beats_is_left_alone)
{
    const char *file = in_folder("far.h5");
    bool taken = false;
    struct brink_owner owner = beating(somebody, 7);
    struct brink_lease *lease = open_lease(file);
    write_lease(file, &owner);
    ck_assert_ok(brink_lease_try(lease, false, 0, &taken));
    ck_assert(!taken);
    owner = beating(owner, 8);
    write_lease(file, &owner);
    ck_assert_fails(brink_lease_try(lease, false, 0.5, &taken), BRINK_ERR_LOCKED,
                    "process 345 on n1, job 12");
    brink_lease_close(&lease);
    unlink(in_folder("far.h5.lease"));
}
END_TEST

// From outside no time passes: what is not known stays so, and only a thief goes on.
START_TEST(an_owner_elsewhere_is_neither_alive_nor_dead_at_a_glance)
{
    const char *file = in_folder("glance.h5");
    struct brink_lease_view view;
    bool taken = false;
    write_lease(file, &somebody);
    ck_assert_ok(brink_lease_view(file, &view));
    ck_assert(view.there && view.readable && view.life == BRINK_LIFE_UNKNOWN && view.age < 60);
    ck_assert_str_eq(view.owner.host, somebody.host);
    struct brink_lease *lease = open_lease(file);
    ck_assert_ok(brink_lease_try(lease, true, 0, &taken));
    ck_assert(taken);
    brink_lease_close(&lease);
    spill(in_folder("glance.h5.lease"), "brink", 5);
    ck_assert_ok(brink_lease_view(file, &view));
    ck_assert(view.there && !view.readable && view.life == BRINK_LIFE_UNKNOWN);
    unlink(in_folder("glance.h5.lease"));
    ck_assert_ok(brink_lease_view(file, &view));
    ck_assert(!view.there);
}
END_TEST

// One that was being made when its maker died.
START_TEST(an_empty_lease_is_waited_for)
{
    const char *file = in_folder("empty.h5");
    bool taken = false;
    struct brink_lease *lease = open_lease(file);
    spill(in_folder("empty.h5.lease"), "", 0);
    ck_assert_ok(brink_lease_try(lease, false, 1, &taken));
    ck_assert(!taken);
    ck_assert_str_eq(brink_lease_seen(lease), "an unreadable lease");
    ck_assert_ok(brink_lease_try(lease, false, 61, &taken));
    ck_assert(taken);
    brink_lease_close(&lease);
}
END_TEST

// Slurm's answers, by a squeue of our own.
// Processes that all find the same dead lease, again and again: one at most has it at any time.
START_TEST(of_many_takers_one_wins)
{
    enum { TAKERS = 8, TURNS = 40 };
    const char *file = in_folder("race.h5"), *inside = in_folder("inside");
    struct brink_owner dead = this_process();
    snprintf(dead.start, sizeof dead.start, "1");
    for (int turn = 0; turn < TURNS; turn++) {
        pid_t takers[TAKERS];
        int gate[2], won = 0;
        write_lease(file, &dead);
        ck_assert_int_eq(pipe(gate), 0);
        for (int i = 0; i < TAKERS; i++) {
            takers[i] = fork();
            if (takers[i] != 0)
                continue;
            // 0: had it alone to the end; 1: refused; 2: two had it.
            char go;
            bool taken = false;
            close(gate[1]);
            struct brink_lease *lease = NULL;
            brink_err error = brink_lease_open(file, &lease);
            (void)!read(gate[0], &go, 1); // all at once, when the gate is closed
            if (!error)
                error = brink_lease_try(lease, false, 0, &taken);
            if (error || !taken)
                _exit(1);
            FILE *mark = fopen(inside, "wx");
            usleep(20000);
            bool kept = brink_lease_check(lease) == BRINK_OK;
            if (mark)
                unlink(inside);
            brink_lease_close(&lease);
            _exit(!kept ? 1 : mark ? 0 : 2);
        }
        close(gate[0]);
        close(gate[1]);
        for (int i = 0; i < TAKERS; i++) {
            int status = -1;
            waitpid(takers[i], &status, 0);
            ck_assert(WIFEXITED(status) && WEXITSTATUS(status) < 2);
            won += WEXITSTATUS(status) == 0;
        }
        ck_assert_int_ge(won, 1); // more than one, if it came after the first had finished
        ck_assert_int_eq(files_in(folder), 0);
    }
}
END_TEST

START_TEST(a_link_and_its_file_share_a_lease)
{
    const char *file = in_folder("real.h5"), *other = in_folder("link.h5");
    bool taken = false;
    spill(file, "x", 1);
    ck_assert_int_eq(symlink("real.h5", other), 0);
    struct brink_lease *first = open_lease(file), *second = open_lease(other);
    ck_assert_ok(brink_lease_try(first, false, 0, &taken));
    ck_assert_fails(brink_lease_try(second, false, 0, &taken), BRINK_ERR_LOCKED,
                    "link.h5: is being");
    brink_lease_close(&second);
    brink_lease_close(&first);
    unlink(other);
    unlink(file);
}
END_TEST

START_TEST(leases_set_aside_by_the_dead_are_cleared)
{
    bool taken = false;
    spill(in_folder("left.h5.lease.dead-0123456789abcdef"), "brink lease 1\nhost", 18);
    struct brink_lease *lease = open_lease(in_folder("left.h5"));
    ck_assert_ok(brink_lease_try(lease, false, 0, &taken));
    ck_assert(taken);
    ck_assert_int_eq(files_in(folder), 1);
    brink_lease_close(&lease);
    ck_assert_int_eq(files_in(folder), 0);
}
END_TEST

START_TEST(a_lease_that_is_gone_or_no_lease_is_seen_as_such)
{
    bool taken = false;
    struct brink_lease_view view;
    const char *file = in_folder("gone.h5"), *lease_file = in_folder("gone.h5.lease");
    setenv("SLURM_RESTART_COUNT", "2", 1); // of no job
    struct brink_lease *lease = open_lease(file);
    unsetenv("SLURM_RESTART_COUNT");
    ck_assert_ok(brink_lease_try(lease, false, 0, &taken));
    ck_assert(taken);
    ck_assert_ok(brink_lease_view(file, &view));
    ck_assert(view.there && view.readable && view.life == BRINK_LIFE_ALIVE);
    ck_assert_str_eq(view.owner.job, "");
    ck_assert_int_eq(unlink(lease_file), 0);
    brink_lease_close(&lease); // there is nothing to remove
    ck_assert_int_eq(files_in(folder), 0);
    spill(lease_file, "junk", 4);
    ck_assert_ok(brink_lease_view(file, &view));
    ck_assert(view.there && !view.readable && view.life == BRINK_LIFE_UNKNOWN);
    ck_assert_int_eq(unlink(lease_file), 0);
}
END_TEST

START_TEST(a_world_that_says_no)
{
    bool taken = false;
    struct brink_lease_view view;
    struct brink_lease *lease = open_lease(in_folder("no/such/folder.h5"));
    ck_assert_fails(brink_lease_try(lease, false, 0, &taken), BRINK_ERR_IO,
                    "cannot open its folder: No such file or directory");
    brink_lease_close(&lease);
    mkdir(in_folder("odd.h5.lease"), 0700);
    lease = open_lease(in_folder("odd.h5"));
    ck_assert_fails(brink_lease_try(lease, false, 0, &taken), BRINK_ERR_IO, "its lease");
    brink_lease_close(&lease);
    rmdir(in_folder("odd.h5.lease"));
    ck_assert_ok(brink_lease_view(in_folder("none.h5"), &view));
    ck_assert(!view.there);
    for (int i = 1; i < 20; i++) { // each allocation in turn
        brink_alloc_fail_at(i);
        brink_err error = brink_lease_open(in_folder("memory.h5"), &lease);
        brink_alloc_fail_at(0);
        ck_assert(error == BRINK_OK || error == BRINK_ERR_MEMORY);
        ck_assert((error == BRINK_OK) == (lease != NULL));
        brink_lease_close(&lease);
        if (!error)
            break;
    }
    ck_assert_int_eq(files_in(folder), 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        only_silence_kills,
        facts_decide_at_the_first_look,
        a_new_owner_is_watched_anew,
        what_cannot_be_read_is_waited_for,
        the_text_comes_back,
        a_line_that_is_not_as_it_is_written_is_no_lease,
        a_living_owner_is_left_alone,
        who_lost_it_knows_and_stays_away,
        the_dead_of_this_host_are_known_at_once,
        an_owner_elsewhere_that_beats_is_left_alone,
        an_owner_elsewhere_is_neither_alive_nor_dead_at_a_glance,
        an_empty_lease_is_waited_for,
        of_many_takers_one_wins,
        a_link_and_its_file_share_a_lease,
        leases_set_aside_by_the_dead_are_cleared,
        a_lease_that_is_gone_or_no_lease_is_seen_as_such,
        a_world_that_says_no,
    };
    unsetenv("SLURM_JOB_ID");
    unsetenv("SLURM_CLUSTER_NAME");
    snprintf(folder, sizeof folder, "/tmp/brink-lease-XXXXXX");
    if (!mkdtemp(folder))
        return EXIT_FAILURE;
    int result = unit_run("lease", tests, sizeof tests / sizeof tests[0]);
    rmdir(folder);
    return result;
}
