/*
 * torture [seed [steps]]: random mmap, munmap, mremap, mprotect, madvise, mlock, mincore and fork
 * on random parts of mappings.
 *
 * A model says what every page must hold and who may do what with it; all of it is compared, and a
 * hash over all answers of the kernel is printed, so a run under the library must print what a
 * plain one prints. What depends on where the kernel puts a mapping is no part of the hash.
 */
#include <errno.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "test.h"

#define BASE      ((size_t)4096)
#define SLOTS     48
#define PAGES_MAX ((size_t)48 << 8) /* 48M in one slot */
#define ALL_PAGES ((size_t)200 << 8)
#define RW        (PROT_READ | PROT_WRITE)

struct page {
	uint32_t seed; /* 0: the page is zero */
	unsigned char rights, wiped_in_child;
};

/* Memory without a hole. */
static struct slot {
	char *at;
	size_t count;
	struct page *pages;
} slots[SLOTS];
static size_t slot_count, all_pages;
static uint64_t hash = 0xcbf29ce484222325u, random_state;
static int ends[2];
static unsigned long step;

static uint64_t rnd(uint64_t below)
{
	uint64_t z = random_state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return (z ^ z >> 31) % below;
}

static void add(uint64_t value)
{
	hash = (hash ^ value) * 0x100000001b3u;
}

static int add_result(long result)
{
	add(result == -1 ? (uint64_t)errno : 0);
	return result == -1 ? errno : 0;
}

static uint64_t word(uint32_t seed, size_t i)
{
	return seed ? seed * 0x9e3779b97f4a7c15u + i : 0;
}

static void fill_page(char *at, uint32_t seed)
{
	uint64_t *words = (uint64_t *)at;

	for (size_t i = 0; i < BASE / 8; i++)
		words[i] = word(seed, i);
}

static void check_page(const char *at, const struct page *page, uint32_t seed)
{
	const uint64_t *words = (const uint64_t *)at;

	if (!(page->rights & PROT_READ))
		return;
	for (size_t i = 0; i < BASE / 8; i++)
		CHECK(words[i] == word(seed, i), "step %lu: %p word %zu is %lx, not %lx", step,
		      (const void *)at, i, (long)words[i], (long)word(seed, i));
}

static void check_all(bool in_child)
{
	for (size_t s = 0; s < slot_count; s++)
		for (size_t i = 0; i < slots[s].count; i++) {
			const struct page *page = &slots[s].pages[i];

			check_page(slots[s].at + i * BASE, page,
				   in_child && page->wiped_in_child ? 0 : page->seed);
		}
}

/* By the kernel's own copying: may a byte there be read, and written? */
static void probe(char *at, int rights)
{
	char byte = 0;
	ssize_t got = write(ends[1], at, 1);

	CHECK((got == 1) == !!(rights & PROT_READ), "step %lu: %p %s", step, (void *)at,
	      got == 1 ? "can be read" : "can't be read");
	if (got != 1) {
		CHECK(errno == EFAULT, "step %lu: errno %d", step, errno);
		CHECK(write(ends[1], &byte, 1) == 1, "a pipe");
	}
	got = read(ends[0], at, 1);
	CHECK((got == 1) == !!(rights & PROT_WRITE), "step %lu: %p %s", step, (void *)at,
	      got == 1 ? "can be written" : "can't be written");
	if (got != 1)
		CHECK(read(ends[0], &byte, 1) == 1, "a pipe");
}

static struct slot *new_slot(char *at, size_t count)
{
	struct slot *slot = &slots[slot_count++];

	slot->at = at;
	slot->count = count;
	slot->pages = need(calloc(count, sizeof(struct page)));
	all_pages += count;
	return slot;
}

static void drop_slot(struct slot *slot)
{
	free(slot->pages);
	*slot = slots[--slot_count];
}

/* [first, first + count) is not the slot's any more: it becomes none, one or two. */
static void cut(struct slot *slot, size_t first, size_t count)
{
	size_t behind = slot->count - first - count;

	all_pages -= count;
	if (behind) {
		struct slot *rest = new_slot(slot->at + (first + count) * BASE, behind);

		memcpy(rest->pages, slot->pages + first + count, behind * sizeof(struct page));
		all_pages -= behind;
	}
	slot->count = first;
	if (!first)
		drop_slot(slot);
}

