// SPDX-License-Identifier: MIT
// The dense engine behind its seam: memory, steps, looks, snapshots.
#include <assert.h>

#include "brink/base/memory.h"
#include "brink/base/random.h"
#include "dense.h"
#include "pack.h"

// ---- memory: sizes are added up first, then the same walk hands out the block

struct carver {
    real *block;  // NULL: only counting
    size_t count; // of reals
};

static real *carve(struct carver *carver, size_t count)
{
    real *part = carver->block ? carver->block + carver->count : NULL;
    carver->count += (count + (size_t)CHAINS - 1) / (size_t)CHAINS * (size_t)CHAINS;
    return part;
}

static void lay_out_layer(struct brink_engine_state *state, int l, struct carver *carver)
{
    struct dense_layer *layer = &state->layer[l];
    bool gram = state->gram && l == 1, norm = state->network.norm != BRINK_NORM_NONE;
    size_t weights = (size_t)layer->in * (size_t)layer->out;
    size_t tile = (size_t)layer->out * state->tile_stride;
    size_t groups =
        state->tile_stride > (size_t)layer->out ? state->tile_stride : matrix_stride(layer->out);
    if (!gram) {
        layer->weight = carve(carver, weights);
        layer->gradient = carve(carver, weights);
        layer->tangent_weight = carve(carver, weights);
        layer->weight_down = l > 1 ? carve(carver, weights) : NULL;
    }
    layer->bias = state->network.bias ? carve(carver, (size_t)layer->out) : NULL;
    layer->bias_gradient = carve(carver, (size_t)layer->out);
    real **of_all[] = {&layer->z, &layer->rz, &layer->rd};
    for (size_t i = 0; i < sizeof of_all / sizeof of_all[0]; i++)
        *of_all[i] = carve(carver, tile);
    layer->d = gram ? state->delta : carve(carver, tile);
    layer->d_stride = gram ? state->stride : state->tile_stride;
    real **of_hidden[] = {&layer->a, &layer->slope, &layer->bend, &layer->ra};
    for (size_t i = 0; layer->hidden && i < sizeof of_hidden / sizeof of_hidden[0]; i++)
        *of_hidden[i] = carve(carver, tile);
    if (norm) {
        layer->u = carve(carver, tile);
        layer->deviation = carve(carver, groups);
        layer->rdeviation = carve(carver, groups);
        for (size_t i = 0; i < sizeof state->group / sizeof state->group[0]; i++)
            state->group[i] = carve(carver, groups);
    }
}

static void lay_out(struct brink_engine_state *state, struct carver *carver)
{
    const struct brink_network *network = &state->network;
    size_t first = (size_t)network->width[1] * state->stride;
    state->samples_x = carve(carver, (size_t)network->width[0] * state->stride);
    state->samples_y = carve(carver, (size_t)network->width[state->layers] * state->stride);
    if (state->minibatches) {
        state->part.x = carve(carver, (size_t)network->width[0] * state->stride);
        state->part.y = carve(carver, (size_t)network->width[state->layers] * state->stride);
    }
    if (state->gram) {
        state->kernel_room = carve(carver, square_room(state->samples, network->width[1]));
        size_t weights = (size_t)network->width[0] * (size_t)network->width[1];
        state->first_start = (void *)carve(carver, weights * (BRINK_REAL_BITS == 32 ? 2 : 1));
        real **of_gram[] = {&state->z_start, &state->z_first, &state->shift, &state->delta};
        for (size_t i = 0; i < sizeof of_gram / sizeof of_gram[0]; i++)
            *of_gram[i] = carve(carver, first);
        size_t inputs = (size_t)network->width[0];
        state->image = carve(carver, first > inputs ? first : inputs);
    }
    for (int l = 1; l <= state->layers; l++)
        lay_out_layer(state, l, carver);
    carve(carver, (size_t)CHAINS); // rows are read to the end of their last vector
}

// ---- data

