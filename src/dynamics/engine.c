// SPDX-License-Identifier: MIT
// The engine: cells come in, wait for a lane, run, are replayed where they may end, are judged.
//
//   source -> ready -> lanes -alarm-> replays -ends-> tails -> source
//               ^---------- goes on -----'    `------------------^
//
// Where it is the end of a block that may be a cell's end, replays of that state alone do.
// A cell moves from vector to vector with all that its lane knows. Vectors take cells of one curve
// at a time. Nothing here allocates or fails.
#include "engine.h"

#include <math.h>
#include <time.h>

#include "ends.h"
#include "room.h"
#include "tail.h"

enum {
    LOOKAHEAD = 2 * VEC_WIDTH, // cells taken that no lane has room for yet
    REPLAY_LANES = REPLAY_VECTORS * VEC_WIDTH,
    READY_CELLS = LOOKAHEAD + 10 * REPLAY_LANES,
    SPARSE_ROUNDS = 16, // a half-empty group runs once in so many rounds, if others are full
    BEAT_ROUNDS = 16,
};

// Which states a replay tests.
enum replay { ALL_STATES, LAST_STATE, REPLAYS };

// A cell without a lane.
struct ready {
    double at[LANE_FIELDS];
    struct lane_cell cell;
};

// The cells of one kernel.
struct group {
    struct lane_vector lanes[KERNEL_VECTORS], tails[TAIL_VECTORS];
    struct lane_vector replays[REPLAYS][REPLAY_VECTORS];
};

// How many they are: apart, so that every round sees those of all kernels at a glance.
struct crowd {
    int running, replaying[REPLAYS], waiting;
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
    unsigned busy; // the kernels with running cells, as bits
    int fields;    // of a lane that are in use
    struct ready ready[READY_CELLS];
    // Where in `ready` they are, and of which kernel; then the free places.
    struct {
        int16_t place, kind;
    } queue[READY_CELLS];
    int ready_count;
    // The last curve, with this object's own functions (its ISA); and the last start on it.
    struct brink_curve curve;
    struct start start;
    double start_x, start_y;
    struct brink_lanes_use use;
};

// ---- ready cells

static struct ready *add_ready(struct engine *engine, enum kernel_kind kind)
{
    int last = engine->ready_count++;
    engine->queue[last].kind = (int16_t)kind;
    return &engine->ready[engine->queue[last].place];
}

static void lane_to_ready(struct engine *engine, struct lane_vector *lanes, int lane)
{
    struct ready *ready = add_ready(engine, lanes->cell[lane].kind);
    for (int field = 0; field < engine->fields; field++)
        ready->at[field] = lanes->at[field][lane];
    ready->cell = lanes->cell[lane];
    clear_lane(lanes, lane);
    engine->vacant = true; // look for room again
}

// To a free lane; the last one of the queue takes its turn.
static void ready_to_lane(struct engine *engine, int turn, struct lane_vector *lanes)
{
    int16_t place = engine->queue[turn].place;
    const struct ready *ready = &engine->ready[place];
    int lane = __builtin_ctz(~lanes->used), last = --engine->ready_count;
    for (int field = 0; field < engine->fields; field++)
        lanes->at[field][lane] = ready->at[field];
    lanes->cell[lane] = ready->cell;
    lanes->curve = ready->cell.point.curve;
    lanes->used |= (mask)1 << lane;
    engine->queue[turn] = engine->queue[last];
    engine->queue[last].place = place;
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
                 const struct end_measures *measures, const struct brink_ending *ending)
{
    const struct lane_cell *cell = &lanes->cell[lane];
    struct watch watch = {.gauge_peak = lanes->at[LANE_PEAK][lane],
                          .edge_max = lanes->at[LANE_EDGE_MAX][lane],
                          .peak_step = (int32_t)lanes->at[LANE_PEAK_STEP][lane],
                          .loss_rises = (int32_t)lanes->at[LANE_RISES][lane],
                          .edge_cross_step = (int32_t)lanes->at[LANE_CROSSED][lane]};
    const struct end end = {.n = (int32_t)lanes->at[LANE_N][lane],
                            .x = lanes->at[LANE_X][lane],
                            .y = lanes->at[LANE_Y][lane],
                            .loss = measures->loss[lane],
                            .gauge_loss = measures->gauge_loss[lane],
                            .edge = measures->edge[lane]};
    struct brink_cell result;
    brink_cell_fill(&result, &cell->point, &cell->start, &watch, &end, ending);
    engine->source->give(engine->source->context, cell->ticket, &result);
}

