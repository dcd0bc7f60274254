/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a loaded object says about itself is read right: its names, its build-id, relocations in its
 * text; notes that are damaged are passed over.
 */
#include <elf.h>
#include <link.h>
#include <string.h>

#include "segments/object.h"
#include "unit.h"

static void names_in_the_list(void **state)
{
	static const struct {
		const char *list, *name;
		bool is_main, listed;
	} rows[] = {
		{NULL, "program", true, true},
		{NULL, "/lib/libc.so.6", false, false},
		{"main", "program", true, true},
		{"main", "/lib/main", false, true}, /* a library of that name */
		{"all", "/lib/libc.so.6", false, true},
		{"all", "program", true, true},
		{"libc", "/lib/libc.so.6", false, true},
		{"libc.so", "/lib/libc.so.6", false, true},
		{"libc.so.6", "/lib/libc.so.6", false, true},
		{"libc.so.7", "/lib/libc.so.6", false, false},
		{"lib", "/lib/libc.so.6", false, false},
		{"libLLVM", "/lib/libLLVM-14.so.1", false, false},
		{"libLLVM-14", "/lib/libLLVM-14.so.1", false, true},
		{"python3", "/usr/bin/python3.11", true, true},
		{"libc", "program", true, false},
		{"main:libc", "program", true, true},
		{"all:-libc", "/lib/libc.so.6", false, false},
		{"all:-libc", "/lib/libm.so.6", false, true},
		{"-libc", "/lib/libc.so.6", false, false},
		{"-libc", "/lib/libm.so.6", false, true},
		{"-libc:libc", "/lib/libc.so.6", false, true},
		{"-main", "program", true, false},
		{"program", "program", true, true},
		{"program", "/lib/libprogram.so", false, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const struct object_names names = {
			.list = {rows[i].name}, .count = 1, .is_main = rows[i].is_main};

		if (object_names_are_listed(&names, rows[i].list) != rows[i].listed)
			fail_msg("%s in %s", rows[i].name, rows[i].list ? rows[i].list : "none");
	}
}

/* The link that it was opened by, the soname, the file. */
static void each_name_fits(void **state)
{
	static const struct object_names names = {
		.list = {"/opt/plug.so", "libplug.so.1", "/opt/libplug-real.so.1.2"}, .count = 3};

	(void)state;
	assert_true(object_names_are_listed(&names, "plug"));
	assert_true(object_names_are_listed(&names, "libplug"));
	assert_true(object_names_are_listed(&names, "libplug-real.so.1.2"));
	assert_false(object_names_are_listed(&names, "libplug-other"));
	assert_false(object_names_are_listed(&names, "all:-libplug"));
	assert_false(object_names_are_listed(&names, "plug:-libplug-real"));
	assert_false(object_names_matter("all"));
	assert_false(object_names_matter("all:-main"));
	assert_false(object_names_matter(NULL));
	assert_true(object_names_matter("all:-libc"));
	assert_true(object_names_matter("main:libc"));
}

/* A note of another type, then the build-id, in a segment that is aligned to 8. */
static struct {
	ElfW(Nhdr) first;
	char first_name[4], first_text[12];
	ElfW(Nhdr) second;
	char second_name[4];
	unsigned char id[20];
} notes __attribute__((aligned(8)));

static int prepare_notes(void **state)
{
	(void)state;
	memset(&notes, 0, sizeof(notes));
	notes.first = (ElfW(Nhdr)){4, 12, 5};
	memcpy(notes.first_name, "GNU", 4);
	notes.second = (ElfW(Nhdr)){4, 20, NT_GNU_BUILD_ID};
	memcpy(notes.second_name, "GNU", 4);
	memcpy(notes.id, "12345678901234567890", 20);
	return 0;
}

/* Of an object whose only segment is the first `bytes` of the notes. */
static struct build_id read_notes(size_t bytes)
{
	const ElfW(Phdr) header = {.p_type = PT_NOTE, .p_align = 4, .p_memsz = bytes};
	const struct object object = {
		.base = (uintptr_t)&notes, .headers = &header, .header_count = 1};
	struct build_id id = {.count = 99};

	object_build_id(&object, &id);
	return id;
}

static void build_id_after_another_note(void **state)
{
	const struct build_id id = read_notes(sizeof(notes));

	(void)state;
	assert_int_equal(id.count, 20);
	assert_memory_equal(id.bytes, notes.id, 20);
}

static void damaged_notes(void **state)
{
	(void)state;
	for (size_t bytes = 0; bytes < sizeof(notes); bytes++)
		assert_int_equal(read_notes(bytes).count, 0);
	notes.second.n_descsz = 0xfffffff0;
	assert_int_equal(read_notes(sizeof(notes)).count, 0);
	notes.second.n_descsz = BUILD_ID_BYTES_MAX + 1;
	assert_int_equal(read_notes(sizeof(notes)).count, 0);
	notes.first.n_namesz = 0xffffffff;
	assert_int_equal(read_notes(sizeof(notes)).count, 0);
}

static void relocations_in_text(void **state)
{
	static ElfW(Dyn) dynamic[2];
	const ElfW(Phdr) header = {.p_type = PT_DYNAMIC};

	(void)state;
	assert_false(object_has_text_relocations(&header, 0, (uintptr_t)dynamic));
	assert_false(object_has_text_relocations(&header, 1, (uintptr_t)dynamic));
	dynamic[0] = (ElfW(Dyn)){.d_tag = DT_TEXTREL};
	assert_true(object_has_text_relocations(&header, 1, (uintptr_t)dynamic));
	dynamic[0] = (ElfW(Dyn)){.d_tag = DT_FLAGS, .d_un = {.d_val = DF_BIND_NOW}};
	assert_false(object_has_text_relocations(&header, 1, (uintptr_t)dynamic));
	dynamic[0].d_un.d_val |= DF_TEXTREL;
	assert_true(object_has_text_relocations(&header, 1, (uintptr_t)dynamic));
}

static int read_own(struct dl_phdr_info *info, size_t bytes, void *data)
{
	(void)bytes;
	assert_true(object_read(info, 4096, data));
	return 1;
}

static void own_object(void **state)
{
	struct object object = {0};
	static int data = 1;

	(void)state;
	dl_iterate_phdr(read_own, &object);
	assert_uint_in_range((uintptr_t)own_object, object.start, object.end);
	assert_uint_in_range((uintptr_t)&data, object.start, object.end);
	assert_false(object_has_text_relocations(object.headers, object.header_count, object.base));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT_TEST(names_in_the_list),
		UNIT_TEST(each_name_fits),
		cmocka_unit_test_setup(build_id_after_another_note, prepare_notes),
		cmocka_unit_test_setup(damaged_notes, prepare_notes),
		UNIT_TEST(relocations_in_text),
		UNIT_TEST(own_object),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
