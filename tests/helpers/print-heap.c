/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Takes 20M in small blocks and prints /proc/self/maps. */
#include "test.h"

int main(void)
{
	char line[512];
	FILE *maps;

	for (int i = 0; i < 400; i++)
		memset(need(malloc(50000)), 1, 50000);
	maps = fopen("/proc/self/maps", "re");
	CHECK(maps, "no maps");
	while (fgets(line, sizeof(line), maps))
		fputs(line, stdout);
	return 0;
}
