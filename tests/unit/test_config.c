/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The configuration file: which rules apply to which program, its cost, and its errors.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"
#include "options/config.h"
#include "options/options.h"
#include "options/rule.h"
#include "unit.h"

static struct options options;
static int bad;

/* Reads an environment of up to two entries for the program, catching what is said. */
static int read_for(const char *program, const char *first, const char *second)
{
	char *environment[] = {"PATH=/bin", (char *)first, (char *)second, NULL};

	gate_catch_stderr();
	log_set_level(LOG_WARNING);
	return options_read(&options, environment, program, &bad);
}

/* The same with that text in /etc/libhugetlbfs.conf. */
static int read_config(const char *text, const char *program)
{
	gate_reset();
	gate_file(CONFIG_PATH, text);
	return read_for(program, NULL, NULL);
}

/* It is read without a word, and the heap is then so. */
static void assert_heap(const char *text, const char *program, enum feature_pages heap)
{
	read_config(text, program);
	if (bad || gate_stderr_lines() || options.heap != heap)
		fail_msg("for %s heap %d of\n%s\n%s", program, options.heap, text, gate_stderr());
}

/* One line that begins so, and nothing that follows from what was bad. */
static void assert_bad(const char *text, const char *line)
{
	char wanted[256];

	snprintf(wanted, sizeof(wanted), "WARNING: " CONFIG_PATH "%s", line);
	read_config(text, "program");
	if (!bad || gate_stderr_lines() != 1 || !strstr(gate_stderr(), wanted) ||
	    options.heap != HEAP_OFF)
		fail_msg("%d bad, heap %d of\n%s\n%s", bad, options.heap, text, gate_stderr());
}

static void patterns(void **state)
{
	static const struct {
		const char *pattern, *text;
		bool fits;
	} cases[] = {
		{"a", "a", true},
		{"a", "b", false},
		{"a", "ab", false},
		{"ab", "a", false},
		{"", "", true},
		{"*", "", true},
		{"*", "/usr/bin/java", true},
		{"?", "", false},
		{"?", "x", true},
		{"a?c", "abc", true},
		{"a*c", "ac", true},
		{"a*c", "abcbc", true},
		{"a*c", "abcb", false},
		{"*a*b*", "xxaxxbxx", true},
		{"*a*b*", "xxbxxaxx", false},
		{"/opt/*/java", "/opt/a/b/java", true},
		{"/opt/*/java", "/opt/java", false},
		{"**", "x", true},
		{"a**", "a", true},
		{"[a]", "a", false},
	};
	char text[4096];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		if (rule_glob(cases[i].pattern, strlen(cases[i].pattern), cases[i].text) !=
		    cases[i].fits)
			fail_msg("%s, %s", cases[i].pattern, cases[i].text);
	/* in no time: a matcher that tries every star at every place would not come back */
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_false(rule_glob("*a*a*a*a*a*a*a*a*a*a*a*a*b", 26, text));
}

static void rules_by_program(void **state)
{
	(void)state;
	assert_heap("MORECORE=yes", "anybody", HEAP_DEFAULT);
	assert_heap("[program=a]\nMORECORE=yes\n", "a", HEAP_DEFAULT);
	assert_heap("[program=a]\nMORECORE=yes\n", "/usr/bin/a", HEAP_DEFAULT);
	assert_heap("[program=a]\nMORECORE=yes\n", "b", HEAP_OFF);
	assert_heap("[program=b,a]\nMORECORE=yes\n", "a", HEAP_DEFAULT);
	assert_heap("[program=b,a]\nMORECORE=yes\n", "ab", HEAP_OFF);
	assert_heap("[program=python3*]\nMORECORE=yes\n", "python3.11", HEAP_DEFAULT);
	assert_heap("[program=a]\nMORECORE=yes\n", NULL, HEAP_OFF);
	assert_heap("[program=a]\nMORECORE=yes\n", "", HEAP_OFF);
	/* the later one counts, with or without the prefix, and each rule ends the one before */
	assert_heap("MORECORE=thp\n[program=a]\nHUGETLB_MORECORE=no\n", "a", HEAP_OFF);
	assert_heap("MORECORE=thp\n[program=a]\nHUGETLB_MORECORE=no\n", "b", HEAP_THP);
	assert_heap("[program=a]\n[program=b]\nMORECORE=yes", "a", HEAP_OFF);
	assert_heap("[program=a]\nMORECORE=yes\n[program=a]\nMORECORE=thp", "a", HEAP_THP);
	/* all of its conditions must hold */
	assert_heap("[program=a program=b]\nMORECORE=yes", "a", HEAP_OFF);
	assert_heap("[program=a* program=*b]\nMORECORE=yes", "ab", HEAP_DEFAULT);
}

