// SPDX-License-Identifier: MIT
// The lanes engine behind its seam. What is asked of one network alone (looks, Hessians) goes to
// a dense engine with that network's weights: it uses all lanes for the samples.
#include <assert.h>

#include "brink/base/memory.h"
#include "lanes_pass.h"
#include "pack.h"

// Of one network (`takes` in fast.c says it, too): all lanes' weights and gradients in the second
// cache.
enum { WEIGHTS_MAX = 4096 };

struct lane {
    bool loaded, over;
    struct brink_training training;
};

struct brink_engine_state {
    const struct brink_network_engine *engine; // first: the dispatcher's (fast.c)
    struct lanes_nets nets;
    size_t weight_count;
    struct lane lane[VEC_WIDTH];
    struct brink_engine_state *single; // of the dense engine, owned
    double *single_weights;            // owned
    real *block;                       // owned: all vectors
};

static bool fits(const struct brink_network *network, const struct brink_data *data,
                 const struct brink_training *training)
{
    return network->norm == BRINK_NORM_NONE && brink_network_weights(network) <= WEIGHTS_MAX &&
           brink_pack_gram.fits(network, data, training);
}

// ---- memory: sizes are added up first, then the same walk hands out the block

static real *carve(real *block, size_t *used, size_t count)
{
    real *part = block ? block + *used : NULL;
    *used += (count + (size_t)CHAINS - 1) / (size_t)CHAINS * (size_t)CHAINS;
    return part;
}

static size_t lay_out(struct lanes_nets *nets, real *block)
{
    size_t used = 0, blocks = ((size_t)nets->samples + BLOCK - 1) / BLOCK * BLOCK;
    nets->x = carve(block, &used, blocks * (size_t)nets->layer[1].in);
    nets->y = carve(block, &used, blocks * (size_t)nets->layer[nets->layers].out);
    for (int l = 1; l <= nets->layers; l++) {
        struct lanes_layer *layer = &nets->layer[l];
        size_t units = (size_t)layer->out * VEC_WIDTH, weights = units * (size_t)layer->in;
        layer->weight = carve(block, &used, weights);
        layer->gradient = carve(block, &used, weights);
        layer->a = carve(block, &used, units * BLOCK);
        layer->slope = carve(block, &used, units * BLOCK);
        layer->d = carve(block, &used, units * BLOCK);
        if (nets->network.bias) {
            layer->bias = carve(block, &used, units);
            layer->bias_gradient = carve(block, &used, units);
        }
    }
    return used;
}

// [samples][width] as [block][width][BLOCK].
static void block_samples(real *to, const double *from, int samples, int width)
{
    for (size_t j = 0; j < (size_t)samples; j++)
        for (size_t i = 0; i < (size_t)width; i++)
            to[(j / BLOCK * (size_t)width + i) * BLOCK + j % BLOCK] =
                (real)from[j * (size_t)width + i];
}

static void close_engine(struct brink_engine_state **state)
{
    if (*state) {
        if ((*state)->single)
            brink_pack_gram.close(&(*state)->single);
        brink_free(&(*state)->single_weights);
        brink_free(&(*state)->block);
    }
    brink_free(state);
}

static brink_err open_engine(const struct brink_network *network, const struct brink_data *data,
                             struct brink_engine_state **out)
{
    struct brink_engine_state *state = NULL;
    brink_err error = brink_alloc(&state, 1, sizeof *state);
    if (error)
        return error;
    struct lanes_nets *nets = &state->nets;
    nets->network = *network;
    nets->layers = brink_network_layers(network);
    nets->samples = data->n;
    state->weight_count = brink_network_weights(network);
    for (int l = 1; l <= nets->layers; l++) {
        struct lanes_layer *layer = &nets->layer[l];
        layer->in = network->width[l - 1];
        layer->out = network->width[l];
        layer->hidden = l < nets->layers;
        layer->gain = brink_network_gain(network, l);
        layer->offset = brink_network_offset(network, l);
    }
    error = brink_alloc(&state->block, lay_out(nets, NULL), sizeof(real));
    if (!error)
        error = brink_alloc(&state->single_weights, state->weight_count, sizeof(double));
    if (!error)
        error = brink_pack_gram.open(network, data, &state->single);
    if (error) {
        close_engine(&state);
        return error;
    }
    lay_out(nets, state->block);
    block_samples(nets->x, data->x, data->n, data->d);
    block_samples(nets->y, data->y, data->n, data->outputs);
    *out = state;
    return BRINK_OK;
}

// ---- training

static int lanes(const struct brink_engine_state *state)
{
    (void)state;
    return VEC_WIDTH;
}

static void load(struct brink_engine_state *state, int lane, const double *weights,
                 const struct brink_training *training)
{
    for (int l = 1; l <= state->nets.layers; l++) {
        struct lanes_layer *layer = &state->nets.layer[l];
        const double *from = weights + layer->offset;
        size_t count = (size_t)layer->in * (size_t)layer->out;
        for (size_t i = 0; i < count; i++)
            layer->weight[i * VEC_WIDTH + (size_t)lane] = (real)(layer->gain * from[i]);
        for (size_t j = 0; layer->bias && j < (size_t)layer->out; j++)
            layer->bias[j * VEC_WIDTH + (size_t)lane] = (real)from[count + j];
    }
    state->lane[lane] = (struct lane){.loaded = true, .training = *training};
}

