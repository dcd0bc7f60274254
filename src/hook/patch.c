/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Patches functions to jump to the library's: see patch.h.
 *
 * Runs while there is one thread, usually in the constructor. Between two system calls here no
 * function of libc is needed, so it does not matter which of its pages is being exchanged.
 */
#include <entry.h>
#include <errno.h>
#include <layout.h>
#include <string.h>
#include <sys/auxv.h>

#include "base/align.h"
#include "base/sys.h"
#include "hook/patch.h"
#include "hook/text_write.h"
#include "pages/executable.h"
#include "proc/maps.h"
#include "proc/pagemap.h"
#include "proc/smaps.h"
#include "proc/status.h"

#define PATCHES_MAX 32
#define PATCH_BYTES 24
/* Patches this close to each other are exchanged as one range, for fewer mappings. */
#define NEAR_BYTES ((uintptr_t)64 << 10)

struct patch {
	uintptr_t at;
	size_t bytes;
	bool wanted;   /* the text shall contain it */
	bool optional; /* it may be left out if its page was changed by something else */
	bool in_place; /* the text contains it */
	bool written;  /* in the text's own page, not in a copy of it, or tried to be */
	bool settled;  /* the patch_install() that installed it succeeded */
	unsigned char code[PATCH_BYTES], original[PATCH_BYTES];
};

_Static_assert(ENTRY_LANDING_BYTES_MAX + ENTRY_JUMP_BYTES_MAX <= PATCH_BYTES,
	       "a jump fits into a patch");

static struct patch patches[PATCHES_MAX]; /* ascending by address */
static int patch_count;

/* Adds a patch in order; one at the same address (an alias) is left as it is. */
static int add_patch(uintptr_t at, const unsigned char *code, size_t bytes)
{
	int place = 0;

	while (place < patch_count && patches[place].at < at)
		place++;
	if (place < patch_count && patches[place].at == at) {
		patches[place].wanted = true;
		return 0;
	}
	if (patch_count == PATCHES_MAX)
		return -ENOMEM;
	memmove(&patches[place + 1], &patches[place],
		(size_t)(patch_count - place) * sizeof(patches[0]));
	patches[place] = (struct patch){.at = at, .bytes = bytes, .wanted = true};
	memcpy(patches[place].code, code, bytes);
	memcpy(patches[place].original, (const void *)at, bytes);
	patch_count++;
	return 0;
}

/* Removes patches that are neither wanted nor in place, and did not touch their page. */
static void forget_patches(void)
{
	int kept = 0;

	for (int i = 0; i < patch_count; i++)
		if (patches[i].wanted || patches[i].in_place || patches[i].written)
			patches[kept++] = patches[i];
	patch_count = kept;
}

int patch_entry(const struct libc *object, uintptr_t entry, size_t bytes, void (*handler)(void))
{
	unsigned char code[PATCH_BYTES];
	size_t length;

	if (entry < object->text || entry + bytes > object->text_end)
		return -ENOENT;
	length = entry_encode_landing(code, (const unsigned char *)entry, bytes);
	length += entry_encode_jump(code + length, entry + length, (uintptr_t)handler);
	if (length > bytes)
		return -ENOENT;
	return add_patch(entry, code, length);
}

/* A function with two names may be left out only if both may be. */
static void set_optional(uintptr_t entry, bool optional)
{
	for (int i = 0; i < patch_count; i++)
		if (patches[i].at == entry)
			patches[i].optional =
				optional && (patches[i].optional || !patches[i].settled);
}

static int add_entry(const struct libc *libc, const struct hook *hook)
{
	size_t function_bytes;
	uintptr_t entry = libc_symbol(libc, hook->name, &function_bytes);
	int failed;

	if (!entry)
		return hook->optional || libc->static_address ? 0 : -ENOENT;
	failed = patch_entry(libc, entry, function_bytes, hook->handler);
	if (!failed)
		set_optional(entry, hook->optional);
	return failed == -ENOENT && hook->optional ? 0 : failed;
}

/* Makes the direct call at that address a call of handler. */
static int add_call(uintptr_t at, uintptr_t handler)
{
	unsigned char code[ENTRY_CALL_BYTES];
	size_t bytes = entry_encode_call(code, at, handler);

	return bytes ? add_patch(at, code, bytes) : -ENOENT;
}

/* Finds the caller's first call of callee from *at on. False: there is none. */
static bool next_call(uintptr_t *at, uintptr_t end, uintptr_t callee)
{
	long offset = entry_find_call((const unsigned char *)*at, end - *at, *at, callee);

	*at += offset < 0 ? 0 : (uintptr_t)offset;
	return offset >= 0;
}

