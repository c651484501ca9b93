// SPDX-License-Identifier: MIT
// Lanczos' iteration with full orthogonalisation and thick restarts: when the basis is full, the
// best Ritz vectors stay and the residual goes on from there.
#include "brink/network/lanczos.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "brink/base/elementary.h"
#include "brink/base/memory.h"

enum {
    BASIS = 40, // tangents kept
    KEEP = 14,  // Ritz vectors of a thick restart (from each end if both count)
    TANGENTS = BASIS + 1 + KEEP,
    PRODUCTS_MAX = 600, // then the values are what they are
};
static const double tolerance = 1e-3;

struct brink_lanczos {
    const struct brink_network_engine *engine; // borrowed
    struct brink_engine_state *state;          // borrowed
    bool single;                               // f32
    int top, basis_max;                        // no more tangents than weights
    size_t count, bytes;                       // reals and bytes of a tangent, padded
    char *block;                               // owned: BASIS + 1 tangents, and scratch
    double projected[BASIS * BASIS];           // Q' H Q
};

// ---- dense symmetric matrices

static void rotate(int m, double *a, double *v, int p, int q)
{
    double apq = a[p * m + q];
    double turn = (a[q * m + q] - a[p * m + p]) / (2 * apq);
    double t = copysign(1, turn) / (fabs(turn) + sqrt(1 + turn * turn));
    double c = 1 / sqrt(1 + t * t), s = t * c;
    for (int k = 0; k < m; k++) {
        double x = a[k * m + p], y = a[k * m + q];
        a[k * m + p] = c * x - s * y;
        a[k * m + q] = s * x + c * y;
    }
    for (int k = 0; k < m; k++) {
        double x = a[p * m + k], y = a[q * m + k];
        a[p * m + k] = c * x - s * y;
        a[q * m + k] = s * x + c * y;
        x = v[p * m + k];
        y = v[q * m + k];
        v[p * m + k] = c * x - s * y;
        v[q * m + k] = s * x + c * y;
    }
}

void brink_eigen_symmetric(int m, double *a, double *value, double *v)
{
    memset(v, 0, (size_t)(m * m) * sizeof v[0]);
    for (int i = 0; i < m; i++)
        v[i * m + i] = 1;
    for (int sweep = 0; sweep < 60; sweep++) {
        double off = 0, all = 0;
        for (int i = 0; i < m; i++)
            for (int j = 0; j < m; j++) {
                all += a[i * m + j] * a[i * m + j];
                off += i == j ? 0 : a[i * m + j] * a[i * m + j];
            }
        if (!(off > 1e-32 * all))
            break;
        for (int p = 0; p < m; p++)
            for (int q = p + 1; q < m; q++)
                if (a[p * m + q] * a[p * m + q] > 1e-40 * all)
                    rotate(m, a, v, p, q);
    }
    for (int i = 0; i < m; i++)
        value[i] = a[i * m + i];
    for (int i = 1; i < m; i++) // by insertion
        for (int j = i; j > 0 && value[j] < value[j - 1]; j--) {
            double other = value[j];
            value[j] = value[j - 1];
            value[j - 1] = other;
            for (int k = 0; k < m; k++) {
                other = v[j * m + k];
                v[j * m + k] = v[(j - 1) * m + k];
                v[(j - 1) * m + k] = other;
            }
        }
}

// ---- tangents

static void *tangent(const struct brink_lanczos *lanczos, int i)
{
    return lanczos->block + (size_t)i * lanczos->bytes;
}

static void add_to(const struct brink_lanczos *lanczos, double factor, const void *x, void *y)
{
    if (lanczos->single) {
        const float *from = x;
        float *to = y, by = (float)factor;
#pragma omp simd
        for (size_t i = 0; i < lanczos->count; i++)
            to[i] += by * from[i];
    } else {
        const double *from = x;
        double *to = y;
#pragma omp simd
        for (size_t i = 0; i < lanczos->count; i++)
            to[i] += factor * from[i];
    }
}

static void scale(const struct brink_lanczos *lanczos, double factor, void *x)
{
    for (size_t i = 0; i < lanczos->count; i++)
        if (lanczos->single)
            ((float *)x)[i] *= (float)factor;
        else
            ((double *)x)[i] *= factor;
}

static double inner(const struct brink_lanczos *lanczos, const void *a, const void *b)
{
    return lanczos->engine->dot(lanczos->state, a, b);
}