// Adds the steps of the lanes that go on: `rate` is 0 in the others, whose gradients may be NaN.
// Leaves zeros for the next pass.
static void descend_array(size_t count, const real rate[VEC_WIDTH], real *gradient, real *weight)
{
    vec rates = vec_load(rate);
    mask moving = vec_less(vec_set(0), vec_abs(rates));
    for (size_t i = 0; i < count; i++) {
        vec old = lanes_get(weight, i);
        vec moved = vec_minus_fma(rates, lanes_get(gradient, i), old);
        lanes_put(weight, i, vec_select(moving, moved, old));
        lanes_put(gradient, i, vec_set(0));
    }
}

static void descend(struct brink_engine_state *state, const bool going[VEC_WIDTH])
{
    for (int l = 1; l <= state->nets.layers; l++) {
        struct lanes_layer *layer = &state->nets.layer[l];
        real rate[VEC_WIDTH], bias_rate[VEC_WIDTH];
        for (int i = 0; i < VEC_WIDTH; i++) {
            double lr = going[i] ? state->lane[i].training.lr[l - 1] : 0;
            bias_rate[i] = (real)lr;
            rate[i] = (real)(lr * (layer->gain * layer->gain));
        }
        descend_array((size_t)layer->in * (size_t)layer->out, rate, layer->gradient, layer->weight);
        if (layer->bias)
            descend_array((size_t)layer->out, bias_rate, layer->bias_gradient, layer->bias);
    }
}

static void advance(struct brink_engine_state *state, int steps, double *loss, int *taken)
{
    bool going[VEC_WIDTH], any = false;
    for (int i = 0; i < VEC_WIDTH; i++) {
        going[i] = state->lane[i].loaded && !state->lane[i].over;
        any |= going[i];
        taken[i] = 0;
    }
    for (int k = 0; any && k < steps; k++) {
        double now[VEC_WIDTH];
        lanes_pass(&state->nets, now);
        any = false;
        for (int i = 0; i < VEC_WIDTH; i++) {
            const struct brink_training *training = &state->lane[i].training;
            if (!going[i])
                continue;
            loss[i * BRINK_NETWORK_BLOCK + k] = now[i];
            going[i] = !(now[i] <= training->loss_min) && now[i] <= training->loss_max;
            state->lane[i].over = !going[i];
            taken[i] += going[i];
            any |= going[i];
        }
        descend(state, going);
    }
}

static void unload(struct brink_engine_state *state, int lane)
{
    state->lane[lane].loaded = false;
}

static void weights(struct brink_engine_state *state, int lane, double *weights)
{
    for (int l = 1; l <= state->nets.layers; l++) {
        struct lanes_layer *layer = &state->nets.layer[l];
        double *to = weights + layer->offset;
        size_t count = (size_t)layer->in * (size_t)layer->out;
        for (size_t i = 0; i < count; i++)
            to[i] = (double)layer->weight[i * VEC_WIDTH + (size_t)lane] / layer->gain;
        for (size_t j = 0; layer->bias && j < (size_t)layer->out; j++)
            to[count + j] = (double)layer->bias[j * VEC_WIDTH + (size_t)lane];
    }
}

// ---- snapshots: whether it is over, then the weights

// Copies each of a lane's numbers to `to` or from `from`, unless NULL.
static void move(struct brink_engine_state *state, int lane, char *to, const char *from)
{
    for (int l = 1; l <= state->nets.layers; l++) {
        struct lanes_layer *layer = &state->nets.layer[l];
        size_t count = (size_t)layer->in * (size_t)layer->out;
        size_t biases = layer->bias ? (size_t)layer->out : 0;
        for (size_t i = 0; i < count + biases; i++) {
            real *number = i < count ? layer->weight + i * VEC_WIDTH + lane
                                     : layer->bias + (i - count) * VEC_WIDTH + lane;
            size_t at = sizeof(int64_t) + (layer->offset + i) * sizeof(real);
            if (to)
                memcpy(to + at, number, sizeof *number);
            else
                memcpy(number, from + at, sizeof *number);
        }
    }
}

static size_t snapshot_bytes(const struct brink_engine_state *state)
{
    return sizeof(int64_t) + state->weight_count * sizeof(real);
}

static void save(struct brink_engine_state *state, int lane, void *snapshot)
{
    int64_t over = state->lane[lane].over;
    memcpy(snapshot, &over, sizeof over);
    move(state, lane, snapshot, NULL);
}

static void restore(struct brink_engine_state *state, int lane, const void *snapshot)
{
    int64_t over;
    memcpy(&over, snapshot, sizeof over);
    state->lane[lane].over = over != 0;
    move(state, lane, NULL, snapshot);
}

// ---- one network alone

static void single_out(struct brink_engine_state *state, int lane)
{
    weights(state, lane, state->single_weights);
    brink_pack_gram.load(state->single, 0, state->single_weights, &state->lane[lane].training);
}

static void look(struct brink_engine_state *state, int lane, struct brink_network_look *look)
{
    single_out(state, lane);
    brink_pack_gram.look(state->single, 0, look);
}

static void bend(struct brink_engine_state *state, int lane)
{
    single_out(state, lane);
    brink_pack_gram.bend(state->single, 0);
}

static size_t tangent_count(const struct brink_engine_state *state)
{
    return brink_pack_gram.tangent_count(state->single);
}

static void tangent_random(struct brink_engine_state *state, uint64_t seed, void *tangent)
{
    brink_pack_gram.tangent_random(state->single, seed, tangent);
}

static void hessian(struct brink_engine_state *state, const void *tangent, void *product)
{
    brink_pack_gram.hessian(state->single, tangent, product);
}

static double dot(struct brink_engine_state *state, const void *a, const void *b)
{
    return brink_pack_gram.dot(state->single, a, b);
}

const struct brink_network_engine brink_pack_lanes = {
    .name = "lanes",
    .meaning = "many tiny networks side by side in the lanes of vectors",
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
