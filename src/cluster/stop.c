// SPDX-License-Identifier: MIT
// The wish to stop, left by a signal handler.
#include "stop.h"

#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t wanted, signalled;

static void wish(int number)
{
    (void)number;
    wanted = 1;
    if (signalled < 2)
        signalled = signalled + 1;
}

static void handle(void (*handler)(int))
{
    static const int signals[] = {SIGINT, SIGTERM, SIGUSR1};
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        sigaction(signals[i], &action, NULL);
}

void brink_stop_catch(void)
{
    handle(wish);
}

void brink_stop_release(void)
{
    handle(SIG_DFL);
}

bool brink_stop_wanted(void)
{
    return wanted != 0;
}

bool brink_stop_urgent(void)
{
    return signalled > 1;
}

void brink_stop_want(void)
{
    wanted = 1;
}
