/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A program reads in smaps which of its text, constants, data, bss and RELRO are on huge pages. It
 * prints one line for each of small and big text, constants, data and bss, and for RELRO:
 *
 *   name  huge pages it lies in  of which inside its segment  on hugetlb  on THP  rights
 *
 * "Inside" is counted by the program headers: the whole page belongs to one segment, and nothing of
 * it to RELRO. A page in which something else lies, as the heap right behind bss, is not counted at
 * all. A last line says that everything still held what it held, was called, written, and
 * that the break goes on working. Fails with a line where something was lost. Arguments:
 *
 *   a number  the huge page size in bytes
 *   fork      a child writes to all of data and bss, too
 *   thread    a thread writes to data from before the first constructor to the end
 *   quiet     the last line alone
 *
 * bss and the break are written to before any library's constructor runs (.preinit_array).
 */
#include <inttypes.h>
#include <link.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "test.h"

#define SMALL_PAGE   4096
#define MAPPINGS_MAX 1024

/* In pages of 4K: of each kind. */
#ifndef BIG_PAGES
#define BIG_PAGES 1536
#endif

#define TEXT_OF(value)  TEXT_OF_(value)
#define TEXT_OF_(value) #value
#define BIG_TEXT        TEXT_OF(BIG_PAGES)

/* Every 4K a function that returns its number. */
#if defined(__x86_64__) || defined(__i386__)
#define RETURN_NUMBER ".byte 0xb8\n.long number\n.byte 0xc3\n"
#elif defined(__aarch64__)
#define RETURN_NUMBER ".long 0x52800000 + (number << 5), 0xd65f03c0\n"
#else
#error "the bytes of a function that returns a number are missing for this CPU"
#endif

#define EACH_PAGE(name, section, contents)                                                         \
	__asm__(".pushsection " section "\n.balign 4096\n.hidden " name "\n.globl " name "\n" name \
		":\n.set number, 0\n.rept " BIG_TEXT "\n.balign 4096\n" contents                   \
		".set number, number + 1\n.endr\n.balign 4096\n.popsection\n")

EACH_PAGE("big_text", ".text.big, \"ax\"", RETURN_NUMBER);
EACH_PAGE("big_constants", ".rodata.big, \"a\"", ".long number\n");
EACH_PAGE("big_data", ".data.big, \"aw\"", ".long number\n");

#define HIDDEN __attribute__((visibility("hidden")))
extern HIDDEN char big_text[], big_constants[], big_data[];
static char big_bss[BIG_PAGES * SMALL_PAGE];

static const int small_constant = 11;
static volatile int small_data = 12;
static volatile int small_bss;
static __thread volatile int own_data = 13, own_bss;
static char *pointers[] = {big_text, big_constants, big_data, big_bss};
static char *const constant_pointers[] = {big_text, big_constants, big_data, big_bss};

static char *break_before;

static __attribute__((noinline)) int small_text(int value)
{
	__asm__ volatile("" : "+r"(value));
	return value + 14;
}

/* The compiler knows what a constant holds, and must not. */
static const int *hidden(const int *constant)
{
	__asm__ volatile("" : "+r"(constant));
	return constant;
}

static volatile int *word(char *block, int page)
{
	return (volatile int *)(block + (size_t)page * SMALL_PAGE);
}

/* Counts in data and in bss as fast as it can: a count that is lost shows. */
static atomic_bool counting = true;
static atomic_ulong data_count = 1, bss_count;
static pthread_t counter;
static bool has_counter;

static void *count_on(void *unused)
{
	(void)unused;
	while (atomic_load(&counting)) {
		unsigned long before = atomic_fetch_add(&bss_count, 1);

		CHECK(atomic_fetch_add(&data_count, 1) == before + 1, "a count of the thread's");
	}
	return NULL;
}

static bool has_word(int count, char **arguments, const char *word)
{
	for (int i = 1; i < count; i++)
		if (!strcmp(arguments[i], word))
			return true;
	return false;
}

/* Before the library: what is in bss and behind the break now must be there afterwards. */
static void before_all(int count, char **arguments, char **environment)
{
	(void)environment;
	if (has_word(count, arguments, "thread")) {
		CHECK(!pthread_create(&counter, NULL, count_on, NULL), "no thread");
		has_counter = true;
	}
	for (int page = 0; page < BIG_PAGES; page += 2)
		*word(big_bss, page) = page + 1;
	small_bss = 15;
	own_bss = 16;
	break_before = sbrk(3 * SMALL_PAGE);
	for (int page = 0; page < 3; page++)
		*word(break_before, page) = page + 17;
}