static void lines_as_people_write_them(void **state)
{
	(void)state;
	assert_heap("# text\n\n   # more\n \t\nMORECORE=yes\n", "a", HEAP_DEFAULT);
	assert_heap("  MORECORE \t=  yes  ", "a", HEAP_DEFAULT);
	assert_heap("[ program=a ]\r\nMORECORE=yes\r\n", "a", HEAP_DEFAULT);
	assert_heap("  [program=a]  \n\tMORECORE = thp", "a", HEAP_THP);
	assert_heap("", "a", HEAP_OFF);
	assert_heap("\n", "a", HEAP_OFF);
	assert_int_equal(read_config("PATH = /a b=c #d\n", "a"), 1);
	assert_string_equal(options.path, "/a b=c #d");
}

static void rules_by_user(void **state)
{
	const unsigned long uid = geteuid();
	char text[128], users[128];

	(void)state;
	snprintf(text, sizeof(text), "[uid=%lu]\nMORECORE=yes", uid);
	assert_heap(text, "a", HEAP_DEFAULT);
	snprintf(text, sizeof(text), "[uid=4294967295,%lu-%lu]\nMORECORE=yes", uid, uid + 1);
	assert_heap(text, "a", HEAP_DEFAULT);
	snprintf(text, sizeof(text), "[uid=%lu-4294967295]\nMORECORE=yes", uid + 1);
	assert_heap(text, "a", HEAP_OFF);

	snprintf(users, sizeof(users), "m:x:%lu:0::/:\nmeme:x:1\nme:x:%lu:100::/:/bin/sh\n",
		 uid + 1, uid);
	gate_reset();
	gate_file("/etc/passwd", users);
	gate_file(CONFIG_PATH, "[user=me]\nMORECORE=yes\n[user=m,meme,m*,nobody-here]\nSHM=yes\n");
	assert_int_equal(read_for("a", NULL, NULL), 1);
	assert_int_equal(options.heap, HEAP_DEFAULT);
	assert_false(options.shm);
	gate_reset();
	gate_file(CONFIG_PATH, "[program=b user=me]\nMORECORE=yes\n");
	read_for("a", NULL, NULL);
	assert_int_equal(gate_calls(SYS_openat), 1);
}

static void rules_by_path(void **state)
{
	char path[4096], text[8192];
	ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);

	(void)state;
	assert_true(length > 0);
	path[length] = '\0';
	snprintf(text, sizeof(text), "[path=%s]\nMORECORE=yes", path);
	assert_heap(text, "a", HEAP_DEFAULT);
	assert_int_equal(gate_calls(SYS_readlinkat), 1);
	assert_heap("[path=/*/test_config]\nMORECORE=yes", "a", HEAP_DEFAULT);
	assert_heap("[path=test_config]\nMORECORE=yes", "a", HEAP_OFF);
	assert_heap("[program=b path=*]\nMORECORE=yes", "a", HEAP_OFF);
	assert_int_equal(gate_calls(SYS_readlinkat), 0);
	/* without /proc the name that it was started by, which tests are by a whole path or not */
	gate_reset();
	gate_file(CONFIG_PATH, "[path=*test_config]\nMORECORE=yes");
	gate_fail_always(SYS_readlinkat, ENOENT);
	read_for("a", NULL, NULL);
	assert_int_equal(options.heap, HEAP_DEFAULT);
}

