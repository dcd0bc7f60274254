/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * --add-temp-swap and --add-ramdisk-swap: swap space to which the kernel can move memory while a
 * pool grows.
 *
 * It is removed at the end, also after an interruption, unless --persist was given. If a failure
 * leaves a swap file behind, the command that removes it is printed.
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <unistd.h>

#include "hugeadm.h"

#define SWAP_DIRECTORY MOUNTS_BASE "/swap"
#define SWAPS_MAX      64

static char swaps[SWAPS_MAX][64];
static int swap_count;
static char swap_file[64]; /* to be deleted by this tool, or empty */

static int switch_on(const struct request *request, const char *path)
{
	const char *const make[] = {"mkswap", path, NULL}, *const on[] = {"swapon", path, NULL};
	int result = change_run(request, make);

	if (!result && request->dry_run)
		result = change_run(request, on);
	else if (!result && swapon(path, 0))
		result = complain(-errno, "can't swap to %s: %s", path, strerror(errno));
	if (!result)
		snprintf(swaps[swap_count++], sizeof(swaps[0]), "%s", path);
	return result;
}

/* With all of its blocks, and readable only by its owner: it will contain memory. */
static int make_file(const struct request *request, const char *path, size_t bytes)
{
	int fd, result;

	if (request->dry_run) {
		printf("(umask 077; fallocate -l %zu %s)\n", bytes, path);
		return 0;
	}
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return complain(-errno, "can't make the swap file %s: %s", path, strerror(errno));
	progress_show(request, "making a swap file of %zu MB", bytes >> 20);
	/* EINTR: the file system was interrupted by a signal, which ends the tool anyway */
	result = -posix_fallocate(fd, 0, (off_t)bytes);
	close(fd);
	progress_end(request);
	if (result) {
		unlink(path);
		return complain(result, "can't make a swap file of %zu MB: %s", bytes >> 20,
				strerror(-result));
	}
	return 0;
}

int swap_add(const struct request *request)
{
	size_t page_bytes = request->sizes.default_huge, bytes;
	char path[sizeof(swap_file)];
	int result;

	for (int i = 0; i < request->pool_count; i++)
		if (request->pools[i].kind == POOL_MINIMUM)
			page_bytes = request->pools[i].page_bytes;
	if (__builtin_mul_overflow(page_bytes, request->temporary_swap_pages, &bytes) ||
	    bytes > LONG_MAX)
		return complain(-ERANGE, "a swap file of %lu pages is too big",
				request->temporary_swap_pages);
	snprintf(path, sizeof(path), SWAP_DIRECTORY "/temporary-%d", (int)getpid());
	result = change_directories(request, SWAP_DIRECTORY);
	if (!result)
		result = make_file(request, path, bytes);
	if (result)
		return result;
	strcpy(swap_file, path);
	return switch_on(request, path);
}

/* Is it a RAM disk that holds nothing, or old swap, and no file system? */
static bool is_free_ramdisk(const char *path)
{
	static char start[65536];
	const int fd = open(path, O_RDONLY | O_EXCL | O_CLOEXEC);
	ssize_t got;
	bool free = fd >= 0;

	if (!free)
		return false;
	got = read(fd, start, sizeof(start));
	if (got < 4096)
		free = false;
	else if (memcmp(start + sysconf(_SC_PAGESIZE) - 10, "SWAPSPACE2", 10))
		for (ssize_t i = 0; i < got && free; i++)
			free = !start[i];
	close(fd);
	return free;
}

int swap_add_ramdisks(const struct request *request)
{
	int result = 0, added = 0;
	glob_t disks;

	if (!glob("/dev/ram[0-9]*", 0, NULL, &disks)) {
		for (size_t i = 0; i < disks.gl_pathc && swap_count < SWAPS_MAX; i++) {
			if (!is_free_ramdisk(disks.gl_pathv[i]))
				continue;
			added++;
			result = switch_on(request, disks.gl_pathv[i]) ?: result;
		}
		globfree(&disks);
	}
	if (!added)
		return complain(-ENODEV, "no empty RAM disk to swap to (modprobe brd makes them)");
	return result;
}

static int switch_off(const struct request *request, const char *path)
{
	const char *const off[] = {"swapoff", path, NULL};
	int result;

	if (request->dry_run)
		return change_run(request, off);
	/* its content has to be read back into memory */
	progress_show(request, "removing the swap on %s", path);
	for (int tries = 0; swapoff(path); tries++) {
		if (errno == EINTR && tries < 5)
			continue;
		result = -errno;
		progress_end(request);
		return complain(result, "can't stop swapping to %s: %s (swapoff %s)", path,
				strerror(-result), path);
	}
	progress_end(request);
	tell(request, "no more swap on %s", path);
	return 0;
}

int swap_remove(const struct request *request)
{
	const char *const delete[] = {"rm", swap_file, NULL};
	const char *const clear[] = {"rmdir", "--ignore-fail-on-non-empty", SWAP_DIRECTORY, NULL};
	int result = 0;

	if (request->persist_swap) {
		for (int i = 0; i < swap_count && !request->dry_run; i++)
			fprintf(stderr,
				"hugeadm: swap stays on %s until the next boot, or swapoff %s\n",
				swaps[i], swaps[i]);
		return 0;
	}
	while (swap_count)
		result = switch_off(request, swaps[--swap_count]) ?: result;
	if (!swap_file[0] || result)
		return result;
	if (request->dry_run)
		return change_run(request, delete) ?: change_run(request, clear);
	if (unlink(swap_file))
		return complain(-errno, "can't delete %s: %s", swap_file, strerror(errno));
	rmdir(SWAP_DIRECTORY);
	return 0;
}
