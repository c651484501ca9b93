// SPDX-License-Identifier: MIT
// The attributes of a result file, schema 1, written once for writer and checker.
//
// object         attributes
// .              NX_class, default, Conventions, title, source, history, references, brink_format,
//                schema_version i4, spec (JSON), spec_hash (16 hex digits), model, lr_unit,
//                kernel_version i4, version, commit, compiler, flags, storage ("in place",
//                "packed" or "joined"), fixed_NAME f8 ([2] of a pair) or text (a word)
// every array    units, long_name
// coordinates    scale: list | linear | log; of words flag_values i4, flag_meanings
// fields         coordinates (if an axis is of pairs), _FillValue NaN (f8 only)
// status         flag_values i1, flag_meanings, comment
// tiles          tile_shape i8, tile_counts i8, order
// entry          NX_class, default
// entry/data     NX_class, signal, axes, AXIS_indices i4, title
// CLASS, NAME, REFERENCE_LIST and DIMENSION_LIST are HDF5's own, of dimension scales.
//
// Text is variable-length UTF-8. No attribute holds a time, a host or a rank count: the same
// specification and build give the same bytes.
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "brink/base/build.h"
#include "brink/base/elementary.h"
#include "brink/base/memory.h"
#include "brink/base/text.h"
#include "layout.h"

// Where attributes go while the layout is walked over.
struct walk {
    const struct brink_spec *spec;
    const struct brink_origin *origin;
    brink_attribute_visit *visit;
    void *context;
};

static brink_err put(const struct walk *walk, const char *object, const char *name,
                     enum brink_element element, int64_t count, const void *data)
{
    struct brink_attribute attribute = {object, name, element, count, data};
    return walk->visit(walk->context, &attribute);
}

static brink_err put_text(const struct walk *walk, const char *object, const char *name,
                          const char *text)
{
    return put(walk, object, name, BRINK_ELEMENT_TEXT, 0, &text);
}

// Takes over `text`, also after an error.
static brink_err put_built(const struct walk *walk, const char *object, const char *name,
                           struct brink_text *text)
{
    brink_err error = text->error;
    if (!error)
        error = put_text(walk, object, name, brink_text_get(text));
    brink_text_free(text);
    return error;
}

static const char *axis_name(const struct brink_spec *spec, int axis)
{
    return spec->model->parameters[spec->axes[axis].parameter].name;
}

static brink_err visit_texts(const struct walk *walk)
{
    const struct brink_spec *spec = walk->spec;
    const struct brink_origin *origin = walk->origin;
    char hash[17];
    snprintf(hash, sizeof hash, "%016" PRIx64, spec->hash);
    const struct {
        const char *object, *name, *text;
    } texts[] = {
        {".", "NX_class", "NXroot"},
        {".", "default", "entry"},
        {".", "Conventions", "CF-1.10"},
        {".", "title", spec->title},
        {".", "references", spec->model->references},
        {".", "brink_format", BRINK_FORMAT},
        {".", "spec", spec->json},
        {".", "spec_hash", hash},
        {".", "model", spec->model->name},
        {".", "lr_unit", spec->model->lr_units[spec->lr_unit].name},
        {".", "version", origin->version},
        {".", "commit", origin->commit},
        {".", "compiler", origin->compiler},
        {".", "flags", origin->flags},
        {".", "history", origin->history},
        {".", "storage", brink_storage_names[brink_origin_storage(origin)]},
        {"tiles", "order",
         "row-major over the grid of tiles, the axes in the order of the dimensions; tiles at the "
         "far edges are clipped"},
        {"entry", "NX_class", "NXentry"},
        {"entry", "default", "data"},
        {"entry/data", "NX_class", "NXdata"},
        {"entry/data", "signal", "status"},
        {"entry/data", "title", spec->title},
    };
    brink_err error = BRINK_OK;
    for (size_t i = 0; !error && i < sizeof texts / sizeof texts[0]; i++)
        error = put_text(walk, texts[i].object, texts[i].name, texts[i].text);
    return error;
}