// Makes x a unit vector; its length before, 0 or not finite: nothing is left of it.
static double normalise(const struct brink_lanczos *lanczos, void *x)
{
    double length = sqrt(fmax(inner(lanczos, x, x), 0));
    if (length > 0 && isfinite(length))
        scale(lanczos, 1 / length, x);
    return length;
}

brink_err brink_lanczos_open(const struct brink_network_engine *engine,
                             struct brink_engine_state *state, enum brink_precision precision,
                             int top, struct brink_lanczos **out)
{
    struct brink_lanczos *lanczos = NULL;
    assert(top >= 1 && top <= BRINK_TOP_MAX);
    brink_err error = brink_alloc(&lanczos, 1, sizeof *lanczos);
    if (error)
        return error;
    lanczos->engine = engine;
    lanczos->state = state;
    lanczos->single = precision == BRINK_F32_NET;
    lanczos->top = top;
    lanczos->count = engine->tangent_count(state);
    lanczos->bytes = (lanczos->count * (lanczos->single ? 4 : 8) + 63) / 64 * 64;
    lanczos->basis_max = lanczos->count < BASIS ? (int)lanczos->count : BASIS;
    error = brink_alloc(&lanczos->block, TANGENTS, lanczos->bytes);
    if (error)
        brink_lanczos_close(&lanczos);
    *out = lanczos;
    return error;
}

void brink_lanczos_close(struct brink_lanczos **lanczos)
{
    if (*lanczos)
        brink_free(&(*lanczos)->block);
    brink_free(lanczos);
}

size_t brink_lanczos_tangent_bytes(const struct brink_lanczos *lanczos)
{
    return lanczos->bytes;
}

// ---- the iteration

// The eigenpairs of the projected matrix, ascending; rows of `vector` hold m coefficients.
struct ritz {
    double value[BASIS], vector[BASIS * BASIS];
};

static void solve(const struct brink_lanczos *lanczos, int m, struct ritz *ritz)
{
    double a[BASIS * BASIS];
    for (int i = 0; i < m; i++)
        for (int j = 0; j < m; j++)
            a[i * m + j] = lanczos->projected[i * BASIS + j];
    brink_eigen_symmetric(m, a, ritz->value, ritz->vector);
}

// H q_m orthogonal to q_0 .. q_m, normalised, in place m + 1; the coefficients go into the
// projected matrix. What is left of it is returned.
static double expand(struct brink_lanczos *lanczos, int m)
{
    void *next = tangent(lanczos, m + 1);
    double left;
    lanczos->engine->hessian(lanczos->state, tangent(lanczos, m), next);
    double whole = sqrt(fmax(inner(lanczos, next, next), 0));
    for (int pass = 0; pass < 2; pass++)
        for (int i = m; i >= 0; i--) {
            double along = inner(lanczos, tangent(lanczos, i), next);
            add_to(lanczos, -along, tangent(lanczos, i), next);
            double *entry = &lanczos->projected[i * BASIS + m];
            *entry = pass ? *entry + along : along;
            lanczos->projected[m * BASIS + i] = *entry;
        }
    left = normalise(lanczos, next);
    // Rounding of the products is not a new direction.
    return left > whole * (lanczos->single ? 1e-6 : 1e-14) ? left : 0;
}

// Has Ritz pair i of m the tolerance? `left` is the length of the residual direction.
static bool settled(const struct ritz *ritz, int m, int i, double left)
{
    return fabs(left * ritz->vector[i * m + m - 1]) <= tolerance * fabs(ritz->value[i]);
}

static bool all_settled(const struct brink_lanczos *lanczos, const struct ritz *ritz, int m,
                        double left, bool both)
{
    bool all = m >= lanczos->top || left == 0;
    for (int i = 0; i < lanczos->top && i < m && all; i++)
        all = settled(ritz, m, m - 1 - i, left);
    // Of the lowest it matters whether it is as large: a small one is never known relatively.
    double size = fmax(fabs(ritz->value[0]), fabs(ritz->value[m - 1]));
    return all && (!both || fabs(left * ritz->vector[m - 1]) <= tolerance * size);
}

