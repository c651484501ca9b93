// SPDX-License-Identifier: MIT
// The jobs that were submitted for a result: RESULT.h5.jobs beside it, a line "id date" each.
#ifndef BRINK_CLI_BATCH_H
#define BRINK_CLI_BATCH_H

#include "brink/base/text.h"

// Notes that job `id` was submitted for the result.
brink_err brink_batch_note(const char *result, const char *id) BRINK_CHECKED;

// Lists them with what squeue says of them now; nothing where none was noted.
void brink_batch_print(const char *result);
// ... as the member "jobs" of a JSON object, after others.
void brink_batch_json(const char *result, struct brink_text *json);

#endif
