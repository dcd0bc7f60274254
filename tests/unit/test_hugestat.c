/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hugestat's parsers and findings, with data made by the test.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "region/process.h"
#include "tools/common/json.h"
#include "tools/common/shown_text.h"
#include "tools/hugestat/advise.h"
#include "tools/hugestat/findings.h"
#include "tools/hugestat/frames.h"
#include "tools/hugestat/process.h"
#include "tools/hugestat/why.h"
#include "unit.h"

#define MIB ((uint64_t)1 << 20)

static void numa_lines(void **state)
{
	unsigned long kb[PROCESS_NODES_MAX];
	uint64_t address;

	(void)state;
	assert_true(process_numa_line("7f00 default file=/a\\040N3=9 mapped=2 N0=2 N12=5 "
				      "kernelpagesize_kB=4\n",
				      &address, kb));
	assert_int_equal(address, 0x7f00);
	assert_int_equal(kb[0], 8);
	assert_int_equal(kb[12], 20);
	assert_int_equal(kb[3], 0);
	assert_true(process_numa_line("10 bind:1 huge anon=3 N1=3 kernelpagesize_kB=2048", &address,
				      kb));
	assert_int_equal(kb[1], 6144);
	assert_true(process_numa_line("10 default N=3 Nx=2 N99=7 N0 kernelpagesize_kB=4", &address,
				      kb));
	for (int i = 0; i < PROCESS_NODES_MAX; i++)
		assert_int_equal(kb[i], 0);
	assert_false(process_numa_line("", &address, kb));
	assert_false(process_numa_line("default N0=1", &address, kb));
}

static void flag_names(void **state)
{
	char text[64];

	(void)state;
	frames_flag_names(0, text, sizeof(text));
	assert_string_equal(text, "");
	frames_flag_names(1ull << 12 | 1ull << 15 | 1ull << 22, text, sizeof(text));
	assert_string_equal(text, "anonymous,compound_head,thp");
	frames_flag_names(1ull << 63, text, sizeof(text));
	assert_string_equal(text, "bit63");
	/* All names don't fit: the text ends, and nothing is behind it. */
	memset(text, 'x', sizeof(text));
	frames_flag_names(~0ull, text, sizeof(text) - 1);
	assert_int_equal(text[sizeof(text) - 1], 'x');
	assert_true(strlen(text) < sizeof(text) - 1);
}

static void written_json(void **state)
{
	struct json json;
	char *text;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);

	(void)state;
	json = (struct json){.stream = out, .compact = true};
	json_open(&json, NULL, '{');
	json_text(&json, "a\"b", "c\\d\n");
	json_open(&json, "list", '[');
	json_number(&json, NULL, 18446744073709551615ull);
	json_boolean(&json, NULL, true);
	json_text(&json, NULL, NULL);
	json_close(&json, ']');
	json_open(&json, "empty", '{');
	json_close(&json, '}');
	json_close(&json, '}');
	fclose(out);
	assert_string_equal(text,
			    "{\"a\\\"b\":\"c\\\\d\\u000a\",\"list\":[18446744073709551615,true,"
			    "null],\"empty\":{}}\n");
	free(text);
}

/* Writes text by text_show() and as JSON, and compares. */
static void assert_shown(const char *text, const char *shown, const char *in_json)
{
	struct json json;
	char *written;
	size_t bytes;
	FILE *out = open_memstream(&written, &bytes);

	text_show(text, out);
	fclose(out);
	assert_string_equal(written, shown);
	free(written);
	out = open_memstream(&written, &bytes);
	json = (struct json){.stream = out, .compact = true};
	json_open(&json, NULL, '[');
	json_text(&json, NULL, text);
	json_close(&json, ']');
	fclose(out);
	assert_int_equal(written[bytes - 1], '\n');
	written[bytes - 1] = '\0';
	assert_string_equal(written, in_json);
	free(written);
}