__attribute__((section(".preinit_array"), used)) static void (*preinit[])(int, char **,
									  char **) = {before_all};

static void check_contents(int turn)
{
	for (int page = 0; page < BIG_PAGES; page++) {
		int (*function)(void) = (int (*)(void))(uintptr_t)word(pointers[0], page);

		CHECK(function() == page, "page %d of text", page);
		CHECK(*word(pointers[1], page) == page, "page %d of constants", page);
		CHECK(*word(pointers[2], page) == page + turn, "page %d of data", page);
		CHECK(*word(pointers[3], page) == (page % 2 ? 0 : page + 1) + turn,
		      "page %d of bss", page);
	}
	CHECK(small_text(turn) == 14 + turn, "small text");
	CHECK(*hidden(&small_constant) == 11, "a small constant");
	CHECK(small_data == 12 + turn && own_data == 13 + turn, "small data");
	CHECK(small_bss == 15 + turn && own_bss == 16 + turn, "small bss");
	CHECK(!memcmp(pointers, constant_pointers, sizeof(pointers)), "pointers");
	for (int page = 0; page < 3; page++)
		CHECK(*word(break_before, page) == page + 17 + turn, "page %d of the break", page);
}

static void write_all(void)
{
	for (int page = 0; page < BIG_PAGES; page++) {
		++*word(big_data, page);
		++*word(big_bss, page);
	}
	for (int page = 0; page < 3; page++)
		++*word(break_before, page);
	small_data++, own_data++, small_bss++, own_bss++;
}

static void check_break(void)
{
	char *now = sbrk(0), *more = sbrk(5 * MEGABYTE);

	CHECK(more == now, "the break was at %p, and grew at %p", (void *)now, (void *)more);
	check_zero(more, 5 * MEGABYTE);
	memset(more, 1, 5 * MEGABYTE);
	CHECK(sbrk(-(intptr_t)(5 * MEGABYTE)) == more + 5 * MEGABYTE && sbrk(0) == now,
	      "the break does not go back");
	free(need(malloc(100000)));
}

static void check_child(void)
{
	pid_t child = fork();
	int status;

	CHECK(child >= 0, "%m");
	if (!child) {
		write_all();
		check_contents(2);
		_exit(0);
	}
	write_all();
	CHECK(waitpid(child, &status, 0) == child, "%m");
	CHECK(status == 0, "the child ended with status %#x", (unsigned int)status);
	check_contents(2);
}

struct mapping {
	uintptr_t start, end;
	char rights[8];
	unsigned long page_kb, thp_kb;
};

static struct mapping mappings[MAPPINGS_MAX];
static int mapping_count;

static void read_mappings(void)
{
	FILE *file = fopen("/proc/self/smaps", "re");
	struct mapping *mapping = NULL, next;
	char line[512];
	unsigned long kb;

	CHECK(file != NULL, "%m");
	while (fgets(line, sizeof(line), file)) {
		memset(&next, 0, sizeof(next));
		if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %7s", &next.start, &next.end,
			   next.rights) == 3) {
			CHECK(mapping_count < MAPPINGS_MAX, "too many mappings");
			mapping = &mappings[mapping_count++];
			*mapping = next;
		} else if (sscanf(line, "KernelPageSize: %lu", &kb) == 1) {
			mapping->page_kb = kb;
		} else if (sscanf(line, "AnonHugePages: %lu", &kb) == 1 ||
			   sscanf(line, "ShmemPmdMapped: %lu", &kb) == 1 ||
			   sscanf(line, "FilePmdMapped: %lu", &kb) == 1) {
			mapping->thp_kb += kb;
		}
	}
	fclose(file);
}

static const struct mapping *mapping_of(uintptr_t address)
{
	for (int i = 0; i < mapping_count; i++)
		if (mappings[i].start <= address && address < mappings[i].end)
			return &mappings[i];
	CHECK(false, "%#lx is not mapped", (unsigned long)address);
	return NULL;
}

static size_t huge_bytes = 2 * MEGABYTE;

/* smaps reports a mapping as a whole: all the huge pages that fit into it are counted, or none. */
static bool is_transparent(const struct mapping *mapping)
{
	uintptr_t first = (mapping->start + huge_bytes - 1) & ~(huge_bytes - 1);
	uintptr_t last = mapping->end & ~(huge_bytes - 1);

	return first < last && mapping->thp_kb * 1024 >= last - first;
}

struct range {
	uintptr_t start, end;
};

