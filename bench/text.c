/*
 * A program with TEXT_BYTES of text, which says in nanoseconds how long something takes:
 *
 *   text start   from before the first constructor until main: with the library preloaded, what it
 *                does at the start
 *   text copy    memcpy of the text, which is in memory, to memory that is there, on huge pages
 *   text fresh   memcpy of the text as it is at the start, to new memory on small pages
 */
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

int main(int count, char **arguments)
{
	const char *what = count > 1 ? arguments[1] : "";
	double elapsed_ns = nanoseconds_since(&begin);
	char *copy;

	if (strcmp(what, "start") != 0) {
		copy = mmap(NULL, TEXT_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			    -1, 0);
		if (copy == MAP_FAILED)
			return 1;
		if (!strcmp(what, "copy")) {
			madvise(copy, TEXT_BYTES, MADV_HUGEPAGE);
			memcpy(copy, big_text, TEXT_BYTES);
		}
		clock_gettime(CLOCK_MONOTONIC, &begin);
		memcpy(copy, big_text, TEXT_BYTES);
		__asm__ volatile("" : : "r"(copy) : "memory");
		elapsed_ns = nanoseconds_since(&begin);
	}
	printf("%.0f\n", elapsed_ns);
	return 0;
}