static void text_from_outside(void **state)
{
	(void)state;
	assert_shown("plain /name", "plain /name", "[\"plain /name\"]");
	assert_shown("\303\244 \342\202\254 \360\237\230\200",
		     "\303\244 \342\202\254 \360\237\230\200",
		     "[\"\303\244 \342\202\254 \360\237\230\200\"]");
	assert_shown("\033]0;x\007\n", "\\033]0;x\\007\\012", "[\"\\u001b]0;x\\u0007\\u000a\"]");
	assert_shown("\177\302\233", "\\177\\302\\233", "[\"\\u007f\\u009b\"]");
	/* the writing direction */
	assert_shown("\342\200\256x", "\\342\\200\\256x", "[\"\\u202ex\"]");
	/* cut, overlong, a surrogate, beyond the last, a continuation and a byte of no character */
	assert_shown("a\303", "a\\303", "[\"a\\ufffd\"]");
	assert_shown("\300\257", "\\300\\257", "[\"\\ufffd\\ufffd\"]");
	assert_shown("\355\240\200", "\\355\\240\\200", "[\"\\ufffd\\ufffd\\ufffd\"]");
	assert_shown("\364\220\200\200", "\\364\\220\\200\\200",
		     "[\"\\ufffd\\ufffd\\ufffd\\ufffd\"]");
	assert_shown("\233\377", "\\233\\377", "[\"\\ufffd\\ufffd\"]");
}

static void assert_wrapped(const char *text, int column, const char *wrapped)
{
	char *written;
	size_t bytes;
	FILE *out = open_memstream(&written, &bytes);

	text_wrap(text, column, 4, out);
	fclose(out);
	assert_string_equal(written, wrapped);
	free(written);
}

static void text_is_wrapped(void **state)
{
	(void)state;
	assert_wrapped("one two", 4, "one two\n");
	assert_wrapped("", 4, "\n");
	/* the 80th column is the last */
	assert_wrapped("one two", 73, "one two\n");
	assert_wrapped("one two", 74, "one\n    two\n");
	assert_wrapped("one two", 78, "\n    one two\n");
	assert_wrapped("a\033b c", 76, "a\\033b\n    c\n");
}

static struct system system_facts;
static struct findings findings;

/* A machine on which nothing is wrong. */
static int good_machine(void **state)
{
	struct system good = {
		.glibc = "2.36",
		.have_sys = true,
		.have_proc = true,
		.sizes = {.base = 4096,
			  .thp = 2 * MIB,
			  .default_huge = 2 * MIB,
			  .huge = {2 * MIB},
			  .huge_count = 1},
		.available_bytes = 1024 * MIB,
		.pools = {{.page_bytes = 2 * MIB,
			   .readable = true,
			   .pool = {.total = 10, .available = 10},
			   .limit_bytes = SYSTEM_NO_LIMIT}},
		.thp_enabled = "madvise",
		.thp_tried_kb = 2048,
		.mounts = {{.path = "/huge", .page_bytes = 2 * MIB, .writable = true}},
		.mount_count = 1,
		.shmmax_bytes = SYSTEM_NO_LIMIT,
		.may_shm = true,
	};

	(void)state;
	system_facts = good;
	return 0;
}

static const struct finding *find(const char *name)
{
	findings_collect(&system_facts, &findings);
	for (int i = 0; i < findings.count; i++)
		if (!strcmp(findings.list[i].name, name))
			return &findings.list[i];
	return NULL;
}

static void nothing_is_wrong(void **state)
{
	(void)state;
	findings_collect(&system_facts, &findings);
	assert_int_equal(findings.count, 0);
	assert_int_equal(findings.problems, 0);
}

static void pool_is_judged(void **state)
{
	struct pool *pool = &system_facts.pools[0].pool;

	(void)state;
	pool->reserved = 10;
	assert_non_null(strstr(find("pool-used-up")->command, "echo 74 >"));
	pool->overcommit = 1;
	assert_null(find("pool-used-up"));
	*pool = (struct pool){.total = 0};
	/* an eighth of 1 GiB */
	assert_string_equal(find("no-pool")->command,
			    "echo 64 >/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages");
	assert_null(find("pool-used-up"));
	pool->overcommit = 5;
	assert_null(find("no-pool"));
}

