// SPDX-License-Identifier: MIT
// The protocol of src/cluster/work.c as events on a heap: a rank holds two batches, each report is
// answered by one order, the master computes between messages.
#include "simulate/ranks.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "brink/sweep/schedule.h"

// As in src/cluster/sweep.c.
static const double batch_seconds = 0.5;

enum { HELD = 2 };
enum event_kind { COMPUTED, REPORTED, ORDERED };

struct event {
    double time;
    int64_t number; // of two at the same time the first made comes first
    enum event_kind kind;
    int rank;
    struct brink_batch batch;
    double seconds; // of a report
};

struct rank {
    struct brink_batch held[HELD]; // count 0: free; held[0] is being computed
    double began;                  // held[0]
    double reported;
};

struct world {
    const struct ranks_machine *machine;
    const double *cost;
    uint8_t *times_done;
    struct brink_schedule schedule;
    struct rank *ranks; // owned
    struct event *heap; // owned, [heap_room]
    int64_t heap_count, events;
    double now, end;
    double served;        // s of the master's time so far
    double served_before; // ... up to where its running batch is put off already
    double master_free;
    int64_t batches;
};

static bool earlier(const struct event *a, const struct event *b)
{
    return a->time != b->time ? a->time < b->time : a->number < b->number;
}

static void push(struct world *world, struct event event)
{
    event.number = world->events++;
    int64_t at = world->heap_count++;
    for (; at > 0 && earlier(&event, &world->heap[(at - 1) / 2]); at = (at - 1) / 2)
        world->heap[at] = world->heap[(at - 1) / 2];
    world->heap[at] = event;
}

static struct event pop(struct world *world)
{
    struct event first = world->heap[0], last = world->heap[--world->heap_count];
    int64_t at = 0;
    for (;;) {
        int64_t child = 2 * at + 1;
        if (child + 1 < world->heap_count && earlier(&world->heap[child + 1], &world->heap[child]))
            child++;
        if (child >= world->heap_count || earlier(&last, &world->heap[child]))
            break;
        world->heap[at] = world->heap[child];
        at = child;
    }
    world->heap[at] = last;
    return first;
}

static void begin(struct world *world, int number)
{
    struct rank *rank = &world->ranks[number];
    double seconds = 0;
    for (int64_t i = 0; i < rank->held[0].count; i++) {
        seconds += world->cost[rank->held[0].first + i];
        if (world->times_done)
            world->times_done[rank->held[0].first + i]++;
    }
    if (number == 0)
        world->served_before = world->served;
    rank->began = world->now;
    push(world, (struct event){world->now + seconds, 0, COMPUTED, number, rank->held[0], 0});
}

static void accept(struct world *world, int number, struct brink_batch batch)
{
    struct rank *rank = &world->ranks[number];
    if (batch.count == 0)
        return;
    world->batches++;
    if (rank->held[0].count > 0) {
        assert(rank->held[1].count == 0);
        rank->held[1] = batch;
        return;
    }
    rank->held[0] = batch;
    begin(world, number);
}

// A rank has taken the last cell of its batch; the slowest of them end `cell` later, while cells of
// the next batch are under way.
static void computed(struct world *world, const struct event *event)
{
    struct rank *rank = &world->ranks[event->rank];
    const struct ranks_machine *machine = world->machine;
    double late = event->rank == 0 ? world->served - world->served_before : 0;
    if (late > 0) { // the master was talking meanwhile
        world->served_before = world->served;
        struct event again = *event;
        again.time += late;
        push(world, again);
        return;
    }
    double done = world->now + machine->cell;
    world->end = fmax(world->end, done);
    struct event report = {done + machine->beat, 0, REPORTED, event->rank, event->batch,
                           done - rank->reported};
    rank->reported = done;
    if (event->rank != 0)
        report.time += machine->latency;
    rank->held[0] = rank->held[1];
    rank->held[1] = (struct brink_batch){0, 0};
    if (rank->held[0].count > 0)
        begin(world, event->rank);
    push(world, report);
}

// At the master.
static void reported(struct world *world, const struct event *event)
{
    const struct ranks_machine *machine = world->machine;
    if (event->batch.count > 0)
        brink_schedule_report(&world->schedule, event->batch, event->batch.count, event->seconds);
    struct brink_batch batch = brink_schedule_take(&world->schedule);
    if (event->rank == 0) { // without messages
        accept(world, 0, batch);
        return;
    }
    world->master_free = fmax(world->master_free, world->now + machine->beat) + machine->service;
    world->served += machine->service;
    push(world, (struct event){world->master_free + machine->latency + machine->beat, 0, ORDERED,
                               event->rank, batch, 0});
}

struct ranks_result ranks_simulate(const struct ranks_machine *machine, const double cost[],
                                   int64_t count, int ranks, uint8_t times_done[])
{
    struct world world = {.machine = machine, .cost = cost, .times_done = times_done};
    // A rank computes one batch and has at most HELD reports and orders on their way.
    world.ranks = calloc((size_t)ranks, sizeof world.ranks[0]);
    world.heap = calloc((size_t)ranks * (HELD + 1), sizeof world.heap[0]);
    if (!world.ranks || !world.heap)
        abort();
    brink_schedule_init(&world.schedule, count, ranks, batch_seconds);
    for (int held = 0; held < HELD; held++)
        for (int rank = 0; rank < ranks; rank++)
            push(&world, (struct event){machine->latency, 0, REPORTED, rank, {0, 0}, 0});
    while (world.heap_count > 0) {
        struct event event = pop(&world);
        world.now = event.time;
        if (event.kind == COMPUTED)
            computed(&world, &event);
        else if (event.kind == REPORTED)
            reported(&world, &event);
        else
            accept(&world, event.rank, event.batch);
    }
    assert(brink_schedule_idle(&world.schedule));
    double sum = 0;
    for (int64_t i = 0; i < count; i++)
        sum += cost[i];
    free(world.ranks);
    free(world.heap);
    return (struct ranks_result){.seconds = world.end,
                                 .efficiency = sum / (ranks * world.end),
                                 .master_busy = world.served / world.end,
                                 .batches = world.batches,
                                 .tiles_done = world.schedule.done_count};
}
