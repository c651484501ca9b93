// SPDX-License-Identifier: MIT
// The engine: cells come in, wait for a lane, run, are replayed where they may end, are judged.
//
//   source -> ready -> lanes -alarm-> replays -ends-> tails -> source
//               ^---------- goes on -----'    `------------------^
//
// A cell moves from vector to vector with all that its lane knows. Vectors take cells of one curve
// at a time. Nothing here allocates or fails.
#include "engine.h"

#include <math.h>
#include <string.h>
#include <time.h>

#include "kernel.h"
#include "tail.h"

enum {
    LOOKAHEAD = 2 * VEC_WIDTH, // cells taken that no lane has room for yet
    READY_VECTORS = LOOKAHEAD / VEC_WIDTH + 10 * REPLAY_VECTORS,
    READY_LANES = READY_VECTORS * VEC_WIDTH,
    REPLAY_LANES = REPLAY_VECTORS * VEC_WIDTH,
    SPARSE_ROUNDS = 16, // a half-empty group runs once in so many rounds, if others are full
    BEAT_ROUNDS = 16,
};

// The cells of one kernel.
struct group {
    struct lane_vector lanes[KERNEL_VECTORS], replays[REPLAY_VECTORS], tails[TAIL_VECTORS];
};

// How many they are: apart, so that every round sees those of all kernels at a glance.
struct crowd {
    int running, replaying, waiting;
    bool packed; // no two vectors of lanes can be merged
};

struct engine {
    const struct brink_rules *rules;
    const struct brink_cell_source *source;
    struct brink_pulse *pulse;
    bool full;
    bool dry;       // the source has no more cells ...
    bool starving;  // ... or had none when last asked
    bool abandoned; // the pulse was
    bool vacant;    // lanes were freed, or cells came back, since the last refill
    struct group groups[KERNEL_KINDS];
    struct crowd crowds[KERNEL_KINDS];
    struct lane_vector ready[READY_VECTORS];
    int ready_count;
    // The last curve, with this object's own functions (its ISA); and the last start on it.
    struct brink_curve curve;
    struct start start;
    double start_x, start_y;
    struct brink_lanes_use use;
};

// ---- lanes

// What a vector without cells runs on.
static const struct brink_curve idle_curve = {.parameter = 1, .curvature_minimum = 2, .power = 1};

static void clear_lane(struct lane_vector *lanes, int lane)
{
    lanes->at[LANE_X][lane] = 1 + 0x1p-6; // near a minimum; h = 0
    lanes->at[LANE_Y][lane] = 1;
    lanes->at[LANE_H][lane] = lanes->at[LANE_NEAR][lane] = 0;
    lanes->at[LANE_FAR][lane] = lanes->at[LANE_STEADY][lane] = HUGE_VAL;
    lanes->at[LANE_KEPT_X][lane] = (double)NAN;
    lanes->at[LANE_N][lane] = -HUGE_VAL;
    lanes->at[LANE_EDGE_MAX][lane] = 1;
    lanes->used &= ~((mask)1 << lane);
    lanes->alarm &= ~((mask)1 << lane);
    if (!lanes->used)
        lanes->curve = &idle_curve;
}

static void move_lane(struct lane_vector *to, int to_lane, struct lane_vector *from, int from_lane)
{
    for (int field = 0; field < LANE_FIELDS; field++)
        to->at[field][to_lane] = from->at[field][from_lane];
    to->cell[to_lane] = from->cell[from_lane];
    to->curve = from->cell[from_lane].point.curve;
    to->used |= (mask)1 << to_lane;
    clear_lane(from, from_lane);
}

static int lane_count(const struct lane_vector *lanes)
{
    return __builtin_popcount(lanes->used);
}

static int free_lane(const struct lane_vector *lanes)
{
    return __builtin_ctz(~lanes->used);
}

static bool same_curve(const struct brink_curve *a, const struct brink_curve *b)
{
    return a == b || (a->parameter == b->parameter &&
                      a->objective->parameter[0] == b->objective->parameter[0]);
}

// Empties a vector into another one of the same curve that has room for its cells. Without one,
// there is none until a lane is freed: *packed.
static struct lane_vector *merge(struct lane_vector lanes[], int count, bool *packed)
{
    for (int i = 0; i < count && !*packed; i++)
        for (int j = 0; j < i; j++) {
            struct lane_vector *from = &lanes[i], *to = &lanes[j];
            if (lane_count(from) + lane_count(to) > VEC_WIDTH ||
                !same_curve(from->curve, to->curve))
                continue;
            while (from->used)
                move_lane(to, free_lane(to), from, __builtin_ctz(from->used));
            return from;
        }
    *packed = true;
    return NULL;
}

