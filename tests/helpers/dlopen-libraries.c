/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Loads libraries late, one after the other, several times over, bound at once and lazily: each
 * runs, and is on hugetlb pages as far as EXPECT_HUGE_KB says (0: on none, unset: as may be); what
 * it has made read-only is so; closed, nothing of it is left mapped, and no page is left in use.
 *
 *   dlopen-libraries [threads|threads-first|forks|each] <turns> <library> ...
 *
 * threads: another thread runs the first library all the time. threads-first: one waits, and is
 * there before anything is loaded. forks: another thread forks all the time, and its children run
 * the first library; as data leaves hugetlb pages before a fork, EXPECT_HUGE_KB holds for libraries
 * beside which none was made. each: each library has a thread that loads it. With LACKS=<library>,
 * that one can't be loaded, as it needs what is nowhere. With NAMESPACE each is loaded into a
 * namespace of its own. With MAY_KEEP_PAGES the process may keep pages until it ends. With
 * DROP_TEXT all text is read again from its files before.
 */
#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/wait.h>

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

/*
 * How many kB of a place are mapped, and how many of these on hugetlb pages (a file's pages may be
 * huge by themselves); and, where that is not NULL, the rights at an address.
 */
static void read_smaps(const struct place *place, unsigned long *mapped_kb, unsigned long *huge_kb,
		       uintptr_t address, char *rights)
{
	FILE *smaps = need(fopen("/proc/self/smaps", "re"));
	unsigned long start, end, kb, size = 0;
	char line[512], line_rights[8];
	bool inside = false;

	*mapped_kb = *huge_kb = 0;
	while (fgets(line, sizeof(line), smaps)) {
		if (sscanf(line, "%lx-%lx %7s", &start, &end, line_rights) == 3) {
			inside = start < place->end && end > place->start;
			if (rights && address >= start && address < end)
				memcpy(rights, line_rights, sizeof(line_rights));
		}
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

/* Pages of all pools that the process uses. */
static unsigned long pool_kb(void)
{
	FILE *status = need(fopen("/proc/self/status", "re"));
	unsigned long kb = 0;
	char line[256];

	while (fgets(line, sizeof(line), status))
		sscanf(line, "HugetlbPages: %lu", &kb);
	fclose(status);
	return kb;
}

static bool others;                      /* other threads map and unmap, too */
static volatile unsigned int fork_steps; /* odd while another thread forks */

static int (*check_of(void *library))(void)
{
	return (int (*)(void))(uintptr_t)need(dlsym(library, "library_check"));
}

static void load_and_close(const char *path, int turn)
{
	const char *expected = getenv("EXPECT_HUGE_KB");
	unsigned long mapped_kb, huge_kb, expected_kb = expected ? strtoul(expected, NULL, 10) : 0;
	const int binding = turn % 2 ? RTLD_LAZY : RTLD_NOW;
	const unsigned int steps = fork_steps;
	void *library =
		getenv("NAMESPACE") ? dlmopen(LM_ID_NEWLM, path, binding) : dlopen(path, binding);
	const void *(*read_only)(void);
	char rights[8] = "";
	struct place place;
	int (*check)(void);

	CHECK(library, "%s", dlerror());
	check = check_of(library);
	CHECK(check() == 2, "the constructor did not run");
	place = (struct place){(uintptr_t)check, (uintptr_t)check + 1};
	CHECK(dl_iterate_phdr(read_place, &place) || getenv("NAMESPACE"), "%s is nowhere", path);
	read_only = (const void *(*)(void))(uintptr_t)dlsym(library, "library_read_only");
	read_smaps(&place, &mapped_kb, &huge_kb, read_only ? (uintptr_t)read_only() : 0, rights);
	CHECK(!read_only || rights[1] == '-', "%s: what is read-only is %s", path, rights);
	if (expected && (!expected_kb || (steps % 2 == 0 && steps == fork_steps)))
		CHECK(expected_kb ? huge_kb >= expected_kb : !huge_kb, "%s: %lu kB are huge", path,
		      huge_kb);
	CHECK(!dlclose(library), "%s", dlerror());
	read_smaps(&place, &mapped_kb, &huge_kb, 0, NULL);
	/* others may map something there at once */
	CHECK(!mapped_kb || others, "%s: %lu kB are left", path, mapped_kb);
}

static void fail_to_load(const char *path)
{
	const char *error;

	CHECK(!dlopen(path, RTLD_NOW), "%s could be loaded", path);
	error = dlerror();
	CHECK(strstr(error, "lacking"), "%s", error);
}

static int turns;

static void load_often(const char *path)
{
	const char *lacks = getenv("LACKS");

	for (int turn = 0; turn < turns; turn++) {
		load_and_close(path, turn);
		if (lacks)
			fail_to_load(lacks);
	}
}

static void *load_in_thread(void *path)
{
	load_often(path);
	return NULL;
}

static int (*run_always)(void);
static volatile bool stop, beside; /* beside: the other thread has its arena of the heap */

/* The first call reserves memory for the thread's own data, and so an arena, anywhere. */
static void *run_library(void *nothing)
{
	run_always();
	beside = true;
	while (!stop)
		run_always();
	return nothing;
}

static void *wait_for_stop(void *nothing)
{
	beside = true;
	while (!stop)
		usleep(1000);
	return nothing;
}

static void *fork_often(void *nothing)
{
	beside = true;
	while (!stop) {
		pid_t child;
		int status;

		fork_steps++;
		child = fork();
		CHECK(child >= 0, "%m");
		if (!child) {
			run_always();
			_exit(0);
		}
		fork_steps++;
		run_always();
		CHECK(waitpid(child, &status, 0) == child && !status, "a child: %#x", status);
	}
	return nothing;
}

static void load_each_in_a_thread(int count, char **paths)
{
	pthread_t threads[8];

	CHECK(count <= 8, "too many");
	/* what has to be done with one thread is done at the first library */
	load_and_close(paths[0], 0);
	for (int i = 0; i < count; i++)
		CHECK(!pthread_create(&threads[i], NULL, load_in_thread, paths[i]), "no thread");
	for (int i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
}

static void load_all(int count, char **paths)
{
	for (int i = 0; i < count; i++)
		load_often(paths[i]);
}

static void load_all_beside(void *(*what)(void *), int count, char **paths)
{
	pthread_t thread;

	CHECK(!pthread_create(&thread, NULL, what, NULL), "no thread");
	while (!beside)
		usleep(100);
	load_all(count, paths);
	stop = true;
	pthread_join(thread, NULL);
}

static void load_first(const char *path)
{
	void *library = dlopen(path, RTLD_NOW);

	CHECK(library, "%s", dlerror());
	run_always = check_of(library);
}

/* Text and constants: what is not written to is the file's, and is read again from there. */
static int drop_text(struct dl_phdr_info *object, size_t size, void *data)
{
	const uintptr_t mask = (uintptr_t)sysconf(_SC_PAGESIZE) - 1;

	(void)size;
	(void)data;
	for (int i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *header = &object->dlpi_phdr[i];
		uintptr_t start = object->dlpi_addr + header->p_vaddr;
		uintptr_t end = (start + header->p_memsz + mask) & ~mask;

		/* the kernel's own object has no file */
		if (header->p_type == PT_LOAD && !(header->p_flags & PF_W) &&
		    !strstr(object->dlpi_name, "vdso"))
			CHECK(!madvise((void *)(start & ~mask), end - (start & ~mask),
				       MADV_DONTNEED),
			      "%s: %m", object->dlpi_name);
	}
	return 0;
}

int main(int count, char **arguments)
{
	const char *mode = count > 1 ? arguments[1] : "";
	bool forks = !strcmp(mode, "forks"), threads = !strcmp(mode, "threads");
	bool each = !strcmp(mode, "each"), threads_first = !strcmp(mode, "threads-first");
	int next = 1 + (forks || threads || each || threads_first);
	unsigned long before_kb;

	CHECK(count > next + 1 + (forks || threads), "what is to be loaded?");
	turns = atoi(arguments[next++]);
	if (forks || threads)
		load_first(arguments[next++]);
	others = each || forks;
	before_kb = pool_kb();
	if (getenv("DROP_TEXT"))
		dl_iterate_phdr(drop_text, NULL);
	if (each)
		load_each_in_a_thread(count - next, arguments + next);
	else if (forks || threads || threads_first)
		load_all_beside(forks     ? fork_often
				: threads ? run_library
					  : wait_for_stop,
				count - next, arguments + next);
	else
		load_all(count - next, arguments + next);
	CHECK(pool_kb() <= before_kb || getenv("MAY_KEEP_PAGES"),
	      "%lu kB of the pools are in use, before %lu", pool_kb(), before_kb);
	printf("done\n");
	return 0;
}
