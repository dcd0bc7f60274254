/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a loaded object is called: see names.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/log.h"
#include "base/program.h"
#include "base/sys.h"
#include "base/words.h"
#include "hook/symbols.h"
#include "segments/object_names.h"

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Of the object's dynamic table; NULL: it has none. */
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
 * Is `word` the object's base name, with or without what follows ".so" or with a version in front
 * of it: libc, libc.so and libc.so.6 are all libc.so.6, and libLLVM-14 is libLLVM-14.so.1.
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
