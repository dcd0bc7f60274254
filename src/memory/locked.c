/*
 * What the program locked of hugetlb pages: see locked.h. An unordered table, as there are few.
 */
#include <errno.h>
#include <stddef.h>

#include "memory/locked.h"
#include "sys.h"

#define RANGES_MAX 512

static struct locked_range {
	uintptr_t from, to;
	bool on_fault;
} ranges[RANGES_MAX];

static size_t count;

static bool overlaps(const struct locked_range *range, uintptr_t from, uintptr_t to)
{
	return range->from < to && range->to > from;
}

/* The part of a range behind `to`, where the middle of it was taken away. */
static int split(struct locked_range *range, uintptr_t from, uintptr_t to)
{
	if (count == RANGES_MAX)
		return -ENOSPC;
	ranges[count++] = (struct locked_range){to, range->to, range->on_fault};
	range->to = from;
	return 0;
}

void locked_remove(uintptr_t from, uintptr_t to)
{
	for (size_t i = 0; i < count;) {
		struct locked_range *range = &ranges[i];

		if (!overlaps(range, from, to)) {
			i++;
		} else if (from <= range->from && to >= range->to) {
			*range = ranges[--count];
		} else if (from <= range->from) {
			range->from = to;
			i++;
		} else if (to >= range->to) {
			range->to = from;
			i++;
		} else {
			split(range, from, to); /* without room the middle stays locked */
			i++;
		}
	}
}

int locked_add(uintptr_t from, uintptr_t to, bool on_fault)
{
	locked_remove(from, to);
	for (size_t i = 0; i < count; i++) {
		if (ranges[i].on_fault != on_fault)
			continue;
		if (ranges[i].to == from) {
			ranges[i].to = to;
			return 0;
		}
		if (ranges[i].from == to) {
			ranges[i].from = from;
			return 0;
		}
	}
	if (count == RANGES_MAX)
		return -ENOSPC;
	ranges[count++] = (struct locked_range){from, to, on_fault};
	return 0;
}

bool locked_any(uintptr_t from, uintptr_t to)
{
	for (size_t i = 0; i < count; i++)
		if (overlaps(&ranges[i], from, to))
			return true;
	return false;
}

/* Takes the first part of [from, to) that is locked out of the table. False: there is none. */
static bool take_part(uintptr_t from, uintptr_t to, struct locked_range *part)
{
	for (size_t i = 0; i < count; i++) {
		if (!overlaps(&ranges[i], from, to))
			continue;
		*part = ranges[i];
		if (part->from < from)
			part->from = from;
		if (part->to > to)
			part->to = to;
		locked_remove(part->from, part->to);
		return !locked_any(part->from, part->to);
	}
	return false;
}

void locked_move(uintptr_t from, uintptr_t end, uintptr_t to)
{
	struct locked_range part;

	while (take_part(from, end, &part))
		locked_add(part.from - from + to, part.to - from + to, part.on_fault);
}

int locked_hand_over(uintptr_t from, uintptr_t to)
{
	struct locked_range part;
	long failed = 0;

	while (take_part(from, to, &part)) {
		const size_t bytes = part.to - part.from;
		long result = part.on_fault ? sys_gate(SYS_mlock2, (long)part.from, (long)bytes,
						       MLOCK_ONFAULT, 0, 0, 0)
					    : sys_gate(SYS_mlock, (long)part.from, (long)bytes, 0,
						       0, 0, 0);

		failed = result ? result : failed;
	}
	return (int)failed;
}
