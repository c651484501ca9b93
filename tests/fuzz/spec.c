// SPDX-License-Identifier: MIT
// Any bytes as a specification.
#include "spec_law.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    law((const char *)data, size, 0, NULL);
    return 0;
}
