// SPDX-License-Identifier: MIT
// Creation of a result file: all of the layout with coordinates and fill, written once, serially.
#include <hdf5_hl.h>
#include <string.h>

#include "brink/base/log.h"
#include "brink/base/memory.h"
#include "create.h"
#include "draft.h"
#include "seal.h"
#include "types.h"

// Objects without times, links and attributes in order of creation and all in the header: readers
// list the fields in our order, and there are no heaps and trees to break.
static brink_err order_object(struct brink_door *door, hid_t creation, bool group)
{
    const unsigned order = H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED;
    const unsigned compact_max = 4096;
    brink_err error = BRINK_HDF5(door, "", H5Pset_obj_track_times(creation, false));
    if (!error)
        error = BRINK_HDF5(door, "", H5Pset_attr_creation_order(creation, order));
    if (!error)
        error = BRINK_HDF5(door, "", H5Pset_attr_phase_change(creation, compact_max, 0));
    if (!error && group)
        error = BRINK_HDF5(door, "", H5Pset_link_creation_order(creation, order));
    if (!error && group)
        error = BRINK_HDF5(door, "", H5Pset_link_phase_change(creation, compact_max, 0));
    return error;
}

static brink_err create_file(struct brink_making *making, const char *name)
{
    struct brink_door *door = &making->door;
    hid_t creation = H5I_INVALID_HID, access = H5I_INVALID_HID;
    brink_err error = brink_door_access(door, &access);
    if (!error)
        error = BRINK_HDF5(door, "", creation = H5Pcreate(H5P_FILE_CREATE));
    if (!error)
        error = order_object(door, creation, true);
    if (!error)
        error =
            BRINK_HDF5(door, "", making->file = H5Fcreate(name, H5F_ACC_TRUNC, creation, access));
    brink_door_close(door, &creation, &error);
    brink_door_close(door, &access, &error);
    return error;
}

static brink_err create_group(struct brink_making *making, const char *name)
{
    struct brink_door *door = &making->door;
    hid_t creation = H5I_INVALID_HID, group = H5I_INVALID_HID;
    brink_err error = BRINK_HDF5(door, name, creation = H5Pcreate(H5P_GROUP_CREATE));
    if (!error)
        error = order_object(door, creation, true);
    if (!error)
        error = BRINK_HDF5(
            door, name, group = H5Gcreate2(making->file, name, H5P_DEFAULT, creation, H5P_DEFAULT));
    brink_door_close(door, &group, &error);
    brink_door_close(door, &creation, &error);
    return error;
}

static brink_err set_filters(struct brink_door *door, const struct brink_array *array, int level,
                             hid_t creation)
{
    brink_err error = BRINK_OK;
    if (array->size > 1 && array->element != BRINK_ELEMENT_TEXT)
        error = BRINK_HDF5(door, array->name, H5Pset_shuffle(creation));
    if (!error)
        error = BRINK_HDF5(door, array->name, H5Pset_deflate(creation, (unsigned)level));
    if (!error)
        error = BRINK_HDF5(door, array->name, H5Pset_fletcher32(creation));
    return error;
}

