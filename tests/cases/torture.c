/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Random calls on parts of mappings give the same results as on small pages. torture [seed [steps
 * [threads]]]: mmap, munmap, mremap, mprotect, madvise, mlock, mincore, fork, vfork and
 * posix_spawn, and what the kernel reads and writes there, in several threads at once.
 *
 * A model (torture_model.h) says what every page must contain and which access is allowed; all of
 * it is compared, also in forked children, and a hash over all results of the kernel is printed: a
 * run under the library must print what a plain one prints. Results that depend on where the kernel
 * puts a mapping are not part of the hash.
 *
 * TORTURE_SEED and TORTURE_STEPS take precedence over the arguments; EXPECT_HUGE_KB: at least this
 * much memory must have been on huge pages at some time.
 */
#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <sys/wait.h>

#include "torture_kernel.h"
#include "torture_moves.h"

#define THREADS_MAX 16
#define FORKS_DEEP  2

static unsigned long all_steps = 10000;
static unsigned long huge_kb_seen;

static __thread unsigned int forks_deep;

static void write_page(char *at, struct page *page, uint32_t seed)
{
	page->seed = seed;
	page->marks &= (unsigned char)~FREED;
	fill_page(at, seed);
}

static void write_some(void)
{
	size_t first, count;
	struct slot *slot = some_part(&first, &count);

	for (size_t i = first; slot && i < first + count; i++)
		if (page_rights(&slot->pages[i]) & PROT_WRITE)
			write_page(slot->at + i * BASE, &slot->pages[i],
				   (uint32_t)rnd(UINT32_MAX) | 1);
}

static void look(void)
{
	static __thread unsigned char resident[PAGES_MAX];
	size_t first, count;
	struct slot *slot = some_part(&first, &count);
	char *at;

	if (!slot)
		return;
	at = slot->at + first * BASE;
	for (size_t i = first; i < first + count; i++)
		check_page(slot->at + i * BASE, &slot->pages[i]);
	probe(at, page_rights(&slot->pages[first]));
	probe(at + (count - 1) * BASE, page_rights(&slot->pages[first + count - 1]));
	add_result(mincore(at, count * BASE, resident));
	add_result(msync(at, count * BASE, MS_ASYNC));
}

static void wrong_calls(void)
{
	size_t first, count;
	struct slot *slot = some_part(&first, &count);
	unsigned char resident[2];
	char *at;

	if (!slot)
		return;
	at = slot->at + first * BASE;
	add_result(munmap(at + 1, BASE));
	add_result(munmap(at, 0));
	add_result(munmap(at, (size_t)-BASE * 2));
	add_result(mprotect(at + 1, BASE, RW));
	add_result(mprotect(at, 0, RW));
	add_result(mprotect(at, BASE, 0x70000000));
	add_result(madvise(at + 1, BASE, MADV_DONTNEED));
	add_result(madvise(at, 0, MADV_DONTNEED));
	add_result(mincore(at + 1, BASE, resident));
	add_result(mremap(at, BASE, 0, MREMAP_MAYMOVE));
	add_result(mremap(at, BASE, BASE, 128));
	add_result(mremap(at, BASE, BASE, REMAP_DONTUNMAP, NULL));
	add_result(mremap(at, BASE, 2 * BASE, MREMAP_MAYMOVE | REMAP_DONTUNMAP, NULL));
	add_result(mremap(at, 2 * BASE, BASE, MREMAP_FIXED, at + 16 * BASE));
	add_result(mremap(at, BASE, BASE, MREMAP_FIXED | MREMAP_MAYMOVE, at));
	add_result(mmap(at, 0, RW, ANONYMOUS | MAP_FIXED, -1, 0));
	add_result(mmap(at + 1, BASE, RW, ANONYMOUS | MAP_FIXED, -1, 0));
	add_result(mmap(NULL, BASE, RW, MAP_ANONYMOUS, -1, 0));
	add_result(mmap(NULL, 512 * BASE, RW, MAP_PRIVATE, -1, 0));
	add_result(mmap(NULL, (size_t)-BASE, RW, ANONYMOUS, -1, 0));
}

/* A stack that grows into free space, in what was reserved for it. */
static void grow_down(void)
{
	const size_t room = 512 * BASE * (1 + rnd(3)), first = BASE * (1 + rnd(8));
	char *at, *top;

	if (!alone)
		return;
	at = mmap(NULL, room, PROT_NONE, ANONYMOUS | MAP_NORESERVE, -1, 0);
	CHECK(at != MAP_FAILED, "a reservation");
	top = at + room;
	CHECK(!munmap(at, room), "munmap");
	CHECK(mmap(top - first, first, RW, ANONYMOUS | MAP_FIXED | MAP_GROWSDOWN | MAP_STACK, -1,
		   0) == top - first,
	      "step %lu: a stack: %s", step, strerror(errno));
	for (size_t i = BASE; i <= first + 64 * BASE; i += BASE)
		fill_page(top - i, (uint32_t)(i / BASE) | 1);
	for (size_t i = BASE; i <= first + 64 * BASE; i += BASE)
		check_page(top - i, &(struct page){.seed = (uint32_t)(i / BASE) | 1, .rights = RW});
	CHECK(!munmap(at, room), "munmap");
	probe(top - BASE, PROT_NONE);
}

