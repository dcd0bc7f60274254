/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Segments are found, divided, copied and replaced, with memory of the test in place of segments,
 * and when any one system call fails.
 */
#include <errno.h>
#include <fcntl.h>
#include <layout.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/aside.h"
#include "base/sys.h"
#include "calls/start.h"
#include "region/process.h"
#include "segments/backing_file.h"
#include "segments/backing_hugetlb.h"
#include "segments/backing_thp.h"
#include "segments/classify.h"
#include "segments/find.h"
#include "segments/swap.h"
#include "unit.h"

#define PAGE  ((size_t)4096)
#define HUGE_ ((size_t)2 << 20)
#define BYTES (4 * HUGE_)

static char *memory_at; /* on a boundary of huge pages, BYTES long, with room on both sides */

static void own_segments_are_found(void **state)
{
	const struct options options = {.segments = SEGMENTS_CHOSEN, .text = true, .data = true};
	const struct segment *segments;
	struct found found;
	bool text = false, data = false;

	(void)state;
	assert_int_equal(find_segments(&options, NULL, &found), 0);
	assert_int_equal(found.objects.count, 1);
	segments = found.segments.items;
	for (size_t i = 0; i < found.segments.count; i++) {
		assert_true(segments[i].wanted);
		assert_true(!i || segments[i].start >= segments[i - 1].end);
		text |= (uintptr_t)own_segments_are_found - segments[i].start <
			segments[i].end - segments[i].start;
		data |= (uintptr_t)&memory_at - segments[i].start <
			segments[i].end - segments[i].start;
	}
	assert_true(text && data);
	found_free(&found);
}

static bool nothing_is_new(const struct dl_phdr_info *info)
{
	(void)info;
	return true;
}

static int is_wide_library(struct dl_phdr_info *info, size_t size, void *data)
{
	(void)size;
	(void)data;
	for (int i = 0; *info->dlpi_name && i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_LOAD &&
		    (info->dlpi_phdr[i].p_memsz >= CPU_HUGE_BYTES_MIN ||
		     info->dlpi_phdr[i].p_align >= CPU_HUGE_BYTES_MIN))
			return 1;
	return 0;
}

/* The widest segment is known without a list, and without a system call. */
static void own_width_is_known(void **state)
{
	struct options options = {.segments = SEGMENTS_CHOSEN, .text = true, .data = true};
	size_t widest = 0;
	struct found found;

	(void)state;
	assert_int_equal(find_segments(&options, NULL, &found), 0);
	for (size_t i = 0; i < found.segments.count; i++) {
		const struct segment *segment = (struct segment *)found.segments.items + i;

		if (segment->end - segment->start > widest)
			widest = segment->end - segment->start;
		if (segment->align > widest)
			widest = segment->align;
	}
	found_free(&found);
	gate_reset();
	assert_true(widest > 0);
	assert_int_equal(find_widest(&options, NULL), widest);
	assert_int_equal(find_widest(&options, nothing_is_new), 0);
	assert_int_equal(gate_calls(GATE_ANY), 0);
	options.objects = "-main";
	assert_true(find_widest(&options, NULL) > 0);
	options.objects = "no-such-object";
	assert_int_equal(find_widest(&options, NULL), 0);
	options = (struct options){.segments = SEGMENTS_CHOSEN};
	assert_int_equal(find_widest(&options, NULL), 0);
	/* the file of a wide library is read for its name: sanitizers bring such libraries */
	if (!dl_iterate_phdr(is_wide_library, NULL))
		assert_int_equal(gate_calls(GATE_ANY), 0);
}

/* A list stays in its array as long as there is room, and takes along what is in it. */
static void a_list_outgrows_its_array(void **state)
{
	static int array[3] = {7, 7, 7};
	struct vector list = VECTOR_IN(array);
	void *mapped;

	(void)state;
	gate_reset();
	for (int i = 0; i < 3; i++) {
		int *item = vector_add(&list);

		assert_ptr_equal(item, &array[i]);
		assert_int_equal(*item, 0);
		*item = i + 1;
	}
	assert_int_equal(gate_calls(GATE_ANY), 0);
	gate_fail_always(CPU_MMAP_NUMBER, ENOMEM);
	assert_null(vector_add(&list));
	assert_int_equal(list.count, 3);
	gate_reset();
	for (int i = 3; i < 20000; i++) {
		int *item = vector_add(&list);

		assert_non_null(item);
		assert_int_equal(*item, 0);
		*item = i + 1;
	}
	for (int i = 0; i < 20000; i++)
		assert_int_equal(((int *)list.items)[i], i + 1);
	assert_int_equal(array[2], 3);
	mapped = list.items;
	vector_free(&list);
	assert_int_equal(list.count, 0);
	/* what was mapped is gone, and the array is nobody's to unmap */
	assert_int_equal(msync(mapped, 1, MS_ASYNC), -1);
	assert_int_equal(errno, ENOMEM);
	array[0] = 1;
}

