// SPDX-License-Identifier: MIT
// MNIST and Fashion-MNIST in the IDX format, CIFAR-10 in its binary format.
#include "data_files.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "brink/base/memory.h"

enum { CLASSES = 10, PATH_BYTES = 1200 };

const char *brink_data_hint(enum brink_source source)
{
    switch (source) {
    case BRINK_SOURCE_MNIST:
    case BRINK_SOURCE_FASHION_MNIST:
        return "; `make data` fetches MNIST and Fashion-MNIST into build/data, and data.path or "
               "BRINK_DATA says where files are";
    case BRINK_SOURCE_CIFAR10:
        return "; data.path says in which folder the binary version of CIFAR-10 is, or BRINK_DATA "
               "in which folder is one named cifar10";
    default:
        return "";
    }
}

// ---- files

// Opens `path` and says how many bytes it has.
static brink_err open_file(const struct brink_data_request *request, const char *path, FILE **file,
                           int64_t *bytes)
{
    struct stat facts;
    *file = fopen(path, "rb");
    if (!*file && errno == ENOENT)
        return brink_fail(BRINK_ERR_IO, "%s: no such file%s", path,
                          brink_data_hint(request->source));
    if (!*file || fstat(fileno(*file), &facts) != 0)
        return brink_fail(BRINK_ERR_IO, "%s: cannot open: %s", path, strerror(errno));
    *bytes = facts.st_size;
    return BRINK_OK;
}

static brink_err read_bytes(FILE *file, const char *path, size_t count, unsigned char *bytes)
{
    if (fread(bytes, 1, count, file) == count)
        return BRINK_OK;
    return brink_fail(BRINK_ERR_IO, "%s: cannot read: %s", path,
                      ferror(file) ? strerror(errno) : "it ends early");
}

static void name_file(const struct brink_data_request *request, const char *file,
                      char path[static PATH_BYTES])
{
    char folder[1024];
    snprintf(path, PATH_BYTES, "%s/%s",
             request->path ? request->path : brink_data_folder(request->source, folder), file);
}

// ---- IDX: a magic number 0x0000 08 rank, sizes (big-endian), bytes

