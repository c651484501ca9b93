// SPDX-License-Identifier: MIT
// Preloaded into a program, makes the clock of the day jump by hours twice a second, forth and
// back.
#include <dlfcn.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/time.h>
#include <time.h>

typedef int get_clock(clockid_t clock, struct timespec *now);
int clock_gettime(clockid_t clock, struct timespec *now);
int gettimeofday(struct timeval *restrict now, void *restrict zone);
time_t time(time_t *now);

int clock_gettime(clockid_t clock, struct timespec *now)
{
    static get_clock *real;
    struct timespec steady;
    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
    int result = real(clock, now);
    if (result != 0 || clock != CLOCK_REALTIME)
        return result;
    real(CLOCK_MONOTONIC, &steady);
    uint64_t halves = (uint64_t)steady.tv_sec * 2 + (steady.tv_nsec >= 500000000);
    now->tv_sec += (time_t)(halves * UINT64_C(0x9e3779b97f4a7c15) >> 44) - (1 << 19); // +- 6 days
    return 0;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    struct timespec fine;
    (void)zone;
    int result = clock_gettime(CLOCK_REALTIME, &fine);
    now->tv_sec = fine.tv_sec;
    now->tv_usec = fine.tv_nsec / 1000;
    return result;
}

time_t time(time_t *now)
{
    struct timespec fine;
    clock_gettime(CLOCK_REALTIME, &fine);
    if (now)
        *now = fine.tv_sec;
    return fine.tv_sec;
}
