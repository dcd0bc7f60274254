/*
 * Emptying pages: see empty.h.
 */
#include <string.h>

#include "base/sys.h"
#include "region/empty.h"
#include "region/split.h"
#include "region/verify.h"

/* A hugetlb page goes back to the pool, and its place is small and empty. */
static int page_give_back(struct region *region, size_t page)
{
	uintptr_t address = region_page_address(region, page);

	return region_renew_small(region, address, address + region->page_bytes);
}

int empty_pages(struct region *region, uintptr_t from, uintptr_t to, bool give_back)
{
	if (from < to)
		verify_range(region, from, to);
	while (from < to) {
		size_t page = region_page(region, from);
		uintptr_t address = region_page_address(region, page);
		uintptr_t end = address + region->page_bytes;
		uintptr_t stop = to < end ? to : end;
		bool whole = from == address && stop == end;

		if (!(region->pages[page] & PAGE_HUGE)) {
			/* A hole of the program's own: the kernel's answer is ours. */
			stop = region_page_address(
				region,
				region_run(region, page, region_page(region, to - 1) + 1, false));
			if (stop > to)
				stop = to;
			long failed = sys_pass(SYS_madvise, (long)from, (long)(stop - from),
					       MADV_DONTNEED, 0, 0, 0);

			if (failed)
				return (int)failed;
		} else if (region->text) {
			/* Read again from its file, it would be what it is. */
		} else if (region->pages[page] & PAGE_PROTECTED) {
			/* We may not write here; small pages keep their rights while the kernel
			 * empties them. */
			int failed = split_page(region, page, false);

			if (!failed)
				failed = (int)sys_pass(SYS_madvise, (long)from, (long)(stop - from),
						       MADV_DONTNEED, 0, 0, 0);
			if (failed)
				return failed;
		} else if (!(whole && give_back && !page_give_back(region, page))) {
			memset((void *)from, 0, stop - from);
		}
		from = stop;
	}
	return 0;
}