static int add_calls(uintptr_t at, uintptr_t end, uintptr_t callee, uintptr_t handler)
{
	int found = 0;

	for (; next_call(&at, end, callee); at += ENTRY_CALL_BYTES, found++) {
		int failed = add_call(at, handler);

		if (failed)
			return failed;
	}
	return found ? 0 : -ENOENT;
}

/* The text of a function of libc; 0: it does not exist. */
static uintptr_t text_of(const struct libc *libc, const char *name, uintptr_t *end)
{
	size_t bytes;
	uintptr_t start = libc_symbol(libc, name, &bytes);

	*end = start + bytes;
	return start >= libc->text && *end <= libc->text_end ? start : 0;
}

int patch_call(const struct libc *libc, const char *caller, const char *callee_name,
	       uintptr_t handler, uintptr_t *callee)
{
	uintptr_t end, start = text_of(libc, caller, &end);

	*callee = libc_symbol(libc, callee_name, NULL);
	return start && *callee ? add_calls(start, end, *callee, handler) : -ENOENT;
}

static int count_calls(uintptr_t at, uintptr_t end, uintptr_t callee)
{
	int found = 0;

	for (; next_call(&at, end, callee); at += ENTRY_CALL_BYTES)
		found++;
	return found;
}

int patch_repeated_call(const struct libc *libc, const char *caller, int times, uintptr_t handler,
			uintptr_t *callee)
{
	uintptr_t end, start = text_of(libc, caller, &end);

	for (uintptr_t at = start; start && at + ENTRY_CALL_BYTES <= end; at++) {
		*callee = entry_call_target((const unsigned char *)at, at);
		if (*callee >= libc->text && *callee < libc->text_end &&
		    count_calls(start, end, *callee) == times)
			return add_calls(start, end, *callee, handler);
	}
	return -ENOENT;
}

/* The call next to the first call of another function in the caller's text; 0: none. */
static uintptr_t find_neighbour(const struct libc *libc, const char *caller,
				const struct patch_neighbour *neighbour)
{
	size_t bytes;
	uintptr_t start = libc_symbol(libc, caller, &bytes);
	uintptr_t of = libc_symbol(libc, neighbour->of, NULL);
	long offset;

	if (!start || !of || start < libc->text || start + bytes > libc->text_end)
		return 0;
	offset = entry_find_call((const unsigned char *)start, bytes, start, of);
	if (offset < 0)
		return 0;
	offset += neighbour->behind ? ENTRY_CALL_BYTES : -ENTRY_CALL_BYTES;
	return offset >= 0 && (size_t)offset + ENTRY_CALL_BYTES <= bytes ? start + (size_t)offset
									 : 0;
}

static uintptr_t call_in_libc(const struct libc *libc, uintptr_t at)
{
	uintptr_t target = at ? entry_call_target((const unsigned char *)at, at) : 0;

	return target >= libc->text && target < libc->text_end ? target : 0;
}

int patch_neighbours(const struct libc *libc, const char *caller,
		     const struct patch_neighbour *neighbours, int count)
{
	unsigned char code[ENTRY_CALL_BYTES];
	uintptr_t at;

	for (int i = 0; i < count; i++) {
		at = find_neighbour(libc, caller, &neighbours[i]);
		*neighbours[i].callee = call_in_libc(libc, at);
		if (!*neighbours[i].callee || !entry_encode_call(code, at, neighbours[i].handler))
			return -ENOENT;
	}
	for (int i = 0; i < count; i++) {
		int failed = add_call(find_neighbour(libc, caller, &neighbours[i]),
				      neighbours[i].handler);

		if (failed)
			return failed;
	}
	return 0;
}

/* An in-memory file that holds the copies of all ranges; created for the first one. */
struct copies {
	long fd; /* -1: none yet */
	uint64_t bytes;
	struct pagemap pagemap; /* opened with it */
};

static const unsigned char *wanted_code(const struct patch *patch)
{
	return patch->wanted ? patch->code : patch->original;
}

/*
 * Writes the wanted contents of [from, to): the text with its wanted patches. One call, straight
 * from the text: it is some twenty pages, and every program does this at its start.
 */