/* A size: small, a share of a huge page, some huge pages with or without a tail. */
static size_t some_pages(void)
{
	switch (rnd(6)) {
	case 0:
		return 1 + rnd(16);
	case 1:
		return (size_t)64 << rnd(3);
	case 2:
		return 512 * (1 + rnd(6));
	case 3:
		return 1 + rnd(512);
	case 4:
		return 512 * rnd(5) + 1 + rnd(64);
	default:
		return 512 + rnd(3000);
	}
}

static void map(void)
{
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS | (rnd(8) ? 0 : MAP_NORESERVE);
	size_t count = some_pages();
	int rights = rnd(4) ? RW : PROT_NONE;
	struct slot *slot;
	char *at;

	if (slot_count + 4 > SLOTS || all_pages + count > ALL_PAGES)
		return;
	at = mmap(NULL, count * BASE, rights, flags, -1, 0);
	CHECK(at != MAP_FAILED, "step %lu: mmap of %zu pages: %s", step, count, strerror(errno));
	slot = new_slot(at, count);
	for (size_t i = 0; i < count; i++)
		slot->pages[i].rights = (unsigned char)rights;
}

/* A part of a slot: often a short one, sometimes all of it. */
static struct slot *some_part(size_t *first, size_t *count)
{
	struct slot *slot = slot_count ? &slots[rnd(slot_count)] : NULL;

	if (!slot)
		return NULL;
	*first = rnd(slot->count);
	*count = 1 + rnd(rnd(3) && slot->count - *first > 20 ? 20 : slot->count - *first);
	switch (rnd(8)) {
	case 0:
		*first = 0;
		*count = slot->count;
		break;
	case 1: /* whole huge pages, if there are any */
		if (slot->count >= 1024) {
			*first = 512 * rnd(slot->count / 512);
			*count = 512;
		}
		break;
	}
	return slot;
}

static void unmap(void)
{
	size_t first, count;
	struct slot *slot = some_part(&first, &count);
	char *at;

	if (!slot)
		return;
	if (slot_count + 8 > SLOTS) {
		first = 0;
		count = slot->count;
	}
	at = slot->at + first * BASE;
	CHECK(!munmap(at, count * BASE - rnd(BASE)), "step %lu: munmap: %s", step, strerror(errno));
	probe(at, PROT_NONE);
	probe(at + (count - 1) * BASE, PROT_NONE);
	add_result(mprotect(at, BASE, PROT_READ));
	add_result(madvise(at, count * BASE, MADV_DONTNEED));
	if (first) {
		add_result(mprotect(at - BASE, 2 * BASE, slot->pages[first - 1].rights));
		add_result(madvise(at - BASE, 2 * BASE, MADV_WILLNEED));
	}
	cut(slot, first, count);
}

static void protect(void)
{
	static const int all_rights[] = {PROT_NONE, PROT_READ, RW, RW};
	int rights = all_rights[rnd(4)];
	size_t first, count;
	struct slot *slot = some_part(&first, &count);

	if (!slot)
		return;
	CHECK(!mprotect(slot->at + first * BASE, count * BASE, rights), "step %lu: mprotect: %s",
	      step, strerror(errno));
	for (size_t i = first; i < first + count; i++)
		slot->pages[i].rights = (unsigned char)rights;
}

static void map_over(void)
{
	int rights = rnd(3) ? RW : rnd(2) ? PROT_NONE : PROT_READ;
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | (rnd(4) ? 0 : MAP_NORESERVE);
	size_t first, count;
	struct slot *slot = some_part(&first, &count);

	if (!slot)
		return;
	CHECK(mmap(slot->at + first * BASE, count * BASE, rights, flags, -1, 0) ==
		      slot->at + first * BASE,
	      "step %lu: mmap over: %s", step, strerror(errno));
	for (size_t i = first; i < first + count; i++)
		slot->pages[i] = (struct page){.rights = (unsigned char)rights};
	/* what is mapped is no room for another */
	errno = 0;
	if (!rnd(4))
		add_result(mmap(slot->at + first * BASE, BASE, RW,
				MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1,
				0) == MAP_FAILED
				   ? -1
				   : 0);
}

