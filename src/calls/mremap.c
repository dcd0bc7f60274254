/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mremap of memory that touches a region: see mremap.h.
 *
 * The kernel's own mremap refuses a range of several mappings, into which splits divide what is one
 * mapping for the program. Whether the range would be one mapping on small pages is read from the
 * page states, or from /proc/self/maps. If neither shows it (in a sandbox, or without a free
 * descriptor), the range is assumed to be one mapping, and is moved piece by piece as base pages.
 *
 * Large variables are static: everything is done under the lock.
 */
#include <errno.h>
#include <string.h>

#include "base/sys.h"
#include "calls/madvise.h"
#include "calls/mlock.h"
#include "calls/mremap.h"
#include "calls/result.h"
#include "pages/executable.h"
#include "proc/smaps.h"
#include "region/lock.h"
#include "region/page_state.h"
#include "region/ranges.h"

/* The kind of everything in a range. */
struct kind {
	char rights[5];
	unsigned int marks; /* bits: indexes into all_marks */
};

static int protection_of(const struct kind *kind)
{
	return (kind->rights[0] == 'r' ? PROT_READ : 0) |
	       (kind->rights[1] == 'w' ? PROT_WRITE : 0) | (kind->rights[2] == 'x' ? PROT_EXEC : 0);
}

/*
 * Is it private memory without a file? The library's hugetlb pages have a file's name; and text,
 * which was one mapping of one file, has several since parts of it are on small pages.
 */
static bool is_plain(const struct smaps_mapping *mapping)
{
	struct region *region = registry_at((uintptr_t)mapping->start);

	if (mapping->rights[3] != 'p')
		return false;
	return !mapping->inode ||
	       (region && (region->text || region_huge_at(region, (uintptr_t)mapping->start))) ||
	       !strncmp(mapping->name, EXECUTABLE_TEXT_MAPPED, strlen(EXECUTABLE_TEXT_MAPPED));
}

/* The next mapping that ends above from. False: there is none. */
static bool next_mapping(struct smaps *maps, uintptr_t from, struct smaps_mapping *mapping)
{
	do {
		if (!smaps_next(maps, mapping))
			return false;
	} while (mapping->end <= from);
	return true;
}

/* Does a range consist of private anonymous memory with the same protection and marks? */
enum alike { ALIKE, DIFFERENT, UNKNOWN };

static struct {
	struct smaps file;
	struct smaps_mapping mapping;
} reading;

static enum alike rights_alike(uintptr_t from, uintptr_t to, struct kind *kind)
{
	struct smaps_mapping *mapping = &reading.mapping;
	bool any = false, alike = true;

	if (sys_sandboxed || smaps_open(&reading.file, "/proc/self/maps"))
		return UNKNOWN;
	while (alike && from < to) {
		alike = next_mapping(&reading.file, from, mapping);
		if (!alike)
			break;
		alike = is_plain(mapping) && mapping->start <= from &&
			(!any || !strcmp(mapping->rights, kind->rights));
		memcpy(kind->rights, mapping->rights, sizeof(kind->rights));
		any = true;
		from = (uintptr_t)mapping->end;
	}
	smaps_close(&reading.file);
	return alike ? ALIKE : DIFFERENT;
}

/* May the program have given persistent advice on part of it? Outside of regions that is not
 * known. */
static bool may_be_marked(uintptr_t from, uintptr_t to)
{
	struct region_part part;

	while (from < to) {
		uintptr_t before = from;

		if (!registry_part(&from, to, &part) || part.from != before)
			return true;
		for (size_t i = region_unit(part.region, part.from);
		     i <= region_unit(part.region, part.to - 1); i++)
			if (part.region->units[i] & UNIT_MARKED)
				return true;
	}
	return false;
}

/*
 * The marks that keep the kernel from merging mappings, and the call that sets each; those of huge
 * pages are left out.
 */
#define LOCK  (-1)
#define MARKS 7

