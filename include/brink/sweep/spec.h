// SPDX-License-Identifier: MIT
// The sweep specification: YAML in, a resolved spec with every default filled in out.
#ifndef BRINK_SWEEP_SPEC_H
#define BRINK_SWEEP_SPEC_H

#include <stdbool.h>
#include <stdint.h>

#include "brink/base/error.h"
#include "brink/base/text.h"
#include "brink/dynamics/trajectory.h"
#include "brink/network/data.h"
#include "brink/network/start.h"
#include "brink/sweep/grid.h"
#include "brink/sweep/model.h"

#define BRINK_PARAMETER_MAX 32

enum brink_scale { BRINK_SCALE_LIST, BRINK_SCALE_LINEAR, BRINK_SCALE_LOG };

struct brink_axis {
    int parameter; // index in the model's table
    enum brink_scale scale;
    int64_t num;        // at most 2^24
    double *values;     // owned, [num], distinct; 0 .. num-1 for pairs
    double (*pairs)[2]; // owned, [num] or NULL
};

// The sections network, data and train of the model `network`; texts are owned, NULL: not given.
struct brink_network_options {
    int32_t hidden[BRINK_DEPTH_MAX];                          // widths of unequal layers
    int32_t hidden_count;                                     // 0: width and depth say it
    int32_t parametrization, init, precision, engine, source; // values of their choices
    char *library; // that the engine works on, to whose bits a result is bound; NULL: none
    double norm_epsilon;
    char *weights, *path;
    int32_t inputs, outputs, degree;
    char *digest; // of the data files' bytes (brink_spec_data_digest); NULL: made by rule
    int32_t max_steps, batch, sharpness_every, eigenvalues, curves_every, checkpoint_every;
    double loss_goal, grad_tol, escape;
};

// A resolved specification. Plain values; owned members are released by brink_spec_free.
struct brink_spec {
    char *title;                // owned, UTF-8
    char *source;               // owned: the file's name as given
    int axes_line, axes_column; // where the axes stand in it, from 1
    const struct brink_model *model;
    int axis_count;
    struct brink_axis axes[BRINK_RANK_MAX];
    bool fixed[BRINK_PARAMETER_MAX]; // by parameter index
    double fixed_value[BRINK_PARAMETER_MAX];
    double fixed_pair[2]; // of a fixed `init`
    int lr_unit;          // index in the model's table
    struct brink_rules rules;
    struct brink_network_options network;
    int64_t curve_points; // of each curve of a cell, 0: there are none ...
    int64_t curve_stride; // ... and steps between two of them
    uint64_t record;      // bit i: field i of the model is stored; status always is
    uint64_t seed;
    struct brink_grid grid;
    char *json;    // owned: the resolved spec, which reads back to the same bits
    uint64_t hash; // XXH3 of json
};

// Reads `path` ("-": stdin) and applies `overrides` ("lr.num=4096", "stop.max_steps=1e5",
// "fixed.x0=3"; values are YAML). A path may leave out `axes` and `fixed`: a first word that is a
// parameter means its axis where there is one, else its fixed value; `seed=` is the key of that
// name and `seed.num=` the axis. A mapping replaces a mapping: "lr={values: [1, 2]}". Errors:
// BRINK_ERR_IO (cannot read), BRINK_ERR_USAGE with "file:line:column: key: what, what to do".
brink_err brink_spec_read(const char *path, int override_count, char *const overrides[],
                          struct brink_spec **spec) BRINK_CHECKED;

// The same from text (a resolved spec's JSON is YAML too); `name` is used in messages.
brink_err brink_spec_parse(const char *name, const char *text, size_t length, int override_count,
                           char *const overrides[], struct brink_spec **spec) BRINK_CHECKED;

// The same sweep with only the values at places[count] of axis `axis`.
brink_err brink_spec_subset(const struct brink_spec *spec, int axis, int64_t count,
                            const int64_t places[], struct brink_spec **subset) BRINK_CHECKED;

void brink_spec_free(struct brink_spec **spec);

// One line "  key: FILE -> SPEC" for each key that differs between two resolved specs.
brink_err brink_spec_difference(const char *file_json, const char *spec_json,
                                struct brink_text *difference) BRINK_CHECKED;

// The value of parameter `parameter` at grid coordinates `coordinate`; it must be given.
double brink_spec_value(const struct brink_spec *spec, int parameter, const int64_t coordinate[]);

// Is parameter `parameter` an axis or fixed? Its axis, or -1.
bool brink_spec_has(const struct brink_spec *spec, int parameter);
int brink_spec_axis(const struct brink_spec *spec, int parameter);

// Bytes of one cell in the column of `field`, and of the model's record with its curves.
size_t brink_field_bytes(const struct brink_spec *spec, const struct brink_field *field);
size_t brink_record_bytes(const struct brink_spec *spec);
// Where `field` begins in that record.
size_t brink_field_offset(const struct brink_spec *spec, const struct brink_field *field);

// The words of a value of a parameter: its name if it has one, else the number.
#define BRINK_VALUE_MAX 40
const char *brink_value_text(const struct brink_parameter *parameter, double value,
                             char words[static BRINK_VALUE_MAX]);
// Adds "activation#1 = tanh, init#0 = [4, 0.5], lr#3 = 0.1": a cell by its axes.
void brink_cell_text(const struct brink_spec *spec, const int64_t coordinate[],
                     struct brink_text *text);

// Value `i` of an axis of `num` points from `min` to `max`: the ends are exact, the same (i, num)
// gives the same bits. Log: exp(log min + i/(num-1) (log max - log min)) by our own exp and log.
double brink_axis_value(enum brink_scale scale, double min, double max, int64_t num, int64_t i);

// All keys with type, range, default and meaning, from the tables: for `brink help spec`.
void brink_spec_help(struct brink_text *text);

// XXH3 of the bytes of the files of data and weights as they are now, for data.digest.
// BRINK_ERR_IO.
#define BRINK_DIGEST_MAX 17 // 16 hex digits and an end
brink_err brink_spec_data_digest(const struct brink_spec *spec,
                                 char digest[static BRINK_DIGEST_MAX]) BRINK_CHECKED;

#endif