// Rows `first`, first + shards, ... of tiles, `rows` of them with `cells` cells each along the
// axis, are those of the shard from cell `from` on.
static brink_err map_rows(struct brink_making *making, const struct brink_array *array, int shard,
                          int64_t first, int64_t rows, int64_t cells, int64_t from, hid_t creation)
{
    struct brink_door *door = &making->door;
    const struct brink_sharding *sharding = making->sharding;
    const int axis = sharding->axis;
    hsize_t start[BRINK_RANK_MAX + 1] = {0}, stride[BRINK_RANK_MAX + 1], count[BRINK_RANK_MAX + 1],
                                   block[BRINK_RANK_MAX + 1], shape[BRINK_RANK_MAX + 1];
    hid_t whole = H5I_INVALID_HID, source = H5I_INVALID_HID;
    struct brink_text path = {0};
    for (int i = 0; i < array->rank; i++) {
        stride[i] = block[i] = shape[i] = array->shape[i];
        count[i] = 1;
    }
    start[axis] = (hsize_t)first * (hsize_t)sharding->tile;
    stride[axis] = (hsize_t)sharding->count * (hsize_t)sharding->tile;
    count[axis] = (hsize_t)rows;
    block[axis] = (hsize_t)cells;
    shape[axis] = (hsize_t)brink_shard_cells(sharding, shard);
    brink_err error =
        BRINK_HDF5(door, array->name, whole = H5Screate_simple(array->rank, array->shape, NULL));
    if (!error)
        error = BRINK_HDF5(door, array->name,
                           H5Sselect_hyperslab(whole, H5S_SELECT_SET, start, stride, count, block));
    if (!error)
        error = BRINK_HDF5(door, array->name, source = H5Screate_simple(array->rank, shape, NULL));
    start[axis] = (hsize_t)from;
    shape[axis] = (hsize_t)rows * (hsize_t)cells;
    if (!error)
        error = BRINK_HDF5(door, array->name,
                           H5Sselect_hyperslab(source, H5S_SELECT_SET, start, NULL, shape, NULL));
    brink_shard_path(making->result, sharding->count, shard, &path);
    error = error ? error : path.error;
    if (!error) {
        const char *slash = strrchr(path.data, '/'); // it lies beside the result
        error = BRINK_HDF5(
            door, array->name,
            H5Pset_virtual(creation, whole, slash ? slash + 1 : path.data, array->name, source));
    }
    brink_text_free(&path);
    brink_door_close(door, &source, &error);
    brink_door_close(door, &whole, &error);
    return error;
}

// A view of all shards; the last row of tiles may be cut short.
static brink_err map_shards(struct brink_making *making, const struct brink_array *array,
                            hid_t creation)
{
    const struct brink_sharding *sharding = making->sharding;
    int64_t last = sharding->tiles - 1, left = sharding->size - last * sharding->tile;
    brink_err error = BRINK_OK;
    for (int shard = 0; !error && shard < sharding->count; shard++) {
        int64_t rows = (sharding->tiles - 1 - shard) / sharding->count + 1;
        bool cut = left < sharding->tile && last % sharding->count == shard;
        if (rows > cut)
            error = map_rows(making, array, shard, shard, rows - cut, sharding->tile, 0, creation);
        if (!error && cut)
            error = map_rows(making, array, shard, last, 1, left, (rows - 1) * sharding->tile,
                             creation);
    }
    if (!error)
        error = BRINK_HDF5(&making->door, array->name,
                           H5Pset_fill_value(creation, H5T_NATIVE_DOUBLE, &array->fill));
    return error;
}

// Contiguous, or a chunk for each tile; allocated and filled at once, which with fixed dimensions
// gives HDF5's implicit chunk index: nothing but raw data changes ever after. Packed chunks get
// their place when their size is known.
static brink_err set_storage(struct brink_making *making, const struct brink_array *array,
                             hid_t creation)
{
    struct brink_door *door = &making->door;
    H5D_alloc_time_t time = array->filtered ? H5D_ALLOC_TIME_INCR : H5D_ALLOC_TIME_EARLY;
    brink_err error = order_object(door, creation, false);
    if (array->joined)
        return error ? error : map_shards(making, array, creation);
    if (!error && array->chunk[0])
        error = BRINK_HDF5(door, array->name, H5Pset_chunk(creation, array->rank, array->chunk));
    if (!error && array->filtered)
        error = set_filters(door, array, making->level, creation);
    if (!error)
        error = BRINK_HDF5(door, array->name, H5Pset_alloc_time(creation, time));
    if (!error)
        error = BRINK_HDF5(door, array->name, H5Pset_fill_time(creation, H5D_FILL_TIME_ALLOC));
    if (!error && array->element != BRINK_ELEMENT_TEXT)
        error = BRINK_HDF5(door, array->name,
                           H5Pset_fill_value(creation, H5T_NATIVE_DOUBLE, &array->fill));
    return error;
}

