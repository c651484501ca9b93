// SPDX-License-Identifier: MIT
// Tiles in flight: slots that are filled by the main thread, emptied by it, computed by all.
#include "brink/sweep/stream.h"

#include <assert.h>
#include <omp.h>
#include <pthread.h>
#include <string.h>

#include "brink/base/memory.h"

// Cells in flight for each thread: many times the lanes of an engine, so that a few slow cells
// never keep it from new ones. And where there are others, so many that they do not run dry while
// the main thread syncs the file.
enum { CELLS_ALONE = 4096, CELLS_PER_THREAD = 1 << 16 };
enum { SLOTS_MIN = 4, SLOTS_MAX = 512, RECORD_BYTES = 64 << 20 };

// FREE -> (push) OPEN -> (last cell taken) TAKEN; complete when nothing is left -> (pop) FREE.
enum slot_state { SLOT_FREE, SLOT_OPEN, SLOT_TAKEN };

struct slot {
    enum slot_state state; // under the lock
    struct brink_tile tile;
    int64_t tag;
    int64_t next; // under the lock: first cell not taken
    char *records;
    // Cells not given back, -1 once all are gathered; alone in its cache line.
    _Alignas(64) atomic_int_fast64_t left;
};

struct brink_stream {
    const struct brink_plan *plan; // borrowed
    pthread_mutex_t lock;
    bool finished; // under the lock
    int slot_count;
    struct slot *slots; // owned
    char *records;      // owned: slot i at i * slot_bytes
    size_t slot_bytes, record_size;
    int64_t pushed, popped; // tiles; the main thread's
    int push_at, pop_at;    // slots from where it looks on for a free one, for a complete one
    // Slots in the order of their tiles, under the lock: the oldest open one is served first.
    int *queue; // owned, [slot_count], a ring
    int queue_first, queue_length;
    int threads;
    int64_t waiting; // under the lock: cells of the queue not taken
};

brink_err brink_stream_open(const struct brink_plan *plan, int threads, struct brink_stream **out)
{
    struct brink_stream *stream = NULL;
    int64_t cells = 1;
    for (int i = 0; i < plan->spec->grid.rank; i++)
        cells *= plan->spec->grid.tile[i];
    int64_t wanted = RECORD_BYTES / (int64_t)brink_record_bytes(plan->spec); // curves are long
    int64_t most = threads > 1 ? CELLS_PER_THREAD : CELLS_ALONE;
    wanted = wanted < most ? wanted : most;
    int64_t slots = (int64_t)threads * wanted / cells + SLOTS_MIN;
    slots = slots < SLOTS_MAX ? slots : SLOTS_MAX;
    brink_err error = brink_alloc(&stream, 1, sizeof *stream);
    if (error)
        return error;
    stream->plan = plan;
    stream->slot_count = (int)slots;
    stream->threads = threads;
    stream->record_size = brink_record_bytes(plan->spec);
    stream->slot_bytes = ((size_t)cells * stream->record_size + 63) / 64 * 64;
    pthread_mutex_init(&stream->lock, NULL);
    error = brink_alloc(&stream->slots, (size_t)slots, sizeof stream->slots[0]);
    if (!error)
        error = brink_alloc(&stream->queue, (size_t)slots, sizeof stream->queue[0]);
    if (!error)
        error = brink_alloc(&stream->records, (size_t)slots, stream->slot_bytes);
    for (int64_t i = 0; !error && i < slots; i++) {
        stream->slots[i].records = stream->records + (size_t)i * stream->slot_bytes;
        atomic_init(&stream->slots[i].left, -1);
    }
    if (error)
        brink_stream_close(&stream);
    *out = stream;
    return error;
}

void brink_stream_close(struct brink_stream **stream_pointer)
{
    struct brink_stream *stream = *stream_pointer;
    if (stream) {
        pthread_mutex_destroy(&stream->lock);
        brink_free(&stream->slots);
        brink_free(&stream->queue);
        brink_free(&stream->records);
    }
    brink_free(stream_pointer);
}

bool brink_stream_push(struct brink_stream *stream, const struct brink_tile *tile, int64_t tag)
{
    bool room = false;
    if (stream->pushed - stream->popped == stream->slot_count)
        return false;
    pthread_mutex_lock(&stream->lock);
    assert(!stream->finished);
    for (int turn = 0; turn < stream->slot_count && !room; turn++) {
        int i = stream->push_at;
        struct slot *slot = &stream->slots[i];
        stream->push_at = (i + 1) % stream->slot_count;
        if (slot->state != SLOT_FREE)
            continue;
        room = true;
        slot->state = SLOT_OPEN;
        slot->tile = *tile;
        slot->tag = tag;
        slot->next = 0;
        atomic_store_explicit(&slot->left, tile->cells, memory_order_relaxed);
        memset(slot->records, 0, (size_t)tile->cells * stream->record_size);
        int end = (stream->queue_first + stream->queue_length++) % stream->slot_count;
        stream->queue[end] = i;
        stream->waiting += tile->cells;
    }
    pthread_mutex_unlock(&stream->lock);
    stream->pushed += room;
    return room;
}