/* An object of three segments, of which two have a gap in between, as find_segments() gives it. */
static struct object object = {
	.start = 0x10000, .end = 0x20100, .relro_start = 0x1a000, .relro_end = 0x1b000};
static struct segment segments_of_object[] = {
	{.start = 0x10000, .end = 0x14010, .flags = PF_R | PF_X, .wanted = true},
	{.start = 0x1a000, .end = 0x20100, .flags = PF_R | PF_W, .wanted = true},
};
static const struct found one_object = {
	.objects = {.items = &object, .count = 1, .item_bytes = sizeof(object)},
	.segments = {.items = segments_of_object,
		     .count = COUNT_OF(segments_of_object),
		     .item_bytes = sizeof(segments_of_object[0])}};

static struct plan_piece *cut(struct vector *pieces, uintptr_t start, uintptr_t end,
			      const char *rights, size_t expected)
{
	struct smaps_mapping mapping = {.start = start, .end = end, .inode = 1};

	memcpy(mapping.rights, rights, 5);
	*pieces = VECTOR_OF(struct plan_piece);
	assert_int_equal(classify_add(pieces, &mapping, &one_object, PAGE), 0);
	assert_int_equal(pieces->count, expected);
	return pieces->items;
}

static void mappings_are_cut(void **state)
{
	struct vector list;
	struct plan_piece *pieces;

	(void)state;
	pieces = cut(&list, 0x8000, 0x9000, "r-xp", 1);
	assert_int_equal(pieces[0].kind, PLAN_OTHER);
	vector_free(&list);
	/* beyond the segment's last page begins what is not the object's */
	pieces = cut(&list, 0x10000, 0x16000, "r-xp", 2);
	assert_int_equal(pieces[0].kind, PLAN_TEXT);
	assert_int_equal(pieces[0].end, 0x15000);
	assert_int_equal(pieces[1].kind, PLAN_OTHER);
	assert_int_equal(pieces[1].offset, 0x5000);
	vector_free(&list);
	pieces = cut(&list, 0x15000, 0x1a000, "---p", 1);
	assert_int_equal(pieces[0].kind, PLAN_GAP);
	vector_free(&list);
	pieces = cut(&list, 0x21000, 0x30000, "---p", 1);
	assert_int_equal(pieces[0].kind, PLAN_OTHER);
	vector_free(&list);
	/* RELRO, as it is after the linker is done, and before */
	pieces = cut(&list, 0x1a000, 0x1b000, "r--p", 1);
	assert_int_equal(pieces[0].kind, PLAN_DATA);
	assert_int_equal(pieces[0].protection, PROT_READ);
	vector_free(&list);
	pieces = cut(&list, 0x1a000, 0x21000, "rw-p", 2);
	assert_int_equal(pieces[0].kind, PLAN_OTHER);
	assert_int_equal(pieces[0].end, 0x1b000);
	assert_int_equal(pieces[1].kind, PLAN_DATA);
	vector_free(&list);
	/* text that is being written to, memory that is shared or can't be read, and worse */
	for (size_t i = 0; i < 5; i++) {
		static const char *const bad[] = {"rw-p", "r-xs", "--xp", "rwxp", "---p"};

		pieces = cut(&list, 0x10000, 0x14000, bad[i], 1);
		assert_int_equal(pieces[0].kind, PLAN_OTHER);
		vector_free(&list);
	}
}

/* Words that tell where they are. */
static void fill(void)
{
	for (size_t at = 0; at < BYTES; at += sizeof(uintptr_t))
		*(uintptr_t *)(memory_at + at) = at * 2654435761u + 1;
}

static void assert_filled(void)
{
	for (size_t at = 0; at < BYTES; at += sizeof(uintptr_t))
		if (*(uintptr_t *)(memory_at + at) != at * 2654435761u + 1)
			fail_msg("the word at %zu is lost", at);
}

