// SPDX-License-Identifier: MIT
// The accuracy of the networks' elementary functions in double precision.
#define BRINK_REAL_BITS 64
#include "elementwise_accuracy.h"
