/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A function whose page of text is anonymous memory, or with an argument a file's in memory, as
 * after a move to huge pages: prints where it is, and waits for the end of its standard input.
 */
#include <sys/mman.h>
#include "test.h"

#define PAGE 4096

static __attribute__((aligned(PAGE), noinline, used)) int function_on_lost_page(int value)
{
	return value * 3 + 1;
}

/* Fills the page up to here. */
static __attribute__((aligned(PAGE), noinline, used)) int function_behind(int value)
{
	return value + 2;
}

int main(int count, char **arguments)
{
	char *text = (char *)(uintptr_t)function_on_lost_page;
	const int fd = count > 1 ? memfd_create(arguments[1], MFD_CLOEXEC) : -1;
	char *copy, byte;

	CHECK(count < 2 || (fd >= 0 && !ftruncate(fd, PAGE)), "no file");
	copy = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		    fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED, fd, 0);
	CHECK(copy != MAP_FAILED, "no memory");
	CHECK((char *)(uintptr_t)function_behind >= text + PAGE, "not alone on its page");
	memcpy(copy, text, PAGE);
	CHECK(!mprotect(copy, PAGE, PROT_READ | PROT_EXEC), "no text");
	CHECK(mremap(copy, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, text) == text, "not moved");
	CHECK(function_on_lost_page(2) == 7 && function_behind(1) == 3, "wrong code");
	printf("%lx\n", (unsigned long)(uintptr_t)text);
	fflush(stdout);
	return read(0, &byte, 1) < 0;
}