static void nodes_are_judged(void **state)
{
	struct system_pool *pool = &system_facts.pools[0];

	(void)state;
	pool->node_count = 3;
	pool->nodes[0] = (struct system_node){.node = 0, .total = 10};
	pool->nodes[1] = (struct system_node){.node = 2};
	pool->nodes[2] = (struct system_node){.node = 5};
	assert_false(find("node-without-pages")->problem);
	assert_string_equal(find("node-without-pages")->command,
			    "echo 64 >/sys/devices/system/node/node2/hugepages/hugepages-2048kB/"
			    "nr_hugepages");
	pool->nodes[1].total = pool->nodes[2].total = 1;
	assert_null(find("node-without-pages"));
	/* then the pool is the problem */
	pool->pool.total = pool->pool.available = 0;
	for (int i = 0; i < 3; i++)
		pool->nodes[i].total = 0;
	assert_null(find("node-without-pages"));
}

static void limit_is_judged(void **state)
{
	struct system_pool *pool = &system_facts.pools[0];

	(void)state;
	pool->limit_bytes = 20 * MIB;
	assert_null(find("cgroup-limit"));
	pool->limit_bytes = 18 * MIB;
	strcpy(pool->limit_path, "/g/hugetlb.2MB.max");
	pool->limit_version_2 = true;
	assert_false(find("cgroup-limit")->problem);
	pool->usage_bytes = 17 * MIB;
	assert_true(find("cgroup-limit")->problem);
	assert_string_equal(find("cgroup-limit")->command, "echo max >/g/hugetlb.2MB.max");
	pool->usage_bytes = 19 * MIB;
	assert_true(find("cgroup-limit")->problem);
	pool->limit_version_2 = false;
	assert_string_equal(find("cgroup-limit")->command, "echo -1 >/g/hugetlb.2MB.max");
	/* a user who may create groups must not have root type what he likes */
	strcpy(pool->limit_path, "/g/a';reboot'/l");
	assert_string_equal(find("cgroup-limit")->command, "echo -1 >'/g/a'\\'';reboot'\\''/l'");
	memset(pool->limit_path, '\'', sizeof(pool->limit_path) - 1);
	assert_string_equal(find("cgroup-limit")->command, "");
}

static void thp_is_judged(void **state)
{
	(void)state;
	strcpy(system_facts.thp_enabled, "never");
	assert_non_null(find("thp-off"));
	/* A word of its own for the size outweighs the common one. */
	system_facts.thp_size_count = 1;
	system_facts.thp_sizes[0] = (struct system_thp_size){.kb = 2048, .enabled = "always"};
	assert_null(find("thp-off"));
	strcpy(system_facts.thp_sizes[0].enabled, "inherit");
	assert_non_null(strstr(find("thp-off")->command, "transparent_hugepage/enabled"));
	strcpy(system_facts.thp_sizes[0].enabled, "never");
	assert_non_null(strstr(find("thp-off")->command, "hugepages-2048kB/enabled"));
	good_machine(NULL);
	system_facts.thp_tried_kb = 0;
	assert_false(find("thp-not-given")->problem);
	system_facts.thp_enabled[0] = '\0';
	assert_true(find("no-thp")->problem);
}

static void mounts_are_judged(void **state)
{
	(void)state;
	system_facts.mounts[0].writable = false;
	system_facts.uid = 12345678;
	assert_non_null(strstr(find("mount-not-writable")->command, "uid=12345678"));
	system_facts.mount_count = 0;
	system_facts.uid = 0;
	assert_string_equal(
		find("no-mount")->command,
		"mkdir -p /dev/hugepages && mount -t hugetlbfs -o pagesize=2M none /dev/hugepages");
	system_facts.have_proc = false;
	assert_null(find("no-mount"));
	assert_non_null(find("no-proc"));
}

static void an_unknown_reason_is_told(void **state)
{
	(void)state;
	system_facts.pools[0].tried = -ENOMEM;
	assert_true(find("page-not-given")->problem);
	system_facts.mount_count = 0;
	assert_null(find("page-not-given"));
}