static void environment_wins_by_variable(void **state)
{
	(void)state;
	gate_file(CONFIG_PATH, "MORECORE=thp\nSHM=yes\n");
	assert_int_equal(read_for("a", "HUGETLB_MORECORE=no", NULL), 2);
	assert_int_equal(options.heap, HEAP_OFF);
	assert_true(options.shm);
	/* also with a value that is not understood */
	gate_reset();
	gate_file(CONFIG_PATH, "MORECORE=thp\nSHM=yes\n");
	assert_int_equal(read_for("a", "HUGETLB_MORECORE=garbage", NULL), 2);
	assert_int_equal(options.heap, HEAP_OFF);
	assert_int_equal(bad, 1);
	/* and a file's value that is not understood does not matter then */
	gate_reset();
	gate_file(CONFIG_PATH, "MORECORE=garbage\n");
	assert_int_equal(read_for("a", "HUGETLB_MORECORE=thp", NULL), 1);
	assert_int_equal(options.heap, HEAP_THP);
	assert_int_equal(bad, 0);
	assert_int_equal(gate_stderr_lines(), 0);
}

static void one_value_leaves_nothing_of_another(void **state)
{
	(void)state;
	read_config("SHM=2M\nSHM=yes\n", "a");
	assert_true(options.shm);
	assert_int_equal(options.shm_page_bytes, 0);
}

static void restriction(void **state)
{
	(void)state;
	assert_heap("RESTRICT_EXE=a:b\nMORECORE=yes\n", "a", HEAP_DEFAULT);
	assert_heap("RESTRICT_EXE=a:b\nMORECORE=yes\n", "c", HEAP_OFF);
	assert_int_equal(read_config("RESTRICT_EXE=a\nMORECORE=garbage\nfoo\n", "c"), 0);
	assert_int_equal(gate_stderr_lines(), 0);
	gate_reset();
	gate_file(CONFIG_PATH, "RESTRICT_EXE=a\nMORECORE=yes\n");
	assert_int_equal(read_for("c", "HUGETLB_RESTRICT_EXE=c", NULL), 2);
	assert_int_equal(options.heap, HEAP_DEFAULT);
	/* a program that the environment excludes does not read the file */
	gate_reset();
	gate_file(CONFIG_PATH, "MORECORE=yes\n");
	assert_int_equal(read_for("c", "HUGETLB_RESTRICT_EXE=a", NULL), 0);
	assert_int_equal(gate_calls(GATE_ANY), 0);
}

static void cost(void **state)
{
	static char text[20000];

	(void)state;
	/* no file: one open */
	assert_int_equal(read_for("a", NULL, NULL), 0);
	assert_int_equal(gate_calls(GATE_ANY), 1);
	/* no rule for this program: open, status, one read, close */
	assert_int_equal(read_config("[program=b]\nMORECORE=yes\n", "a"), 0);
	assert_int_equal(gate_calls(SYS_openat), 1);
	assert_int_equal(gate_calls(SYS_statx), 1);
	assert_int_equal(gate_calls(SYS_read), 1);
	assert_int_equal(gate_calls(SYS_close), 1);
	assert_int_equal(gate_calls(GATE_ANY), 4);
	memset(text, '#', sizeof(text) - 1);
	assert_int_equal(read_config(text, "a"), 0);
	assert_int_equal(gate_calls(GATE_ANY), 4);
	/* asked not to */
	gate_reset();
	gate_file(CONFIG_PATH, "MORECORE=yes\n");
	assert_int_equal(read_for("a", "HUGETLB_CONFIG=", NULL), 1);
	assert_int_equal(options.heap, HEAP_OFF);
	assert_int_equal(gate_calls(GATE_ANY), 0);
	/* set-uid */
	gate_secure(true);
	assert_int_equal(read_for("a", NULL, NULL), 0);
	assert_int_equal(read_for("a", "HUGETLB_CONFIG=" CONFIG_PATH, NULL), 0);
	assert_int_equal(gate_calls(GATE_ANY), 0);
}

