/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Mappings that are filled become huge: see density.h.
 *
 * All state is in one list that is taken as a whole, without waiting: a thread that finds it taken,
 * by another thread or by the code that a signal has interrupted, continues without it.
 */
#include <errno.h>
#include <sys/mman.h>
#include <time.h>

#include "base/align.h"
#include "base/log.h"
#include "base/sys.h"
#include "calls/start.h"
#include "mmap/density.h"
#include "pages/buddy.h"
#include "region/process.h"

/* Smaller mappings, with a huge page or two, are not worth examining. */
#define BYTES_MIN ((size_t)4 << 20)

/* Smaller ones are not looked up. */
#define STEP_BYTES_MIN ((size_t)256 << 10)

/* The size of a transparent huge page on nearly all machines; on others no mapping is dense. */
#define UNIT_BYTES ((size_t)2 << 20)
#define UNIT_PAGES 512

/* Nearly full: a huge page costs at most a sixteenth more. */
#define PRESENT_PAGES_MIN (UNIT_PAGES - UNIT_PAGES / 16)

/* Minimum time between two scans, and minimum age of a mapping to be scanned. */
#define PAUSE_NS     ((uint64_t)100000000)
#define PAUSE_NS_MAX (PAUSE_NS << 10)

/* A collapse of 2M takes about 0.2 ms, on a loaded machine twice that. */
#define COLLAPSE_NS   200000
#define SPENT_SHARE   100
#define UNITS_AT_ONCE 64

#define MAPPINGS_MAX 64

static struct {
	int taken;
	bool only_libc; /* mappings of libc: malloc's blocks */
	bool any;       /* a mapping was noted */
	uint64_t last_look_ns, spent_ns;
	unsigned int next, looked; /* the index for the next mapping, and of the next one to scan */
} seen;

/* A common symbol: behind the variables that every process uses. */
struct mapping {
	uintptr_t start, at, end; /* at: scanned up to here; 0: none */
	uintptr_t tail;           /* the program's end, not rounded */
	uint64_t since_ns, pause_ns;
	bool sparse; /* some of what was scanned */
} density_mappings[MAPPINGS_MAX] __attribute__((common));

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	if (clock_gettime(clock, &now))
		return 0;
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

bool density_is_candidate(size_t bytes, int protection, int flags)
{
	const int harmless = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED |
			     MAP_FIXED_NOREPLACE | MAP_POPULATE;

	return bytes >= BYTES_MIN && protection == (PROT_READ | PROT_WRITE) &&
	       (flags & (MAP_PRIVATE | MAP_ANONYMOUS)) == (MAP_PRIVATE | MAP_ANONYMOUS) &&
	       !(flags & ~harmless);
}

size_t density_units(uint64_t cpu_ns, uint64_t spent_ns)
{
	const uint64_t allowed_ns = cpu_ns / SPENT_SHARE;
	const uint64_t units = allowed_ns > spent_ns ? (allowed_ns - spent_ns) / COLLAPSE_NS : 0;

	return units < UNITS_AT_ONCE ? (size_t)units : UNITS_AT_ONCE;
}

static bool is_dense(uintptr_t unit, bool *mapped)
{
	unsigned char resident[UNIT_PAGES];
	size_t present = 0;

	*mapped = !sys_mincore(unit, UNIT_BYTES, resident);
	for (size_t i = 0; *mapped && i < UNIT_PAGES; i++)
		present += resident[i] & 1;
	return *mapped && present >= PRESENT_PAGES_MIN;
}

/*
 * Scans that many units of a mapping. At its end the mapping is removed, or, if it may yet be
 * filled, scanned again after twice the time. It is removed if it is gone.
 */
