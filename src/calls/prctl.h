/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * prctl and seccomp: the program may confine itself by a system call filter.
 *
 * A filter may kill the process for a call that it does not list, so the library makes only the
 * calls of growth once there is one (process_enter_sandbox()). A call that fails installs none:
 * programs probe for seccomp by such a call. What a child of vfork does to itself does not concern
 * the parent, whose memory it uses.
 */
#ifndef CALLS_PRCTL_H
#define CALLS_PRCTL_H

int call_prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d);

/* seccomp(2), which programs call through syscall(2). */
long call_seccomp(unsigned int operation, unsigned int flags, void *arguments);

#endif
