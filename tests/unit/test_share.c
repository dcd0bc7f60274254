/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Text is shared by a file, with tmpfs in place of hugetlbfs: the gate reports its pages as huge.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/log.h"
#include "base/sys.h"
#include "segments/share.h"
#include "unit.h"

#define MAGIC 0x958458f6
#define M2    (2ul << 20)
#define TMPFS 0x01021994

static char scratch[64], copies[96], object[128];
static struct options options;
static struct share_text text;
static int descriptors;

/* Addresses that nobody uses: text is mapped somewhere in them. */
#define RESERVED_BYTES (8 * M2)
static uintptr_t reserved, misplaced;

static int open_descriptors(void)
{
	int count = 0;

	for (int fd = 0; fd < 256; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

/* How many files are in the directory of the copies; the name of one of them. */
static int copies_there(char *name)
{
	DIR *directory = opendir(copies);
	struct dirent *entry;
	int count = 0;

	assert_non_null(directory);
	while ((entry = readdir(directory)))
		if (entry->d_name[0] != '.') {
			count++;
			if (name)
				strcpy(name, entry->d_name);
		}
	closedir(directory);
	return count;
}

/* A file whose bytes depend on where they are and on seed. */
static void write_object(const char *path, size_t bytes, unsigned int seed)
{
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	for (size_t at = 0; at < bytes; at += sizeof(uint32_t)) {
		uint32_t word = (uint32_t)at * 2654435761u + seed;

		assert_int_equal(fwrite(&word, sizeof(word), 1, file), 1);
	}
	assert_int_equal(fclose(file), 0);
}

static void map_text(size_t offset, size_t file_bytes, size_t bytes)
{
	int fd = open(object, O_RDONLY | O_CLOEXEC);
	/* as the linker maps what is aligned for huge pages */
	uintptr_t aligned = (reserved + M2) & ~(M2 - 1);
	void *wanted = (void *)(aligned + misplaced + offset % M2);
	void *at = mmap(wanted, file_bytes, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED, fd,
			(off_t)offset);

	assert_true(fd >= 0 && at == wanted);
	close(fd);
	text = (struct share_text){
		.name = "object",
		.address = (uintptr_t)at,
		.bytes = bytes,
		.file_bytes = file_bytes,
		.page_bytes = M2,
		.build_id = {.bytes = "build-id of this", .count = 16},
	};
}

static void unmap_text(void)
{
	if (text.address)
		munmap((void *)text.address, text.file_bytes);
	text.address = 0;
}

static int setup(void **state)
{
	(void)state;
	gate_reset();
	log_set_level(LOG_INFO);
	gate_catch_stderr();
	gate_open_filesystem(MAGIC, (long)M2, 0);
	if (!reserved)
		reserved = (uintptr_t)mmap(NULL, RESERVED_BYTES, PROT_NONE,
					   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	strcpy(scratch, "/dev/shm/libhugetlbfs-unit.XXXXXX");
	assert_non_null(mkdtemp(scratch));
	snprintf(copies, sizeof(copies), "%s/copies", scratch);
	snprintf(object, sizeof(object), "%s/object", scratch);
	assert_int_equal(mkdir(copies, 0700), 0);
	write_object(object, 2 * M2 + 12288, 1);
	options = (struct options){.share = true, .share_path = copies};
	map_text(4096, 2 * M2, 2 * M2);
	descriptors = open_descriptors();
	return 0;
}

static int release(void **state)
{
	char command[160];

	(void)state;
	unmap_text();
	gate_reset();
	assert_int_equal(open_descriptors(), descriptors);
	snprintf(command, sizeof(command), "rm -rf '%s'", scratch);
	return system(command);
}

#define SHARE_TEST(function) cmocka_unit_test_setup_teardown(function, setup, release)

/* Opens the text's copy, compares it with what is mapped, and says which file it is. */
static ino_t share_and_compare(void)
{
	int fd = share_open(&text, &options);
	struct stat status;
	unsigned char *copy;

	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDONLY);
	assert_int_equal(fstat(fd, &status), 0);
	assert_int_equal(status.st_size, text.bytes);
	assert_int_equal(status.st_mode & 0222, 0);
	copy = mmap(NULL, text.bytes, PROT_READ, MAP_SHARED, fd, 0);
	assert_true(copy != MAP_FAILED);
	assert_memory_equal(copy, (void *)text.address, text.file_bytes);
	for (size_t at = text.file_bytes; at < text.bytes; at++)
		assert_int_equal(copy[at], 0);
	munmap(copy, text.bytes);
	close(fd);
	return status.st_ino;
}

static void assert_refused(int error, const char *reason)
{
	assert_int_equal(share_open(&text, &options), error);
	if (!strstr(gate_stderr(), reason))
		fail_msg("no `%s` in `%s`", reason, gate_stderr());
	assert_int_equal(gate_stderr_lines(), 1);
	gate_catch_stderr();
	assert_int_equal(open_descriptors(), descriptors);
}

static void second_one_finds_what_the_first_made(void **state)
{
	ino_t first = share_and_compare();

	(void)state;
	assert_int_equal(copies_there(NULL), 1);
	assert_int_equal(gate_calls(SYS_fallocate), 1);
	assert_int_equal(share_and_compare(), first);
	assert_int_equal(copies_there(NULL), 1);
	assert_int_equal(gate_calls(SYS_fallocate), 1);
}

static void rest_of_the_last_page_is_zero(void **state)
{
	(void)state;
	unmap_text();
	map_text(4096, M2 + 8192, 2 * M2);
	share_and_compare();
}

static void what_lies_behind_the_files_end_is_zero(void **state)
{
	(void)state;
	unmap_text();
	write_object(object, 4096 + M2 + 100, 1);
	map_text(4096, M2 + 4096, 2 * M2);
	share_and_compare();
}

static void the_name_plays_no_part(void **state)
{
	char other[128], own[sizeof(object)];
	ino_t first = share_and_compare();

	(void)state;
	snprintf(other, sizeof(other), "%s/other", scratch);
	assert_int_equal(symlink(object, other), 0);
	unmap_text();
	strcpy(own, object);
	strcpy(object, other);
	map_text(4096, 2 * M2, 2 * M2);
	assert_int_equal(share_and_compare(), first);
	assert_int_equal(unlink(other), 0);
	strcpy(object, own);
}

static void what_makes_another_text(void **state)
{
	ino_t first = share_and_compare(), second, third, fourth;

	(void)state;
	/* another build-id */
	text.build_id.bytes[3]++;
	second = share_and_compare();
	assert_int_not_equal(second, first);
	text.build_id.bytes[3]--;
	/* another place in the file */
	unmap_text();
	map_text(8192, 2 * M2, 2 * M2);
	third = share_and_compare();
	assert_int_not_equal(third, first);
	/* the same build-id and size, but written again */
	unmap_text();
	write_object(object, 2 * M2 + 12288, 2);
	map_text(4096, 2 * M2, 2 * M2);
	fourth = share_and_compare();
	assert_int_not_equal(fourth, first);
	assert_int_equal(copies_there(NULL), 4);
}

static void without_a_build_id_the_text_is_the_key(void **state)
{
	ino_t first;

	(void)state;
	text.build_id.count = 0;
	first = share_and_compare();
	assert_int_equal(share_and_compare(), first);
	/* the same text in a file of another time */
	unmap_text();
	write_object(object, 2 * M2 + 12288, 1);
	map_text(4096, 2 * M2, 2 * M2);
	text.build_id.count = 0;
	assert_int_equal(share_and_compare(), first);
	unmap_text();
	write_object(object, 2 * M2 + 12288, 2);
	map_text(4096, 2 * M2, 2 * M2);
	text.build_id.count = 0;
	assert_int_not_equal(share_and_compare(), first);
	assert_int_equal(copies_there(NULL), 2);
}

static void a_page_that_was_written_to_is_not_shared(void **state)
{
	volatile char *at = (char *)text.address + M2 + 5000;

	(void)state;
	assert_int_equal(mprotect((void *)text.address, text.bytes, PROT_READ | PROT_WRITE), 0);
	*at = (char)0xcc;
	assert_refused(-ESTALE, "differs from memory");
	assert_int_equal(mprotect((void *)text.address, text.bytes, PROT_READ | PROT_EXEC), 0);
	assert_refused(-ESTALE, "differs from memory");
}

static void memory_that_is_no_files_is_not_shared(void **state)
{
	void *middle = (void *)(text.address + M2);

	(void)state;
	assert_true(mmap(middle, 4096, PROT_READ | PROT_EXEC,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == middle);
	assert_refused(-ESTALE, "differs from memory");
	munmap(middle, 4096);
	assert_refused(-ESTALE, "differs from memory");
	assert_int_equal(copies_there(NULL), 0);
}

/* Kernels before 6.7 and 6.11 don't answer single questions; then all of the text is read. */
static void older_kernels(void **state)
{
	ino_t first = share_and_compare();

	gate_fail_always(SYS_ioctl, ENOTTY);
	assert_int_equal(share_and_compare(), first);
	gate_catch_stderr();
	a_page_that_was_written_to_is_not_shared(state);
}

static void memory_of_another_file(void **state)
{
	gate_fail_always(SYS_ioctl, ENOTTY);
	memory_that_is_no_files_is_not_shared(state);
}

static void two_mappings_of_one_file_are_one_text(void **state)
{
	(void)state;
	assert_int_equal(mprotect((void *)text.address, M2 / 2, PROT_READ), 0);
	share_and_compare();
}

/* The kernel then calls it "<path> (deleted)", and there may be a file of that name. */
static void find_another_file_by_the_name(void)
{
	char deleted[sizeof(object) + 16];

	snprintf(deleted, sizeof(deleted), "%s (deleted)", object);
	assert_int_equal(unlink(object), 0);
	snprintf(object, sizeof(object), "%.*s", (int)sizeof(object) - 1, deleted);
}

static void a_file_without_its_name_is_not_shared(void **state)
{
	(void)state;
	find_another_file_by_the_name();
	assert_refused(-ENOENT, "cannot be read");
	write_object(object, 2 * M2 + 12288, 1);
	assert_refused(-ESTALE, "differs from memory");
	assert_int_equal(unlink(object), 0);
	assert_int_equal(mkfifo(object, 0600), 0);
	assert_refused(-ESTALE, "differs from memory");
	assert_int_equal(copies_there(NULL), 0);
}

/* As on btrfs and overlayfs, where stat and maps name different devices. */
static void a_file_that_stat_does_not_know_is_mapped(void **state)
{
	ino_t first = share_and_compare();
	unsigned long maps = gate_calls(SYS_mmap);

	(void)state;
	gate_other_device(true);
	assert_int_equal(share_and_compare(), first);
	/* two more to compare the copy */
	assert_int_equal(gate_calls(SYS_mmap), maps + 3);
	/* and another file of that name is still found out */
	find_another_file_by_the_name();
	write_object(object, 2 * M2 + 12288, 1);
	gate_catch_stderr();
	assert_refused(-ESTALE, "differs from memory");
}

/* A program that is not aligned for huge pages: each start would make a copy of its own. */
static void text_at_another_place_each_time(void **state)
{
	(void)state;
	unmap_text();
	misplaced = 4096;
	map_text(4096, 2 * M2, 2 * M2);
	misplaced = 0;
	assert_refused(-EXDEV, "object is at another offset within its huge pages at each start");
	assert_int_equal(copies_there(NULL), 0);
	/* but at a fixed address, it is the same place each time */
	text.fixed = true;
	share_and_compare();
}

static void a_copy_of_root_or_ones_own_is_trusted(void **state)
{
	(void)state;
	if (getuid()) {
		print_message("needs root\n");
		skip();
	}
	share_and_compare();
	gate_user(1234);
	share_and_compare();
	assert_int_equal(chown(copies, 1234, 0), 0);
	share_and_compare();
}

static void what_belongs_to_others_is_refused(void **state)
{
	char name[SHARE_NAME_BYTES], path[512];

	(void)state;
	if (getuid()) {
		print_message("needs root\n");
		skip();
	}
	share_and_compare();
	gate_catch_stderr();
	copies_there(name);
	snprintf(path, sizeof(path), "%s/%s", copies, name);
	assert_int_equal(chown(path, 1234, 0), 0);
	assert_refused(-EACCES, "belongs to another user");
	assert_int_equal(chown(path, 0, 0), 0);
	assert_int_equal(chown(copies, 1234, 0), 0);
	assert_refused(-EACCES, "copies belongs to another user");
}

static void what_others_may_write_is_refused(void **state)
{
	char name[SHARE_NAME_BYTES], path[512];

	(void)state;
	share_and_compare();
	gate_catch_stderr();
	copies_there(name);
	snprintf(path, sizeof(path), "%s/%s", copies, name);
	assert_int_equal(chmod(path, 0464), 0);
	assert_refused(-EACCES, "is writable by others");
	assert_int_equal(chmod(path, 0444), 0);
	assert_int_equal(chmod(copies, 01777), 0);
	assert_refused(-EACCES, "copies is writable by others");
	assert_int_equal(chmod(copies, 0755), 0);
	share_and_compare();
}

static void what_is_not_a_whole_copy_is_refused(void **state)
{
	char name[SHARE_NAME_BYTES], path[512], other[600];

	(void)state;
	share_and_compare();
	gate_catch_stderr();
	copies_there(name);
	snprintf(path, sizeof(path), "%s/%s", copies, name);
	snprintf(other, sizeof(other), "%s.other", path);
	assert_int_equal(rename(path, other), 0);
	assert_int_equal(symlink(other, path), 0);
	assert_refused(-EACCES, "is a symbolic link");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_refused(-EACCES, "is not a file");
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(rename(other, path), 0);
	assert_int_equal(truncate(path, (off_t)M2), 0);
	assert_refused(-EACCES, "is not complete");
	/* as long as it should be, and with a hole */
	assert_int_equal(truncate(path, (off_t)(2 * M2)), 0);
	assert_refused(-EACCES, "is not complete");
}

/* Changes one byte of the only copy, as its owner can; again puts it back. */
static void flip_a_byte_of_the_copy(off_t at)
{
	char name[BUILD_ID_BYTES_MAX + 256], path[512];
	unsigned char byte;
	int fd;

	assert_int_equal(copies_there(name), 1);
	snprintf(path, sizeof(path), "%s/%s", copies, name);
	assert_int_equal(chmod(path, 0644), 0);
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &byte, 1, at), 1);
	byte ^= 1;
	assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	close(fd);
	assert_int_equal(chmod(path, 0444), 0);
}

static void a_copy_that_holds_something_else_is_refused(void **state)
{
	static const off_t places[] = {0, 65535, 65536, M2 + 8191, M2 + 8192, 2 * M2 - 1};

	(void)state;
	unmap_text();
	map_text(4096, M2 + 8192, 2 * M2);
	share_and_compare();
	gate_catch_stderr();
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		flip_a_byte_of_the_copy(places[i]);
		assert_refused(-EACCES, "does not hold the text of its file");
		flip_a_byte_of_the_copy(places[i]);
	}
	share_and_compare();
	gate_catch_stderr();
	gate_fail(SYS_pread64, 1, EIO);
	assert_refused(-EACCES, "cannot be compared with its file (EIO)");
}

