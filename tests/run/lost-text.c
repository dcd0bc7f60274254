/*
 * A function whose page of text is anonymous memory, as after a move to huge pages: prints where it
 * is, and waits for the end of its standard input.
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

int main(void)
{
	char *text = (char *)(uintptr_t)function_on_lost_page;
	char *copy = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char byte;

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