struct object {
	struct range segments[16], relro;
	int count;
};

static int read_headers(struct dl_phdr_info *info, size_t bytes, void *argument)
{
	uintptr_t base_bytes = (uintptr_t)sysconf(_SC_PAGESIZE);
	struct object *object = argument;

	(void)bytes;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *header = &info->dlpi_phdr[i];
		uintptr_t start = info->dlpi_addr + header->p_vaddr;
		struct range range = {start & ~(base_bytes - 1), start + header->p_memsz};

		if (header->p_type == PT_LOAD && object->count < 16) {
			range.end = (range.end + base_bytes - 1) & ~(base_bytes - 1);
			object->segments[object->count++] = range;
		} else if (header->p_type == PT_GNU_RELRO) {
			range.end &= ~(base_bytes - 1);
			object->relro = range;
		}
	}
	return 1; /* the first is the program */
}

static bool is_inside(const struct object *object, uintptr_t address, uintptr_t page)
{
	const struct range *relro = &object->relro;

	if (page < relro->end && page + huge_bytes > relro->start)
		return false;
	for (int i = 0; i < object->count; i++)
		if (object->segments[i].start <= address && address < object->segments[i].end)
			return object->segments[i].start <= page &&
			       page + huge_bytes <= object->segments[i].end;
	return false;
}

/* The heap may be one mapping with bss. */
static bool is_shared_with_others(const struct object *object, uintptr_t page)
{
	if (page == ((uintptr_t)break_before & ~(huge_bytes - 1)))
		return true;
	for (int i = 0; i < mapping_count; i++) {
		const struct mapping *mapping = &mappings[i];
		bool ours = mapping->start >= page + huge_bytes || mapping->end <= page;

		for (int j = 0; j < object->count; j++)
			ours |= mapping->start < object->segments[j].end &&
				mapping->end > object->segments[j].start;
		if (!ours)
			return true;
	}
	return false;
}

static void show(const struct object *object, const char *name, const volatile void *block,
		 size_t bytes)
{
	uintptr_t start = (uintptr_t)block, page = start & ~(huge_bytes - 1);
	int pages = 0, inside = 0, hugetlb = 0, transparent = 0;
	const char *rights = mapping_of(start)->rights;

	for (; page < start + bytes; page += huge_bytes) {
		uintptr_t address = page < start ? start : page;
		const struct mapping *mapping = mapping_of(address);

		if (is_shared_with_others(object, page))
			continue;
		pages++;
		inside += is_inside(object, address, page);
		if (mapping->page_kb * 1024 == huge_bytes)
			hugetlb++;
		else
			transparent += is_transparent(mapping);
		if (strcmp(mapping->rights, rights))
			rights = "mixed";
	}
	printf("%-13s %d %d %d %d %s\n", name, pages, inside, hugetlb, transparent, rights);
}

static void show_relro(const struct object *object)
{
	const char *rights = "none";

	for (int i = 0; i < mapping_count; i++)
		if (mappings[i].start < object->relro.end && mappings[i].end > object->relro.start)
			rights = mappings[i].rights[1] == 'w' ? "writable" : "read-only";
	printf("%-13s 0 0 0 0 %s\n", "relro", rights);
}

static void show_all(void)
{
	struct object object = {.count = 0};

	read_mappings();
	dl_iterate_phdr(read_headers, &object);
	show(&object, "small-text", (void *)(uintptr_t)small_text, 1);
	show(&object, "big-text", big_text, sizeof(big_bss));
	show(&object, "small-const", &small_constant, sizeof(small_constant));
	show(&object, "big-const", big_constants, sizeof(big_bss));
	show(&object, "small-data", &small_data, sizeof(small_data));
	show(&object, "big-data", big_data, sizeof(big_bss));
	show(&object, "small-bss", &small_bss, sizeof(small_bss));
	show(&object, "big-bss", big_bss, sizeof(big_bss));
	show_relro(&object);
}

int main(int count, char **arguments)
{
	for (int i = 1; i < count; i++)
		if (atol(arguments[i]))
			huge_bytes = strtoul(arguments[i], NULL, 0);
	check_contents(0);
	write_all();
	check_contents(1);
	check_break();
	if (!has_word(count, arguments, "quiet"))
		show_all();
	if (has_word(count, arguments, "fork"))
		check_child();
	if (has_counter) {
		atomic_store(&counting, false);
		pthread_join(counter, NULL);
		CHECK(data_count == bss_count + 1, "the thread's counts");
	}
	puts("as it was");
	return 0;
}
