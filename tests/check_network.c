// SPDX-License-Identifier: MIT
// The plain engine against the laws of networks: slopes, symmetry, conservation, invariance.
#include <stdio.h>

#include "brink/network/functions.h"
#include "brink/network/lanczos.h"
#include "networks.h"

static struct brink_network small(int depth)
{
    struct brink_network network = {
        .depth = depth, .norm_epsilon = 1e-5, .precision = BRINK_F64_NET};
    network.width[0] = 3;
    for (int l = 1; l <= depth; l++)
        network.width[l] = 7 - l;
    network.width[depth + 1] = 2;
    return network;
}

// Calls `law` for every activation, loss, norm, bias, depth and parametrization.
static void for_all(void (*law)(const struct brink_network *network))
{
    for (int depth = 0; depth <= BRINK_DEPTH_MAX; depth++) {
        struct brink_network network = small(depth);
        for (int a = 0; a < BRINK_ACTIVATION_COUNT; a++)
            for (int l = 0; l < BRINK_LOSS_COUNT; l++)
                for (int n = 0; n < BRINK_NORM_COUNT; n++)
                    for (int more = 0; more < 4; more++) {
                        network.activation = (enum brink_activation)a;
                        network.loss = (enum brink_loss)l;
                        network.norm = (enum brink_norm)n;
                        network.bias = more & 1;
                        network.parametrization = more & 2 ? BRINK_MEAN_FIELD : BRINK_STANDARD;
                        law(&network);
                    }
    }
}

static void say(const struct brink_network *network, char words[static 128])
{
    snprintf(words, 128, "%s %s %s bias %d depth %d %s",
             brink_activations[network->activation].name, brink_losses[network->loss].name,
             brink_norms[network->norm].name, network->bias, network->depth,
             brink_parametrizations[network->parametrization].name);
}

// Along a random direction: the slope of the loss is the gradient's.
static void gradient_law(const struct brink_network *network)
{
    char words[128];
    struct brink_data data = test_data(7, 3, 2, 1);
    double *weights = test_weights(network, 5), *direction = test_weights(network, 6);
    struct test_net net = test_open(test_engine("plain", network, &data), network, &data);
    double *gradient = test_numbers(net.count), *moved = test_numbers(net.count);
    double loss[2], step = 2e-6;
    test_gradient(&net, weights, gradient);
    for (int side = 0; side < 2; side++) {
        for (size_t i = 0; i < net.count; i++)
            moved[i] = weights[i] + (side ? step : -step) * direction[i];
        loss[side] = test_loss(&net, moved);
    }
    double along = test_dot(net.count, gradient, direction);
    double slope = (loss[1] - loss[0]) / (2 * step);
    say(network, words);
    ck_assert_msg(fabs(slope - along) <= 1e-7 * (1 + fabs(along)), "%s: %.12g, slope %.12g", words,
                  along, slope);
    brink_free(&weights);
    brink_free(&direction);
    brink_free(&gradient);
    brink_free(&moved);
    test_close(&net);
    test_data_free(&data);
}

START_TEST(gradient_is_the_slope_of_the_loss)
{
    for_all(gradient_law);
}
END_TEST

// H v is the change of the gradient along v, and u.Hv = v.Hu.
static void hessian_law(const struct brink_network *network)
{
    char words[128];
    struct brink_data data = test_data(7, 3, 2, 1);
    double *weights = test_weights(network, 5), *v = test_weights(network, 6);
    double *u = test_weights(network, 7);
    struct test_net net = test_open(test_engine("plain", network, &data), network, &data);
    const struct brink_training training = test_training(0);
    double *hv = test_numbers(net.count), *hu = test_numbers(net.count);
    double *moved = test_numbers(net.count), *gradient[2], step = 1e-6;
    say(network, words);
    for (int side = 0; side < 2; side++) {
        gradient[side] = test_numbers(net.count);
        for (size_t i = 0; i < net.count; i++)
            moved[i] = weights[i] + (side ? step : -step) * v[i];
        test_gradient(&net, moved, gradient[side]);
    }
    net.engine->load(net.state, 0, weights, &training);
    net.engine->bend(net.state, 0);
    net.engine->hessian(net.state, v, hv);
    net.engine->hessian(net.state, u, hu);
    double length = sqrt(test_dot(net.count, hv, hv));
    for (size_t i = 0; i < net.count; i++) {
        double change = (gradient[1][i] - gradient[0][i]) / (2 * step);
        ck_assert_msg(fabs(change - hv[i]) <= 1e-6 * (1 + length), "%s: %zu: %.12g, change %.12g",
                      words, i, hv[i], change);
    }
    double uhv = test_dot(net.count, u, hv), vhu = test_dot(net.count, v, hu);
    ck_assert_msg(fabs(uhv - vhu) <= 1e-12 * (1 + length), "%s: %.17g, %.17g", words, uhv, vhu);
    double *all[] = {weights, u, v, hv, hu, moved, gradient[0], gradient[1]};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        brink_free(&all[i]);
    test_close(&net);
    test_data_free(&data);
}

