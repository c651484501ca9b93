// SPDX-License-Identifier: MIT
// Readers of published data files.
#ifndef BRINK_NETWORK_DATA_FILES_H
#define BRINK_NETWORK_DATA_FILES_H

#include "brink/network/data.h"

brink_err brink_data_load_idx(const struct brink_data_request *request,
                              struct brink_data *data) BRINK_CHECKED;
brink_err brink_data_load_cifar(const struct brink_data_request *request,
                                struct brink_data *data) BRINK_CHECKED;

// Their files, in order; stops at the first error.
brink_err brink_data_visit_idx(const struct brink_data_request *request,
                               brink_err (*visit)(void *context, const char *path),
                               void *context) BRINK_CHECKED;
brink_err brink_data_visit_cifar(const struct brink_data_request *request,
                                 brink_err (*visit)(void *context, const char *path),
                                 void *context) BRINK_CHECKED;

#endif
