// SPDX-License-Identifier: MIT
// The one visible name of a pack.
#include "pack.h"

const struct brink_network_pack BRINK_PACK = {
    .lanes = &brink_pack_lanes, .gram = &brink_pack_gram, .batch = &brink_pack_batch};
