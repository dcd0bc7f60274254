/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Frees base pages that read as zero: see zeroes.h.
 */
#include <sys/uio.h>

#include "base/sys.h"
#include "region/exact.h"
#include "region/helper.h"
#include "region/process.h"
#include "region/zeroes.h"

/* How much is examined at a time. */
#define CHUNK_BYTES ((size_t)2 << 20)
#define CHUNK_PAGES (CHUNK_BYTES / 4096)

struct chunk {
	struct exact exact; /* first: see exact.h */
	uintptr_t from;
	size_t pages;
	unsigned char resident[CHUNK_PAGES];
};

_Static_assert(sizeof(struct chunk) <= HELPER_ARGUMENT_BYTES, "it fits");

/* The kernel reads the page, which respects the program's protection and never raises a signal. */
static bool reads_as_zero(uintptr_t page)
{
	uint64_t words[128];
	struct iovec here = {words, sizeof(words)}, there = {(void *)page, sizeof(words)};
	uint64_t any = 0;

	for (size_t done = 0; done < process_base_bytes && !any; done += sizeof(words)) {
		if (sys_call(SYS_process_vm_readv, sys_getpid(), &here, 1, &there, 1) !=
		    (long)sizeof(words))
			return false;
		for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
			any |= words[i];
		there.iov_base = (char *)there.iov_base + sizeof(words);
	}
	return !any;
}

/* Empties the pages that are present and read as zero; the others stay, page by page. */
static int drop_chunk(struct exact *exact)
{
	const struct chunk *chunk = (const struct chunk *)exact;
	const size_t bytes = chunk->pages * process_base_bytes;
	int failed = exact_begin(exact, chunk->from, bytes);

	if (failed)
		return failed;
	for (size_t page = 0, run; page < chunk->pages; page = run + 1) {
		const uintptr_t from = chunk->from + page * process_base_bytes;

		for (run = page; run < chunk->pages && chunk->resident[run] & 1 &&
				 reads_as_zero(chunk->from + run * process_base_bytes);
		     run++)
			;
		if (run > page)
			sys_madvise(from, (run - page) * process_base_bytes, MADV_DONTNEED);
	}
	exact_end(exact, chunk->from, bytes, false);
	return 0;
}

void zeroes_drop(uintptr_t from, uintptr_t to)
{
	while (from < to) {
		uintptr_t end = (from | (CHUNK_BYTES - 1)) + 1;
		struct chunk *chunk = (struct chunk *)exact_prepare(true);

		if (!chunk)
			return;
		if (end > to)
			end = to;
		chunk->exact.work = drop_chunk;
		chunk->from = from;
		chunk->pages = (end - from) / process_base_bytes;
		if (!sys_mincore(from, end - from, chunk->resident)) {
			while (chunk->pages && !(chunk->resident[chunk->pages - 1] & 1))
				chunk->pages--;
			if (chunk->pages)
				exact_run(&chunk->exact);
		}
		from = end;
	}
}