static int setup(void **state)
{
	char *room = mmap(NULL, BYTES + HUGE_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)state;
	gate_reset();
	assert_true(room != MAP_FAILED);
	memory_at = (char *)(((uintptr_t)room + HUGE_ - 1) & ~(HUGE_ - 1));
	process_base_bytes = PAGE;
	assert_true(mmap(memory_at, BYTES, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == memory_at);
	fill();
	return 0;
}

static int release(void **state)
{
	(void)state;
	gate_reset();
	munmap(memory_at, BYTES);
	return 0;
}

/* Descriptors in use, as a descriptor that was left open shows in the next one's number. */
static int next_descriptor(void)
{
	int fd = open("/dev/null", O_RDONLY);

	close(fd);
	return fd;
}

static int put(bool text, int protection, struct backing *backing, const struct plan_range *range)
{
	struct prepared prepared;
	int failed;

	(void)protection;
	failed = text ? backing_thp_text(backing, range, HUGE_, &prepared)
		      : backing_thp_data(range, HUGE_, &prepared);
	if (failed)
		return failed;
	return text ? swap_in(backing, range, &prepared) : swap_in_data(backing, range, &prepared);
}

/* With each call failing once: done, or not done, and never half. */
static void each_call_fails(bool text, int protection)
{
	struct plan_piece piece = {.start = (uintptr_t)memory_at,
				   .end = (uintptr_t)memory_at + BYTES,
				   .kind = text ? PLAN_TEXT : PLAN_DATA,
				   .protection = protection,
				   .wanted = true};
	struct backing backing = {.pieces = &piece, .piece_count = 1};
	struct plan_range range = {
		.start = piece.start, .end = piece.end, .protection = protection};
	const int descriptor = next_descriptor();
	unsigned long done = 0, calls = 1;

	/* until there is no n-th call that could fail */
	for (unsigned long n = 1; n <= calls; n++) {
		sigset_t before, after;

		mprotect(memory_at, BYTES, PROT_READ | PROT_WRITE);
		fill();
		mprotect(memory_at, BYTES, protection);
		sigemptyset(&before);
		sigemptyset(&after);
		sigprocmask(SIG_SETMASK, NULL, &before);
		gate_reset();
		gate_fail(GATE_ANY, n, ENOMEM);
		done += !put(text, protection, &backing, &range);
		calls = gate_calls(GATE_ANY) >= n ? n + 1 : n;
		gate_reset();
		assert_filled();
		sigprocmask(SIG_SETMASK, NULL, &after);
		assert_memory_equal(&before, &after, 8);
		assert_int_equal(next_descriptor(), descriptor);
	}
	assert_true(done > 0);
}

static void text_survives_failures(void **state)
{
	(void)state;
	each_call_fails(true, PROT_READ | PROT_EXEC);
}

static void data_survives_failures(void **state)
{
	(void)state;
	each_call_fails(false, PROT_READ | PROT_WRITE);
	each_call_fails(false, PROT_READ);
}

/* A policy against executable memory that was writable: nothing has changed. */
static void refused_protection(void **state)
{
	struct plan_piece piece = {.start = (uintptr_t)memory_at,
				   .end = (uintptr_t)memory_at + BYTES,
				   .kind = PLAN_TEXT,
				   .protection = PROT_READ,
				   .wanted = true};
	struct backing backing = {.pieces = &piece, .piece_count = 1};
	struct plan_range range = {.start = piece.start, .end = piece.end, .protection = PROT_READ};

	(void)state;
	gate_fail_always(SYS_mprotect, EACCES);
	assert_int_equal(put(true, PROT_READ, &backing, &range), -EACCES);
	assert_filled();
}

/* The kernel takes the old memory away and then can't move the new one: its contents come back. */
static void a_hole_is_filled(void **state)
{
	struct plan_piece piece = {.start = (uintptr_t)memory_at,
				   .end = (uintptr_t)memory_at + BYTES,
				   .kind = PLAN_TEXT,
				   .protection = PROT_READ,
				   .wanted = true};
	struct backing backing = {.pieces = &piece, .piece_count = 1};
	struct plan_range range = {.start = piece.start, .end = piece.end, .protection = PROT_READ};
	struct prepared prepared;

	(void)state;
	assert_int_equal(backing_thp_text(&backing, &range, HUGE_, &prepared), 0);
	munmap(memory_at, BYTES);
	gate_fail_always(SYS_mremap, ENOMEM);
	assert_int_equal(swap_in(&backing, &range, &prepared), -ENOMEM);
	assert_filled();
}

/* Between its finding and its use another thread has mapped something in the hole. */
static void data_looks_for_another_hole(void **state)
{
	const struct gate_pool pool = {.page_bytes = HUGE_,
				       .pages = 4,
				       .populate_limit = SIZE_MAX,
				       .populate_error = EFAULT};
	const struct backing backing = {.source = {.page_bytes = HUGE_,
						   .hugetlb = true,
						   .reserve = true,
						   .populate = true,
						   .populate_write = true}};
	const struct plan_range range = {.start = (uintptr_t)memory_at,
					 .end = (uintptr_t)memory_at + 2 * HUGE_};
	struct prepared prepared;

	(void)state;
	gate_pool(&pool);
	gate_fail(CPU_MMAP_NUMBER, 2, EEXIST);
	assert_int_equal(backing_hugetlb_data(&backing, &range, &prepared), 0);
	assert_int_equal(prepared.bytes, 2 * HUGE_);
	assert_int_equal(gate_calls(CPU_MMAP_NUMBER), 4);
	backing_drop(&prepared);
	/* what is no matter of the place is not tried again */
	gate_reset();
	gate_pool(&pool);
	gate_fail(CPU_MMAP_NUMBER, 2, EPERM);
	assert_int_equal(backing_hugetlb_data(&backing, &range, &prepared), -EPERM);
	assert_int_equal(gate_calls(CPU_MMAP_NUMBER), 2);
}

static bool is_unmapped(const char *at, size_t bytes)
{
	unsigned char resident;

	for (; bytes; at += PAGE, bytes -= PAGE)
		if (!mincore((void *)at, PAGE, &resident) || errno != ENOMEM)
			return false;
	return true;
}

/* A page that is to be taken together with its hole: what was mapped there meanwhile stays. */
static void holes_are_looked_at(void **state)
{
	const uintptr_t at = (uintptr_t)memory_at;
	struct plan_piece pieces[] = {
		{.start = at, .end = at + PAGE, .kind = PLAN_DATA, .file = true},
		{.start = at + 3 * PAGE, .end = at + HUGE_ - 2 * PAGE, .kind = PLAN_DATA},
	};
	struct backing backing = {.pieces = pieces, .piece_count = COUNT_OF(pieces)};
	struct plan_range range = {
		.start = at, .end = at + HUGE_, .protection = PROT_READ | PROT_WRITE};
	char *stranger = memory_at + HUGE_ - PAGE;

	(void)state;
	munmap(memory_at + PAGE, 2 * PAGE);
	munmap(memory_at + HUGE_ - 2 * PAGE, PAGE);
	assert_int_equal(put(false, 0, &backing, &range), -EEXIST);
	assert_int_equal(*(uintptr_t *)stranger, (HUGE_ - PAGE) * 2654435761u + 1);
	assert_true(is_unmapped(memory_at + PAGE, 2 * PAGE));
	assert_true(is_unmapped(memory_at + HUGE_ - 2 * PAGE, PAGE));

	munmap(stranger, PAGE);
	gate_fail(SYS_mremap, 1, EFAULT);
	assert_int_equal(put(false, 0, &backing, &range), -EFAULT);
	assert_true(is_unmapped(memory_at + PAGE, 2 * PAGE));
	assert_true(is_unmapped(memory_at + HUGE_ - 2 * PAGE, 2 * PAGE));

	assert_int_equal(put(false, 0, &backing, &range), 0);
	assert_int_equal(*(uintptr_t *)memory_at, 1);
	assert_false(is_unmapped(memory_at + PAGE, PAGE));
	assert_false(is_unmapped(stranger, PAGE));
}

/* The heap has been made to begin behind the page: what it has of the page is no stranger's. */
static void a_moved_break_is_no_hole(void **state)
{
	const uintptr_t at = (uintptr_t)memory_at;
	struct plan_piece piece = {.start = at, .end = at + PAGE, .kind = PLAN_DATA, .file = true};
	struct backing backing = {.pieces = &piece,
				  .piece_count = 1,
				  .break_start = at + 2 * PAGE,
				  .break_end = at + HUGE_};
	struct plan_range range = {
		.start = at, .end = at + HUGE_, .protection = PROT_READ | PROT_WRITE};

	(void)state;
	munmap(memory_at + PAGE, PAGE);
	gate_fail(SYS_mremap, 1, EFAULT);
	assert_int_equal(put(false, 0, &backing, &range), -EFAULT);
	assert_true(is_unmapped(memory_at + PAGE, PAGE));
	assert_int_equal(*(uintptr_t *)(memory_at + 2 * PAGE), 2 * PAGE * 2654435761u + 1);
	assert_int_equal(put(false, 0, &backing, &range), 0);
	assert_int_equal(*(uintptr_t *)(memory_at + 2 * PAGE), 0);
}

/* Our own lists are in nobody's way; without room for that they are somewhere. */
static void lists_are_far_away(void **state)
{
	char *at = (char *)aside_map(PAGE + 1, 0);

	(void)state;
	assert_true(is_unmapped(at - HUGE_, HUGE_));
	assert_true(is_unmapped(at + 2 * PAGE, HUGE_));
	memset(at, 1, 2 * PAGE);
	munmap(at, 2 * PAGE);
	gate_fail(SYS_mmap, 1, ENOMEM);
	at = (char *)aside_map(PAGE, MAP_NORESERVE);
	memset(at, 1, PAGE);
	munmap(at, PAGE);
	gate_fail(SYS_mmap, 2, ENOMEM);
	assert_int_equal(aside_map(PAGE, 0), -ENOMEM);
}

/* What is copied: files whole, and of bss what is not zero; gaps and holes not at all. */
static void what_is_copied(void **state)
{
	const uintptr_t at = (uintptr_t)memory_at;
	struct plan_piece pieces[] = {
		{.start = at, .end = at + PAGE, .kind = PLAN_DATA, .file = true},
		{.start = at + 2 * PAGE, .end = at + 3 * PAGE, .kind = PLAN_GAP},
		{.start = at + 4 * PAGE, .end = at + HUGE_, .kind = PLAN_DATA},
	};
	struct backing backing = {.pieces = pieces, .piece_count = COUNT_OF(pieces)};
	struct plan_range range = {.start = at, .end = at + HUGE_};
	char *copy = mmap(NULL, HUGE_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned char resident[HUGE_ / PAGE];

	(void)state;
	/* each page that is written shows, also where the kernel would give a huge one */
	madvise(copy, HUGE_, MADV_NOHUGEPAGE);
	memset(memory_at + 8 * PAGE, 0, PAGE);
	assert_int_equal(backing_copy(&backing, &range, at, at + HUGE_, (uintptr_t)copy), 0);
	mincore(copy, HUGE_, resident);
	for (size_t i = 0; i < HUGE_ / PAGE; i++) {
		bool copied = i == 0 || (i >= 4 && i != 8);

		assert_int_equal(resident[i] & 1, copied);
		if (copied)
			assert_memory_equal(copy + i * PAGE, memory_at + i * PAGE, PAGE);
	}
	munmap(copy, HUGE_);
}

/* Small pages of the file are dropped and read again, also where stat and maps name different
 * devices (btrfs, overlayfs). */
static void the_cache_is_dropped_on_any_file_system(void **state)
{
	char path[] = "/tmp/segments-XXXXXX";
	const int fd = mkstemp(path);
	const uintptr_t at = (uintptr_t)memory_at;
	const struct plan_range range = {.start = at, .end = at + HUGE_};
	char page[PAGE];

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, HUGE_), 0);
	assert_ptr_equal(
		mmap(memory_at, HUGE_, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED, fd, 0),
		memory_at);
	/* into the cache, page by page */
	assert_int_equal(posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM), 0);
	for (size_t from = 0; from < HUGE_; from += PAGE)
		assert_int_equal(pread(fd, page, PAGE, (off_t)from), PAGE);
	gate_other_device(true);
	if (backing_file_huge(&range, HUGE_) != -EINVAL) /* a kernel without such pages */
		assert_int_equal(gate_calls(CPU_FADVISE_NUMBER), 1);
	close(fd);
	unlink(path);
}

#define MEMORY_TEST(function) cmocka_unit_test_setup_teardown(function, setup, release)

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT_TEST(own_segments_are_found),
		UNIT_TEST(own_width_is_known),
		UNIT_TEST(a_list_outgrows_its_array),
		UNIT_TEST(mappings_are_cut),
		MEMORY_TEST(text_survives_failures),
		MEMORY_TEST(data_survives_failures),
		MEMORY_TEST(refused_protection),
		MEMORY_TEST(a_hole_is_filled),
		MEMORY_TEST(what_is_copied),
		MEMORY_TEST(the_cache_is_dropped_on_any_file_system),
		MEMORY_TEST(holes_are_looked_at),
		MEMORY_TEST(data_looks_for_another_hole),
		MEMORY_TEST(a_moved_break_is_no_hole),
		UNIT_TEST(lists_are_far_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
