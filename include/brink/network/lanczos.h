// SPDX-License-Identifier: MIT
// The largest eigenvalues of a network's Hessian: Lanczos' iteration on an engine's products.
#ifndef BRINK_NETWORK_LANCZOS_H
#define BRINK_NETWORK_LANCZOS_H

#include "brink/network/network.h"

#define BRINK_TOP_MAX 8 // eigenvalues at once

struct brink_spectrum {
    double top[BRINK_TOP_MAX]; // the largest, descending; the first is the sharpness. NaN: not
                               // finite, or the network has fewer weights
    double bottom;             // the lowest Ritz value: an eigenvalue if `both` was asked for
    int products;              // of the Hessian with a tangent
    bool settled;              // to the tolerance
};

struct brink_lanczos; // opaque; one thread's

// For networks of `state`'s shape, the `top` <= BRINK_TOP_MAX largest eigenvalues. `engine` and
// `state` are borrowed until close. BRINK_ERR_MEMORY.
brink_err brink_lanczos_open(const struct brink_network_engine *engine,
                             struct brink_engine_state *state, enum brink_precision precision,
                             int top, struct brink_lanczos **lanczos) BRINK_CHECKED;
void brink_lanczos_close(struct brink_lanczos **lanczos);

// At the present weights of `lane`, to a residual of 1e-3 of the eigenvalue. `warm`: a tangent of
// brink_lanczos_tangent_bytes, replaced by the sum of the eigenvectors found; zeros: a cold start
// from the keyed random tangent, as `cold` always is. `both`: the lowest eigenvalue, too, to 1e-3
// of the largest in magnitude.
void brink_lanczos_run(struct brink_lanczos *lanczos, int lane, void *warm, bool cold, bool both,
                       struct brink_spectrum *spectrum);
size_t brink_lanczos_tangent_bytes(const struct brink_lanczos *lanczos);

// Eigenvalues of the symmetric a[m][m], ascending, and their vectors as the rows of v[m][m], by
// Jacobi's rotations in a fixed order; `a` is destroyed.
void brink_eigen_symmetric(int m, double *a, double *value, double *v);

#endif
