/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * --create-mounts and related options: a hugetlbfs for each page size, under one directory, for
 * root, a user, a group or everybody.
 *
 * An existing mount is left alone, and compared with the request; differences are reported. After a
 * failure the directories stay, empty.
 */
#include <errno.h>
#include <linux/magic.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include "hugeadm.h"
#include "tools/common/proc_mounts.h"
#include "tools/common/shell_word.h"
#include "tools/common/size_text.h"

struct wanted_mount {
	const struct request *request;
	char path[256];
	char old_path[256]; /* named by the number of bytes, as before version 2.12 */
	size_t page_bytes;
	unsigned long uid, gid, mode, max_pages, min_pages; /* pages may be UNSET */
	char options[256];
};

static unsigned long chosen(unsigned long asked, unsigned long usual)
{
	return asked == UNSET ? usual : asked;
}

/*
 * The kernel counts whole pages, and rounding a limit up would exceed it. Returns false, after a
 * warning, if not even one page fits: that mount is skipped.
 */
static bool whole_pages(const char *option, unsigned long bytes, const struct wanted_mount *mount,
			unsigned long *pages)
{
	char page[SIZE_TEXT_BYTES], size[SIZE_TEXT_BYTES];

	*pages = bytes == UNSET ? UNSET : bytes / mount->page_bytes;
	if (*pages || !bytes)
		return true;
	warn(mount->request, "%s is not mounted: --%s %s is less than one page of %s", mount->path,
	     option, size_text_print(size, bytes), size_text_print(page, mount->page_bytes));
	return false;
}

/* "2MB", "1GB", "64KB": the names of the original's directories since version 2.12. */
static void name_size(char *text, size_t bytes, size_t page_bytes)
{
	char size[SIZE_TEXT_BYTES];

	snprintf(text, bytes, "pagesize-%sB", size_text_print(size, page_bytes));
}

__attribute__((format(printf, 2, 3))) static void add_option(struct wanted_mount *mount,
							     const char *format, ...)
{
	const size_t used = strlen(mount->options);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(mount->options + used, sizeof(mount->options) - used, format, arguments);
	va_end(arguments);
}

/* Returns whether there is something to mount. */
static bool prepare(struct wanted_mount *mount, const struct request *request,
		    const struct mounts_change *mounts, size_t page_bytes)
{
	static const unsigned int modes[] = {[MOUNTS_ROOT] = 0770,
					     [MOUNTS_USER] = 0700,
					     [MOUNTS_GROUP] = 0070,
					     [MOUNTS_GLOBAL] = 01777};
	static const char *const kinds[] = {[MOUNTS_ROOT] = "",
					    [MOUNTS_USER] = "/user/",
					    [MOUNTS_GROUP] = "/group/",
					    [MOUNTS_GLOBAL] = "/global"};
	char name[SIZE_TEXT_BYTES + 16];

	memset(mount, 0, sizeof(*mount));
	mount->request = request;
	mount->page_bytes = page_bytes;
	mount->uid = chosen(request->mount_uid, mounts->uid);
	mount->gid = chosen(request->mount_gid, mounts->gid);
	mount->mode = chosen(request->mount_mode, modes[mounts->kind]);
	name_size(name, sizeof(name), page_bytes);
	snprintf(mount->path, sizeof(mount->path), MOUNTS_BASE "%s%s/%s", kinds[mounts->kind],
		 mounts->name ? mounts->name : "", name);
	snprintf(mount->old_path, sizeof(mount->old_path), MOUNTS_BASE "%s%s/pagesize-%zu",
		 kinds[mounts->kind], mounts->name ? mounts->name : "", page_bytes);
	if (!whole_pages("max-size", request->max_size_bytes, mount, &mount->max_pages) ||
	    !whole_pages("min-size", request->min_size_bytes, mount, &mount->min_pages))
		return false;
	add_option(mount, "pagesize=%zu,uid=%lu,gid=%lu,mode=%04lo", page_bytes, mount->uid,
		   mount->gid, mount->mode);
	if (mount->max_pages != UNSET)
		add_option(mount, ",size=%lu", mount->max_pages * page_bytes);
	if (mount->min_pages != UNSET)
		add_option(mount, ",min_size=%lu", mount->min_pages * page_bytes);
	if (request->max_inodes != UNSET)
		add_option(mount, ",nr_inodes=%lu", request->max_inodes);
	return true;
}

/* The options of the topmost mount on that path, the visible one; false: there is none. */
static bool find_mounted(const char *path, char *options, size_t bytes)
{
	struct proc_mounts mounts;
	bool found = false;

	proc_mounts_open(&mounts);
	while (proc_mounts_next(&mounts)) {
		if (strcmp(mounts.entry.mnt_dir, path))
			continue;
		found = !strcmp(mounts.entry.mnt_type, "hugetlbfs");
		snprintf(options, bytes, "%s", mounts.entry.mnt_opts);
	}
	proc_mounts_close(&mounts);
	return found;
}

