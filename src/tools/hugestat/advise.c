/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The benefit that huge pages may have for a program: see advise.h.
 *
 * Two things get cheaper: page faults, because one fills as much memory as hundreds did, which
 * follows from their number; and TLB misses, which only the CPU's counters show. Without counters
 * only the size of the memory remains, and the advice says that it is a guess.
 */
#include <string.h>

#include "tools/hugestat/advise.h"

/* Fewer huge pages than this are not worth an option. */
#define BLOCKS_WORTH 8
#define KB_WORTH     (16ul << 10)

/* The gain, as a share of the program's time. */
#define GAIN_NONE 0.02 /* at most this: not worth it */
#define GAIN_SURE 0.03 /* at least this: worth it */
#define GAIN_MAX  0.60

/* How much memory would be wasted, as a share of the parts that gain, if everything were on huge
 * pages. */
#define SPARSE_PART 4

/* Dense ranges of a part that are on small pages: what is huge already has nothing to gain. */
static unsigned long small_blocks(const struct sight *sight, enum part part)
{
	const unsigned long dense = sight->parts[part].dense_blocks;
	unsigned long huge;

	/* the size of a block is not known if the program ended before its memory was read */
	if (!dense)
		return 0;
	huge = sight->parts[part].huge_kb / (unsigned long)(sight->huge_bytes >> 10);
	return dense > huge ? dense - huge : 0;
}

static unsigned long heap_blocks(const struct sight *sight)
{
	return small_blocks(sight, PART_BREAK) + small_blocks(sight, PART_ARENAS);
}

/* MB that page walks serve: in dense ranges and read-only files and, if known, touched. */
static unsigned long walked_mb(const struct sight *sight)
{
	const unsigned long blocks = heap_blocks(sight) + small_blocks(sight, PART_MAPPINGS);
	const unsigned long mb =
		blocks * (unsigned long)(sight->huge_bytes >> 20) + (sight->files_kb >> 10);
	const unsigned long touched_mb =
		(sight->touch.kb[PART_BREAK] + sight->touch.kb[PART_ARENAS] +
		 sight->touch.kb[PART_MAPPINGS] + sight->touch.kb[PART_FILES]) >>
		10;

	return sight->touch.means != TOUCH_UNKNOWN && touched_mb < mb ? touched_mb : mb;
}

/* From page walks if they are known, otherwise from the amount of memory. */
static void add_walks(const struct sight *sight, struct advice *advice)
{
	const unsigned long mb = walked_mb(sight);
	/* The upper ends are guesses: of eleven programs with 60 to 110 MB touched, measured on a
	 * busy machine, xz gained 18 % of its CPU time (95 %: 10 to 24) and gcc lost 2 %; for the
	 * others no difference was certain. */
	static const struct {
		unsigned long mb;
		double high;
	} guesses[] = {{2048, 0.30}, {256, 0.20}, {32, 0.15}, {16, 0.04}};

	if (sight->walks_known) {
		advice->low += 0.3 * sight->walks;
		advice->high += 0.8 * sight->walks;
		return;
	}
	for (size_t i = 0; i < sizeof(guesses) / sizeof(guesses[0]); i++)
		if (mb >= guesses[i].mb) {
			advice->high += guesses[i].high;
			return;
		}
}

static void add_faults(const struct sight *sight, struct advice *advice)
{
	const unsigned long blocks = heap_blocks(sight) + small_blocks(sight, PART_MAPPINGS);
	const double pages = (double)blocks * (double)(sight->huge_bytes / sight->base_bytes);
	const double avoided = pages < (double)sight->faults ? pages : (double)sight->faults;
	double share;

	if (sight->cpu_seconds <= 0)
		return;
	share = avoided * sight->fault_seconds / sight->cpu_seconds;
	advice->faults_low = 0.5 * share;
	/* what comes from a pool is there after its first use */
	if (advice->automatic && sight->fresh_seconds < 0)
		advice->faults_low = avoided * sight->fresh_seconds / sight->cpu_seconds;
	advice->faults_high = 1.3 * share;
	advice->low += advice->faults_low;
	advice->high += advice->faults_high;
}

/* Is much of these mappings unused? */
static bool is_sparse(const struct sight *sight, const struct advice *advice)
{
	const unsigned long block_kb = (unsigned long)(sight->huge_bytes >> 10);
	unsigned long dense_kb = 0, sparse_kb = 0;

	if (advice->heap) {
		dense_kb += heap_blocks(sight) * block_kb;
		sparse_kb +=
			sight->parts[PART_BREAK].sparse_kb + sight->parts[PART_ARENAS].sparse_kb;
	}
	if (advice->mmap) {
		dense_kb += small_blocks(sight, PART_MAPPINGS) * block_kb;
		sparse_kb += sight->parts[PART_MAPPINGS].sparse_kb;
	}
	return sparse_kb > dense_kb / SPARSE_PART;
}

static void choose_features(const struct sight *sight, struct advice *advice)
{
	const unsigned long mappings = small_blocks(sight, PART_MAPPINGS);

	advice->heap = heap_blocks(sight) >= BLOCKS_WORTH;
	advice->mmap = mappings >= BLOCKS_WORTH;
	advice->files = sight->files_kb >= KB_WORTH;
	advice->text = sight->code_kb >= KB_WORTH;
	advice->shm = sight->segments_kb >= KB_WORTH;
	advice->automatic = is_sparse(sight, advice);
	if (advice->heap) {
		advice->pool_pages += heap_blocks(sight) + 2;
		advice->memory_kb +=
			sight->parts[PART_BREAK].holes_kb + sight->parts[PART_ARENAS].holes_kb;
	}
	if (advice->mmap) {
		advice->pool_pages += mappings;
		advice->memory_kb += sight->parts[PART_MAPPINGS].holes_kb;
	}
	if (advice->shm)
		advice->pool_pages +=
			sight->segments_kb / (unsigned long)(sight->huge_bytes >> 10) + 1;
	/* a tenth more, because the next run may need more */
	advice->pool_pages += advice->pool_pages / 10;
}

static double within(double value, double limit)
{
	if (value < -limit)
		return -limit;
	return value < limit ? value : limit;
}

void advise(const struct sight *sight, struct advice *advice)
{
	bool any;

	*advice = (struct advice){0};
	choose_features(sight, advice);
	any = advice->heap || advice->mmap || advice->files || advice->text || advice->shm;
	if (any) {
		add_walks(sight, advice);
		add_faults(sight, advice);
	}
	advice->low = within(advice->low, GAIN_MAX);
	advice->high = within(advice->high, GAIN_MAX);
	if (!any || advice->high < GAIN_NONE || -advice->low > advice->high)
		advice->verdict = ADVICE_NO;
	else
		advice->verdict = advice->low >= GAIN_SURE ? ADVICE_YES : ADVICE_PERHAPS;
}