static void directories_that_do_not_serve(void **state)
{
	(void)state;
	gate_open_filesystem(TMPFS, 4096, 0);
	assert_refused(-EINVAL, "is not on a hugetlbfs");
	gate_open_filesystem(MAGIC, 1l << 30, 0);
	assert_refused(-EINVAL, "is not on a hugetlbfs");
	gate_open_filesystem(MAGIC, (long)M2, ST_NOEXEC);
	assert_refused(-EACCES, "a mount with noexec");
	gate_open_filesystem(MAGIC, (long)M2, 0);
	options.share_path = "/nonexistent/copies";
	assert_refused(-ENOENT, "cannot be opened");
	options.share_path = object;
	assert_refused(-ENOTDIR, "cannot be opened");
}

static void the_mount_gets_a_directory_for_the_user(void **state)
{
	char expected[160];
	struct stat status;

	(void)state;
	options.share_path = NULL;
	assert_refused(-ENOENT, "hugetlbfs is not mounted");
	options.path = "/elsewhere";
	assert_refused(-ENOENT, "/elsewhere is not mounted");
	text.mount = scratch;
	snprintf(copies, sizeof(copies), "%s/elflink-uid-%u", scratch, getuid());
	share_and_compare();
	assert_int_equal(copies_there(NULL), 1);
	assert_int_equal(stat(copies, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0700);
	/* a link in the place of the directory is not followed */
	snprintf(expected, sizeof(expected), "%s/elsewhere", scratch);
	assert_int_equal(rename(copies, expected), 0);
	assert_int_equal(symlink(expected, copies), 0);
	gate_catch_stderr();
	assert_refused(-ENOTDIR, "cannot be opened");
}

static void a_short_pool_leaves_nothing(void **state)
{
	(void)state;
	gate_fail_always(SYS_fallocate, ENOSPC);
	assert_refused(-ENOSPC, "cannot take 2 huge pages of 2048 kB");
	assert_int_equal(copies_there(NULL), 0);
}

static void a_signal_does_not_end_it(void **state)
{
	(void)state;
	gate_fail(SYS_fallocate, 1, EINTR);
	share_and_compare();
	assert_int_equal(gate_calls(SYS_fallocate), 2);
}

static void of_two_writers_the_first_wins(void **state)
{
	ino_t first = share_and_compare();

	(void)state;
	/* the directory, maps, the object, pagemap, and then the copy */
	gate_fail(SYS_openat, 5, ENOENT);
	assert_int_equal(share_and_compare(), first);
	/* each of them publishes, or tries to, and takes its own name away from the mapping */
	assert_int_equal(gate_calls(SYS_linkat), 4);
	/* and where there were no pages for a second one, the first one's copy is taken as well */
	gate_fail(SYS_openat, 5, ENOENT);
	gate_fail_always(SYS_fallocate, ENOSPC);
	assert_int_equal(share_and_compare(), first);
	assert_int_equal(copies_there(NULL), 1);
}

/* What a process left that was killed between making its second name and taking it away. */
static void a_second_name_that_was_left_is_taken_away(void **state)
{
	ino_t first = share_and_compare();
	char name[SHARE_NAME_BYTES], path[512], second[512];

	(void)state;
	copies_there(name);
	snprintf(path, sizeof(path), "%s/%s", copies, name);
	snprintf(second, sizeof(second), "%s/tmp-%s", copies, name);
	assert_int_equal(link(path, second), 0);
	assert_int_equal(share_and_compare(), first);
	assert_int_equal(copies_there(NULL), 1);
	/* and where it is another file's */
	assert_int_equal(mkfifo(second, 0600), 0);
	assert_int_equal(share_and_compare(), first);
	assert_int_equal(copies_there(NULL), 1);
}

/* The mapping of a copy says that its file is gone. */
static void a_mapping_bears_no_name(void **state)
{
	int fd = share_open(&text, &options);
	char link[64], target[512];
	ssize_t length;

	(void)state;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = readlink(link, target, sizeof(target) - 1);
	assert_true(length > 0);
	target[length] = '\0';
	assert_non_null(strstr(target, " (deleted)"));
	close(fd);
}

static void a_file_that_changes_meanwhile_is_not_published(void **state)
{
	(void)state;
	gate_modified_at_call(3);
	assert_refused(-ESTALE, "(ESTALE)");
	assert_int_equal(copies_there(NULL), 0);
}

/* Whatever call fails: an error or a whole copy, and no descriptor, mapping or other file. */
static void every_call_fails_in_turn(void **state)
{
	unsigned long calls;

	(void)state;
	share_and_compare();
	calls = gate_calls(GATE_ANY);
	assert_true(calls > 20);
	for (unsigned long nth = 1; nth <= calls; nth++) {
		char name[512], path[700];
		int fd;

		if (copies_there(name)) {
			snprintf(path, sizeof(path), "%s/%s", copies, name);
			assert_int_equal(unlink(path), 0);
		}
		gate_fail(GATE_ANY, nth, EIO);
		fd = share_open(&text, &options);
		gate_fail(GATE_ANY, 0, 0);
		if (fd >= 0)
			close(fd);
		gate_catch_stderr();
		assert_int_equal(open_descriptors(), descriptors);
		assert_true(copies_there(NULL) <= 1);
		share_and_compare();
	}
}

static void needs_a_tmpfs_at_dev_shm(void **state)
{
	(void)state;
	skip();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SHARE_TEST(second_one_finds_what_the_first_made),
		SHARE_TEST(rest_of_the_last_page_is_zero),
		SHARE_TEST(what_lies_behind_the_files_end_is_zero),
		SHARE_TEST(the_name_plays_no_part),
		SHARE_TEST(what_makes_another_text),
		SHARE_TEST(without_a_build_id_the_text_is_the_key),
		SHARE_TEST(a_page_that_was_written_to_is_not_shared),
		SHARE_TEST(memory_that_is_no_files_is_not_shared),
		SHARE_TEST(older_kernels),
		SHARE_TEST(memory_of_another_file),
		SHARE_TEST(two_mappings_of_one_file_are_one_text),
		SHARE_TEST(a_file_without_its_name_is_not_shared),
		SHARE_TEST(a_file_that_stat_does_not_know_is_mapped),
		SHARE_TEST(text_at_another_place_each_time),
		SHARE_TEST(a_copy_of_root_or_ones_own_is_trusted),
		SHARE_TEST(what_belongs_to_others_is_refused),
		SHARE_TEST(what_others_may_write_is_refused),
		SHARE_TEST(what_is_not_a_whole_copy_is_refused),
		SHARE_TEST(a_copy_that_holds_something_else_is_refused),
		SHARE_TEST(directories_that_do_not_serve),
		SHARE_TEST(the_mount_gets_a_directory_for_the_user),
		SHARE_TEST(a_short_pool_leaves_nothing),
		SHARE_TEST(a_signal_does_not_end_it),
		SHARE_TEST(of_two_writers_the_first_wins),
		SHARE_TEST(a_second_name_that_was_left_is_taken_away),
		SHARE_TEST(a_mapping_bears_no_name),
		SHARE_TEST(a_file_that_changes_meanwhile_is_not_published),
		SHARE_TEST(every_call_fails_in_turn),
	};
	const struct CMUnitTest elsewhere[] = {UNIT_TEST(needs_a_tmpfs_at_dev_shm)};
	struct statfs memory;

	/* Another file system allocates in other units, and may lack files without a name. */
	if (statfs("/dev/shm", &memory) || memory.f_type != TMPFS || access("/dev/shm", W_OK))
		return cmocka_run_group_tests(elsewhere, NULL, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
