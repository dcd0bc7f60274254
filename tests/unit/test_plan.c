/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which ranges can be huge, for the layouts that linkers and kernels make, and their limits.
 */
#include <string.h>
#include <sys/mman.h>

#include "region/ranges.h"
#include "segments/plan.h"
#include "unit.h"

#define M      ((uintptr_t)1 << 20)
#define K      ((uintptr_t)1 << 10)
#define RANGES 16
#define R      PROT_READ
#define RX     (PROT_READ | PROT_EXEC)
#define RW     (PROT_READ | PROT_WRITE)
#define OBJECT_AT \
	(sizeof(void *) == 8 ? (uintptr_t)0x5555 << sizeof(void *) * 4 : (uintptr_t)1 << 30)

static struct plan_piece pieces[32];
static size_t count;
static struct plan_rules rules;
static struct plan_range ranges[RANGES];
static size_t found;

static int setup(void **state)
{
	(void)state;
	memset(pieces, 0, sizeof(pieces));
	count = 0;
	rules = (struct plan_rules){.kind = PLAN_TEXT, .page_bytes = 2 * M, .holes = true};
	return 0;
}

static struct plan_piece *add(uintptr_t start, uintptr_t end, enum plan_kind kind, int protection)
{
	struct plan_piece *piece = &pieces[count++];

	*piece = (struct plan_piece){.start = start,
				     .end = end,
				     .kind = kind,
				     .protection = protection,
				     .wanted = true,
				     .file = true,
				     .offset = start - OBJECT_AT,
				     .align = 4 * K,
				     .object_start = OBJECT_AT,
				     .object_end = OBJECT_AT + 1024 * M,
				     .segment = (unsigned int)count - 1};
	return piece;
}

static void other(uintptr_t start, uintptr_t end)
{
	add(start, end, PLAN_OTHER, RW);
}

static void aligned(void)
{
	for (size_t i = 0; i < count; i++)
		pieces[i].align = 2 * M;
}

static void plan(void)
{
	uintptr_t from = 0;

	for (found = 0; found < RANGES; found++) {
		if (!plan_next(pieces, count, &rules, from, &ranges[found]))
			return;
		/* whatever the plan is, these hold */
		assert_true(ranges[found].start >= from && ranges[found].end > ranges[found].start);
		assert_int_equal(ranges[found].start % rules.page_bytes, 0);
		assert_int_equal(ranges[found].end % rules.page_bytes, 0);
		assert_false(ranges[found].protection & PROT_WRITE &&
			     ranges[found].protection & PROT_EXEC);
		for (size_t i = 0; i < count; i++)
			assert_false(pieces[i].kind != PLAN_GAP && pieces[i].kind != rules.kind &&
				     pieces[i].start < ranges[found].end &&
				     pieces[i].end > ranges[found].start);
		from = ranges[found].end;
	}
	fail_msg("no end of ranges");
}

static void expect(size_t index, uintptr_t start, uintptr_t end, int protection)
{
	if (index >= found)
		fail_msg("%zu ranges, not %zu", found, index + 1);
	assert_int_equal(ranges[index].start, start);
	assert_int_equal(ranges[index].end, end);
	assert_int_equal(ranges[index].protection, protection);
}

/* R, RX, R, RW and a heap, one behind the other, as ld makes a PIE today. */
static void stock_pie(uintptr_t at)
{
	add(at, at + 1 * M, PLAN_TEXT, R);
	add(at + 1 * M, at + 7 * M, PLAN_TEXT, RX);
	add(at + 7 * M, at + 12 * M, PLAN_TEXT, R);
	add(at + 12 * M, at + 12 * M + 64 * K, PLAN_DATA, R); /* RELRO */
	add(at + 12 * M + 64 * K, at + 13 * M, PLAN_DATA, RW);
	add(at + 13 * M, at + 21 * M, PLAN_DATA, RW)->file = false;
	for (size_t i = 0; i < count; i++)
		pieces[i].object_end = at + 21 * M;
	other(at + 22 * M, at + 23 * M);
}

static void stock(void **state)
{
	(void)state;
	stock_pie(OBJECT_AT);
	plan();
	assert_int_equal(found, 2);
	expect(0, OBJECT_AT + 2 * M, OBJECT_AT + 6 * M, RX);
	expect(1, OBJECT_AT + 8 * M, OBJECT_AT + 12 * M, R);
	rules.kind = PLAN_DATA;
	plan();
	assert_int_equal(found, 1);
	expect(0, OBJECT_AT + 14 * M, OBJECT_AT + 20 * M, RW);
}

