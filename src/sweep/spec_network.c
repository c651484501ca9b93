// SPDX-License-Identifier: MIT
// The keys network, data and train of the model `network`.
#include <assert.h>
#include <errno.h>
#include <float.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#define XXH_STATIC_LINKING_ONLY // a hash state on the stack
#include <xxhash.h>

#include "brink/base/memory.h"
#include "brink/network/lanczos.h"
#include "spec_reader.h"
#include "utf8.h"

// ---- a parameter that may also stand here

static brink_err read_parameter(struct brink_spec_reader *reader, const struct brink_spec_key *key,
                                const struct brink_yaml_node *node)
{
    char section[32];
    snprintf(section, sizeof section, "%.*s", (int)strcspn(key->name, "."), key->name);
    return node ? brink_spec_read_value(reader, section, node) : BRINK_OK;
}

// ---- words

static brink_err read_choice(struct brink_spec_reader *reader, const struct brink_spec_key *key,
                             const struct brink_yaml_node *node)
{
    const char *names[16], *word = key->fallback;
    int32_t count = 0;
    brink_err error = node ? brink_spec_word(node, key->name, &word) : BRINK_OK;
    if (error)
        return error;
    for (; key->choices[count].name; count++) {
        if (strcmp(key->choices[count].name, word) == 0) {
            memcpy((char *)reader->spec + key->offset, &count, sizeof count);
            return BRINK_OK;
        }
        names[count] = key->choices[count].name;
    }
    assert(node); // the fallback is a choice
    return brink_spec_unknown(node, key->name, "choice", word, count, names);
}

static void write_choice(const struct brink_spec *spec, const struct brink_spec_key *key,
                         struct brink_text *json)
{
    int32_t value;
    memcpy(&value, (const char *)spec + key->offset, sizeof value);
    brink_text_json(json, key->choices[value].name);
}

// ---- the batch: full, which is 0, or a number of samples

static bool is_full(const struct brink_yaml_node *node)
{
    return !node || (node->kind == BRINK_YAML_SCALAR && strcmp(node->text, "full") == 0);
}

// The fewest and the most samples that cells take. What is in the section `data` has been read.
static void samples_range(const struct brink_spec *spec, int range[static 2])
{
    int parameter = brink_model_parameter(spec->model, "n");
    int axis = brink_spec_axis(spec, parameter);
    double least = 0, most;
    if (spec->fixed[parameter])
        least = spec->fixed_value[parameter];
    else if (axis >= 0)
        least = spec->axes[axis].values[0];
    else
        (void)brink_number_parse(spec->model->parameters[parameter].fallback, &least);
    most = least;
    for (int64_t i = 0; axis >= 0 && i < spec->axes[axis].num; i++) {
        double value = spec->axes[axis].values[i];
        least = value < least ? value : least;
        most = value > most ? value : most;
    }
    range[0] = (int)least;
    range[1] = (int)most;
}

static brink_err read_batch(struct brink_spec_reader *reader, const struct brink_spec_key *key,
                            const struct brink_yaml_node *node)
{
    int samples[2];
    brink_err error = is_full(node) ? BRINK_OK : brink_spec_read_int32(reader, key, node);
    samples_range(reader->spec, samples);
    if (!error && reader->spec->network.batch > samples[0])
        error = brink_yaml_fail(node, "%s: %" PRId32 " samples a step of the %d that there are (n)",
                                key->name, reader->spec->network.batch, samples[0]);
    return error;
}

static void write_batch(const struct brink_spec *spec, const struct brink_spec_key *key,
                        struct brink_text *json)
{
    if (spec->network.batch == 0)
        brink_text_json(json, key->fallback);
    else
        brink_spec_write_int32(spec, key, json);
}

// ---- the engine: auto, or one of the table; resolved, one on a library is followed by its name

static brink_err copy_text(const char *word, char **copy)
{
    size_t size = strlen(word) + 1;
    brink_err error = brink_alloc(copy, size, 1);
    if (!error)
        memcpy(*copy, word, size);
    return error;
}