static brink_err write_coordinate(struct brink_making *making, const struct brink_array *array,
                                  hid_t dataset)
{
    void *data = NULL;
    brink_err error = brink_alloc(&data, (size_t)array->shape[0], array->size);
    if (error)
        return error;
    brink_array_coordinate(array, making->spec, data);
    error = BRINK_HDF5(
        &making->door, array->name,
        H5Dwrite(dataset, brink_number_type(array->element), H5S_ALL, H5S_ALL, H5P_DEFAULT, data));
    brink_free(&data);
    return error;
}

static brink_err create_array(void *context, const struct brink_array *array)
{
    struct brink_making *making = context;
    struct brink_door *door = &making->door;
    hid_t type = H5I_INVALID_HID, space = H5I_INVALID_HID, creation = H5I_INVALID_HID,
          dataset = H5I_INVALID_HID;
    brink_err error = brink_file_type(door, array->element, array->size, &type);
    if (!error)
        error = BRINK_HDF5(door, array->name,
                           space = H5Screate_simple(array->rank, array->shape, NULL));
    if (!error)
        error = BRINK_HDF5(door, array->name, creation = H5Pcreate(H5P_DATASET_CREATE));
    if (!error)
        error = set_storage(making, array, creation);
    if (!error)
        error = BRINK_HDF5(door, array->name,
                           dataset = H5Dcreate2(making->file, array->name, type, space, H5P_DEFAULT,
                                                creation, H5P_DEFAULT));
    bool given = brink_array_axis(array, 0) >= 0 || array->role == BRINK_ROLE_STEP;
    if (!error && given && array->role != BRINK_ROLE_FIELD)
        error = write_coordinate(making, array, dataset);
    if (!error && brink_array_is_scale(array))
        error = BRINK_HDF5(door, array->name, H5DSset_scale(dataset, array->name));
    brink_door_close(door, &dataset, &error);
    brink_door_close(door, &creation, &error);
    brink_door_close(door, &space, &error);
    brink_door_close(door, &type, &error);
    return error;
}

// Gives each dimension of an array over the grid its scale, and a root array a second name for
// NeXus viewers.
static brink_err link_array(void *context, const struct brink_array *array)
{
    struct brink_making *making = context;
    struct brink_door *door = &making->door;
    const struct brink_spec *spec = making->spec;
    char second[160];
    hid_t dataset = H5I_INVALID_HID, scale = H5I_INVALID_HID;
    brink_err error = BRINK_OK;
    snprintf(second, sizeof second, "entry/data/%s", array->name);
    if (brink_array_is_root(array))
        error = BRINK_HDF5(door, second,
                           H5Lcreate_hard(making->file, array->name, making->file, second,
                                          H5P_DEFAULT, H5P_DEFAULT));
    if (error || !brink_array_scale(array, spec, 0))
        return error;
    error =
        BRINK_HDF5(door, array->name, dataset = H5Dopen2(making->file, array->name, H5P_DEFAULT));
    for (int i = 0; !error && i < array->rank; i++) {
        const char *name = brink_array_scale(array, spec, i);
        error = BRINK_HDF5(door, name, scale = H5Dopen2(making->file, name, H5P_DEFAULT));
        if (!error)
            error = BRINK_HDF5(door, array->name, H5DSattach_scale(dataset, scale, (unsigned)i));
        brink_door_close(door, &scale, &error);
    }
    brink_door_close(door, &dataset, &error);
    return error;
}

