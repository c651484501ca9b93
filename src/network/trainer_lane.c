// SPDX-License-Identifier: MIT
// One training in its lane: its start, its events, its verdict, its checkpoints.
#include "trainer_lane.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "brink/base/elementary.h"
#include "brink/base/memory.h"
#include "brink/network/start.h"

// A warm Lanczos may follow an eigenvalue that is no longer the largest: every so often it starts
// cold.
enum { COLD_EVERY = 8 };

static double nothing(void)
{
    return brink_from_bits(BRINK_NAN_BITS);
}

static bool one_rate(const struct lane *lane)
{
    const struct brink_network *network = &lane->job.network;
    for (int l = 1; l < brink_network_layers(network); l++)
        if (lane->progress.lr[l] != lane->progress.lr[0])
            return false;
    return true;
}

static double edge(const struct lane *lane, double sharpness)
{
    return one_rate(lane) ? lane->progress.lr[0] * sharpness / 2 : nothing();
}

// ||W_last||^2 - ||W_first||^2
static double imbalance(const struct lane *lane, const struct brink_network_look *look)
{
    return look->norm2[lane->job.network.depth] - look->norm2[0];
}

// ---- measuring

static double measure(struct trainer *trainer, int at, bool cold, bool both, double *magnitude)
{
    struct lane *lane = &trainer->lanes[at];
    struct brink_network_cell *cell = &lane->progress.cell;
    struct brink_spectrum spectrum;
    int count = lane->progress.sample_count;
    brink_lanczos_run(trainer->lanczos, at, lane->warm, cold || count % COLD_EVERY == 0, both,
                      &spectrum);
    if (!isfinite(spectrum.top[0])) // the next one starts cold
        memset(lane->warm, 0, brink_lanczos_tangent_bytes(trainer->lanczos));
    if (magnitude)
        *magnitude = -spectrum.bottom > spectrum.top[0] ? spectrum.bottom : spectrum.top[0];
    if (count > 0 && lane->samples[count - 1].step == lane->progress.step)
        count--; // measured again at the end, more carefully
    assert(count < trainer->sample_max);
    lane->samples[count] = (struct sample){lane->progress.step, spectrum.top[0]};
    lane->progress.sample_count = count + 1;
    memcpy(lane->progress.eigenvalue, spectrum.top + 1, sizeof lane->progress.eigenvalue);
    if (!(spectrum.top[0] <= cell->sharpness_peak))
        cell->sharpness_peak = spectrum.top[0];
    return spectrum.top[0];
}

static int by_value(const void *a, const void *b)
{
    const double *left = a, *right = b;
    return (*left > *right) - (*left < *right);
}

// Median of the sharpness over the last tenth of the steps; those samples are sorted in place.
static double late_sharpness(struct lane *lane)
{
    const struct progress *progress = &lane->progress;
    double *late = (double *)lane->samples; // two doubles to a sample: never overtaken
    int count = 0;
    for (int i = 0; i < progress->sample_count; i++)
        if (lane->samples[i].step >= progress->step - progress->step / 10) {
            double sharpness = lane->samples[i].sharpness;
            memcpy(&late[count++], &sharpness, sizeof sharpness);
        }
    if (count == 0)
        return nothing();
    qsort(late, (size_t)count, sizeof late[0], by_value);
    return count % 2 ? late[count / 2] : (late[count / 2 - 1] + late[count / 2]) / 2;
}

static void put_curve(const struct trainer *trainer, const struct lane *lane,
                      const struct brink_network_look *look, double sharpness)
{
    int32_t every = trainer->rules->curves_every;
    int64_t points = brink_network_points(trainer->rules);
    if (!lane->job.curves || !every || lane->progress.step % every != 0)
        return;
    double *point = lane->job.curves + lane->progress.step / every;
    point[BRINK_CURVE_training_loss * points] = brink_canonical(look->loss);
    point[BRINK_CURVE_accuracy * points] = brink_canonical(look->accuracy);
    point[BRINK_CURVE_sharpness * points] = brink_canonical(sharpness);
    point[BRINK_CURVE_norm_first * points] = brink_canonical(sqrt(look->norm2[0]));
    point[BRINK_CURVE_norm_last * points] =
        brink_canonical(sqrt(look->norm2[lane->job.network.depth]));
    for (int i = 0; i < trainer->rules->eigenvalues; i++)
        point[(BRINK_CURVE_COUNT + i) * points] =
            isnan(sharpness) ? nothing() : brink_canonical(lane->progress.eigenvalue[i]);
    int norm_2 = BRINK_CURVE_COUNT + trainer->rules->eigenvalues;
    for (int l = 1; l <= trainer->rules->middle_layers; l++)
        point[(norm_2 + l - 1) * points] =
            l < lane->job.network.depth ? brink_canonical(sqrt(look->norm2[l])) : nothing();
}

