// SPDX-License-Identifier: MIT
// Threads beside the main one, to which all signals are left.
#ifndef BRINK_CLUSTER_QUIET_H
#define BRINK_CLUSTER_QUIET_H

#include <pthread.h>

#include "brink/base/error.h"

// As pthread_create, for a thread that takes no signals. Independent.
brink_err brink_quiet_thread(pthread_t *thread, void *(*work)(void *), void *context) BRINK_CHECKED;

#endif