static void one_step(void);

/* What a child has of its parent's memory. */
static void become_child(void)
{
	alone = true;
	forks_deep++;
	for (size_t s = 0; s < slot_count; s++)
		for (size_t i = 0; i < slots[s].count; i++) {
			struct page *page = &slots[s].pages[i];

			page->marks &= (unsigned char)~LOCKED;
			if (!(page->marks & WIPED_IN_CHILD))
				continue;
			page->seed = 0;
			page->marks &= (unsigned char)~(FREED | GUARDED);
		}
	for (size_t s = 0; s < slot_count; s++)
		for (size_t i = 0, run; s < slot_count && i < slots[s].count; i++) {
			for (run = i; run < slots[s].count; run++)
				if (!(slots[s].pages[run].marks & NOT_IN_CHILD))
					break;
			if (run == i)
				continue;
			probe(slots[s].at + i * BASE, PROT_NONE);
			probe(slots[s].at + (run - 1) * BASE, PROT_NONE);
			cut(&slots[s], i, run - i);
			/* another slot may have taken its number */
			s -= !i;
			break;
		}
}

static void live_as_child(int parent)
{
	become_child();
	CHECK(!pipe(ends), "pipe");
	check_all();
	check_rights();
	for (int i = 0; i < 10; i++)
		write_some();
	for (int i = 0; i < 40; i++)
		one_step();
	check_all();
	check_rights();
	CHECK(write(parent, &hash, sizeof(hash)) == sizeof(hash), "a pipe");
	_exit(0);
}

static void fork_once(void)
{
	int status, answers[2];
	uint64_t of_child = 0;
	pid_t child;

	if (forks_deep == FORKS_DEEP || slot_count + 8 > SLOTS)
		return;
	CHECK(!pipe(answers), "pipe");
	child = fork();
	CHECK(child >= 0, "fork: %s", strerror(errno));
	if (!child)
		live_as_child(answers[1]);
	close(answers[1]);
	for (int i = 0; i < 3; i++)
		write_some();
	CHECK(read(answers[0], &of_child, sizeof(of_child)) == sizeof(of_child), "step %lu: child",
	      step);
	CHECK(waitpid(child, &status, 0) == child && status == 0, "step %lu: child: %x", step,
	      (unsigned int)status);
	close(answers[0]);
	add(of_child);
	check_all();
}

/* A child process that borrows this memory: it writes the page at an address that is not NULL, and
 * ends. No variable of a caller can change between the two returns of vfork(). */
static __attribute__((noinline)) pid_t borrow_memory(char *const at, struct page *const page)
{
	const pid_t child = vfork();

	if (!child) {
		if (at)
			write_page(at, page, 12345);
		_exit(0);
	}
	return child;
}

/* A child process in this memory, until it ends or runs another program. */
static void spawn(void)
{
	static char name[] = "true";
	static char *const arguments[] = {name, NULL}, *const environment[] = {NULL};
	size_t first, count;
	struct slot *slot = some_part(&first, &count);
	bool writable;
	int status;
	pid_t child;

	if (rnd(2)) {
		CHECK(!posix_spawnp(&child, name, NULL, NULL, arguments, environment), "spawn");
	} else {
		writable = slot && page_rights(&slot->pages[first]) & PROT_WRITE;
		child = writable ? borrow_memory(slot->at + first * BASE, &slot->pages[first])
				 : borrow_memory(NULL, NULL);
	}
	CHECK(waitpid(child, &status, 0) == child && status == 0, "step %lu: child: %x", step,
	      (unsigned int)status);
	if (slot)
		check_page(slot->at + first * BASE, &slot->pages[first]);
}

/* How much of this process smaps counts under the two names. */
static unsigned long kb_of(const char *first, const char *second)
{
	FILE *rollup = fopen("/proc/self/smaps_rollup", "re");
	unsigned long sum = 0;
	char line[128];

	while (rollup && fgets(line, sizeof(line), rollup))
		if (!strncmp(line, first, strlen(first)) || !strncmp(line, second, strlen(second)))
			sum += strtoul(strchr(line, ':') + 1, NULL, 10);
	if (rollup)
		fclose(rollup);
	return sum;
}

