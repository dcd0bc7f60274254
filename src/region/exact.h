/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Changes memory atomically for all other users of it: how they are kept from writing, and whether
 * this process has a means to do so.
 *
 * Four cases, in the order in which they are tried at each change:
 *   userfaultfd   every writer waits, including the kernel, and other processes unless they hold
 *                 the page already
 *   alone         the kernel reports that no other task uses this address space
 *   ptrace        all other threads are stopped
 *   none          the change is not made
 *
 * None of them counts where the processes of MPI may write (remote_writers.h).
 *
 * All functions need the lock (lock.h), which blocks all signals.
 */
#ifndef EXACT_H
#define EXACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EXACT_BY_USERFAULTFD 1u
#define EXACT_BY_ALONE       2u
#define EXACT_BY_PTRACE      4u
#define EXACT_BY_ALL         (EXACT_BY_USERFAULTFD | EXACT_BY_ALONE | EXACT_BY_PTRACE)

/* The work to do, and how it is done. The first member of the work's arguments. */
struct exact {
	/*
	 * Changes memory; returns 0 or -errno. The rules for `work` in helper.h apply. It calls
	 * exact_begin() before it reads memory that others write to, and exact_end() after it has
	 * replaced it.
	 */
	int (*work)(struct exact *exact);

	/* private to exact.c */
	unsigned int allowed, by; /* EXACT_BY_... */
	int userfaultfd;
	bool in_task; /* in the helper, not in this thread */
	bool others;  /* another task uses the address space */
	bool writable;
	long process, caller;
};

/*
 * Sets which means are allowed (0: all), and whether hugetlb pages need an exact means; `quiet`:
 * the user did not ask for these pages by name.
 */
void exact_start(bool strict, bool quiet, unsigned int means);

/*
 * Returns the memory for the work's arguments, HELPER_ARGUMENT_BYTES in all, with exact.c's members
 * filled in; the caller fills in the rest. `writable` false: nothing writes to the memory to be
 * changed. NULL: no memory.
 */
struct exact *exact_prepare(bool writable);

/*
 * Runs exact->work while no other task writes to memory for which it has called exact_begin().
 *
 * Returns the result of work; -EBUSY: memory is pinned (registered buffers of io_uring, or a
 * device's); -EPERM: other threads run, and they cannot be kept from writing; -EREMOTE: nor can
 * other processes; -ETIMEDOUT: a thread did not stop; -EAGAIN, -ENOMEM: the helper cannot be
 * created now; -ECANCELED: it was killed, perhaps in the middle.
 */
int exact_run(struct exact *exact);

/* For work: keeps others from writing to whole pages. -ENOTSUP: not possible by this means. */
int exact_begin(struct exact *exact, uintptr_t address, size_t bytes);
void exact_end(struct exact *exact, uintptr_t address, size_t bytes, bool replaced);

/* Clears the cached result of trying, after the process has changed its privileges (its user,
 * PR_SET_DUMPABLE, a filter, ...). */
void exact_changed(void);

/*
 * If strict: must the process leave its hugetlb pages now? It must if neither userfaultfd nor
 * ptrace is allowed and threads run, or one is about to (`thread_begins`); a process of one thread
 * can always split a page. It also must if one of the two was allowed at the start and no longer
 * is, because the process has changed its user or PR_SET_DUMPABLE. True once. Called without the
 * lock; otherwise costs one or two system calls of 100 ns.
 */
bool exact_is_lost(bool thread_begins);

/*
 * If strict, before the process gives up what allows userfaultfd and ptrace: do threads run?
 * Otherwise as exact_is_lost().
 */
bool exact_is_given_up(void);

/*
 * May a feature use hugetlb pages? If strict, not while threads run without an exact means, and not
 * at all if there is none even for one thread; this is logged. Call it before the first page is
 * taken.
 */
bool exact_allows_hugetlb(const char *feature);

/* Records what the program set by PR_SET_PTRACER; 0: nothing. */
void exact_note_ptracer(long process);

/* Why exact_run() returned that error, in words for a log line. */
const char *exact_matter(int error);

#endif
