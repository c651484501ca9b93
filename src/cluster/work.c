// SPDX-License-Identifier: MIT
// One rank at work: while all threads compute, the main thread, from its beat, stores what is
// complete, puts in new tiles, talks; the master serves the others besides.
//
// A report that asks is answered by one order, and a worker asks again only then: shortly before
// its last cell is handed out, so that no core waits and no tile lies here while another rank has
// nothing. Other reports are not answered. Besides, the master sends STOP once, unasked. A worker
// ends with a report that says it leaves, which is answered by BYE. A STOP that comes later than
// that stays unread. Reports and orders are numbered: one that should come twice counts once.
#include "work.h"

#include <assert.h>
#include <math.h>
#include <mpi.h>
#include <omp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "brink/base/log.h"
#include "polite.h"
#include "stop.h"

enum { TAG_REPORT = 1, TAG_ORDER = 2 };
enum order_kind { ORDER_BATCH, ORDER_STOP, ORDER_BYE };

// No more of the places of the batch is sent than there are.
struct order {
    int64_t number; // of the orders to this rank: 1, 2, 3 ...
    int64_t kind;
    struct brink_batch batch; // count 0: nothing is left
};

static const double beat_seconds = 100e-6;

// Of a process among others on its core, at most (Linux: 3 to 10 ms).
static const double turn_seconds = 0.02;

// How long before the last cell is handed out a rank asks: this, and twice what the last answer
// took. How often a rank that need not ask says what it has stored.
static const double ahead_seconds = 0.01, report_seconds = 0.5;

// How old a check of the lease may be when a tile is written. The master's check ends the whole
// job; the others' are for the case that the master itself hangs or has lost its way to the file.
static const double lease_age_master = 0.2, lease_age_worker = 10;

static const double stop_look_seconds = 1;

void brink_work_die(brink_err error)
{
    brink_say_error("%s", brink_error_note());
    if (error != BRINK_ERR_LOCKED)
        brink_say_error("the job ends here; every finished tile is safe, run again to resume");
    MPI_Abort(MPI_COMM_WORLD, brink_exit_code(error));
    abort(); // not reached
}

// ---- the file

void brink_work_check_lease(struct brink_work *work, double age)
{
    double now = brink_clock();
    if (now - work->lease_checked < age)
        return;
    work->lease_checked = now;
    brink_err error = brink_lease_check(work->lease);
    if (error)
        brink_work_die(error);
}

static void store_tile(struct brink_work *work, const struct brink_tile *tile)
{
    brink_work_check_lease(work, work->job->rank == 0 ? lease_age_master : lease_age_worker);
    brink_err error = brink_store_put(work->store, tile, &work->columns);
    if (error)
        brink_work_die(error);
    brink_plan_forget(&work->plan, tile);
    work->unsynced = true;
}

// Makes what this rank has written survive a power loss; the master also leaves word in /runs.
//
// The order of the writes of one tile (data, checksum, state) holds for readers and for a killed
// process. Not for a power loss: what is not synced yet may reach the disk in any order or in part,
// a state before its data. Such a tile is marked done, but its checksum is not that of its data, so
// the next start computes it again (tests/faults does this to a file). A power loss thus costs what
// was written after the last commit, and nothing else.
static void commit(struct brink_work *work)
{
    brink_err error;
    brink_work_check_lease(work, 0);
    if (work->job->rank == 0) {
        error = brink_journal_commit(&work->journal, work->store, work->schedule.done_count);
    } else {
        error = brink_store_sync(work->store);
    }
    if (error)
        brink_work_die(error);
    work->unsynced = false;
    work->committed = brink_clock();
}

// In the background, so that a commit, and the last of all, finds little to wait for: ten times for
// each commit, unless that would keep the disk busy for more than a twentieth of the time.
static void flush(struct brink_work *work)
{
    brink_work_check_lease(work, 0);
    brink_flusher_ask(work->flusher);
    work->unsynced = false;
    work->flush_due = HUGE_VAL;
}

