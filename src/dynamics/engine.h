// SPDX-License-Identifier: MIT
// The engine of one ISA: these sources are compiled once for each, with only brink_engine visible.
#ifndef BRINK_DYNAMICS_ENGINE_H
#define BRINK_DYNAMICS_ENGINE_H

#include "brink/dynamics/lanes.h"

struct brink_engine {
    const char *isa;
    bool (*run)(const struct brink_rules *rules, bool full, const struct brink_cell_source *source,
                struct brink_pulse *pulse, struct brink_lanes_use *use);
};

// The Makefile names the engine of an ISA; without a name this is the portable one.
#ifndef BRINK_ENGINE
#define BRINK_ENGINE brink_engine_portable
#endif
extern const struct brink_engine BRINK_ENGINE;

#endif