static void clear_curves(const struct trainer *trainer, const struct lane *lane)
{
    int64_t count = brink_network_points_all(trainer->rules);
    for (int64_t i = 0; lane->job.curves && i < count; i++)
        lane->job.curves[i] = nothing();
}

// ---- the end

static void canonicalise(struct brink_network_cell *cell)
{
    // The members by their table: only doubles have NaNs.
#define CANONICAL_int8_t(name)
#define CANONICAL_int32_t(name)
#define CANONICAL_double(name)          cell->name = brink_canonical(cell->name);
#define ROW(type, name, basic, meaning) CANONICAL_##type(name)
    BRINK_NETWORK_FIELDS(ROW)
#undef ROW
    for (int i = 0; i < BRINK_TOP_MAX - 1; i++)
        cell->eigenvalue[i] = brink_canonical(cell->eigenvalue[i]);
}

static brink_err finish(struct trainer *trainer, int at, enum brink_network_status status,
                        const struct brink_network_look *look)
{
    struct lane *lane = &trainer->lanes[at];
    struct progress *progress = &lane->progress;
    struct brink_network_cell *cell = &progress->cell;
    brink_err error = BRINK_OK;
    double sharpness = nothing();
    cell->status = (int8_t)status;
    cell->steps = progress->step;
    cell->loss_end = look->loss;
    cell->accuracy = look->accuracy;
    cell->gradient_end = look->gradient_norm;
    cell->norm_first = sqrt(look->norm2[0]);
    cell->norm_last = sqrt(look->norm2[lane->job.network.depth]);
    cell->balance = imbalance(lane, look) / progress->imbalance_start;
    if (trainer->rules->sharpness && status != BRINK_NETWORK_DIVERGED) {
        sharpness = measure(trainer, at, true, true, &cell->sharpness_magnitude);
        cell->sharpness_end = sharpness;
        memcpy(cell->eigenvalue, progress->eigenvalue, sizeof cell->eigenvalue);
    } else if (progress->sample_count > 0 &&
               lane->samples[progress->sample_count - 1].step == progress->step) {
        sharpness = lane->samples[progress->sample_count - 1].sharpness; // was measured on the way
    }
    put_curve(trainer, lane, look, sharpness);
    if (trainer->source->step)
        error = trainer->source->step(trainer->source->context, progress->step, look, sharpness,
                                      progress->lr[0], &lane->job.network);
    if (status != BRINK_NETWORK_DIVERGED)
        cell->edge_end = edge(lane, late_sharpness(lane));
    canonicalise(cell);
    trainer->engine->unload(trainer->state, at);
    lane->busy = false;
    trainer->busy--;
    trainer->source->give(trainer->source->context, &lane->job, cell);
    return error;
}

// The verdict on the present weights if there is one; at max_steps there is. Before, by the
// gradient alone: the loss is judged by the step that begins here, whoever looks.
static enum brink_network_status judge(const struct trainer *trainer, const struct lane *lane,
                                       const struct brink_network_look *look, bool gradient)
{
    const struct brink_network_rules *rules = trainer->rules;
    bool last = lane->progress.step == rules->max_steps;
    if (last && !(look->loss <= lane->job.training.loss_max))
        return BRINK_NETWORK_DIVERGED;
    if ((last && look->loss <= lane->job.training.loss_min) ||
        (gradient && look->gradient_norm <= rules->grad_tol))
        return BRINK_NETWORK_CONVERGED;
    return last ? BRINK_NETWORK_UNSETTLED : BRINK_NETWORK_PENDING;
}

// ---- checkpoints

static size_t checkpoint_bytes(const struct trainer *trainer, const struct lane *lane)
{
    int64_t curves = lane->job.curves ? brink_network_points_all(trainer->rules) : 0;
    return sizeof lane->progress + (size_t)trainer->sample_max * sizeof lane->samples[0] +
           brink_lanczos_tangent_bytes(trainer->lanczos) + (size_t)curves * sizeof(double) +
           trainer->engine->snapshot_bytes(trainer->state);
}