static brink_err visit_source(const struct walk *walk)
{
    struct brink_text source = {0};
    brink_text_add(&source, "brink %s (%s), model %s", walk->origin->version, walk->origin->commit,
                   walk->spec->model->name);
    return put_built(walk, ".", "source", &source);
}

static brink_err visit_numbers(const struct walk *walk)
{
    const struct brink_spec *spec = walk->spec;
    int32_t schema = BRINK_SCHEMA_VERSION, kernel = walk->origin->kernel_version;
    brink_err error = put(walk, ".", "schema_version", BRINK_ELEMENT_I32, 0, &schema);
    if (!error)
        error = put(walk, ".", "kernel_version", BRINK_ELEMENT_I32, 0, &kernel);
    for (int i = 0; !error && i < spec->model->parameter_count; i++) {
        char name[128];
        const struct brink_parameter *parameter = &spec->model->parameters[i];
        bool pairs = parameter->pairs;
        if (!spec->fixed[i])
            continue;
        snprintf(name, sizeof name, "fixed_%s", parameter->name);
        if (parameter->names) {
            error = put_text(walk, ".", name, parameter->names[(int)spec->fixed_value[i]]);
            continue;
        }
        error = put(walk, ".", name, BRINK_ELEMENT_F64, pairs ? 2 : 0,
                    pairs ? spec->fixed_pair : &spec->fixed_value[i]);
    }
    if (!error)
        error =
            put(walk, "tiles", "tile_shape", BRINK_ELEMENT_I64, spec->grid.rank, spec->grid.tile);
    if (!error)
        error =
            put(walk, "tiles", "tile_counts", BRINK_ELEMENT_I64, spec->grid.rank, spec->grid.tiles);
    return error;
}

// How silx, H5Web and other NeXus viewers find the axes of the signal.
static brink_err visit_nexus_axes(const struct walk *walk)
{
    const struct brink_spec *spec = walk->spec;
    const char *axes[BRINK_RANK_MAX];
    for (int i = 0; i < spec->axis_count; i++)
        axes[i] = axis_name(spec, i);
    brink_err error = put(walk, "entry/data", "axes", BRINK_ELEMENT_TEXT, spec->axis_count, axes);
    for (int32_t i = 0; !error && i < spec->axis_count; i++) {
        char name[128];
        snprintf(name, sizeof name, "%s_indices", axes[i]);
        error = put(walk, "entry/data", name, BRINK_ELEMENT_I32, 0, &i);
    }
    return error;
}

static brink_err visit_flags(const struct walk *walk, const char *object)
{
    const struct brink_flag *flags = walk->spec->model->status_flags;
    struct brink_text names = {0}, comment = {0};
    int8_t values[128];
    int count = 0;
    for (; flags[count].name; count++) {
        assert(count < (int)sizeof values); // values are distinct int8_t >= 0
        values[count] = flags[count].value;
        brink_text_add(&names, "%s%s", count ? " " : "", flags[count].name);
        brink_text_add(&comment, "%s%s: %s", count ? "; " : "", flags[count].name,
                       flags[count].meaning);
    }
    brink_err error = put(walk, object, "flag_values", BRINK_ELEMENT_I8, count, values);
    brink_err second = put_built(walk, object, "flag_meanings", &names);
    brink_err third = put_built(walk, object, "comment", &comment);
    return error ? error : second ? second : third;
}

// An axis of words: what its whole numbers mean.
static brink_err visit_names(const struct walk *walk, const struct brink_array *array)
{
    const struct brink_axis *axis = &walk->spec->axes[array->index];
    const char *const *names = walk->spec->model->parameters[axis->parameter].names;
    struct brink_text words = {0};
    int32_t values[BRINK_STATUS_MAX];
    int32_t count = 0;
    for (; names && names[count]; count++) {
        assert(count < BRINK_STATUS_MAX);
        values[count] = count;
        brink_text_add(&words, "%s%s", count ? " " : "", names[count]);
    }
    if (!names)
        return BRINK_OK;
    brink_err error = put(walk, array->name, "flag_values", BRINK_ELEMENT_I32, count, values);
    brink_err second = put_built(walk, array->name, "flag_meanings", &words);
    return error ? error : second;
}

