/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* mallinfo2 and malloc_info count the memory that the program uses. */
#include <dlfcn.h>
#include <malloc.h>
#include "heap_share.h"

/* As glibc 2.33 has it; older ones don't. */
struct info2 {
	size_t arena, ordblks, smblks, hblks, hblkhd, usmblks, fsmblks, uordblks, fordblks,
		keepcost;
};

int main(void)
{
	struct info2 (*mallinfo2_)(void);
	struct info2 before, after;
	static void *block[1000];
	char *text = NULL;
	size_t bytes = 0;
	FILE *file;

	*(void **)&mallinfo2_ = dlsym(RTLD_DEFAULT, "mallinfo2");
	if (!mallinfo2_)
		SKIP("this libc has no mallinfo2");
	before = mallinfo2_();
	for (int i = 0; i < 1000; i++)
		memset(block[i] = need(malloc(20000)), 1, 20000);
	heap_share_check();
	after = mallinfo2_();
	CHECK(after.uordblks + after.hblkhd >= before.uordblks + before.hblkhd + 20000000,
	      "in use %zu, before %zu", after.uordblks + after.hblkhd,
	      before.uordblks + before.hblkhd);
	CHECK(after.arena >= after.uordblks, "arena %zu, in use %zu", after.arena, after.uordblks);
	CHECK(after.arena == after.uordblks + after.fordblks, "arena %zu, used %zu, free %zu",
	      after.arena, after.uordblks, after.fordblks);
	for (int i = 0; i < 1000; i++)
		free(block[i]);
	after = mallinfo2_();
	CHECK(after.uordblks + after.hblkhd < before.uordblks + before.hblkhd + 100000,
	      "in use %zu after free", after.uordblks);
	file = open_memstream(&text, &bytes);
	CHECK(file && malloc_info(0, file) == 0, "malloc_info");
	fclose(file);
	CHECK(strstr(text, "<system type=\"current\""), "%s", text);
	free(text);
	return 0;
}
