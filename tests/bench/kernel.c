// SPDX-License-Identifier: MIT
// Times one engine: its raw kernels, and whole maps against them. Built once per ISA.
//
// kernel [SECONDS [MAP]]: ns per cell-step of each kernel (best of many short runs in SECONDS each:
// the host is shared), then, per map whose name contains MAP, ns per useful cell-step and per
// cell, that over the raw kernel, and lane utilisation.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../src/dynamics/engine.h"
#include "../../src/dynamics/kernel.h"
#include "brink/base/memory.h"

// Of this thread: other work on the machine does not count.
static double seconds_now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

// A curve, and orbits on it that neither end nor leave the table.
struct subject {
    const char *name, *parameter;
    double value, h; // h over the rate at which the minimum at (1, 1) is marginal
};
static const struct subject subjects[] = {
    {"a = 1", "a", 1, 1.05},   {"a = .5", "a", 0.5, 1.05}, {"b = 1", "b", 1, 1.4},
    {"b = 3", "b", 3, 1.02},   {"b = 5", "b", 5, 1.02},    {"b = 7", "b", 7, 1.02},
    {"b = 13", "b", 13, 1.02}, {"b = 15", "b", 15, 1.02},
};
enum { SUBJECTS = sizeof subjects / sizeof subjects[0] };

static const struct brink_rules rules_for_ever = {2000000000, 1024, 1e-10, 1e8};

static void start_lanes(struct lane_vector lanes[], int count, const struct brink_curve *curve,
                        double h)
{
    memset(lanes, 0, (size_t)count * sizeof *lanes);
    for (int i = 0; i < count; i++) {
        lanes[i].curve = curve;
        lanes[i].used = VEC_ALL;
        for (int lane = 0; lane < VEC_WIDTH; lane++) {
            lanes[i].at[LANE_X][lane] = 1.01 + 0.001 * lane + 0.0001 * i;
            lanes[i].at[LANE_Y][lane] = 1.01;
            lanes[i].at[LANE_H][lane] = h;
            lanes[i].at[LANE_KEPT_X][lane] = -1;
            lanes[i].at[LANE_FAR][lane] = 1e8;
            lanes[i].at[LANE_EDGE_MAX][lane] = 1.5;
        }
    }
}

// ns per cell-step of the block kernel.
static double time_kernel(const struct subject *subject, bool full, double seconds)
{
    static struct lane_vector lanes[KERNEL_VECTORS];
    static struct brink_curve curve;
    enum { BLOCKS = 8 };
    double best = 1e30, end = seconds_now() + seconds;
    enum kernel_kind kind;
    brink_objective_find(subject->parameter)->prepare(&curve, subject->value);
    brink_kernel_find(&curve, &kind);
    start_lanes(lanes, KERNEL_VECTORS, &curve, subject->h / curve.curvature_minimum);
    while (seconds_now() < end) {
        double start = seconds_now();
        for (int i = 0; i < BLOCKS; i++)
            brink_kernels[full][kind].block(lanes, &rules_for_ever);
        double ns = 1e9 * (seconds_now() - start);
        best = ns < best ? ns : best;
    }
    return best / (BLOCKS * BRINK_BLOCK * KERNEL_VECTORS * VEC_WIDTH);
}

// A map: rows of curves, columns of learning rates up to `reach` times the marginal one.
struct map {
    const char *name, *parameter;
    double first, last; // of the parameter
    int rows, columns;
    double x, y, reach;
    struct brink_rules rules;
    struct brink_curve *curves;
    double *units; // the marginal rate of each row
    int64_t taken, given, steps, count[BRINK_STATUS_COUNT];
};

static int take(void *context, struct brink_point *point, void **ticket)
{
    struct map *map = context;
    if (map->taken == (int64_t)map->rows * map->columns)
        return -1;
    int64_t row = map->taken / map->columns, column = map->taken % map->columns;
    const struct brink_curve *curve = &map->curves[row];
    double h =
        map->reach * (double)(column + 1) / map->columns * brink_flow_rate(curve, map->x, map->y);
    *point = (struct brink_point){curve, h, map->x, map->y};
    *ticket = NULL;
    map->taken++;
    return 1;
}

