// SPDX-License-Identifier: MIT
// The layout of a file, rebuilt from its specification and compared: groups, arrays, coordinates,
// scales, second names, attributes with their values, and that there is nothing else.
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "brink/base/build.h"
#include "brink/base/memory.h"
#include "check.h"
#include "types.h"
#include "verify.h"

enum { OBJECTS_MAX = 2 * BRINK_FIELD_MAX, OBJECT_NAME_MAX = 192 };

// An object of the file and what must be in it.
struct object {
    char name[OBJECT_NAME_MAX];
    int64_t attributes;
    int64_t members; // links of a group, -1 of an array
};

// All objects seen so far.
struct census {
    struct brink_inspection *inspection;
    int count;
    struct object objects[OBJECTS_MAX];
};

static struct object *object_of(struct census *census, const char *name)
{
    for (int i = 0; i < census->count; i++)
        if (strcmp(census->objects[i].name, name) == 0)
            return &census->objects[i];
    assert(census->count < OBJECTS_MAX);
    struct object *object = &census->objects[census->count++];
    snprintf(object->name, sizeof object->name, "%s", name);
    object->members = -1;
    return object;
}

// Counts `path` as a member of its group.
static void add_member(struct census *census, const char *path)
{
    char group[OBJECT_NAME_MAX] = ".";
    const char *slash = strrchr(path, '/');
    if (slash)
        snprintf(group, sizeof group, "%.*s", (int)(slash - path), path);
    struct object *object = object_of(census, group);
    object->members = object->members < 0 ? 1 : object->members + 1;
}

// ---- arrays

static brink_err compare_coordinate(struct brink_inspection *inspection,
                                    const struct brink_array *array, hid_t dataset)
{
    char *wanted = NULL, *found = NULL;
    const size_t count = (size_t)array->shape[0];
    brink_err error = brink_alloc(&wanted, count, array->size);
    if (!error)
        error = brink_alloc(&found, count, array->size);
    if (!error)
        error = BRINK_HDF5(&inspection->door, array->name,
                           H5Dread(dataset, brink_number_type(array->element), H5S_ALL, H5S_ALL,
                                   H5P_DEFAULT, found));
    if (!error) {
        brink_array_coordinate(array, inspection->spec, wanted);
        for (size_t i = 0; i < count; i++)
            if (memcmp(wanted + i * array->size, found + i * array->size, array->size) != 0) {
                brink_inspection_find(inspection, array->name,
                                      "value %zu is not that of the specification", i);
                break;
            }
    }
    brink_free(&wanted);
    brink_free(&found);
    return error;
}

static brink_err address_of(struct brink_door *door, hid_t file, const char *name, haddr_t *address)
{
    H5O_info_t info = {0};
    brink_err error = BRINK_HDF5(
        door, name, H5Oget_info_by_name2(file, name, &info, H5O_INFO_BASIC, H5P_DEFAULT));
    *address = info.addr;
    return error;
}

// Does `list`, element `dimension` of DIMENSION_LIST, name the scale of the axis, and only it?
static brink_err compare_scale(struct brink_inspection *inspection, const struct brink_array *array,
                               int dimension, const hvl_t *list)
{
    struct brink_door *door = &inspection->door;
    const struct brink_spec *spec = inspection->spec;
    const char *name = brink_array_scale(array, spec, dimension);
    haddr_t scale = HADDR_UNDEF;
    hobj_ref_t reference;
    brink_err error = address_of(door, inspection->file, name, &scale);
    if (error)
        return error;
    if (list->len == 1)
        memcpy(&reference, list->p, sizeof reference); // an object's address
    if (list->len != 1 || reference != scale)
        brink_inspection_find(inspection, array->name, "dimension %d has not %s as its scale",
                              dimension, name);
    return BRINK_OK;
}

static brink_err compare_scales(struct brink_inspection *inspection,
                                const struct brink_array *array)
{
    static const char name[] = "DIMENSION_LIST"; // of HDF5's dimension scales
    struct brink_door *door = &inspection->door;
    hid_t type = H5I_INVALID_HID, attribute = H5I_INVALID_HID, space = H5I_INVALID_HID;
    hvl_t lists[BRINK_RANK_MAX + 1] = {{0}};
    brink_err error = BRINK_HDF5(door, name, type = H5Tvlen_create(H5T_STD_REF_OBJ));
    if (!error)
        error = brink_check_attribute(door, inspection->file, array->name, name, type, array->rank,
                                      &attribute);
    if (!error)
        error = BRINK_HDF5(door, name, space = H5Aget_space(attribute));
    if (!error)
        error = BRINK_HDF5(door, name, H5Aread(attribute, type, lists));
    for (int i = 0; !error && i < array->rank; i++)
        error = compare_scale(inspection, array, i, &lists[i]);
    if (space >= 0)
        (void)H5Dvlen_reclaim(type, space, H5P_DEFAULT, lists);
    brink_door_close(door, &space, &error);
    brink_door_close(door, &attribute, &error);
    brink_door_close(door, &type, &error);
    return error;
}

