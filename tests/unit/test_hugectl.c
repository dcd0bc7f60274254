/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hugectl's options set their variables, lists grow at the front, tunables are merged, and a
 * file's headers are read.
 */
#include <elf.h>
#include <errno.h>
#include <getopt.h>
#include <gnu/libc-version.h>
#include <stdio.h>
#include <stdlib.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/common/process_tree.h"
#include "tools/hugectl/compare.h"
#include "tools/hugectl/hugectl.h"
#include "unit.h"

#define WORDS_MAX 16

/* What main() has in the tool. */
void tell(const struct request *request, const char *format, ...)
{
	(void)request;
	(void)format;
}

/* A variable of the library that no option sets is one that hugectl forgot. */
static void every_variable_has_an_option(void **state)
{
	int rows;
	const struct option_row *variables = options_table(&rows);

	(void)state;
	for (int i = 0; i < rows; i++) {
		int option = 0;

		while (option < hugectl_table.count &&
		       (!hugectl_variable(option) ||
			strcmp(hugectl_variable(option), variables[i].name)))
			option++;
		if (option == hugectl_table.count)
			fail_msg("no option of hugectl sets %s", variables[i].name);
	}
}

/* And an option whose variable nothing reads is one that does nothing. */
static void every_option_has_its_variable(void **state)
{
	int rows, set = 0;
	const struct option_row *variables = options_table(&rows);

	(void)state;
	for (int option = 0; option < hugectl_table.count; option++) {
		int i = 0;

		if (!hugectl_variable(option))
			continue;
		while (i < rows && strcmp(hugectl_variable(option), variables[i].name))
			i++;
		if (i == rows)
			fail_msg("--%s sets %s, which the library does not know",
				 hugectl_table.rows[option].name, hugectl_variable(option));
		set++;
	}
	assert_true(set >= rows);
}

/* Reads a command line of words; the last pointer is NULL. */
static int read_words(struct request *request, char **words)
{
	char *arguments[WORDS_MAX + 2] = {"hugectl"};
	int count = 1;

	while (*words)
		arguments[count++] = *words++;
	optind = 0;
	return request_read(count, arguments, request);
}

#define READ(request, ...) read_words(request, (char *[]){__VA_ARGS__, NULL})

static void options_become_variables(void **state)
{
	struct request request;

	(void)state;
	assert_int_equal(READ(&request, "--text", "--data=2M", "--bss", "true"), OPTION_TABLE_END);
	assert_string_equal(environment_get(&request.environment, "HUGETLB_ELFMAP"), "R:W=2M");
	assert_int_equal(READ(&request, "--bss=1g", "--data=1G", "true"), OPTION_TABLE_END);
	assert_string_equal(environment_get(&request.environment, "HUGETLB_ELFMAP"), "W=1G");
	assert_int_equal(READ(&request, "--heap", "--thp", "true"), OPTION_TABLE_END);
	assert_string_equal(environment_get(&request.environment, "HUGETLB_MORECORE"), "thp");
	assert_int_equal(request.options.heap, HEAP_THP);
	assert_int_equal(READ(&request, "--heap=1G", "--heap=2M", "true"), OPTION_TABLE_END);
	assert_string_equal(environment_get(&request.environment, "HUGETLB_MORECORE"), "2M");
	assert_int_equal(request.options.heap_page_bytes, 2 << 20);
	assert_int_equal(request.environment.count, 1);
	/* the program's own options are not hugectl's */
	assert_int_equal(READ(&request, "true", "--heap"), OPTION_TABLE_END);
	assert_int_equal(request.environment.count, 0);
}

static void levels_add_up(void **state)
{
	struct request request;

	(void)state;
	unsetenv("HUGETLB_VERBOSE");
	READ(&request, "true");
	assert_null(environment_get(&request.environment, "HUGETLB_VERBOSE"));
	assert_int_equal(request.verbose, 2);
	READ(&request, "-vv", "-q", "true");
	assert_string_equal(environment_get(&request.environment, "HUGETLB_VERBOSE"), "3");
	READ(&request, "-qqq", "true");
	assert_int_equal(request.verbose, 0);
	READ(&request, "--verbose=99", "-v", "true");
	assert_int_equal(request.verbose, 99);
	setenv("HUGETLB_VERBOSE", "5", 1);
	READ(&request, "-v", "true");
	assert_int_equal(request.verbose, 6);
	setenv("HUGETLB_VERBOSE", "much", 1);
	READ(&request, "true");
	assert_int_equal(request.verbose, 2);
	assert_int_equal(request.environment.count, 0);
	unsetenv("HUGETLB_VERBOSE");
}

