// SPDX-License-Identifier: MIT
// A thread inherits the mask of signals of the one that starts it.
#include "quiet.h"

#include <signal.h>
#include <string.h>

brink_err brink_quiet_thread(pthread_t *thread, void *(*work)(void *), void *context)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int number = pthread_create(thread, NULL, work, context);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (number != 0)
        return brink_fail(BRINK_ERR_MEMORY, "cannot start a thread: %s", strerror(number));
    return BRINK_OK;
}
