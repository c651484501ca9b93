// SPDX-License-Identifier: MIT
// The table of objectives, and what follows from F' and F'' for any of them.
#include "brink/objective/objective.h"

#include <string.h>

#include "brink/base/elementary.h"

const struct brink_objective *const brink_objectives[] = {
    &brink_regularity_a,
    &brink_regularity_b,
};
const size_t brink_objective_count = sizeof brink_objectives / sizeof brink_objectives[0];

const struct brink_objective *brink_objective_find(const char *parameter)
{
    for (size_t i = 0; i < brink_objective_count; i++)
        if (strcmp(brink_objectives[i]->parameter, parameter) == 0)
            return brink_objectives[i];
    return NULL;
}

bool brink_objective_of_dor(double dor, const struct brink_objective **objective, double *parameter,
                            double *below, double *above)
{
    *objective = dor > 1 ? &brink_regularity_b : &brink_regularity_a;
    *parameter = dor > 1 ? dor / 2 : dor;
    bool valid = (*objective)->valid(*parameter, below, above);
    if (dor > 1) {
        *below = dor < 2 ? 1 : 2 * *below; // between the families: a = 1 and b = 1
        *above = 2 * *above;
    }
    return valid;
}

double brink_sharpness(const struct brink_curve *curve, double x, double y)
{
    double slope, curvature = curve->objective->jet(curve, x, y, &slope);
    return brink_sharpness_of(slope, curvature, x, y);
}

// Products in an order that overflows only where the result does; symmetric in x and y to the bit.
double brink_sharpness_of(double slope, double curvature, double x, double y)
{
    double half = curvature / 2;
    double mean = x * half * x + y * half * y;
    double spread = x == y || x == -y ? 0 : (x - y) * half * (x + y); // half may be infinite
    double mixed = curvature == 0 ? slope : brink_fma(x * y, curvature, slope);
    return mean + brink_hypot(spread, mixed);
}

double brink_gradient_norm(const struct brink_curve *curve, double x, double y)
{
    return brink_gradient_norm_of(curve->objective->slope(curve, x, y), x, y);
}

double brink_flow_rate(const struct brink_curve *curve, double x, double y)
{
    return 2 / (curve->curvature_minimum * brink_hypot((x - y) * (x + y), 2));
}
