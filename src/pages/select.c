/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which pages a feature gets: see select.h. Reads /sys and /proc, in the constructor.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/auxv.h>

#include "base/error.h"
#include "base/log.h"
#include "base/sys.h"
#include "pages/first_touch.h"
#include "pages/mount.h"
#include "pages/pool.h"
#include "pages/sizes.h"
#include "pages/select.h"

/* Can the setting be read? 0 or -errno. */
static int thp_setting_error(void)
{
	const long fd = sys_open(THP_DIRECTORY "/enabled", O_RDONLY | O_CLOEXEC, 0);

	if (SYS_IS_ERROR(fd))
		return (int)fd;
	sys_close((int)fd);
	return 0;
}

/* Does a policy forbid this process to read the setting? Then it is unknown, not off. */
static bool is_thp_setting_denied(void)
{
	const int error = thp_setting_error();

	return error == -EACCES || error == -EPERM;
}

void select_log_thp_off(const char *feature, const char *why, const char *otherwise)
{
	const int error = thp_setting_error();

	if (error)
		log_declined(otherwise,
			     "%s: %sthe setting of transparent huge pages cannot be read (%s)",
			     feature, why, error_name(error));
	else
		log_declined(
			otherwise,
			"%s: %stransparent huge pages are off "
			"(/sys/kernel/mm/transparent_hugepage/enabled must say madvise or always)",
			feature, why);
}

/* The size is then what one full page table of base pages maps. */
size_t select_thp_bytes(const struct page_sizes *sizes)
{
	const enum thp_mode mode = sizes_thp_mode(sizes->thp);

	if (sizes->thp && (mode == THP_MADVISE || mode == THP_ALWAYS))
		return sizes->thp;
	if (mode == THP_NONE && is_thp_setting_denied())
		return sizes->thp ? sizes->thp : sizes->base * (sizes->base / sizeof(uint64_t));
	return 0;
}

/* Selects THP. `why` is the reason for not trying hugetlb, in words, or "". */
static int take_thp(const struct wanted_pages *wanted, const struct page_sizes *sizes,
		    struct source *source, const char *why)
{
	const size_t page_bytes = select_thp_bytes(sizes);

	if (!page_bytes) {
		select_log_thp_off(wanted->feature, why, wanted->otherwise);
		return -ENOTSUP;
	}
	if (*why)
		log_warning("%s: %susing transparent huge pages", wanted->feature, why);
	source->page_bytes = page_bytes;
	source->hugetlb = false;
	source->thp = true;
	return 0;
}

void select_hugetlb(const struct options *options, size_t page_bytes, struct source *source)
{
	first_touch_start();
	source->page_bytes = page_bytes;
	source->hugetlb = true;
	source->reserve = !options->no_reserve;
	source->memfd = options->no_map_hugetlb;
	source->mount = mount_listed(page_bytes, options->mounts);
}

/* The size of a feature's hugetlb pages; 0: it takes none. */
static size_t feature_bytes(enum feature_pages pages, size_t page_bytes, size_t default_bytes)
{
	if (pages == HEAP_OFF || pages == HEAP_THP)
		return 0;
	return pages == HEAP_SIZE ? page_bytes : default_bytes;
}

static bool path_is_used(const struct options *options, size_t default_bytes)
{
	const bool text = options->segments == SEGMENTS_CHOSEN && options->text;
	const bool data = options->segments == SEGMENTS_CHOSEN && options->data;
	const size_t text_bytes =
		options->text_page_bytes ? options->text_page_bytes : default_bytes;
	const size_t data_bytes =
		options->data_page_bytes ? options->data_page_bytes : default_bytes;
	const size_t sizes[] = {
		feature_bytes(options->heap, options->heap_page_bytes, default_bytes),
		feature_bytes(options->mmap, options->mmap_page_bytes, default_bytes),
		text ? text_bytes : 0,
		data ? data_bytes : 0,
	};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		if (sizes[i] && mount_listed(sizes[i], options->mounts))
			return true;
	return false;
}

