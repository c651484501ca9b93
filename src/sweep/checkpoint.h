// SPDX-License-Identifier: MIT
// Checkpoints of single cells, as files RESULT.cell-NUMBER.
#ifndef BRINK_SWEEP_CHECKPOINT_H
#define BRINK_SWEEP_CHECKPOINT_H

#include <stdbool.h>

#include "brink/sweep/spec.h"

// Replaces what was written before. False if it could not: the cell goes on without.
bool brink_checkpoint_write(const char *result, const struct brink_spec *spec, int64_t number,
                            const void *data, size_t bytes);
// False if there is none of this spec, build and size that is whole; `data` is untouched then.
bool brink_checkpoint_read(const char *result, const struct brink_spec *spec, int64_t number,
                           void *data, size_t bytes);
void brink_checkpoint_remove(const char *result, int64_t number);

#endif
