/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Changing memory while nobody else sees half of it: how others are kept from writing, and whether
 * this process has a way to.
 *
 * Four cases, in the order in which they are tried at each change:
 *   userfaultfd   everybody who writes waits: other processes and the kernel as well
 *   alone         no other task uses this address space, by the kernel's word
 *   ptrace        all other threads are stopped
 *   none          the change is not made
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

/* What to do, and how it is done. The first member of what the work is told. */
struct exact {
	/*
	 * Changes memory: 0 or -errno. As helper.h has it for `work`. It calls exact_begin() before
	 * it reads memory that others write to, and exact_end() after it has replaced it.
	 */
	int (*work)(struct exact *exact);

	/* of exact.c */
	unsigned int allowed, by; /* EXACT_BY_... */
	int userfaultfd;
	bool in_task; /* not in this thread */
	bool others;  /* some task besides this one uses the address space */
	long process, caller;
};

/* Which ways are allowed (0: all), and whether there may be no hugetlb pages without one. */
void exact_start(bool strict, unsigned int means);

/*
 * Where the work finds what it needs, HELPER_ARGUMENT_BYTES in all, with the members of exact.c
 * filled in; the caller fills in the rest. `writable` false: nobody writes there anyway. NULL: no
 * memory.
 */
struct exact *exact_prepare(bool writable);

/*
 * Runs exact->work while nobody else writes to memory that it has called exact_begin() for.
 *
 * What work returned; -EBUSY: memory is pinned (registered buffers of io_uring, or a device's);
 * -EPERM: other threads run, and there is no way to keep them from writing; -ETIMEDOUT: there is,
 * but one of them did not stop; -EAGAIN, -ENOMEM: there can be no helper now; -ECANCELED: it was
 * killed, perhaps in the middle.
 */
int exact_run(struct exact *exact);

/* For work: keeps others from writing to whole pages. -ENOTSUP: not in this way. */
int exact_begin(struct exact *exact, uintptr_t address, size_t bytes);
void exact_end(struct exact *exact, uintptr_t address, size_t bytes, bool replaced);

/*
 * Will changes be exact however many threads run later? Tries once and remembers; exact_changed()
 * forgets: the process changed what it may do (its user, PR_SET_DUMPABLE, a filter, ...).
 */
bool region_exact_possible(void);
void exact_changed(void);

/*
 * With HUGETLB_EXACT=strict: could changes always be exact, and cannot be any longer, because the
 * process has changed its user or PR_SET_DUMPABLE? True once. Without the lock; otherwise it costs
 * one or two system calls of 100 ns.
 */
bool exact_is_lost(void);

/*
 * May a feature hand out hugetlb pages? Not with HUGETLB_EXACT=strict where changes will not always
 * be exact: then a line says so. Before the first page.
 */
bool exact_allows_hugetlb(const char *feature);

/* What the program set by PR_SET_PTRACER; 0: nothing. */
void exact_note_ptracer(long process);

/* In words, for a line: why exact_run() returned that error. */
const char *exact_matter(int error);

#endif