START_TEST(hessian_is_the_slope_of_the_gradient_and_symmetric)
{
    for_all(hessian_law);
}
END_TEST

// <W1, grad W1> = k <W2, grad W2> for phi homogeneous of degree k: what gradient flow conserves.
START_TEST(gradient_flow_conserves_the_imbalance)
{
    static const enum brink_activation homogeneous[] = {BRINK_RELU, BRINK_LEAKY_RELU,
                                                        BRINK_IDENTITY, BRINK_RELU2, BRINK_RELU3};
    struct brink_data data = test_data(9, 3, 2, 2);
    for (size_t a = 0; a < sizeof homogeneous / sizeof homogeneous[0]; a++) {
        struct brink_network network = small(1);
        network.activation = homogeneous[a];
        network.loss = BRINK_LOSS_LOGCOSH;
        double *weights = test_weights(&network, 3);
        struct test_net net = test_open(test_engine("plain", &network, &data), &network, &data);
        double *gradient = test_numbers(net.count);
        size_t split = brink_network_offset(&network, 2);
        test_gradient(&net, weights, gradient);
        double first = test_dot(split, weights, gradient);
        double second = test_dot(net.count - split, weights + split, gradient + split);
        double degree = brink_activation_degree(network.activation);
        ck_assert_double_gt(fabs(first), 1e-3);
        ck_assert_close(first, degree * second, 1e-12);
        brink_free(&weights);
        brink_free(&gradient);
        test_close(&net);
    }
    test_data_free(&data);
}
END_TEST

// With batch norm the loss ignores the scale of W1, so the gradient is orthogonal to it.
START_TEST(batch_norm_ignores_the_scale_of_the_first_layer)
{
    struct brink_data data = test_data(9, 3, 2, 2);
    struct brink_network network = small(1);
    network.norm = BRINK_NORM_BATCH;
    network.norm_epsilon = 0;
    double *weights = test_weights(&network, 3);
    struct test_net net = test_open(test_engine("plain", &network, &data), &network, &data);
    double *gradient = test_numbers(net.count), before = test_loss(&net, weights);
    size_t split = brink_network_offset(&network, 2);
    test_gradient(&net, weights, gradient);
    double along = test_dot(split, weights, gradient);
    ck_assert_double_lt(fabs(along), 1e-13 * sqrt(test_dot(split, weights, weights)) *
                                         (1 + sqrt(test_dot(split, gradient, gradient))));
    for (size_t i = 0; i < split; i++)
        weights[i] *= 3;
    ck_assert_close(test_loss(&net, weights), before, 1e-13);
    brink_free(&weights);
    brink_free(&gradient);
    test_close(&net);
    test_data_free(&data);
}
END_TEST

// f = (x y - 1)^2/2 on one sample: the Hessian is [[y^2, 2xy - 1], [2xy - 1, x^2]].
START_TEST(linear_net_of_two_weights_is_the_closed_form)
{
    struct brink_network network = {
        .depth = 1, .width = {1, 1, 1}, .activation = BRINK_IDENTITY, .precision = BRINK_F64_NET};
    double sample = 1, label = 1;
    const struct brink_data data = {.n = 1, .d = 1, .outputs = 1, .x = &sample, .y = &label};
    struct test_net net = test_open(test_engine("plain", &network, &data), &network, &data);
    struct brink_lanczos *lanczos = NULL;
    ck_assert_ok(brink_lanczos_open(net.engine, net.state, network.precision, 2, &lanczos));
    for (int i = 0; i < 20; i++) {
        double x = 3 * test_draw(8, 2 * (uint32_t)i), y = 3 * test_draw(8, 2 * (uint32_t)i + 1);
        const double weights[2] = {x, y};
        double warm[8] = {0}, off = 2 * x * y - 1, half = (x * x + y * y) / 2;
        double root = sqrt((x * x - y * y) * (x * x - y * y) / 4 + off * off);
        const struct brink_training training = test_training(0.01);
        struct brink_spectrum spectrum;
        net.engine->load(net.state, 0, weights, &training);
        brink_lanczos_run(lanczos, 0, warm, true, true, &spectrum);
        ck_assert_double_lt(fabs(spectrum.top[0] - (half + root)), 1e-12 * (half + root));
        ck_assert_double_lt(fabs(spectrum.bottom - (half - root)), 1e-12 * (half + root));
        ck_assert_close(test_loss(&net, weights), (x * y - 1) * (x * y - 1) / 2, 1e-14);
    }
    brink_lanczos_close(&lanczos);
    test_close(&net);
}
END_TEST