// What is due by the clock: the heartbeat of the lease, a sync, a commit. Also while no tile gets
// done. A worker's commit is a sync in the background.
static void keep(struct brink_work *work)
{
    double now = brink_clock(), seconds = 0;
    bool master = work->job->rank == 0, busy = false;
    if (master && now - work->lease_beaten >= BRINK_LEASE_BEAT_S) {
        brink_err error = brink_lease_beat(work->lease);
        if (error)
            brink_work_die(error);
        work->lease_beaten = work->lease_checked = now;
    }
    if (work->flusher) {
        brink_err error = brink_flusher_look(work->flusher, &busy, &seconds);
        if (error)
            brink_work_die(error);
    }
    if (busy)
        return;
    if (isinf(work->flush_due))
        work->flush_due = now + fmax(work->commit_seconds / 10, 19 * seconds);
    bool news = master && work->schedule.done_count > work->journal.run.tiles_done;
    bool due = (work->unsynced || news) && now - work->committed >= work->commit_seconds;
    if (due && master)
        commit(work);
    else if (work->unsynced && (due || now >= work->flush_due))
        flush(work);
    if (due)
        work->committed = now;
}

// ---- master

// Wishes for a stop that no signal brings.
static void look_for_stop(struct brink_work *work)
{
    double now = brink_clock();
    if (brink_stop_wanted())
        return;
    if (now >= work->deadline.stop) {
        brink_say("the time of this job is nearly over");
        brink_stop_want();
    }
    if (now - work->stop_looked < stop_look_seconds)
        return;
    work->stop_looked = now;
    if (access(work->stop_file, F_OK) == 0) {
        brink_say("%s asks for a stop", work->stop_file);
        brink_stop_want();
    }
}

static void send_order(struct brink_work *work, int rank, enum order_kind kind,
                       struct brink_batch batch)
{
    struct order order = {.number = ++work->orders_made[rank], .kind = kind, .batch = batch};
    size_t bytes = offsetof(struct order, batch.place) + (size_t)batch.count * sizeof(int64_t);
    MPI_Send(&order, (int)bytes, MPI_BYTE, rank, TAG_ORDER, MPI_COMM_WORLD);
}

static void take_report(struct brink_work *work, const struct brink_report *report)
{
    struct brink_progress *progress = &work->progress;
    brink_schedule_report(&work->schedule, report->done, report->done_count, report->returned,
                          report->seconds);
    progress->cells += report->cells;
    progress->steps += report->steps;
    for (int i = 0; i < BRINK_STATUS_MAX; i++)
        progress->status_count[i] += report->status_count[i];
    if (report->stopping)
        brink_stop_want();
}

static struct brink_batch next_batch(struct brink_work *work)
{
    if (brink_stop_wanted())
        brink_schedule_stop(&work->schedule);
    return brink_schedule_take(&work->schedule);
}

static void answer(struct brink_work *work, int rank, const struct brink_report *report)
{
    if (!brink_schedule_hear(&work->schedule, rank, report->number))
        return;
    take_report(work, report);
    if (report->leaving) {
        work->ranks_left--;
        send_order(work, rank, ORDER_BYE, (struct brink_batch){.count = 0});
        return;
    }
    if (!report->asking)
        return;
    send_order(work, rank, ORDER_BATCH, next_batch(work));
}

// Answers all that wait; true if any did.
static bool serve(struct brink_work *work)
{
    bool any = false;
    for (;;) {
        int waiting = 0;
        MPI_Status status;
        MPI_Iprobe(MPI_ANY_SOURCE, TAG_REPORT, MPI_COMM_WORLD, &waiting, &status);
        if (!waiting)
            break;
        struct brink_report report;
        MPI_Recv(&report, sizeof report, MPI_BYTE, status.MPI_SOURCE, TAG_REPORT, MPI_COMM_WORLD,
                 MPI_STATUS_IGNORE);
        answer(work, status.MPI_SOURCE, &report);
        any = true;
    }
    look_for_stop(work);
    if (brink_stop_wanted() && !work->stop_told) {
        work->stop_told = true;
        brink_schedule_stop(&work->schedule);
        brink_say("stopping: the running tiles are finished first; run again to resume");
        for (int rank = 1; rank < work->job->ranks; rank++)
            send_order(work, rank, ORDER_STOP, (struct brink_batch){.count = 0});
    }
    brink_progress_tell(&work->progress);
    return any;
}

// ---- this rank

static bool hand_empty(const struct brink_work *work)
{
    return work->hand_next == work->hand.count;
}

static void take_in_hand(struct brink_work *work, struct brink_batch batch)
{
    assert(hand_empty(work));
    work->hand = batch;
    work->hand_next = 0;
}