static const struct {
	char word[3];
	int advice;
} all_marks[MARKS] = {
	{"wf", MADV_WIPEONFORK}, {"dc", MADV_DONTFORK}, {"dd", MADV_DONTDUMP},  {"lo", LOCK},
	{"sr", MADV_SEQUENTIAL}, {"rr", MADV_RANDOM},   {"mg", MADV_MERGEABLE},
};

static unsigned int marks_of(const char *flags)
{
	unsigned int marks = 0;

	for (int i = 0; i < MARKS; i++)
		if (strstr(flags, all_marks[i].word))
			marks |= 1u << i;
	return marks;
}

/* Sets the marks of the range on what it grew by, as far as possible. */
static void give_marks(uintptr_t from, uintptr_t to, unsigned int marks)
{
	for (int i = 0; i < MARKS && from < to; i++)
		if (marks & 1u << i && all_marks[i].advice == LOCK)
			mlock_ranges(from, to);
		else if (marks & 1u << i)
			madvise_ranges(from, to, all_marks[i].advice);
}

static enum alike marks_alike(uintptr_t from, uintptr_t to, struct kind *kind)
{
	struct smaps_mapping *mapping = &reading.mapping;
	bool any = false, alike = true;

	if (smaps_open(&reading.file, "/proc/self/smaps"))
		return UNKNOWN;
	while (alike && smaps_next(&reading.file, mapping) && mapping->start < to) {
		if (mapping->end <= from)
			continue;
		alike = !any || marks_of(mapping->flags) == kind->marks;
		kind->marks = marks_of(mapping->flags);
		any = true;
	}
	smaps_close(&reading.file);
	return alike ? ALIKE : DIFFERENT;
}

/* Are these whole hugetlb pages whose states are the same, and sufficient to know the kind? */
static bool states_alike(uintptr_t from, uintptr_t to, struct kind *kind)
{
	const struct region *region = registry_at(from);
	const unsigned int state = region ? region->pages[region_page(region, from)] : 0;
	int rights = page_state_rights(state);

	if (!(state & PAGE_HUGE) || region->text || to > region->limit || may_be_marked(from, to) ||
	    state >> PAGE_KEY_SHIFT)
		return false;
	for (size_t page = region_page(region, from); page <= region_page(region, to - 1); page++)
		if ((region->pages[page] ^ state) & ~PAGE_INHERITED)
			return false;
	kind->rights[0] = rights & PROT_READ ? 'r' : '-';
	kind->rights[1] = rights & PROT_WRITE ? 'w' : '-';
	kind->rights[2] = rights & PROT_EXEC ? 'x' : '-';
	return true;
}

static enum alike find_kind(uintptr_t from, uintptr_t to, struct kind *kind)
{
	enum alike alike;

	*kind = (struct kind){"---p", 0};
	if (states_alike(from, to, kind))
		return ALIKE;
	alike = rights_alike(from, to, kind);
	return alike != ALIKE || !may_be_marked(from, to) ? alike : marks_alike(from, to, kind);
}

/* Moved memory may have advice; what it has is not known if it was never in a region. */
static void note_moved(uintptr_t to, uintptr_t end)
{
	struct region_part part;
	uintptr_t at = to;

	ranges_note_mapped(to, end);
	while (registry_part(&at, end, &part))
		page_state_marked(part.region, part.from, part.to);
}

static long kernel_remap(uintptr_t from, size_t bytes, size_t new_bytes, int flags, uintptr_t to)
{
	uintptr_t end = ranges_end(from, bytes), new_end;
	long result = sys_pass(SYS_mremap, from, bytes, new_bytes, flags, to);

	if (SYS_IS_ERROR(result))
		return result;
	new_end = ranges_end((uintptr_t)result, new_bytes);
	if ((uintptr_t)result == from) {
		/* What stays is unchanged, and what it grew by has the same advice. */
		if (new_end < end)
			ranges_note_unmapped(new_end, end);
		else if (new_end > end)
			note_moved(end, new_end);
		return result;
	}
	/* With MREMAP_DONTUNMAP an empty mapping stays. */
	if (flags & MREMAP_DONTUNMAP)
		ranges_note_mapped(from, end);
	else
		ranges_note_unmapped(from, end);
	note_moved((uintptr_t)result, new_end);
	return result;
}

