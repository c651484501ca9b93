// SPDX-License-Identifier: MIT
// Training from start to verdict: what is measured on a cell, the stop rules, curves, checkpoints.
#ifndef BRINK_NETWORK_TRAINER_H
#define BRINK_NETWORK_TRAINER_H

#include "brink/dynamics/pulse.h"
#include "brink/network/lanczos.h"
#include "brink/network/network.h"

// name, value, meaning; the values are those of the same verdicts in other models.
#define BRINK_NETWORK_STATUSES(X)                                                                  \
    X(PENDING, pending, 0, "not computed yet")                                                     \
    X(CONVERGED, converged, 1, "reached the goal of the loss or of the gradient")                  \
    X(DIVERGED, diverged, 5, "loss beyond train.escape times its start, or not finite")            \
    X(UNSETTLED, unsettled, 8, "none of these after train.max_steps")                              \
    X(UNDEFINED, undefined, 9, "the sharpness at the start is no unit for a rate")

enum brink_network_status {
#define ROW(upper, lower, value, meaning) BRINK_NETWORK_##upper = (value),
    BRINK_NETWORK_STATUSES(ROW)
#undef ROW
};

// C type, name, in `record: basic`?, meaning. Edges are learning rate times sharpness / 2, NaN
// where the layers' rates differ.
#define BRINK_NETWORK_FIELDS(X)                                                                    \
    X(int8_t, status, 1, "verdict on the training")                                                \
    X(int32_t, steps, 1, "gradient descent steps until the verdict")                               \
    X(double, loss_start, 1, "loss at the start")                                                  \
    X(double, loss_end, 1, "loss at the verdict")                                                  \
    X(double, loss_peak, 1, "largest loss on the way over the loss at the start")                  \
    X(int32_t, peak_step, 0, "first step at which the loss peaks")                                 \
    X(int32_t, loss_rises, 0, "number of steps that raise the loss")                               \
    X(double, accuracy, 1, "share of samples whose largest output is their label, at the verdict") \
    X(double, gradient_end, 0, "norm of the gradient at the verdict")                              \
    X(double, sharpness_start, 1, "largest eigenvalue of the Hessian at the start")                \
    X(double, sharpness_end, 1, "largest eigenvalue of the Hessian at the verdict")                \
    X(double, sharpness_magnitude, 1,                                                              \
      "eigenvalue of the Hessian that is largest in magnitude at the verdict")                     \
    X(double, sharpness_peak, 0, "largest sharpness measured on the way")                          \
    X(double, edge_start, 1, "learning rate times sharpness / 2 at the start")                     \
    X(double, edge_end, 1,                                                                         \
      "median of learning rate times sharpness / 2, measured in the last tenth of the steps")      \
    X(double, norm_first, 0, "Frobenius norm of the first layer's weights at the verdict")         \
    X(double, norm_last, 0, "Frobenius norm of the last layer's weights at the verdict")           \
    X(double, balance, 1,                                                                          \
      "||W_last||^2 - ||W_first||^2 at the verdict over the same at the start")                    \
    X(double, dor, 0, "empirical degree of regularity along the ray of the starting weights")      \
    X(double, lr_actual, 1, "learning rate h of the first layer")

// Eigenvalues of the Hessian after the largest, by their rank: fields at the verdict, and curves.
#define BRINK_NETWORK_EIGENVALUES(X)                                                               \
    X(2, "second")                                                                                 \
    X(3, "third") X(4, "fourth") X(5, "fifth") X(6, "sixth") X(7, "seventh") X(8, "eighth")

// One cell. NaNs are canonical.
struct brink_network_cell {
#define MEMBER(type, name, basic, meaning) type name;
    BRINK_NETWORK_FIELDS(MEMBER)
#undef MEMBER
    double eigenvalue[BRINK_TOP_MAX - 1]; // from the second on; NaN: not asked for
};

