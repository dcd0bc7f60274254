/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which page sizes this machine has, read from /sys and /proc at each call.
 *
 * A missing file, or a file system that is not mounted, leaves its part of the result empty;
 * nothing here fails.
 */
#include <fcntl.h>
#include <string.h>

#include "base/directory.h"
#include "base/log.h"
#include "base/stream.h"
#include "base/sys.h"
#include "options/options.h"
#include "pages/mount.h"
#include "pages/sizes.h"

#define HUGE_DIRECTORY "/sys/kernel/mm/hugepages"

/* Parses "2048kB" after prefix; 0 if text is something else. */
static size_t bytes_of_kb_name(const char *text, const char *prefix)
{
	size_t length = strlen(prefix), kb_length, bytes;
	char kb[24];

	if (strncmp(text, prefix, length))
		return 0;
	text += length;
	kb_length = strspn(text, "0123456789");
	if (!kb_length || kb_length + 1 >= sizeof(kb) || strcmp(text + kb_length, "kB"))
		return 0;
	memcpy(kb, text, kb_length);
	memcpy(kb + kb_length, "K", 2);
	return options_parse_size(kb, &bytes) ? 0 : bytes;
}

/* Keeps the list ascending and without duplicates. */
static void add_huge_size(struct page_sizes *sizes, size_t bytes)
{
	int at = sizes->huge_count;

	if (!bytes || bytes & (bytes - 1) || sizes_have(sizes, bytes) || at == PAGES_SIZES_MAX)
		return;
	for (; at > 0 && sizes->huge[at - 1] > bytes; at--)
		sizes->huge[at] = sizes->huge[at - 1];
	sizes->huge[at] = bytes;
	sizes->huge_count++;
}

static void read_huge_directory(struct page_sizes *sizes)
{
	struct directory directory;
	const char *name;

	if (directory_open(&directory, AT_FDCWD, HUGE_DIRECTORY))
		return;
	while ((name = directory_next(&directory)))
		add_huge_size(sizes, bytes_of_kb_name(name, "hugepages-"));
	directory_close(&directory);
}

/* A line is "Hugepagesize: 2048 kB"; 0 if there is none with that name. */
static size_t meminfo_bytes(const char *name)
{
	const size_t length = strlen(name);
	struct stream meminfo;
	char line[128];
	size_t bytes = 0;

	if (stream_open(&meminfo, "/proc/meminfo"))
		return 0;
	while (!bytes && stream_line(&meminfo, line, sizeof(line))) {
		char *number = line + length, *space;

		if (strncmp(line, name, length))
			continue;
		number += strspn(number, " \t");
		space = strchr(number, ' ');
		if (space)
			memmove(space, space + 1, strlen(space));
		bytes = bytes_of_kb_name(number, "");
	}
	stream_close(&meminfo);
	return bytes;
}

size_t sizes_available_memory(void)
{
	return meminfo_bytes("MemAvailable:");
}

size_t sizes_thp(void)
{
	char text[32];
	size_t bytes;

	if (sys_read_file(THP_DIRECTORY "/hpage_pmd_size", text, sizeof(text)) <= 0)
		return 0;
	text[strcspn(text, "\n")] = '\0';
	return options_parse_size(text, &bytes) ? 0 : bytes;
}

size_t sizes_thp_likely(size_t base)
{
	return sizeof(void *) == 8 ? base * (base / sizeof(uint64_t)) : sizes_thp();
}

void sizes_read(struct page_sizes *sizes, size_t base)
{
	memset(sizes, 0, sizeof(*sizes));
	sizes->base = base;
	sizes->thp = sizes_thp();
	read_huge_directory(sizes);
	sizes->default_huge = meminfo_bytes("Hugepagesize:");
	add_huge_size(sizes, sizes->default_huge);
	if (!sizes_have(sizes, sizes->default_huge))
		sizes->default_huge = 0;
}

/* 0: the kernel has no hugetlb pages, or a filter or a policy forbids the file. */
static size_t default_by_file(void)
{
	const long fd = sys_memfd_create("libhugetlbfs", MFD_CLOEXEC | MFD_HUGETLB);
	struct statx file;
	long failed;

	if (SYS_IS_ERROR(fd))
		return 0;
	failed = sys_statx_fd((int)fd, &file);
	sys_close((int)fd);
	return failed ? 0 : file.stx_blksize;
}

void sizes_read_default(struct page_sizes *sizes, size_t base)
{
	const size_t bytes = sys_is_filtered() ? 0 : default_by_file();

	if (bytes <= base) {
		sizes_read(sizes, base);
		return;
	}
	*sizes = (struct page_sizes){.base = base, .default_huge = bytes};
	add_huge_size(sizes, bytes);
}

bool sizes_have(const struct page_sizes *sizes, size_t bytes)
{
	for (int i = 0; i < sizes->huge_count; i++)
		if (sizes->huge[i] == bytes)
			return true;
	return false;
}

bool sizes_chosen_word(const char *path, char *word, size_t bytes)
{
	char text[128], *open, *close;

	word[0] = '\0';
	if (sys_read_file(path, text, sizeof(text)) <= 0)
		return false;
	open = strchr(text, '[');
	close = open ? strchr(open, ']') : NULL;
	if (!close)
		return false;
	*close = '\0';
	text_format(word, bytes, "%s", open + 1);
	return true;
}

/* Since Linux 6.8 each size has a setting of its own, which may be to inherit the global one. */
enum thp_mode sizes_thp_mode(size_t thp_bytes)
{
	char path[sizeof(THP_DIRECTORY) + 48], word[16];

	text_format(path, sizeof(path), THP_DIRECTORY "/hugepages-%zukB/enabled", thp_bytes >> 10);
	if (!sizes_chosen_word(path, word, sizeof(word)) || !strcmp(word, "inherit"))
		sizes_chosen_word(THP_DIRECTORY "/enabled", word, sizeof(word));
	if (!strcmp(word, "always"))
		return THP_ALWAYS;
	if (!strcmp(word, "madvise"))
		return THP_MADVISE;
	return strcmp(word, "never") ? THP_NONE : THP_NEVER;
}

void sizes_log(const struct page_sizes *sizes)
{
	char mount[512];

	if (!log_at(LOG_INFO))
		return;
	for (int i = 0; i < sizes->huge_count; i++)
		log_info("Found pagesize %zu kB", sizes->huge[i] >> 10);
	log_info("Detected page sizes:");
	for (int i = 0; i < sizes->huge_count; i++) {
		bool found = !mount_find(sizes->huge[i], NULL, mount, sizeof(mount));

		log_info("   Size: %zu kB %s Mount: %s", sizes->huge[i] >> 10,
			 sizes->huge[i] == sizes->default_huge ? "(default) " : "",
			 found ? mount : "none");
	}
}