static void answered(struct brink_work *work, struct brink_batch batch)
{
    work->awaited = false;
    work->answered = brink_clock() - work->asked;
    work->exhausted = batch.count == 0;
    take_in_hand(work, batch);
}

// Takes in what the master sent; true if anything. Sets *bye.
static bool drain(struct brink_work *work, bool *bye)
{
    bool any = false;
    for (;;) {
        int waiting = 0;
        MPI_Iprobe(0, TAG_ORDER, MPI_COMM_WORLD, &waiting, MPI_STATUS_IGNORE);
        if (!waiting)
            return any;
        struct order order;
        MPI_Recv(&order, sizeof order, MPI_BYTE, 0, TAG_ORDER, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
        any = true;
        if (!brink_heard_news(&work->orders, order.number))
            continue;
        if (order.kind == ORDER_STOP) {
            brink_stop_want();
            continue;
        }
        assert(work->awaited);
        answered(work, order.batch);
        *bye = order.kind == ORDER_BYE;
    }
}

// Reports all that was done since the last report. The master tells itself without messages.
static void tell(struct brink_work *work, bool asking, bool leaving)
{
    struct brink_report *report = &work->report;
    work->told = brink_clock();
    report->number = ++work->reports;
    report->seconds = work->told - work->reported;
    report->stopping = brink_stop_wanted();
    report->asking = asking;
    report->leaving = leaving;
    if (report->done_count > 0) {
        double mean = report->seconds / (double)report->cells;
        work->cell_seconds += work->cell_seconds > 0 ? (mean - work->cell_seconds) / 4 : mean;
        work->reported = work->told;
    }
    if (work->job->rank == 0) {
        take_report(work, report);
    } else {
        size_t bytes = offsetof(struct brink_report, done) +
                       (size_t)report->done_count * sizeof report->done[0];
        MPI_Send(report, (int)bytes, MPI_BYTE, 0, TAG_REPORT, MPI_COMM_WORLD);
        work->awaited = work->awaited || asking || leaving;
    }
    *report = (struct brink_report){.done_count = 0};
}

// Stores the complete tiles.
static void collect(struct brink_work *work)
{
    struct brink_report *report = &work->report;
    struct brink_tile tile;
    int64_t place;
    while (brink_stream_pop(work->stream, &work->columns, &tile, &place)) {
        store_tile(work, &tile);
        double cost = (double)work->columns.steps + BRINK_START_STEPS * (double)tile.cells;
        work->under_way--;
        report->done[report->done_count++] = (struct brink_done){place, cost};
        report->cells += tile.cells;
        report->steps += work->columns.steps;
        for (int i = 0; i < BRINK_STATUS_MAX; i++)
            report->status_count[i] += work->columns.status_count[i];
        if (report->done_count == BRINK_BATCH_MAX)
            tell(work, false, false);
    }
}

// Puts tiles in hand into the stream while there is room.
static void feed(struct brink_work *work)
{
    while (!hand_empty(work)) {
        int64_t place = work->hand.place[work->hand_next];
        struct brink_tile tile = brink_grid_tile(&work->spec->grid, work->todo[place]);
        if (!brink_stream_push(work->stream, &tile, place))
            return;
        work->under_way++;
        work->hand_next++;
    }
}

// All that is not begun, here or in the stream.
static void give_back(struct brink_work *work)
{
    int64_t withdrawn = brink_stream_withdraw(work->stream);
    work->under_way -= withdrawn;
    work->report.returned += withdrawn + work->hand.count - work->hand_next;
    work->hand_next = work->hand.count;
}

// Will the cells that wait to be handed out last until an answer comes?
static bool running_short(const struct brink_work *work)
{
    int64_t waiting, given;
    if (!hand_empty(work))
        return false;
    brink_stream_count(work->stream, &waiting, &given);
    if (work->cell_seconds == 0) // not known yet
        return waiting == 0;
    return (double)waiting * work->cell_seconds <= ahead_seconds + 2 * work->answered;
}

static void ask(struct brink_work *work)
{
    work->asked = brink_clock();
    tell(work, true, false);
    if (work->job->rank == 0)
        answered(work, next_batch(work));
}

// Says, asks or gives back what is due.
static void speak(struct brink_work *work)
{
    bool stopping = brink_stop_wanted();
    bool news = work->report.done_count > 0 && brink_clock() - work->told >= report_seconds;
    if (work->no_more) // again and again: a batch may have been on its way
        give_back(work);
    if (!work->no_more && !work->exhausted && !work->awaited && running_short(work))
        ask(work);
    else if (news || work->report.returned > 0 || (stopping && !work->stop_said))
        tell(work, false, false);
    work->stop_said = stopping;
}

// Looks for messages. A look that finds none yields the core, and where ranks share it the others
// take their turns meanwhile. Then cells come first, for as long as that took: or each rank would
// compute for one beat in its turn, and changes of turn would cost more than cells do.
static void listen(struct brink_work *work)
{
    bool any, bye = false;
    double start = brink_clock();
    if (start - work->listened < fmin(work->listen_seconds, turn_seconds))
        return;
    if (work->job->rank == 0)
        any = serve(work);
    else
        any = drain(work, &bye);
    work->listened = brink_clock();
    work->listen_seconds = any || work->under_way == 0 ? 0 : work->listened - start;
}

// All that the main thread does between cells.
static void attend(struct brink_work *work)
{
    collect(work);
    keep(work);
    listen(work);
    work->no_more = work->no_more || brink_stop_wanted();
    speak(work);
    feed(work);
    // Over when nothing is in hand and nothing can come.
    if (!work->finished && work->under_way == 0 && hand_empty(work) &&
        (work->exhausted || work->no_more)) {
        work->finished = true;
        brink_stream_finish(work->stream);
    }
}

// From the compute loop of every thread: only the main thread may talk and touch the file.
static void beat(void *context)
{
    struct brink_work *work = context;
    if (omp_get_thread_num() != 0)
        return;
    double now = brink_clock();
    if (now - work->beaten < beat_seconds)
        return;
    work->beaten = now;
    if (brink_stop_urgent() || now >= work->deadline.abandon)
        atomic_store_explicit(&work->pulse.abandon, true, memory_order_relaxed);
    attend(work);
}

// After the threads are done: what was abandoned is given back.
static void wind_up(struct brink_work *work)
{
    collect(work);
    work->no_more = true;
    give_back(work);
    work->report.returned += work->under_way;
    work->under_way = 0;
    if (work->job->rank == 0)
        tell(work, false, false);
    brink_err error = brink_flusher_end(&work->flusher);
    if (error)
        brink_work_die(error);
    if (work->unsynced) // the others may go on for long
        commit(work);
}

static void take_leave(struct brink_work *work)
{
    struct brink_polite polite = {0};
    bool bye = false;
    // What the master sent before it heard of the stop comes back unbegun.
    while (work->awaited)
        if (!drain(work, &bye))
            brink_polite_sleep(&polite);
    assert(!bye);
    give_back(work);
    brink_polite_reset(&polite);
    tell(work, false, true);
    while (!bye)
        if (!drain(work, &bye))
            brink_polite_sleep(&polite);
}

// Serves until every worker has left. A batch that comes back now was given back by a stop.
static void wait_for_others(struct brink_work *work)
{
    struct brink_polite polite = {0};
    while (work->ranks_left > 0) {
        keep(work);
        if (serve(work))
            brink_polite_reset(&polite);
        else
            brink_polite_sleep(&polite);
    }
}

void brink_work_run(struct brink_work *work)
{
    work->pulse = (struct brink_pulse){.beat = beat, .context = work};
    work->reported = work->told = brink_clock();
    // In turn: a sync stops whoever writes to the file meanwhile.
    work->committed = work->told - work->commit_seconds * work->job->rank / work->job->ranks;
    work->flush_due =
        work->told + work->commit_seconds / 10 * (1 + (double)work->job->rank / work->job->ranks);
    brink_err error = brink_flusher_start(work->store, &work->flusher);
    if (error)
        brink_work_die(error);
    work->lease_checked = work->lease_beaten = work->told;
    work->ranks_left = work->job->ranks - 1;
    take_in_hand(work, brink_schedule_first(work->todo_count, work->job->ranks, work->job->rank));
    attend(work);
    (void)brink_stream_work(work->stream, &work->pulse);
    wind_up(work);
    if (work->job->rank == 0)
        wait_for_others(work);
    else
        take_leave(work);
    assert(work->job->rank != 0 || brink_schedule_idle(&work->schedule));
}
