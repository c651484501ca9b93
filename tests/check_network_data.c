// SPDX-License-Identifier: MIT
// Data sets, starting weights and the degree along the ray: rules, formats, and what is refused.
#include <stdio.h>
#include <unistd.h>

#include "brink/network/data.h"
#include "brink/network/start.h"
#include "brink/sweep/spec.h"
#include "networks.h"

static char folder[] = "/tmp/brink-data.XXXXXX";

static void write_file(const char *name, const void *bytes, size_t count)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    ck_assert(file && fwrite(bytes, 1, count, file) == count);
    ck_assert_int_eq(fclose(file), 0);
}

static void remove_file(const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    ck_assert_int_eq(unlink(path), 0);
}

START_TEST(chebyshev_labels_are_cosines)
{
    const struct brink_data_request request = {
        .source = BRINK_SOURCE_CHEBYSHEV, .n = 41, .degree = 5};
    struct brink_data data;
    ck_assert_ok(brink_data_load(&request, &data));
    for (int i = 0; i < data.n; i++) {
        ck_assert_double_lt(fabs(data.y[i] - cos(5 * acos(data.x[i]))), 1e-13);
        ck_assert(data.x32[i] == (float)data.x[i]);
    }
    ck_assert(data.x[0] == -1 && data.x[20] == 0 && data.x[40] == 1);
    brink_data_free(&data);
}
END_TEST