// Curves of a cell: name, unit-less meaning. Each is an array over the steps that curves_every
// divides, filled with NaN from the verdict on.
#define BRINK_NETWORK_CURVES(X)                                                                    \
    X(training_loss, "loss")                                                                       \
    X(accuracy, "share of samples whose largest output is their label")                            \
    X(sharpness, "largest eigenvalue of the Hessian; NaN where sharpness_every skips it")          \
    X(norm_first, "Frobenius norm of the first layer's weights")                                   \
    X(norm_last, "Frobenius norm of the last layer's weights")

enum brink_network_curve {
#define ROW(name, meaning) BRINK_CURVE_##name,
    BRINK_NETWORK_CURVES(ROW)
#undef ROW
        BRINK_CURVE_COUNT // ... of eigenvalues follow, then of norms, as many as the rules ask for
};

// Layers between the first and the last of the deepest network, by number, the first is 1: curves.
#define BRINK_NETWORK_MIDDLE_LAYERS(X) X(2, "second") X(3, "third") X(4, "fourth")

// How trainings end and what is watched on the way.
struct brink_network_rules {
    int32_t max_steps;
    double loss_goal; // converged at loss <= loss_goal; negative: never
    double grad_tol;  // converged at a gradient of this norm, looked at every 64 steps; 0: never
    double escape;    // diverged beyond escape times the starting loss
    int32_t sharpness_every; // 0: at the start and the end
    int32_t curves_every;    // 0: no curves
    int32_t keep_every;      // steps between two checkpoints; 0: by the cost of a step
    bool sharpness, dor;     // are they wanted at all?
    int32_t eigenvalues;     // ... after the largest, measured with each sharpness
    int32_t middle_layers;   // whose norms have curves; NaN where no layer follows
    const char *engine;      // the name of the one to use, NULL: the first that fits
};

// Points of a curve, and of all curves of a cell.
int64_t brink_network_points(const struct brink_network_rules *rules);
int64_t brink_network_points_all(const struct brink_network_rules *rules);

// One training. Plain values; pointers are borrowed until the cell is given back.
struct brink_network_job {
    struct brink_network network;
    const struct brink_data *data;
    struct brink_training training; // limits of the loss are set by the trainer
    bool lr_in_sharpness;           // the rates are in units of 2/sharpness at the start
    double *curves;                 // [curves][points], NULL: none
    int64_t number;                 // of the cell, for the source
    void *ticket;                   // the source's name for it
};

// Where trainings come from and go to. Called by the trainer's own thread.
struct brink_network_source {
    // 1: *job is a new one; 0: none now, ask again; -1: there will be none.
    int (*take)(void *context, struct brink_network_job *job);
    void (*start)(void *context, const struct brink_network_job *job, double *weights);
    void (*give)(void *context, const struct brink_network_job *job,
                 const struct brink_network_cell *cell);
    // Called with each step of a network if not NULL: its loss before the step, and at the end;
    // sharpness NaN where it was not measured.
    brink_err (*step)(void *context, int32_t step, const struct brink_network_look *look,
                      double sharpness, double lr, const struct brink_network *network);
    // Checkpoints of long trainings; NULL: none are kept. `keep` stores `bytes`, replacing what it
    // stored before; `find` copies what was stored, false if there is nothing of that size.
    void (*keep)(void *context, const struct brink_network_job *job, const void *checkpoint,
                 size_t bytes);
    bool (*find)(void *context, const struct brink_network_job *job, void *checkpoint,
                 size_t bytes);
    void *context;
};

// The first engine that fits, of the name the rules force if any; NULL if that one does not fit.
const struct brink_network_engine *brink_network_engine(const struct brink_network_rules *rules,
                                                        const struct brink_network_job *job);

// Trains until the source has no more. *complete is false, with cells left, if `pulse` (may be
// NULL) was abandoned. A record is a function of its job alone. BRINK_ERR_MEMORY, or what
// `step` returned.
brink_err brink_network_train(const struct brink_network_rules *rules,
                              const struct brink_network_source *source, struct brink_pulse *pulse,
                              bool *complete) BRINK_CHECKED;

#endif
