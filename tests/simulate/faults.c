// SPDX-License-Identifier: MIT
// The schedule under faults, by seed: workers slow and stalled, messages late, doubled and out of
// order, jobs told to stop, jobs that die, and jobs that are taken for dead and go on writing.
// Always: the sweep ends with every tile done, no job does a tile twice, and what is written twice
// is equal.
// Usage: faults SEEDS [FIRST]. A failure names its seed.
#include <assert.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "brink/base/random.h"
#include "brink/sweep/schedule.h"

enum { TILES_MAX = 48, WORKERS_MAX = 6, SLOTS = 3, MESSAGES_MAX = 64, STARTS_MAX = 60 };

// A message under way: a report to the master, or its answer.
struct message {
    int worker;
    int64_t number;
    bool report, asking;
    struct brink_batch batch;
    struct brink_done done[TILES_MAX];
    int64_t done_count, returned;
};

// As src/cluster/work.c: tiles in hand, tiles in the stream, what is stored since the last report.
struct worker {
    struct brink_batch hand; // the last of its places goes first
    int64_t stream[SLOTS];   // places
    int stream_count;
    struct brink_done done[TILES_MAX];
    int64_t done_count, returned;
    int64_t reports;           // so many were made
    struct brink_heard orders; // that have come
    bool awaited, exhausted;
    unsigned pace; // the higher the slower
};

struct job {
    bool alive, stop;
    struct brink_schedule schedule;
    int64_t todo[TILES_MAX], coarser[TILES_MAX];
    int64_t todo_count;
    struct worker workers[WORKERS_MAX];
    int worker_count;
    int64_t orders;           // so many were made
    uint8_t times[TILES_MAX]; // that this job did a tile
    int message_count;
    struct message messages[MESSAGES_MAX];
};

struct world {
    uint64_t state; // of the draws
    int tiles;
    uint64_t value[TILES_MAX]; // of the file
    bool done[TILES_MAX];
    const char *wrong; // NULL: nothing
};

// Half of the time goes by in draws: Knuth's linear congruential generator, of which the high bits
// are good, takes a tenth of that of a keyed one.
static uint32_t draw(struct world *world, uint32_t below)
{
    world->state = world->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((world->state >> 32) * below >> 32);
}

static void claim(struct world *world, bool truth, const char *words)
{
    if (!truth && !world->wrong)
        world->wrong = words;
}

static void send(struct job *job, struct message message)
{
    assert(job->message_count < MESSAGES_MAX);
    job->messages[job->message_count++] = message;
}

static void start_job(struct world *world, struct job *job)
{
    memset(job, 0, offsetof(struct job, messages)); // the rest is large
    job->alive = true;
    job->worker_count = 1 + (int)draw(world, WORKERS_MAX);
    for (int i = 0; i < world->tiles; i++)
        if (!world->done[i])
            job->todo[job->todo_count++] = i;
    for (int64_t i = 0; i < job->todo_count; i++)
        job->coarser[i] = (int64_t)draw(world, (uint32_t)i + 1) - 1;
    if (brink_schedule_init(&job->schedule, job->todo_count, job->coarser,
                            (int64_t)draw(world, (uint32_t)job->todo_count + 1), job->worker_count,
                            0.01 * (1 + draw(world, 200))))
        abort();
    for (int i = 0; i < job->worker_count; i++) {
        job->workers[i].pace = 1 + draw(world, 4) * draw(world, 12);
        job->workers[i].hand = brink_schedule_first(job->todo_count, job->worker_count, i);
    }
}

static void store(struct world *world, struct job *job, int64_t place)
{
    int64_t tile = job->todo[place];
    struct brink_random_key key = {1, (uint64_t)tile, BRINK_PURPOSE_TEST};
    uint64_t value = brink_random_bits(&key, 0); // a function of the tile alone
    claim(world, !world->done[tile] || world->value[tile] == value, "written twice, unequal");
    claim(world, job->times[tile]++ == 0, "one job does a tile twice");
    world->value[tile] = value;
    world->done[tile] = true;
}

static void report(struct job *job, int number, bool asking)
{
    struct worker *worker = &job->workers[number];
    struct message message = {.worker = number,
                              .number = ++worker->reports,
                              .report = true,
                              .asking = asking,
                              .done_count = worker->done_count,
                              .returned = worker->returned};
    memcpy(message.done, worker->done, sizeof message.done);
    send(job, message);
    worker->done_count = worker->returned = 0;
    worker->awaited |= asking;
}

// A worker puts a tile into its stream, stores one of those there, asks once its hand is empty, or
// reports; after a stop it begins nothing, and gives back some of what it has not begun.
static void work(struct world *world, struct job *job, int number)
{
    struct worker *worker = &job->workers[number];
    if (draw(world, worker->pace) != 0)
        return;
    if (job->stop) {
        worker->returned += worker->hand.count;
        worker->hand.count = 0;
        for (; worker->stream_count > 0 && draw(world, 4) == 0; worker->stream_count--)
            worker->returned++;
    }
    if (worker->hand.count > 0 && worker->stream_count < SLOTS && draw(world, 2)) {
        worker->stream[worker->stream_count++] = worker->hand.place[--worker->hand.count];
    } else if (worker->stream_count > 0 && draw(world, 3) != 0) {
        int which = (int)draw(world, (uint32_t)worker->stream_count);
        int64_t place = worker->stream[which];
        store(world, job, place);
        worker->stream[which] = worker->stream[--worker->stream_count];
        worker->done[worker->done_count++] = (struct brink_done){place, draw(world, 100)};
    } else if (worker->hand.count == 0 && !worker->awaited && !worker->exhausted && !job->stop) {
        report(job, number, true);
    } else if (worker->done_count + worker->returned > 0 && job->message_count < MESSAGES_MAX / 2) {
        report(job, number, false);
    }
}

