// SPDX-License-Identifier: MIT
// Who owns a result file, and whether that owner is dead: text and decisions, without I/O.
#ifndef BRINK_STORE_OWNER_H
#define BRINK_STORE_OWNER_H

#include <stdbool.h>

#define BRINK_OWNER_BYTES      512  // room for the text of a lease, and for an owner's name
#define BRINK_OWNER_PATIENCE_S 60.0 // an owner silent for so long is dead

// What a lease says of its owner: words without blanks, "" where nothing is known.
struct brink_owner {
    char host[64];             // of rank 0
    char boot[40];             // the kernel's id of this boot
    char space[24];            // the namespace in which pid counts
    char pid[16], start[24];   // of rank 0; its start in clock ticks since boot
    char cluster[40], job[24]; // of Slurm
    char token[40];            // random: this lease and no other
    char beat[24];             // counts heartbeats
};

// The text of a lease, always of the same length for owners that differ in `beat` alone.
void brink_owner_write(const struct brink_owner *owner, char text[BRINK_OWNER_BYTES]);
// False if `text` is not a whole lease: being written, damaged, or not ours.
bool brink_owner_read(const char *text, struct brink_owner *owner);
// "process 345 on n1, job 12"; returns `name`.
const char *brink_owner_name(const struct brink_owner *owner, char name[BRINK_OWNER_BYTES]);

enum brink_life { BRINK_LIFE_UNKNOWN, BRINK_LIFE_ALIVE, BRINK_LIFE_DEAD };

// One look at a lease, with what is known at that time.
struct brink_look {
    char text[BRINK_OWNER_BYTES];
    double now;              // s, of the observer's clock that never jumps
    enum brink_life process; // UNKNOWN unless it can be seen from here
    enum brink_life job;     // DEAD if the batch system knows that it is over
};

// What an observer remembers from look to look. Starts zeroed.
struct brink_watch {
    bool begun;
    char text[BRINK_OWNER_BYTES];
    double since; // s, when `text` was first seen
};

// The judgement at this look. A process that is seen decides. Else the end of its job means dead, a
// heartbeat between two looks alive, and BRINK_OWNER_PATIENCE_S without any change dead. A text
// that is no lease can only be waited for.
enum brink_life brink_watch_judge(struct brink_watch *watch, const struct brink_look *look);

#endif
