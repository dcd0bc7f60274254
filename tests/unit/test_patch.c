/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Functions are redirected in a libc made by the test. It is some functions of this program, far
 * enough from each other to be replaced in two ranges, and a symbol table made for them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <entry.h>

#include "base/sys.h"
#include "calls/brk.h"
#include "calls/start.h"
#include "hook/patch.h"
#include "fixture.h"

/* Functions begin on its multiples, so that each has that many bytes for itself. */
#define FUNCTION_BYTES 128
#define NEAR(section_name) \
	__attribute__((section(section_name), noinline, used, aligned(FUNCTION_BYTES)))

static volatile unsigned int steps; /* the last of them, by their digits */

/* In front of the functions of each section lie more bytes than one range takes. */
__asm__(".pushsection private_near, \"ax\", %progbits\n\t.space 262144\n\t.popsection\n\t"
	".pushsection private_far, \"ax\", %progbits\n\t.space 262144\n\t.popsection");

/*
 * Zero, and the compiler does not know it. Not a variable: its address in a function's code may
 * contain the byte of a breakpoint, and then hooks are put in a copy.
 */
static inline __attribute__((always_inline)) int zero(void)
{
	int nothing = 0;

	__asm__ volatile("" : "+r"(nothing));
	return nothing;
}

/* clang-format off */
NEAR("private_near") static int first(int value) { return value + zero() + 100; }
NEAR("private_near") static int second(int value) { return value + zero() + 200; }
NEAR("private_near") static int callee(int value) { return value + zero() + 300; }
NEAR("private_near") static int caller(int value) { return callee(value) + zero() + 1000; }
NEAR("private_near") static void step_one(void) { steps = steps * 10 + 1; }
NEAR("private_near") static void step_two(void) { steps = steps * 10 + 2; }
NEAR("private_near") static void step_three(void) { steps = steps * 10 + 3; }
NEAR("private_near") static int stepper(int value)
{
	step_one();
	step_two();
	step_three();
	return value + zero();
}
NEAR("private_far") static int far_one(int value) { return value + zero() + 400; }
NEAR("private_far") static int far_two(int value) { return value + zero() + 500; }
/* clang-format on */

static int handler_one(int value)
{
	return value - 1;
}

static int handler_two(int value)
{
	return value - 2;
}

/* A call through a pointer that the compiler can't see through. */
static int call(int (*function)(int), int value)
{
	int (*volatile pointer)(int) = function;

	return pointer(value);
}

/* What takes and returns nothing, and is not called like the others: adds is -1. */
#define STEP(function) ((int (*)(int))(void (*)(void))(function))

static const struct {
	const char *name;
	int (*function)(int);
	int adds;
} functions[] = {
	{"first", first, 100},
	{"second", second, 200},
	{"callee", callee, 300},
	{"caller", caller, 1300},
	{"far_one", far_one, 400},
	{"far_two", far_two, 500},
	{"stepper", stepper, 0},
	{"step_one", STEP(step_one), -1},
	{"step_two", STEP(step_two), -1},
	{"step_three", STEP(step_three), -1},
};

#define COUNT COUNT_OF(functions)

/* One symbol more than functions: the first of a table is none. */
static ElfW(Sym) symbols[COUNT + 1];
static char names[256];
static uint32_t hash[5 + sizeof(ElfW(Addr)) / 4 + COUNT];
static struct libc libc;
static unsigned char *saved;

#define HANDLER(function) ((void (*)(void))(function))

static const struct hook hooks[] = {
	{"first", HANDLER(handler_one), false},
	{"second", HANDLER(handler_two), false},
	{"not_there", HANDLER(handler_two), true},
	{"far_two", HANDLER(handler_two), false},
};

static uint32_t gnu_hash(const char *name)
{
	uint32_t value = 5381;

	for (; *name; name++)
		value = value * 33 + (unsigned char)*name;
	return value;
}