void select_log_mount(const struct options *options, size_t default_bytes, const char *feature,
		      size_t page_bytes)
{
	static const char format[] =
		"%s: HUGETLB_PATH=%s is no hugetlbfs mount for pages of %lu kB that this user may "
		"write to; using pages without a mount";
	static bool warned;

	if (options->default_page_bytes)
		default_bytes = options->default_page_bytes;
	if (warned || path_is_used(options, default_bytes)) {
		log_info(format, feature, options->path, (unsigned long)(page_bytes >> 10));
		return;
	}
	log_warning(format, feature, options->path, (unsigned long)(page_bytes >> 10));
	warned = true;
}

int select_default_bytes(const struct options *options, const struct page_sizes *sizes,
			 size_t *page_bytes)
{
	const size_t asked = options->default_page_bytes;
	static bool warned;

	*page_bytes = asked && sizes_have(sizes, asked) ? asked : sizes->default_huge;
	if (*page_bytes == asked || !asked)
		return 0;
	if (!warned)
		log_declined("using the system's default",
			     "HUGETLB_DEFAULT_PAGE_SIZE: this machine has no huge pages of %lu kB",
			     (unsigned long)(asked >> 10));
	warned = true;
	return options->require ? -EINVAL : 0;
}

static void warn_if_empty(const char *feature, const struct source *source)
{
	const unsigned long page_kb = source->page_bytes >> 10;

	if (pool_is_empty(source->page_bytes))
		log_warning_once(
			LOG_POOL_SHORT,
			"%s: no free huge pages of %lu kB in the pool; using %s pages (to reserve "
			"some: echo N >/sys/kernel/mm/hugepages/hugepages-%lukB/nr_hugepages)",
			feature, page_kb, source->thp ? "transparent huge" : "small", page_kb);
}

int select_pages(const struct options *options, const struct wanted_pages *wanted,
		 struct source *source)
{
	static bool told;
	struct page_sizes sizes = {.base = getauxval(AT_PAGESZ)};

	if (wanted->pages == HEAP_SIZE || options->default_page_bytes || log_at(LOG_INFO))
		sizes_read(&sizes, sizes.base);
	else if (wanted->pages != HEAP_THP)
		sizes_read_default(&sizes, sizes.base);
	source->lazy =
		wanted->lazy && wanted->pages != HEAP_THP && !options->require && sizes.huge_count;
	if (!sizes.thp && !source->lazy)
		sizes.thp = sizes_thp_likely(sizes.base);
	if (log_at(LOG_INFO) && !told) {
		sizes_log(&sizes);
		told = true;
	}
	if (wanted->pages == HEAP_THP)
		return take_thp(wanted, &sizes, source, "");
	source->page_bytes = wanted->page_bytes;
	if (wanted->pages != HEAP_SIZE &&
	    select_default_bytes(options, &sizes, &source->page_bytes))
		return -EINVAL;
	if (!sizes.huge_count || !source->page_bytes) {
		static const char none[] = "this kernel shows no hugetlb pages; ";

		if (!options->require)
			return take_thp(wanted, &sizes, source, none);
		log_declined(wanted->otherwise, "%s: %s%s asks for them", wanted->feature, none,
			     wanted->variable);
		return -ENOTSUP;
	}
	if (!sizes_have(&sizes, source->page_bytes)) {
		log_declined(wanted->otherwise, "%s: %s: this machine has no huge pages of %lu kB",
			     wanted->feature, wanted->variable,
			     (unsigned long)(source->page_bytes >> 10));
		return -EINVAL;
	}
	select_hugetlb(options, source->page_bytes, source);
	source->thp = source->lazy || select_thp_bytes(&sizes);
	source->populate = !options->no_prefault;
	source->populate_write = source_can_populate_write();
	if (options->path && !source->mount)
		select_log_mount(options, sizes.default_huge, wanted->feature, source->page_bytes);
	source->quiet = source->thp_if_free = wanted->quiet;
	if (!options->require && !wanted->quiet && !source->lazy)
		warn_if_empty(wanted->feature, source);
	return 0;
}

void select_short(const char *feature, struct source *source)
{
	struct page_sizes sizes = {.base = getauxval(AT_PAGESZ)};

	if (!source->lazy || sys_sandboxed)
		return;
	source->lazy = false;
	sizes.thp = sizes_thp();
	source->thp = select_thp_bytes(&sizes);
	warn_if_empty(feature, source);
}