static brink_err visit_field(const struct walk *walk, const struct brink_array *array)
{
    const struct brink_spec *spec = walk->spec;
    struct brink_text coordinates = {0};
    brink_err error = BRINK_OK;
    for (int i = 0; i < spec->axis_count; i++)
        if (spec->axes[i].pairs) {
            const char *name = axis_name(spec, i);
            brink_text_add(&coordinates, "%s%s_x0 %s_y0", coordinates.length ? " " : "", name,
                           name);
        }
    if (coordinates.length || coordinates.error)
        error = put_built(walk, array->name, "coordinates", &coordinates);
    if (!error && array->element == BRINK_ELEMENT_F64)
        error = put(walk, array->name, "_FillValue", array->element, 0, &array->fill);
    if (!error && array->index == 0)
        error = visit_flags(walk, array->name);
    return error;
}

static brink_err visit_array(void *context, const struct brink_array *array)
{
    static const char *const scales[] = {
        [BRINK_SCALE_LIST] = "list", [BRINK_SCALE_LINEAR] = "linear", [BRINK_SCALE_LOG] = "log"};
    const struct walk *walk = context;
    brink_err error = put_text(walk, array->name, "units", array->unit);
    if (!error)
        error = put_text(walk, array->name, "long_name", array->meaning);
    if (!error && array->role == BRINK_ROLE_COORDINATE)
        error = put_text(walk, array->name, "scale", scales[walk->spec->axes[array->index].scale]);
    if (!error && array->role == BRINK_ROLE_COORDINATE)
        error = visit_names(walk, array);
    if (!error && array->role == BRINK_ROLE_FIELD)
        error = visit_field(walk, array);
    return error;
}

brink_err brink_layout_attributes(const struct brink_spec *spec, const struct brink_origin *origin,
                                  brink_attribute_visit *visit, void *context)
{
    struct walk walk = {spec, origin, visit, context};
    // Arrays of all storages have the same attributes.
    brink_err error = visit_texts(&walk);
    if (!error)
        error = visit_source(&walk);
    if (!error)
        error = visit_numbers(&walk);
    if (!error)
        error = visit_nexus_axes(&walk);
    return error ? error : brink_layout_arrays(spec, BRINK_STORAGE_LIVE, visit_array, &walk);
}

static char *copy_of(const char *text, brink_err *error)
{
    struct brink_text copy = {0};
    brink_text_add(&copy, "%s", text);
    *error = *error ? *error : copy.error;
    return copy.data;
}

brink_err brink_layout_origin(const struct brink_spec *spec, struct brink_origin *origin)
{
    const struct brink_build *build = brink_build();
    const char *slash = strrchr(spec->source, '/');
    struct brink_text history = {0};
    brink_err error = BRINK_OK;
    *origin = (struct brink_origin){.kernel_version = BRINK_KERNEL_VERSION};
    // Only the file's own name: the same specification from another folder is the same.
    brink_text_add(&history, "created by brink %s from %s", build->version,
                   slash ? slash + 1 : spec->source);
    origin->history = history.data;
    error = history.error;
    origin->version = copy_of(build->version, &error);
    origin->commit = copy_of(build->commit, &error);
    origin->compiler = copy_of(build->compiler, &error);
    origin->flags = copy_of(build->flags, &error);
    return error;
}

void brink_origin_free(struct brink_origin *origin)
{
    brink_free(&origin->version);
    brink_free(&origin->commit);
    brink_free(&origin->compiler);
    brink_free(&origin->flags);
    brink_free(&origin->history);
}
