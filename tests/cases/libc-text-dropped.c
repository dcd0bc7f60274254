/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * MADV_DONTNEED on all of libc's text leaves the heap growing on huge pages: the library's jumps in
 * it stay.
 */
#include <link.h>

#include "heap_share.h"

static int drop_text(struct dl_phdr_info *object, size_t bytes, void *dropped)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);

	(void)bytes;
	for (int i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *part = &object->dlpi_phdr[i];
		uintptr_t start = object->dlpi_addr + part->p_vaddr, from = start & ~(page - 1);

		if (part->p_type != PT_LOAD || !(part->p_flags & PF_X) || (uintptr_t)sbrk < start ||
		    (uintptr_t)sbrk >= start + part->p_memsz)
			continue;
		CHECK(!madvise((void *)from, start + part->p_memsz - from, MADV_DONTNEED),
		      "errno %d", errno);
		*(int *)dropped = 1;
	}
	return 0;
}

int main(void)
{
	int dropped = 0;

	dl_iterate_phdr(drop_text, &dropped);
	CHECK(dropped, "no text with sbrk");
	heap_share_check_growth();
	return 0;
}
