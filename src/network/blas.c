// SPDX-License-Identifier: MIT
// OpenBLAS by dlopen: its products, its name, one thread.
#include "blas.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct brink_blas brink_blas;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static char lack[512]; // what it lacks, "" if nothing

// Puts the address of function `symbol` into the pointer at `function`.
static void find(void *library, const char *symbol, void *function)
{
    void *address = dlsym(library, symbol);
    if (!address)
        snprintf(lack, sizeof lack, "it has no %s", symbol);
    memcpy(function, &address, sizeof address);
}

static void load(void)
{
    int (*kind)(void);
    char *(*config)(void), *(*core)(void);
    void (*set_threads)(int);
    setenv("OPENBLAS_NUM_THREADS", "1", 1); // or loading starts a thread for each CPU
    void *library = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        snprintf(lack, sizeof lack, "%s", dlerror());
        return;
    }
    find(library, "cblas_sgemm", &brink_blas.sgemm);
    find(library, "cblas_dgemm", &brink_blas.dgemm);
    find(library, "openblas_get_config", &config);
    find(library, "openblas_get_corename", &core);
    find(library, "openblas_get_parallel", &kind);
    find(library, "openblas_set_num_threads", &set_threads);
    if (lack[0])
        return;
    // With OpenMP it takes as many threads as that has, and without threads it may have no locks.
    if (kind() != 1) {
        snprintf(lack, sizeof lack, "it is not built with POSIX threads");
        return;
    }
    set_threads(1);
    const char *version = config(); // "OpenBLAS 0.3.21 DYNAMIC_ARCH ..."
    size_t length = strcspn(version, " ");
    length += version[length] ? 1 + strcspn(version + length + 1, " ") : 0;
    snprintf(brink_blas.name, sizeof brink_blas.name, "%.*s %s", (int)length, version, core());
}

brink_err brink_blas_load(const char **name)
{
    pthread_once(&once, load);
    *name = brink_blas.name;
    if (lack[0])
        return brink_fail(BRINK_ERR_USAGE,
                          "network.engine: blas needs the OpenBLAS with POSIX threads (Debian: "
                          "libopenblas0-pthread): libopenblas.so.0: %s",
                          lack);
    return BRINK_OK;
}
