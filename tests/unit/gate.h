/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The gate of system calls in unit tests: takes the place of src/gate.c.
 *
 * By default a call goes to the kernel. A test can let calls fail, put files in the place of /proc
 * and /sys, catch what is written to stderr, and play a machine with a pool of huge pages. One
 * thread only.
 */
#ifndef GATE_H
#define GATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GATE_ANY (-1L)

/* Back to the kernel: no failures, no files, no pool, counts at zero, nothing caught. */
void gate_reset(void);

/* The nth call from now (1 is the next) of that number, or GATE_ANY, fails with error, once. */
void gate_fail(long number, unsigned long nth, int error);

/* Every call of that number fails with error from now on; four numbers at most. */
void gate_fail_always(long number, int error);

/* From now on an mremap with MREMAP_FIXED that fails has unmapped its target before, as the kernel
 * does if it runs out of memory in the middle. */
void gate_fail_late(void);

/* How many calls of that number, or GATE_ANY, there were. */
unsigned long gate_calls(long number);

/*
 * From now on nothing is under /proc and /sys but what these put there. Texts are not copied. Files
 * belong to the user, who alone may write them. /etc/libhugetlbfs.conf is there only if put there.
 */
void gate_hide_system(void);
void gate_file(const char *path, const char *contents);
void gate_directory(const char *path, const char *const *names, size_t count);
void gate_filesystem(const char *path, long magic, long block_bytes, int access_error);

/* Every open file is on such a file system, as far as fstatfs knows. */
void gate_open_filesystem(long magic, long block_bytes, long flags);

/* Who the process is, for geteuid. */
void gate_user(long number);

/* statx names another device than /proc/PID/maps does, as it does on btrfs and overlayfs. */
void gate_other_device(bool other);

/* In the nth statx from now the file was modified a second later than it was. */
void gate_modified_at_call(unsigned long nth);

/* What was written to descriptor 2 since gate_catch_stderr(), which keeps it from getting out. */
void gate_catch_stderr(void);
const char *gate_stderr(void);
unsigned int gate_stderr_lines(void);

/* What getauxval(AT_SECURE) says. */
void gate_secure(bool secure);
unsigned long __wrap_getauxval(unsigned long type);
unsigned long __real_getauxval(unsigned long type);

/*
 * A pool of huge pages of that size. Mappings of huge pages become plain ones, and the counts are
 * kept as the kernel keeps them: reserved at mmap, taken by populating, returned by munmap.
 */
struct gate_pool {
	size_t page_bytes;
	size_t pages;           /* what the pool holds */
	size_t populate_limit;  /* what a cgroup lets the process fault in */
	int populate_error;     /* what populating beyond that returns */
	bool no_populate_write; /* a kernel before 5.14 */
	bool no_noreplace;      /* a kernel before 4.17: MAP_FIXED_NOREPLACE is a hint */
	bool no_move;           /* a kernel before 5.16: mremap refuses huge pages */
};

void gate_pool(const struct gate_pool *pool);

/* How many of that pool's pages are mapped or populated in a range. */
size_t gate_pool_mapped(uintptr_t address, size_t bytes);
size_t gate_pool_populated(uintptr_t address, size_t bytes);

/* The program replaced or unmapped whole pages there, by a call that does not pass the gate. */
void gate_pool_forget(uintptr_t address, size_t bytes);

/* Calls since gate_pool() that the kernel refuses for a part of a huge page. The library makes
 * none. */
unsigned int gate_pool_violations(void);

#endif