/* Does it contain a hugetlb page of a region? */
static bool has_huge(uintptr_t from, uintptr_t to)
{
	struct region *huge;

	while (from < to) {
		from = registry_run(from, to, &huge);
		if (huge)
			return true;
	}
	return false;
}

/* Does it contain a locked hugetlb page? Then what it grows by is locked, too: on small pages. */
static bool has_locked(uintptr_t from, uintptr_t to)
{
	struct region_part part;

	while (registry_part(&from, to, &part))
		if (page_state_unlocked_end(part.region, part.from, part.to) < part.to)
			return true;
	return false;
}

static bool touches_text(uintptr_t from, uintptr_t to)
{
	struct region_part part;

	while (registry_part(&from, to, &part))
		if (part.region->text)
			return true;
	return false;
}

static bool touches_file(uintptr_t from, uintptr_t to)
{
	struct region_part part;

	while (registry_part(&from, to, &part))
		if (part.region->of_file)
			return true;
	return false;
}

/*
 * The program's own mapping is put back, and the kernel moves and grows that as it is; or, with no
 * bytes, maps what a shared one maps once more.
 */
static long remap_file(uintptr_t from, size_t bytes, size_t new_bytes, int flags, uintptr_t to)
{
	long failed = ranges_split(from, ranges_end(from, bytes ? bytes : 1), true);

	if (!failed && flags & MREMAP_FIXED && ranges_well_formed(to, new_bytes))
		failed = ranges_split(to, ranges_end(to, new_bytes), true);
	return failed ? failed : kernel_remap(from, bytes, new_bytes, flags, to);
}

static long shrink(uintptr_t from, size_t bytes, size_t new_bytes)
{
	uintptr_t keep = from + new_bytes, end = from + bytes;
	long result = ranges_split(keep, end, false);

	if (result)
		return result;
	if (!has_huge(from, from + 1))
		return kernel_remap(from, bytes, new_bytes, 0, 0);
	result = sys_pass(SYS_munmap, keep, (long)(end - keep));
	if (result)
		return result;
	ranges_note_unmapped(keep, end);
	return (long)from;
}

/* Hugetlb pages were moved: their states move with them. */
static void move_states(struct region *region, uintptr_t from, struct region *target, uintptr_t to,
			size_t bytes)
{
	region_adopt_huge(target, to, to + bytes);
	for (size_t i = 0; i < bytes / region->page_bytes; i++) {
		size_t page = region_page(region, from) + i;

		target->pages[region_page(target, to) + i] = region->pages[page];
		region_set_small(region, page, UNIT_MAPPED | UNIT_ALTERED);
	}
}

/*
 * Moves [from, from + bytes) to `to`, where there is an empty mapping or nothing, in pieces that
 * the kernel accepts: a run of hugetlb or of small pages, then smaller and smaller ones. Returns
 * how much was moved: all, or less if a page cannot be moved.
 */
static size_t move_pieces(uintptr_t from, uintptr_t to, size_t bytes, int more, bool back)
{
	size_t moved = 0;

	while (moved < bytes) {
		struct region *huge;
		uintptr_t at = from + moved;
		size_t run = registry_run(at, from + bytes, &huge) - at;
		size_t page = huge ? huge->page_bytes : process_base_bytes;
		size_t piece = sys_move(at, to + moved, run, page, more, back);

		if (!piece)
			break;
		note_moved(to + moved, to + moved + piece);
		if (huge)
			move_states(huge, at, registry_at(to + moved), to + moved, piece);
		moved += piece;
	}
	return moved;
}

/* All or nothing: if not all can be moved, what was moved is moved back. */
static int move_all(uintptr_t from, uintptr_t to, size_t bytes, int more)
{
	size_t moved = move_pieces(from, to, bytes, more, false);

	if (moved == bytes)
		return 0;
	move_pieces(to, from, moved, 0, true);
	return -ENOMEM;
}

