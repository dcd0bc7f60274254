/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Maps 100M on 1G pages of node 0, or on the next best pages there, and prints the result. */
#include <hugetlbfs.h>
#include <stdio.h>
#include <string.h>

int main(void)
{
	static const char *const kinds[] = {
		[HUGETLBFS_HUGETLB] = "hugetlb",
		[HUGETLBFS_TRANSPARENT] = "transparent huge",
		[HUGETLBFS_SMALL] = "small",
	};
	struct hugetlbfs_backing backing;
	struct hugetlbfs_given given;
	void *memory = hugetlbfs_map(100 << 20, 1 << 30, 0, HUGETLBFS_OR_ANY, &given);

	if (!memory) {
		perror("hugetlbfs_map");
		return 1;
	}
	printf("got %zu bytes on %s pages of %zu\n", given.bytes, kinds[given.kind],
	       given.page_bytes);
	memset(memory, 1, given.bytes);
	if (!hugetlbfs_backing(memory, given.bytes, &backing))
		printf("in use: %zu hugetlb, %zu transparent huge, %zu small\n",
		       backing.hugetlb_bytes, backing.transparent_bytes, backing.small_bytes);
	return hugetlbfs_unmap(memory) != 0;
}