/* A table of one bucket. */
static int make_libc(void **state)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	size_t name_at = 1;

	(void)state;
	hash[0] = hash[1] = hash[2] = 1;
	hash[4 + sizeof(ElfW(Addr)) / 4] = 1;
	libc.text = UINTPTR_MAX;
	for (size_t i = 0; i < COUNT; i++) {
		uintptr_t at = (uintptr_t)functions[i].function;

		strcpy(names + name_at, functions[i].name);
		symbols[i + 1] = (ElfW(Sym)){
			.st_name = (ElfW(Word))name_at,
			.st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC),
			.st_shndx = 1,
			.st_value = at,
			.st_size = FUNCTION_BYTES,
		};
		name_at += strlen(functions[i].name) + 1;
		hash[5 + sizeof(ElfW(Addr)) / 4 + i] =
			(gnu_hash(functions[i].name) & ~1u) | (i == COUNT - 1);
		if (at < libc.text)
			libc.text = at;
		if (at + FUNCTION_BYTES > libc.text_end)
			libc.text_end = at + FUNCTION_BYTES;
	}
	libc.text &= ~(page - 1);
	libc.text_end = (libc.text_end + page - 1) & ~(page - 1);
	libc.symbols = symbols;
	libc.names = names;
	libc.hash = hash;
	if (libc.text_end - libc.text < 200000)
		return -1;
	saved = malloc(libc.text_end - libc.text);
	if (!saved)
		return -1;
	memcpy(saved, (void *)libc.text, libc.text_end - libc.text);
	return 0;
}

static int forget_libc(void **state)
{
	(void)state;
	free(saved);
	return 0;
}

static void assert_as_before(void)
{
	assert_memory_equal((void *)libc.text, saved, libc.text_end - libc.text);
	for (size_t i = 0; i < COUNT; i++)
		if (functions[i].adds >= 0)
			assert_int_equal(call(functions[i].function, 7), 7 + functions[i].adds);
}

static void assert_redirected(void)
{
	assert_int_equal(call(first, 7), 6);
	assert_int_equal(call(second, 7), 5);
	assert_int_equal(call(far_two, 7), 5);
	assert_int_equal(call(far_one, 7), 407);
	assert_int_equal(call(callee, 7), 307);
}

/* No page is writable and executable at any time: our maps ask for reading and executing. */
static void install_and_undo(void **state)
{
	(void)state;
	for (int round = 0; round < 3; round++) {
		assert_int_equal(patch_install(&libc, hooks, COUNT_OF(hooks)), 0);
		assert_redirected();
		assert_int_equal(call(caller, 7), 1307);
		assert_int_equal(gate_calls(SYS_mprotect), 0);
		patch_undo(&libc);
		assert_as_before();
	}
	/* two ranges, in one file, there and back, three times; nothing stays open */
	assert_int_equal(gate_calls(SYS_memfd_create), 6);
	assert_int_equal(gate_calls(CPU_MMAP_NUMBER), 12);
	/* the copy and the page tables, each time */
	assert_int_equal(gate_calls(SYS_close), 12);
}

/* In the text's own pages; a file's copy takes their place later. */
static void write_install_and_undo(void **state)
{
	(void)state;
	for (int round = 0; round < 10; round++) {
		gate_reset();
		assert_int_equal(patch_write(&libc, hooks, 2), 0);
		assert_int_equal(call(first, 7), 6);
		assert_int_equal(call(second, 7), 5);
		assert_int_equal(call(far_two, 7), 507);
		/* writable, and executable again; signals wait meanwhile */
		assert_int_equal(gate_calls(SYS_mprotect), 2);
		assert_int_equal(gate_calls(SYS_rt_sigprocmask), 2);
		assert_int_equal(gate_calls(SYS_memfd_create), 0);
		assert_int_equal(patch_install(&libc, hooks, COUNT_OF(hooks)), 0);
		assert_int_equal(gate_calls(SYS_memfd_create), 1);
		assert_int_equal(gate_calls(SYS_mprotect), 2);
		assert_redirected();
		patch_undo(&libc);
		assert_as_before();
	}
}