/* Moves to a place in the same region, where huge pages stay huge. 0: not possible. */
static uintptr_t move_within_region(uintptr_t from, size_t bytes, size_t new_bytes)
{
	struct region *region = registry_at(from);
	const struct region_owner *owner = region ? region->owner : NULL;
	uintptr_t to, old_end = ranges_end(from, bytes);
	size_t old = old_end - from;

	if (!owner || !owner->place || (from - region->start) % region->page_bytes ||
	    old_end > region->limit || new_bytes < old || ranges_split(from, old_end, false))
		return 0;
	to = owner->place(region, new_bytes);
	if (!to)
		return 0;
	if (new_bytes > old && owner->fill(region, to + old, ranges_end(to, new_bytes)))
		goto failed;
	if (move_all(from, to, old, 0)) {
		sys_munmap(to, ranges_end(0, new_bytes)); /* sys_move() reserved it */
		goto failed;
	}
	ranges_note_unmapped(from, old_end);
	return to;
failed:
	ranges_note_unmapped(to, ranges_end(to, new_bytes));
	return 0;
}

/* Growth without a move: into free space after the range. */
static long grow_in_place(uintptr_t from, size_t bytes, size_t new_bytes, int protection)
{
	uintptr_t end = ranges_end(from, bytes), new_end = ranges_end(from, new_bytes);

	if (sys_mmap_at(end, new_end - end, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))
		return -ENOMEM;
	ranges_note_mapped(end, new_end);
	return (long)from;
}

/* Small pages, in any number of mappings. `fixed`: to `to`, which was split before. */
static long move_small(uintptr_t from, size_t bytes, size_t new_bytes, bool fixed, uintptr_t to,
		       int protection)
{
	size_t old = bytes, all = new_bytes;
	size_t moved = old < all ? old : all;
	long at = sys_mmap(fixed ? to : 0, all, PROT_NONE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | (fixed ? MAP_FIXED : 0),
			   -1, 0);
	long failed = 0;

	if (SYS_IS_ERROR(at))
		return at;
	to = (uintptr_t)at;
	ranges_note_mapped(to, to + all);
	if (all > moved)
		failed = sys_mprotect(to + moved, all - moved, protection);
	if (!failed)
		failed = move_all(from, to, moved, 0);
	if (failed) {
		sys_munmap(to, all);
		ranges_note_unmapped(to, to + all);
		return -ENOMEM;
	}
	if (old > moved)
		sys_munmap(from + moved, old - moved);
	ranges_note_unmapped(from, from + old);
	return (long)to;
}

static long move_of_one_kind(uintptr_t from, size_t bytes, size_t new_bytes, int flags,
			     uintptr_t to, const struct kind *kind)
{
	bool fixed = flags & MREMAP_FIXED;
	int protection = protection_of(kind);
	uintptr_t place;
	long failed;

	if (!fixed && new_bytes == bytes)
		return (long)from;
	if (!(flags & MREMAP_MAYMOVE))
		return grow_in_place(from, bytes, new_bytes, protection);
	if (!fixed && protection == (PROT_READ | PROT_WRITE) &&
	    has_huge(from, ranges_end(from, bytes))) {
		place = move_within_region(from, bytes, new_bytes);
		if (place)
			return (long)place;
	}
	failed = ranges_split(from, ranges_end(from, bytes), true);
	if (!failed && fixed)
		failed = ranges_split(to, ranges_end(to, new_bytes), false);
	return failed ? failed : move_small(from, bytes, new_bytes, fixed, to, protection);
}

/* Grows small pages in place: the new ones are like the last page. */
static long grow_last_page(uintptr_t end, size_t more)
{
	uintptr_t last = end - process_base_bytes;
	long result =
		sys_pass(SYS_mremap, last, process_base_bytes, (long)(process_base_bytes + more));

	if (!SYS_IS_ERROR(result))
		note_moved(end, end + more);
	return result;
}

/* Moves small pages to `to`, which is reserved; the new ones are like the last page. Returns 0 or
 * -errno. */