// The second name for NeXus viewers.
static brink_err compare_link(struct brink_inspection *inspection, const char *name)
{
    struct brink_door *door = &inspection->door;
    char second[OBJECT_NAME_MAX];
    haddr_t address = HADDR_UNDEF, other = HADDR_UNDEF;
    snprintf(second, sizeof second, "entry/data/%s", name);
    brink_err error = brink_check_links(door, inspection->file, second);
    if (!error)
        error = address_of(door, inspection->file, name, &address);
    if (!error)
        error = address_of(door, inspection->file, second, &other);
    if (!error && address != other)
        brink_inspection_find(inspection, second, "is not %s under another name", name);
    return brink_inspection_take(inspection, second, error);
}

// An array over the grid, or a scale.
static brink_err inspect_placed_array(struct census *census, const struct brink_array *array,
                                      hid_t dataset)
{
    struct brink_inspection *inspection = census->inspection;
    char second[OBJECT_NAME_MAX];
    struct object *object = object_of(census, array->name);
    bool scale = brink_array_is_scale(array);
    // HDF5's own: CLASS, NAME and REFERENCE_LIST of a scale, DIMENSION_LIST of the others.
    object->attributes += scale ? 3 : 1;
    snprintf(second, sizeof second, "entry/data/%s", array->name);
    if (brink_array_is_root(array))
        add_member(census, second);
    brink_err error = BRINK_OK;
    if (array->role != BRINK_ROLE_FIELD)
        error = compare_coordinate(inspection, array, dataset);
    if (!error && !scale)
        error = compare_scales(inspection, array);
    return error;
}

static brink_err inspect_array(void *context, const struct brink_array *array)
{
    struct census *census = context;
    struct brink_inspection *inspection = census->inspection;
    hid_t dataset = H5I_INVALID_HID;
    bool root = brink_array_is_root(array);
    bool placed = brink_array_is_scale(array) || brink_array_scale(array, inspection->spec, 0);
    add_member(census, array->name);
    brink_inspection_beat(inspection);
    brink_err error = brink_check_array(&inspection->door, inspection->file, array, &dataset);
    if (!error)
        error = brink_seal_add(&inspection->door, array, dataset, &inspection->seal);
    if (error == BRINK_ERR_BAD_FILE)
        inspection->bad_arrays++;
    if (!error && placed)
        error = inspect_placed_array(census, array, dataset);
    brink_door_close(&inspection->door, &dataset, &error);
    error = brink_inspection_take(inspection, array->name, error);
    return error || !root ? error : compare_link(inspection, array->name);
}

// ---- attributes

static void compare_text(struct brink_inspection *inspection, const char *object, const char *name,
                         const char *found, const char *wanted)
{
    if (strcmp(found ? found : "", wanted) != 0)
        brink_inspection_find(inspection, object, "attribute %s is \"%.60s\", not \"%.60s\"", name,
                              found ? found : "", wanted);
}

static brink_err compare_attribute(struct brink_inspection *inspection,
                                   const struct brink_attribute *attribute, hid_t id, hid_t type)
{
    char *texts[BRINK_RANK_MAX] = {NULL};
    unsigned char numbers[BRINK_STATUS_MAX * sizeof(double)];
    const int64_t count = attribute->count ? attribute->count : 1;
    const size_t bytes = (size_t)count * brink_element_size(attribute->element);
    bool text = attribute->element == BRINK_ELEMENT_TEXT;
    assert(text ? count <= BRINK_RANK_MAX : bytes <= sizeof numbers);
    brink_err error = BRINK_HDF5(&inspection->door, attribute->name,
                                 H5Aread(id, type, text ? (void *)texts : (void *)numbers));
    for (int64_t i = 0; !error && text && i < count; i++)
        compare_text(inspection, attribute->object, attribute->name, texts[i],
                     ((const char *const *)attribute->data)[i]);
    for (int64_t i = 0; text && i < count; i++)
        if (texts[i])
            (void)H5free_memory(texts[i]);
    if (!error && !text && memcmp(numbers, attribute->data, bytes) != 0)
        brink_inspection_find(inspection, attribute->object, "attribute %s has another value",
                              attribute->name);
    return error;
}

// Explanations, which a later version of the program may word in another way. Under a seal that
// fits they are as they were made; where it does not, the damage may be in them.
static bool may_be_reworded(const struct brink_inspection *inspection, const char *name)
{
    static const char *const names[] = {"long_name", "comment", "references", "order"};
    bool other_build = strcmp(inspection->origin.commit, brink_build()->commit) != 0;
    bool explains = false;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        explains |= strcmp(name, names[i]) == 0;
    return explains && (other_build || !inspection->door.unsealed);
}

