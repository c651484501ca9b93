// SPDX-License-Identifier: MIT
// What `brink check` says of networks, and why an engine does not take one.
#include <inttypes.h>
#include <string.h>

#include "brink/network/data.h"
#include "brink/network/start.h"
#include "model_network.h"

// "784-200-10"
static void add_widths(const struct brink_network *network, struct brink_text *text)
{
    for (int l = 0; l <= brink_network_layers(network); l++)
        brink_text_add(text, "%s%d", l ? "-" : "", network->width[l]);
}

brink_err brink_network_fail_engine(const char *name, const struct brink_network_job *job)
{
    struct brink_text words = {0};
    const struct brink_network *network = &job->network;
    for (int i = 0; brink_network_engines[i]; i++)
        if (strcmp(brink_network_engines[i]->name, name) == 0) {
            brink_text_add(&words, "network.engine: %s takes %s; here is one of ", name,
                           brink_network_engines[i]->takes);
            break;
        }
    add_widths(network, &words);
    brink_text_add(&words, " (%zu weights), norm %s, %s", brink_network_weights(network),
                   brink_norms[network->norm].name,
                   job->training.batch > 0 && job->training.batch < job->data->n ? "minibatches"
                                                                                 : "full batches");
    brink_err error = words.error;
    if (!error)
        error = brink_fail(BRINK_ERR_USAGE, "%s", brink_text_get(&words));
    brink_text_free(&words);
    return error;
}

// A count with its noun, which gets an s for all but 1.
static void add_count(struct brink_text *text, int64_t count, const char *noun)
{
    brink_text_add(text, "%" PRId64 " %s%s", count, noun, count == 1 ? "" : "s");
}

// The networks and how they start: one, or the first and the last of the grid.
static void describe_networks(const struct network_state *state, struct brink_text *text)
{
    const struct brink_network_options *options = &state->spec->network;
    int64_t coordinate[BRINK_RANK_MAX] = {0};
    struct brink_network_job first, last;
    brink_network_job_at(state, coordinate, &first);
    for (int i = 0; i < state->spec->axis_count; i++)
        coordinate[i] = state->spec->axes[i].num - 1;
    brink_network_job_at(state, coordinate, &last);
    brink_text_add(text, "network  ");
    add_widths(&first.network, text);
    if (memcmp(first.network.width, last.network.width, sizeof first.network.width) != 0) {
        brink_text_add(text, " .. ");
        add_widths(&last.network, text);
    }
    brink_text_add(
        text, ", %s, init %s%s%s, %s\n", brink_parametrizations[options->parametrization].name,
        brink_inits[options->init].name, options->weights ? " " : "",
        options->weights ? options->weights : "", brink_precisions[options->precision].name);
}

static void describe_data(const struct network_state *state, struct brink_text *text)
{
    const struct brink_network_options *options = &state->spec->network;
    const struct brink_data *first = &state->data[0], *last = &state->data[state->data_count - 1];
    brink_text_add(text, "data     %s, ", brink_sources[options->source].name);
    if (first->n != last->n)
        brink_text_add(text, "%d .. ", first->n);
    add_count(text, last->n, "sample");
    brink_text_add(text, ", ");
    add_count(text, first->d, "input");
    brink_text_add(text, ", ");
    add_count(text, first->outputs, "output");
    if (options->digest)
        brink_text_add(text, ", digest %s", options->digest);
    brink_text_add(text, "\n");
}

static void describe_training(const struct network_state *state, struct brink_text *text)
{
    const struct brink_network_options *options = &state->spec->network;
    if (options->batch)
        brink_text_add(text, "train    batches of %" PRId32, options->batch);
    else
        brink_text_add(text, "train    full batch");
    if (options->loss_goal > 0) {
        brink_text_add(text, ", converged at loss ");
        brink_text_number(text, options->loss_goal);
    }
    if (options->grad_tol > 0) {
        brink_text_add(text, ", converged at gradient ");
        brink_text_number(text, options->grad_tol);
    }
    brink_text_add(text, ", diverged beyond ");
    brink_text_number(text, options->escape);
    brink_text_add(text, " times its start\n         sharpness ");
    if (!state->rules.sharpness)
        brink_text_add(text, "not measured");
    else if (options->sharpness_every == 0)
        brink_text_add(text, "at start and end");
    else
        brink_text_add(text, "each %" PRId32 " steps", options->sharpness_every);
    if (options->curves_every)
        brink_text_add(text, ", curves each %" PRId32 " steps", options->curves_every);
    brink_text_add(text, "\n");
}

// The engines of all cells, with their shares.
static void describe_engines(const struct network_state *state, struct brink_text *text)
{
    int64_t coordinate[BRINK_RANK_MAX] = {0}, taken[16] = {0}, shapes = 0;
    struct brink_network_job job;
    do {
        brink_network_job_at(state, coordinate, &job);
        const struct brink_network_engine *engine = brink_network_engine(&state->rules, &job);
        for (int i = 0; brink_network_engines[i]; i++)
            taken[i] += brink_network_engines[i] == engine;
        shapes++;
    } while (brink_network_next_shape(state->spec, coordinate));
    const char *label = "engine   ";
    for (int i = 0; brink_network_engines[i]; i++) {
        const struct brink_network_engine *engine = brink_network_engines[i];
        if (taken[i] == 0)
            continue;
        brink_text_add(text, "%s%s: %s", label, engine->name, engine->meaning);
        if (taken[i] < shapes)
            brink_text_add(text, ", for %.3g %% of the cells",
                           100 * (double)taken[i] / (double)shapes);
        brink_text_add(text, "\n");
        label = "         ";
    }
    if (state->spec->network.library)
        brink_text_add(text, "         %s\n", state->spec->network.library);
}

void brink_network_describe(const void *state, struct brink_text *text)
{
    describe_networks(state, text);
    describe_data(state, text);
    describe_training(state, text);
    describe_engines(state, text);
}