static void lines_not_understood(void **state)
{
	static const char *const headers[] = {
		"[",
		"[]",
		"[ ]",
		"[program=a",
		"[program=]",
		"[program=,]",
		"[program=a,]",
		"[program]",
		"[=a]",
		"[prog=a]",
		"[uid=]",
		"[uid=a]",
		"[uid=-1]",
		"[uid=1-]",
		"[uid=2-1]",
		"[uid=1-2-3]",
		"[uid=+1]",
		"[uid=1.5]",
		"[uid=4294967296]",
		"[*]",
		"[user=]",
		"[path=]",
		"[program a]",
		"[program=a uid]",
		"[Program=a]",
	};
	static const char *const settings[] = {
		"MORECORE",
		"=",
		"=yes",
		"MORECOR=yes",
		"morecore=yes",
		"CONFIG=/etc/other",
		"HUGETLB_CONFIG=/etc/other",
		"HUGETLB_HUGETLB_MORECORE=yes",
		"include /etc/other",
		"program=a",
		"\x01\x02\xff",
		"MORECORE yes",
	};
	char text[256];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(headers); i++) {
		snprintf(text, sizeof(text), "\n%s\nMORECORE=yes\nfoo\n", headers[i]);
		assert_bad(text, ":2: [");
		assert_int_equal(bad, 1);
		assert_non_null(strstr(gate_stderr(), ": not understood; skipped\n"));
	}
	for (size_t i = 0; i < COUNT_OF(settings); i++) {
		snprintf(text, sizeof(text), "# a\n[program=*]\nSHM=yes\n%s\nNO_RESERVE=yes",
			 settings[i]);
		assert_bad(text, ":4: ");
		assert_true(options.shm && options.no_reserve);
	}
	/* a rule for somebody else is that one's matter */
	assert_heap("[program=b]\ngarbage\nMORECORE=garbage\n", "a", HEAP_OFF);
	/* one line for them all */
	assert_bad("MORECROE \t= yes \r\n", ":1: MORECROE ?= yes: not understood; skipped\n");
	assert_bad("a\nb\nc\n", ":1: a: not understood; skipped, and 2 more lines like it\n");
	assert_int_equal(bad, 3);
	/* as it stands there */
	assert_bad("MORECOER = yes \n", ":1: MORECOER = yes: not understood; skipped\n");
	/* values have the place too */
	assert_bad("\nMORECORE=garbage\n", ":2: HUGETLB_MORECORE=garbage: not understood; ");
	/* and nothing is logged if the file says so */
	assert_int_equal(read_config("a\nVERBOSE=0\nMORECORE=garbage\n", "a"), 2);
	assert_int_equal(gate_stderr_lines(), 0);
	assert_int_equal(bad, 2);
}

/* Who checks the file looks at all rules, and at values. */
static void checking(void **state)
{
	struct config config;

	(void)state;
	gate_file(CONFIG_PATH, "[program=b]\nSHM=yes\nMORECORE=maybe\nfoo\n[uid=1]\nPATH=/a\n");
	config_read(&config, CONFIG_PATH, false, NULL);
	assert_null(config.problem);
	assert_int_equal(config.bad_lines, 2);
	assert_int_equal(config.first_bad_line, 3);
	assert_string_equal(config.first_bad_text, "MORECORE=maybe");
}

static void debugging_tells_what_counts(void **state)
{
	(void)state;
	read_config("DEBUG=yes\n[program=a]\nMORECORE=no\n[program=b]\nSHM=no\n", "a");
	assert_non_null(strstr(gate_stderr(),
			       "DEBUG: " CONFIG_PATH ":1: HUGETLB_DEBUG=yes, for every program\n"));
	assert_non_null(strstr(gate_stderr(), "DEBUG: " CONFIG_PATH
					      ":3: HUGETLB_MORECORE=no, by the rule in line 2\n"));
	assert_null(strstr(gate_stderr(), "HUGETLB_SHM"));
	gate_reset();
	read_for("a", "HUGETLB_DEBUG=1", NULL);
	assert_non_null(strstr(gate_stderr(), "DEBUG: there is no " CONFIG_PATH "\n"));
	gate_reset();
	gate_file(CONFIG_PATH, "[program=b]\nMORECORE=yes\n");
	read_for("a", "HUGETLB_DEBUG=1", NULL);
	assert_non_null(strstr(gate_stderr(), CONFIG_PATH " has nothing for this program\n"));
}

