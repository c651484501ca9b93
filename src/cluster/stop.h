// SPDX-License-Identifier: MIT
// The wish to stop: SIGINT, SIGTERM and SIGUSR1, from the start of the program to its end.
#ifndef BRINK_CLUSTER_STOP_H
#define BRINK_CLUSTER_STOP_H

#include <stdbool.h>

// From now on, to the end of the program, the signals only leave a wish: a late one, too, must not
// turn an orderly end into another exit code.
void brink_stop_catch(void);
// Until then, and again from now on: they end the program.
void brink_stop_release(void);
bool brink_stop_wanted(void);
bool brink_stop_urgent(void); // a second signal came: give up even the running tile
void brink_stop_want(void);   // by message

#endif