// A vector with room for a cell of `curve`; NULL: none.
static struct lane_vector *find_room(struct lane_vector lanes[], int count,
                                     const struct brink_curve *curve, bool *packed)
{
    struct lane_vector *empty = NULL;
    for (int i = 0; i < count; i++) {
        if (!lanes[i].used)
            empty = &lanes[i];
        else if (lanes[i].used != VEC_ALL && same_curve(lanes[i].curve, curve))
            return &lanes[i];
    }
    return empty ? empty : merge(lanes, count, packed);
}

static void init_vectors(struct lane_vector lanes[], int count)
{
    memset(lanes, 0, (size_t)count * sizeof lanes[0]);
    for (int i = 0; i < count; i++)
        for (int lane = 0; lane < VEC_WIDTH; lane++)
            clear_lane(&lanes[i], lane);
}

// ---- ends

// The point with this object's own functions.
static struct brink_point own_point(struct engine *engine, const struct brink_point *point)
{
    struct brink_point own = *point;
    if (!same_curve(&engine->curve, point->curve)) {
        engine->curve = *point->curve;
        engine->curve.objective = brink_objective_find(point->curve->objective->parameter);
        engine->start_x = (double)NAN;
    }
    own.curve = &engine->curve;
    return own;
}

static void give(struct engine *engine, const struct lane_vector *lanes, int lane,
                 const struct brink_point *own, const struct brink_ending *ending)
{
    const struct lane_cell *cell = &lanes->cell[lane];
    struct watch watch = {.gauge_peak = lanes->at[LANE_PEAK][lane],
                          .edge_max = lanes->at[LANE_EDGE_MAX][lane],
                          .peak_step = (int32_t)lanes->at[LANE_PEAK_STEP][lane],
                          .loss_rises = (int32_t)lanes->at[LANE_RISES][lane],
                          .edge_cross_step = (int32_t)lanes->at[LANE_CROSSED][lane]};
    struct brink_cell result;
    brink_cell_fill(&result, own, &cell->start, &watch, ending, (int32_t)lanes->at[LANE_N][lane],
                    lanes->at[LANE_X][lane], lanes->at[LANE_Y][lane]);
    engine->source->give(engine->source->context, cell->ticket, &result);
}

// Judges the cells at max_steps that wait.
static void end_tails(struct engine *engine, enum kernel_kind kind)
{
    struct group *group = &engine->groups[kind];
    struct crowd *crowd = &engine->crowds[kind];
    if (!crowd->waiting)
        return;
    struct tail_result result[TAIL_VECTORS];
    engine->use.tail += brink_tails_run(kind, group->tails, engine->rules, result);
    for (int i = 0; i < TAIL_VECTORS; i++) {
        struct lane_vector *lanes = &group->tails[i];
        while (lanes->used) {
            int lane = __builtin_ctz(lanes->used);
            struct brink_point own = own_point(engine, &lanes->cell[lane].point);
            struct brink_ending ending;
            brink_verdict_tail(result[i].exponent[lane], result[i].error[lane], &ending);
            give(engine, lanes, lane, &own, &ending);
            clear_lane(lanes, lane);
        }
    }
    crowd->waiting = 0;
}

// A cell at max_steps is judged at once, or waits with others for the vectors of their tails.
static void end_at_limit(struct engine *engine, enum kernel_kind kind, struct lane_vector *lanes,
                         int lane)
{
    struct group *group = &engine->groups[kind];
    struct crowd *crowd = &engine->crowds[kind];
    struct brink_point own = own_point(engine, &lanes->cell[lane].point);
    struct brink_ending ending;
    if (brink_verdict_without_tail(&own, lanes->at[LANE_X][lane], lanes->at[LANE_Y][lane],
                                   tail_steps(engine->rules), &ending)) {
        give(engine, lanes, lane, &own, &ending);
        clear_lane(lanes, lane);
        return;
    }
    struct lane_vector *room = find_room(group->tails, TAIL_VECTORS, lanes->curve, &(bool){false});
    if (!room) {
        end_tails(engine, kind);
        room = &group->tails[0];
    }
    move_lane(room, free_lane(room), lanes, lane);
    crowd->waiting++;
}

// What a replay found out about a lane.
static void end_replay(struct engine *engine, enum kernel_kind kind, struct lane_vector *lanes,
                       int lane)
{
    int end = (int)lanes->at[LANE_END][lane];
    if (end == BRINK_STATUS_PENDING) { // a false alarm
        int place = engine->ready_count++;
        engine->vacant = true; // look for room again
        move_lane(&engine->ready[place / VEC_WIDTH], place % VEC_WIDTH, lanes, lane);
        return;
    }
    if (end == LANE_LIMIT) {
        end_at_limit(engine, kind, lanes, lane);
        return;
    }
    struct brink_point own = own_point(engine, &lanes->cell[lane].point);
    struct brink_ending ending = {(enum brink_status)end, 0, (double)NAN};
    if (end == LANE_RECURS && !brink_verdict_cycle(&own, lanes->at[LANE_X][lane],
                                                   lanes->at[LANE_Y][lane], engine->pulse, &ending))
        engine->abandoned = true;
    else
        give(engine, lanes, lane, &own, &ending);
    clear_lane(lanes, lane);
}