static brink_err inspect_attribute(void *context, const struct brink_attribute *attribute)
{
    struct census *census = context;
    struct brink_inspection *inspection = census->inspection;
    struct brink_door *door = &inspection->door;
    hid_t type = H5I_INVALID_HID, id = H5I_INVALID_HID;
    object_of(census, attribute->object)->attributes++;
    brink_err error = BRINK_OK;
    if (strcmp(attribute->object, ".") != 0)
        error = brink_check_links(door, inspection->file, attribute->object);
    if (!error)
        error = brink_file_type(door, attribute->element, 0, &type);
    if (!error)
        error = brink_check_attribute(door, inspection->file, attribute->object, attribute->name,
                                      type, attribute->count, &id);
    if (!error && !may_be_reworded(inspection, attribute->name))
        error = compare_attribute(inspection, attribute, id, type);
    brink_door_close(door, &id, &error);
    brink_door_close(door, &type, &error);
    return brink_inspection_take(inspection, attribute->object, error);
}

// ---- the whole

// The title of the plot, a dataset that is no array.
static brink_err inspect_title(struct census *census)
{
    static const char name[] = "entry/data/title";
    struct brink_inspection *inspection = census->inspection;
    struct brink_door *door = &inspection->door;
    hid_t dataset = H5I_INVALID_HID, type = H5I_INVALID_HID, stored = H5I_INVALID_HID,
          space = H5I_INVALID_HID;
    char *title = NULL;
    htri_t equal = 0;
    H5S_class_t kind = H5S_NO_CLASS;
    add_member(census, name);
    brink_err error = brink_check_links(door, inspection->file, name);
    if (!error)
        error = BRINK_HDF5(door, name, dataset = H5Dopen2(inspection->file, name, H5P_DEFAULT));
    if (!error)
        error = brink_file_type(door, BRINK_ELEMENT_TEXT, 0, &type);
    if (!error)
        error = BRINK_HDF5(door, name, stored = H5Dget_type(dataset));
    if (!error)
        error = BRINK_HDF5(door, name, equal = H5Tequal(stored, type));
    if (!error)
        error = BRINK_HDF5(door, name, space = H5Dget_space(dataset));
    if (!error)
        error = BRINK_HDF5(door, name, kind = H5Sget_simple_extent_type(space));
    if (!error && (!equal || kind != H5S_SCALAR))
        error = brink_fail(BRINK_ERR_BAD_FILE, "%s: wrong type", name);
    if (!error)
        error =
            BRINK_HDF5(door, name, H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, &title));
    if (!error && (!title || strcmp(title, inspection->spec->title) != 0))
        brink_inspection_find(inspection, name, "is not the title of the specification");
    if (title)
        (void)H5free_memory(title);
    brink_door_close(door, &space, &error);
    brink_door_close(door, &stored, &error);
    brink_door_close(door, &type, &error);
    brink_door_close(door, &dataset, &error);
    return brink_inspection_take(inspection, name, error);
}

// All that should be there is; is there anything else?
static brink_err inspect_counts(struct brink_inspection *inspection, const struct object *object)
{
    struct brink_door *door = &inspection->door;
    bool group = object->members >= 0;
    H5O_info_t info = {0};
    H5G_info_t members = {0};
    brink_err error = BRINK_OK;
    if (strcmp(object->name, ".") != 0)
        error = brink_check_links(door, inspection->file, object->name);
    if (!error)
        error = BRINK_HDF5(door, object->name,
                           H5Oget_info_by_name2(inspection->file, object->name, &info,
                                                H5O_INFO_BASIC | H5O_INFO_NUM_ATTRS, H5P_DEFAULT));
    if (!error && (info.type == H5O_TYPE_GROUP) != group)
        error = brink_fail(BRINK_ERR_BAD_FILE, "%s: is not a %s", object->name,
                           group ? "group" : "dataset");
    if (!error && group)
        error =
            BRINK_HDF5(door, object->name,
                       H5Gget_info_by_name(inspection->file, object->name, &members, H5P_DEFAULT));
    if (!error && group && members.nlinks != (hsize_t)object->members)
        brink_inspection_find(inspection, object->name,
                              "holds %" PRIu64 " members where %" PRId64 " are right",
                              (uint64_t)members.nlinks, object->members);
    if (!error && info.num_attrs != (hsize_t)object->attributes)
        brink_inspection_find(inspection, object->name,
                              "has %" PRIu64 " attributes where %" PRId64 " are right",
                              (uint64_t)info.num_attrs, object->attributes);
    return brink_inspection_take(inspection, object->name, error);
}

brink_err brink_inspect_layout(struct brink_inspection *inspection)
{
    const struct brink_spec *spec = inspection->spec;
    enum brink_storage storage = brink_origin_storage(&inspection->origin);
    struct census *census = NULL;
    brink_err error = brink_alloc(&census, 1, sizeof *census);
    if (error)
        return error;
    census->inspection = inspection;
    for (int i = 0; brink_layout_groups[i]; i++)
        if (brink_layout_has_group(spec, brink_layout_groups[i]))
            add_member(census, brink_layout_groups[i]);
    error = brink_layout_arrays(spec, storage, inspect_array, census);
    if (!error)
        error = inspect_title(census);
    if (!error)
        error = brink_layout_attributes(spec, &inspection->origin, inspect_attribute, census);
    for (int i = 0; !error && i < census->count; i++)
        error = inspect_counts(inspection, &census->objects[i]);
    brink_free(&census);
    return error;
}