static void transpose_samples(struct brink_engine_state *state)
{
    const struct brink_data *data = state->data;
    for (size_t j = 0; j < (size_t)data->n; j++) {
        for (size_t i = 0; i < (size_t)data->d; i++)
            state->samples_x[i * state->stride + j] = (real)data->x[j * (size_t)data->d + i];
        for (size_t i = 0; i < (size_t)data->outputs; i++)
            state->samples_y[i * state->stride + j] = (real)data->y[j * (size_t)data->outputs + i];
    }
}

// K = X X' in double, rounded once. Rows of `across` are features: sums run in their order.
static void fill_kernel(real *kernel, const double *across, int n, int d)
{
    size_t count = (size_t)n;
    for (size_t i = 0; i < count; i++) {
        double row[4096];
        for (size_t first = i; first < count; first += 4096) {
            size_t part = count - first < 4096 ? count - first : 4096;
            memset(row, 0, part * sizeof row[0]);
            for (int q = 0; q < d; q++) {
                const double *x = across + (size_t)q * count;
                double factor = x[i];
                if (factor == 0) // most pixels
                    continue;
                for (size_t j = 0; j < part; j++)
                    row[j] += factor * x[first + j];
            }
            for (size_t j = 0; j < part; j++)
                kernel[i * count + first + j] = kernel[(first + j) * count + i] = (real)row[j];
        }
    }
}

static brink_err form_kernel(struct brink_engine_state *state)
{
    const struct brink_data *data = state->data;
    size_t n = (size_t)data->n, d = (size_t)data->d;
    double *across = NULL;
    real *kernel = NULL;
    brink_err error = brink_alloc(&across, n * d, sizeof across[0]);
    if (!error)
        error = brink_alloc(&kernel, n * n, sizeof kernel[0]);
    if (!error) {
        for (size_t j = 0; j < n; j++)
            for (size_t q = 0; q < d; q++)
                across[q * n + j] = data->x[j * d + q];
        fill_kernel(kernel, across, data->n, data->d);
        state->kernel = square_pack(state->kernel_room, kernel, data->n, state->network.width[1]);
    }
    brink_free(&kernel);
    brink_free(&across);
    return error;
}

// ---- open and close

static bool has_batches(const struct brink_data *data, const struct brink_training *training)
{
    return training->batch > 0 && training->batch < data->n;
}

static bool fits_all(const struct brink_network *network, const struct brink_data *data,
                     const struct brink_training *training)
{
    return (network->precision == BRINK_F32_NET) == (BRINK_REAL_BITS == 32) &&
           !has_batches(data, training);
}

static bool fits_batches(const struct brink_network *network, const struct brink_data *data,
                         const struct brink_training *training)
{
    return (network->precision == BRINK_F32_NET) == (BRINK_REAL_BITS == 32) &&
           has_batches(data, training);
}

static void close_engine(struct brink_engine_state **state)
{
    if (*state) {
        brink_free(&(*state)->block);
        brink_free(&(*state)->permutation);
    }
    brink_free(state);
}

static void describe(struct brink_engine_state *state)
{
    const struct brink_network *network = &state->network;
    state->layers = brink_network_layers(network);
    state->tile = dense_tile_samples(state, state->samples);
    state->stride = matrix_stride(state->samples);
    state->tile_stride = matrix_stride(state->tile);
    state->weight_count = brink_network_weights(network);
    // 2 n^2 h operations against 4 n d h
    state->gram =
        !state->minibatches && network->depth > 0 && state->samples < 2 * network->width[0];
    size_t tangent = 0;
    for (int l = 1; l <= state->layers; l++) {
        struct dense_layer *layer = &state->layer[l];
        layer->in = network->width[l - 1];
        layer->out = network->width[l];
        layer->gain = (real)brink_network_gain(network, l);
        layer->offset = brink_network_offset(network, l);
        layer->hidden = l < state->layers;
        layer->tangent = tangent;
        tangent +=
            (size_t)layer->out * (state->gram && l == 1 ? 2 * state->stride : (size_t)layer->in);
        tangent += network->bias ? (size_t)layer->out : 0;
    }
    state->tangent_count = tangent;
}