static long move_and_grow(uintptr_t from, uintptr_t to, size_t bytes, size_t new_bytes)
{
	size_t before_last = bytes - process_base_bytes;
	long failed = before_last ? move_all(from, to, before_last, 0) : 0;
	long result;

	if (failed)
		return failed;
	result = sys_mremap(from + before_last, process_base_bytes, new_bytes - before_last,
			    MREMAP_MAYMOVE | MREMAP_FIXED, to + before_last);
	if (!SYS_IS_ERROR(result)) {
		note_moved(to + before_last, to + new_bytes);
		return 0;
	}
	move_pieces(to, from, before_last, 0, true);
	return result;
}

/* Moves small pages to a place of new_bytes, and unmaps the old place unless it must stay. */
static long move_any_to(uintptr_t from, size_t bytes, uintptr_t to, size_t new_bytes, bool stays)
{
	long failed;

	ranges_note_mapped(to, to + new_bytes);
	if (stays)
		failed = move_all(from, to, bytes, MREMAP_DONTUNMAP);
	else
		failed = move_and_grow(from, to, bytes < new_bytes ? bytes : new_bytes, new_bytes);
	if (failed) {
		sys_munmap(to, new_bytes);
		ranges_note_unmapped(to, to + new_bytes);
		return failed;
	}
	if (stays) {
		ranges_note_mapped(from, from + bytes);
		return (long)to;
	}
	if (bytes > new_bytes)
		sys_munmap(from + new_bytes, bytes - new_bytes);
	ranges_note_unmapped(from, from + bytes);
	return (long)to;
}

/*
 * Small pages, in any number of mappings; their kind is not needed. With MREMAP_DONTUNMAP the old
 * place stays mapped, and is empty. With MREMAP_FIXED the target was split before.
 */
static long move_any(uintptr_t from, size_t bytes, size_t new_bytes, int flags, uintptr_t to)
{
	bool fixed = flags & MREMAP_FIXED, stays = flags & MREMAP_DONTUNMAP;
	long result = kernel_remap(from, bytes, new_bytes, flags, to);

	if (result != -EFAULT)
		return result;
	if (!fixed && !stays) {
		result = grow_last_page(from + bytes, new_bytes - bytes);
		if (!SYS_IS_ERROR(result))
			return (long)from;
		if (!(flags & MREMAP_MAYMOVE))
			return result;
	}
	result = sys_mmap(fixed ? to : 0, new_bytes, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | (fixed ? MAP_FIXED : 0), -1,
			  0);
	return SYS_IS_ERROR(result) ? result
				    : move_any_to(from, bytes, (uintptr_t)result, new_bytes, stays);
}

/*
 * All of it, not only the pages covered in part: if the kernel refuses the source, it may or may
 * not have unmapped the target already.
 */
static long make_target_small(uintptr_t to, uintptr_t end)
{
	return ranges_split(to, end, true);
}

/* Arguments that the kernel checks before it touches any memory. */
static bool is_valid(uintptr_t from, size_t bytes, size_t new_bytes, int flags, uintptr_t to)
{
	if (!bytes || !new_bytes || flags & ~(MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP))
		return false;
	if (flags & MREMAP_DONTUNMAP &&
	    (!(flags & MREMAP_MAYMOVE) || ranges_end(0, bytes) != ranges_end(0, new_bytes)))
		return false;
	if (!(flags & MREMAP_FIXED))
		return true;
	return flags & MREMAP_MAYMOVE && !(to & (process_base_bytes - 1)) &&
	       !(to < ranges_end(from, bytes) && from < ranges_end(to, new_bytes));
}

