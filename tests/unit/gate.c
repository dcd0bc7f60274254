/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Counting and failing of calls, and the files that are served.
 *
 * A call passes, in this order: counts, failures, what a test put in its place, the kernel.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "base/sys.h"
#include "gate.h"
#include "gate_pool.h"

#define NUMBERS_MAX  512
#define FAILURES_MAX 4
#define ENTRIES_MAX  64
#define CAUGHT_BYTES 65536

static unsigned long calls[NUMBERS_MAX], all_calls;

static struct {
	long number;
	unsigned long nth;
	int error;
} once;

static struct {
	long number;
	int error;
} always[FAILURES_MAX];

static bool failing_late;

/* A path that the test made: a file, a directory, or the root of a mounted file system. */
static struct entry {
	const char *path, *contents;
	const char *const *names;
	size_t name_count;
	long magic, block_bytes;
	int access_error;
} entries[ENTRIES_MAX];
static size_t entry_count;
static bool system_hidden;

/* The one directory that may be open. */
static struct {
	int fd;
	const struct entry *entry;
	size_t next;
} open_directory = {.fd = -1};

/* What the file system of any open file is. */
static struct {
	long magic, block_bytes, flags;
} open_filesystem;

/* What statx of an open file says besides the truth. */
static bool other_device;
static long user = -1;
static unsigned long modified_at_call;

static bool catching, secure;
static char caught[CAUGHT_BYTES];
static size_t caught_bytes;

void gate_reset(void)
{
	memset(calls, 0, sizeof(calls));
	memset(always, 0, sizeof(always));
	memset(&once, 0, sizeof(once));
	all_calls = 0;
	entry_count = 0;
	system_hidden = catching = secure = failing_late = false;
	open_filesystem.magic = 0;
	other_device = false;
	user = -1;
	modified_at_call = 0;
	caught_bytes = 0;
	gate_pool(NULL);
}

void gate_fail(long number, unsigned long nth, int error)
{
	once.number = number;
	once.nth = nth;
	once.error = error;
}

void gate_fail_always(long number, int error)
{
	for (int i = 0; i < FAILURES_MAX; i++)
		if (!always[i].error) {
			always[i].number = number;
			always[i].error = error;
			return;
		}
	abort();
}

void gate_fail_late(void)
{
	failing_late = true;
}

unsigned long gate_calls(long number)
{
	return number == GATE_ANY ? all_calls : calls[number];
}

void gate_hide_system(void)
{
	system_hidden = true;
}

static void add_entry(struct entry entry)
{
	if (entry_count == ENTRIES_MAX)
		abort();
	entries[entry_count++] = entry;
}

void gate_file(const char *path, const char *contents)
{
	add_entry((struct entry){.path = path, .contents = contents});
}

void gate_directory(const char *path, const char *const *names, size_t count)
{
	add_entry((struct entry){.path = path, .names = names, .name_count = count});
}

void gate_filesystem(const char *path, long magic, long block_bytes, int access_error)
{
	add_entry((struct entry){.path = path,
				 .magic = magic,
				 .block_bytes = block_bytes,
				 .access_error = access_error});
}

void gate_open_filesystem(long magic, long block_bytes, long flags)
{
	open_filesystem.magic = magic;
	open_filesystem.block_bytes = block_bytes;
	open_filesystem.flags = flags;
}

void gate_user(long number)
{
	user = number;
}

void gate_other_device(bool other)
{
	other_device = other;
}

void gate_modified_at_call(unsigned long nth)
{
	modified_at_call = nth;
}

void gate_catch_stderr(void)
{
	catching = true;
	caught_bytes = 0;
}

const char *gate_stderr(void)
{
	caught[caught_bytes] = '\0';
	return caught;
}

unsigned int gate_stderr_lines(void)
{
	unsigned int lines = 0;

	for (const char *at = gate_stderr(); (at = strchr(at, '\n')); at++)
		lines++;
	return lines;
}

void gate_secure(bool is_secure)
{
	secure = is_secure;
}

unsigned long __wrap_getauxval(unsigned long type)
{
	return type == AT_SECURE ? secure : __real_getauxval(type);
}

static const struct entry *find_entry(const char *path)
{
	for (size_t i = 0; i < entry_count; i++)
		if (!strcmp(entries[i].path, path))
			return &entries[i];
	return NULL;
}

/* What the machine's owner has in our configuration file is no matter of a test's. */
static bool is_hidden(const char *path)
{
	if (!strcmp(path, "/etc/libhugetlbfs.conf"))
		return true;
	return system_hidden && (!strncmp(path, "/proc", 5) || !strncmp(path, "/sys", 4));
}