// Gives the lanes `which` back, and clears them.
static void end_lanes(struct engine *engine, enum kernel_kind kind, struct lane_vector *lanes,
                      mask which, const struct brink_ending endings[VEC_WIDTH])
{
    struct end_measures measures;
    if (!which)
        return;
    brink_ends_measure(kind, lanes, which, &measures);
    for (; which; which &= which - 1) {
        int lane = __builtin_ctz(which);
        give(engine, lanes, lane, &measures, &endings[lane]);
        clear_lane(lanes, lane);
    }
}

// Lets go of the cells that wait for their tails, without a result.
static void drop_tails(struct engine *engine, enum kernel_kind kind)
{
    for (int i = 0; i < TAIL_VECTORS; i++) {
        struct lane_vector *lanes = &engine->groups[kind].tails[i];
        for (mask rest = lanes->used; rest; rest &= rest - 1)
            clear_lane(lanes, __builtin_ctz(rest));
    }
    engine->crowds[kind].waiting = 0;
}

// Judges the cells at max_steps that wait.
static void end_tails(struct engine *engine, enum kernel_kind kind)
{
    struct group *group = &engine->groups[kind];
    struct crowd *crowd = &engine->crowds[kind];
    if (!crowd->waiting)
        return;
    struct tail_result result[TAIL_VECTORS];
    engine->abandoned =
        engine->abandoned || !brink_tails_run(kind, group->tails, engine->rules, engine->pulse,
                                              result, &engine->use.tail);
    if (engine->abandoned) {
        drop_tails(engine, kind);
        return;
    }
    for (int i = 0; i < TAIL_VECTORS; i++) {
        struct brink_ending endings[VEC_WIDTH];
        for (mask rest = group->tails[i].used; rest; rest &= rest - 1) {
            int lane = __builtin_ctz(rest);
            brink_verdict_tail(result[i].exponent[lane], result[i].error[lane], &endings[lane]);
        }
        end_lanes(engine, kind, &group->tails[i], group->tails[i].used, endings);
    }
    crowd->waiting = 0;
}

// A cell at max_steps whose end is not known waits with others for the vectors of their tails.
static void wait_for_tail(struct engine *engine, enum kernel_kind kind, struct lane_vector *lanes,
                          int lane)
{
    struct group *group = &engine->groups[kind];
    struct lane_vector *room =
        find_room(group->tails, TAIL_VECTORS, engine->fields, lanes->curve, &(bool){false});
    if (!room) {
        end_tails(engine, kind);
        room = &group->tails[0];
    }
    move_lane(room, lanes, lane, engine->fields);
    engine->crowds[kind].waiting++;
}

// What a replay found out about a lane; true if that is its end. A cycle that is not judged yet, is
// judged here.
static bool end_replay(struct engine *engine, enum kernel_kind kind, struct lane_vector *lanes,
                       int lane, bool cycle_open, struct brink_ending *ending)
{
    int end = (int)lanes->at[LANE_END][lane];
    double x = lanes->at[LANE_X][lane], y = lanes->at[LANE_Y][lane];
    if (end == BRINK_STATUS_PENDING) { // a false alarm
        lane_to_ready(engine, lanes, lane);
        return false;
    }
    if (end != LANE_LIMIT && end != LANE_RECURS)
        *ending = (struct brink_ending){(enum brink_status)end, 0, (double)NAN};
    if (end == LANE_LIMIT) {
        struct brink_point own = own_point(engine, &lanes->cell[lane].point);
        if (brink_verdict_without_tail(&own, x, y, tail_steps(engine->rules), ending))
            return true;
        wait_for_tail(engine, kind, lanes, lane);
        return false;
    }
    if (cycle_open) {
        struct brink_point own = own_point(engine, &lanes->cell[lane].point);
        if (!brink_verdict_cycle(&own, x, y, engine->pulse, ending)) {
            engine->abandoned = true;
            clear_lane(lanes, lane);
            return false;
        }
    }
    return true;
}