START_TEST(idx_files_are_read_and_wrong_ones_refused)
{
    enum { COUNT = 3, PIXELS = 28 * 28 };
    static unsigned char images[16 + COUNT * PIXELS] = {0, 0, 8, 3,  0, 0, 0, COUNT,
                                                        0, 0, 0, 28, 0, 0, 0, 28};
    unsigned char labels[8 + COUNT] = {0, 0, 8, 1, 0, 0, 0, COUNT, 9, 0, 4};
    struct brink_data_request request = {.source = BRINK_SOURCE_MNIST, .path = folder, .n = 2};
    struct brink_data data;
    ck_assert(mkdtemp(folder));
    ck_assert_fails(brink_data_load(&request, &data), BRINK_ERR_IO, "no such file");
    images[16] = 255;
    images[16 + PIXELS] = 51;
    write_file("train-images-idx3-ubyte", images, sizeof images);
    write_file("train-labels-idx1-ubyte", labels, sizeof labels);
    ck_assert_ok(brink_data_load(&request, &data));
    ck_assert(data.n == 2 && data.d == PIXELS && data.outputs == 10);
    ck_assert_close(data.x[0], (1 - 0.1307) / 0.3081, 1e-15);
    ck_assert_close(data.x[PIXELS], (0.2 - 0.1307) / 0.3081, 1e-15);
    ck_assert(data.y[9] == 1 && data.y[10] == 1 && data.y[0] == 0);
    brink_data_free(&data);
    request.n = 4;
    ck_assert_fails(brink_data_load(&request, &data), BRINK_ERR_IO, "holds 3 samples, 4");
    request.n = 2;
    write_file("train-images-idx3-ubyte", images, sizeof images - 1);
    ck_assert_fails(brink_data_load(&request, &data), BRINK_ERR_IO,
                    "2368 bytes expected for 3 entries, 2367 found");
    write_file("train-images-idx3-ubyte", images, 15);
    ck_assert_fails(brink_data_load(&request, &data), BRINK_ERR_IO,
                    "16 bytes expected for the header alone, 15 found");
    images[3] = 1;
    write_file("train-images-idx3-ubyte", images, sizeof images);
    ck_assert_fails(brink_data_load(&request, &data), BRINK_ERR_IO, "begins with 00000801");
    images[3] = 3;
    labels[8] = 10;
    write_file("train-images-idx3-ubyte", images, sizeof images);
    write_file("train-labels-idx1-ubyte", labels, sizeof labels);
    ck_assert_fails(brink_data_load(&request, &data), BRINK_ERR_IO, "label 10 of sample 0");
    labels[8] = 9;
    labels[7] = COUNT - 1;
    write_file("train-labels-idx1-ubyte", labels, sizeof labels - 1);
    ck_assert_fails(brink_data_load(&request, &data), BRINK_ERR_IO, "holds 2 labels, but ");
    remove_file("train-images-idx3-ubyte");
    remove_file("train-labels-idx1-ubyte");
    // CIFAR-10: a label and three planes to a record.
    static unsigned char batch[10000 * 3073];
    request.source = BRINK_SOURCE_CIFAR10;
    batch[3073] = 7;
    batch[3073 + 1 + 1024] = 255;
    write_file("data_batch_1.bin", batch, sizeof batch);
    ck_assert_ok(brink_data_load(&request, &data));
    ck_assert(data.d == 3072 && data.y[10 + 7] == 1);
    ck_assert_close(data.x[3072 + 1024], (1 - 0.4822) / 0.2435, 1e-15);
    brink_data_free(&data);
    write_file("data_batch_1.bin", batch, 100);
    ck_assert_fails(brink_data_load(&request, &data), BRINK_ERR_IO,
                    "30730000 bytes expected, 100 found");
    remove_file("data_batch_1.bin");
    ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

// The second file holds the samples from number 10000 on.
START_TEST(a_sweep_is_bound_to_all_files_that_it_reads)
{
    char text[512], digest[2][2][17]; // [more than 10000 samples][contents]
    struct brink_spec *spec = NULL;
    strcpy(folder, "/tmp/brink-data.XXXXXX");
    ck_assert(mkdtemp(folder));
    write_file("data_batch_1.bin", "first", 5);
    for (int contents = 0; contents < 2; contents++) {
        write_file("data_batch_2.bin", contents ? "other" : "again", 5);
        for (int more = 0; more < 2; more++) {
            snprintf(text, sizeof text,
                     "model: network\naxes: {n: {values: [%d, 7]}}\nfixed: {lr: 0.1}\n"
                     "data: {source: cifar10, path: %s}\n",
                     10000 + more, folder);
            ck_assert_ok(brink_spec_parse("data.yaml", text, strlen(text), 0, NULL, &spec));
            ck_assert_uint_eq(strlen(spec->network.digest), 16);
            strcpy(digest[more][contents], spec->network.digest);
            brink_spec_free(&spec);
        }
    }
    ck_assert_str_eq(digest[0][0], digest[0][1]);
    ck_assert_str_ne(digest[1][0], digest[1][1]);
    remove_file("data_batch_1.bin");
    remove_file("data_batch_2.bin");
    ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

START_TEST(starts_have_their_norms_and_offset)
{
    const struct brink_network network = {.depth = 1, .width = {20, 30, 4}};
    struct brink_network_start start = {.seed = 1, .item = 2, .scale = 1, .norm = {10, 40}};
    double *weights = test_numbers(brink_network_weights(&network));
    brink_network_begin(&network, &start, weights);
    ck_assert_close(test_dot(600, weights, weights), 100, 1e-13);
    ck_assert_close(test_dot(120, weights + 600, weights + 600), 1600, 1e-13);
    double before = weights[7], other = weights[607];
    start.offset = 0.5;
    brink_network_begin(&network, &start, weights);
    ck_assert(weights[7] == before + 0.5 && weights[607] == other);
    brink_free(&weights);
}
END_TEST

// Growth of the loss far out along the ray, over the number of weight layers.
START_TEST(degree_along_the_ray_is_that_of_activation_and_loss)
{
    static const struct {
        enum brink_activation activation;
        enum brink_loss loss;
        enum brink_norm norm;
        double dor;
    } cases[] = {{BRINK_RELU, BRINK_LOSS_MSE, BRINK_NORM_NONE, 2},
                 {BRINK_RELU, BRINK_LOSS_HUBER, BRINK_NORM_NONE, 1},
                 {BRINK_RELU3, BRINK_LOSS_MSE, BRINK_NORM_NONE, 4},
                 {BRINK_RELU3, BRINK_LOSS_HUBER, BRINK_NORM_NONE, 2},
                 {BRINK_TANH, BRINK_LOSS_MSE, BRINK_NORM_NONE, 1},
                 {BRINK_RELU, BRINK_LOSS_MSE, BRINK_NORM_BATCH, 1},
                 {BRINK_RELU3, BRINK_LOSS_HUBER, BRINK_NORM_BATCH, 0.5},
                 {BRINK_IDENTITY, BRINK_LOSS_MSE, BRINK_NORM_NONE, 2}};
    struct brink_data data = test_data(15, 4, 3, 5);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct brink_network network = {.depth = 1,
                                              .width = {4, 8, 3},
                                              .activation = cases[i].activation,
                                              .loss = cases[i].loss,
                                              .norm = cases[i].norm,
                                              .norm_epsilon = 1e-5};
        double *weights = test_weights(&network, 3), dor = 0;
        ck_assert_ok(brink_network_dor(&network, &data, weights, &dor));
        ck_assert_close(dor, cases[i].dor, 1e-4);
        brink_free(&weights);
    }
    test_data_free(&data);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        chebyshev_labels_are_cosines,
        idx_files_are_read_and_wrong_ones_refused,
        a_sweep_is_bound_to_all_files_that_it_reads,
        starts_have_their_norms_and_offset,
        degree_along_the_ray_is_that_of_activation_and_loss,
    };
    return unit_run("network_data", tests, sizeof tests / sizeof tests[0]);
}