/* An empty element of these lists means the current directory. */
static void lists_grow_in_front(void **state)
{
	(void)state;
	assert_string_equal(list_with_first("/ours", NULL), "/ours");
	assert_string_equal(list_with_first("/ours", ""), "/ours");
	assert_string_equal(list_with_first("/ours", "/theirs:/more"), "/ours:/theirs:/more");
	assert_string_equal(list_with_first("/ours", "/ours"), "/ours");
	assert_string_equal(list_with_first("/ours", "/ours:/theirs"), "/ours:/theirs");
	assert_string_equal(list_with_first("/ours", "/oursandmore"), "/ours:/oursandmore");
	assert_string_equal(list_with_first("/ours", "/theirs:/ours"), "/ours:/theirs:/ours");
}

/* The tunables that result from the option and the environment; "-": none are added, as everywhere
 * with a glibc that knows none of this name. */
static void expect_tunables(const char *expected, const char *heap, const char *before)
{
	struct request request;
	char option[32];

	if (strverscmp(gnu_get_libc_version(), "2.35") < 0)
		expected = "-";
	snprintf(option, sizeof(option), "--heap=%s", heap);
	if (before)
		setenv("GLIBC_TUNABLES", before, 1);
	else
		unsetenv("GLIBC_TUNABLES");
	assert_int_equal(READ(&request, option, "true"), OPTION_TABLE_END);
	assert_int_equal(tunables_serve_heap(&request), strcmp(expected, "-") != 0);
	if (strcmp(expected, "-"))
		assert_string_equal(environment_get(&request.environment, "GLIBC_TUNABLES"),
				    expected);
	else
		assert_int_equal(request.environment.count, 1);
	unsetenv("GLIBC_TUNABLES");
}

static void tunables_are_merged(void **state)
{
	(void)state;
	expect_tunables("glibc.malloc.hugetlb=2", "yes", NULL);
	expect_tunables("glibc.malloc.hugetlb=2", "yes", "");
	expect_tunables("glibc.malloc.hugetlb=1", "thp", NULL);
	expect_tunables("glibc.malloc.hugetlb=1073741824", "1G", NULL);
	expect_tunables("glibc.malloc.check=3:glibc.malloc.hugetlb=2", "yes",
			"glibc.malloc.check=3");
	expect_tunables("-", "yes", "glibc.malloc.hugetlb=1");
	expect_tunables("-", "yes", "glibc.malloc.check=3:glibc.malloc.hugetlb=0:glibc.rtld.nns=2");
	/* no name of this kind, and none at an element's beginning */
	expect_tunables("glibc.malloc.hugetlb_x=1:glibc.malloc.hugetlb=2", "yes",
			"glibc.malloc.hugetlb_x=1");
	setenv("HUGETLB_DEFAULT_PAGE_SIZE", "1G", 1);
	expect_tunables("glibc.malloc.hugetlb=1073741824", "yes", NULL);
	expect_tunables("glibc.malloc.hugetlb=2097152", "2M", NULL);
	unsetenv("HUGETLB_DEFAULT_PAGE_SIZE");
}

/* A file with that content: its kind. */
static struct elf_kind kind_of_content(const void *content, size_t bytes)
{
	char path[] = "/tmp/libhugetlbfs-unit.XXXXXX";
	const int file = mkstemp(path);
	struct elf_kind kind;

	assert_true(file >= 0);
	assert_int_equal(write(file, content, bytes), bytes);
	close(file);
	kind = elf_kind_of(path);
	unlink(path);
	return kind;
}

