/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which mappings of which files HUGETLB_MMAP_FILES is for.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/sys.h"
#include "copies/copy_name.h"
#include "copies/copy_note.h"
#include "files/wanted.h"
#include "unit.h"

#define M2 ((size_t)2 << 20)

static bool is_wanted(int protection, int flags, size_t bytes)
{
	const struct calls_file call = {
		.bytes = bytes, .protection = protection, .flags = flags, .fd = 0};

	return wanted_file_is(&call, M2);
}

static void test_arguments(void **state)
{
	(void)state;
	assert_true(is_wanted(PROT_READ, MAP_SHARED, M2));
	assert_true(is_wanted(PROT_READ, MAP_PRIVATE | MAP_POPULATE | MAP_NORESERVE, M2));
	assert_false(is_wanted(PROT_READ, MAP_SHARED, M2 - 1));
	assert_false(is_wanted(PROT_READ | PROT_WRITE, MAP_PRIVATE, M2));
	assert_false(is_wanted(PROT_READ | PROT_EXEC, MAP_PRIVATE, M2));
	assert_false(is_wanted(PROT_NONE, MAP_PRIVATE, M2));
	assert_false(is_wanted(PROT_READ, MAP_SHARED | MAP_LOCKED, M2));
	assert_false(is_wanted(PROT_READ, MAP_SHARED_VALIDATE, M2));
	sys_sandboxed = true;
	assert_false(is_wanted(PROT_READ, MAP_SHARED, M2));
	sys_sandboxed = false;
}

static void test_patterns(void **state)
{
	(void)state;
	assert_true(wanted_file_matches("/models/a.gguf", "*.gguf"));
	assert_true(wanted_file_matches("/models/a.gguf", "b:a.gguf"));
	assert_true(wanted_file_matches("/models/a.gguf", "/models/*"));
	assert_true(wanted_file_matches("/models/deep/a.gguf", "/data/*:/models/*"));
	assert_true(wanted_file_matches("/models/a.gguf", "::?.gguf"));
	assert_false(wanted_file_matches("/models/a.gguf", "gguf:*.bin:models"));
	assert_false(wanted_file_matches("/models/a.gguf", "/a.gguf"));
	assert_false(wanted_file_matches("/models/a.gguf", ":"));
}

/* A copy's name changes with all that changes when a file does. */
static void test_names(void **state)
{
	const struct statx file = {.stx_dev_major = 1,
				   .stx_dev_minor = 2,
				   .stx_ino = 3,
				   .stx_size = 4,
				   .stx_mtime = {.tv_sec = 5, .tv_nsec = 6},
				   .stx_ctime = {.tv_sec = 7, .tv_nsec = 8}};
	struct statx others[] = {file, file, file, file, file, file, file, file};
	char name[COPY_NAME_BYTES], other[COPY_NAME_BYTES];

	(void)state;
	others[0].stx_dev_major++;
	others[1].stx_dev_minor++;
	others[2].stx_ino += (uint64_t)1 << 32;
	others[3].stx_size += (uint64_t)1 << 32;
	others[4].stx_mtime.tv_sec++;
	others[5].stx_mtime.tv_nsec++;
	others[6].stx_ctime.tv_sec++;
	others[7].stx_ctime.tv_nsec++;
	copy_name(&file, name);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		copy_name(&others[i], other);
		assert_string_not_equal(name, other);
	}
}

/* What others can change unnoticed is not copied, nor what is unknown. */
static void test_filesystems(void **state)
{
	static const uint32_t remote[] = {0x6969 /* nfs */,
					  0x65735546 /* fuse */,
					  0xff534d42 /* cifs */,
					  0xfe534d42 /* smb2 */,
					  0x01021997 /* 9p */,
					  0x00c36400 /* ceph */,
					  0x5346414f /* afs */,
					  0x0bd00bd0 /* lustre */,
					  0x786f4256 /* vboxsf */,
					  0x01021994 /* tmpfs */,
					  0x9fa0 /* proc */,
					  0x12345678,
					  0};
	struct original original = {.filesystem = 0xef53};

	(void)state;
	assert_true(original_is_local(&original));
	original.filesystem = 0x794c7630; /* overlayfs */
	assert_true(original_is_local(&original));
	for (size_t i = 0; i < COUNT_OF(remote); i++) {
		original.filesystem = remote[i];
		assert_false(original_is_local(&original));
	}
}

/* The note beside a copy says which file it is of, in other processes' roots, too. */
static void test_notes(void **state)
{
	char directory[] = "/tmp/test_wanted.XXXXXX", path[256], original[COPY_NOTE_BYTES],
	     note[COPY_NOTE_BYTES], deep[300];
	const char *const name = "file-fe.0-00a-0b-1.2-3.4", *const other =
								     "file-fe.0-00b-0b-1.2-3.4";
	int fd;

	(void)state;
	assert_non_null(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/libhugetlbfs-files-7", directory);
	assert_int_equal(mkdir(path, 0700), 0);
	fd = open(path, O_RDONLY | O_DIRECTORY);
	strcat(path, "/");
	strcat(path, name);
	assert_false(copy_note_original(path, "", original));
	/* what cannot be noted is not */
	copy_note_make(fd, name, "/a\\b");
	memset(deep, 'x', sizeof(deep));
	deep[0] = '/';
	deep[256 - sizeof("name-fe.0-00a")] = '\0';
	copy_note_make(fd, name, deep);
	assert_false(copy_note_find(fd, name, note));
	deep[255 - sizeof("name-fe.0-00a")] = '\0';
	copy_note_make(fd, other, deep);
	assert_true(copy_note_find(fd, other, note));
	copy_note_path(note, other, original);
	assert_string_equal(original, deep);
	assert_false(copy_note_is(note, name));
	unlinkat(fd, note, 0);

	copy_note_make(fd, name, "/a/model-1.gguf");
	copy_note_make(fd, other, "/another");
	assert_true(copy_note_original(path, "", original));
	assert_string_equal(original, "/a/model-1.gguf");
	assert_true(copy_note_original(path + strlen("/tmp"), "/tmp", original));
	assert_string_equal(original, "/a/model-1.gguf");
	assert_true(copy_note_is_copy("file-fe.0-00a-0c-5.2-3.4", name));
	assert_false(copy_note_is_copy(other, name));
	assert_false(copy_note_is_copy("making-file-fe.0-00a-0b-1.2-3.4", name));
	/* none: of another directory or name */
	assert_false(copy_note_original("/file-1.2", "", original));
	assert_false(copy_note_original("/mnt/libhugetlbfs-files-7", "", original));
	assert_false(copy_note_original("/mnt/libhugetlbfs-files-7/name-x", "", original));
	assert_true(copy_note_find(fd, name, note));
	unlinkat(fd, note, 0);
	assert_true(copy_note_find(fd, other, note));
	unlinkat(fd, note, 0);
	close(fd);
	*strrchr(path, '/') = '\0';
	assert_int_equal(rmdir(path), 0);
	rmdir(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_arguments), cmocka_unit_test(test_patterns),
		cmocka_unit_test(test_names),     cmocka_unit_test(test_filesystems),
		cmocka_unit_test(test_notes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