static void config_is_judged(void **state)
{
	(void)state;
	system_facts.config.path = CONFIG_PATH;
	assert_null(find("config-ignored"));
	system_facts.config.problem = "is not owned by root";
	system_facts.config.tell_problem = system_facts.config.of_rights = true;
	assert_true(find("config-ignored")->problem);
	assert_string_equal(find("config-ignored")->command,
			    "chown root " CONFIG_PATH " && chmod go-w " CONFIG_PATH);
	system_facts.config =
		(struct config){.path = CONFIG_PATH, .problem = "can't be opened", .error = EACCES};
	assert_false(find("config-ignored")->problem);
	assert_string_equal(find("config-ignored")->command, "chmod a+r " CONFIG_PATH);
	system_facts.config = (struct config){
		.path = CONFIG_PATH, .problem = "is not a text file", .tell_problem = true};
	assert_string_equal(find("config-ignored")->command,
			    "mv " CONFIG_PATH " " CONFIG_PATH ".bad");
	system_facts.config = (struct config){
		.path = CONFIG_PATH, .bad_lines = 2, .first_bad_line = 7, .first_bad_text = "[x]"};
	assert_null(find("config-ignored"));
	assert_true(find("config-line")->problem);
	assert_string_equal(find("config-line")->cause,
			    "line 7 of " CONFIG_PATH " is not understood: [x] (and 1 more lines)");
}

static void costs_are_notes(void **state)
{
	struct system_stalls *stalls = &system_facts.stalls;
	struct system_pool *pool = &system_facts.pools[0];

	(void)state;
	system_facts.splits_for_kvm = true;
	assert_false(find("itlb-multihit")->problem);
	stalls->compact_stall = 5000;
	stalls->compact_fail = 3000;
	stalls->compact_success = 2000;
	assert_string_equal(find("compaction-fails")->command,
			    "echo 1 >/proc/sys/vm/compact_memory");
	stalls->compact_success = 4000;
	assert_null(find("compaction-fails"));
	stalls->pressure = 7;
	assert_non_null(strstr(find("memory-pressure")->cause, "7 %"));
	/* idle now; before, nobody knows */
	pool->used_since_boot = -1;
	assert_null(find("pool-idle"));
	stalls->uptime_seconds = 100000;
	assert_string_equal(find("pool-idle")->command, "hugeadm --pool-pages-min 2M:0");
	assert_null(strstr(find("pool-idle")->cause, "since boot"));
	pool->used_since_boot = 0;
	assert_non_null(strstr(find("pool-idle")->cause, "nobody did since boot"));
	pool->used_since_boot = 1;
	assert_null(find("pool-idle"));
	pool->used_since_boot = -1;
	pool->pool.available--;
	assert_null(find("pool-idle"));
}

static void only_what_is_asked_is_a_problem(void **state)
{
	(void)state;
	system_facts.mount_count = 0;
	snprintf(system_facts.thp_enabled, sizeof(system_facts.thp_enabled), "never");
	findings_collect(&system_facts, &findings);
	assert_int_equal(findings.problems, 2);
	findings_restrict(&findings, TOPIC_HEAP | TOPIC_SHM);
	assert_int_equal(findings.problems, 0);
	assert_true(findings.count >= 2);
	findings_collect(&system_facts, &findings);
	findings_restrict(&findings, TOPIC_MOUNT);
	assert_int_equal(findings.problems, 1);
	findings_collect(&system_facts, &findings);
	findings_restrict(&findings, TOPICS_ALL);
	assert_int_equal(findings.problems, 2);
	/* a file that can't be read concerns everybody */
	system_facts.have_sys = false;
	findings_collect(&system_facts, &findings);
	findings_restrict(&findings, TOPIC_SHM);
	assert_int_equal(findings.problems, 1);
}

/* A mapping of 8M, all of it in use on small pages, on a kernel that would allow huge ones. */
static struct smaps_mapping small_mapping(void)
{
	struct smaps_mapping mapping = {
		.start = 16 * MIB, .end = 24 * MIB, .rights = "rw-p", .flags = "rd wr mr mw me ac"};