// The library that `rest`, what follows the engine's name, says, or the one there is: a result is
// bound to it.
static brink_err read_library(const struct brink_network_engine *engine, const char *rest,
                              const struct brink_yaml_node *node, char **library)
{
    const char *name = rest + 1;
    brink_err error = rest[0] ? BRINK_OK : engine->library(&name);
    if (error)
        return brink_yaml_fail(node, "%s", brink_error_note());
    return copy_text(name, library);
}

static brink_err read_engine(struct brink_spec_reader *reader, const struct brink_spec_key *key,
                             const struct brink_yaml_node *node)
{
    struct brink_network_options *network = &reader->spec->network;
    const char *names[16] = {"auto"}, *word = "auto";
    int count = 1;
    brink_err error = node ? brink_spec_word(node, key->name, &word) : BRINK_OK;
    if (error || strcmp(word, "auto") == 0)
        return error;
    for (int i = 0; brink_network_engines[i]; i++) {
        const struct brink_network_engine *engine = brink_network_engines[i];
        size_t length = strlen(engine->name);
        bool named = strncmp(word, engine->name, length) == 0;
        if (named && (!word[length] || (engine->library && word[length] == ' '))) {
            network->engine = i + 1;
            return engine->library ? read_library(engine, word + length, node, &network->library)
                                   : BRINK_OK;
        }
        if (strcmp(names[count - 1], engine->name) != 0) // one for each precision
            names[count++] = engine->name;
    }
    return brink_spec_unknown(node, key->name, "engine", word, count, names);
}

static void write_engine(const struct brink_spec *spec, const struct brink_spec_key *key,
                         struct brink_text *json)
{
    const struct brink_network_options *network = &spec->network;
    struct brink_text words = {0};
    brink_text_add(&words, "%s%s%s",
                   network->engine ? brink_network_engines[network->engine - 1]->name
                                   : key->fallback,
                   network->library ? " " : "", network->library ? network->library : "");
    brink_text_json(json, brink_text_get(&words));
    json->error = json->error ? json->error : words.error;
    brink_text_free(&words);
}

// ---- texts; "none" is written where there is none

static brink_err read_text(struct brink_spec_reader *reader, const struct brink_spec_key *key,
                           const struct brink_yaml_node *node)
{
    const char *word = NULL;
    char *copy = NULL;
    if (!node || (node->kind == BRINK_YAML_SCALAR && strcmp(node->text, "none") == 0))
        return BRINK_OK;
    brink_err error = brink_spec_word(node, key->name, &word);
    if (!error && !word[0])
        error = brink_yaml_fail(node, "%s: is empty", key->name);
    if (error)
        return error;
    error = copy_text(word, &copy);
    if (!error)
        memcpy((char *)reader->spec + key->offset, &copy, sizeof copy);
    return error;
}

static void write_text(const struct brink_spec *spec, const struct brink_spec_key *key,
                       struct brink_text *json)
{
    char *text;
    memcpy(&text, (const char *)spec + key->offset, sizeof text);
    brink_text_json(json, text ? text : "none");
}

// ---- hidden

static brink_err read_hidden(struct brink_spec_reader *reader, const struct brink_spec_key *key,
                             const struct brink_yaml_node *node)
{
    static const struct brink_range range = {1, 100000, .integer = true};
    struct brink_network_options *network = &reader->spec->network;
    if (!node || (node->kind == BRINK_YAML_SCALAR && strcmp(node->text, key->fallback) == 0))
        return BRINK_OK;
    if (node->kind != BRINK_YAML_SEQUENCE || node->count == 0 || node->count > BRINK_DEPTH_MAX)
        return brink_yaml_fail(node, "%s: a list of 1 to %d widths is needed, as in [200, 100]",
                               key->name, BRINK_DEPTH_MAX);
    for (const struct brink_yaml_node *item = node->first; item; item = item->next) {
        double width = 0;
        brink_err error = brink_spec_number(item, key->name, &range, &width);
        if (error)
            return error;
        network->hidden[network->hidden_count++] = (int32_t)width;
    }
    for (int i = 0; i < 2; i++) {
        const char *name = i ? "depth" : "width";
        int parameter = brink_model_parameter(reader->spec->model, name);
        if (reader->given[parameter])
            return brink_yaml_fail(node->key, "%s: goes without %s, which is given, too", key->name,
                                   name);
    }
    return BRINK_OK;
}

