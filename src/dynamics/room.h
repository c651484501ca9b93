// SPDX-License-Identifier: MIT
// Lanes of vectors: cleared, moved, and free ones found for cells of a curve.
#ifndef BRINK_DYNAMICS_ROOM_H
#define BRINK_DYNAMICS_ROOM_H

#include <math.h>
#include <string.h>

#include "kernel.h"

// What a vector without cells runs on.
static const struct brink_curve idle_curve = {
    .objective = &brink_regularity_b, .parameter = 1, .curvature_minimum = 2, .power = 1};

static inline void clear_lane(struct lane_vector *lanes, int lane)
{
    lanes->at[LANE_X][lane] = 1 + 0x1p-6; // near a minimum; h = 0
    lanes->at[LANE_Y][lane] = 1;
    lanes->at[LANE_H][lane] = lanes->at[LANE_NEAR][lane] = lanes->at[LANE_FLAT][lane] = 0;
    lanes->at[LANE_FAR][lane] = lanes->at[LANE_STEADY][lane] = HUGE_VAL;
    lanes->at[LANE_KEPT_X][lane] = (double)NAN;
    lanes->at[LANE_N][lane] = -HUGE_VAL;
    lanes->at[LANE_EDGE_MAX][lane] = 1;
    lanes->used &= ~((mask)1 << lane);
    lanes->alarm &= ~((mask)1 << lane);
    if (!lanes->used)
        lanes->curve = &idle_curve;
}

// The first `fields` of a lane move.
static inline void move_lane(struct lane_vector *to, struct lane_vector *from, int from_lane,
                             int fields)
{
    int to_lane = __builtin_ctz(~to->used);
    for (int field = 0; field < fields; field++)
        to->at[field][to_lane] = from->at[field][from_lane];
    to->cell[to_lane] = from->cell[from_lane];
    to->curve = from->cell[from_lane].point.curve;
    to->used |= (mask)1 << to_lane;
    clear_lane(from, from_lane);
}

static inline int lane_count(const struct lane_vector *lanes)
{
    return __builtin_popcount(lanes->used);
}

static inline bool same_curve(const struct brink_curve *a, const struct brink_curve *b)
{
    return a == b || (a->parameter == b->parameter &&
                      a->objective->parameter[0] == b->objective->parameter[0]);
}

// Empties a vector into another one of the same curve that has room for its cells. Without one,
// there is none until a lane is freed: *packed.
static inline struct lane_vector *merge(struct lane_vector lanes[], int count, int fields,
                                        bool *packed)
{
    for (int i = 0; i < count && !*packed; i++)
        for (int j = 0; j < i; j++) {
            struct lane_vector *from = &lanes[i], *to = &lanes[j];
            if (lane_count(from) + lane_count(to) > VEC_WIDTH ||
                !same_curve(from->curve, to->curve))
                continue;
            while (from->used)
                move_lane(to, from, __builtin_ctz(from->used), fields);
            return from;
        }
    *packed = true;
    return NULL;
}

// A vector with room for a cell of `curve`; NULL: none.
static inline struct lane_vector *find_room(struct lane_vector lanes[], int count, int fields,
                                            const struct brink_curve *curve, bool *packed)
{
    struct lane_vector *empty = NULL;
    for (int i = 0; i < count; i++) {
        if (!lanes[i].used)
            empty = &lanes[i];
        else if (lanes[i].used != VEC_ALL && same_curve(lanes[i].curve, curve))
            return &lanes[i];
    }
    return empty ? empty : merge(lanes, count, fields, packed);
}

static inline void init_vectors(struct lane_vector lanes[], int count)
{
    memset(lanes, 0, (size_t)count * sizeof lanes[0]);
    for (int i = 0; i < count; i++)
        for (int lane = 0; lane < VEC_WIDTH; lane++)
            clear_lane(&lanes[i], lane);
}

#endif