static void kinds_are_told_by_headers(void **state)
{
	struct {
		Elf64_Ehdr header;
		Elf64_Phdr segments[2];
		Elf64_Dyn dynamic[2];
	} file = {
		.header = {.e_type = ET_DYN,
			   .e_machine = EM_AARCH64,
			   .e_phnum = 2,
			   .e_phoff = sizeof(file.header),
			   .e_phentsize = sizeof(Elf64_Phdr)},
		.segments = {{.p_type = PT_LOAD},
			     {.p_type = PT_DYNAMIC,
			      .p_filesz = sizeof(file.dynamic),
			      .p_offset = offsetof(__typeof__(file), dynamic)}},
		.dynamic = {{.d_tag = DT_FLAGS_1, .d_un.d_val = DF_1_PIE}},
	};

	(void)state;
	memcpy(file.header.e_ident, ELFMAG, SELFMAG);
	file.header.e_ident[EI_CLASS] = ELFCLASS64;
	file.header.e_ident[EI_DATA] = ELFDATA2LSB;
	assert_int_equal(kind_of_content(&file, sizeof(file)).class_bits, 64);
	assert_int_equal(kind_of_content(&file, sizeof(file)).machine, EM_AARCH64);
	assert_true(kind_of_content(&file, sizeof(file)).is_static);
	file.segments[0].p_type = PT_INTERP;
	assert_false(kind_of_content(&file, sizeof(file)).is_static);
	file.segments[0].p_type = PT_LOAD;
	/* a shared object, the dynamic linker for one */
	file.dynamic[0].d_un.d_val = DF_1_NODELETE;
	assert_false(kind_of_content(&file, sizeof(file)).is_static);
	file.header.e_type = ET_EXEC;
	assert_true(kind_of_content(&file, sizeof(file)).is_static);
	/* cut short, or beyond its end, or of another order of bytes */
	for (size_t bytes = 0; bytes < sizeof(file.header) + sizeof(file.segments); bytes++)
		assert_int_equal(kind_of_content(&file, bytes).class_bits, 0);
	file.header.e_phoff = UINT64_MAX - 8;
	assert_int_equal(kind_of_content(&file, sizeof(file)).class_bits, 0);
	file.header.e_phoff = sizeof(file.header);
	file.header.e_ident[EI_DATA] = ELFDATA2MSB;
	assert_int_equal(kind_of_content(&file, sizeof(file)).class_bits, 0);
	assert_int_equal(elf_kind_of("/dev/null").class_bits, 0);
	assert_int_equal(elf_kind_of("/nowhere").class_bits, 0);
}

/* Against R: t.test(log(other / plain)), as exp() of its interval. */
static void ratios_of_pairs(void **state)
{
	const double plain[] = {1.00, 1.10, 0.95, 1.05, 1.02};
	const double other[] = {0.80, 0.90, 0.75, 0.86, 0.82};
	const struct ratio ratio = ratio_of(plain, other, 5);
	const struct ratio same = ratio_of(plain, plain, 5);

	(void)state;
	assert_true(ratio.known);
	assert_true(ratio.mean > 0.806 && ratio.mean < 0.807);
	assert_true(ratio.low > 0.7904 && ratio.low < 0.7916);
	assert_true(ratio.high > 0.8214 && ratio.high < 0.8226);
	assert_true(same.known && same.mean == 1 && same.low == 1 && same.high == 1);
	assert_false(ratio_of(plain, other, 1).known);
	assert_false(ratio_of((const double[]){1, 0}, other, 2).known);
}

/* Of five runs each, the second one's medians. */
static const struct ratio same = {1.0, 0.99, 1.02, true}, unsure = {0.9, 0.7, 1.1, true},
			  unknown = {0, 0, 0, false};

