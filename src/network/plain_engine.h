// SPDX-License-Identifier: MIT
// The plain engine behind its seam: memory, steps, looks, snapshots. Included after plain_pass.h
// and plain_hessian.h by a file that defines PRECISION and ENGINE, what the engine is called.
#include "brink/base/memory.h"
#include "brink/base/random.h"

static bool fits(const struct brink_network *network, const struct brink_data *data,
                 const struct brink_training *training)
{
    (void)data;
    (void)training;
    return network->precision == PRECISION;
}

// ---- memory: sizes are added up first, then the same walk hands out the block

struct carver {
    REAL *block;  // NULL: only counting
    size_t count; // of REALs
};

static REAL *carve(struct carver *carver, size_t count)
{
    REAL *part = carver->block ? carver->block + carver->count : NULL;
    carver->count += (count + 15) / 16 * 16;
    return part;
}

static void lay_out(struct brink_engine_state *state, struct carver *carver)
{
    const struct brink_network *network = &state->network;
    size_t samples = (size_t)state->samples, largest = 0;
    size_t inputs = (size_t)network->width[0] * samples;
    state->samples_x = carve(carver, inputs);
    state->batch_x = carve(carver, inputs);
    for (int l = 1; l <= state->layers; l++) {
        struct layer *layer = &state->layer[l];
        size_t count = (size_t)layer->out * samples;
        size_t group_count = (size_t)layer->out > samples ? (size_t)layer->out : samples;
        largest = count > largest ? count : largest;
        REAL **arrays[] = {&layer->z, &layer->dz,    &layer->rz,   &layer->rdz, &layer->du,
                           &layer->a, &layer->slope, &layer->bend, &layer->ra};
        for (size_t i = 0; i < sizeof arrays / sizeof arrays[0]; i++)
            if (layer->hidden || i < 4)
                *arrays[i] = carve(carver, count);
        layer->deviation = carve(carver, group_count);
        layer->rdeviation = carve(carver, group_count);
    }
    size_t labels = (size_t)network->width[state->layers] * samples;
    state->samples_y = carve(carver, labels);
    state->batch_y = carve(carver, labels);
    state->weight = carve(carver, state->weight_count);
    state->gradient = carve(carver, state->weight_count);
    state->da = carve(carver, largest);
}

static void transpose_samples(struct brink_engine_state *state)
{
    const struct brink_data *data = state->data;
    size_t n = (size_t)data->n, d = (size_t)data->d, outputs = (size_t)data->outputs;
    for (size_t j = 0; j < n; j++) {
        for (size_t i = 0; i < d; i++)
            state->samples_x[i * n + j] = (REAL)data->x[j * d + i];
        for (size_t i = 0; i < outputs; i++)
            state->samples_y[i * n + j] = (REAL)data->y[j * outputs + i];
    }
}

static void close_engine(struct brink_engine_state **state)
{
    if (*state) {
        brink_free(&(*state)->block);
        brink_free(&(*state)->permutation);
    }
    brink_free(state);
}

static brink_err open_engine(const struct brink_network *network, const struct brink_data *data,
                             struct brink_engine_state **out)
{
    struct brink_engine_state *state = NULL;
    struct carver carver = {0};
    assert(network->width[0] == data->d && network->width[network->depth + 1] == data->outputs);
    const char *library;
    brink_err error = ENGINE.library ? ENGINE.library(&library) : BRINK_OK;
    if (!error)
        error = brink_alloc(&state, 1, sizeof *state);
    if (error)
        return error;
    state->network = *network;
    state->data = data;
    state->layers = brink_network_layers(network);
    state->samples = data->n;
    state->weight_count = brink_network_weights(network);
    state->layer[0].out = data->d;
    for (int l = 1; l <= state->layers; l++) {
        struct layer *layer = &state->layer[l];
        layer->in = network->width[l - 1];
        layer->out = network->width[l];
        layer->gain = (REAL)brink_network_gain(network, l);
        layer->offset = brink_network_offset(network, l);
        layer->hidden = l < state->layers;
    }
    lay_out(state, &carver);
    error = brink_alloc(&state->block, carver.count, sizeof(REAL));
    if (!error)
        error = brink_alloc(&state->permutation, (size_t)data->n, sizeof state->permutation[0]);
    if (error) {
        close_engine(&state);
        return error;
    }
    carver = (struct carver){.block = state->block};
    lay_out(state, &carver);
    transpose_samples(state);
    *out = state;
    return BRINK_OK;
}

// ---- the samples of a step

static void use_all(struct brink_engine_state *state)
{
    state->columns = state->samples;
    state->layer[0].a = state->samples_x;
    state->y = state->samples_y;
}

static void use_batch(struct brink_engine_state *state)
{
    int batch = state->training.batch;
    if (batch == 0 || batch >= state->samples) {
        use_all(state);
        return;
    }
    size_t n = (size_t)state->samples,
           first = brink_network_batch(&state->training, state->samples, state->step, &state->epoch,
                                       state->permutation);
    state->columns = batch;
    for (size_t j = 0; j < (size_t)batch; j++) {
        size_t from = (size_t)state->permutation[first + j];
        for (size_t i = 0; i < (size_t)state->layer[0].out; i++)
            state->batch_x[i * (size_t)batch + j] = state->samples_x[i * n + from];
        for (size_t i = 0; i < (size_t)state->layer[state->layers].out; i++)
            state->batch_y[i * (size_t)batch + j] = state->samples_y[i * n + from];
    }
    state->layer[0].a = state->batch_x;
    state->y = state->batch_y;
}

// ---- training

