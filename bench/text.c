/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A program with TEXT_BYTES of text, which says in nanoseconds how long something takes:
 *
 *   text start   from before the first constructor until main: with the library preloaded, what it
 *                does at the start
 *   text copy    memcpy of the text, already in memory, to new memory on huge pages
 *   text again   the same once more: to memory that is there
 *   text fresh   memcpy of the text as it is at the start, to new memory on small pages
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#define TEXT_BYTES 67108864
#define STRING(s)  STRING_(s)
#define STRING_(s) #s

__asm__(".pushsection .text.big, \"ax\"\n"
	".balign 4096\n"
	".hidden big_text\n"
	".globl big_text\n"
	"big_text: .zero " STRING(TEXT_BYTES) ", 0x90\n"
					      ".popsection\n");
extern __attribute__((visibility("hidden"))) const char big_text[];

static struct timespec begin;

static void before_all(void)
{
	clock_gettime(CLOCK_MONOTONIC, &begin);
}

__attribute__((section(".preinit_array"), used)) static void (*preinit[])(void) = {before_all};

static double nanoseconds_since(const struct timespec *from)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - from->tv_sec) * 1e9 + (double)(now.tv_nsec - from->tv_nsec);
}

static void read_byte(const char *byte)
{
	__asm__ volatile("" : : "r"(*byte));
}

/* Room for the copy that huge pages fit into. */
static char *new_memory(void)
{
	size_t huge_bytes = 2 << 20;
	char *memory = mmap(NULL, TEXT_BYTES + huge_bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return NULL;
	return memory + (huge_bytes - (uintptr_t)memory % huge_bytes) % huge_bytes;
}

int main(int count, char **arguments)
{
	const char *what = count > 1 ? arguments[1] : "";
	double elapsed_ns = nanoseconds_since(&begin);
	char *copy;

	if (strcmp(what, "start") != 0) {
		copy = new_memory();
		if (!copy)
			return 1;
		if (strcmp(what, "fresh") != 0) {
			madvise(copy, TEXT_BYTES, MADV_HUGEPAGE);
			for (size_t at = 0; at < TEXT_BYTES; at += 4096)
				read_byte(big_text + at);
		}
		if (!strcmp(what, "again"))
			memcpy(copy, big_text, TEXT_BYTES);
		clock_gettime(CLOCK_MONOTONIC, &begin);
		memcpy(copy, big_text, TEXT_BYTES);
		__asm__ volatile("" : : "r"(copy) : "memory");
		elapsed_ns = nanoseconds_since(&begin);
	}
	printf("%.0f\n", elapsed_ns);
	return 0;
}
