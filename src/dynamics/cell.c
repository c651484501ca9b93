// SPDX-License-Identifier: MIT
// Names of the statuses.
#include "brink/dynamics/cell.h"

const char *brink_status_name(enum brink_status status)
{
    switch (status) {
#define BRINK_STATUS_CASE(upper, lower, value, meaning)                                            \
    case BRINK_STATUS_##upper:                                                                     \
        return #lower;
        BRINK_STATUSES(BRINK_STATUS_CASE)
#undef BRINK_STATUS_CASE
    case BRINK_STATUS_COUNT:
        break;
    }
    return "unknown";
}