static void run_replays(struct engine *engine, enum kernel_kind kind, enum replay which)
{
    struct lane_vector *replays = engine->groups[kind].replays[which];
    struct crowd *crowd = &engine->crowds[kind];
    struct brink_ending endings[REPLAY_VECTORS][VEC_WIDTH];
    mask open[REPLAY_VECTORS], any = 0;
    int first = which == LAST_STATE ? BRINK_BLOCK : 0;
    // A false alarm comes back, one of a closed block never does.
    int back = which == LAST_STATE ? 0 : REPLAY_LANES;
    if (!crowd->replaying[which] || engine->ready_count + back > READY_CELLS)
        return;
    brink_kernels[engine->full][kind].replay(replays, engine->rules, first);
    engine->use.replayed += (BRINK_BLOCK - first) * REPLAY_LANES;
    for (int i = 0; i < REPLAY_VECTORS; i++) {
        vec end = vec_load(replays[i].at[LANE_END]);
        open[i] = replays[i].used & vec_equal(end, vec_set(LANE_RECURS));
        any |= open[i];
    }
    if (any)
        brink_cycles_judge(kind, replays, open, endings);
    for (int i = 0; i < REPLAY_VECTORS; i++) {
        mask over = 0;
        for (mask rest = replays[i].used; rest; rest &= rest - 1) {
            int lane = __builtin_ctz(rest);
            if (end_replay(engine, kind, &replays[i], lane, open[i] >> lane & 1, &endings[i][lane]))
                over |= (mask)1 << lane;
        }
        end_lanes(engine, kind, &replays[i], over, endings[i]);
    }
    crowd->replaying[which] = 0;
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
    struct lane_bounds bounds = brink_kernel_bounds(kind, point, rules);
    double edge = point->h * 0.5 * engine->start.sharpness;
    *add_ready(engine, kind) = (struct ready){
        .at = {[LANE_X] = point->x,
               [LANE_Y] = point->y,
               [LANE_H] = point->h,
               [LANE_KEPT_X] = (double)NAN,
               [LANE_KEPT_NEXT] = BRINK_BLOCK,
               [LANE_TAIL_X] = point->x,
               [LANE_TAIL_Y] = point->y,
               [LANE_FAR] = bounds.far,
               [LANE_NEAR] = bounds.near,
               [LANE_STEADY] = bounds.steady,
               [LANE_FLAT] = bounds.flat,
               [LANE_GAUGE] = HUGE_VAL, // the first state is no rise
               [LANE_EDGE_MAX] = edge,
               [LANE_CROSSED] = edge > 1 ? 0 : -1},
        .cell = {*point, kind, ticket, engine->start},
    };
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

// Moves the ready cell whose turn it is to a lane of its kernel, if one has room.
static bool place_ready(struct engine *engine, int turn)
{
    int kind = engine->queue[turn].kind;
    struct crowd *crowd = &engine->crowds[kind];
    if (crowd->running == KERNEL_VECTORS * VEC_WIDTH)
        return false;
    const struct brink_curve *curve = engine->ready[engine->queue[turn].place].cell.point.curve;
    struct lane_vector *to = find_room(engine->groups[kind].lanes, KERNEL_VECTORS, engine->fields,
                                       curve, &crowd->packed);
    if (!to)
        return false;
    ready_to_lane(engine, turn, to);
    crowd->running++;
    engine->busy |= 1U << kind;
    return true;
}

// Fills the lanes with ready cells, and with new ones when none of those fits.
static void refill(struct engine *engine)
{
    if (!engine->vacant && (engine->dry || !engine->starving))
        return; // as full as it was
    engine->vacant = false;
    engine->starving = engine->dry;
    for (int turn = 0; turn < engine->ready_count || ask(engine);)
        if (turn < engine->ready_count && !place_ready(engine, turn))
            turn++;
}

// ---- rounds

// A vector of replays that has room for a cell of `curve`; NULL: there is none now.
static struct lane_vector *room_for_replay(struct engine *engine, enum kernel_kind kind,
                                           enum replay which, const struct brink_curve *curve)
{
    struct lane_vector *replays = engine->groups[kind].replays[which], *room;
    room = find_room(replays, REPLAY_VECTORS, engine->fields, curve, &(bool){false});
    if (room)
        return room;
    run_replays(engine, kind, which);
    return find_room(replays, REPLAY_VECTORS, engine->fields, curve, &(bool){false});
}

static void run_group(struct engine *engine, enum kernel_kind kind)
{
    struct group *group = &engine->groups[kind];
    struct crowd *crowd = &engine->crowds[kind];
    unsigned alarmed = brink_kernels[engine->full][kind].block(group->lanes, engine->rules);
    engine->use.run += BRINK_BLOCK * KERNEL_VECTORS * VEC_WIDTH;
    engine->use.used += BRINK_BLOCK * crowd->running;
    for (; alarmed; alarmed &= alarmed - 1) {
        struct lane_vector *lanes = &group->lanes[__builtin_ctz(alarmed)];
        for (mask alarm = lanes->alarm; alarm; alarm &= alarm - 1) {
            int lane = __builtin_ctz(alarm);
            enum replay which = lanes->closed >> lane & 1 ? LAST_STATE : ALL_STATES;
            struct lane_vector *room = room_for_replay(engine, kind, which, lanes->curve);
            if (!room)
                continue; // the lane repeats its block, and its alarm, until there is room
            move_lane(room, lanes, lane, engine->fields);
            crowd->running--;
            crowd->packed = false;
            engine->vacant = true;
            crowd->replaying[which]++;
        }
    }
    if (!crowd->running)
        engine->busy &= ~(1U << kind);
}

// One block of every group worth it; false if there was none.
static bool run_round(struct engine *engine, int round)
{
    bool any = false, full = false;
    for (unsigned rest = engine->busy; rest; rest &= rest - 1)
        full |= 2 * engine->crowds[__builtin_ctz(rest)].running >= KERNEL_VECTORS * VEC_WIDTH;
    for (unsigned rest = engine->busy; rest; rest &= rest - 1) {
        int kind = __builtin_ctz(rest);
        bool sparse = 2 * engine->crowds[kind].running < KERNEL_VECTORS * VEC_WIDTH;
        if (sparse && full && round % SPARSE_ROUNDS != 0)
            continue;
        run_group(engine, (enum kernel_kind)kind);
        any = true;
        for (int which = 0; which < REPLAYS && engine->starving; which++)
            run_replays(engine, (enum kernel_kind)kind, (enum replay)which); // no cells will come
    }
    return any;
}

// Nothing runs: what waits for company goes on alone. False if nothing waits.
static bool flush(struct engine *engine)
{
    bool any = engine->ready_count > 0;
    for (int kind = 0; kind < KERNEL_KINDS; kind++) {
        any |= engine->crowds[kind].waiting;
        for (int which = 0; which < REPLAYS; which++) {
            any |= engine->crowds[kind].replaying[which];
            run_replays(engine, (enum kernel_kind)kind, (enum replay)which);
        }
        end_tails(engine, (enum kernel_kind)kind);
    }
    return any;
}

static bool run(const struct brink_rules *rules, bool full, const struct brink_cell_source *source,
                struct brink_pulse *pulse, struct brink_lanes_use *use)
{
    struct engine engine = {.rules = rules,
                            .full = full,
                            .source = source,
                            .pulse = pulse,
                            .vacant = true,
                            .fields = full ? LANE_FIELDS : LANE_GAUGE};
    const struct timespec nap = {.tv_nsec = 20000};
    bool complete = false;
    brink_regularity_b.prepare(&engine.curve, 1); // any curve to compare with
    engine.start_x = (double)NAN;
    for (int place = 0; place < READY_CELLS; place++)
        engine.queue[place].place = (int16_t)place;
    for (int kind = 0; kind < KERNEL_KINDS; kind++) {
        init_vectors(engine.groups[kind].lanes, KERNEL_VECTORS);
        for (int which = 0; which < REPLAYS; which++)
            init_vectors(engine.groups[kind].replays[which], REPLAY_VECTORS);
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
