// SPDX-License-Identifier: MIT
// The result file: one HDF5 file, created in full, then only written in place.
//
// Layout (schema 1): see store/layout.c, and brink-file(5).
#ifndef BRINK_STORE_STORE_H
#define BRINK_STORE_STORE_H

#include <hdf5.h> // brings mpi.h for MPI_Comm; this floor calls no MPI_ function

#include "brink/base/error.h"
#include "brink/sweep/plan.h"
#include "brink/sweep/shard.h"
#include "brink/sweep/spec.h"

#define BRINK_SCHEMA_VERSION 1
#define BRINK_RUNS_MAX       256 // rows of /runs; later starts share the last row

// Instead of an exit code: at work, as far as is known; killed or robbed, as the next start found.
#define BRINK_RUN_RUNNING (-1)
#define BRINK_RUN_CUT_OFF (-2)

struct brink_store; // opaque: HDF5 ids

// One row of /runs. Strings are cut to the stored size.
struct brink_run {
    double start_time;      // Unix seconds
    double end_time;        // ... of the last commit while running or killed, NaN before
    int32_t ranks, threads; // of the job; OpenMP threads of rank 0
    int32_t kernel_version;
    int32_t exit_code;    // of the program, or BRINK_RUN_...
    int64_t tiles_before; // done when this start began
    int64_t tiles_done;   // by this start
    char host[64], job_id[64], isa[32], commit[64], mpi[128], hdf5[32];
};

// Where a file comes from: what its specification does not say. Texts are owned.
struct brink_origin {
    char *version, *commit, *compiler, *flags; // of the program that made it
    char *history;                             // a line for each program that wrote the file
    int32_t kernel_version;
    bool packed; // an archive: complete or not, it is never written to
    bool joined; // its fields are views of those of shards; never written to
};

// Call before MPI_Init, so that neither MPI_Finalize nor exit() touches files that HDF5 has open:
// closing one whose writing failed crashes. Every other function calls it too, later.
void brink_store_start(void);

// Creates `path` for `spec`, complete with fill and coordinates, under a name `path`.tmp-PID, then
// syncs and renames it. Independent: one rank calls it, without MPI-IO. Nothing is left behind on
// failure. BRINK_ERR_IO; BRINK_ERR_USAGE if the file would not fit on the disk; BRINK_ERR_LOCKED
// if `path` exists (it is never replaced): another job was faster.
brink_err brink_store_create(const char *path, const struct brink_spec *spec) BRINK_CHECKED;

// Removes what killed creations of `path` have left beside it. Creation does so itself.
// Independent.
void brink_store_clear(const char *path);

// The resolved spec in `path`, after checking that it is a brink file of a schema we know:
// BRINK_ERR_MISMATCH if it is of another, BRINK_ERR_BAD_FILE if it is none, BRINK_ERR_IO if it
// cannot be read. *json is owned by the caller (brink_free). Independent, read only.
brink_err brink_store_spec(const char *path, char **json) BRINK_CHECKED;

// The origin of `path`, checked and read likewise. Release with brink_origin_free.
brink_err brink_store_origin(const char *path, struct brink_origin *origin) BRINK_CHECKED;
void brink_origin_free(struct brink_origin *origin);

// Opens for writing through MPI-IO. Collective over `comm`; all ranks pass the same spec, which
// must equal the file's (BRINK_ERR_MISMATCH with the difference). Every dataset's rank, type and
// shape is checked (BRINK_ERR_BAD_FILE). A packed file opens if it is complete, as there is nothing
// to write, else it is BRINK_ERR_MISMATCH. `info` are hints for MPI-IO. `spec` is borrowed until
// the store is closed. The result may differ between ranks: agree on it, and after an error end the
// job, since the file stays open in HDF5. Let one rank try brink_store_open_read first: what is
// wrong with a file shows there, without MPI-IO.
brink_err brink_store_open(const char *path, const struct brink_spec *spec, MPI_Comm comm,
                           MPI_Info info, struct brink_store **store) BRINK_CHECKED;

// The same, but goes on in a file of another kernel version, too. Collective.
brink_err brink_store_open_any_kernel(const char *path, const struct brink_spec *spec,
                                      MPI_Comm comm, MPI_Info info,
                                      struct brink_store **store) BRINK_CHECKED;

// Opens for reading with the serial driver, also while a job is writing; of another kernel version
// too. Independent.
brink_err brink_store_open_read(const char *path, const struct brink_spec *spec,
                                struct brink_store **store) BRINK_CHECKED;

// BRINK_ERR_MISMATCH, with both versions, if the file is of another kernel version. Independent.
brink_err brink_store_check_kernel(struct brink_store *store) BRINK_CHECKED;

// states[tile_count]: 1 where a tile is done. Independent.
brink_err brink_store_states(struct brink_store *store, uint8_t *states) BRINK_CHECKED;

// Writes a tile: its columns, then its checksum, last its state. Independent. After the first
// error in a store opened for writing, HDF5 is not called for it any more: everything fails with
// BRINK_ERR_IO, and closing only releases memory.
brink_err brink_store_put(struct brink_store *store, const struct brink_tile *tile,
                          const struct brink_columns *columns) BRINK_CHECKED;

// Reads a tile back into `columns`, as stored, and counts it; *intact: its checksum fits.
// Independent.
brink_err brink_store_get(struct brink_store *store, const struct brink_tile *tile,
                          struct brink_columns *columns, bool *intact) BRINK_CHECKED;