static brink_err write_attribute(void *context, const struct brink_attribute *attribute)
{
    struct brink_making *making = context;
    struct brink_door *door = &making->door;
    hid_t type = H5I_INVALID_HID, space = H5I_INVALID_HID, id = H5I_INVALID_HID;
    hsize_t count = (hsize_t)attribute->count;
    brink_err error = brink_file_type(door, attribute->element, 0, &type);
    if (!error && count)
        error = BRINK_HDF5(door, attribute->name, space = H5Screate_simple(1, &count, NULL));
    else if (!error)
        error = BRINK_HDF5(door, attribute->name, space = H5Screate(H5S_SCALAR));
    if (!error)
        error =
            BRINK_HDF5(door, attribute->name,
                       id = H5Acreate_by_name(making->file, attribute->object, attribute->name,
                                              type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    // The file types are the memory types of the machines we build for.
    if (!error)
        error = BRINK_HDF5(door, attribute->name, H5Awrite(id, type, attribute->data));
    brink_door_close(door, &id, &error);
    brink_door_close(door, &space, &error);
    brink_door_close(door, &type, &error);
    return error;
}

// NeXus wants the title of a plot as a dataset, too.
static brink_err write_title(struct brink_making *making)
{
    static const char name[] = "entry/data/title";
    struct brink_door *door = &making->door;
    const char *title = making->spec->title;
    hid_t type = H5I_INVALID_HID, space = H5I_INVALID_HID, creation = H5I_INVALID_HID,
          dataset = H5I_INVALID_HID;
    brink_err error = brink_file_type(door, BRINK_ELEMENT_TEXT, 0, &type);
    if (!error)
        error = BRINK_HDF5(door, name, space = H5Screate(H5S_SCALAR));
    if (!error)
        error = BRINK_HDF5(door, name, creation = H5Pcreate(H5P_DATASET_CREATE));
    if (!error)
        error = order_object(door, creation, false);
    if (!error)
        error = BRINK_HDF5(door, name,
                           dataset = H5Dcreate2(making->file, name, type, space, H5P_DEFAULT,
                                                creation, H5P_DEFAULT));
    if (!error)
        error =
            BRINK_HDF5(door, name, H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, &title));
    brink_door_close(door, &dataset, &error);
    brink_door_close(door, &creation, &error);
    brink_door_close(door, &space, &error);
    brink_door_close(door, &type, &error);
    return error;
}

brink_err brink_making_open(struct brink_making *making, const char *name)
{
    const struct brink_spec *spec = making->spec;
    enum brink_storage storage = brink_origin_storage(making->origin);
    brink_err error = create_file(making, name);
    for (int i = 0; !error && brink_layout_groups[i]; i++)
        if (brink_layout_has_group(spec, brink_layout_groups[i]))
            error = create_group(making, brink_layout_groups[i]);
    if (!error)
        error = brink_layout_arrays(spec, storage, create_array, making);
    if (!error)
        error = brink_layout_arrays(spec, storage, link_array, making);
    if (!error)
        error = write_title(making);
    if (!error)
        error = brink_layout_attributes(spec, making->origin, write_attribute, making);
    return error;
}

void brink_store_clear(const char *path)
{
    brink_draft_clear(path);
}

brink_err brink_store_create(const char *path, const struct brink_spec *spec)
{
    struct brink_origin origin;
    struct brink_making making = {.door = {.path = path, .blame = BRINK_ERR_IO, .writing = true},
                                  .spec = spec,
                                  .origin = &origin,
                                  .file = H5I_INVALID_HID};
    struct brink_draft draft;
    int64_t bytes = brink_store_bytes(spec);
    if (bytes < 0)
        return brink_fail(BRINK_ERR_USAGE,
                          "%s: the result would exceed 8 EiB: fewer cells or "
                          "fewer recorded fields",
                          path);
    brink_err error = brink_draft_open(&draft, path, bytes);
    if (error)
        return error;
    error = brink_layout_origin(spec, &origin);
    if (!error)
        error = brink_making_open(&making, brink_text_get(&draft.name));
    if (!error)
        error = BRINK_HDF5(&making.door, "", H5Fflush(making.file, H5F_SCOPE_GLOBAL));
    brink_door_close(&making.door, &making.file, &error);
    if (!error)
        error = brink_seal_file(brink_text_get(&draft.name), draft.descriptor, spec,
                                BRINK_STORAGE_LIVE, 0);
    if (!error)
        error = brink_draft_publish(&draft);
    if (!error && draft.unreserved)
        brink_say("warning: %s: the file system cannot reserve its space: a disk that others fill "
                  "ends the job, which can be resumed",
                  path);
    brink_draft_discard(&draft);
    brink_origin_free(&origin);
    return error;
}