/* At every position modulo the huge page the same: whole pages inside of segments. */
static void stock_anywhere(void **state)
{
	(void)state;
	for (uintptr_t shift = 0; shift < 2 * M; shift += 52 * K) {
		size_t bytes = 0;

		setup(NULL);
		stock_pie(OBJECT_AT + shift);
		rules.holes = false;
		plan();
		for (size_t i = 0; i < found; i++) {
			const struct plan_piece *piece = &pieces[ranges[i].first_piece];

			assert_true(piece->start <= ranges[i].start && piece->end >= ranges[i].end);
			assert_int_equal(piece->protection, ranges[i].protection);
			bytes += ranges[i].end - ranges[i].start;
		}
		assert_true(bytes >= 6 * M && bytes <= 10 * M);
	}
}

static void merged(void **state)
{
	(void)state;
	stock_pie(OBJECT_AT);
	rules.merge = true;
	plan();
	assert_int_equal(found, 2);
	expect(0, OBJECT_AT, OBJECT_AT + 8 * M, RX);
	expect(1, OBJECT_AT + 8 * M, OBJECT_AT + 12 * M, R);
}

/* A merged page is executable; neighbours that are RX anyway continue it, read-only ones don't. */
static void merged_ranges_join(void **state)
{
	(void)state;
	add(OBJECT_AT, OBJECT_AT + 1 * M, PLAN_TEXT, R);
	add(OBJECT_AT + 1 * M, OBJECT_AT + 4 * M, PLAN_TEXT, RX);
	rules.merge = true;
	plan();
	assert_int_equal(found, 1);
	expect(0, OBJECT_AT, OBJECT_AT + 4 * M, RX);
	/* data is never merged */
	setup(NULL);
	add(OBJECT_AT, OBJECT_AT + 1 * M, PLAN_DATA, R);
	add(OBJECT_AT + 1 * M, OBJECT_AT + 4 * M, PLAN_DATA, RW);
	rules.merge = true;
	rules.kind = PLAN_DATA;
	plan();
	assert_int_equal(found, 1);
	expect(0, OBJECT_AT + 2 * M, OBJECT_AT + 4 * M, RW);
}

/* Each segment aligned for itself: text, constants, RELRO, data and bss, to the last byte. */
static void relinked(void)
{
	add(OBJECT_AT, OBJECT_AT + 4 * K, PLAN_TEXT, R);
	add(OBJECT_AT + 2 * M, OBJECT_AT + 5 * M, PLAN_TEXT, RX);
	add(OBJECT_AT + 6 * M, OBJECT_AT + 6 * M + 8 * K, PLAN_TEXT, R);
	add(OBJECT_AT + 10 * M - 12 * K, OBJECT_AT + 10 * M, PLAN_DATA, R);
	add(OBJECT_AT + 10 * M, OBJECT_AT + 11 * M, PLAN_DATA, RW);
	add(OBJECT_AT + 11 * M, OBJECT_AT + 13 * M, PLAN_DATA, RW)->file = false;
	aligned();
}

static void relinked_whole(void **state)
{
	(void)state;
	relinked();
	plan();
	assert_int_equal(found, 3);
	expect(0, OBJECT_AT, OBJECT_AT + 2 * M, R);
	expect(1, OBJECT_AT + 2 * M, OBJECT_AT + 6 * M, RX);
	expect(2, OBJECT_AT + 6 * M, OBJECT_AT + 8 * M, R);
	rules.kind = PLAN_DATA;
	plan();
	assert_int_equal(found, 2);
	expect(0, OBJECT_AT + 8 * M, OBJECT_AT + 10 * M, R);
	expect(1, OBJECT_AT + 10 * M, OBJECT_AT + 14 * M, RW);
}

/* With other threads a hole may be somebody's at any time. */
static void relinked_with_threads(void **state)
{
	(void)state;
	relinked();
	rules.holes = false;
	plan();
	assert_int_equal(found, 1);
	expect(0, OBJECT_AT + 2 * M, OBJECT_AT + 4 * M, RX);
}