static long remap_ranges(uintptr_t from, size_t bytes, size_t new_bytes, int flags, uintptr_t to)
{
	uintptr_t end = ranges_end(from, bytes);
	bool fixed = flags & MREMAP_FIXED;
	bool stays = flags & MREMAP_DONTUNMAP;
	enum alike alike;
	struct kind kind;
	long result = 0;

	if (touches_file(from, bytes ? end : from + 1))
		return remap_file(from, bytes, new_bytes, flags, to);
	if (!is_valid(from, bytes, new_bytes, flags, to)) {
		if (bytes)
			result = ranges_split(from, end, true);
		/* With MREMAP_DONTUNMAP the kernel may well do it. */
		if (!result && fixed && flags & MREMAP_DONTUNMAP &&
		    ranges_well_formed(to, new_bytes))
			result = make_target_small(to, ranges_end(to, new_bytes));
		return result ? result : kernel_remap(from, bytes, new_bytes, flags, to);
	}
	bytes = end - from;
	new_bytes = ranges_end(0, new_bytes);
	if (!stays && new_bytes < bytes) {
		result = shrink(from, bytes, new_bytes);
		if (!fixed || SYS_IS_ERROR(result))
			return result;
		/* The kernel, too, unmaps the tail before it checks the rest. */
		bytes = new_bytes;
		end = from + bytes;
		result = 0;
	}
	if (!has_huge(from, end) && !stays) {
		if (fixed)
			result = make_target_small(to, to + new_bytes);
		if (!result)
			result = kernel_remap(from, bytes, new_bytes, flags, to);
		if (result != -EFAULT)
			return result;
	}
	/* Text is moved as small pages in any case, and these have only the program's marks. */
	if ((fixed || new_bytes > bytes) && touches_text(from, end)) {
		result = ranges_split(from, end, true);
		if (result)
			return result;
	}
	alike = find_kind(from, end, &kind);
	if (alike == ALIKE && !stays && !has_locked(from, end)) {
		result = move_of_one_kind(from, bytes, new_bytes, flags, to, &kind);
		if (!SYS_IS_ERROR(result))
			give_marks((uintptr_t)result + bytes, (uintptr_t)result + new_bytes,
				   kind.marks);
		return result;
	}
	result = ranges_split(from, end, true);
	if (!result && fixed)
		result = make_target_small(to, to + new_bytes);
	if (result)
		return result;
	return alike == DIFFERENT ? kernel_remap(from, bytes, new_bytes, flags, to)
				  : move_any(from, bytes, new_bytes, flags, to);
}

static bool owner_remaps(uintptr_t from, size_t bytes, size_t new_bytes, int flags, bool by_libc,
			 long *result)
{
	struct region *region = registry_at(from);

	if (flags & MREMAP_FIXED || !region || !region->owner || !region->owner->remap)
		return false;
	return region->owner->remap(region, from, bytes, new_bytes, flags & MREMAP_MAYMOVE, by_libc,
				    result);
}

static long remap_locked(const long *arguments)
{
	const uintptr_t from = (uintptr_t)arguments[0], to = (uintptr_t)arguments[4];
	const size_t bytes = (size_t)arguments[1], new_bytes = (size_t)arguments[2];
	const int flags = (int)arguments[3];
	long result;

	if (!owner_remaps(from, bytes, new_bytes, flags, arguments[5], &result))
		result = remap_ranges(from, bytes, new_bytes, flags, to);
	return result;
}

void *call_mremap(void *address, size_t bytes, size_t new_bytes, int flags, void *new_address)
{
	uintptr_t from = (uintptr_t)address;
	/* An argument that most callers do not pass: it is present with these flags only. */
	uintptr_t to = flags & (MREMAP_FIXED | MREMAP_DONTUNMAP) ? (uintptr_t)new_address : 0;
	const long arguments[] = {(long)from, (long)bytes, (long)new_bytes,
				  flags,      (long)to,    CALLER_IS_LIBC()};
	const struct region *region = bytes ? NULL : registry_at(from);
	const bool ours = (ranges_touch(from, bytes) || (region && region->of_file) ||
			   (flags & MREMAP_FIXED && ranges_touch(to, new_bytes))) &&
			  ranges_well_formed(from, bytes ? bytes : 1) &&
			  ranges_well_formed(to, new_bytes);
	long result = -ENOMEM;

	if (ours && lock_run(remap_locked, arguments, &result))
		return (void *)answer(result);
	if (!ours || !(ranges_refused(from, bytes ? bytes : 1, true) ||
		       (flags & MREMAP_FIXED && ranges_refused(to, new_bytes, false))))
		result = sys_pass(SYS_mremap, from, bytes, new_bytes, flags, to);
	return (void *)answer(result);
}
