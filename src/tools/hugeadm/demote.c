/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * --demote: splits free huge pages into those of the next smaller size.
 */
#include <errno.h>
#include <unistd.h>

#include "hugeadm.h"
#include "tools/common/size_text.h"

int pool_demote(const struct request *request, const struct pool_change *change)
{
	struct pool_numbers before, after;
	char path[160], size[SIZE_TEXT_BYTES];
	unsigned long got;
	int result;

	size_text_print(size, change->page_bytes);
	pool_path(path, sizeof(path), change->page_bytes, change->node, "demote");
	if (access(path, F_OK))
		return complain(-ENOSYS, "pages of %s can't be demoted: there is no %s", size,
				path);
	result = pool_numbers_read(change->page_bytes, change->node, &before);
	if (!result)
		result = change_write_number(request, path, change->pages);
	if (request->dry_run)
		return result;
	if (!result)
		result = pool_numbers_read(change->page_bytes, change->node, &after);
	if (result)
		return result;
	got = before.current > after.current ? before.current - after.current : 0;
	if (got != change->pages)
		return complain(-ENOMEM, "pages of %s to demote: asked for %lu, got %lu", size,
				change->pages, got);
	tell(request, "%lu pages of %s demoted", got, size);
	return 0;
}
