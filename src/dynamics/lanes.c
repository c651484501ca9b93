// SPDX-License-Identifier: MIT
// Which engine runs: the instruction sets of this build, the CPU's, the user's wish, the self-test.
#include "brink/dynamics/lanes.h"

#include <stdlib.h>
#include <string.h>

#include "brink/base/elementary.h"
#include "brink/base/memory.h"
#include "probes.h"

#ifdef BRINK_X86
extern const struct brink_engine brink_engine_avx512, brink_engine_avx2;
#endif

static const struct brink_engine *const engines[] = {
#ifdef BRINK_X86
    &brink_engine_avx512,
    &brink_engine_avx2,
#endif
    &brink_engine_portable,
};
enum { ENGINES = sizeof engines / sizeof engines[0] };

const char *const brink_lanes_isas[] = {
#ifdef BRINK_X86
    "avx512", "avx2",
#endif
    "portable", NULL};

static const struct brink_engine *chosen = &brink_engine_portable;

bool brink_lanes_able(const char *isa)
{
#ifdef BRINK_X86
    __builtin_cpu_init();
    bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    if (strcmp(isa, "avx2") == 0)
        return avx2;
    if (strcmp(isa, "avx512") == 0)
        return avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
               __builtin_cpu_supports("avx512vl");
#endif
    return strcmp(isa, "portable") == 0;
}

// Hands out the probes, and keeps what comes back for them.
struct probing {
    const struct brink_probe *probes;
    struct brink_curve *curves;
    struct brink_cell *cells;
    int count, taken;
};

static int take_probe(void *context, struct brink_point *point, void **ticket)
{
    struct probing *probing = context;
    if (probing->taken == probing->count)
        return -1;
    int i = probing->taken++;
    const struct brink_probe *probe = &probing->probes[i];
    *point = (struct brink_point){&probing->curves[i], probe->h, probe->x, probe->y};
    *ticket = &probing->cells[i];
    return 1;
}

static void give_probe(void *context, void *ticket, const struct brink_cell *cell)
{
    (void)context;
    *(struct brink_cell *)ticket = *cell;
}

// The name of a field whose bits differ; NULL: none. What only `full` records is compared then.
static const char *other_field(const struct brink_cell *found, const struct brink_cell *expected,
                               bool full)
{
#define SAME_int8_t(a, b)  ((a) == (b))
#define SAME_int32_t(a, b) ((a) == (b))
#define SAME_double(a, b)  (brink_bits(a) == brink_bits(b))
#define COMPARE_FIELD(type, name, basic, meaning)                                                  \
    if (((basic) || full) && !SAME_##type(found->name, expected->name))                            \
        return #name;
    BRINK_CELL_FIELDS(COMPARE_FIELD)
#undef COMPARE_FIELD
    return NULL;
}

static brink_err test_kernels(const struct brink_engine *engine, struct probing *probing, bool full)
{
    struct brink_cell_source source = {take_probe, give_probe, probing};
    probing->taken = 0;
    memset(probing->cells, 0, (size_t)probing->count * sizeof probing->cells[0]);
    bool complete = engine->run(&brink_probe_rules, full, &source, NULL, NULL);
    for (int i = 0; i < probing->count; i++) {
        const struct brink_probe *probe = &probing->probes[i];
        const char *field = other_field(&probing->cells[i], &probe->expected, full);
        if (field || !complete)
            return brink_fail(BRINK_ERR_BUG,
                              "the %s kernels (record: %s) fail their self-test at %s = %g, h = "
                              "%g, %s: this build is miscompiled, or its flags change the "
                              "arithmetic",
                              engine->isa, full ? "full" : "basic", probe->parameter, probe->value,
                              probe->h, field ? field : "cells are missing");
    }
    return BRINK_OK;
}

brink_err brink_engine_test(const struct brink_engine *engine, const struct brink_probe probes[],
                            int count)
{
    struct probing probing = {.probes = probes, .count = count};
    brink_err error = brink_alloc(&probing.curves, (size_t)count, sizeof probing.curves[0]);
    if (!error)
        error = brink_alloc(&probing.cells, (size_t)count, sizeof probing.cells[0]);
    for (int i = 0; i < count && !error; i++)
        brink_objective_find(probes[i].parameter)->prepare(&probing.curves[i], probes[i].value);
    if (!error)
        error = test_kernels(engine, &probing, false);
    if (!error)
        error = test_kernels(engine, &probing, true);
    brink_free(&probing.curves);
    brink_free(&probing.cells);
    return error;
}

brink_err brink_lanes_select(const char *isa)
{
    const char *wish = isa ? isa : getenv("BRINK_ISA");
    const struct brink_engine *engine = NULL;
    bool known = !wish;
    for (int i = 0; i < ENGINES && !engine; i++) {
        bool meant = !wish || strcmp(wish, brink_lanes_isas[i]) == 0;
        known |= meant;
        if (meant && brink_lanes_able(brink_lanes_isas[i]))
            engine = engines[i];
    }
    if (!known)
        return brink_fail(BRINK_ERR_USAGE, "unknown instruction set '%s': avx512, avx2 or portable",
                          wish);
    if (!engine)
        return brink_fail(BRINK_ERR_USAGE, "this CPU or build has no %s: avx2 or portable may do",
                          wish);
    brink_err error = brink_engine_test(engine, brink_probes, BRINK_PROBES);
    if (error)
        return error;
    chosen = engine;
    return BRINK_OK;
}

const char *brink_lanes_isa(void)
{
    return chosen->isa;
}

bool brink_lanes_run(const struct brink_rules *rules, bool full,
                     const struct brink_cell_source *source, struct brink_pulse *pulse,
                     struct brink_lanes_use *use)
{
    return chosen->run(rules, full, source, pulse, use);
}
