/*
 * What libc's malloc gets when it asks for memory: a break of ours, arenas and blocks in the zone.
 *
 * The calls come by memory/calls.c, which says who may call what.
 */
#ifndef OWNER_H
#define OWNER_H

/* From now on; after the trial. The heap's regions are registered and the break is ours: 0, -errno.
 */
int owner_begin(void);

/* Undoes it, as far as it came. */
void owner_end(void);

#endif