/* The program drops the text's pages: what is written to them goes to a copy before. */
static void written_text_is_dropped(void **state)
{
	const uintptr_t page_bytes = (uintptr_t)sysconf(_SC_PAGESIZE);
	const uintptr_t page = (uintptr_t)far_two & ~(page_bytes - 1);

	(void)state;
	assert_int_equal(patch_write(&libc, hooks, COUNT_OF(hooks)), 0);
	gate_reset();
	patch_settle();
	assert_int_equal(gate_calls(SYS_memfd_create), 1);
	assert_int_equal(madvise((void *)page, page_bytes, MADV_DONTNEED), 0);
	assert_redirected();
	/* once */
	patch_settle();
	assert_int_equal(gate_calls(SYS_memfd_create), 1);
	patch_undo(&libc);
	assert_as_before();
}

static void every_call_of_writing_fails_once(void **state)
{
	(void)state;
	for (unsigned long nth = 1; nth < 12; nth++) {
		gate_reset();
		gate_fail(GATE_ANY, nth, ENOMEM);
		if (!patch_write(&libc, hooks, COUNT_OF(hooks))) {
			gate_fail(GATE_ANY, 0, 0);
			assert_redirected();
			patch_undo(&libc);
		}
		assert_as_before();
		gate_reset();
		assert_int_equal(patch_install(&libc, hooks, COUNT_OF(hooks)), 0);
		assert_redirected();
		patch_undo(&libc);
		assert_as_before();
	}
}

static void set_byte(void *at, unsigned char byte)
{
	const uintptr_t page = (uintptr_t)at & ~(uintptr_t)(sysconf(_SC_PAGESIZE) - 1);

	assert_int_equal(mprotect((void *)page, 4096, PROT_READ | PROT_WRITE), 0);
	*(volatile unsigned char *)at = byte;
	assert_int_equal(mprotect((void *)page, 4096, PROT_READ | PROT_EXEC), 0);
}

/* A uprobe's breakpoint in a page that has a patch: a copy of it would end the program. */
static void a_breakpoint_beside_a_written_patch(void **state)
{
	unsigned char *at = (unsigned char *)libc.text_end - 64;
	unsigned char before;

	(void)state;
	while (((uintptr_t)at ^ (uintptr_t)far_two) & ~(uintptr_t)4095)
		at -= 64;
	before = *at;
	assert_int_equal(patch_write(&libc, hooks, COUNT_OF(hooks)), 0);
	set_byte(at, before + 1);
	assert_int_equal(patch_install(&libc, hooks, COUNT_OF(hooks)), -EBUSY);
	assert_redirected();
	set_byte(at, before);
	assert_int_equal(patch_install(&libc, hooks, COUNT_OF(hooks)), 0);
	assert_redirected();
	patch_undo(&libc);
	assert_as_before();
}

/* In the way of a patch: nothing changes. */
static void a_breakpoint_under_a_patch(void **state)
{
	const unsigned char before = *(unsigned char *)far_two;

	(void)state;
	set_byte(far_two, 0xcc);
	if (entry_has_breakpoint((unsigned char *)far_two, 16)) {
		gate_reset();
		assert_int_equal(patch_write(&libc, hooks, COUNT_OF(hooks)), -EBUSY);
		/* the functions of the other range were written, and are as before */
		assert_int_equal(gate_calls(SYS_mprotect), 2);
	}
	set_byte(far_two, before);
	assert_as_before();
}

static void a_call_is_redirected(void **state)
{
	uintptr_t found = 0;

	(void)state;
	assert_int_equal(patch_call(&libc, "caller", "callee", (uintptr_t)handler_one, &found), 0);
	assert_ptr_equal(found, callee);
	/* nothing yet: it is carried out with the others */
	assert_as_before();
	assert_int_equal(patch_install(&libc, hooks, COUNT_OF(hooks)), 0);
	assert_redirected();
	assert_int_equal(call(caller, 7), 1006);
	patch_undo(&libc);
	assert_as_before();
}

