/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ioctl, for the requests of userfaultfd on memory of a region.
 */
#ifndef CALLS_USERFAULTFD_H
#define CALLS_USERFAULTFD_H

int call_ioctl(int fd, unsigned long request, void *argument);

#endif