static void advise(void)
{
	static const int advices[] = {MADV_DONTNEED,
				      MADV_DONTNEED,
				      MADV_DONTNEED,
				      MADV_WILLNEED,
				      MADV_HUGEPAGE,
				      MADV_NOHUGEPAGE,
				      MADV_DONTDUMP,
				      MADV_DODUMP,
				      MADV_SEQUENTIAL,
				      18 /* WIPEONFORK */,
				      19,
				      12345};
	int advice = advices[rnd(sizeof(advices) / sizeof(advices[0]))];
	size_t first, count;
	struct slot *slot = some_part(&first, &count);

	if (!slot || add_result(madvise(slot->at + first * BASE, count * BASE, advice)))
		return;
	for (size_t i = first; i < first + count; i++) {
		if (advice == MADV_DONTNEED)
			slot->pages[i].seed = 0;
		if (advice == 18 || advice == 19)
			slot->pages[i].wiped_in_child = advice == 18;
	}
}

/* Same rights, and the same advice, in all of it? */
static bool is_even(const struct slot *slot, size_t first, size_t count)
{
	for (size_t i = first; i < first + count; i++)
		if (slot->pages[i].rights != slot->pages[first].rights ||
		    slot->pages[i].wiped_in_child != slot->pages[first].wiped_in_child)
			return false;
	return true;
}

/* By hand, where the kernel says that this is more than one mapping. */
static char *move_by_hand(char *from, size_t count, size_t new_count, int rights, char *to)
{
	size_t both = count < new_count ? count : new_count;
	char *at = mmap(to, new_count * BASE, RW,
			MAP_PRIVATE | MAP_ANONYMOUS | (to ? MAP_FIXED : 0), -1, 0);

	CHECK(at != MAP_FAILED && !mprotect(from, count * BASE, RW), "step %lu: by hand", step);
	memcpy(at, from, both * BASE);
	CHECK(!mprotect(at, new_count * BASE, rights) && !munmap(from, count * BASE),
	      "step %lu: by hand", step);
	return at;
}

static void move(void)
{
	size_t first, count, new_count, to_first = 0, to_count;
	struct slot *slot = some_part(&first, &count), *target = NULL;
	char *from, *at, *to = NULL;
	struct page *moved;
	int rights;

	if (!slot || slot_count + 4 > SLOTS)
		return;
	from = slot->at + first * BASE;
	if (!is_even(slot, first, count)) {
		/* growth of what is more than one mapping */
		at = mremap(from, count * BASE, (count + 1) * BASE, MREMAP_MAYMOVE);
		CHECK(at == MAP_FAILED, "step %lu: mremap of two mappings", step);
		add_result(-1);
		return;
	}
	if (slot->pages[first].wiped_in_child)
		return;
	rights = slot->pages[first].rights;
	new_count = rnd(3) ? count + rnd(600) : 1 + rnd(count);
	if (all_pages + new_count > ALL_PAGES || new_count > PAGES_MAX)
		return;
	if (!rnd(3)) {
		target = some_part(&to_first, &to_count);
		if (target == slot || target->count - to_first < new_count)
			target = NULL;
		else
			to = target->at + to_first * BASE;
	}
	if (!target && new_count <= count) {
		/* it shrinks where it is */
		at = mremap(from, count * BASE, new_count * BASE, 0);
		CHECK(at == from, "step %lu: shrinking: %s", step, strerror(errno));
		if (count > new_count) {
			probe(from + new_count * BASE, PROT_NONE);
			cut(slot, first + new_count, count - new_count);
		}
		return;
	}
	at = mremap(from, count * BASE, new_count * BASE, MREMAP_MAYMOVE | (to ? MREMAP_FIXED : 0),
		    to);
	if (at == MAP_FAILED) {
		CHECK(errno == EFAULT, "step %lu: mremap: %s", step, strerror(errno));
		at = move_by_hand(from, count, new_count, rights, to);
	}
	CHECK(!to || at == to, "step %lu: mremap to another place", step);
	moved = need(calloc(new_count, sizeof(*moved)));
	memcpy(moved, slot->pages + first,
	       (count < new_count ? count : new_count) * sizeof(*moved));
	for (size_t i = count; i < new_count; i++)
		moved[i].rights = (unsigned char)rights;
	if (target) {
		memcpy(target->pages + to_first, moved, new_count * sizeof(*moved));
	} else if (at == from) {
		/* it grew where it was: a slot of its own, behind which the old one may go on */
		CHECK(first + count == slot->count, "step %lu: grew over a mapping", step);
	}
	cut(slot, first, count);
	if (!target)
		memcpy(new_slot(at, new_count)->pages, moved, new_count * sizeof(*moved));
	free(moved);
}