int64_t brink_stream_withdraw(struct brink_stream *stream)
{
    pthread_mutex_lock(&stream->lock);
    // Cells are handed out in the order of the queue: its first tile alone may have been begun.
    int first = stream->queue_first;
    int kept = stream->queue_length > 0 && stream->slots[stream->queue[first]].next > 0;
    int64_t withdrawn = stream->queue_length - kept;
    for (int i = kept; i < stream->queue_length; i++) {
        struct slot *slot = &stream->slots[stream->queue[(first + i) % stream->slot_count]];
        slot->state = SLOT_FREE;
        stream->waiting -= slot->tile.cells;
    }
    stream->queue_length = kept;
    pthread_mutex_unlock(&stream->lock);
    stream->pushed -= withdrawn;
    return withdrawn;
}

void brink_stream_finish(struct brink_stream *stream)
{
    pthread_mutex_lock(&stream->lock);
    stream->finished = true;
    pthread_mutex_unlock(&stream->lock);
}

bool brink_stream_pop(struct brink_stream *stream, struct brink_columns *columns,
                      struct brink_tile *tile, int64_t *tag)
{
    if (stream->popped == stream->pushed)
        return false;
    for (int turn = 0; turn < stream->slot_count; turn++) {
        struct slot *slot = &stream->slots[stream->pop_at];
        stream->pop_at = (stream->pop_at + 1) % stream->slot_count;
        if (atomic_load_explicit(&slot->left, memory_order_acquire) != 0)
            continue;
        *tile = slot->tile;
        *tag = slot->tag;
        brink_columns_gather(columns, stream->plan->spec, slot->records, slot->tile.cells);
        pthread_mutex_lock(&stream->lock);
        slot->state = SLOT_FREE;
        atomic_store_explicit(&slot->left, -1, memory_order_relaxed);
        pthread_mutex_unlock(&stream->lock);
        stream->popped++;
        return true;
    }
    return false;
}

void brink_stream_count(struct brink_stream *stream, int64_t *waiting, int64_t *under_way)
{
    *waiting = *under_way = 0;
    pthread_mutex_lock(&stream->lock);
    for (int i = 0; i < stream->slot_count; i++) {
        struct slot *slot = &stream->slots[i];
        if (slot->state == SLOT_FREE)
            continue;
        int64_t untaken = slot->state == SLOT_OPEN ? slot->tile.cells - slot->next : 0;
        *waiting += untaken;
        *under_way += atomic_load_explicit(&slot->left, memory_order_relaxed) - untaken;
    }
    pthread_mutex_unlock(&stream->lock);
}

bool brink_stream_work(struct brink_stream *stream, struct brink_pulse *pulse)
{
    const struct brink_plan *plan = stream->plan;
    bool complete = true;
#pragma omp parallel reduction(&& : complete)
    complete = plan->spec->model->run(plan->state, stream, pulse);
    return complete;
}

// Towards the end each errand is a part of what is left, or one thread would have it all. In
// eights: so many records fill whole cache lines.
static int64_t fair_share(const struct brink_stream *stream)
{
    int64_t share = (stream->waiting / (2 * stream->threads) + 7) / 8 * 8;
    return share > 8 ? share : 8;
}

enum brink_supply brink_stream_take(struct brink_stream *stream, int64_t count_max,
                                    struct brink_errand *errand)
{
    enum brink_supply supply = BRINK_SUPPLY_DRY;
    pthread_mutex_lock(&stream->lock);
    if (stream->queue_length > 0) {
        struct slot *slot = &stream->slots[stream->queue[stream->queue_first]];
        int64_t left = slot->tile.cells - slot->next, fair = fair_share(stream);
        count_max = stream->threads > 1 && fair < count_max ? fair : count_max;
        errand->tile = &slot->tile;
        errand->first = slot->next;
        errand->count = left < count_max ? left : count_max;
        errand->records = slot->records + (size_t)slot->next * stream->record_size;
        slot->next += errand->count;
        stream->waiting -= errand->count;
        if (slot->next == slot->tile.cells) {
            slot->state = SLOT_TAKEN;
            stream->queue_first = (stream->queue_first + 1) % stream->slot_count;
            stream->queue_length--;
        }
        supply = BRINK_SUPPLY_CELLS;
    } else if (stream->finished) {
        supply = BRINK_SUPPLY_OVER;
    }
    pthread_mutex_unlock(&stream->lock);
    return supply;
}

void brink_stream_give(struct brink_stream *stream, const void *record)
{
    size_t offset = (size_t)((const char *)record - stream->records);
    struct slot *slot = &stream->slots[offset / stream->slot_bytes];
    // Release: whoever sees that nothing is left sees the records, too.
    atomic_fetch_sub_explicit(&slot->left, 1, memory_order_release);
}