// f = v . W x with W = 0 on one sample, x = 1: the Hessian is v v' in the coordinates of W, or 0.
START_TEST(lanczos_counts_an_eigenvalue_as_often_as_it_is_there)
{
    struct brink_network network = {
        .depth = 1, .width = {1, 5, 1}, .activation = BRINK_IDENTITY, .precision = BRINK_F64_NET};
    double sample = 1, label = 0;
    const struct brink_data data = {.n = 1, .d = 1, .outputs = 1, .x = &sample, .y = &label};
    struct test_net net = test_open(test_engine("plain", &network, &data), &network, &data);
    const struct brink_training training = test_training(0.01);
    struct brink_lanczos *lanczos = NULL;
    ck_assert_ok(brink_lanczos_open(net.engine, net.state, network.precision, 4, &lanczos));
    for (int zero = 0; zero < 2; zero++) {
        double weights[10] = {[7] = zero ? 0 : 3, [9] = zero ? 0 : 4}, warm[16] = {0};
        struct brink_spectrum spectrum;
        net.engine->load(net.state, 0, weights, &training);
        brink_lanczos_run(lanczos, 0, warm, true, true, &spectrum);
        ck_assert(spectrum.settled);
        ck_assert_double_lt(fabs(spectrum.top[0] - (zero ? 0 : 25)), 1e-12);
        for (int i = 1; i < 4; i++)
            ck_assert_double_lt(fabs(spectrum.top[i]), 1e-12);
        ck_assert_double_lt(fabs(spectrum.bottom), 1e-12);
    }
    brink_lanczos_close(&lanczos);
    test_close(&net);
}
END_TEST

// Against the eigenvalues of the whole matrix, column by column, cold and warm.
START_TEST(lanczos_finds_the_extreme_eigenvalues)
{
    struct brink_data data = test_data(20, 3, 2, 4);
    for (int norm = 0; norm < BRINK_NORM_COUNT; norm++) {
        struct brink_network network = small(2);
        network.width[1] = 8;
        network.width[2] = 9;
        network.norm = (enum brink_norm)norm;
        network.bias = true;
        double *weights = test_weights(&network, 3);
        struct test_net net = test_open(test_engine("plain", &network, &data), &network, &data);
        const struct brink_training training = test_training(0.01);
        struct brink_lanczos *lanczos = NULL;
        struct brink_spectrum cold, warm;
        double *matrix = test_numbers(net.count * net.count), *unit = test_numbers(net.count);
        double *value = test_numbers(net.count), *vector = test_numbers(net.count * net.count);
        net.engine->load(net.state, 0, weights, &training);
        net.engine->bend(net.state, 0);
        for (size_t i = 0; i < net.count; i++) {
            unit[i] = 1;
            net.engine->hessian(net.state, unit, matrix + i * net.count);
            unit[i] = 0;
        }
        brink_eigen_symmetric((int)net.count, matrix, value, vector);
        ck_assert_ok(brink_lanczos_open(net.engine, net.state, network.precision, 3, &lanczos));
        void *tangent = test_numbers(net.count + 8);
        brink_lanczos_run(lanczos, 0, tangent, true, true, &cold);
        ck_assert(cold.settled);
        for (int i = 0; i < 3; i++)
            ck_assert_close(cold.top[i], value[net.count - 1 - (size_t)i], 1e-3);
        ck_assert_close(cold.bottom, value[0], 1e-3);
        brink_lanczos_run(lanczos, 0, tangent, false, false, &warm);
        for (int i = 0; i < 3; i++)
            ck_assert_close(warm.top[i], value[net.count - 1 - (size_t)i], 1e-3);
        ck_assert_int_lt(warm.products, cold.products);
        brink_lanczos_close(&lanczos);
        ck_assert_ok(brink_lanczos_open(net.engine, net.state, network.precision, 1, &lanczos));
        brink_lanczos_run(lanczos, 0, tangent, true, false, &cold);
        brink_lanczos_run(lanczos, 0, tangent, false, false, &warm);
        ck_assert_close(warm.top[0], value[net.count - 1], 1e-3);
        ck_assert_int_le(warm.products, 2);
        double *all[] = {weights, matrix, unit, value, vector, tangent};
        for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
            brink_free(&all[i]);
        brink_lanczos_close(&lanczos);
        test_close(&net);
    }
    test_data_free(&data);
}
END_TEST