static brink_err open_engine(const struct brink_network *network, const struct brink_data *data,
                             bool minibatches, struct brink_engine_state **out)
{
    struct brink_engine_state *state = NULL;
    struct carver carver = {0};
    assert(network->width[0] == data->d && network->width[network->depth + 1] == data->outputs);
    brink_err error = brink_alloc(&state, 1, sizeof *state);
    if (error)
        return error;
    state->network = *network;
    state->data = data;
    state->samples = data->n;
    state->minibatches = minibatches;
    describe(state);
    lay_out(state, &carver);
    error = brink_alloc(&state->block, carver.count, sizeof(real));
    if (error)
        goto done;
    carver = (struct carver){.block = state->block};
    lay_out(state, &carver);
    transpose_samples(state);
    state->all = (struct dense_samples){state->samples_x, state->samples_y, state->samples,
                                        state->tile, state->stride};
    if (state->gram)
        error = form_kernel(state);
    if (!error && minibatches)
        error = brink_alloc(&state->permutation, (size_t)data->n, sizeof state->permutation[0]);
done:
    if (error)
        close_engine(&state);
    *out = state;
    return error;
}

static brink_err open_all(const struct brink_network *network, const struct brink_data *data,
                          struct brink_engine_state **state)
{
    return open_engine(network, data, false, state);
}

static brink_err open_batches(const struct brink_network *network, const struct brink_data *data,
                              struct brink_engine_state **state)
{
    return open_engine(network, data, true, state);
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
    for (int l = 1; l <= state->layers; l++) {
        struct dense_layer *layer = &state->layer[l];
        const double *from = weights + layer->offset;
        size_t count = (size_t)layer->in * (size_t)layer->out;
        if (state->gram && l == 1)
            memcpy(state->first_start, from, count * sizeof from[0]);
        for (size_t i = 0; layer->weight && i < count; i++)
            layer->weight[i] = (real)from[i] * layer->gain;
        for (size_t i = 0; layer->bias && i < (size_t)layer->out; i++)
            layer->bias[i] = (real)from[count + i];
    }
    if (state->gram) {
        struct dense_layer *first = &state->layer[1];
        size_t count = (size_t)first->out * state->stride;
        double gain = brink_network_gain(&state->network, 1);
        // Row by row, so that V_1 needs no room of its own.
        for (size_t i = 0; i < (size_t)first->out; i++) {
            for (size_t q = 0; q < (size_t)first->in; q++)
                state->image[q] = (real)(gain * state->first_start[i * (size_t)first->in + q]);
            matrix_multiply(1, state->samples, first->in, (struct left){state->image, 0, 1},
                            right_plain(state->samples_x, state->stride),
                            state->z_start + i * state->stride, state->stride, false, NULL);
        }
        memcpy(state->z_first, state->z_start, count * sizeof state->z_first[0]);
        memset(state->shift, 0, count * sizeof state->shift[0]);
    }
    state->training = *training;
    state->step = 0;
    state->epoch = -1;
    state->loaded = true;
    state->over = false;
}

// a += factor b
static void add_scaled(size_t count, real factor, const real *b, real *a)
{
    size_t i = 0;
    for (; i + VEC_WIDTH <= count; i += VEC_WIDTH)
        vec_store(a + i, vec_fma(vec_set(factor), vec_load(b + i), vec_load(a + i)));
    for (; i < count; i++)
        a[i] = real_fma(factor, b[i], a[i]);
}

// What dL/dV_1 and its bias are multiplied by in a step, so that the first one is the step.
static real first_factor(const struct brink_engine_state *state)
{
    real gain = state->layer[1].gain;
    return state->gram ? -(real)state->training.lr[0] * (gain * gain) : 1;
}

