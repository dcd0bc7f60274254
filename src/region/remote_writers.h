/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Other processes that write to this process's memory: the ranks of an MPI program on one machine
 * write to each other by process_vm_writev(2) (cross-memory attach). The kernel holds up to 4 MiB
 * of pages before it writes the first byte: neither stopped threads nor a write protection that
 * begins meanwhile keep it from that. Nothing in a process shows that it is written to, so the
 * libraries that do this are recognised by their names, and a program that MPI is linked into by
 * its use of process_vm_writev and by the variables of MPI's launchers.
 */
#ifndef REMOTE_WRITERS_H
#define REMOTE_WRITERS_H

#include <stdbool.h>

/* Examines the program, and finds ld.so's list of loaded objects; without it no library is
 * recognised (static programs). */
void remote_writers_start(void);

/*
 * Is such a library loaded, or was it, or is it part of the program? Takes no lock. `others_run`:
 * tasks of this address space may change the list meanwhile; then it is read by
 * process_vm_readv(2), 0.3 us if no object has been loaded since the last call, else 0.6 us for
 * each.
 */
bool remote_writers_possible(bool others_run);

#endif