static void write_some(void)
{
	size_t first, count;
	struct slot *slot = some_part(&first, &count);

	for (size_t i = first; slot && i < first + count; i++) {
		struct page *page = &slot->pages[i];

		if (!(page->rights & PROT_WRITE))
			continue;
		page->seed = (uint32_t)rnd(UINT32_MAX) | 1;
		fill_page(slot->at + i * BASE, page->seed);
	}
}

static void look(void)
{
	static unsigned char resident[PAGES_MAX];
	size_t first, count;
	struct slot *slot = some_part(&first, &count);
	char *at;

	if (!slot)
		return;
	at = slot->at + first * BASE;
	for (size_t i = first; i < first + count; i++)
		check_page(slot->at + i * BASE, &slot->pages[i], slot->pages[i].seed);
	probe(at, slot->pages[first].rights);
	probe(at + (count - 1) * BASE, slot->pages[first + count - 1].rights);
	add_result(mincore(at, count * BASE, resident));
	if (is_even(slot, first, count) && slot->pages[first].rights == RW) {
		add_result(mlock(at, count * BASE));
		add_result(munlock(at, count * BASE));
	}
	add_result(msync(at, count * BASE, MS_ASYNC));
}

static void wrong_calls(void)
{
	size_t first, count;
	struct slot *slot = some_part(&first, &count);
	char *at;

	if (!slot)
		return;
	at = slot->at + first * BASE;
	add_result(munmap(at + 1, BASE));
	add_result(munmap(at, 0));
	add_result(mprotect(at + 1, BASE, RW));
	add_result(mprotect(at, 0, RW));
	add_result(mprotect(at, BASE, 0x70000000));
	add_result(madvise(at + 1, BASE, MADV_DONTNEED));
	add_result(madvise(at, 0, MADV_DONTNEED));
	add_result((long)mremap(at, BASE, 0, MREMAP_MAYMOVE));
	add_result((long)mremap(at, BASE, BASE, 128));
	add_result((long)mremap(at, 2 * BASE, BASE, MREMAP_FIXED, at + 16 * BASE));
	add_result((long)mremap(at, BASE, BASE, MREMAP_FIXED | MREMAP_MAYMOVE, at));
	add_result((long)mmap(at, 0, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	add_result((long)mmap(at + 1, BASE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
}

static void fork_once(void)
{
	pid_t child = fork();
	int status;

	CHECK(child >= 0, "fork: %s", strerror(errno));
	if (!child) {
		check_all(true);
		for (int i = 0; i < 10; i++)
			write_some();
		for (int i = 0; i < 10; i++)
			unmap();
		_exit(0);
	}
	for (int i = 0; i < 3; i++)
		write_some();
	CHECK(waitpid(child, &status, 0) == child && status == 0, "step %lu: child: %x", step,
	      (unsigned int)status);
	check_all(false);
}

int main(int argc, char **argv)
{
	unsigned long steps = argc > 2 ? strtoul(argv[2], NULL, 0) : 10000;

	random_state = argc > 1 ? strtoul(argv[1], NULL, 0) : 1;
	CHECK(!pipe(ends), "pipe");
	for (step = 0; step < steps; step++) {
		uint64_t dice = rnd(1000);

		if (dice < 150 || !slot_count)
			map();
		else if (dice < 250)
			unmap();
		else if (dice < 400)
			protect();
		else if (dice < 470)
			map_over();
		else if (dice < 570)
			advise();
		else if (dice < 670)
			move();
		else if (dice < 850)
			write_some();
		else if (dice < 980)
			look();
		else if (dice < 996)
			wrong_calls();
		else
			fork_once();
	}
	check_all(false);
	printf("seed %s, %lu steps, %zu mappings: %016lx\n", argc > 1 ? argv[1] : "1", steps,
	       slot_count, (unsigned long)hash);
	return 0;
}
