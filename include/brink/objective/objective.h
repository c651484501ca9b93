// SPDX-License-Identifier: MIT
// The objectives f(x, y) = F(s), s = x*y, each behind one const struct; their table: objective.c.
//
// Formulas: Wang, Xu, Zhao, Tao, "Good regularity creates large learning rate implicit biases: edge
// of stability, balancing, and catapult", arXiv 2310.17087. Write t = s - 1.
#ifndef BRINK_OBJECTIVE_OBJECTIVE_H
#define BRINK_OBJECTIVE_OBJECTIVE_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>

#include "brink/objective/row_table.h"

struct brink_objective;

// One member of a family, prepared once and then read by every cell of its row. A plain value.
struct brink_curve {
    const struct brink_objective *objective;
    double parameter;         // a or b
    double dor;               // degree of regularity: lim s F'(s)/F(s), s -> infinity
    double curvature_minimum; // F''(1); a minimum of squared norm N is stable iff h F''(1) N <= 2
    double slope_bound;       // |F'| never exceeds it; infinity if there is none
    double excess_scale;      // of the excess loss; the family's own business
    int power;                // b as an integer (F_b), 0 otherwise
    // Row table of F_a, a < 1; zero otherwise.
    _Alignas(64) double table[BRINK_ROW_TERMS][BRINK_ROW_SLOTS];
};

// A variation point: all that GD and the verdict need to know of a family. Functions of a state
// take (x, y), not s, because t = fma(x, y, -1) keeps the digits that s - 1 loses.
struct brink_objective {
    const char *name;      // "regularity_a"
    const char *parameter; // the name of its parameter in a specification: "a" or "b"
    const char *formula;
    // Is `parameter` a member? *nearest <= *nearest_above are then it, and else the members on
    // either side of it, equal if there is but one.
    bool (*valid)(double parameter, double *nearest, double *nearest_above);
    // Fills all of *curve; `parameter` must be valid.
    void (*prepare)(struct brink_curve *curve, double parameter);
    double (*slope)(const struct brink_curve *curve, double x, double y); // F'(s)
    // F''(s), and F'(s) with the bits of `slope`.
    double (*jet)(const struct brink_curve *curve, double x, double y, double *slope);
    // F''(s) to 1e-11 of its scale, and F'(s) to the bit: cheaper than `jet`, for long products of
    // Jacobians.
    double (*bend)(const struct brink_curve *curve, double x, double y, double *slope);
    double (*excess)(const struct brink_curve *curve, double x, double y); // F(s) - min F
    // The gauge: cheap, >= 0, and increasing in the loss (|t| for F_a, |s^b - 1| for F_b); and the
    // excess loss as a function of it.
    double (*gauge)(const struct brink_curve *curve, double x, double y);
    double (*gauge_excess)(const struct brink_curve *curve, double gauge);
    // Proof B: is (x, y) certain to diverge at rate h? NULL: the family never is.
    bool (*escapes)(const struct brink_curve *curve, double h, double x, double y);
    // Is (x, y) a flat critical point on an axis? NULL: the family has none.
    bool (*on_axis)(const struct brink_curve *curve, double x, double y);
    // Proof C: does s stay negative and |s| fall for ever from (x, y)? NULL: never.
    bool (*creeps)(const struct brink_curve *curve, double h, double x, double y);
};

extern const struct brink_objective brink_regularity_a; // good: 0 < a <= 1, dor = a
extern const struct brink_objective brink_regularity_b; // bad: odd b >= 1, dor = 2 b

// The table of all objectives, and its length.
extern const struct brink_objective *const brink_objectives[];
extern const size_t brink_objective_count;

// The objective whose parameter is called `name`, or NULL.
const struct brink_objective *brink_objective_find(const char *parameter);

// The family and parameter of a degree of regularity: dor <= 1 is F_a, dor = 2 b is F_b. False if
// there is none; *below and *above are the nearest valid degrees (equal if there is but one).
bool brink_objective_of_dor(double dor, const struct brink_objective **objective, double *parameter,
                            double *below, double *above);

// The largest eigenvalue (largest algebraic) of the Hessian of f at (x, y):
// N F''/2 + hypot(D F''/2, F' + s F'') with N = x^2 + y^2, D = (x - y)(x + y). The second form has
// F' and F'' at hand.
double brink_sharpness(const struct brink_curve *curve, double x, double y);
double brink_sharpness_of(double slope, double curvature, double x, double y);

// |grad f| = |F'(s)| sqrt(x^2 + y^2). The second form has F' at hand.
double brink_gradient_norm(const struct brink_curve *curve, double x, double y);
static inline double brink_gradient_norm_of(double slope, double x, double y)
{
    return fabs(slope) * sqrt(x * x + y * y);
}

// h_GF = 2 / (F''(1) sqrt(D^2 + 4)): the learning rate at which the minimum that gradient flow
// reaches from (x, y) is marginally stable. Unit of the axis `lr_unit: flow`.
double brink_flow_rate(const struct brink_curve *curve, double x, double y);

#endif