static void run_replays(struct engine *engine, enum kernel_kind kind)
{
    struct group *group = &engine->groups[kind];
    struct crowd *crowd = &engine->crowds[kind];
    if (!crowd->replaying || engine->ready_count + REPLAY_LANES > READY_LANES)
        return;
    brink_kernels[engine->full][kind].replay(group->replays, engine->rules);
    engine->use.replayed += BRINK_BLOCK * REPLAY_LANES;
    for (int i = 0; i < REPLAY_VECTORS; i++)
        while (group->replays[i].used)
            end_replay(engine, kind, &group->replays[i], __builtin_ctz(group->replays[i].used));
    crowd->replaying = 0;
}

// ---- starts

// Readies a cell that the source handed out, unless it is over before its first step or has no
// kernel: those are for the reference.
static void admit(struct engine *engine, const struct brink_point *point, void *ticket)
{
    const struct brink_rules *rules = engine->rules;
    enum kernel_kind kind;
    struct brink_point own = own_point(engine, point);
    if (engine->start_x != point->x || engine->start_y != point->y) {
        brink_start_measure(own.curve, point->x, point->y, &engine->start);
        engine->start_x = point->x;
        engine->start_y = point->y;
    }
    bool fit = point->h > 0 && point->h <= KERNEL_RATE_MAX && rules->max_steps > 0 &&
               brink_kernel_find(point->curve, &kind) && engine->start.gauge == engine->start.gauge;
    if (!fit || brink_verdict_state(&own, rules, 0, own.x, own.y, engine->start.slope) !=
                    BRINK_STATUS_PENDING) {
        struct brink_cell cell;
        if (brink_trajectory_run(&own, rules, engine->pulse, &cell))
            engine->source->give(engine->source->context, ticket, &cell);
        else
            engine->abandoned = true;
        return;
    }
    int place = engine->ready_count++, lane = place % VEC_WIDTH;
    struct lane_vector *lanes = &engine->ready[place / VEC_WIDTH];
    lanes->cell[lane] = (struct lane_cell){*point, kind, ticket, engine->start};
    for (int field = 0; field < LANE_FIELDS; field++)
        lanes->at[field][lane] = 0;
    lanes->at[LANE_X][lane] = lanes->at[LANE_TAIL_X][lane] = point->x;
    lanes->at[LANE_Y][lane] = lanes->at[LANE_TAIL_Y][lane] = point->y;
    lanes->at[LANE_H][lane] = point->h;
    lanes->at[LANE_GAUGE][lane] = HUGE_VAL; // the first state is no rise
    lanes->at[LANE_EDGE_MAX][lane] = point->h * 0.5 * engine->start.sharpness;
    lanes->at[LANE_CROSSED][lane] = lanes->at[LANE_EDGE_MAX][lane] > 1 ? 0 : -1;
    lanes->at[LANE_KEPT_X][lane] = (double)NAN;
    lanes->at[LANE_KEPT_NEXT][lane] = BRINK_BLOCK;
    brink_kernel_bounds(kind, point, rules, lanes, lane);
}

// Asks the source for one more cell; false if there is none or no use for it.
static bool ask(struct engine *engine)
{
    if (engine->dry || engine->starving || engine->abandoned || engine->ready_count >= LOOKAHEAD)
        return false;
    struct brink_point point;
    void *ticket;
    int answer = engine->source->take(engine->source->context, &point, &ticket);
    engine->dry = answer < 0;
    engine->starving = answer <= 0;
    if (answer > 0)
        admit(engine, &point, ticket);
    return answer > 0;
}

// Moves ready cell `place` to a lane of its kernel, if one has room; the last one takes its place.
static bool place_ready(struct engine *engine, int place)
{
    struct lane_vector *from = &engine->ready[place / VEC_WIDTH];
    const struct brink_curve *curve = from->cell[place % VEC_WIDTH].point.curve;
    enum kernel_kind kind = from->cell[place % VEC_WIDTH].kind;
    struct crowd *crowd = &engine->crowds[kind];
    if (crowd->running == KERNEL_VECTORS * VEC_WIDTH)
        return false;
    struct lane_vector *to =
        find_room(engine->groups[kind].lanes, KERNEL_VECTORS, curve, &crowd->packed);
    if (!to)
        return false;
    move_lane(to, free_lane(to), from, place % VEC_WIDTH);
    crowd->running++;
    int last = --engine->ready_count;
    if (last != place)
        move_lane(from, place % VEC_WIDTH, &engine->ready[last / VEC_WIDTH], last % VEC_WIDTH);
    return true;
}