/* How much of this process is on huge pages just now. */
static void look_for_huge_pages(void)
{
	unsigned long sum = kb_of("AnonHugePages:", "Private_Hugetlb:");

	if (sum > __atomic_load_n(&huge_kb_seen, __ATOMIC_RELAXED))
		__atomic_store_n(&huge_kb_seen, sum, __ATOMIC_RELAXED);
}

static void one_step(void)
{
	static const struct {
		unsigned int share; /* of all of them */
		void (*run)(void);
	} kinds[] = {{150, map},        {100, unmap},      {140, protect}, {30, commit},
		     {70, map_over},    {140, advise},     {90, move},     {15, move_and_stay},
		     {30, lock},        {150, write_some}, {120, look},    {40, by_kernel},
		     {15, wrong_calls}, {3, grow_down},    {4, fork_once}, {3, spawn},
		     {2, check_rights}};
	uint64_t all = 0, dice;
	size_t kind = 0;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		all += kinds[i].share;
	for (dice = rnd(all); dice >= kinds[kind].share; kind++)
		dice -= kinds[kind].share;
	if (!slot_count)
		map();
	if (trace)
		fprintf(stderr, "step %lu of generation %u: kind %zu, %zu slots, %zu pages\n", step,
			forks_deep, kind, slot_count, all_pages);
	kinds[kind].run();
}

/* What nobody could read is compared as well, in the end. */
static void open_all(void)
{
	for (size_t s = 0; s < slot_count; s++) {
		CHECK(!mprotect(slots[s].at, slots[s].count * BASE, RW), "mprotect: %s",
		      strerror(errno));
		for (size_t i = 0; i < slots[s].count; i++)
			slots[s].pages[i].rights = RW;
	}
}

/* With a seed. Returns the hash. */
static void *torture(void *argument)
{
	uint64_t *state = argument;

	hash = 0xcbf29ce484222325u;
	random_state = *state;
	CHECK(!pipe(ends), "pipe");
	for (step = 0; step < all_steps; step++) {
		one_step();
		if (step % 1024 == 0)
			look_for_huge_pages();
	}
	check_all();
	check_rights();
	open_all();
	check_all();
	while (slot_count) {
		CHECK(!munmap(slots[0].at, slots[0].count * BASE), "munmap: %s", strerror(errno));
		cut(&slots[0], 0, slots[0].count);
	}
	*state = hash;
	return NULL;
}

static void make_file(void)
{
	static char page[BASE];

	file = memfd_create("torture", MFD_CLOEXEC);
	CHECK(file >= 0, "memfd_create: %s", strerror(errno));
	for (uint32_t i = 0; i < FILE_PAGES; i++) {
		fill_page(page, i * 2 + 1);
		CHECK(write(file, page, BASE) == (ssize_t)BASE, "a file: %s", strerror(errno));
	}
}

static unsigned long number(const char *variable, const char *argument, unsigned long otherwise)
{
	const char *text = getenv(variable);

	if (!text || !*text)
		text = argument;
	return text ? strtoul(text, NULL, 0) : otherwise;
}

int main(int argc, char **argv)
{
	const unsigned long seed = number("TORTURE_SEED", argc > 1 ? argv[1] : NULL, 1);
	const unsigned long threads = argc > 3 ? strtoul(argv[3], NULL, 0) : 1;
	uint64_t states[THREADS_MAX], all = 0;
	pthread_t others[THREADS_MAX];
	unsigned long left_kb = kb_of("Anonymous:", "Private_Hugetlb:");

	CHECK(threads >= 1 && threads <= THREADS_MAX, "1 to %d threads", THREADS_MAX);
	all_steps = number("TORTURE_STEPS", argc > 2 ? argv[2] : NULL, all_steps) / threads;
	pages_max /= threads;
	alone = threads == 1;
	trace = getenv("TORTURE_TRACE");
	make_file();
	for (unsigned long i = 0; i < threads; i++)
		states[i] = seed + i * 1000003;
	for (unsigned long i = 1; i < threads; i++)
		CHECK(!pthread_create(&others[i], NULL, torture, &states[i]), "a thread");
	torture(&states[0]);
	for (unsigned long i = 1; i < threads; i++)
		pthread_join(others[i], NULL);
	for (unsigned long i = 0; i < threads; i++)
		all = all * 31 + states[i];
	printf("seed %lu, %lu steps in %lu threads: %016" PRIx64 "\n", seed, all_steps, threads,
	       all);
	/* but for what malloc keeps, which may be on huge pages, a heap for each thread */
	left_kb = kb_of("Anonymous:", "Private_Hugetlb:") - left_kb;
	CHECK(left_kb < 4096 * (1 + threads), "%lu kB are left when all is unmapped", left_kb);
	CHECK(huge_kb_seen >= number("EXPECT_HUGE_KB", NULL, 0), "%lu kB on huge pages at most",
	      huge_kb_seen);
	return 0;
}
