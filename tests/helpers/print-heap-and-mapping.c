/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Takes 20M in small blocks and maps 8M of anonymous memory; prints /proc/self/maps. */
#include <sys/mman.h>

#include "test.h"

#define MAPPED_BYTES ((size_t)8 << 20)

int main(void)
{
	char line[512];
	FILE *maps;
	void *mapped = mmap(NULL, MAPPED_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			    -1, 0);

	CHECK(mapped != MAP_FAILED, "no mapping");
	memset(mapped, 1, MAPPED_BYTES);
	for (int i = 0; i < 400; i++)
		memset(need(malloc(50000)), 1, 50000);
	maps = fopen("/proc/self/maps", "re");
	CHECK(maps, "no maps");
	while (fgets(line, sizeof(line), maps))
		fputs(line, stdout);
	return 0;
}