	mapping.value[SMAPS_RSS] = 8192;
	return mapping;
}

static void reasons_for_small_pages(void **state)
{
	struct why_facts facts = {.huge_bytes = 2 * MIB,
				  .mode = "always",
				  .shmem_mode = "never",
				  .base_pages = 512,
				  .max_ptes_none = 511};
	struct smaps_mapping mapping = small_mapping();

	(void)state;
	assert_int_equal(why_not_huge(&mapping, &facts), WHY_LATER);
	mapping.value[SMAPS_ANON_HUGE] = 8192;
	assert_int_equal(why_not_huge(&mapping, &facts), WHY_HUGE);
	mapping.value[SMAPS_ANON_HUGE] = 2048;
	assert_int_equal(why_not_huge(&mapping, &facts), WHY_LATER);
	/* khugepaged wants all of them, and half is in use */
	facts.max_ptes_none = 0;
	mapping.value[SMAPS_RSS] = 4096;
	assert_int_equal(why_not_huge(&mapping, &facts), WHY_SPARSE);
	facts.max_ptes_none = 511;
	strcpy(facts.mode, "madvise");
	assert_int_equal(why_not_huge(&mapping, &facts), WHY_NOT_ADVISED);
	strcpy(mapping.flags, "rd wr hg");
	assert_int_equal(why_not_huge(&mapping, &facts), WHY_LATER);
	facts.off_for_process = true;
	assert_int_equal(why_not_huge(&mapping, &facts), WHY_PROCESS);
	strcpy(mapping.flags, "rd wr nh");
	assert_int_equal(why_not_huge(&mapping, &facts), WHY_REFUSED);
	facts.off_for_process = false;
	mapping = small_mapping();
	strcpy(facts.mode, "never");
	assert_int_equal(why_not_huge(&mapping, &facts), WHY_NEVER);
	facts.mode[0] = '\0';
	assert_int_equal(why_not_huge(&mapping, &facts), WHY_NO_THP);
	strcpy(facts.mode, "always");
	strcpy(mapping.name, "/dev/zero (deleted)");
	mapping.inode = 1;
	assert_int_equal(why_not_huge(&mapping, &facts), WHY_SHMEM);
	strcpy(facts.shmem_mode, "always");
	assert_int_equal(why_not_huge(&mapping, &facts), WHY_LATER);
	strcpy(mapping.name, "/usr/bin/program");
	assert_int_equal(why_not_huge(&mapping, &facts), WHY_FILE);
	mapping = small_mapping();
	mapping.end = 17 * MIB;
	assert_int_equal(why_not_huge(&mapping, &facts), WHY_SHORT);
	mapping.start = 17 * MIB;
	mapping.end = 19 * MIB + 4096;
	assert_int_equal(why_not_huge(&mapping, &facts), WHY_UNALIGNED);
	strcpy(mapping.name, "[vdso]");
	assert_int_equal(why_not_huge(&mapping, &facts), WHY_SPECIAL);
	mapping.value[SMAPS_RSS] = mapping.value[SMAPS_ANON_HUGE] = 0;
	assert_int_equal(why_not_huge(&mapping, &facts), WHY_UNUSED);
}

static struct advice advice_on(const struct sight *sight)
{
	struct advice advice;

	advise(sight, &advice);
	return advice;
}

