// SPDX-License-Identifier: MIT
// The engine on a map of mixed cells, against its own raw kernel on the same steps.
//
//   bench engine MAP ROWS COLUMNS MAX_STEPS
//
// MAP: row (F_a, another a in each row), a1, b3 or b7 (another start in each row). Along a row the
// learning rate grows to twice the largest at which a minimum can be stable. Prints JSON: times,
// each with the core's mean window (window.h) while it was taken.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"
#include "raw.h"
#include "window.h"

enum { LOOK_CELLS = 2048, LOOK_GROUPS = 32, TAIL = 1024, TAIL_MIN = 8 };

struct map {
    int rows, columns;
    struct brink_curve *curves; // [rows]
    struct brink_point *points; // [rows][columns]
    struct brink_cell *cells;   // [rows][columns]
    int64_t taken;
    // Windows seen, and the seconds that looking at them took.
    int looks;
    double windows, looking;
};

struct timing {
    double seconds, window;
};

static void look(struct map *map)
{
    double begin = bench_clock();
    map->windows += bench_window();
    map->looks++;
    map->looking += bench_clock() - begin;
}

// Seconds since `begin`, without looks.
static struct timing timing_since(struct map *map, double begin)
{
    look(map);
    return (struct timing){bench_clock() - begin - map->looking, map->windows / map->looks};
}

static void *allocate(size_t count, size_t size)
{
    void *memory = aligned_alloc(64, (count * size + 63) / 64 * 64);
    if (!memory)
        exit(1);
    return memory;
}

static int make_map(struct map *map, const char *name)
{
    bool good = name[0] != 'b';
    bool many = strcmp(name, "row") == 0;
    double value = good ? 1 : atof(name + 1);
    const struct brink_objective *objective = brink_objective_find(good ? "a" : "b");
    if (map->rows < 2 || map->columns < 2 || !(value >= 1))
        return 1;
    size_t cells = (size_t)map->rows * (size_t)map->columns;
    map->curves = allocate((size_t)map->rows, sizeof map->curves[0]);
    map->points = allocate(cells, sizeof map->points[0]);
    map->cells = allocate(cells, sizeof map->cells[0]);
    for (int row = 0; row < map->rows; row++) {
        struct brink_curve *curve = &map->curves[row];
        double part = row / (map->rows - 1.0);
        objective->prepare(curve, many ? 0.1 + 0.85 * part : value);
        double x = many ? 1.3 : good ? 1.05 + 0.5 * part : 0.7 + 0.6 * part;
        double y = many ? 0.4 : good ? 0.8 : 0.9;
        for (int column = 0; column < map->columns; column++) {
            double h = 2 * (column + 0.5) / map->columns / curve->curvature_minimum;
            map->points[row * map->columns + column] = (struct brink_point){curve, h, x, y};
        }
    }
    return 0;
}

static int take(void *context, struct brink_point *point, void **ticket)
{
    struct map *map = context;
    if (map->taken == (int64_t)map->rows * map->columns)
        return -1;
    if (map->taken % LOOK_CELLS == 0)
        look(map);
    *point = map->points[map->taken];
    *ticket = &map->cells[map->taken++];
    return 1;
}

static void give(void *context, void *ticket, const struct brink_cell *cell)
{
    (void)context;
    *(struct brink_cell *)ticket = *cell;
}

static struct timing time_engine(struct map *map, int max_steps, int tail, bool full,
                                 struct brink_lanes_use *use)
{
    const struct brink_rules rules = {
        .max_steps = max_steps, .tail = tail, .grad_tol = 1e-10, .escape = 1e8};
    const struct brink_cell_source source = {take, give, map};
    *use = (struct brink_lanes_use){0};
    map->taken = map->looks = 0;
    map->windows = map->looking = 0;
    double begin = bench_clock();
    if (!BRINK_ENGINE.run(&rules, full, &source, NULL, use))
        exit(1);
    return timing_since(map, begin);
}