// Reads the statuses of a tile alone: status[tile->cells]. Independent.
brink_err brink_store_statuses(struct brink_store *store, const struct brink_tile *tile,
                               int8_t *status) BRINK_CHECKED;

// Makes everything written so far by this rank survive a power loss (fdatasync). Independent.
brink_err brink_store_sync(struct brink_store *store) BRINK_CHECKED;

// The two halves of it: the sync alone, on any thread while others write, which returns 0 or
// errno's number; and, where the others are, the store after such a number.
int brink_store_flush(const struct brink_store *store);
brink_err brink_store_flushed(struct brink_store *store, int number) BRINK_CHECKED;

// Number of starts recorded in /runs. Writes row `row` (< BRINK_RUNS_MAX) in place, so that a torn
// row shows, and syncs; a row past the others counts from then on. Independent.
brink_err brink_store_run_count(struct brink_store *store, int32_t *count) BRINK_CHECKED;
brink_err brink_store_run_read(struct brink_store *store, int32_t row,
                               struct brink_run *run) BRINK_CHECKED;
brink_err brink_store_run_write(struct brink_store *store, int32_t row,
                                const struct brink_run *run) BRINK_CHECKED;

// Syncs what was written, closes, sets *store to NULL, returns late errors; NULL is fine.
// Collective if opened for writing.
brink_err brink_store_close(struct brink_store **store) BRINK_CHECKED;

// What brink_store_verify shall do beyond comparing.
struct brink_verify_options {
    int64_t deep;  // so many done cells, drawn at random, are computed again
    uint64_t seed; // of the draw
    // Called for each finding: `object` is the array, attribute or tile concerned, "" for the file.
    void (*find)(void *context, const char *object, const char *words);
    // Called now and then while all is well, so that a hang can be told from work; may be NULL.
    void (*beat)(void *context);
    void *context;
};

// What it looked at and found. Plain numbers: it may lie in memory shared between processes.
struct brink_verify_report {
    int64_t findings;
    int64_t unfinished; // findings that a killed job explains: tiles not done that hold cells
    int64_t tiles, tiles_done;
    int64_t tiles_checked; // done, and their checksums are right
    int64_t cells_recomputed;
    int32_t run_cut; // row of /runs whose writing was cut off, -1: none
    bool packed;
};

// Compares all of `path` with what its specification says it must be, and every checksum. `spec`
// may be NULL: the one stored in the file. BRINK_OK if it could look, whatever it found;
// BRINK_ERR_MISMATCH for `deep` on cells of another kernel version. Independent, read only.
brink_err brink_store_verify(const char *path, const struct brink_spec *spec,
                             const struct brink_verify_options *options,
                             struct brink_verify_report *report) BRINK_CHECKED;

struct brink_join_options {
    bool partial;                // missing and incomplete shards are left pending
    void (*beat)(void *context); // as of verify; may be NULL
    void *context;
};

// Makes `result`, of the sweep `spec`, from its shards, which lie beside it: fields are virtual
// datasets over theirs, tile states and checksums are its own, /runs has the rows of all shards as
// far as there is room. Every tile of every shard is checked before, and read back through the
// result. Never replaces a file (BRINK_ERR_LOCKED). BRINK_ERR_BAD_FILE if a shard is missing,
// incomplete, damaged, or of another sweep. Independent.
brink_err brink_store_join(const char *result, const struct brink_spec *spec,
                           const struct brink_sharding *sharding,
                           const struct brink_join_options *options) BRINK_CHECKED;

// Declares beside `result` (RESULT.h5.shards) that the sweep is worked on in shards, or finds it
// so: BRINK_ERR_MISMATCH if it was declared for another sweep or number of shards. Independent.
brink_err brink_shards_declare(const char *result, const struct brink_spec *spec,
                               int count) BRINK_CHECKED;
// *count 0 if nothing was declared; else *json is the specification, owned. BRINK_ERR_BAD_FILE.
brink_err brink_shards_read(const char *result, int *count, char **json) BRINK_CHECKED;

struct brink_pack_options {
    int level;                   // of compression, 1 to 9
    bool partial;                // pack an incomplete file, too
    void (*beat)(void *context); // as of verify; may be NULL
    void *context;
};

// Writes the archive `output` of `path`: compressed, sealed, verified, then named. Never replaces a
// file (BRINK_ERR_LOCKED). BRINK_ERR_BAD_FILE if `path` is damaged or incomplete. Independent.
brink_err brink_store_pack(const char *path, const char *output,
                           const struct brink_pack_options *options) BRINK_CHECKED;

// Writes a table as a new file `path`: column k of rows[row_count][column_count] as the array
// names[k], the first being the scale of the others. Never replaces a file. Independent.
brink_err brink_store_table(const char *path, const char *title, int column_count,
                            const char *const names[], int64_t row_count,
                            const double *rows) BRINK_CHECKED;

// The matrix (or vector) `name` of a user's HDF5 file as doubles, row-major; *values is owned by
// the caller. BRINK_ERR_IO. This is what brink_data_hdf5 is set to. Independent, read only.
brink_err brink_store_matrix(const char *path, const char *name, int64_t *rows, int64_t *columns,
                             double **values) BRINK_CHECKED;

// Bytes of the whole file, rounded up: chunks at the far edges count in full. -1: more than 2^62.
int64_t brink_store_bytes(const struct brink_spec *spec);

// "1.10.8"
const char *brink_store_library(void);

#endif