static void calls_that_are_not_there(void **state)
{
	uintptr_t found;

	(void)state;
	assert_int_equal(patch_call(&libc, "first", "callee", (uintptr_t)handler_one, &found),
			 -ENOENT);
	assert_int_equal(patch_call(&libc, "caller", "not_there", (uintptr_t)handler_one, &found),
			 -ENOENT);
	assert_int_equal(patch_call(&libc, "not_there", "callee", (uintptr_t)handler_one, &found),
			 -ENOENT);
	assert_int_equal(patch_install(&libc, hooks, COUNT_OF(hooks)), 0);
	assert_int_equal(call(caller, 7), 1307);
	patch_undo(&libc);
	assert_as_before();
}

static void calls_known_by_their_number(void **state)
{
	uintptr_t found = 0;

	(void)state;
	assert_int_equal(patch_repeated_call(&libc, "caller", 2, (uintptr_t)handler_one, &found),
			 -ENOENT);
	assert_int_equal(patch_repeated_call(&libc, "not_there", 1, (uintptr_t)handler_one, &found),
			 -ENOENT);
	assert_as_before();
	assert_int_equal(patch_repeated_call(&libc, "caller", 1, (uintptr_t)handler_one, &found),
			 0);
	assert_ptr_equal(found, callee);
	assert_int_equal(patch_install(&libc, hooks, COUNT_OF(hooks)), 0);
	assert_int_equal(call(caller, 7), 1006);
	patch_undo(&libc);
	assert_as_before();
}

static uintptr_t called_behind, called_before;

static void four_and_two(void)
{
	steps = steps * 10 + 4;
	((void (*)(void))called_behind)();
}

static void five_and_one(void)
{
	steps = steps * 10 + 5;
	((void (*)(void))called_before)();
}

static const struct patch_neighbour neighbours[] = {
	{"step_one", true, (uintptr_t)four_and_two, &called_behind},
	{"step_two", false, (uintptr_t)five_and_one, &called_before},
};

static void calls_beside_known_ones(void **state)
{
	(void)state;
	assert_int_equal(patch_neighbours(&libc, "stepper", neighbours, COUNT_OF(neighbours)), 0);
	assert_true(called_behind == (uintptr_t)step_two && called_before == (uintptr_t)step_one);
	assert_as_before();
	assert_int_equal(patch_install(&libc, hooks, COUNT_OF(hooks)), 0);
	steps = 0;
	assert_int_equal(call(stepper, 7), 7);
	assert_int_equal(steps, 51423);
	patch_undo(&libc);
	assert_as_before();
	steps = 0;
	call(stepper, 7);
	assert_int_equal(steps, 123);
}

/* One is not there: then none is redirected. */
static void calls_that_are_not_beside(void **state)
{
	struct patch_neighbour wanted[] = {neighbours[0], neighbours[1]};
	/* nothing is called in front of the first, nor behind the last; unknown names */
	const struct patch_neighbour missing[] = {
		{"step_one", false, (uintptr_t)four_and_two, &called_before},
		{"step_three", true, (uintptr_t)four_and_two, &called_before},
		{"callee", true, (uintptr_t)four_and_two, &called_before},
		{"not_there", true, (uintptr_t)four_and_two, &called_before},
	};

	(void)state;
	assert_int_equal(patch_neighbours(&libc, "not_there", wanted, 2), -ENOENT);
	for (size_t i = 0; i < COUNT_OF(missing); i++) {
		wanted[1] = missing[i];
		assert_int_equal(patch_neighbours(&libc, "stepper", wanted, 2), -ENOENT);
	}
	assert_int_equal(patch_install(&libc, hooks, COUNT_OF(hooks)), 0);
	steps = 0;
	call(stepper, 7);
	assert_int_equal(steps, 123);
	patch_undo(&libc);
	assert_as_before();
}

