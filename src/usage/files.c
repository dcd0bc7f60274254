/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Mapped files by name: see files.h.
 */
#include <string.h>

#include "base/log.h"
#include "copies/copy_note.h"
#include "usage/files.h"

static unsigned long memory_of(const struct usage_figures *figures)
{
	return figures->resident + figures->hugetlb;
}

/* The entry of that name: a new one in place of the smallest file where there are too many. NULL:
 * this one is the smallest. */
static struct usage_file *entry_of(struct usage_files *files, const char *name,
				   unsigned long memory)
{
	struct usage_file *smallest = files->files, *entry;

	for (entry = files->files; entry < files->files + files->count; entry++) {
		if (!strcmp(entry->name, name))
			return entry;
		if (entry->memory < smallest->memory)
			smallest = entry;
	}
	if (files->count < USAGE_FILES_MAX)
		files->count++;
	else if (smallest->memory < memory)
		entry = smallest;
	else
		return NULL;
	*entry = (struct usage_file){.memory = 0};
	text_format(entry->name, sizeof(entry->name), "%s", name);
	return entry;
}

void usage_files_add(struct usage_files *files, const struct smaps_mapping *mapping,
		     const char *root)
{
	char name[COPY_NOTE_BYTES];
	struct usage_figures figures;
	struct usage_file *entry;

	usage_figures(&figures, mapping);
	if (!memory_of(&figures))
		return;
	entry = entry_of(files,
			 copy_note_original(mapping->name, root, name) ? name : mapping->name,
			 memory_of(&figures));
	if (!entry)
		return;
	entry->memory += memory_of(&figures);
	entry->huge += memory_of(&figures) - usage_small_kb(&figures);
}

void usage_files_sort(struct usage_files *files)
{
	for (int i = 1; i < files->count; i++)
		for (int j = i; j && files->files[j].memory > files->files[j - 1].memory; j--) {
			const struct usage_file other = files->files[j];

			files->files[j] = files->files[j - 1];
			files->files[j - 1] = other;
		}
	while (files->count && files->files[files->count - 1].memory < USAGE_FILE_KB_MIN)
		files->count--;
}

/* The end of a name that is too long, from a whole character of UTF-8 on. */
static const char *end_of(const char *name, size_t room, const char **dots)
{
	const size_t length = strlen(name);

	*dots = "";
	if (length <= room || length < 4)
		return name;
	*dots = "...";
	name += length - (room > 4 ? room - 3 : 1);
	while ((*name & 0xc0) == 0x80)
		name++;
	return name;
}

int usage_files_text(const struct usage_files *files, unsigned int columns, char *out, size_t bytes)
{
	int used = 0;

	out[0] = '\0';
	for (int i = 0; i < files->count; i++) {
		const struct usage_file *file = &files->files[i];
		const unsigned long permille =
			(unsigned long)((uint64_t)file->huge * 1000 / file->memory);
		char figures[96], *const line = out + used;
		const char *name, *dots;
		int length = text_format(figures, sizeof(figures),
					 ": %lu of %lu kB on huge pages, %lu.%lu %%", file->huge,
					 file->memory, permille / 10, permille % 10);

		name = end_of(file->name,
			      columns > 3u + (unsigned int)length
				      ? columns - 2u - (unsigned int)length
				      : 1,
			      &dots);
		if (bytes - (size_t)used < strlen(name) + (size_t)length + sizeof("  ...\n"))
			break;
		length = text_format(line, bytes - (size_t)used, "  %s%s%s", dots, name, figures);
		text_make_plain(line, (unsigned long)length);
		used += length;
		used += text_format(out + used, bytes - (size_t)used, "\n");
	}
	return used;
}
