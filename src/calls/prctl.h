/*
 * prctl: the program may lock itself in.
 */
#ifndef CALLS_PRCTL_H
#define CALLS_PRCTL_H

int call_prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d);

#endif
