// SPDX-License-Identifier: MIT
// Data sets: made by rule, or read from files as they are published.
#ifndef BRINK_NETWORK_DATA_H
#define BRINK_NETWORK_DATA_H

#include "brink/network/network.h"

// name, value, meaning
#define BRINK_SOURCES(X)                                                                           \
    X(CHEBYSHEV, chebyshev, 0, "n points on [-1, 1], labels are Chebyshev's polynomial T_degree")  \
    X(GAUSSIAN, gaussian, 1, "Gaussian samples and labels (one-hot ones with several outputs)")    \
    X(MNIST, mnist, 2, "train-images-idx3-ubyte and train-labels-idx1-ubyte in the folder path")   \
    X(FASHION_MNIST, fashion_mnist, 3, "the same files of Fashion-MNIST")                          \
    X(CIFAR10, cifar10, 4, "data_batch_1.bin ... in the folder path")                              \
    X(HDF5, hdf5, 5, "arrays X [n][d] and Y [n][outputs] of the file path")

enum brink_source {
#define ROW(upper, lower, value, meaning) BRINK_SOURCE_##upper = (value),
    BRINK_SOURCES(ROW)
#undef ROW
        BRINK_SOURCE_COUNT
};
extern const struct brink_choice brink_sources[];

struct brink_data_request {
    enum brink_source source;
    const char *path; // of a file or folder; NULL: brink_data_folder's
    int n;            // the first n samples; more than there are: BRINK_ERR_USAGE
    int inputs;       // of Gaussian data
    int outputs;      // of Gaussian data
    int degree;       // of Chebyshev's polynomial
    uint64_t seed;    // of Gaussian data
};

// Fills *data, owned: release with brink_data_free. Pixels p of MNIST and Fashion-MNIST become
// (p/255 - .1307)/.3081, of CIFAR-10 each channel is standardised by the data set's mean and
// deviation; labels are one-hot. BRINK_ERR_IO for files that are missing or wrong, with the path
// and the sizes expected and found.
brink_err brink_data_load(const struct brink_data_request *request,
                          struct brink_data *data) BRINK_CHECKED;
void brink_data_free(struct brink_data *data);

// Zeroed arrays of n samples.
brink_err brink_data_alloc(struct brink_data *data, int n, int d, int outputs) BRINK_CHECKED;

// Where the files of `source` are looked for without a path: $BRINK_DATA/NAME, else
// build/data/NAME, as `make data` leaves them.
const char *brink_data_folder(enum brink_source source, char folder[static 1024]);

// What to say of a file of `source` that is not there: "; how to get it", or "".
const char *brink_data_hint(enum brink_source source);

// Calls `visit` with each file that the first n samples of a source are read from.
brink_err brink_data_files(const struct brink_data_request *request,
                           brink_err (*visit)(void *context, const char *path),
                           void *context) BRINK_CHECKED;

// A two-dimensional array `name` [rows][columns] of a user's HDF5 file as doubles, row-major;
// *values is owned. BRINK_ERR_IO with path, name, expected and found, also where a number is not
// finite. Set by the floor that may read HDF5.
extern brink_err (*brink_data_hdf5)(const char *path, const char *name, int64_t *rows,
                                    int64_t *columns, double **values);

#endif