// Any message under way may be the next to arrive; but none is so late that LATEST others of the
// same rank arrive before it.
static int choose(struct world *world, const struct job *job)
{
    enum { LATEST = 60 };
    int which = (int)draw(world, (uint32_t)job->message_count);
    const struct message *chosen = &job->messages[which];
    for (int i = 0; i < job->message_count; i++) {
        const struct message *other = &job->messages[i];
        bool same = other->report == chosen->report && other->worker == chosen->worker;
        if (same && other->number <= chosen->number - LATEST)
            return i;
    }
    return which;
}

static void deliver(struct world *world, struct job *job)
{
    int which = choose(world, job);
    struct message message = job->messages[which];
    // It stays under way, to come once more.
    if (job->message_count > MESSAGES_MAX / 2 || draw(world, 8) != 0)
        job->messages[which] = job->messages[--job->message_count];
    struct worker *worker = &job->workers[message.worker];
    if (message.report) {
        if (!brink_schedule_hear(&job->schedule, message.worker, message.number))
            return;
        double seconds = (double)message.done_count * 0.001 * (1 + draw(world, 100));
        brink_schedule_report(&job->schedule, message.done, message.done_count, message.returned,
                              seconds);
        if (message.asking)
            send(job, (struct message){.worker = message.worker,
                                       .number = ++job->orders,
                                       .batch = brink_schedule_take(&job->schedule)});
        return;
    }
    if (!brink_heard_news(&worker->orders, message.number))
        return;
    claim(world, worker->awaited && worker->hand.count == 0, "a batch that was not asked for");
    worker->awaited = false;
    worker->hand = message.batch;
    worker->exhausted = message.batch.count == 0;
}

static bool over(const struct job *job)
{
    bool idle = job->message_count == 0;
    for (int i = 0; idle && i < job->worker_count; i++) {
        const struct worker *worker = &job->workers[i];
        idle &= worker->hand.count == 0 && worker->stream_count == 0;
        idle &= worker->done_count + worker->returned == 0 && (worker->exhausted || job->stop);
    }
    return idle;
}

static void step(struct world *world, struct job *job)
{
    if (job->message_count > 0 && draw(world, 2))
        deliver(world, job);
    else
        work(world, job, (int)draw(world, (uint32_t)job->worker_count));
    if (over(job)) {
        job->alive = false;
        claim(world, brink_schedule_idle(&job->schedule), "a job ends with work handed out");
    }
}

// Jobs one after the other; the first of them with faults, and perhaps an earlier one beside it.
static const char *run(uint64_t seed)
{
    struct brink_random_key key = {seed, 0, BRINK_PURPOSE_TEST};
    struct world world = {.state = brink_random_bits(&key, 0)};
    static struct job job, ghost;
    world.tiles = 1 + (int)draw(&world, TILES_MAX);
    uint32_t faulty = draw(&world, 6);
    ghost.alive = false;
    for (uint32_t start = 0; start < STARTS_MAX && !world.wrong; start++) {
        start_job(&world, &job);
        bool calm = start >= faulty;
        uint32_t dies = calm ? UINT32_MAX : draw(&world, 400), stops = draw(&world, 400);
        for (uint32_t time = 0; job.alive && !world.wrong; time++) {
            claim(&world, time < 200000, "a job never ends");
            if (!calm && time == stops) {
                job.stop = true;
                brink_schedule_stop(&job.schedule);
            }
            if (time == dies)
                break;
            step(&world, &job);
            if (ghost.alive && draw(&world, 3) == 0)
                step(&world, &ghost);
            if (draw(&world, 200) == 0) // it sees that the file is not its own any more
                ghost.alive = false;
        }
        if (job.alive && draw(&world, 2)) { // taken for dead
            brink_schedule_free(&ghost.schedule);
            memcpy(&ghost, &job, offsetof(struct job, messages[job.message_count]));
            ghost.schedule.coarser = ghost.coarser;
        } else {
            brink_schedule_free(&job.schedule);
        }
        if (calm)
            break;
    }
    for (int i = 0; i < world.tiles; i++)
        claim(&world, world.done[i], "a tile is lost");
    brink_schedule_free(&ghost.schedule);
    return world.wrong;
}

int main(int argc, char **argv)
{
    int64_t count = argc > 1 ? strtoll(argv[1], NULL, 10) : 0, failed = 0;
    uint64_t first = argc > 2 ? strtoull(argv[2], NULL, 10) : 0;
    if (count < 1) {
        fprintf(stderr, "usage: faults SEEDS [FIRST]\n");
        return EXIT_FAILURE;
    }
    for (int64_t i = 0; i < count; i++) {
        const char *wrong = run(first + (uint64_t)i);
        if (wrong && failed++ < 10)
            printf("FAIL: seed %" PRIu64 ": %s\n", first + (uint64_t)i, wrong);
    }
    printf("%" PRId64 " seeds from %" PRIu64 " on: %d passed, %d failed\n", count, first,
           failed == 0, failed != 0);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
