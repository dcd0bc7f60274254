/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Finds segments: see find.h.
 */
#include <errno.h>
#include <layout.h>
#include <string.h>
#include <sys/auxv.h>

#include "base/align.h"
#include "base/log.h"
#include "base/program.h"
#include "hook/symbols.h"
#include "hugetlbfs.h"
#include "segments/find.h"
#include "segments/object.h"

struct search {
	const struct options *options;
	bool (*before)(const struct dl_phdr_info *);
	struct found *found;
	size_t base_bytes, widest_bytes;
	bool seen_main, failed;
};

/* HUGETLB_ELFMAP decides if it is set, otherwise the segment's mark. */
static bool is_wanted(const struct options *options, unsigned int flags, bool is_listed)
{
	if (options->segments == SEGMENTS_MARKED)
		return flags & PF_LINUX_HUGETLB && (is_listed || !options->objects);
	return is_listed && (flags & PF_W ? options->data : options->text);
}

static int add_segment(struct search *search, const struct object *object,
		       const ElfW(Phdr) * header, bool is_listed)
{
	struct found *found = search->found;
	struct segment segment = {.start = object->base + header->p_vaddr}, *list;
	size_t place;

	segment.file_end = segment.start + header->p_filesz;
	segment.end = segment.start + header->p_memsz;
	segment.align = header->p_align;
	segment.object = (unsigned int)found->objects.count - 1;
	segment.header = (int)(header - object->headers);
	segment.flags = header->p_flags;
	segment.wanted = is_wanted(search->options, header->p_flags, is_listed);
	if (!vector_add(&found->segments))
		return -ENOMEM;
	/* An object's own segments are already in ascending order. */
	list = found->segments.items;
	for (place = found->segments.count - 1; place; place--) {
		if (list[place - 1].start < segment.start)
			break;
		list[place] = list[place - 1];
	}
	list[place] = segment;
	return 0;
}

static int add_object(struct search *search, const struct dl_phdr_info *info, bool is_main,
		      bool is_listed)
{
	struct object *object = vector_add(&search->found->objects);

	if (!object)
		return -ENOMEM;
	object->name = *info->dlpi_name || !is_main ? info->dlpi_name : program_path();
	object->main = is_main;
	if (!object_read(info, search->base_bytes, object)) {
		search->found->objects.count--;
		return 0;
	}
	for (int i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_LOAD && info->dlpi_phdr[i].p_memsz &&
		    add_segment(search, object, &info->dlpi_phdr[i], is_listed))
			return -ENOMEM;
	return 0;
}

static bool has_wanted(const struct search *search, const struct dl_phdr_info *info, bool is_listed)
{
	for (int i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_LOAD &&
		    is_wanted(search->options, info->dlpi_phdr[i].p_flags, is_listed))
			return true;
	return false;
}

/* A newly loaded object may not be relocated yet; if relocations are in its text, the linker will
 * change the protection of parts once more. */
static bool is_unfinished(const struct dl_phdr_info *info)
{
	return object_has_text_relocations(info->dlpi_phdr, info->dlpi_phnum, info->dlpi_addr);
}

/* Can one of its requested segments contain a huge page? */
static bool is_wide(const struct search *search, const struct dl_phdr_info *info)
{
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *header = &info->dlpi_phdr[i];

		if (header->p_type == PT_LOAD &&
		    is_wanted(search->options, header->p_flags, true) &&
		    (header->p_memsz >= CPU_HUGE_BYTES_MIN ||
		     header->p_align >= CPU_HUGE_BYTES_MIN || search->options->merge_text))
			return true;
	}
	return false;
}