/* A real file, in the directory of the tests; HUGETLB_CONFIG names it. */
static char file_path[] = "/tmp/libhugetlbfs-test-config.XXXXXX", file_entry[128];

static int make_file(void **state)
{
	int fd;

	(void)state;
	gate_reset();
	strcpy(strchr(file_path, '.'), ".XXXXXX");
	fd = mkstemp(file_path);
	if (fd < 0 || write(fd, "MORECORE=thp\n", 13) != 13)
		return -1;
	close(fd);
	snprintf(file_entry, sizeof(file_entry), "HUGETLB_CONFIG=%s", file_path);
	return 0;
}

static int remove_file(void **state)
{
	(void)state;
	rmdir(file_path);
	unlink(file_path);
	return 0;
}

static void assert_refused(const char *why)
{
	assert_int_equal(read_for("a", file_entry, NULL), 1);
	if (bad != 1 || options.heap != HEAP_OFF || gate_stderr_lines() != 1 ||
	    !strstr(gate_stderr(), file_path) || !strstr(gate_stderr(), why) ||
	    !strstr(gate_stderr(), "; the file is ignored\n"))
		fail_msg("%s: %s", why, gate_stderr());
}

static void owner_and_mode(void **state)
{
	(void)state;
	assert_int_equal(read_for("a", file_entry, NULL), 2);
	assert_int_equal(options.heap, HEAP_THP);
	chmod(file_path, 0620);
	assert_refused(" is writable by others than its owner; ");
	chmod(file_path, 0602);
	assert_refused(" is writable by others than its owner; ");
	chmod(file_path, 0444);
	assert_int_equal(read_for("a", file_entry, NULL), 2);
	if (geteuid())
		return;
	assert_int_equal(chown(file_path, 1, 0), 0);
	assert_refused(" is owned neither by root nor by this user; ");
	assert_int_equal(chown(file_path, 65534, 0), 0);
	assert_refused(" is owned neither by root nor by this user; ");
}

static void no_text_file(void **state)
{
	static const char binary[] = "MORECORE=yes\n\0MORECORE=yes\n";
	char link[sizeof(file_path) + 8];
	int fd = open(file_path, O_WRONLY | O_TRUNC);

	(void)state;
	assert_int_equal(write(fd, binary, sizeof(binary)), sizeof(binary));
	close(fd);
	assert_refused(" is not a text file; ");
	/* of holes: none of it is read */
	assert_int_equal(truncate(file_path, CONFIG_BYTES + 1), 0);
	assert_refused(" is longer than 64 kB; ");
	assert_int_equal(truncate(file_path, 1l << 30), 0);
	gate_reset();
	assert_refused(" is longer than 64 kB; ");
	assert_int_equal(gate_calls(SYS_read), 0);
	unlink(file_path);
	assert_refused(" cannot be opened (ENOENT); ");
	assert_int_equal(mkfifo(file_path, 0600), 0);
	assert_refused(" is not a regular file; ");
	unlink(file_path);
	assert_int_equal(mkdir(file_path, 0700), 0);
	assert_refused(" is not a regular file; ");
	rmdir(file_path);
	assert_int_equal(symlink(file_path, file_path), 0);
	assert_refused(" cannot be opened (ELOOP); ");
	unlink(file_path);
	snprintf(link, sizeof(link), "%s-to", file_path);
	assert_int_equal(symlink("/dev/zero", file_path), 0);
	assert_refused(" is not a regular file; ");
}