static void give(void *context, void *ticket, const struct brink_cell *cell)
{
    struct map *map = context;
    (void)ticket;
    map->given++;
    map->steps += cell->steps;
    map->count[cell->status]++;
}

static void time_map(struct map *map, bool full, double raw)
{
    enum { REPEATS = 7 };
    struct brink_cell_source source = {take, give, map};
    struct brink_lanes_use use = {0};
    if (brink_alloc(&map->curves, (size_t)map->rows, sizeof *map->curves) ||
        brink_alloc(&map->units, (size_t)map->rows, sizeof *map->units))
        exit(EXIT_FAILURE);
    for (int i = 0; i < map->rows; i++) {
        double value = map->rows == 1 ? map->first
                                      : map->first + (map->last - map->first) * i / (map->rows - 1);
        brink_objective_find(map->parameter)->prepare(&map->curves[i], value);
        map->units[i] = brink_flow_rate(&map->curves[i], map->x, map->y);
    }
    double ns = 1e30;
    for (int i = 0; i < REPEATS; i++) {
        map->taken = map->given = map->steps = 0;
        memset(map->count, 0, sizeof map->count);
        double start = seconds_now();
        BRINK_ENGINE.run(&map->rules, full, &source, NULL, &use);
        double time = 1e9 * (seconds_now() - start);
        ns = time < ns ? time : ns;
    }
    printf("%-22s %-5s %7.1f steps/cell %8.3f ns/step %8.1f ns/cell  over raw %5.3f  "
           "utilisation %.4f  replays %.3f tails %.3f |",
           map->name, full ? "full" : "basic", (double)map->steps / (double)map->given,
           ns / (double)map->steps, ns / (double)map->given, ns / (double)map->steps / raw,
           (double)(map->steps * REPEATS) / (double)use.run, (double)use.replayed / (double)use.run,
           (double)use.tail / (double)use.run);
    for (int i = 0; i < BRINK_STATUS_COUNT; i++)
        if (map->count[i])
            printf(" %s %.3f", brink_status_name((enum brink_status)i),
                   (double)map->count[i] / (double)map->given);
    printf("\n");
    brink_free(&map->curves);
    brink_free(&map->units);
}

int main(int argc, char **argv)
{
    double seconds = argc > 1 ? atof(argv[1]) : 1;
    double raw[SUBJECTS];
    for (int i = 0; i < SUBJECTS; i++) {
        raw[i] = time_kernel(&subjects[i], false, seconds);
        printf("%-9s %-7s %.3f ns/cell-step, full %.3f\n", BRINK_ENGINE.isa, subjects[i].name,
               raw[i], time_kernel(&subjects[i], true, seconds));
    }
    const struct brink_rules rules = {20000, 1024, 1e-10, 1e8};
    struct map maps[] = {
        {"a = 1 (4, .5)", "a", 1, 1, 1, 16384, 4, 0.5, 8, rules, NULL, NULL, 0, 0, 0, {0}},
        {"a = .1..(1) (4, .5)",
         "a",
         0.1,
         0.99,
         16,
         2048,
         4,
         0.5,
         8,
         rules,
         NULL,
         NULL,
         0,
         0,
         0,
         {0}},
        {"a = .1..(1) (10, 1)", "a", 0.1, 0.99, 2, 4096, 10, 1, 4, rules, NULL, NULL, 0, 0, 0, {0}},
        {"b = 1 (4, .5)", "b", 1, 1, 1, 32768, 4, 0.5, 2, rules, NULL, NULL, 0, 0, 0, {0}},
        {"b = 3 (1.3, .8)", "b", 3, 3, 1, 8192, 1.3, 0.8, 2, rules, NULL, NULL, 0, 0, 0, {0}},
        {"b = 7 (1.1, .95)", "b", 7, 7, 1, 8192, 1.1, 0.95, 1.2, rules, NULL, NULL, 0, 0, 0, {0}},
    };
    const int subject[] = {0, 1, 1, 2, 3, 5};
    for (int full = 0; full < 2; full++)
        for (size_t i = 0; i < sizeof maps / sizeof maps[0]; i++) {
            struct map map = maps[i];
            if (argc > 2 && !strstr(map.name, argv[2]))
                continue;
            time_map(&map, full, raw[subject[i]]);
        }
    return 0;
}
