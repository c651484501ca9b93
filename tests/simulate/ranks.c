// SPDX-License-Identifier: MIT
// The protocol of src/cluster/work.c as events on a heap: a rank asks for a batch shortly before it
// has taken the last cell of what it holds, and reports what is done with it; the master computes
// between messages.
#include "simulate/ranks.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "brink/sweep/schedule.h"

// As in src/cluster/sweep.c and work.c.
static const double batch_seconds = 0.5, ahead_seconds = 0.01;

enum event_kind { TAKEN, ASKING, ASKED, ORDERED };

struct event {
    double time;
    int64_t number; // of two at the same time the first made comes first
    enum event_kind kind;
    int rank;
};

struct rank {
    struct brink_batch current, waiting; // count 0: none
    struct brink_batch ordered;          // under way
    double ends;                         // current: its last cell is taken
    double asked, answered;              // when it asked; how long the last answer took
    // Done since the last report that has arrived; a batch counts when its last cell is taken.
    struct brink_done done[2 * BRINK_BATCH_MAX]; // those of a batch that ends before they arrive
    int64_t done_count;
    double reported;
    double told_seconds; // since a tile was reported, as the report under way says
};

struct world {
    const struct ranks_machine *machine;
    const struct ranks_tile *tile;
    uint8_t *times_done;
    struct brink_schedule schedule;
    struct rank *ranks; // owned
    struct event *heap; // owned
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

static void begin(struct world *world, int number, struct brink_batch batch)
{
    struct rank *rank = &world->ranks[number];
    double seconds = 0, ahead = ahead_seconds + 2 * rank->answered;
    for (int64_t i = 0; i < batch.count; i++) {
        const struct ranks_tile *tile = &world->tile[batch.place[i]];
        seconds += tile->cost;
        world->end = fmax(world->end, world->now + seconds + tile->tail);
        if (world->times_done)
            world->times_done[batch.place[i]]++;
    }
    if (number == 0)
        world->served_before = world->served;
    rank->current = batch;
    rank->ends = world->now + seconds;
    push(world, (struct event){rank->ends, 0, TAKEN, number});
    push(world, (struct event){fmax(world->now, rank->ends - ahead), 0, ASKING, number});
}

static void accept(struct world *world, int number)
{
    struct rank *rank = &world->ranks[number];
    struct brink_batch batch = rank->ordered;
    rank->answered = world->now - rank->asked;
    if (batch.count == 0)
        return;
    world->batches++;
    assert(rank->waiting.count == 0);
    if (rank->current.count > 0)
        rank->waiting = batch;
    else
        begin(world, number, batch);
}

static void asking(struct world *world, const struct event *event)
{
    struct rank *rank = &world->ranks[event->rank];
    rank->asked = world->now;
    rank->told_seconds = world->now - rank->reported;
    if (rank->done_count > 0)
        rank->reported = world->now;
    double way = event->rank == 0 ? 0 : world->machine->latency;
    push(world, (struct event){world->now + way, 0, ASKED, event->rank});
}

static void taken(struct world *world, const struct event *event)
{
    struct rank *rank = &world->ranks[event->rank];
    double late = event->rank == 0 ? world->served - world->served_before : 0;
    if (late > 0) { // the master was talking meanwhile
        world->served_before = world->served;
        struct event again = *event;
        again.time += late;
        world->end = fmax(world->end, again.time);
        push(world, again);
        return;
    }
    for (int64_t i = 0; i < rank->current.count; i++) {
        int64_t place = rank->current.place[i];
        assert(rank->done_count < 2 * BRINK_BATCH_MAX);
        rank->done[rank->done_count++] = (struct brink_done){place, world->tile[place].cost};
    }
    rank->current.count = 0;
    if (rank->waiting.count > 0)
        begin(world, event->rank, rank->waiting);
    rank->waiting.count = 0;
}

// At the master.
static void asked(struct world *world, const struct event *event)
{
    const struct ranks_machine *machine = world->machine;
    struct rank *rank = &world->ranks[event->rank];
    brink_schedule_report(&world->schedule, rank->done, rank->done_count, 0, rank->told_seconds);
    rank->done_count = 0;
    rank->ordered = brink_schedule_take(&world->schedule);
    if (event->rank == 0) { // without messages
        accept(world, 0);
        return;
    }
    world->master_free = fmax(world->master_free, world->now + machine->beat) + machine->service;
    world->served += machine->service;
    push(world, (struct event){world->master_free + machine->latency + machine->beat, 0, ORDERED,
                               event->rank});
}

struct ranks_result ranks_simulate(const struct ranks_machine *machine,
                                   const struct ranks_tile tile[], int64_t count,
                                   const int64_t coarser[], int64_t last_stage, int ranks,
                                   uint8_t times_done[])
{
    struct world world = {.machine = machine, .tile = tile, .times_done = times_done};
    // A rank has one batch's end and one question on their way.
    world.ranks = calloc((size_t)ranks, sizeof world.ranks[0]);
    world.heap = calloc((size_t)ranks * 3, sizeof world.heap[0]);
    if (!world.ranks || !world.heap)
        abort();
    if (brink_schedule_init(&world.schedule, count, coarser, last_stage, ranks, batch_seconds))
        abort();
    for (int rank = 0; rank < ranks; rank++) {
        struct brink_batch first = brink_schedule_first(count, ranks, rank);
        if (first.count > 0)
            begin(&world, rank, first);
    }
    while (world.heap_count > 0) {
        struct event event = pop(&world);
        world.now = event.time;
        if (event.kind == TAKEN)
            taken(&world, &event);
        else if (event.kind == ASKING)
            asking(&world, &event);
        else if (event.kind == ASKED)
            asked(&world, &event);
        else
            accept(&world, event.rank);
    }
    double sum = 0;
    int64_t done = world.schedule.done_count;
    for (int64_t i = 0; i < count; i++)
        sum += tile[i].cost;
    for (int i = 0; i < ranks; i++)
        done += world.ranks[i].done_count;
    brink_schedule_free(&world.schedule);
    free(world.ranks);
    free(world.heap);
    return (struct ranks_result){.seconds = world.end,
                                 .efficiency = sum / (ranks * world.end),
                                 .master_busy = world.served / world.end,
                                 .batches = world.batches,
                                 .tiles_done = done};
}
