// SPDX-License-Identifier: MIT
// The C side of `make bench`: times kernels on request, the engine, and measures accuracy.
//
//   bench cells FILE   then lines "KERNEL STEPS" on stdin: each prints its seconds and the core's
//                      window before and after, see window.h; and "window 0", without a kernel
//   bench engine ...   see engine.c
//   bench accuracy N   see accuracy.c
//   bench limits       see limits.c
//
// FILE: a line "COUNT", then the doubles x[COUNT], y[COUNT], h[COUNT], a[COUNT] for each of the
// families a1, a, b3, b7.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "peers.h"
#include "raw.h"
#include "window.h"

enum family { FAMILY_A1, FAMILY_A, FAMILY_B3, FAMILY_B7, FAMILIES };

static const struct {
    const char *name;
    enum family family;
    stepper *step;
} kernels[] = {
    {"brink_a1", FAMILY_A1, brink_a1},   {"brink_row", FAMILY_A, brink_row},
    {"brink_b3", FAMILY_B3, brink_b3},   {"brink_b7", FAMILY_B7, brink_b7},
    {"simd_a1", FAMILY_A1, simd_a1},     {"simd_a", FAMILY_A, simd_a},
    {"simd_b3", FAMILY_B3, simd_b3},     {"simd_b7", FAMILY_B7, simd_b7},
    {"watch_a1", FAMILY_A1, watch_a1},   {"watch_a", FAMILY_A, watch_a},
    {"watch_b3", FAMILY_B3, watch_b3},   {"watch_b7", FAMILY_B7, watch_b7},
    {"scalar_a1", FAMILY_A1, scalar_a1}, {"scalar_a", FAMILY_A, scalar_a},
    {"scalar_b3", FAMILY_B3, scalar_b3}, {"scalar_b7", FAMILY_B7, scalar_b7},
    {"alone_a1", FAMILY_A1, alone_a1},   {"alone_b3", FAMILY_B3, alone_b3},
    {"alone_b7", FAMILY_B7, alone_b7},   {"brink_direct", FAMILY_A, brink_direct},
};
enum { KERNELS = sizeof kernels / sizeof kernels[0] };

struct input {
    long count;
    double *column[FAMILIES][4]; // x, y, h, a
};

static double *allocate(long count)
{
    double *values = aligned_alloc(64, (size_t)count * sizeof(double));
    if (!values)
        exit(1);
    return values;
}

static int read_cells(const char *path, struct input *input)
{
    FILE *file = fopen(path, "rb");
    if (!file || fscanf(file, "%ld", &input->count) != 1 || fgetc(file) != '\n' ||
        input->count <= 0 || input->count % BENCH_ROW != 0) {
        fprintf(stderr, "bench: %s: not a file of cells\n", path);
        return 1;
    }
    size_t count = (size_t)input->count, got = 0;
    for (int family = 0; family < FAMILIES; family++)
        for (int i = 0; i < 4; i++) {
            input->column[family][i] = allocate(input->count);
            got += fread(input->column[family][i], sizeof(double), count, file);
        }
    fclose(file);
    return got != 4 * FAMILIES * count;
}

// Seconds of `steps` steps of all cells.
static double time_kernel(const struct input *input, int kernel, long steps)
{
    static double *x, *y;
    double *const *start = input->column[kernels[kernel].family];
    size_t bytes = (size_t)input->count * sizeof(double);
    x = x ? x : allocate(input->count);
    y = y ? y : allocate(input->count);
    memcpy(x, start[0], bytes);
    memcpy(y, start[1], bytes);
    const struct cells cells = {x, y, start[2], start[3], input->count};
    double begin = bench_clock();
    kernels[kernel].step(&cells, steps);
    return bench_clock() - begin;
}

static int answer_requests(const char *path)
{
    struct input input;
    char name[32];
    long steps;
    if (read_cells(path, &input))
        return 1;
    while (scanf("%31s %ld", name, &steps) == 2) {
        int kernel = 0;
        double seconds = 0, before = bench_window(), after = before;
        while (kernel < KERNELS && strcmp(kernels[kernel].name, name) != 0)
            kernel++;
        if (kernel < KERNELS) {
            seconds = time_kernel(&input, kernel, steps);
            after = bench_window();
        } else if (strcmp(name, "window") != 0) {
            return 1;
        }
        printf("%.9f %.4f %.4f\n", seconds, before, after);
        fflush(stdout);
    }
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "cells") == 0)
        return answer_requests(argv[2]);
    if (argc > 1 && strcmp(argv[1], "engine") == 0)
        return bench_engine(argc - 1, argv + 1);
    if (argc > 1 && strcmp(argv[1], "accuracy") == 0)
        return bench_accuracy(argc - 1, argv + 1);
    if (argc == 2 && strcmp(argv[1], "limits") == 0)
        return bench_limits();
    fprintf(stderr, "usage: bench cells FILE | engine ... | accuracy N | limits\n");
    return 1;
}
