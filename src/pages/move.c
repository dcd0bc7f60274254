/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Moving over other memory: see move.h.
 */
#include <sys/auxv.h>

#include "base/sys.h"
#include "pages/move.h"
#include "pages/sparse.h"

bool move_fill_hole(uintptr_t from, size_t bytes, uintptr_t to, int rights, int key)
{
	if (sys_mmap_at(to, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))
		return false;
	sys_mprotect_key(from, bytes, PROT_READ, key, 0);
	/* with a key that the caller did not know, the content cannot be read */
	if (sys_can_read((const void *)from, sizeof(uint64_t)))
		sparse_copy(to, from, bytes, getauxval(AT_PAGESZ));
	sys_mprotect_key(to, bytes, rights, key, key);
	return true;
}

int move_over(uintptr_t from, size_t bytes, uintptr_t to, int rights, int key)
{
	long at = sys_mremap(from, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, to);

	if (!SYS_IS_ERROR(at))
		return 0;
	return move_fill_hole(from, bytes, to, rights, key) ? MOVE_COPIED : (int)at;
}