// Keeps the best Ritz vectors as the first of the basis, with the residual after them.
static int restart(struct brink_lanczos *lanczos, int m, const struct ritz *ritz, bool both)
{
    int wanted = lanczos->top + 2, kept = KEEP;
    int low = !both ? 0 : wanted > KEEP / 2 ? KEEP - wanted : KEEP / 2;
    for (int k = 0; k < kept; k++) {
        int from = k < low ? k : m - kept + k;
        void *to = tangent(lanczos, BASIS + 1 + k);
        memset(to, 0, lanczos->bytes);
        for (int i = 0; i < m; i++)
            add_to(lanczos, ritz->vector[from * m + i], tangent(lanczos, i), to);
    }
    memcpy(tangent(lanczos, kept), tangent(lanczos, m), lanczos->bytes);
    memset(lanczos->projected, 0, sizeof lanczos->projected);
    for (int k = 0; k < kept; k++) {
        memcpy(tangent(lanczos, k), tangent(lanczos, BASIS + 1 + k), lanczos->bytes);
        lanczos->projected[k * BASIS + k] = ritz->value[k < low ? k : m - kept + k];
    }
    return kept;
}

static void start(struct brink_lanczos *lanczos, const void *warm, bool cold)
{
    void *first = tangent(lanczos, 0);
    if (!cold) {
        memcpy(first, warm, lanczos->bytes);
        double length = normalise(lanczos, first);
        cold = !(length > 0 && isfinite(length));
    }
    if (cold) {
        lanczos->engine->tangent_random(lanczos->state, 0, first);
        (void)normalise(lanczos, first);
    }
}

// Puts a random unit vector orthogonal to the m of the basis after them: where H keeps their span,
// the other eigenvalues lie beside it. False if nothing seems to be left.
static bool begin_anew(const struct brink_lanczos *lanczos, int m)
{
    void *next = tangent(lanczos, m);
    lanczos->engine->tangent_random(lanczos->state, (uint64_t)m, next);
    double left = normalise(lanczos, next);
    for (int pass = 0; pass < 2 && left > 1e-3 && isfinite(left); pass++) {
        for (int i = 0; i < m; i++)
            add_to(lanczos, -inner(lanczos, tangent(lanczos, i), next), tangent(lanczos, i), next);
        left = normalise(lanczos, next);
    }
    return left > 1e-3 && isfinite(left);
}

// The sum of the eigenvectors found: what is next starts with a part of each.
static void keep_warm(const struct brink_lanczos *lanczos, int m, const struct ritz *ritz,
                      void *warm)
{
    memset(warm, 0, lanczos->bytes);
    for (int k = m - 1; k >= 0 && k >= m - lanczos->top; k--)
        for (int i = 0; i < m; i++)
            add_to(lanczos, ritz->vector[k * m + i], tangent(lanczos, i), warm);
}

void brink_lanczos_run(struct brink_lanczos *lanczos, int lane, void *warm, bool cold, bool both,
                       struct brink_spectrum *spectrum)
{
    struct ritz ritz;
    int m = 0;
    *spectrum = (struct brink_spectrum){.bottom = brink_from_bits(BRINK_NAN_BITS)};
    for (int i = 0; i < BRINK_TOP_MAX; i++)
        spectrum->top[i] = brink_from_bits(BRINK_NAN_BITS);
    lanczos->engine->bend(lanczos->state, lane);
    start(lanczos, warm, cold);
    memset(lanczos->projected, 0, sizeof lanczos->projected);
    for (;;) {
        double left = expand(lanczos, m++);
        spectrum->products++;
        if (!isfinite(left) || !isfinite(lanczos->projected[(m - 1) * BASIS + m - 1]))
            return;
        if (left == 0 && m < lanczos->top && m < lanczos->basis_max && begin_anew(lanczos, m))
            continue;
        bool full = m == lanczos->basis_max, last = spectrum->products >= PRODUCTS_MAX;
        // Small problems are cheap to look at; later every fourth time will do.
        if (m > 8 && m % 4 != 0 && !full && !last && left > 0)
            continue;
        solve(lanczos, m, &ritz);
        spectrum->settled = all_settled(lanczos, &ritz, m, left, both) || left == 0;
        if (spectrum->settled || last || lanczos->count <= (size_t)m)
            break;
        if (full)
            m = restart(lanczos, m, &ritz, both);
    }
    for (int i = 0; i < lanczos->top && i < m; i++)
        spectrum->top[i] = ritz.value[m - 1 - i];
    spectrum->bottom = ritz.value[0];
    keep_warm(lanczos, m, &ritz, warm);
}
