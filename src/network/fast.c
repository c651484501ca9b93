// SPDX-License-Identifier: MIT
// The fast engines as the table knows them: each call goes on to the pack of the instruction set
// chosen (brink_lanes_select) and of the network's precision.
#include <string.h>

#include "brink/dynamics/lanes.h"
#include "brink/network/fast.h"
#include "pack.h"

#define PACKS_OF(isa)                                                                              \
    extern const struct brink_network_pack brink_network_##isa##_f32, brink_network_##isa##_f64;
PACKS_OF(portable)
#ifdef BRINK_X86
PACKS_OF(avx512)
PACKS_OF(avx2)
#endif

static const struct {
    const char *isa;
    const struct brink_network_pack *pack[2]; // by enum brink_precision
} packs[] = {
#define PACK(isa) {#isa, {&brink_network_##isa##_f32, &brink_network_##isa##_f64}},
    PACK(portable) // first: what is taken where nothing was chosen
#ifdef BRINK_X86
    PACK(avx512) PACK(avx2)
#endif
};

static const struct brink_network_pack *pack_of(enum brink_precision precision)
{
    for (size_t i = 0; i < sizeof packs / sizeof packs[0]; i++)
        if (strcmp(packs[i].isa, brink_lanes_isa()) == 0)
            return packs[i].pack[precision];
    return packs[0].pack[precision];
}

// What every state of a pack begins with.
struct state_head {
    const struct brink_network_engine *engine; // of the pack
};

static const struct brink_network_engine *of(const struct brink_engine_state *state)
{
    struct state_head head;
    memcpy(&head, state, sizeof head);
    return head.engine;
}

static brink_err open_with(const struct brink_network_engine *engine,
                           const struct brink_network *network, const struct brink_data *data,
                           struct brink_engine_state **state)
{
    const struct state_head head = {engine};
    brink_err error = engine->open(network, data, state);
    if (!error)
        memcpy(*state, &head, sizeof head);
    return error;
}

static void close_any(struct brink_engine_state **state)
{
    if (*state)
        of(*state)->close(state);
}
static int lanes(const struct brink_engine_state *state)
{
    return of(state)->lanes(state);
}
static void load(struct brink_engine_state *state, int lane, const double *weights,
                 const struct brink_training *training)
{
    of(state)->load(state, lane, weights, training);
}
static void advance(struct brink_engine_state *state, int steps, double *loss, int *taken)
{
    of(state)->advance(state, steps, loss, taken);
}
static void unload(struct brink_engine_state *state, int lane)
{
    of(state)->unload(state, lane);
}
static void look(struct brink_engine_state *state, int lane, struct brink_network_look *look)
{
    of(state)->look(state, lane, look);
}
static void weights(struct brink_engine_state *state, int lane, double *weights)
{
    of(state)->weights(state, lane, weights);
}
static size_t snapshot_bytes(const struct brink_engine_state *state)
{
    return of(state)->snapshot_bytes(state);
}
static void save(struct brink_engine_state *state, int lane, void *snapshot)
{
    of(state)->save(state, lane, snapshot);
}
static void restore(struct brink_engine_state *state, int lane, const void *snapshot)
{
    of(state)->restore(state, lane, snapshot);
}
static size_t tangent_count(const struct brink_engine_state *state)
{
    return of(state)->tangent_count(state);
}
static void tangent_random(struct brink_engine_state *state, uint64_t seed, void *tangent)
{
    of(state)->tangent_random(state, seed, tangent);
}
static void bend(struct brink_engine_state *state, int lane)
{
    of(state)->bend(state, lane);
}
static void hessian(struct brink_engine_state *state, const void *tangent, void *product)
{
    of(state)->hessian(state, tangent, product);
}
static double dot(struct brink_engine_state *state, const void *a, const void *b)
{
    return of(state)->dot(state, a, b);
}
#define ENGINE(name_, meaning_, takes_)                                                            \
    static bool fits_##name_(const struct brink_network *network, const struct brink_data *data,   \
                             const struct brink_training *training)                                \
    {                                                                                              \
        return pack_of(network->precision)->name_->fits(network, data, training);                  \
    }                                                                                              \
    static brink_err open_##name_(const struct brink_network *network,                             \
                                  const struct brink_data *data,                                   \
                                  struct brink_engine_state **state)                               \
    {                                                                                              \
        return open_with(pack_of(network->precision)->name_, network, data, state);                \
    }                                                                                              \
    const struct brink_network_engine brink_engine_##name_ = {                                     \
        .name = #name_,                                                                            \
        .meaning = (meaning_),                                                                     \
        .takes = (takes_),                                                                         \
        .fits = fits_##name_,                                                                      \
        .open = open_##name_,                                                                      \
        .close = close_any,                                                                        \
        .lanes = lanes,                                                                            \
        .load = load,                                                                              \
        .advance = advance,                                                                        \
        .unload = unload,                                                                          \
        .look = look,                                                                              \
        .weights = weights,                                                                        \
        .snapshot_bytes = snapshot_bytes,                                                          \
        .save = save,                                                                              \
        .restore = restore,                                                                        \
        .tangent_count = tangent_count,                                                            \
        .tangent_random = tangent_random,                                                          \
        .bend = bend,                                                                              \
        .hessian = hessian,                                                                        \
        .dot = dot,                                                                                \
    };
ENGINE(gram, "one network at a time, in coordinates of the samples where that is shorter",
       "full batches")
ENGINE(batch, "one network at a time, on minibatches", "minibatches")
ENGINE(lanes, "many tiny networks side by side in the lanes of vectors",
       "full batches and networks of norm none with at most 4096 weights")