// Moves all parts but the engine's from or to `bytes`, and returns where the engine's begin.
static char *move_parts(const struct trainer *trainer, struct lane *lane, char *bytes, bool save)
{
    int64_t curves = lane->job.curves ? brink_network_points_all(trainer->rules) : 0;
    const struct {
        void *part;
        size_t size;
    } parts[] = {
        {&lane->progress, sizeof lane->progress},
        {lane->samples, (size_t)trainer->sample_max * sizeof lane->samples[0]},
        {lane->warm, brink_lanczos_tangent_bytes(trainer->lanczos)},
        {lane->job.curves, (size_t)curves * sizeof(double)},
    };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (parts[i].size > 0 && save)
            memcpy(bytes, parts[i].part, parts[i].size);
        else if (parts[i].size > 0)
            memcpy(parts[i].part, bytes, parts[i].size);
        bytes += parts[i].size;
    }
    return bytes;
}

static brink_err keep(struct trainer *trainer, int at)
{
    struct lane *lane = &trainer->lanes[at];
    size_t bytes = checkpoint_bytes(trainer, lane);
    char *checkpoint = NULL;
    brink_err error = brink_alloc(&checkpoint, bytes, 1);
    if (error)
        return error;
    trainer->engine->save(trainer->state, at, move_parts(trainer, lane, checkpoint, true));
    trainer->source->keep(trainer->source->context, &lane->job, checkpoint, bytes);
    brink_free(&checkpoint);
    return BRINK_OK;
}

// Goes on from a checkpoint if there is one.
static brink_err find(struct trainer *trainer, int at, bool *found)
{
    struct lane *lane = &trainer->lanes[at];
    size_t bytes = checkpoint_bytes(trainer, lane);
    char *checkpoint = NULL;
    *found = false;
    if (!trainer->source->find || trainer->rules->max_steps <= trainer->keep_every)
        return BRINK_OK;
    brink_err error = brink_alloc(&checkpoint, bytes, 1);
    if (error)
        return error;
    *found = trainer->source->find(trainer->source->context, &lane->job, checkpoint, bytes);
    if (*found)
        trainer->engine->restore(trainer->state, at, move_parts(trainer, lane, checkpoint, false));
    brink_free(&checkpoint);
    return BRINK_OK;
}

// ---- events

int32_t brink_lane_distance(const struct trainer *trainer, const struct lane *lane)
{
    const struct brink_network_rules *rules = trainer->rules;
    const int32_t every[] = {rules->sharpness ? rules->sharpness_every : 0, rules->curves_every,
                             rules->grad_tol > 0 ? BRINK_NETWORK_BLOCK : 0,
                             trainer->source->step ? 1 : 0,
                             trainer->source->keep ? trainer->keep_every : 0};
    int32_t step = lane->progress.step, distance = rules->max_steps - step;
    for (size_t i = 0; i < sizeof every / sizeof every[0]; i++)
        if (every[i] > 0 && every[i] - step % every[i] < distance)
            distance = every[i] - step % every[i];
    return distance;
}

static bool due(int32_t step, int32_t every)
{
    return every > 0 && step % every == 0;
}

// Takes in the loss at a step. Looks may round otherwise than steps do: the start, which is known
// from a look, is no peak and no rise, and the end, if it is `looked` at, a rise beyond rounding.
static void count_loss(struct lane *lane, int32_t step, double loss, bool looked)
{
    struct progress *progress = &lane->progress;
    struct brink_network_cell *cell = &progress->cell;
    double rounding = lane->job.network.precision == BRINK_F64_NET ? 1e-12 : 1e-5;
    double over_start = loss / cell->loss_start;
    if (step > 0 && loss > progress->loss_before * (looked ? 1 + rounding : 1)) {
        cell->loss_rises++;
        if (over_start > cell->loss_peak) {
            cell->loss_peak = over_start;
            cell->peak_step = step;
        }
    }
    progress->loss_before = loss;
}

// What the rules want at the present step of a training; it may end here.
static brink_err look_at(struct trainer *trainer, int at)
{
    const struct brink_network_rules *rules = trainer->rules;
    struct lane *lane = &trainer->lanes[at];
    struct brink_network_look look = {0};
    int32_t step = lane->progress.step;
    brink_err error = BRINK_OK;
    bool last = step == rules->max_steps;
    bool gradient = rules->grad_tol > 0 && (last || due(step, BRINK_NETWORK_BLOCK));
    if (last || gradient || due(step, rules->curves_every) || trainer->source->step) {
        trainer->engine->look(trainer->state, at, &look);
        enum brink_network_status status = judge(trainer, lane, &look, gradient);
        if (status && step > 0)
            count_loss(lane, step, look.loss, true);
        if (status)
            return finish(trainer, at, status, &look);
    }
    double sharpness = step == 0 ? lane->progress.cell.sharpness_start : nothing();
    if (step > 0 && rules->sharpness && due(step, rules->sharpness_every))
        sharpness = measure(trainer, at, false, false, NULL);
    if (due(step, rules->curves_every))
        put_curve(trainer, lane, &look, sharpness);
    if (trainer->source->step)
        error = trainer->source->step(trainer->source->context, step, &look, sharpness,
                                      lane->progress.lr[0], &lane->job.network);
    if (!error && step > 0 && trainer->source->keep && due(step, trainer->keep_every))
        error = keep(trainer, at);
    return error;
}