static int write_wanted(int fd, uintptr_t from, uintptr_t to, const struct patch *first,
			const struct patch *last)
{
	struct iovec parts[2 * PATCHES_MAX + 1];
	int count = 0;

	for (const struct patch *patch = first; patch < last; patch++) {
		parts[count++] = (struct iovec){(void *)from, patch->at - from};
		parts[count++] = (struct iovec){(void *)wanted_code(patch), patch->bytes};
		from = patch->at + patch->bytes;
	}
	parts[count++] = (struct iovec){(void *)from, to - from};
	return sys_writev(fd, parts, count);
}

/* Pages of text that are exchanged together, and their patches: [first, next). */
struct text_pages {
	uintptr_t from, to;
	int first, next;
	bool changes; /* one of them is not yet in its wanted state */
	bool copies;  /* ... or not in a copy of the text */
};

static struct text_pages pages_of(int first)
{
	const uintptr_t page = getauxval(AT_PAGESZ);
	struct text_pages pages = {.from = align_down(patches[first].at, page), .first = first};
	uintptr_t end = patches[first].at;
	int i = first;

	for (; i < patch_count && patches[i].at < end + NEAR_BYTES; i++) {
		end = patches[i].at + patches[i].bytes;
		pages.changes = pages.changes || patches[i].wanted != patches[i].in_place;
		pages.copies = pages.copies || pages.changes || patches[i].written;
	}
	pages.to = align_up(end, page);
	pages.next = i;
	return pages;
}

static int rights_of(uintptr_t text)
{
	int rights = PROT_READ | PROT_EXEC;

	if (cpu_has_text_right() && smaps_own_flag(text, CPU_TEXT_RIGHT_FLAG))
		rights |= CPU_TEXT_RIGHT;
	return rights;
}

/*
 * Has something else written to these pages? A uprobe's breakpoint belongs to the page of libc's
 * file: in a copy it would kill the program (SIGTRAP). A debugger's breakpoint belongs to the
 * address, and is copied. Pages that were already exchanged are a file's, too.
 */
static bool is_of_file(uintptr_t address)
{
	struct smaps_mapping mapping;

	return !maps_find(address, &mapping) || mapping.inode;
}

/* What write_all() has written, or tried to. */
static int written_changes(struct text_change *changes)
{
	int count = 0;

	for (const struct patch *patch = patches; patch < patches + patch_count; patch++)
		if (patch->written)
			changes[count++] = (struct text_change){
				patch->at, patch->in_place ? patch->code : patch->original,
				patch->bytes};
	return count;
}

/* Is one of the pages the process's own, but not by what write_all() wrote to it alone? */
static bool has_strange_page(const struct pagemap *pagemap, uintptr_t from, uintptr_t to)
{
	const uintptr_t page = getauxval(AT_PAGESZ);
	struct text_change changes[PATCHES_MAX];
	const int count = written_changes(changes);
	uintptr_t end;

	for (; pagemap_find_own(pagemap, &from, to, &end) > 0; from = end)
		for (uintptr_t at = from; at < end; at += page)
			if (!text_write_is_only_change(at, changes, count))
				return true;
	return false;
}

static bool is_changed(const struct copies *copies, const struct text_pages *pages)
{
	return has_strange_page(&copies->pagemap, pages->from, pages->to) &&
	       is_of_file(pages->from) && !status_read().traced;
}

/*
 * Exchanges the pages for a copy with the wanted patches. -EBUSY: something else has changed them.
 * The copy is in a file, although anonymous memory would be faster: after MADV_DONTNEED, which is
 * allowed on text, anonymous memory would be empty.
 */
static int exchange(struct copies *copies, const struct text_pages *pages)
{
	const size_t bytes = pages->to - pages->from;
	long result;

	if (copies->fd < 0) {
		copies->fd = executable_file("libhugetlbfs:libc");
		if (SYS_IS_ERROR(copies->fd))
			return (int)copies->fd;
		pagemap_open(&copies->pagemap);
	}
	result = write_wanted((int)copies->fd, pages->from, pages->to, &patches[pages->first],
			      &patches[pages->next]);
	if (result)
		return (int)result;
	/* after the bytes were read: a breakpoint set later does not find the file's page here */
	if (is_changed(copies, pages)) {
		copies->bytes += bytes;
		return -EBUSY;
	}
	result = sys_mmap(pages->from, bytes, rights_of(pages->from), MAP_PRIVATE | MAP_FIXED,
			  (int)copies->fd, copies->bytes);
	if (SYS_IS_ERROR(result))
		return (int)result;
	copies->bytes += bytes;
	for (int i = pages->first; i < pages->next; i++) {
		patches[i].in_place = patches[i].wanted;
		patches[i].written = false;
	}
	return 0;
}

