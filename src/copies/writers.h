/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Has anybody a file open for writing, this process included?
 *
 * The kernel says so to the file's owner and to who has CAP_LEASE: it refuses a read lease
 * (F_SETLEASE). A lease that it grants ends at once. Who opens the file for writing in
 * between waits for microseconds, and this process gets SIGURG, which does nothing unless the
 * program handles it: not SIGIO, which would end it.
 */
#ifndef COPIES_WRITERS_H
#define COPIES_WRITERS_H

enum writers { WRITERS_NONE, WRITERS_SOME, WRITERS_UNKNOWN };

/* fd: open for reading, by us: a lease that the program has on a descriptor of its own stays. */
enum writers writers_of(int fd);

#endif