static void break_edge(void **state)
{
	(void)state;
	rules.kind = PLAN_DATA;
	relinked();
	/* anywhere in the last page of bss the heap begins: that page stays */
	for (uintptr_t at = OBJECT_AT + 13 * M; at < OBJECT_AT + 14 * M; at += 256 * K) {
		rules.break_now = at;
		plan();
		expect(found - 1, OBJECT_AT + 10 * M, OBJECT_AT + 12 * M, RW);
	}
	rules.break_now = OBJECT_AT + 14 * M;
	plan();
	expect(found - 1, OBJECT_AT + 10 * M, OBJECT_AT + 14 * M, RW);
	/* a heap that is there already */
	other(OBJECT_AT + 14 * M - 4 * K, OBJECT_AT + 15 * M);
	plan();
	expect(found - 1, OBJECT_AT + 10 * M, OBJECT_AT + 12 * M, RW);
	/* a page that bss fills has no room for a break */
	setup(NULL);
	add(OBJECT_AT, OBJECT_AT + 4 * M, PLAN_DATA, RW);
	rules.kind = PLAN_DATA;
	rules.break_now = OBJECT_AT + 4 * M;
	plan();
	expect(0, OBJECT_AT, OBJECT_AT + 4 * M, RW);
}

static void relro_edge(void **state)
{
	(void)state;
	rules.kind = PLAN_DATA;
	for (uintptr_t edge = 0; edge <= 4 * M; edge += 4 * K) {
		setup(NULL);
		rules.kind = PLAN_DATA;
		if (edge)
			add(OBJECT_AT, OBJECT_AT + edge, PLAN_DATA, R);
		if (edge < 4 * M)
			add(OBJECT_AT + edge, OBJECT_AT + 4 * M, PLAN_DATA, RW);
		plan();
		assert_int_equal(found, edge % (2 * M) ? 1 : edge == 2 * M ? 2 : 1);
		if (edge == 2 * M) {
			expect(0, OBJECT_AT, OBJECT_AT + 2 * M, R);
			expect(1, OBJECT_AT + 2 * M, OBJECT_AT + 4 * M, RW);
		} else if (edge < 2 * M) {
			expect(0, OBJECT_AT + (edge ? 2 * M : 0), OBJECT_AT + 4 * M, RW);
		} else {
			expect(0, OBJECT_AT, OBJECT_AT + (edge < 4 * M ? 2 : 4) * M, R);
		}
	}
}

/* Between segments of one object a hole is nobody's; before its first and behind its last it is. */
static void holes(void **state)
{
	struct plan_piece *piece;

	(void)state;
	piece = add(OBJECT_AT + 2 * M, OBJECT_AT + 6 * M - 8 * K, PLAN_TEXT, RX);
	plan();
	expect(0, OBJECT_AT + 2 * M, OBJECT_AT + 6 * M, RX);
	piece->object_end = OBJECT_AT + 5 * M;
	plan();
	expect(0, OBJECT_AT + 2 * M, OBJECT_AT + 4 * M, RX);
	/* reserved by the linker: the same */
	piece->object_end = OBJECT_AT + 16 * M;
	add(OBJECT_AT + 6 * M - 8 * K, OBJECT_AT + 6 * M, PLAN_GAP, PROT_NONE);
	plan();
	expect(0, OBJECT_AT + 2 * M, OBJECT_AT + 6 * M, RX);
	pieces[1].object = 1;
	plan();
	expect(0, OBJECT_AT + 2 * M, OBJECT_AT + 4 * M, RX);
	/* before the segment, too: it is part of the page, and belongs to no one else */
	setup(NULL);
	add(OBJECT_AT + 2 * M, OBJECT_AT + 2 * M + 8 * K, PLAN_GAP, PROT_NONE);
	add(OBJECT_AT + 2 * M + 8 * K, OBJECT_AT + 4 * M, PLAN_TEXT, RX);
	plan();
	expect(0, OBJECT_AT + 2 * M, OBJECT_AT + 4 * M, RX);
	assert_int_equal(ranges[0].first_piece, 0);
	/* mostly hole: not worth a page, unless it was made for it */
	setup(NULL);
	add(OBJECT_AT + 2 * M, OBJECT_AT + 3 * M - 4 * K, PLAN_TEXT, RX);
	plan();
	assert_int_equal(found, 0);
	aligned();
	plan();
	assert_int_equal(found, 1);
}

