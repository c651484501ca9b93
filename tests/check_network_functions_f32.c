// SPDX-License-Identifier: MIT
// The accuracy of the networks' elementary functions in single precision.
#define BRINK_REAL_BITS 32
#include "elementwise_accuracy.h"
