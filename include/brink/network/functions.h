// SPDX-License-Identifier: MIT
// Activations and losses of one number with their derivatives: the definitions, in double.
#ifndef BRINK_NETWORK_FUNCTIONS_H
#define BRINK_NETWORK_FUNCTIONS_H

#include "brink/network/network.h"

// A function's value and its first two derivatives. At a kink the side z <= 0 counts.
struct brink_jet {
    double value, slope, curvature;
};

struct brink_jet brink_activation_at(enum brink_activation activation, double z);

// Of a residual r = output - label; not for cross entropy, which couples the outputs.
struct brink_jet brink_loss_at(enum brink_loss loss, double r);

// Degree of growth of phi for large arguments along a ray: 0 for tanh, k for relu^k.
int brink_activation_degree(enum brink_activation activation);

#endif
