// SPDX-License-Identifier: MIT
// One thread, one sync at a time. It touches of the store only what brink_store_flush does.
#include "flusher.h"

#include <assert.h>
#include <pthread.h>

#include "brink/base/memory.h"
#include "polite.h"
#include "quiet.h"

struct brink_flusher {
    struct brink_store *store;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t asked;
    // Under the mutex.
    bool busy, end;
    int number; // errno's of the last sync, or 0
    double seconds;
};

static void *work(void *context)
{
    struct brink_flusher *flusher = context;
    pthread_mutex_lock(&flusher->mutex);
    for (;;) {
        while (!flusher->busy && !flusher->end)
            pthread_cond_wait(&flusher->asked, &flusher->mutex);
        if (!flusher->busy)
            break;
        pthread_mutex_unlock(&flusher->mutex);
        double start = brink_clock();
        int number = brink_store_flush(flusher->store);
        pthread_mutex_lock(&flusher->mutex);
        flusher->number = number;
        flusher->seconds = brink_clock() - start;
        flusher->busy = false;
    }
    pthread_mutex_unlock(&flusher->mutex);
    return NULL;
}

brink_err brink_flusher_start(struct brink_store *store, struct brink_flusher **flusher)
{
    struct brink_flusher *made = NULL;
    *flusher = NULL;
    brink_err error = brink_alloc(&made, 1, sizeof *made);
    if (error)
        return error;
    made->store = store;
    pthread_mutex_init(&made->mutex, NULL);
    pthread_cond_init(&made->asked, NULL);
    error = brink_quiet_thread(&made->thread, work, made);
    if (error)
        brink_free(&made);
    *flusher = made;
    return error;
}

void brink_flusher_ask(struct brink_flusher *flusher)
{
    pthread_mutex_lock(&flusher->mutex);
    assert(!flusher->busy);
    flusher->busy = true;
    pthread_cond_signal(&flusher->asked);
    pthread_mutex_unlock(&flusher->mutex);
}

brink_err brink_flusher_look(struct brink_flusher *flusher, bool *busy, double *seconds)
{
    pthread_mutex_lock(&flusher->mutex);
    *busy = flusher->busy;
    *seconds = flusher->seconds;
    int number = flusher->busy ? 0 : flusher->number;
    pthread_mutex_unlock(&flusher->mutex);
    return number ? brink_store_flushed(flusher->store, number) : BRINK_OK;
}

brink_err brink_flusher_end(struct brink_flusher **flusher)
{
    if (!*flusher)
        return BRINK_OK;
    pthread_mutex_lock(&(*flusher)->mutex);
    (*flusher)->end = true;
    pthread_cond_signal(&(*flusher)->asked);
    pthread_mutex_unlock(&(*flusher)->mutex);
    pthread_join((*flusher)->thread, NULL);
    int number = (*flusher)->number;
    brink_err error = number ? brink_store_flushed((*flusher)->store, number) : BRINK_OK;
    pthread_cond_destroy(&(*flusher)->asked);
    pthread_mutex_destroy(&(*flusher)->mutex);
    brink_free(flusher);
    return error;
}
