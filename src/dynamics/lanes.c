// SPDX-License-Identifier: MIT
// Which engine runs: the instruction sets of this build, the CPU's, the user's wish, the self-test.
#include "brink/dynamics/lanes.h"

#include <stdlib.h>
#include <string.h>

#include "engine.h"

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

// A few cells of every kernel, with the ends that the reference gave where it was right.
struct probe {
    const char *parameter;
    double value, h, x, y;
    int32_t steps;
    enum brink_status status;
    uint64_t x_end, y_end;
};
static const struct probe probes[] = {
#include "probes.h"
};
enum { PROBES = sizeof probes / sizeof probes[0] };

struct probing {
    struct brink_curve curve;
    struct brink_point point;
    bool taken;
    struct brink_cell cell;
};

static int take_probe(void *context, struct brink_point *point, void **ticket)
{
    struct probing *probing = context;
    if (probing->taken)
        return -1;
    probing->taken = true;
    *point = probing->point;
    *ticket = NULL;
    return 1;
}

static void give_probe(void *context, void *ticket, const struct brink_cell *cell)
{
    (void)ticket;
    ((struct probing *)context)->cell = *cell;
}

static bool probe_passes(const struct brink_engine *engine, const struct probe *probe)
{
    const struct brink_rules rules = {
        .max_steps = 2000, .tail = 64, .grad_tol = 1e-10, .escape = 1e8};
    struct probing probing = {.taken = false};
    brink_objective_find(probe->parameter)->prepare(&probing.curve, probe->value);
    probing.point = (struct brink_point){&probing.curve, probe->h, probe->x, probe->y};
    struct brink_cell_source source = {take_probe, give_probe, &probing};
    return engine->run(&rules, false, &source, NULL, NULL) && probing.cell.steps == probe->steps &&
           probing.cell.status == (int8_t)probe->status &&
           brink_bits(probing.cell.x_end) == probe->x_end &&
           brink_bits(probing.cell.y_end) == probe->y_end;
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
    for (int i = 0; i < PROBES; i++)
        if (!probe_passes(engine, &probes[i]))
            return brink_fail(BRINK_ERR_BUG,
                              "the %s kernels fail their self-test at %s = %g, h = %g: this build "
                              "is miscompiled, or its flags change the arithmetic",
                              engine->isa, probes[i].parameter, probes[i].value, probes[i].h);
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