/*
 * Page by page, if something else has changed one of them: pages without a patch are left alone,
 * and an optional patch is left out.
 */
static int exchange_singly(struct copies *copies, const struct text_pages *group)
{
	const uintptr_t page = getauxval(AT_PAGESZ);
	int failed = 0;

	for (int i = group->first; i < group->next && !failed;) {
		struct text_pages single = {.from = align_down(patches[i].at, page), .first = i};
		bool optional = true;

		single.to = align_up(patches[i].at + patches[i].bytes, page);
		for (; i < group->next && patches[i].at < single.to; i++) {
			uintptr_t end = align_up(patches[i].at + patches[i].bytes, page);

			single.to = end > single.to ? end : single.to;
			optional = optional && (patches[i].optional || !patches[i].wanted);
		}
		single.next = i;
		failed = exchange(copies, &single);
		if (failed == -EBUSY && optional) {
			for (int j = single.first; j < single.next; j++)
				patches[j].wanted = patches[j].in_place;
			failed = 0;
		}
	}
	return failed;
}

/* Brings all of the text to its wanted state, range by range, up to the first failure. */
static int exchange_all(void)
{
	struct copies copies = {.fd = -1};
	struct text_pages pages;
	int failed = 0;

	for (int i = 0; i < patch_count && !failed; i = pages.next) {
		pages = pages_of(i);
		if (pages.copies)
			failed = exchange(&copies, &pages);
		if (failed == -EBUSY)
			failed = exchange_singly(&copies, &pages);
	}
	if (copies.fd >= 0) {
		pagemap_close(&copies.pagemap);
		sys_close((int)copies.fd);
	}
	return failed;
}

/* A breakpoint of a debugger or a uprobe where a patch is to be. */
static bool has_breakpoint(const struct text_pages *pages)
{
	for (int i = pages->first; i < pages->next; i++)
		if (entry_has_breakpoint(patches[i].original, patches[i].bytes))
			return true;
	return false;
}

static int write_pages(const struct text_pages *pages)
{
	struct text_change changes[PATCHES_MAX];
	int count = 0, failed;

	if (has_breakpoint(pages))
		return -EBUSY;
	for (int i = pages->first; i < pages->next; i++)
		changes[count++] = (struct text_change){patches[i].at, wanted_code(&patches[i]),
							patches[i].bytes};
	failed = text_write(pages->from, pages->to, rights_of(pages->from), changes, count);
	for (int i = pages->first; i < pages->next; i++) {
		patches[i].in_place = failed ? patches[i].in_place : patches[i].wanted;
		patches[i].written = true;
	}
	return failed;
}

/* Makes the text as it is wanted in its own pages, up to the first failure. */
static int write_all(void)
{
	struct text_pages pages;
	int failed = 0;

	for (int i = 0; i < patch_count && !failed; i = pages.next) {
		pages = pages_of(i);
		if (pages.changes)
			failed = write_pages(&pages);
	}
	return failed;
}

static int write_or_exchange(void)
{
	return write_all() ? exchange_all() : 0;
}

static int install(const struct libc *libc, const struct hook *hooks, int count,
		   int (*carry_out)(void))
{
	int failed = 0;

	for (int i = 0; i < count && !failed; i++)
		failed = add_entry(libc, &hooks[i]);
	if (!failed)
		failed = carry_out();
	for (int i = 0; i < patch_count; i++) {
		if (!failed)
			patches[i].settled = true;
		else if (!patches[i].settled)
			patches[i].wanted = false;
	}
	if (failed) {
		exchange_all();
		forget_patches();
	}
	return failed;
}

int patch_install(const struct libc *libc, const struct hook *hooks, int count)
{
	return install(libc, hooks, count, exchange_all);
}

int patch_write(const struct libc *libc, const struct hook *hooks, int count)
{
	return install(libc, hooks, count, write_or_exchange);
}

void patch_settle(void)
{
	bool written = false;

	for (int i = 0; i < patch_count; i++)
		written = written || patches[i].written;
	if (written)
		exchange_all();
}

bool patch_is_installed(const struct libc *libc, const char *name)
{
	uintptr_t entry = libc_symbol(libc, name, NULL);

	for (int i = 0; i < patch_count; i++)
		if (patches[i].at == entry && patches[i].in_place)
			return true;
	return false;
}

void patch_undo(const struct libc *object)
{
	for (int i = 0; i < patch_count; i++)
		if (patches[i].at >= object->text && patches[i].at < object->text_end)
			patches[i].wanted = patches[i].settled = false;
	exchange_all();
	forget_patches();
}
