// SPDX-License-Identifier: MIT
// Activations and losses of one number with their derivatives: the definitions, in double.
#include "brink/network/functions.h"

#include <assert.h>
#include <math.h>

#include "brink/base/elementary.h"
#include "brink/base/polynomial.h"

// tanh with full relative accuracy: (1 - e)/(1 + e), e = exp(-2|z|).
static double hyperbolic_tangent(double z)
{
    double less = brink_expm1(-2 * fabs(z)); // e - 1
    return copysign(-less / (2 + less), z);
}

static struct brink_jet of_tanh(double z)
{
    double t = hyperbolic_tangent(z), slope = (1 - t) * (1 + t);
    return (struct brink_jet){t, slope, -2 * t * slope};
}

static struct brink_jet of_elu(double z)
{
    if (z > 0)
        return (struct brink_jet){z, 1, 0};
    double value = brink_expm1(z);
    return (struct brink_jet){value, value + 1, value + 1};
}

static struct brink_jet of_softplus(double z)
{
    double e = brink_exp(-fabs(z)), logistic = (z > 0 ? 1 : e) / (1 + e);
    return (struct brink_jet){fmax(z, 0) + brink_log1p(e), logistic, e / ((1 + e) * (1 + e))};
}

struct brink_jet brink_activation_at(enum brink_activation activation, double z)
{
    if (z != z)
        return (struct brink_jet){z, z, z};
    double positive = z > 0 ? z : 0, step = z > 0 ? 1 : 0;
    switch (activation) {
    case BRINK_TANH:
        return of_tanh(z);
    case BRINK_RELU:
        return (struct brink_jet){positive, step, 0};
    case BRINK_LEAKY_RELU:
        return z > 0 ? (struct brink_jet){z, 1, 0} : (struct brink_jet){z / 5.5, 1 / 5.5, 0};
    case BRINK_ELU:
        return of_elu(z);
    case BRINK_SOFTPLUS:
        return of_softplus(z);
    case BRINK_RELU2:
        return (struct brink_jet){positive * positive, 2 * positive, 2 * step};
    case BRINK_RELU3:
        return (struct brink_jet){positive * positive * positive, 3 * positive * positive,
                                  6 * positive};
    default:
        assert(activation == BRINK_IDENTITY);
        return (struct brink_jet){z, 1, 0};
    }
}

int brink_activation_degree(enum brink_activation activation)
{
    switch (activation) {
    case BRINK_TANH:
        return 0;
    case BRINK_RELU2:
        return 2;
    case BRINK_RELU3:
        return 3;
    default:
        return 1;
    }
}

struct brink_jet brink_loss_at(enum brink_loss loss, double r)
{
    double size = fabs(r), tangent;
    switch (loss) {
    case BRINK_LOSS_HUBER:
        if (size <= 1)
            return (struct brink_jet){r * r / 2, r, 1};
        return (struct brink_jet){size - 0.5, copysign(1, r), 0};
    case BRINK_LOSS_LOGCOSH:
        tangent = hyperbolic_tangent(r);
        return (struct brink_jet){size + brink_log1p(brink_exp(-2 * size)) - BRINK_LN2, tangent,
                                  (1 - tangent) * (1 + tangent)};
    default:
        assert(loss == BRINK_LOSS_MSE);
        return (struct brink_jet){r * r / 2, r, 1};
    }
}