/* Does the object take part? The program itself is queried first. */
static bool takes_part(struct search *search, const struct dl_phdr_info *info, bool *is_main,
		       bool *is_listed)
{
	struct object_names names;

	*is_main = !search->seen_main;
	search->seen_main = true;
	if (libc_object_holds(info, getauxval(AT_SYSINFO_EHDR)))
		return false;
	/* in a static program the library is part of the program, which must not exclude it */
	if (!*is_main && libc_object_holds(info, (uintptr_t)takes_part))
		return false;
	if (search->before && search->before(info))
		return false;
	object_names_read(info, *is_main, &names);
	/* the file's name costs system calls: only if it may matter */
	if (!*is_main && object_names_matter(search->options->objects) && is_wide(search, info))
		object_names_read_file(&names);
	*is_listed = object_names_are_listed(&names, search->options->objects);
	if (!has_wanted(search, info, *is_listed))
		return false;
	if (!search->before || !is_unfinished(info))
		return true;
	if (is_wide(search, info))
		log_warning_once(
			LOG_TEXT_RELOCATED,
			"text and data: %s was loaded by dlopen and has relocations in its "
			"text: it stays on small pages",
			info->dlpi_name);
	return false;
}

static int look_at_object(struct dl_phdr_info *info, size_t size, void *data)
{
	struct search *search = data;
	bool is_main, is_listed;

	(void)size;
	if (takes_part(search, info, &is_main, &is_listed))
		search->failed = add_object(search, info, is_main, is_listed) != 0;
	return search->failed;
}

int find_segments(const struct options *options, bool (*before)(const struct dl_phdr_info *),
		  struct found *found)
{
	struct search search = {.options = options,
				.before = before,
				.found = found,
				.base_bytes = getauxval(AT_PAGESZ)};

	*found = (struct found){.objects = VECTOR_OF(struct object),
				.segments = VECTOR_OF(struct segment)};
	dl_iterate_phdr(look_at_object, &search);
	return search.failed ? -ENOMEM : 0;
}

/* A segment can have a huge page if it is that long, or if it was aligned to have one for
 * itself. */
static int look_at_width(struct dl_phdr_info *info, size_t size, void *data)
{
	struct search *search = data;
	bool is_main, is_listed;
	struct object object = {0};

	(void)size;
	if (!takes_part(search, info, &is_main, &is_listed) ||
	    !object_read(info, search->base_bytes, &object))
		return 0;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *header = &info->dlpi_phdr[i];
		size_t bytes =
			search->options->merge_text ? object.end - object.start : header->p_memsz;

		if (header->p_type != PT_LOAD ||
		    !is_wanted(search->options, header->p_flags, is_listed))
			continue;
		if (header->p_align > bytes)
			bytes = header->p_align;
		if (bytes > search->widest_bytes)
			search->widest_bytes = bytes;
	}
	return 0;
}

size_t find_widest(const struct options *options, bool (*before)(const struct dl_phdr_info *))
{
	struct search search = {
		.options = options, .before = before, .base_bytes = getauxval(AT_PAGESZ)};

	dl_iterate_phdr(look_at_width, &search);
	return search.widest_bytes;
}

void found_free(struct found *found)
{
	vector_free(&found->objects);
	vector_free(&found->segments);
}

/* Hot: next to what else runs at every start. */
static __attribute__((hot)) int look_for_mark(struct dl_phdr_info *info, size_t size, void *data)
{
	(void)size;
	(void)data;
	for (int i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_LOAD &&
		    info->dlpi_phdr[i].p_flags & PF_LINUX_HUGETLB)
			return 1;
	return 0;
}

__attribute__((hot)) bool find_marked(void)
{
	return dl_iterate_phdr(look_for_mark, NULL) == 1;
}

struct word {
	const char *text;
	size_t length;
	bool seen_main;
};

static int look_for_name(struct dl_phdr_info *info, size_t size, void *data)
{
	struct word *word = data;
	struct object_names names;

	(void)size;
	object_names_read(info, !word->seen_main, &names);
	if (word->seen_main)
		object_names_read_file(&names);
	word->seen_main = true;
	return object_names_fit(&names, word->text, word->length);
}

bool find_named(const char *text, size_t length)
{
	struct word word = {.text = text, .length = length};

	return dl_iterate_phdr(look_for_name, &word) == 1;
}
