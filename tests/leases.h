// SPDX-License-Identifier: MIT
// Leases of others, for tests.
#ifndef BRINK_TESTS_LEASES_H
#define BRINK_TESTS_LEASES_H

#include <string.h>

#include "brink/store/lease.h"
#include "files.h"
#include "unit.h"

static const struct brink_owner somebody = {.host = "n1",
                                            .boot = "b",
                                            .space = "pid:[1]",
                                            .pid = "345",
                                            .start = "678",
                                            .cluster = "lab",
                                            .job = "12",
                                            .token = "0123456789abcdef",
                                            .beat = "00000000000000000000"};

static inline struct brink_lease *open_lease(const char *file)
{
    struct brink_lease *lease = NULL;
    ck_assert_ok(brink_lease_open(file, &lease));
    return lease;
}

static inline void write_lease(const char *file, const struct brink_owner *owner)
{
    char path[512], text[BRINK_OWNER_BYTES];
    snprintf(path, sizeof path, "%s.lease", file);
    brink_owner_write(owner, text);
    spill(path, text, strlen(text));
}

// What this process would write.
static inline struct brink_owner this_process(void)
{
    struct brink_lease_view view;
    struct brink_lease *lease = open_lease(in_folder("self"));
    bool taken = false;
    ck_assert_ok(brink_lease_try(lease, false, 0, &taken));
    ck_assert(taken);
    ck_assert_ok(brink_lease_view(in_folder("self"), &view));
    brink_lease_close(&lease);
    ck_assert(view.there && view.readable && view.life == BRINK_LIFE_ALIVE);
    return view.owner;
}

#endif