// ---- the raw kernel on the same steps

static const struct map *sorted; // for qsort

static int compare_steps(const void *a, const void *b)
{
    int32_t left = sorted->cells[*(const int *)a].steps;
    int32_t right = sorted->cells[*(const int *)b].steps;
    return (left > right) - (left < right);
}

// Seconds of the raw kernel for a cell-step, on the map's cells from their starts to the block
// before their ends: cells of a row that take nearly the same number of steps, side by side.
static struct timing time_raw(struct map *map)
{
    int lanes = raw_lanes(), *order = allocate((size_t)map->columns, sizeof order[0]);
    double *h = allocate((size_t)lanes, sizeof h[0]), *x = allocate((size_t)lanes, sizeof x[0]);
    double *y = allocate((size_t)lanes, sizeof y[0]), seconds = 0, steps = 0;
    map->looks = 0;
    map->windows = 0;
    for (int row = 0; row < map->rows; row++) {
        for (int i = 0; i < map->columns; i++)
            order[i] = row * map->columns + i;
        sorted = map;
        qsort(order, (size_t)map->columns, sizeof order[0], compare_steps);
        for (int first = 0; first + lanes <= map->columns; first += lanes) {
            for (int i = 0; i < lanes; i++) {
                const struct brink_point *point = &map->points[order[first + i]];
                h[i] = point->h;
                x[i] = point->x;
                y[i] = point->y;
            }
            if (first / lanes % LOOK_GROUPS == 0)
                look(map);
            int64_t blocks = map->cells[order[first]].steps / BRINK_BLOCK;
            double begin = bench_clock();
            raw_run(&map->curves[row], blocks, h, x, y);
            seconds += bench_clock() - begin;
            steps += (double)(blocks * BRINK_BLOCK * lanes);
        }
    }
    free(order);
    free(h);
    free(x);
    free(y);
    return (struct timing){seconds / steps, map->windows / map->looks};
}

static void print_map(const struct map *map)
{
    int64_t steps = 0, count[BRINK_STATUS_COUNT] = {0};
    for (int64_t i = 0; i < (int64_t)map->rows * map->columns; i++) {
        steps += map->cells[i].steps;
        count[map->cells[i].status]++;
    }
    printf("\"cells\": %" PRId64 ", \"steps\": %" PRId64, (int64_t)map->rows * map->columns, steps);
    for (int status = 0; status < BRINK_STATUS_COUNT; status++)
        if (count[status] > 0)
            printf(", \"%s\": %" PRId64, brink_status_name((enum brink_status)status),
                   count[status]);
}

static void print_timing(const char *name, struct timing timing)
{
    printf(", \"%s\": {\"seconds\": %.6g, \"window\": %.4f}", name, timing.seconds, timing.window);
}

int bench_engine(int argc, char **argv)
{
    struct map map = {.rows = argc == 5 ? atoi(argv[2]) : 0};
    int max_steps = argc == 5 ? atoi(argv[4]) : 0;
    map.columns = argc == 5 ? atoi(argv[3]) : 0;
    if (max_steps < 1 || make_map(&map, argv[1])) {
        fprintf(stderr, "bench engine: MAP ROWS COLUMNS MAX_STEPS\n");
        return 1;
    }
    struct brink_lanes_use use, other;
    struct timing full = time_engine(&map, max_steps, TAIL, true, &other);
    struct timing tails = time_engine(&map, max_steps, TAIL, false, &other);
    struct timing engine = time_engine(&map, max_steps, TAIL_MIN, false, &use);
    struct timing raw = time_raw(&map);
    printf("{");
    print_map(&map);
    print_timing("raw_step", raw);
    print_timing("engine", engine);
    print_timing("engine_with_tails", tails);
    print_timing("engine_full", full);
    printf(", \"run\": %" PRId64 ", \"used\": %" PRId64 ", \"replayed\": %" PRId64 "}\n", use.run,
           use.used, use.replayed);
    return 0;
}