static int lanes(const struct brink_engine_state *state)
{
    (void)state;
    return 1;
}

static void load(struct brink_engine_state *state, int lane, const double *weights,
                 const struct brink_training *training)
{
    assert(lane == 0);
    (void)lane;
    for (size_t i = 0; i < state->weight_count; i++)
        state->weight[i] = (REAL)weights[i];
    state->training = *training;
    state->step = 0;
    state->epoch = -1;
    state->loaded = true;
    state->over = false;
}

static void descend(struct brink_engine_state *state)
{
    for (int l = 1; l <= state->layers; l++) {
        const struct layer *layer = &state->layer[l];
        const REAL lr = (REAL)state->training.lr[l - 1];
        size_t in = (size_t)layer->in + (state->network.bias ? 1 : 0);
        for (size_t i = layer->offset; i < layer->offset + in * (size_t)layer->out; i++)
            state->weight[i] -= lr * state->gradient[i];
    }
}

static void advance(struct brink_engine_state *state, int steps, double *loss, int *taken)
{
    *taken = 0;
    while (state->loaded && !state->over && *taken < steps) {
        use_batch(state);
        forward(state);
        double now = loss_of(state);
        loss[*taken] = now;
        if (now <= state->training.loss_min || !(now <= state->training.loss_max)) {
            state->over = true;
            break;
        }
        backward(state);
        descend(state);
        state->step++;
        ++*taken;
    }
}

static void unload(struct brink_engine_state *state, int lane)
{
    (void)lane;
    state->loaded = false;
}

// ---- looking

static double squares(const REAL *a, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += (double)a[i] * (double)a[i];
    return sum;
}

// Share of samples whose largest output is that of the largest label; NaN with one output.
static double accuracy(const struct brink_engine_state *state)
{
    const struct layer *last = &state->layer[state->layers];
    size_t n = (size_t)state->columns;
    int right = 0;
    if (last->out == 1)
        return brink_from_bits(BRINK_NAN_BITS);
    for (size_t j = 0; j < n; j++) {
        size_t output = 0, label = 0;
        for (size_t i = 1; i < (size_t)last->out; i++) {
            output = last->z[i * n + j] > last->z[output * n + j] ? i : output;
            label = state->y[i * n + j] > state->y[label * n + j] ? i : label;
        }
        right += output == label;
    }
    return (double)right / state->columns;
}

static void look(struct brink_engine_state *state, int lane, struct brink_network_look *look)
{
    (void)lane;
    use_all(state);
    forward(state);
    look->loss = loss_of(state);
    look->accuracy = accuracy(state);
    backward(state);
    look->gradient_norm = sqrt(squares(state->gradient, state->weight_count));
    for (int l = 1; l <= state->layers; l++)
        look->norm2[l - 1] = squares(state->weight + state->layer[l].offset,
                                     (size_t)state->layer[l].in * (size_t)state->layer[l].out);
}

static void weights(struct brink_engine_state *state, int lane, double *weights)
{
    (void)lane;
    for (size_t i = 0; i < state->weight_count; i++)
        weights[i] = (double)state->weight[i];
}

// ---- snapshots: the step, whether it is over, the weights

struct snapshot {
    int64_t step, over;
};

static size_t snapshot_bytes(const struct brink_engine_state *state)
{
    return sizeof(struct snapshot) + state->weight_count * sizeof(REAL);
}

static void save(struct brink_engine_state *state, int lane, void *bytes)
{
    const struct snapshot head = {state->step, state->over};
    (void)lane;
    memcpy(bytes, &head, sizeof head);
    memcpy((char *)bytes + sizeof head, state->weight, state->weight_count * sizeof(REAL));
}

static void restore(struct brink_engine_state *state, int lane, const void *bytes)
{
    struct snapshot head;
    (void)lane;
    memcpy(&head, bytes, sizeof head);
    memcpy(state->weight, (const char *)bytes + sizeof head, state->weight_count * sizeof(REAL));
    state->step = head.step;
    state->over = head.over != 0;
}

// ---- the Hessian

static size_t tangent_count(const struct brink_engine_state *state)
{
    return state->weight_count;
}

static void tangent_random(struct brink_engine_state *state, uint64_t seed, void *tangent)
{
    const struct brink_random_key key = {seed, 0, BRINK_PURPOSE_TANGENT};
    for (size_t i = 0; i < state->weight_count; i++)
        ((REAL *)tangent)[i] = (REAL)brink_random_gaussian(&key, (uint32_t)i);
}

static void bend(struct brink_engine_state *state, int lane)
{
    (void)lane;
    use_all(state);
    bend_at(state);
}

static void hessian(struct brink_engine_state *state, const void *tangent, void *product)
{
    forward_along(state, tangent);
    loss_along(state);
    backward_along(state, tangent, product);
}

static double dot(struct brink_engine_state *state, const void *left, const void *right)
{
    const REAL *a = left, *b = right;
    double sum = 0;
    for (size_t i = 0; i < state->weight_count; i++)
        sum += (double)a[i] * (double)b[i];
    return sum;
}

const struct brink_network_engine ENGINE = {
    .name = NAME,
    .meaning = MEANING,
    .library = LIBRARY,
    .fits = fits,
    .open = open_engine,
    .close = close_engine,
    .lanes = lanes,
    .load = load,
    .advance = advance,
    .unload = unload,
    .look = look,
    .weights = weights,
    .snapshot_bytes = snapshot_bytes,
    .save = save,
    .restore = restore,
    .tangent_count = tangent_count,
    .tangent_random = tangent_random,
    .bend = bend,
    .hessian = hessian,
    .dot = dot,
};