// The first steps in single precision are those in double, up to its rounding.
START_TEST(single_precision_follows_double)
{
    struct brink_data data = test_data(12, 3, 2, 4);
    double loss[2][BRINK_NETWORK_BLOCK];
    for (int precision = 0; precision < 2; precision++) {
        struct brink_network network = small(2);
        network.precision = precision ? BRINK_F64_NET : BRINK_F32_NET;
        double *weights = test_weights(&network, 3);
        struct test_net net = test_open(test_engine("plain", &network, &data), &network, &data);
        const struct brink_training training = test_training(0.05);
        int taken = 0;
        net.engine->load(net.state, 0, weights, &training);
        net.engine->advance(net.state, 20, loss[precision], &taken);
        ck_assert_int_eq(taken, 20);
        brink_free(&weights);
        test_close(&net);
    }
    for (int k = 0; k < 20; k++)
        ck_assert_close(loss[0][k], loss[1][k], 1e-5);
    ck_assert(loss[0][19] < loss[0][0] && loss[0][19] != loss[1][19]);
    test_data_free(&data);
}
END_TEST

// Cut anywhere, saved and restored into another state, with minibatches: the same bits.
START_TEST(cut_and_restored_training_keeps_its_bits)
{
    struct brink_data data = test_data(12, 3, 2, 4);
    struct brink_network network = small(2);
    struct brink_training training = test_training(0.05);
    training.batch = 5;
    training.batch_seed = 3;
    double *weights = test_weights(&network, 3), whole[BRINK_NETWORK_BLOCK];
    double parts[BRINK_NETWORK_BLOCK];
    int taken = 0;
    struct test_net net = test_open(test_engine("plain", &network, &data), &network, &data);
    net.engine->load(net.state, 0, weights, &training);
    net.engine->advance(net.state, 50, whole, &taken);
    net.engine->load(net.state, 0, weights, &training);
    net.engine->advance(net.state, 17, parts, &taken);
    void *snapshot = test_numbers(net.engine->snapshot_bytes(net.state) / sizeof(double) + 1);
    net.engine->save(net.state, 0, snapshot);
    test_close(&net);
    net = test_open(test_engine("plain", &network, &data), &network, &data);
    net.engine->load(net.state, 0, weights, &training);
    net.engine->restore(net.state, 0, snapshot);
    net.engine->advance(net.state, 33, parts + 17, &taken);
    ck_assert_int_eq(taken, 33);
    for (int k = 0; k < 50; k++)
        ck_assert_bits_eq(parts[k], whole[k]);
    brink_free(&weights);
    brink_free(&snapshot);
    test_close(&net);
    test_data_free(&data);
}
END_TEST

// A network stops before the step whose loss ends it, at the weights of that loss.
START_TEST(training_stops_at_its_limits)
{
    struct brink_data data = test_data(12, 3, 2, 4);
    struct brink_network network = small(1);
    double *weights = test_weights(&network, 3), loss[BRINK_NETWORK_BLOCK];
    struct test_net net = test_open(test_engine("plain", &network, &data), &network, &data);
    struct brink_training training = test_training(0.05);
    struct brink_network_look look;
    int taken = 0;
    net.engine->load(net.state, 0, weights, &training);
    net.engine->advance(net.state, 30, loss, &taken);
    training.loss_min = loss[11];
    net.engine->load(net.state, 0, weights, &training);
    net.engine->advance(net.state, 30, loss, &taken);
    ck_assert_int_eq(taken, 11);
    net.engine->look(net.state, 0, &look);
    ck_assert_bits_eq(look.loss, training.loss_min);
    net.engine->advance(net.state, 30, loss, &taken);
    ck_assert_int_eq(taken, 0);
    brink_free(&weights);
    test_close(&net);
    test_data_free(&data);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        gradient_is_the_slope_of_the_loss,
        hessian_is_the_slope_of_the_gradient_and_symmetric,
        gradient_flow_conserves_the_imbalance,
        batch_norm_ignores_the_scale_of_the_first_layer,
        linear_net_of_two_weights_is_the_closed_form,
        lanczos_counts_an_eigenvalue_as_often_as_it_is_there,
        lanczos_finds_the_extreme_eigenvalues,
        single_precision_follows_double,
        cut_and_restored_training_keeps_its_bits,
        training_stops_at_its_limits,
    };
    return unit_run("network", tests, sizeof tests / sizeof tests[0]);
}
