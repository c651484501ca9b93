// SPDX-License-Identifier: MIT
// The fast engines of one ISA and precision: their sources are compiled once for each, with one
// visible name.
#ifndef BRINK_NETWORK_PACK_H
#define BRINK_NETWORK_PACK_H

#include "brink/network/network.h"

struct brink_network_pack {
    const struct brink_network_engine *lanes, *gram, *batch;
};

// The Makefile names the pack; these are for readers of a single file.
#ifndef BRINK_PACK
#define BRINK_PACK brink_network_portable_f64
#endif
extern const struct brink_network_pack BRINK_PACK;
extern const struct brink_network_engine brink_pack_lanes, brink_pack_gram, brink_pack_batch;

#endif