/* As long as it may be, in one line or in none. */
static void longest_file(void **state)
{
	static char text[CONFIG_BYTES];
	int fd = open(file_path, O_WRONLY | O_TRUNC);

	(void)state;
	memset(text, 'x', sizeof(text));
	assert_int_equal(write(fd, text, sizeof(text) - 1), sizeof(text) - 1);
	assert_int_equal(read_for("a", file_entry, NULL), 1);
	assert_int_equal(bad, 1);
	assert_int_equal(gate_stderr_lines(), 1);
	assert_non_null(strstr(gate_stderr(), ":1: xxx"));
	assert_true(strlen(gate_stderr()) < 400);
	memcpy(text + sizeof(text) - 14, "\nMORECORE=thp", 13);
	text[0] = '#';
	assert_int_equal(pwrite(fd, text, sizeof(text) - 1, 0), sizeof(text) - 1);
	assert_int_equal(read_for("a", file_entry, NULL), 2);
	assert_int_equal(options.heap, HEAP_THP);
	assert_int_equal(gate_stderr_lines(), 0);
	close(fd);
}

static void values_are_copies(void **state)
{
	(void)state;
	read_config("PATH=/mnt/huge\nREPORT=/tmp/report\n", "a");
	assert_string_equal(options.path, "/mnt/huge");
	assert_string_equal(options.report, "/tmp/report");
	{
		struct config config;

		gate_reset();
		gate_file(CONFIG_PATH, "####################################################");
		config_read(&config, CONFIG_PATH, false, "a");
	}
	assert_string_equal(options.path, "/mnt/huge");
	assert_string_equal(options.report, "/tmp/report");
}

/* The default file: what keeps a program from it is no warning, what is wrong with it is. */
static void each_call_fails(void **state)
{
	static const struct {
		long number;
		int error;
		unsigned int lines;
	} cases[] = {
		{SYS_openat, ENOENT, 0}, {SYS_openat, EACCES, 0}, {SYS_openat, EAGAIN, 0},
		{SYS_openat, EMFILE, 0}, {SYS_statx, ENOSYS, 0},  {SYS_read, EIO, 1},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		gate_reset();
		gate_file(CONFIG_PATH, "MORECORE=thp\n");
		gate_fail(cases[i].number, 1, cases[i].error);
		assert_int_equal(read_for("a", NULL, NULL), 0);
		assert_int_equal(options.heap, HEAP_OFF);
		assert_int_equal(gate_stderr_lines(), cases[i].lines);
		assert_int_equal(bad, cases[i].lines);
		/* as many descriptors as before */
		assert_int_equal(gate_calls(SYS_close), cases[i].number != SYS_openat);
	}
	gate_reset();
	gate_file(CONFIG_PATH, "MORECORE=thp\n");
	gate_fail(SYS_read, 1, EINTR);
	assert_int_equal(read_for("a", NULL, NULL), 1);
	assert_int_equal(options.heap, HEAP_THP);
	gate_reset();
	gate_file(CONFIG_PATH, "MORECORE=thp\n");
	gate_fail(SYS_openat, 1, EACCES);
	read_for("a", "HUGETLB_VERBOSE=3", NULL);
	assert_non_null(strstr(gate_stderr(), "INFO: " CONFIG_PATH
					      " cannot be opened (EACCES); the file is ignored\n"));
}

#define FILE_TEST(function) cmocka_unit_test_setup_teardown(function, make_file, remove_file)

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT_TEST(patterns),
		UNIT_TEST(rules_by_program),
		UNIT_TEST(lines_as_people_write_them),
		UNIT_TEST(rules_by_user),
		UNIT_TEST(rules_by_path),
		UNIT_TEST(environment_wins_by_variable),
		UNIT_TEST(one_value_leaves_nothing_of_another),
		UNIT_TEST(restriction),
		UNIT_TEST(cost),
		UNIT_TEST(lines_not_understood),
		UNIT_TEST(checking),
		UNIT_TEST(debugging_tells_what_counts),
		FILE_TEST(owner_and_mode),
		FILE_TEST(no_text_file),
		FILE_TEST(longest_file),
		UNIT_TEST(values_are_copies),
		UNIT_TEST(each_call_fails),
	};

	return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