static uint32_t big_endian(const unsigned char *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

// Reads the header of rank `rank` and the items of the first n entries, as *items, owned; *count is
// that of all entries.
static brink_err read_idx(const struct brink_data_request *request, const char *path, int rank,
                          const uint32_t shape[], uint32_t *count, unsigned char **items)
{
    FILE *file = NULL;
    int64_t found = 0, item = 1;
    unsigned char header[16];
    size_t header_bytes = 4 + 4 * (size_t)rank;
    *items = NULL;
    int n = request->n;
    brink_err error = open_file(request, path, &file, &found);
    if (!error && found < (int64_t)header_bytes)
        error = brink_fail(BRINK_ERR_IO,
                           "%s: %zu bytes expected for the header alone, %" PRId64 " found", path,
                           header_bytes, found);
    if (!error)
        error = read_bytes(file, path, header_bytes, header);
    if (error)
        goto done;
    if (big_endian(header) != 0x800 + (uint32_t)rank) {
        error =
            brink_fail(BRINK_ERR_IO, "%s: not an IDX file of bytes: it begins with %08x, not %08x",
                       path, big_endian(header), 0x800 + (unsigned)rank);
        goto done;
    }
    *count = big_endian(header + 4);
    for (int i = 1; i < rank; i++) {
        uint32_t size = big_endian(header + 4 + 4 * (size_t)i);
        if (size != shape[i]) {
            error =
                brink_fail(BRINK_ERR_IO, "%s: dimension %d is %u, not %u", path, i, size, shape[i]);
            goto done;
        }
        item *= size;
    }
    int64_t expected = (int64_t)header_bytes + (int64_t)*count * item;
    if (found != expected)
        error = brink_fail(BRINK_ERR_IO,
                           "%s: %" PRId64 " bytes expected for %u entries, %" PRId64 " found", path,
                           expected, *count, found);
    else if (*count < (uint32_t)n)
        error = brink_fail(BRINK_ERR_IO, "%s: holds %u samples, %d are asked for (data.n)", path,
                           *count, n);
    if (!error)
        error = brink_alloc(items, (size_t)n, (size_t)item);
    if (!error)
        error = read_bytes(file, path, (size_t)n * (size_t)item, *items);
done:
    if (file)
        fclose(file);
    if (error)
        brink_free(items);
    return error;
}

static brink_err set_label(const char *path, struct brink_data *data, int sample,
                           unsigned char label)
{
    if (label >= CLASSES)
        return brink_fail(BRINK_ERR_IO, "%s: label %d of sample %d is not below %d", path, label,
                          sample, CLASSES);
    data->y[(size_t)sample * CLASSES + label] = 1;
    return BRINK_OK;
}

brink_err brink_data_load_idx(const struct brink_data_request *request, struct brink_data *data)
{
    enum { SIDE = 28, PIXELS = SIDE * SIDE };
    static const uint32_t shape[] = {0, SIDE, SIDE};
    char images[PATH_BYTES], labels[PATH_BYTES];
    unsigned char *pixel = NULL, *label = NULL;
    uint32_t image_count = 0, label_count = 0;
    name_file(request, "train-images-idx3-ubyte", images);
    name_file(request, "train-labels-idx1-ubyte", labels);
    brink_err error = read_idx(request, images, 3, shape, &image_count, &pixel);
    if (!error)
        error = read_idx(request, labels, 1, shape, &label_count, &label);
    if (!error && image_count != label_count)
        error = brink_fail(BRINK_ERR_IO, "%s: holds %u labels, but %s holds %u images", labels,
                           label_count, images, image_count);
    if (!error)
        error = brink_data_alloc(data, request->n, PIXELS, CLASSES);
    assert(error || (pixel && label));
    for (size_t i = 0; !error && i < (size_t)request->n * PIXELS; i++)
        data->x[i] = (pixel[i] / 255.0 - 0.1307) / 0.3081;
    for (int i = 0; !error && i < request->n; i++)
        error = set_label(labels, data, i, label[i]);
    brink_free(&pixel);
    brink_free(&label);
    return error;
}

brink_err brink_data_visit_idx(const struct brink_data_request *request,
                               brink_err (*visit)(void *context, const char *path), void *context)
{
    char path[PATH_BYTES];
    name_file(request, "train-images-idx3-ubyte", path);
    brink_err error = visit(context, path);
    name_file(request, "train-labels-idx1-ubyte", path);
    return error ? error : visit(context, path);
}

// ---- CIFAR-10: records of a label and 3 planes of 32 x 32, 10000 to a file, 5 files

enum { CIFAR_FILES = 5, CIFAR_RECORDS = 10000, CIFAR_PLANE = 32 * 32 };

static void name_cifar(const struct brink_data_request *request, int number,
                       char path[static PATH_BYTES])
{
    char file[32];
    snprintf(file, sizeof file, "data_batch_%d.bin", number + 1);
    name_file(request, file, path);
}

static brink_err load_record(const char *path, const unsigned char *record, struct brink_data *data,
                             int sample)
{
    // Mean and deviation of the training set's channels.
    static const double mean[3] = {0.4914, 0.4822, 0.4465};
    static const double deviation[3] = {0.2470, 0.2435, 0.2616};
    double *x = data->x + (size_t)sample * 3 * CIFAR_PLANE;
    for (int i = 0; i < 3 * CIFAR_PLANE; i++)
        x[i] = (record[1 + i] / 255.0 - mean[i / CIFAR_PLANE]) / deviation[i / CIFAR_PLANE];
    return set_label(path, data, sample, record[0]);
}

static brink_err load_batch(const struct brink_data_request *request, const char *path,
                            struct brink_data *data, int first)
{
    enum { RECORD = 1 + 3 * CIFAR_PLANE };
    unsigned char record[RECORD];
    FILE *file = NULL;
    int64_t found = 0, expected = (int64_t)CIFAR_RECORDS * RECORD;
    brink_err error = open_file(request, path, &file, &found);
    if (!error && found != expected)
        error = brink_fail(BRINK_ERR_IO, "%s: %" PRId64 " bytes expected, %" PRId64 " found", path,
                           expected, found);
    for (int i = first; !error && i < data->n && i < first + CIFAR_RECORDS; i++) {
        error = read_bytes(file, path, RECORD, record);
        if (!error)
            error = load_record(path, record, data, i);
    }
    if (file)
        fclose(file);
    return error;
}

brink_err brink_data_load_cifar(const struct brink_data_request *request, struct brink_data *data)
{
    if (request->n > CIFAR_FILES * CIFAR_RECORDS)
        return brink_fail(BRINK_ERR_USAGE, "CIFAR-10 holds %d samples, %d are asked for (data.n)",
                          CIFAR_FILES * CIFAR_RECORDS, request->n);
    brink_err error = brink_data_alloc(data, request->n, 3 * CIFAR_PLANE, CLASSES);
    for (int i = 0; !error && i * CIFAR_RECORDS < request->n; i++) {
        char path[PATH_BYTES];
        name_cifar(request, i, path);
        error = load_batch(request, path, data, i * CIFAR_RECORDS);
    }
    return error;
}

brink_err brink_data_visit_cifar(const struct brink_data_request *request,
                                 brink_err (*visit)(void *context, const char *path), void *context)
{
    brink_err error = BRINK_OK;
    for (int i = 0; !error && i < CIFAR_FILES && i * CIFAR_RECORDS < request->n; i++) {
        char path[PATH_BYTES];
        name_cifar(request, i, path);
        error = visit(context, path);
    }
    return error;
}