static void write_hidden(const struct brink_spec *spec, const struct brink_spec_key *key,
                         struct brink_text *json)
{
    const struct brink_network_options *network = &spec->network;
    if (network->hidden_count == 0)
        brink_text_json(json, key->fallback);
    for (int i = 0; i < network->hidden_count; i++)
        brink_text_add(json, "%s%" PRId32 "%s", i ? ", " : "[", network->hidden[i],
                       i + 1 == network->hidden_count ? "]" : "");
}

// ---- digest of the files of data and weights

static brink_err add_file(void *context, const char *path)
{
    char bytes[65536];
    FILE *file = fopen(path, "rb");
    if (!file) // what is wrong with it is said when it is loaded
        return brink_fail(BRINK_ERR_IO, "%s: cannot open: %s", path, strerror(errno));
    for (size_t count; (count = fread(bytes, 1, sizeof bytes, file)) > 0;)
        XXH3_64bits_update(context, bytes, count);
    bool bad = ferror(file) != 0;
    fclose(file);
    return bad ? brink_fail(BRINK_ERR_IO, "%s: cannot read: %s", path, strerror(errno)) : BRINK_OK;
}

brink_err brink_spec_data_digest(const struct brink_spec *spec,
                                 char digest[static BRINK_DIGEST_MAX])
{
    const struct brink_network_options *network = &spec->network;
    int samples[2];
    XXH3_state_t state;
    samples_range(spec, samples);
    const struct brink_data_request request = {
        .source = (enum brink_source)network->source, .path = network->path, .n = samples[1]};
    XXH3_64bits_reset(&state);
    brink_err error = brink_data_files(&request, add_file, &state);
    if (error == BRINK_ERR_IO && strstr(brink_error_note(), "No such file"))
        error =
            brink_fail(BRINK_ERR_IO, "%s%s", brink_error_note(), brink_data_hint(request.source));
    if (!error && network->weights)
        error = add_file(&state, network->weights);
    if (!error)
        snprintf(digest, BRINK_DIGEST_MAX, "%016" PRIx64, XXH3_64bits_digest(&state));
    return error;
}

// "auto" takes the digest of the files as they are now: a result is bound to them.
static brink_err read_digest(struct brink_spec_reader *reader, const struct brink_spec_key *key,
                             const struct brink_yaml_node *node)
{
    struct brink_network_options *network = &reader->spec->network;
    bool automatic = !node || (node->kind == BRINK_YAML_SCALAR && strcmp(node->text, "auto") == 0);
    bool made = network->source == BRINK_SOURCE_CHEBYSHEV || // by a rule
                network->source == BRINK_SOURCE_GAUSSIAN;
    if (!automatic)
        return read_text(reader, key, node);
    if (made && !network->weights)
        return BRINK_OK;
    if (network->source == BRINK_SOURCE_HDF5 && !network->path)
        return brink_yaml_fail(reader->root, "data.path: is missing: which HDF5 file?");
    brink_err error = brink_alloc(&network->digest, BRINK_DIGEST_MAX, 1);
    return error ? error : brink_spec_data_digest(reader->spec, network->digest);
}

// ---- the tables

#define AT(member) .offset = offsetof(struct brink_spec, network.member)
// A model's parameter that may stand here, too; its default is in the model's table.
#define PARAMETER(name, meaning)                                                                   \
    {                                                                                              \
        name, "parameter", NULL, meaning, .read = read_parameter                                   \
    }
#define WORD(name, fallback, meaning, table, member)                                               \
    {                                                                                              \
        name, "word", fallback, meaning, .choices = (table), AT(member), .read = read_choice,      \
                                         .write = write_choice                                     \
    }
