/*
 * The lock for the states of all regions.
 *
 * Under it nothing but system calls and memory copies happen; a fork's child begins with it free.
 */
#ifndef LOCK_H
#define LOCK_H

#include <stdbool.h>

/*
 * False: this very thread holds it already (a signal came in between), and the caller has to do
 * without us.
 */
bool lock_take(void);
void lock_release(void);
void lock_reset_in_child(void);

#endif