// Fills the lanes with ready cells, and with new ones when none of those fits.
static void refill(struct engine *engine)
{
    if (!engine->vacant && (engine->dry || !engine->starving))
        return; // as full as it was
    engine->vacant = false;
    engine->starving = engine->dry;
    for (int place = 0; place < engine->ready_count || ask(engine);)
        if (place < engine->ready_count && !place_ready(engine, place))
            place++;
}

// ---- rounds

static void run_group(struct engine *engine, enum kernel_kind kind)
{
    struct group *group = &engine->groups[kind];
    struct crowd *crowd = &engine->crowds[kind];
    brink_kernels[engine->full][kind].block(group->lanes, engine->rules);
    engine->use.run += BRINK_BLOCK * KERNEL_VECTORS * VEC_WIDTH;
    engine->use.used += BRINK_BLOCK * crowd->running;
    for (int i = 0; i < KERNEL_VECTORS; i++) {
        struct lane_vector *lanes = &group->lanes[i];
        for (mask alarm = lanes->alarm; alarm; alarm &= alarm - 1) {
            struct lane_vector *room =
                find_room(group->replays, REPLAY_VECTORS, lanes->curve, &(bool){false});
            if (!room) {
                run_replays(engine, kind);
                room = find_room(group->replays, REPLAY_VECTORS, lanes->curve, &(bool){false});
            }
            if (!room)
                break; // the lane repeats its block, and its alarm, until there is room
            move_lane(room, free_lane(room), lanes, __builtin_ctz(alarm));
            crowd->running--;
            crowd->packed = false;
            engine->vacant = true;
            crowd->replaying++;
        }
    }
}

// One block of every group worth it; false if there was none.
static bool run_round(struct engine *engine, int round)
{
    bool any = false, full = false;
    for (int kind = 0; kind < KERNEL_KINDS; kind++)
        full |= 2 * engine->crowds[kind].running >= KERNEL_VECTORS * VEC_WIDTH;
    for (int kind = 0; kind < KERNEL_KINDS; kind++) {
        int running = engine->crowds[kind].running;
        bool sparse = 2 * running < KERNEL_VECTORS * VEC_WIDTH;
        if (!running || (sparse && full && round % SPARSE_ROUNDS != 0))
            continue;
        run_group(engine, (enum kernel_kind)kind);
        any = true;
        if (engine->starving) // replays would wait for cells that do not come
            run_replays(engine, (enum kernel_kind)kind);
    }
    return any;
}

// Nothing runs: what waits for company goes on alone. False if nothing waits.
static bool flush(struct engine *engine)
{
    bool any = engine->ready_count > 0;
    for (int kind = 0; kind < KERNEL_KINDS; kind++) {
        any |= engine->crowds[kind].replaying || engine->crowds[kind].waiting;
        run_replays(engine, (enum kernel_kind)kind);
        end_tails(engine, (enum kernel_kind)kind);
    }
    return any;
}

static bool run(const struct brink_rules *rules, bool full, const struct brink_cell_source *source,
                struct brink_pulse *pulse, struct brink_lanes_use *use)
{
    struct engine engine = {
        .rules = rules, .full = full, .source = source, .pulse = pulse, .vacant = true};
    const struct timespec nap = {.tv_nsec = 20000};
    bool complete = false;
    brink_regularity_b.prepare(&engine.curve, 1); // any curve to compare with
    engine.start_x = (double)NAN;
    init_vectors(engine.ready, READY_VECTORS);
    for (int kind = 0; kind < KERNEL_KINDS; kind++) {
        init_vectors(engine.groups[kind].lanes, KERNEL_VECTORS);
        init_vectors(engine.groups[kind].replays, REPLAY_VECTORS);
        init_vectors(engine.groups[kind].tails, TAIL_VECTORS);
    }
    for (int round = 0; !engine.abandoned; round++) {
        if (round % BEAT_ROUNDS == 0 && !brink_pulse_beat(pulse))
            break;
        refill(&engine);
        if (run_round(&engine, round) || flush(&engine))
            continue;
        if (engine.dry) {
            complete = true;
            break;
        }
        nanosleep(&nap, NULL);
        round = -1; // beat
    }
    if (use) {
        use->run += engine.use.run;
        use->used += engine.use.used;
        use->replayed += engine.use.replayed;
        use->tail += engine.use.tail;
    }
    return complete;
}

const struct brink_engine BRINK_ENGINE = {.isa = VEC_ISA, .run = run};