static void advice_follows_from_the_sight(void **state)
{
	struct sight sight = {.huge_bytes = 2 * MIB,
			      .base_bytes = 4096,
			      .cpu_seconds = 10,
			      .fault_seconds = 0.4e-6};
	struct advice advice = advice_on(&sight);

	(void)state;
	assert_int_equal(advice.verdict, ADVICE_NO);
	assert_int_equal(advice.pool_pages, 0);
	/* 1G of heap, filled in 10 s: 262144 faults of 0.4 us are 1 % */
	sight.parts[PART_BREAK].dense_blocks = 512;
	sight.parts[PART_BREAK].holes_kb = 100;
	sight.faults = 300000;
	advice = advice_on(&sight);
	assert_true(advice.heap && !advice.mmap && !advice.text && !advice.shm);
	assert_int_equal(advice.pool_pages, 514 + 51);
	assert_int_equal(advice.memory_kb, 100);
	assert_int_equal(advice.verdict, ADVICE_PERHAPS);
	assert_true(advice.faults_low > 0.005 && advice.faults_high < 0.015);
	/* what the program has on huge pages already has nothing to gain */
	sight.parts[PART_BREAK].huge_kb = 510 * 2048;
	assert_int_equal(advice_on(&sight).verdict, ADVICE_NO);
	sight.parts[PART_BREAK].huge_kb = 0;
	/* the same in half a second: a fifth of the time goes into faults */
	sight.cpu_seconds = 0.5;
	assert_int_equal(advice_on(&sight).verdict, ADVICE_YES);
	/* page walks that are known count, also where they say that there is nothing to gain */
	sight.cpu_seconds = 1000;
	sight.walks_known = true;
	sight.walks = 0.001;
	assert_int_equal(advice_on(&sight).verdict, ADVICE_NO);
	sight.walks = 0.25;
	advice = advice_on(&sight);
	assert_int_equal(advice.verdict, ADVICE_YES);
	assert_true(advice.low >= 0.07 && advice.high <= 0.21);
	/* 1G in use, and as much that is not: what is sparse stays as it is */
	assert_false(advice.automatic);
	sight.parts[PART_BREAK].sparse_kb = 1024 * 1024;
	assert_true(advice_on(&sight).automatic);
	/* where fresh memory costs more in huge pages than in small ones, which a pool pays for
	 * once */
	sight.walks_known = false;
	sight.cpu_seconds = 10;
	sight.fresh_seconds = -4e-6;
	advice = advice_on(&sight);
	assert_true(advice.automatic && advice.low < -0.09 && advice.low > -0.12);
	assert_int_equal(advice.verdict, ADVICE_PERHAPS);
	sight.cpu_seconds = 3;
	assert_int_equal(advice_on(&sight).verdict, ADVICE_NO);
	sight.parts[PART_BREAK].sparse_kb = 0;
	advice = advice_on(&sight);
	assert_true(!advice.automatic && advice.low > 0);
	sight.fresh_seconds = 0;
	sight.walks_known = true;
	sight.cpu_seconds = 1000;
	sight.parts[PART_MAPPINGS].sparse_kb = 1024 * 1024;
	assert_false(advice_on(&sight).automatic);
	/* a large file that is only read needs no pool */
	assert_false(advice.files);
	sight.parts[PART_BREAK].dense_blocks = sight.parts[PART_MAPPINGS].sparse_kb = 0;
	sight.walks_known = false;
	sight.files_kb = 1024 * 1024;
	advice = advice_on(&sight);
	assert_true(advice.files && !advice.heap && !advice.automatic);
	assert_int_equal(advice.pool_pages, 0);
	assert_int_equal(advice.verdict, ADVICE_PERHAPS);
	sight.walks_known = true;
	/* and no more than is possible */
	sight.walks = 1;
	assert_true(advice_on(&sight).high <= 0.6);
}

#define JUDGE(function) cmocka_unit_test_setup(function, good_machine)

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT_TEST(numa_lines),
		UNIT_TEST(flag_names),
		UNIT_TEST(written_json),
		UNIT_TEST(text_from_outside),
		UNIT_TEST(text_is_wrapped),
		UNIT_TEST(advice_follows_from_the_sight),
		UNIT_TEST(reasons_for_small_pages),
		JUDGE(nothing_is_wrong),
		JUDGE(pool_is_judged),
		JUDGE(nodes_are_judged),
		JUDGE(limit_is_judged),
		JUDGE(thp_is_judged),
		JUDGE(mounts_are_judged),
		JUDGE(an_unknown_reason_is_told),
		JUDGE(config_is_judged),
		JUDGE(costs_are_notes),
		JUDGE(only_what_is_asked_is_a_problem),
	};

	return cmocka_run_group_tests_name("hugestat", tests, NULL, NULL);
}