/* The next object may begin on the next small page. */
static void neighbours(void **state)
{
	(void)state;
	other(OBJECT_AT - 4 * K, OBJECT_AT);
	add(OBJECT_AT, OBJECT_AT + 4 * M + 4 * K, PLAN_TEXT, RX)->object_end =
		OBJECT_AT + 4 * M + 4 * K;
	add(OBJECT_AT + 4 * M + 4 * K, OBJECT_AT + 8 * M, PLAN_TEXT, RX)->object = 1;
	plan();
	assert_int_equal(found, 2);
	expect(0, OBJECT_AT, OBJECT_AT + 4 * M, RX);
	expect(1, OBJECT_AT + 6 * M, OBJECT_AT + 8 * M, RX);
	assert_int_equal(ranges[1].object, 1);
	/* what is not wanted is in the way */
	pieces[2].wanted = false;
	plan();
	assert_int_equal(found, 1);
	/* and what somebody put in the middle (libc's changed pages) */
	setup(NULL);
	add(OBJECT_AT, OBJECT_AT + 3 * M, PLAN_TEXT, RX);
	other(OBJECT_AT + 3 * M, OBJECT_AT + 3 * M + 4 * K);
	add(OBJECT_AT + 3 * M + 4 * K, OBJECT_AT + 6 * M, PLAN_TEXT, RX);
	plan();
	assert_int_equal(found, 2);
	expect(0, OBJECT_AT, OBJECT_AT + 2 * M, RX);
	expect(1, OBJECT_AT + 4 * M, OBJECT_AT + 6 * M, RX);
}

/* A file's own pages: its address and its place in the file must agree, and no hole is in it. */
static void congruent(void **state)
{
	(void)state;
	add(OBJECT_AT, OBJECT_AT + 6 * M, PLAN_TEXT, RX);
	rules.congruent = true;
	plan();
	expect(0, OBJECT_AT, OBJECT_AT + 6 * M, RX);
	pieces[0].offset = 4 * K;
	plan();
	assert_int_equal(found, 0);
	pieces[0].offset = 4 * M;
	pieces[0].end = OBJECT_AT + 6 * M - 4 * K;
	plan();
	expect(0, OBJECT_AT, OBJECT_AT + 4 * M, RX);
	pieces[0].file = false;
	plan();
	assert_int_equal(found, 0);
}

static void page_sizes(void **state)
{
	static const size_t sizes[] = {64 * K, 1 * M, 2 * M, 16 * M, 32 * M, 512 * M};

	(void)state;
	add(OBJECT_AT + 64 * K, OBJECT_AT + 1100 * M, PLAN_TEXT, RX);
	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		rules.page_bytes = sizes[i];
		rules.holes = false;
		plan();
		assert_int_equal(found, 1);
		expect(0, (OBJECT_AT + 64 * K + sizes[i] - 1) / sizes[i] * sizes[i],
		       (OBJECT_AT + 1100 * M) / sizes[i] * sizes[i], RX);
	}
	/* no whole page of 1G */
	rules.page_bytes = 1024 * M;
	plan();
	assert_int_equal(found, 0);
	pieces[0].start = OBJECT_AT / (1024 * M) * (1024 * M);
	plan();
	assert_int_equal(found, 1);
}

static void nothing(void **state)
{
	(void)state;
	plan();
	assert_int_equal(found, 0);
	other(OBJECT_AT, OBJECT_AT + 64 * M);
	add(OBJECT_AT + 64 * M, OBJECT_AT + 65 * M, PLAN_TEXT, RX)->object_end = OBJECT_AT + 65 * M;
	plan();
	assert_int_equal(found, 0);
}

/* Right below the end of the address space, and at its beginning. */
static void ends_of_the_address_space(void **state)
{
	const uintptr_t top = -(uintptr_t)(4 * M);

	(void)state;
	add(2 * M, 4 * M, PLAN_TEXT, RX);
	add(top, top + 2 * M, PLAN_TEXT, RX);
	plan();
	assert_int_equal(found, 2);
	expect(0, 2 * M, 4 * M, RX);
	expect(1, top, top + 2 * M, RX);
}

#define PLAN_TEST(function) cmocka_unit_test_setup(function, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PLAN_TEST(stock),          PLAN_TEST(stock_anywhere),
		PLAN_TEST(merged),         PLAN_TEST(merged_ranges_join),
		PLAN_TEST(relinked_whole), PLAN_TEST(relinked_with_threads),
		PLAN_TEST(break_edge),     PLAN_TEST(relro_edge),
		PLAN_TEST(holes),          PLAN_TEST(neighbours),
		PLAN_TEST(congruent),      PLAN_TEST(page_sizes),
		PLAN_TEST(nothing),        PLAN_TEST(ends_of_the_address_space),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
