/*
 * Loads libraries with a big text late, one after the other, several times over: each runs, and is
 * on hugetlb pages as far as EXPECT_HUGE_KB says (0: on none, unset: as may be); closed, nothing of
 * it is left mapped.
 *
 *   dlopen-text <turns> <library> ...
 *
 * A first argument "threads" has another thread run the text of the first library all the time;
 * "threads-first" has one that waits, and that is there before anything is loaded.
 */
#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <stdbool.h>

#include "test.h"

struct place {
	uintptr_t start, end;
};

static int read_place(struct dl_phdr_info *object, size_t size, void *data)
{
	struct place *place = data;
	struct place all = {UINTPTR_MAX, 0};

	(void)size;
	for (int i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *header = &object->dlpi_phdr[i];
		uintptr_t start = object->dlpi_addr + header->p_vaddr;

		if (header->p_type != PT_LOAD)
			continue;
		all.start = start < all.start ? start : all.start;
		all.end = start + header->p_memsz > all.end ? start + header->p_memsz : all.end;
	}
	if (place->start < all.start || place->start >= all.end)
		return 0;
	*place = all;
	return 1;
}

/* How many kB of a place are mapped, and how many of these on hugetlb pages: a file's pages may be
 * huge by themselves. */
static void read_smaps(const struct place *place, unsigned long *mapped_kb, unsigned long *huge_kb)
{
	FILE *smaps = need(fopen("/proc/self/smaps", "re"));
	unsigned long start, end, kb, size = 0;
	char line[512];
	bool inside = false;

	*mapped_kb = *huge_kb = 0;
	while (fgets(line, sizeof(line), smaps)) {
		if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
			inside = start < place->end && end > place->start;
		if (!inside)
			continue;
		if (sscanf(line, "Size: %lu", &kb) == 1) {
			size = kb;
			*mapped_kb += kb;
		} else if (sscanf(line, "KernelPageSize: %lu", &kb) == 1 && kb > 64) {
			*huge_kb += size;
		}
	}
	fclose(smaps);
}

static void load_and_close(const char *path)
{
	const char *expected = getenv("EXPECT_HUGE_KB");
	unsigned long mapped_kb, huge_kb, expected_kb = expected ? strtoul(expected, NULL, 10) : 0;
	struct place place;
	void *library = dlopen(path, RTLD_NOW);
	int (*check)(void);

	CHECK(library, "%s", dlerror());
	check = (int (*)(void))(uintptr_t)need(dlsym(library, "big_text_check"));
	CHECK(check() == 2, "the constructor did not run");
	place.start = (uintptr_t)check;
	CHECK(dl_iterate_phdr(read_place, &place), "%s is nowhere", path);
	read_smaps(&place, &mapped_kb, &huge_kb);
	CHECK(!expected || (expected_kb ? huge_kb >= expected_kb : !huge_kb), "%s: %lu kB are huge",
	      path, huge_kb);
	CHECK(!dlclose(library), "%s", dlerror());
	read_smaps(&place, &mapped_kb, &huge_kb);
	CHECK(!mapped_kb, "%s: %lu kB are left", path, mapped_kb);
}

static int (*run_always)(void);
static volatile bool stop;

static void *wait_for_stop(void *nothing)
{
	while (!stop)
		usleep(1000);
	return nothing;
}

static void *run_text(void *nothing)
{
	while (!stop)
		run_always();
	return nothing;
}

int main(int count, char **arguments)
{
	bool threads = count > 1 && !strcmp(arguments[1], "threads");
	bool threads_first = count > 1 && !strcmp(arguments[1], "threads-first");
	int next = 1 + threads + threads_first, turns;
	pthread_t thread;

	CHECK(count > next + 1, "what is to be loaded?");
	turns = atoi(arguments[next++]);
	if (threads) {
		void *library = dlopen(arguments[next], RTLD_NOW);

		CHECK(library, "%s", dlerror());
		run_always = (int (*)(void))(uintptr_t)need(dlsym(library, "big_text_check"));
		CHECK(!pthread_create(&thread, NULL, run_text, NULL), "no thread");
		next++;
	}
	if (threads_first)
		CHECK(!pthread_create(&thread, NULL, wait_for_stop, NULL), "no thread");
	for (int turn = 0; turn < turns; turn++)
		for (int i = next; i < count; i++)
			load_and_close(arguments[i]);
	stop = true;
	if (threads || threads_first)
		pthread_join(thread, NULL);
	printf("done\n");
	return 0;
}