static void look(struct mapping *mapping, size_t units, uint64_t now)
{
	bool mapped = true;
	uintptr_t at = mapping->at;

	for (; mapped && units && at < mapping->end; units--, at += UNIT_BYTES) {
		if (!is_dense(at, &mapped))
			mapping->sparse = true;
		else if (sys_madvise(at, UNIT_BYTES, MADV_COLLAPSE) == -EAGAIN)
			break;
	}
	if (mapped && at >= mapping->end && mapping->sparse && mapping->pause_ns < PAUSE_NS_MAX) {
		mapping->since_ns = now;
		mapping->pause_ns *= 2;
		mapping->sparse = false;
		at = mapping->start;
	}
	mapping->at = mapped && at < mapping->end ? at : 0;
}

static void note(uintptr_t address, size_t bytes, uint64_t now)
{
	const uintptr_t start = align_up(address, UNIT_BYTES);

	density_mappings[seen.next] =
		(struct mapping){.start = start,
				 .at = start,
				 .end = align_down(address + bytes, UNIT_BYTES),
				 .tail = address + bytes,
				 .since_ns = now,
				 .pause_ns = PAUSE_NS};
	seen.next = (seen.next + 1) % MAPPINGS_MAX;
	seen.any = true;
}

/* What is opened behind a mapping, by steps that are too small to be worth it, becomes a part of
 * it. */
static void extend(uintptr_t address, size_t bytes, uint64_t now)
{
	struct mapping *mapping = density_mappings;

	while (mapping < density_mappings + MAPPINGS_MAX && mapping->tail != address)
		mapping++;
	if (mapping == density_mappings + MAPPINGS_MAX)
		return;
	if (!mapping->at) {
		mapping->at = mapping->end;
		mapping->since_ns = now;
	}
	mapping->tail = address + bytes;
	mapping->end = align_down(mapping->tail, UNIT_BYTES);
}

/* The next mapping that is old enough, in turn; MAPPINGS_MAX: there is none. */
static unsigned int next_old(uint64_t now)
{
	for (unsigned int i = 0; i < MAPPINGS_MAX; i++) {
		unsigned int number = (seen.looked + i) % MAPPINGS_MAX;

		if (density_mappings[number].at &&
		    now - density_mappings[number].since_ns >= density_mappings[number].pause_ns)
			return number;
	}
	return MAPPINGS_MAX;
}

/* Reading the process's CPU clock is a system call, so it is read only if the cheaper clock says
 * that a scan may be due. A separate function, so that the usual path needs less stack. */
static void __attribute__((noinline)) look_around(uint64_t now)
{
	const uint64_t cpu_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	const size_t units = density_units(cpu_ns, seen.spent_ns);
	unsigned int number = next_old(now);

	seen.last_look_ns = now;
	if (!units || number == MAPPINGS_MAX ||
	    !buddy_has(units * UNIT_BYTES, UNIT_BYTES, process_base_bytes))
		return;
	seen.looked = number;
	look(&density_mappings[number], units, now);
	seen.spent_ns += clock_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu_ns;
}

static void watch(uintptr_t address, size_t bytes, int protection, int flags, uintptr_t hint,
		  bool by_libc)
{
	const bool candidate =
		density_is_candidate(bytes, protection, flags) && (by_libc || !seen.only_libc);
	uint64_t now;

	(void)hint;
	/* a small process never reads the clock, which costs its first user two pages */
	if (!candidate && !seen.any)
		return;
	now = clock_ns(CLOCK_MONOTONIC_COARSE);
	if (sys_sandboxed || __atomic_exchange_n(&seen.taken, 1, __ATOMIC_ACQUIRE))
		return;
	if (candidate)
		note(address, bytes, now);
	else if (bytes >= STEP_BYTES_MIN && !seen.only_libc &&
		 density_is_candidate(BYTES_MIN, protection, flags))
		extend(address, bytes, now);
	if (!seen.last_look_ns)
		seen.last_look_ns = now;
	if (now - seen.last_look_ns >= PAUSE_NS)
		look_around(now);
	__atomic_store_n(&seen.taken, 0, __ATOMIC_RELEASE);
}

int density_start(const struct options *options, bool only_libc)
{
	int failed = calls_watch(options, "mappings", NULL);

	if (failed)
		return failed;
	seen.only_libc = only_libc;
	libc_calls.watch = watch;
	return 0;
}
