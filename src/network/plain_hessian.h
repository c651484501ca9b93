// SPDX-License-Identifier: MIT
// The plain engine's products of the Hessian with a tangent, by Pearlmutter's R-operator: each
// line of the forward and backward passes differentiated along the tangent, the statistics of the
// norms included. Included after plain_pass.h.

// What all products at these weights share: a full forward and backward pass, phi' and
// phi'' dL/dA.
static void bend_at(struct brink_engine_state *state)
{
    forward(state);
    (void)loss_of(state);
    bool normal = state->network.norm != BRINK_NORM_NONE;
    for (int l = state->layers; l > 1; l--) {
        struct layer *below = &state->layer[l - 1];
        fill_da(state, &state->layer[l], state->weight, state->layer[l].dz, false);
        REAL *du = normal ? below->du : below->dz;
        for (size_t i = 0; i < (size_t)below->out * (size_t)state->columns; i++) {
            struct brink_jet jet =
                brink_activation_at(state->network.activation, (double)below->z[i]);
            below->slope[i] = (REAL)jet.slope;
            below->bend[i] = (REAL)((double)state->da[i] * jet.curvature);
            du[i] = (REAL)((double)state->da[i] * jet.slope);
        }
        if (normal)
            normalise_back(state, below);
    }
}

// rz -> s (c - z mean(z c)) with c = rz - mean(rz); the deviation s changes by -s mean(z c),
// relatively.
static void normalise_along(const struct brink_engine_state *state, struct layer *layer)
{
    struct groups groups = groups_of(state, layer);
    for (int g = 0; g < groups.count; g++) {
        const REAL *z = layer->z + (size_t)g * groups.first;
        REAL *rz = layer->rz + (size_t)g * groups.first;
        double deviation = (double)layer->deviation[g], centre = mean(&groups, rz);
        double along = mean_product(&groups, rz, z) - centre * mean(&groups, z);
        for (int i = 0; i < groups.size; i++) {
            size_t j = (size_t)i * groups.stride;
            rz[j] = (REAL)(deviation * ((double)rz[j] - centre - (double)z[j] * along));
        }
        layer->rdeviation[g] = (REAL)(-deviation * along);
    }
}

// normalise_back differentiated; rdz comes as the derivative of du and leaves as that of dz.
static void normalise_back_along(const struct brink_engine_state *state, struct layer *layer)
{
    struct groups groups = groups_of(state, layer);
    for (int g = 0; g < groups.count; g++) {
        size_t at = (size_t)g * groups.first;
        const REAL *z = layer->z + at, *rz = layer->rz + at, *du = layer->du + at;
        const REAL *dz = layer->dz + at;
        REAL *rdz = layer->rdz + at;
        double deviation = (double)layer->deviation[g], relative = (double)layer->rdeviation[g];
        double centre = mean(&groups, rdz), along = mean_product(&groups, du, z);
        double turn = mean_product(&groups, rdz, z) + mean_product(&groups, du, rz);
        for (int i = 0; i < groups.size; i++) {
            size_t j = (size_t)i * groups.stride;
            rdz[j] = (REAL)(relative * (double)dz[j] +
                            deviation * ((double)rdz[j] - centre - (double)rz[j] * along -
                                         (double)z[j] * turn));
        }
    }
}

static void forward_along(struct brink_engine_state *state, const REAL *tangent)
{
    for (int l = 1; l <= state->layers; l++) {
        struct layer *layer = &state->layer[l], *below = layer - 1;
        add_linear(state, layer, tangent, below->a, false, layer->rz);
        if (l > 1)
            add_linear(state, layer, state->weight, below->ra, true, layer->rz);
        add_bias(state, layer, tangent, layer->rz);
        if (!layer->hidden)
            continue;
        if (state->network.norm != BRINK_NORM_NONE)
            normalise_along(state, layer);
        for (size_t i = 0; i < (size_t)layer->out * (size_t)state->columns; i++)
            layer->ra[i] = layer->slope[i] * layer->rz[i];
    }
}

// rdz of the outputs from rz.
static void loss_along(struct brink_engine_state *state)
{
    struct layer *last = &state->layer[state->layers];
    size_t columns = (size_t)state->columns;
    if (state->network.loss == BRINK_LOSS_CROSS_ENTROPY) {
        for (size_t j = 0; j < columns; j++) {
            double along = 0; // with p = softmax: R p = p (rz - p.rz)
            for (size_t i = j; i < (size_t)last->out * columns; i += columns)
                along += ((double)last->dz[i] * state->columns + (double)state->y[i]) *
                         (double)last->rz[i];
            for (size_t i = j; i < (size_t)last->out * columns; i += columns) {
                double p = (double)last->dz[i] * state->columns + (double)state->y[i];
                last->rdz[i] = (REAL)(p * ((double)last->rz[i] - along) / state->columns);
            }
        }
        return;
    }
    for (size_t i = 0; i < (size_t)last->out * columns; i++) {
        struct brink_jet jet =
            brink_loss_at(state->network.loss, (double)last->z[i] - (double)state->y[i]);
        last->rdz[i] = (REAL)(jet.curvature * (double)last->rz[i] / state->columns);
    }
}

static void backward_along(struct brink_engine_state *state, const REAL *tangent, REAL *product)
{
    for (int l = state->layers; l >= 1; l--) {
        struct layer *layer = &state->layer[l], *below = layer - 1;
        add_gradient(state, layer, layer->rdz, below->a, false, product);
        if (l > 1)
            add_gradient(state, layer, layer->dz, below->ra, true, product);
        fill_bias_gradient(state, layer, layer->rdz, product);
        if (l == 1)
            break;
        fill_da(state, layer, state->weight, layer->rdz, false);
        fill_da(state, layer, tangent, layer->dz, true);
        for (size_t i = 0; i < (size_t)below->out * (size_t)state->columns; i++)
            below->rdz[i] = state->da[i] * below->slope[i] + below->bend[i] * below->rz[i];
        if (state->network.norm != BRINK_NORM_NONE)
            normalise_back_along(state, below);
    }
}
