/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a loaded object says about itself: see object.h.
 */
#include <fcntl.h>
#include <string.h>

#include "base/align.h"
#include "base/log.h"
#include "base/program.h"
#include "base/sys.h"
#include "base/words.h"
#include "hook/symbols.h"
#include "segments/object.h"

bool object_read(const struct dl_phdr_info *info, size_t base_bytes, struct object *object)
{
	object->base = info->dlpi_addr;
	object->headers = info->dlpi_phdr;
	object->header_count = info->dlpi_phnum;
	object->start = UINTPTR_MAX;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *header = &info->dlpi_phdr[i];
		uintptr_t start = object->base + header->p_vaddr, end = start + header->p_memsz;

		if (header->p_type == PT_LOAD && header->p_memsz) {
			object->start = start < object->start ? start : object->start;
			object->end = end > object->end ? end : object->end;
		} else if (header->p_type == PT_GNU_RELRO) {
			/* rounded as the linker does it */
			object->relro_start = align_down(start, base_bytes);
			object->relro_end = align_down(end, base_bytes);
		}
	}
	return object->end > 0;
}

static bool has_text_relocations(const ElfW(Dyn) * dynamic)
{
	for (; dynamic->d_tag != DT_NULL; dynamic++)
		if (dynamic->d_tag == DT_TEXTREL ||
		    (dynamic->d_tag == DT_FLAGS && dynamic->d_un.d_val & DF_TEXTREL))
			return true;
	return false;
}

bool object_has_text_relocations(const ElfW(Phdr) * headers, int count, uintptr_t base)
{
	for (int i = 0; i < count; i++)
		if (headers[i].p_type == PT_DYNAMIC &&
		    has_text_relocations((const void *)(base + headers[i].p_vaddr)))
			return true;
	return false;
}

/* Notes are a header, a name and a description, each in whole units of the segment's alignment. */
static void read_notes(const unsigned char *at, size_t bytes, size_t align, struct build_id *id)
{
	align = align == 8 ? 8 : 4;
	while (bytes >= sizeof(ElfW(Nhdr))) {
		const ElfW(Nhdr) *note = (const void *)at;
		size_t name_end = sizeof(*note) + (size_t)note->n_namesz;
		size_t start = align_up(name_end, align);
		size_t end = start + note->n_descsz;

		if (end > bytes)
			return;
		if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == sizeof("GNU") &&
		    !memcmp(note + 1, "GNU", sizeof("GNU")) && note->n_descsz &&
		    note->n_descsz <= BUILD_ID_BYTES_MAX) {
			memcpy(id->bytes, at + start, note->n_descsz);
			id->count = note->n_descsz;
			return;
		}
		end = align_up(end, align);
		if (end >= bytes)
			return;
		at += end;
		bytes -= end;
	}
}

void object_build_id(const struct object *object, struct build_id *id)
{
	id->count = 0;
	for (int i = 0; i < object->header_count && !id->count; i++) {
		const ElfW(Phdr) *header = &object->headers[i];

		if (header->p_type == PT_NOTE)
			read_notes((const void *)(object->base + header->p_vaddr), header->p_memsz,
				   header->p_align, id);
	}
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* From the object's dynamic table; NULL: it has none. */
static const char *soname_of(const struct dl_phdr_info *info)
{
	const ElfW(Dyn) *dynamic = NULL, *name = NULL;
	const char *strings = NULL;

	for (int i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_DYNAMIC)
			dynamic = (const void *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
	for (; dynamic && dynamic->d_tag != DT_NULL; dynamic++) {
		if (dynamic->d_tag == DT_SONAME)
			name = dynamic;
		else if (dynamic->d_tag == DT_STRTAB)
			strings = (const char *)libc_table_address(info->dlpi_addr,
								   dynamic->d_un.d_ptr);
	}
	return name && strings ? strings + name->d_un.d_val : NULL;
}

void object_names_read(const struct dl_phdr_info *info, bool is_main, struct object_names *names)
{
	const char *soname = is_main ? NULL : soname_of(info);

	names->is_main = is_main;
	names->list[0] = is_main ? program_name() : info->dlpi_name;
	names->count = 1;
	if (soname)
		names->list[names->count++] = soname;
}

void object_names_read_file(struct object_names *names)
{
	const long fd = sys_open(names->list[0], O_PATH | O_CLOEXEC, 0);
	char link[32];
	long bytes;

	if (SYS_IS_ERROR(fd))
		return;
	text_format(link, sizeof(link), "/proc/self/fd/%d", (int)fd);
	bytes = sys_readlink(link, names->file, sizeof(names->file) - 1);
	sys_close((int)fd);
	if (SYS_IS_ERROR(bytes) || !bytes || names->count == OBJECT_NAMES_MAX)
		return;
	names->file[bytes] = '\0';
	names->list[names->count++] = names->file;
}

/*
 * Is `word` the object's base name, with or without what follows ".so", or with a version before
 * it: libc, libc.so and libc.so.6 all match libc.so.6, and libLLVM-14 matches libLLVM-14.so.1.
 */
static bool is_name(const char *word, size_t length, const char *name)
{
	const char *rest = name + length;

	if (strncmp(word, name, length))
		return false;
	return !*rest || !strncmp(rest, ".so", 3) ||
	       (*rest == '.' && rest[1] >= '0' && rest[1] <= '9');
}

bool object_names_fit(const struct object_names *names, const char *word, size_t length)
{
	if (word_is(word, length, "all") || (names->is_main && word_is(word, length, "main")))
		return true;
	for (int i = 0; i < names->count; i++)
		if (is_name(word, length, base_name(names->list[i])))
			return true;
	return false;
}

bool object_names_are_listed(const struct object_names *names, const char *list)
{
	bool listed = names->is_main, has_positive = false, fits = false;

	if (!list)
		return names->is_main;
	while (*list) {
		bool minus = *list == '-';
		size_t length = word_bytes(list += minus, ':');

		has_positive |= !minus;
		if (object_names_fit(names, list, length)) {
			listed = !minus;
			fits = true;
		}
		list += length;
		list += *list == ':';
	}
	return fits ? listed : !has_positive;
}

bool object_names_matter(const char *list)
{
	while (list && *list) {
		size_t length = word_bytes(list += *list == '-', ':');

		if (!word_is(list, length, "all") && !word_is(list, length, "main"))
			return true;
		list += length;
		list += *list == ':';
	}
	return false;
}