/* Unknown, too short, or not in the text: not one byte changes and no call is made. */
static void unknown_functions_change_nothing(void **state)
{
	static const struct hook missing[] = {
		{"first", HANDLER(handler_one), false},
		{"not_there", HANDLER(handler_one), false},
	};
	struct libc other = libc;

	(void)state;
	assert_int_equal(patch_install(&libc, missing, COUNT_OF(missing)), -ENOENT);
	symbols[2].st_size = 3;
	assert_int_equal(patch_install(&libc, hooks, COUNT_OF(hooks)), -ENOENT);
	symbols[2].st_size = FUNCTION_BYTES;
	other.text_end = other.text;
	assert_int_equal(patch_install(&other, hooks, COUNT_OF(hooks)), -ENOENT);
	assert_int_equal(gate_calls(GATE_ANY), 0);
	assert_as_before();
	/* and what failed is forgotten */
	assert_int_equal(patch_install(&libc, hooks + 3, 1), 0);
	assert_int_equal(call(first, 7), 107);
	assert_int_equal(call(far_two, 7), 5);
	patch_undo(&libc);
	assert_as_before();
}

/* Two names of one function are one patch. */
static void aliases(void **state)
{
	static const struct hook twice[] = {
		{"first", HANDLER(handler_one), false},
		{"first", HANDLER(handler_one), false},
	};

	(void)state;
	assert_int_equal(patch_install(&libc, twice, COUNT_OF(twice)), 0);
	assert_int_equal(call(first, 7), 6);
	patch_undo(&libc);
	assert_as_before();
}

static void too_many(void **state)
{
	struct hook many[64];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(many); i++)
		many[i] = (struct hook){functions[i % COUNT].name, HANDLER(handler_one), false};
	/* the same six again and again are six */
	assert_int_equal(patch_install(&libc, many, COUNT_OF(many)), 0);
	patch_undo(&libc);
	assert_as_before();
}

/* Every call fails once: all is redirected, or nothing. */
static void every_call_fails_once(void **state)
{
	static const int errors[] = {ENOMEM, EPERM, EACCES, EMFILE, EINVAL, EINTR};
	unsigned int installed = 0, refused = 0;

	(void)state;
	/* a file, and for each of two ranges a page that is written and mapped; then it is closed
	 */
	for (size_t i = 0; i < COUNT_OF(errors); i++)
		for (unsigned long nth = 1; nth < 10; nth++) {
			int failed;

			gate_reset();
			gate_fail(GATE_ANY, nth, errors[i]);
			failed = patch_install(&libc, hooks, COUNT_OF(hooks));
			if (failed) {
				assert_int_equal(failed, -errors[i]);
				refused++;
			} else {
				gate_fail(GATE_ANY, 0, 0);
				assert_redirected();
				patch_undo(&libc);
				installed++;
			}
			assert_as_before();
			/* and it can be tried again */
			gate_reset();
			assert_int_equal(patch_install(&libc, hooks, COUNT_OF(hooks)), 0);
			assert_redirected();
			patch_undo(&libc);
			assert_as_before();
		}
	assert_true(installed > 10 && refused > 20);
}

/* Copies are made in pieces, and a jump may lie in two of them. */
static void a_jump_across_pages(void **state)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	unsigned char jump[ENTRY_JUMP_BYTES_MAX], *text;
	struct libc object;
	size_t jump_bytes;

	(void)state;
	text = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(text, MAP_FAILED);
	memset(text, 0x90, 2 * page);
	assert_int_equal(mprotect(text, 2 * page, PROT_READ | PROT_EXEC), 0);
	object = (struct libc){.text = (uintptr_t)text, .text_end = (uintptr_t)text + 2 * page};
	for (size_t before = 1; before < ENTRY_JUMP_BYTES_MAX; before++) {
		uintptr_t entry = object.text + page - before;

		jump_bytes = entry_encode_jump(jump, entry, (uintptr_t)handler_one);
		assert_int_equal(patch_entry(&object, entry, 32, HANDLER(handler_one)), 0);
		assert_int_equal(patch_install(&object, NULL, 0), 0);
		assert_memory_equal((void *)entry, jump, jump_bytes);
		for (size_t i = 0; i < 2 * page; i++)
			if (i < page - before || i >= page - before + jump_bytes)
				assert_int_equal(text[i], 0x90);
		patch_undo(&object);
		for (size_t i = 0; i < 2 * page; i++)
			assert_int_equal(text[i], 0x90);
	}
	munmap(text, 2 * page);
}