static void verdicts_are_honest(void **state)
{
	/* not static: to older compilers `same` is no constant */
	const struct {
		struct evidence evidence;
		struct verdicts verdicts;
		const char *text;
	} cases[] = {
		{{.time_ratio = {0.96, 0.95, 0.97, true}, .cpu_ratio = {0.95, 0.94, 0.96, true}},
		 {.time = VERDICT_LESS, .cpu = VERDICT_LESS, .memory = VERDICT_UNSURE},
		 "4 % faster, sure (0.95 to 0.97 of plain's time)"},
		{{.time_ratio = {1.2, 1.1, 1.3, true}, .cpu_ratio = {1.19, 1.1, 1.3, true}},
		 {.time = VERDICT_MORE, .cpu = VERDICT_MORE, .memory = VERDICT_UNSURE},
		 "20 % slower, sure (1.10 to 1.30 of plain's time)"},
		{{.time_ratio = same, .cpu_ratio = same, .memory_ratio = same},
		 {.time = VERDICT_NONE, .cpu = VERDICT_NONE, .memory = VERDICT_NONE},
		 "no difference: 0.99 to 1.02 of plain's time"},
		/* sure, and not worth a word */
		{{.time_ratio = {0.995, 0.992, 0.998, true}},
		 {.time = VERDICT_NONE, .cpu = VERDICT_UNSURE, .memory = VERDICT_UNSURE},
		 "no difference: 0.99 to 1.00 of plain's time"},
		{{.time_ratio = unsure, .cpu_ratio = unsure, .memory_ratio = unsure},
		 {.time = VERDICT_UNSURE, .cpu = VERDICT_UNSURE, .memory = VERDICT_UNSURE},
		 "not sure: 0.70 to 1.10 of plain's time; more runs may show it"},
		{{.time_ratio = unknown},
		 {.time = VERDICT_UNSURE, .cpu = VERDICT_UNSURE, .memory = VERDICT_UNSURE},
		 "not sure: two pairs of runs are needed at least"},
		/* memory alone is paid with */
		{{.time_ratio = same,
		  .cpu_ratio = same,
		  .memory_ratio = {1.3, 1.2, 1.4, true},
		  .memory_kb = {102400, 133120}},
		 {.time = VERDICT_NONE, .cpu = VERDICT_NONE, .memory = VERDICT_MORE},
		 "same time (0.99 to 1.02 of plain's time), 30 % more memory, sure (1.20 to 1.40; "
		 "30.0 MB)"},
		/* sampled memory: a little more means something, a little less does not */
		{{.time_ratio = same, .memory_ratio = {1.06, 1.05, 1.07, true}},
		 {.time = VERDICT_NONE, .cpu = VERDICT_UNSURE, .memory = VERDICT_MORE},
		 "same time (0.99 to 1.02 of plain's time), 6 % more memory, sure (1.05 to 1.07; "
		 "0.0 MB)"},
		{{.time_ratio = same, .memory_ratio = {0.94, 0.93, 0.95, true}},
		 {.time = VERDICT_NONE, .cpu = VERDICT_UNSURE, .memory = VERDICT_NONE},
		 "no difference: 0.99 to 1.02 of plain's time"},
		/* a gain and a loss */
		{{.time_ratio = {0.8, 0.79, 0.81, true},
		  .cpu_ratio = {1.1, 1.05, 1.15, true},
		  .memory_ratio = {2, 1.9, 2.1, true},
		  .memory_kb = {10240, 20480}},
		 {.time = VERDICT_LESS, .cpu = VERDICT_MORE, .memory = VERDICT_MORE},
		 "20 % faster, sure (0.79 to 0.81 of plain's time), but 10 % more CPU time, sure "
		 "(1.05 "
		 "to 1.15), but 100 % more memory, sure (1.90 to 2.10; 10.0 MB)"},
		/* on a busy machine CPU time says more than time */
		{{.time_ratio = unsure, .cpu_ratio = {0.88, 0.86, 0.9, true}},
		 {.time = VERDICT_UNSURE, .cpu = VERDICT_LESS, .memory = VERDICT_UNSURE},
		 "time not sure (0.70 to 1.10 of plain's time), 12 % less CPU time, sure (0.86 to "
		 "0.90)"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct verdicts verdicts = verdicts_of(&cases[i].evidence);
		char text[400];

		assert_int_equal(verdicts.time, cases[i].verdicts.time);
		assert_int_equal(verdicts.cpu, cases[i].verdicts.cpu);
		assert_int_equal(verdicts.memory, cases[i].verdicts.memory);
		verdicts_text(&cases[i].evidence, &verdicts, text, sizeof(text));
		assert_string_equal(text, cases[i].text);
	}
}

/* A loss has a cause, and nothing else has one. */
static void causes_are_named(void **state)
{
	static const struct ratio more = {1.2, 1.1, 1.3, true}, less = {0.8, 0.7, 0.9, true};
	/* not static: to older compilers `same` is no constant */
	const struct {
		struct evidence evidence;
		enum cause cause;
		const char *text;
	} cases[] = {
		{{.time_ratio = same, .cpu_ratio = same, .kernel = {0, 1}}, CAUSE_NONE, ""},
		{{.time_ratio = less, .cpu_ratio = more, .cpu = {1, 2}}, CAUSE_NONE, ""},
		{{.time_ratio = more, .seconds = {1, 2}, .cpu = {1, 1.1}},
		 CAUSE_WAITS,
		 "The program does not work more, it waits more"},
		{{.time_ratio = more, .seconds = {0.001, 0.0014}, .cpu = {0.001, 0.0014}},
		 CAUSE_START,
		 "The program is short: it takes 0.40 ms more"},
		{{.time_ratio = more, .seconds = {1, 2}, .cpu = {1, 2}, .kernel = {0, 0.4}},
		 CAUSE_PROGRAM,
		 "The difference is not in the kernel."},
		{{.time_ratio = more,
		  .seconds = {1, 2},
		  .cpu = {1, 2},
		  .kernel = {0, 0.6},
		  .forked = true},
		 CAUSE_PROCESSES,
		 "The kernel copies huge pages at each fork"},
		{{.time_ratio = more, .seconds = {1, 2}, .cpu = {1, 2}, .kernel = {0, 0.6}},
		 CAUSE_CLEARING,
		 "The kernel works 0.600 s more"},
		/* the same time, and more work */
		{{.time_ratio = same, .cpu_ratio = more, .cpu = {1, 2}, .kernel = {0, 1}},
		 CAUSE_CLEARING,
		 "The kernel works 1.000 s more"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct verdicts verdicts = verdicts_of(&cases[i].evidence);
		char text[400];

		assert_int_equal(verdicts.cause, cases[i].cause);
		cause_text(&cases[i].evidence, verdicts.cause, text, sizeof(text));
		assert_int_equal(*text == 0, *cases[i].text == 0);
		assert_int_equal(strncmp(text, cases[i].text, strlen(cases[i].text)), 0);
	}
}

static void medians(void **state)
{
	double odd[] = {3, 1, 2}, even[] = {4, 1, 3, 2};

	(void)state;
	assert_true(median_of(odd, 3) == 2);
	assert_true(median_of(even, 4) == 2.5);
}

#define CHILDREN 1200

struct count {
	pid_t children[CHILDREN];
	unsigned int known, unknown;
};

static void count_process(pid_t pid, const char *status, void *argument)
{
	struct count *count = argument;

	assert_true(process_status_kb(status, "\nVmSize:") > 0);
	for (int i = 0; i < CHILDREN; i++)
		if (count->children[i] == pid) {
			count->known++;
			return;
		}
	count->unknown++;
}

/* The kernel lists more children than fit into a page of text: each is visited, and no other. */
static void many_children_are_visited(void **state)
{
	static struct count count;

	(void)state;
	for (int i = 0; i < CHILDREN; i++) {
		count.children[i] = fork();
		if (!count.children[i])
			for (;;)
				pause();
	}
	process_tree_walk(getpid(), count_process, &count);
	for (int i = 0; i < CHILDREN; i++) {
		kill(count.children[i], SIGKILL);
		waitpid(count.children[i], NULL, 0);
	}
	assert_int_equal(count.known, CHILDREN);
	assert_int_equal(count.unknown, 1); /* this process */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT_TEST(many_children_are_visited),
		UNIT_TEST(every_variable_has_an_option),
		UNIT_TEST(every_option_has_its_variable),
		UNIT_TEST(options_become_variables),
		UNIT_TEST(levels_add_up),
		UNIT_TEST(lists_grow_in_front),
		UNIT_TEST(tunables_are_merged),
		UNIT_TEST(kinds_are_told_by_headers),
		UNIT_TEST(ratios_of_pairs),
		UNIT_TEST(verdicts_are_honest),
		UNIT_TEST(causes_are_named),
		UNIT_TEST(medians),
	};

	return cmocka_run_group_tests_name("hugectl", tests, NULL, NULL);
}