/* The value of an option in the kernel's format, in bytes. */
static unsigned long mounted_size(const char *options, const char *name)
{
	const struct mntent entry = {.mnt_opts = (char *)options};
	const char *found = hasmntopt(&entry, name);
	unsigned long bytes = 0;

	return found && sscanf(found + strlen(name), "=%lu", &bytes) == 1 ? bytes : 0;
}

static int differs(const struct wanted_mount *mount, const char *what, unsigned long asked,
		   unsigned long got, const char *format)
{
	char asked_text[24], got_text[24];

	if (asked == got)
		return 0;
	snprintf(asked_text, sizeof(asked_text), "%s%lu", format, asked);
	snprintf(got_text, sizeof(got_text), "%s%lu", format, got);
	if (*format == '0') {
		snprintf(asked_text, sizeof(asked_text), "%04lo", asked);
		snprintf(got_text, sizeof(got_text), "%04lo", got);
	}
	return complain(-EEXIST, "%s: %s: asked for %s, got %s", mount->path, what, asked_text,
			got_text);
}

/* Checks what is mounted there, whether this run or an earlier one mounted it. */
static int check(const struct wanted_mount *mount, const char *options, bool is_new)
{
	const struct request *request = mount->request;
	struct statfs filesystem;
	struct stat root;
	int result = 0;

	if (statfs(mount->path, &filesystem) || stat(mount->path, &root))
		return complain(-errno, "can't inspect %s: %s", mount->path, strerror(errno));
	if ((unsigned int)filesystem.f_type != HUGETLBFS_MAGIC)
		return complain(-EEXIST, "%s: another file system is mounted over it", mount->path);
	result = differs(mount, "bytes a page", mount->page_bytes, (size_t)filesystem.f_bsize, "");
	if (is_new || request->mount_uid != UNSET)
		result = differs(mount, "uid", mount->uid, root.st_uid, "") ?: result;
	if (is_new || request->mount_gid != UNSET)
		result = differs(mount, "gid", mount->gid, root.st_gid, "") ?: result;
	if (is_new || request->mount_mode != UNSET)
		result = differs(mount, "mode", mount->mode, root.st_mode & 07777, "0") ?: result;
	if (mount->max_pages != UNSET)
		result = differs(mount, "pages at most", mount->max_pages, filesystem.f_blocks, "")
				 ?: result;
	if (mount->min_pages != UNSET)
		result = differs(mount, "bytes at least", mount->min_pages * mount->page_bytes,
				 mounted_size(options, "min_size"), "")
				 ?: result;
	if (request->max_inodes != UNSET)
		result = differs(mount, "inodes at most", request->max_inodes, filesystem.f_files,
				 "")
				 ?: result;
	return result;
}

static int create(struct wanted_mount *wanted)
{
	char options[512];
	int result, error;

	if (find_mounted(wanted->old_path, options, sizeof(options)))
		strcpy(wanted->path, wanted->old_path);
	if (find_mounted(wanted->path, options, sizeof(options))) {
		tell(wanted->request, "%s is mounted already", wanted->path);
		return check(wanted, options, false);
	}
	result = change_directories(wanted->request, wanted->path);
	if (result)
		return result;
	if (wanted->request->dry_run) {
		printf("mount -t hugetlbfs -o %s none ", wanted->options);
		shell_word_print(wanted->path);
		putchar('\n');
		return 0;
	}
	tell(wanted->request, "mounting %s with %s", wanted->path, wanted->options);
	if (mount("none", wanted->path, "hugetlbfs", 0, wanted->options)) {
		error = errno;
		return complain(-error, "can't mount a hugetlbfs on %s with %s: %s%s", wanted->path,
				wanted->options, strerror(error),
				error == ENOMEM && wanted->min_pages != UNSET
					? " (the pool is short of --min-size)"
					: change_hint(error));
	}
	if (!find_mounted(wanted->path, options, sizeof(options)))
		options[0] = '\0';
	return check(wanted, options, true);
}

int mounts_create(const struct request *request, const struct mounts_change *mounts)
{
	int result = 0;

	if (!request->sizes.huge_count)
		return complain(-ENOSYS,
				"no huge page size is known, so no hugetlbfs can be mounted");
	/* what is forbidden for one size is forbidden for the others */
	for (int i = 0; i < request->sizes.huge_count && !change_is_forbidden(result); i++) {
		struct wanted_mount mount;

		if (prepare(&mount, request, mounts, request->sizes.huge[i]))
			result = create(&mount) ?: result;
	}
	return result;
}