/* Text that is sealed, and policies against new executable memory. */
static void what_always_fails_changes_nothing(void **state)
{
	static const struct {
		long number;
		int error;
	} rows[] = {
		{CPU_MMAP_NUMBER, EPERM}, {CPU_MMAP_NUMBER, EACCES},  {CPU_MMAP_NUMBER, ENOMEM},
		{SYS_writev, ENOSPC},     {SYS_memfd_create, ENOSYS}, {SYS_memfd_create, EMFILE},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		gate_reset();
		gate_fail_always(rows[i].number, rows[i].error);
		assert_int_equal(patch_install(&libc, hooks, COUNT_OF(hooks)), -rows[i].error);
		assert_as_before();
	}
}

/* A kernel before 6.3 does not know the flag for an executable file. */
static void old_kernels_have_no_executable_files(void **state)
{
	(void)state;
	gate_fail(SYS_memfd_create, 1, EINVAL);
	assert_int_equal(patch_install(&libc, hooks, COUNT_OF(hooks)), 0);
	assert_redirected();
	patch_undo(&libc);
	assert_as_before();
}

/*
 * A redirection that could not even be undone leads to handlers without a heap: they do what libc
 * did.
 */
static void handlers_without_a_region_pass_on(void **state)
{
	char *before = sbrk(0);

	(void)state;
	fixture_forget();
	assert_ptr_equal(call_sbrk(0), before);
	assert_ptr_equal(call_sbrk(8192), before);
	assert_ptr_equal(call_sbrk(0), before + 8192);
	before[8191] = 1;
	assert_ptr_equal(call_sbrk(-4096), before + 8192);
	assert_ptr_equal(call_sbrk(0), before + 4096);
	errno = 0;
	assert_ptr_equal(call_sbrk(INTPTR_MAX), (void *)-1);
	assert_int_equal(errno, ENOMEM);
	assert_ptr_equal(call_sbrk(INTPTR_MIN), (void *)-1);
	assert_int_equal(call_brk(before), 0);
	assert_ptr_equal(call_sbrk(0), before);
	/* below the heap: no error, and no change */
	assert_int_equal(call_brk((void *)4096), 0);
	assert_ptr_equal(sbrk(0), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		/* first: while the text is still that of the program's file */
		UNIT_TEST(a_breakpoint_beside_a_written_patch),
		UNIT_TEST(install_and_undo),
		UNIT_TEST(write_install_and_undo),
		UNIT_TEST(written_text_is_dropped),
		UNIT_TEST(every_call_of_writing_fails_once),
		UNIT_TEST(a_call_is_redirected),
		UNIT_TEST(calls_that_are_not_there),
		UNIT_TEST(calls_known_by_their_number),
		UNIT_TEST(calls_beside_known_ones),
		UNIT_TEST(calls_that_are_not_beside),
		UNIT_TEST(unknown_functions_change_nothing),
		UNIT_TEST(aliases),
		UNIT_TEST(too_many),
		UNIT_TEST(every_call_fails_once),
		UNIT_TEST(a_jump_across_pages),
		UNIT_TEST(what_always_fails_changes_nothing),
		UNIT_TEST(old_kernels_have_no_executable_files),
		UNIT_TEST(handlers_without_a_region_pass_on),
		/* last: it leaves a page that is strange for good */
		UNIT_TEST(a_breakpoint_under_a_patch),
	};

	return cmocka_run_group_tests_name("redirect", tests, make_libc, forget_libc);
}