#define WHOLE(name, fallback, meaning, least, most, member)                                        \
    {                                                                                              \
        name, "whole number", fallback, meaning, .range = {(least), (most), .integer = true},      \
                                                 AT(member), .read = brink_spec_read_int32,        \
                                                 .write = brink_spec_write_int32                   \
    }
#define NUMBER(name, fallback, meaning, least, member)                                             \
    {                                                                                              \
        name, "number", fallback, meaning, .range = {.min = (least), .max = DBL_MAX}, AT(member),  \
                                           .read = brink_spec_read_double,                         \
                                           .write = brink_spec_write_double                        \
    }

const struct brink_spec_key brink_network_keys[] = {
    PARAMETER("network.activation", "after each hidden layer"),
    PARAMETER("network.loss", "of the outputs"),
    PARAMETER("network.norm", "between a hidden layer and its activation"),
    PARAMETER("network.width", "units of each hidden layer"),
    PARAMETER("network.depth", "number of hidden layers"),
    PARAMETER("network.bias", "in all layers"),
    {"network.hidden", "list", "none", "widths of hidden layers that differ", .read = read_hidden,
     .write = write_hidden},
    WORD("network.parametrization", "standard", "what a layer computes", brink_parametrizations,
         parametrization),
    WORD("network.init", "uniform", "starting weights, drawn with the key seed", brink_inits, init),
    {"network.weights", "text", "none", "HDF5 file of the weights, for init: file", AT(weights),
     .read = read_text, .write = write_text},
    WORD("network.precision", "f32", "of all numbers of a training", brink_precisions, precision),
    NUMBER("network.norm_epsilon", "1e-5", "added to the variances of norms", 0, norm_epsilon),
    {"network.engine", "word", "auto", "what trains: auto takes the first that fits",
     .read = read_engine, .write = write_engine},
    {.name = NULL},
};

const struct brink_spec_key brink_data_keys[] = {
    WORD("data.source", "chebyshev", "samples x and labels y", brink_sources, source),
    PARAMETER("data.n", "the first n samples"),
    {"data.path", "text", "none", "folder or file; none: $BRINK_DATA/SOURCE or build/data/SOURCE",
     AT(path), .read = read_text, .write = write_text},
    WHOLE("data.inputs", "16", "of gaussian samples", 1, 1000000, inputs),
    WHOLE("data.outputs", "1", "of gaussian samples", 1, 10000, outputs),
    WHOLE("data.degree", "5", "of Chebyshev's polynomial", 0, 1000, degree),
    {"data.digest", "text", "auto",
     "XXH3 of the files of data and weights, which a result is bound to", AT(digest),
     .read = read_digest, .write = write_text},
    {.name = NULL},
};

const struct brink_spec_key brink_train_keys[] = {
    WHOLE("train.max_steps", "1000", "gradient descent steps at most", 0, 0x1p30, max_steps),
    {"train.batch", "full or whole number", "full", "samples of a step, drawn anew each epoch",
     .range = {1, 0x1p30, .integer = true}, AT(batch), .read = read_batch, .write = write_batch},
    NUMBER("train.loss_goal", "1e-6", "loss at which a training has converged; 0 is never", 0,
           loss_goal),
    NUMBER("train.grad_tol", "0",
           "norm of the gradient at which it has, every 64 steps; 0 is never", 0, grad_tol),
    NUMBER("train.escape", "1e6", "loss over that of the start at which it has diverged", 1,
           escape),
    WHOLE("train.sharpness_every", "0", "steps between two measurements; 0: at start and end", 0,
          0x1p30, sharpness_every),
    WHOLE("train.eigenvalues", "1",
          "largest eigenvalues of the Hessian that are measured; 1: the sharpness alone", 1,
          BRINK_TOP_MAX, eigenvalues),
    WHOLE("train.curves_every", "0", "steps between two points of the curves; 0: no curves", 0,
          0x1p30, curves_every),
    WHOLE("train.checkpoint_every", "0",
          "steps between two checkpoints of a cell beside the result; 0: some 20 seconds' worth", 0,
          0x1p30, checkpoint_every),
    {.name = NULL},
};