static void descend(struct brink_engine_state *state)
{
    for (int l = 1; l <= state->layers; l++) {
        struct dense_layer *layer = &state->layer[l];
        real rate = (real)state->training.lr[l - 1], square = layer->gain * layer->gain;
        bool gram = state->gram && l == 1;
        if (gram) {
            square_multiply(&state->kernel, state->delta, state->shift, state->z_first,
                            state->stride, true);
        } else {
            add_scaled((size_t)layer->in * (size_t)layer->out, -rate * square, layer->gradient,
                       layer->weight);
        }
        if (layer->bias)
            add_scaled((size_t)layer->out, gram ? 1 / square : -rate, layer->bias_gradient,
                       layer->bias);
    }
}

static void advance(struct brink_engine_state *state, int steps, double *loss, int *taken)
{
    *taken = 0;
    while (state->loaded && !state->over && *taken < steps) {
        if (state->minibatches)
            dense_see_batch(state);
        double now = dense_pass(state, first_factor(state), NULL);
        dense_see_all(state);
        loss[*taken] = now;
        if (now <= state->training.loss_min || !(now <= state->training.loss_max)) {
            state->over = true;
            break;
        }
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

static void weights(struct brink_engine_state *state, int lane, double *weights)
{
    (void)lane;
    for (int l = 1; l <= state->layers; l++) {
        struct dense_layer *layer = &state->layer[l];
        double *to = weights + layer->offset, gain = brink_network_gain(&state->network, l);
        size_t in = (size_t)layer->in, count = in * (size_t)layer->out;
        for (size_t i = 0; layer->weight && i < count; i++)
            to[i] = (double)layer->weight[i] / gain;
        for (size_t i = 0; layer->bias && i < (size_t)layer->out; i++)
            to[count + i] = (double)layer->bias[i];
        if (!state->gram || l > 1)
            continue;
        for (size_t i = 0; i < (size_t)layer->out; i++) { // W = W(0) + S X / gain
            memset(state->image, 0, in * sizeof state->image[0]);
            matrix_multiply_transposed(1, layer->in, state->samples,
                                       state->shift + i * state->stride, state->stride,
                                       state->samples_x, state->stride, state->image, in);
            for (size_t q = 0; q < in; q++)
                to[i * in + q] = state->first_start[i * in + q] + (double)state->image[q] / gain;
        }
    }
}

// ||V_1||^2 = ||V_1(0)||^2 + S.(Z_1(0) + Z_1)
static double first_norm2(struct brink_engine_state *state)
{
    const struct dense_layer *first = &state->layer[1];
    double gain = brink_network_gain(&state->network, 1), sum = 0;
    for (size_t i = 0; i < (size_t)first->in * (size_t)first->out; i++)
        sum += state->first_start[i] * state->first_start[i];
    double along =
        dense_sum_products(first->out, state->samples, state->shift, state->z_start,
                           state->stride) +
        dense_sum_products(first->out, state->samples, state->shift, state->z_first, state->stride);
    return sum + along / (gain * gain);
}

static void look(struct brink_engine_state *state, int lane, struct brink_network_look *look)
{
    int right = 0;
    double square = 0;
    (void)lane;
    look->loss = dense_pass(state, 1, &right);
    look->accuracy = state->network.width[state->layers] == 1 ? brink_from_bits(BRINK_NAN_BITS)
                                                              : (double)right / state->samples;
    for (int l = 1; l <= state->layers; l++) {
        struct dense_layer *layer = &state->layer[l];
        double gain = brink_network_gain(&state->network, l), part;
        if (state->gram && l == 1) {
            square_multiply(&state->kernel, state->delta, NULL, state->image, state->stride, false);
            part = dense_sum_products(layer->out, state->samples, state->delta, state->image,
                                      state->stride);
            look->norm2[0] = first_norm2(state);
        } else {
            size_t in = (size_t)layer->in;
            part = dense_sum_products(layer->out, layer->in, layer->gradient, layer->gradient, in);
            look->norm2[l - 1] =
                dense_sum_products(layer->out, layer->in, layer->weight, layer->weight, in) /
                (gain * gain);
        }
        square += part * (gain * gain);
        if (layer->bias)
            square +=
                dense_sum_products(1, layer->out, layer->bias_gradient, layer->bias_gradient, 0);
    }
    look->gradient_norm = sqrt(square);
}

// ---- snapshots: how far it has come and whether it is over, then all that training moves

// Copies every moving array to `to` or from `from`, unless NULL. Returns the bytes of a snapshot.
static size_t move(const struct brink_engine_state *state, char *to, const char *from)
{
    size_t at = 2 * sizeof(int64_t), first = (size_t)state->layer[1].out * state->stride;
    for (int l = 0; l <= state->layers; l++) {
        const struct dense_layer *layer = &state->layer[l];
        real *arrays[] = {l ? layer->weight : state->z_first, l ? layer->bias : state->shift};
        size_t out = (size_t)layer->out,
               counts[] = {l ? out * (size_t)layer->in : first, l ? out : first};
        for (int i = 0; i < 2; i++) {
            size_t bytes = arrays[i] ? counts[i] * sizeof(real) : 0;
            if (bytes && to)
                memcpy(to + at, arrays[i], bytes);
            if (bytes && from)
                memcpy(arrays[i], from + at, bytes);
            at += bytes;
        }
    }
    return at;
}

static size_t snapshot_bytes(const struct brink_engine_state *state)
{
    return move(state, NULL, NULL);
}

static void save(struct brink_engine_state *state, int lane, void *snapshot)
{
    const int64_t head[] = {state->step, state->over};
    (void)lane;
    memcpy(snapshot, head, sizeof head);
    move(state, snapshot, NULL);
}

static void restore(struct brink_engine_state *state, int lane, const void *snapshot)
{
    int64_t head[2];
    (void)lane;
    memcpy(head, snapshot, sizeof head);
    move(state, NULL, snapshot);
    state->step = head[0];
    state->over = head[1] != 0;
}

// ---- the Hessian

static size_t tangent_count(const struct brink_engine_state *state)
{
    return state->tangent_count;
}

static void tangent_random(struct brink_engine_state *state, uint64_t seed, void *tangent)
{
    const struct brink_random_key key = {seed, 0, BRINK_PURPOSE_TANGENT};
    real *to = tangent;
    for (size_t i = 0; i < state->tangent_count; i++)
        to[i] = (real)brink_random_gaussian(&key, (uint32_t)i);
    if (!state->gram)
        return;
    const struct dense_layer *first = &state->layer[1];
    for (size_t i = 0; i < (size_t)first->out; i++)
        for (size_t c = (size_t)state->samples; c < state->stride; c++)
            to[i * state->stride + c] = 0;
    real *image = to + (size_t)first->out * state->stride;
    memset(image, 0, (size_t)first->out * state->stride * sizeof image[0]);
    square_multiply(&state->kernel, to, NULL, image, state->stride, false);
}

// hessian() takes the passes again at the weights as they are.
static void bend(struct brink_engine_state *state, int lane)
{
    (void)state;
    (void)lane;
}

#define DENSE_ENGINE(suffix, named, means)                                                         \
    {                                                                                              \
        .name = (named), .meaning = (means), .fits = fits_##suffix, .open = open_##suffix,         \
        .close = close_engine, .lanes = lanes, .load = load, .advance = advance, .unload = unload, \
        .look = look, .weights = weights, .snapshot_bytes = snapshot_bytes, .save = save,          \
        .restore = restore, .tangent_count = tangent_count, .tangent_random = tangent_random,      \
        .bend = bend, .hessian = dense_hessian, .dot = dense_dot,                                  \
    }

const struct brink_network_engine brink_pack_gram =
    DENSE_ENGINE(all, "gram", "in coordinates of the samples where that is shorter");
const struct brink_network_engine brink_pack_batch =
    DENSE_ENGINE(batches, "batch", "on minibatches");