static long serve_open(long directory, const char *path, long flags, long mode)
{
	const struct entry *entry = find_entry(path);
	size_t bytes;
	int fd;

	if (!entry || entry->magic)
		return is_hidden(path)
			       ? -ENOENT
			       : sys_pass(SYS_openat, directory, (long)path, flags, mode, 0, 0);
	fd = (int)sys_pass(SYS_memfd_create, (long)"gate", MFD_CLOEXEC, 0, 0, 0, 0);
	if (fd < 0)
		abort();
	if (entry->names) {
		open_directory.fd = fd;
		open_directory.entry = entry;
		open_directory.next = 0;
	} else {
		bytes = entry->contents ? strlen(entry->contents) : 0;
		if (bytes && write(fd, entry->contents, bytes) != (ssize_t)bytes)
			abort();
		lseek(fd, 0, SEEK_SET);
		fchmod(fd, 0644);
	}
	return fd;
}

static long serve_getdents(char *out, size_t bytes)
{
	const struct entry *entry = open_directory.entry;
	size_t used = 0;

	while (open_directory.next < entry->name_count) {
		const char *name = entry->names[open_directory.next];
		struct dirent64 *record = (void *)(out + used);
		size_t record_bytes = (offsetof(struct dirent64, d_name) + strlen(name) + 8) & ~7ul;

		if (used + record_bytes > bytes)
			return used ? (long)used : -EINVAL;
		record->d_ino = 1;
		record->d_reclen = (unsigned short)record_bytes;
		record->d_type = DT_DIR;
		memcpy((char *)record + offsetof(struct dirent64, d_name), name, strlen(name) + 1);
		used += record_bytes;
		open_directory.next++;
	}
	return (long)used;
}

static long serve_statfs(const struct entry *entry, struct statfs64 *out)
{
	memset(out, 0, sizeof(*out));
	out->f_type = (__typeof__(out->f_type))entry->magic;
	out->f_bsize = (__typeof__(out->f_bsize))entry->block_bytes;
	return 0;
}

static long serve_open_filesystem(struct statfs64 *out)
{
	memset(out, 0, sizeof(*out));
	out->f_type = (__typeof__(out->f_type))open_filesystem.magic;
	out->f_bsize = (__typeof__(out->f_bsize))open_filesystem.block_bytes;
	out->f_flags = (__typeof__(out->f_flags))open_filesystem.flags;
	return 0;
}

static long serve_statx(long fd, long path, long flags, long mask, struct statx *out)
{
	long result = sys_pass(SYS_statx, fd, path, flags, mask, (long)out, 0);

	if (result)
		return result;
	out->stx_dev_major += other_device;
	if (modified_at_call && !--modified_at_call)
		out->stx_ctime.tv_sec++;
	return 0;
}

static long catch_write(const char *text, size_t bytes)
{
	if (caught_bytes + bytes >= sizeof(caught))
		abort();
	memcpy(caught + caught_bytes, text, bytes);
	caught_bytes += bytes;
	return (long)bytes;
}

/* Returns the error of a failure that is due, or 0. */
static int due_failure(long number)
{
	if (once.nth && (once.number == number || once.number == GATE_ANY) && !--once.nth)
		return once.error;
	for (int i = 0; i < FAILURES_MAX; i++)
		if (always[i].error && always[i].number == number)
			return always[i].error;
	return 0;
}

/* A call that fails may have done half of what it does. */
static void do_half(long number, long a, long c, long d, long e)
{
	long result;

	/* Whatever close returns, the descriptor is closed. */
	if (number == SYS_close)
		sys_pass(SYS_close, a);
	if (failing_late && number == SYS_mremap && d & MREMAP_FIXED &&
	    !gate_pool_call(&result, SYS_munmap, e, c, 0, 0, 0))
		sys_pass(SYS_munmap, e, c);
}

long sys_gate(long number, long a, long b, long c, long d, long e, long f)
{
	const struct entry *entry;
	long result;
	int error;

	all_calls++;
	if (number < NUMBERS_MAX)
		calls[number]++;
	error = due_failure(number);
	if (error) {
		do_half(number, a, c, d, e);
		return -error;
	}
	if (gate_pool_call(&result, number, a, b, c, d, e))
		return result;
	switch (number) {
	case SYS_openat:
		return serve_open(a, (const char *)b, c, d);
	case SYS_getdents64:
		if (a == open_directory.fd)
			return serve_getdents((char *)b, (size_t)c);
		break;
	case SYS_close:
		if (a == open_directory.fd)
			open_directory.fd = -1;
		break;
	case CPU_STATFS_NUMBER:
		entry = find_entry((const char *)a);
		if (entry)
			return serve_statfs(entry, (void *)(CPU_STATFS_TAKES_SIZE ? c : b));
		break;
	case CPU_GETEUID_NUMBER:
		if (user >= 0)
			return user;
		break;
	case SYS_statx:
		return serve_statx(a, b, c, d, (void *)e);
	case CPU_FSTATFS_NUMBER:
		if (open_filesystem.magic)
			return serve_open_filesystem((void *)(CPU_STATFS_TAKES_SIZE ? c : b));
		break;
	case SYS_faccessat:
		entry = find_entry((const char *)b);
		if (entry)
			return -entry->access_error;
		break;
	case SYS_write:
		if (catching && a == 2)
			return catch_write((const char *)b, (size_t)c);
		break;
	case SYS_ppoll:
		if (catching)
			return 0;
		break;
	}
	return sys_pass(number, a, b, c, d, e, f);
}
