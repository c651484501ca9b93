// SPDX-License-Identifier: MIT
// The fast engines. Their bits depend on no ISA, thread, batch or blocking; they equal the plain
// engine's to rounding.
#ifndef BRINK_NETWORK_FAST_H
#define BRINK_NETWORK_FAST_H

#include "brink/network/network.h"

// Lanes and gram need full batches, and lanes no norm and few weights; gram takes any network, and
// batch any with minibatches.
extern const struct brink_network_engine brink_engine_lanes, brink_engine_gram, brink_engine_batch;

#endif
