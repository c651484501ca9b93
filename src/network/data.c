// SPDX-License-Identifier: MIT
// Data sets made by rule or held in a user's HDF5 file, and what all have in common.
#include "brink/network/data.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "brink/base/elementary.h"
#include "brink/base/memory.h"
#include "brink/base/random.h"
#include "data_files.h"

const struct brink_choice brink_sources[] = {
#define ROW(upper, lower, value, meaning) [value] = {#lower, meaning},
    BRINK_SOURCES(ROW)[BRINK_SOURCE_COUNT] = {.name = NULL},
#undef ROW
};

static brink_err no_hdf5(const char *path, const char *name, int64_t *rows, int64_t *columns,
                         double **values)
{
    (void)rows;
    (void)columns;
    *values = NULL;
    return brink_fail(BRINK_ERR_IO, "%s: %s: this program does not read HDF5", path, name);
}

brink_err (*brink_data_hdf5)(const char *path, const char *name, int64_t *rows, int64_t *columns,
                             double **values) = no_hdf5;

brink_err brink_data_alloc(struct brink_data *data, int n, int d, int outputs)
{
    *data = (struct brink_data){.n = n, .d = d, .outputs = outputs};
    size_t inputs = (size_t)n * (size_t)d, labels = (size_t)n * (size_t)outputs;
    brink_err error = brink_alloc(&data->x, inputs, sizeof data->x[0]);
    if (!error)
        error = brink_alloc(&data->y, labels, sizeof data->y[0]);
    if (!error)
        error = brink_alloc(&data->x32, inputs, sizeof data->x32[0]);
    if (!error)
        error = brink_alloc(&data->y32, labels, sizeof data->y32[0]);
    if (error)
        brink_data_free(data);
    return error;
}

void brink_data_free(struct brink_data *data)
{
    brink_free(&data->x);
    brink_free(&data->y);
    brink_free(&data->x32);
    brink_free(&data->y32);
}

static void round_data(struct brink_data *data)
{
    for (size_t i = 0; i < (size_t)data->n * (size_t)data->d; i++)
        data->x32[i] = (float)data->x[i];
    for (size_t i = 0; i < (size_t)data->n * (size_t)data->outputs; i++)
        data->y32[i] = (float)data->y[i];
}

// ---- rules

static brink_err load_chebyshev(const struct brink_data_request *request, struct brink_data *data)
{
    brink_err error = brink_data_alloc(data, request->n, 1, 1);
    for (int i = 0; !error && i < request->n; i++) {
        double x = request->n > 1 ? (2.0 * i - (request->n - 1)) / (request->n - 1) : 0;
        double before = 1, now = x; // T_0, T_1
        for (int degree = 1; degree < request->degree; degree++) {
            double next = brink_fma(2 * x, now, -before);
            before = now;
            now = next;
        }
        data->x[i] = x;
        data->y[i] = request->degree == 0 ? 1 : now;
    }
    return error;
}

static brink_err load_gaussian(const struct brink_data_request *request, struct brink_data *data)
{
    brink_err error = brink_data_alloc(data, request->n, request->inputs, request->outputs);
    for (int i = 0; !error && i < request->n; i++) {
        // One key for each sample, so that the first n are the same for any n.
        const struct brink_random_key key = {request->seed, (uint64_t)i, BRINK_PURPOSE_DATA};
        size_t first = (size_t)i * (size_t)request->inputs;
        for (int j = 0; j < request->inputs; j++)
            data->x[first + (size_t)j] = brink_random_gaussian(&key, (uint32_t)(j + 1));
        if (request->outputs == 1) {
            data->y[i] = brink_random_gaussian(&key, 0);
        } else {
            int label = (int)(brink_random_uniform(&key, 0) * request->outputs);
            data->y[(size_t)i * (size_t)request->outputs + (size_t)label] = 1;
        }
    }
    return error;
}

// ---- a user's file

static brink_err load_hdf5(const struct brink_data_request *request, struct brink_data *data)
{
    double *x = NULL, *y = NULL;
    int64_t n = 0, d = 0, labels = 0, outputs = 0;
    const char *path = request->path;
    if (!path)
        return brink_fail(BRINK_ERR_USAGE, "data.path is missing: which HDF5 file?");
    brink_err error = brink_data_hdf5(path, "X", &n, &d, &x);
    if (!error)
        error = brink_data_hdf5(path, "Y", &labels, &outputs, &y);
    if (!error && n != labels)
        error = brink_fail(BRINK_ERR_IO, "%s: X has %" PRId64 " samples, Y has %" PRId64 " labels",
                           path, n, labels);
    if (!error && (d > 1000000 || outputs > 10000))
        error = brink_fail(BRINK_ERR_IO,
                           "%s: X is [%" PRId64 "][%" PRId64 "], Y [%" PRId64 "][%" PRId64
                           "]: at most 1000000 inputs and 10000 outputs are possible",
                           path, n, d, labels, outputs);
    if (!error && n < request->n)
        error = brink_fail(BRINK_ERR_IO, "%s: X has %" PRId64 " samples, %d are asked for (data.n)",
                           path, n, request->n);
    if (!error)
        error = brink_data_alloc(data, request->n, (int)d, (int)outputs);
    if (!error) {
        memcpy(data->x, x, (size_t)request->n * (size_t)d * sizeof x[0]);
        memcpy(data->y, y, (size_t)request->n * (size_t)outputs * sizeof y[0]);
    }
    brink_free(&x);
    brink_free(&y);
    return error;
}

// ---- all

const char *brink_data_folder(enum brink_source source, char folder[static 1024])
{
    const char *parent = getenv("BRINK_DATA");
    snprintf(folder, 1024, "%s/%s", parent && parent[0] ? parent : "build/data",
             brink_sources[source].name);
    return folder;
}

brink_err brink_data_load(const struct brink_data_request *request, struct brink_data *data)
{
    brink_err error = BRINK_OK;
    *data = (struct brink_data){0};
    switch (request->source) {
    case BRINK_SOURCE_CHEBYSHEV:
        error = load_chebyshev(request, data);
        break;
    case BRINK_SOURCE_GAUSSIAN:
        error = load_gaussian(request, data);
        break;
    case BRINK_SOURCE_HDF5:
        error = load_hdf5(request, data);
        break;
    case BRINK_SOURCE_CIFAR10:
        error = brink_data_load_cifar(request, data);
        break;
    default:
        error = brink_data_load_idx(request, data);
    }
    if (error)
        brink_data_free(data);
    else
        round_data(data);
    return error;
}

brink_err brink_data_files(const struct brink_data_request *request,
                           brink_err (*visit)(void *context, const char *path), void *context)
{
    switch (request->source) {
    case BRINK_SOURCE_CHEBYSHEV:
    case BRINK_SOURCE_GAUSSIAN:
        return BRINK_OK;
    case BRINK_SOURCE_HDF5:
        return request->path ? visit(context, request->path) : BRINK_OK;
    case BRINK_SOURCE_CIFAR10:
        return brink_data_visit_cifar(request, visit, context);
    default:
        return brink_data_visit_idx(request, visit, context);
    }
}
