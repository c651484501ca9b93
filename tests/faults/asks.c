// SPDX-License-Identifier: MIT
// The third part of the preloaded library: what brink asks of HDF5, and of Linux without changing
// the disk. The N-th such call fails, and is not made. ASKS lists the functions; see solo.py.
//
//   SHIM_ASK     N: the N-th call fails
//                0 DEPTH: all are logged, each with a number that stands for the last so many calls
//                in the program that have led to it
#include "shim.h"

#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { PLACES = 64 };
static long *asks; // shared
static long fails_at = -1, depth;
static uintptr_t base, begin, end; // the program: where it is loaded, its instructions

static int find_program(struct dl_phdr_info *object, size_t size, void *context)
{
    (void)size;
    (void)context;
    base = object->dlpi_addr;
    for (int i = 0; i < object->dlpi_phnum; i++)
        if (object->dlpi_phdr[i].p_type == PT_LOAD && object->dlpi_phdr[i].p_flags & PF_X) {
            begin = base + object->dlpi_phdr[i].p_vaddr;
            end = begin + object->dlpi_phdr[i].p_memsz;
        }
    return 1; // the first object is the program
}

void shim_ask_plan(const char *ask)
{
    const char *space = ask ? strchr(ask, ' ') : NULL;
    dl_iterate_phdr(find_program, NULL);
    fails_at = -1;
    if (ask && ask[0] && strcmp(program_invocation_short_name, "brink") == 0)
        fails_at = atol(ask);
    depth = space ? atol(space) : 0;
    asks = shim_shared(sizeof *asks);
}

void shim_ask_end(void)
{
    fails_at = -1;
}

static uint64_t way_here(void)
{
    void *places[PLACES];
    uint64_t hash = UINT64_C(0xcbf29ce484222325); // FNV-1a
    int count = backtrace(places, PLACES);
    long steps = 0;
    for (int i = 0; i < count && steps < depth; i++)
        if ((uintptr_t)places[i] >= begin && (uintptr_t)places[i] < end) {
            hash = (hash ^ ((uintptr_t)places[i] - base)) * UINT64_C(0x100000001b3);
            steps++;
        }
    return hash;
}

bool shim_ask_fails(const char *function, const void *caller)
{
    uintptr_t place = (uintptr_t)caller;
    if (fails_at < 0 || place < begin || place >= end)
        return false;
    long number = __atomic_add_fetch(asks, 1, __ATOMIC_SEQ_CST);
    if (fails_at == 0)
        shim_note("ask", function, way_here());
    if (number != fails_at)
        return false;
    errno = EIO;
    return true;
}

// A call with any arguments, passed on as they came.
#define ASK(function, failed)                                                                      \
    long function();                                                                               \
    long function()                                                                                \
    {                                                                                              \
        void *arguments = __builtin_apply_args();                                                  \
        static void (*real)();                                                                     \
        if (!real)                                                                                 \
            *(void **)&real = dlsym(RTLD_NEXT, #function);                                         \
        if (shim_ask_fails(#function, __builtin_return_address(0)))                                \
            return failed;                                                                         \
        __builtin_return(__builtin_apply(real, arguments, 64));                                    \
    }
ASKS