brink_err brink_lane_digest(struct trainer *trainer, int at, int steps)
{
    struct lane *lane = &trainer->lanes[at];
    struct progress *progress = &lane->progress;
    const double *loss = trainer->loss + (size_t)at * BRINK_NETWORK_BLOCK;
    int taken = trainer->taken[at];
    bool over = taken < steps;
    for (int k = 0; k < taken + over; k++)
        count_loss(lane, progress->step + k, loss[k], false);
    progress->step += taken;
    if (!over)
        return look_at(trainer, at);
    struct brink_network_look look;
    trainer->engine->look(trainer->state, at, &look);
    // By the loss of the step, which a minibatch may see otherwise than the look.
    bool low = loss[taken] <= lane->job.training.loss_min;
    return finish(trainer, at, low ? BRINK_NETWORK_CONVERGED : BRINK_NETWORK_DIVERGED, &look);
}

// ---- the start

// Learning rates in units of 2/sharpness become rates; false if that is no unit.
static bool fix_rates(struct trainer *trainer, int at, double sharpness)
{
    struct lane *lane = &trainer->lanes[at];
    double unit = lane->job.lr_in_sharpness ? 2 / sharpness : 1;
    for (int l = 0; l < brink_network_layers(&lane->job.network); l++) {
        lane->job.training.lr[l] *= unit;
        lane->progress.lr[l] = lane->job.training.lr[l];
    }
    return unit > 0 && isfinite(unit);
}

static void clear_cell(struct brink_network_cell *cell)
{
#define CLEAR_int8_t(name)              cell->name = 0;
#define CLEAR_int32_t(name)             cell->name = 0;
#define CLEAR_double(name)              cell->name = nothing();
#define ROW(type, name, basic, meaning) CLEAR_##type(name)
    BRINK_NETWORK_FIELDS(ROW)
#undef ROW
    for (int i = 0; i < BRINK_TOP_MAX - 1; i++)
        cell->eigenvalue[i] = nothing();
    cell->loss_peak = 1;
}

brink_err brink_lane_begin(struct trainer *trainer, int at, const struct brink_network_job *job)
{
    struct lane *lane = &trainer->lanes[at];
    struct brink_network_cell *cell = &lane->progress.cell;
    struct brink_network_look look;
    bool found = false, defined = true;
    lane->job = *job;
    lane->busy = true;
    trainer->busy++;
    memset(&lane->progress, 0, sizeof lane->progress);
    memset(lane->warm, 0, brink_lanczos_tangent_bytes(trainer->lanczos));
    clear_cell(cell);
    clear_curves(trainer, lane);
    trainer->source->start(trainer->source->context, job, trainer->weights);
    struct brink_training *training = &lane->job.training;
    training->loss_min = -HUGE_VAL;
    training->loss_max = HUGE_VAL;
    trainer->engine->load(trainer->state, at, trainer->weights, training);
    trainer->engine->look(trainer->state, at, &look);
    cell->loss_start = look.loss;
    lane->progress.loss_before = look.loss;
    lane->progress.imbalance_start = imbalance(lane, &look);
    if (trainer->rules->sharpness || job->lr_in_sharpness) {
        cell->sharpness_start = measure(trainer, at, true, false, NULL);
        defined = fix_rates(trainer, at, cell->sharpness_start);
    } else {
        defined = fix_rates(trainer, at, 1);
    }
    cell->edge_start = edge(lane, cell->sharpness_start);
    cell->lr_actual = lane->progress.lr[0];
    if (trainer->rules->dor) {
        brink_err error = brink_network_dor(&job->network, job->data, trainer->weights, &cell->dor);
        if (error)
            return error;
    }
    training->loss_min = trainer->rules->loss_goal;
    training->loss_max = trainer->rules->escape * look.loss;
    if (!defined)
        return finish(trainer, at, BRINK_NETWORK_UNDEFINED, &look);
    trainer->engine->load(trainer->state, at, trainer->weights, training);
    brink_err error = find(trainer, at, &found);
    return error || found ? error : look_at(trainer, at);
}
