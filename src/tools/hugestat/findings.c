/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Problems and their remedies: see findings.h.
 *
 * A command is complete: it can be given to sh as it is. Its numbers are for this machine.
 */
#include <errno.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/common/json.h"
#include "tools/common/shell_word.h"
#include "tools/common/shown_text.h"
#include "tools/hugestat/findings.h"

#define FINDING_INDENT 10

#define POOL_DIRECTORY "/sys/kernel/mm/hugepages/hugepages-%zukB"

/* The size of a first pool: this, or an eighth of the available memory. */
#define POOL_BYTES_WANTED ((size_t)256 << 20)

/* There is space for every check below, each of which adds at most one finding per page size. */
struct finding *findings_add(struct findings *findings, const char *name, bool problem,
			     const char *format, ...)
{
	struct finding *finding = &findings->list[findings->count];
	va_list arguments;

	if (findings->count + 1 < FINDINGS_MAX)
		findings->count++;
	*finding = (struct finding){.name = name, .problem = problem, .needs_root = true};
	findings->problems += problem;
	va_start(arguments, format);
	vsnprintf(finding->cause, sizeof(finding->cause), format, arguments);
	va_end(arguments);
	return finding;
}

static size_t pages_to_begin_with(const struct system *system, size_t page_bytes)
{
	size_t bytes = POOL_BYTES_WANTED;

	if (system->available_bytes && system->available_bytes / 8 < bytes)
		bytes = system->available_bytes / 8;
	return bytes / page_bytes ? bytes / page_bytes : 1;
}

static void check_files(const struct system *system, struct findings *findings)
{
	struct finding *finding;

	if (!system->have_proc) {
		finding = findings_add(
			findings, "no-proc", true,
			"/proc is not mounted here (a chroot?): the default huge page size, "
			"mounts and limits are not known");
		COMMAND(finding, "mkdir -p /proc && mount -t proc proc /proc");
	}
	if (!system->have_sys) {
		finding = findings_add(
			findings, "no-sys", true,
			"/sys is not mounted here (a chroot?): pools and transparent huge "
			"pages can't be seen, and only the default page size is known");
		COMMAND(finding, "mkdir -p /sys && mount -t sysfs sysfs /sys");
	}
}

static void check_default_pool(const struct system *system, struct findings *findings)
{
	const struct system_pool *pool = system_default_pool(system);
	struct finding *finding;
	unsigned long elsewhere = 0;

	if (!pool) {
		if (system->have_proc && system->have_sys)
			findings_add(findings, "no-hugetlb", true,
				     "this kernel has no hugetlb pages (CONFIG_HUGETLBFS)");
		return;
	}
	if (!pool->readable)
		return;
	for (int i = 0; i < system->sizes.huge_count; i++)
		elsewhere += system->pools[i].pool.total;
	if (!pool->pool.total && !pool->pool.overcommit) {
		finding = findings_add(
			findings, "no-pool", true,
			"the pool of %zu kB pages is empty%s, so nothing can be on them",
			pool->page_bytes >> 10,
			elsewhere ? " (other sizes have pages: HUGETLB_MORECORE=<size>)" : "");
		COMMAND(finding, "echo %zu >" POOL_DIRECTORY "/nr_hugepages",
			pages_to_begin_with(system, pool->page_bytes), pool->page_bytes >> 10);
		return;
	}
	if (pool_obtainable(&pool->pool))
		return;
	finding = findings_add(findings, "pool-used-up", true,
			       "all %lu pages of %zu kB are in use (%lu) or reserved (%lu)",
			       pool->pool.total, pool->page_bytes >> 10,
			       pool->pool.total - pool->pool.available, pool->pool.reserved);
	COMMAND(finding, "echo %zu >" POOL_DIRECTORY "/nr_hugepages",
		(size_t)pool->pool.total + pages_to_begin_with(system, pool->page_bytes),
		pool->page_bytes >> 10);
}

/* A program gets pages of another node, which are slower, or none if it is bound to its own
 * node. */
static void check_nodes(const struct system *system, struct findings *findings)
{
	const struct system_pool *pool = system_default_pool(system);
	const struct system_node *first = NULL;
	struct finding *finding;
	int empty = 0;

	for (int i = 0; pool && pool->pool.total && i < pool->node_count; i++)
		if (!pool->nodes[i].total && !empty++)
			first = &pool->nodes[i];
	if (!empty || empty == pool->node_count)
		return;
	finding = findings_add(
		findings, "node-without-pages", false,
		"%d of %d nodes with memory have no page of the pool of %zu kB pages, node %d "
		"for one: programs that run there get those of other nodes, and none where "
		"they are bound to theirs",
		empty, pool->node_count, pool->page_bytes >> 10, first->node);
	COMMAND(finding,
		"echo %zu >/sys/devices/system/node/node%d/hugepages/hugepages-%zukB/nr_hugepages",
		pages_to_begin_with(system, pool->page_bytes), first->node, pool->page_bytes >> 10);
}

static void check_limits(const struct system *system, struct findings *findings)
{
	for (int i = 0; i < system->sizes.huge_count; i++) {
		const struct system_pool *pool = &system->pools[i];
		unsigned long long room, obtainable;
		struct finding *finding;
		char word[sizeof(finding->command) - sizeof("echo max >")];
		bool none;

		if (pool->limit_bytes == SYSTEM_NO_LIMIT)
			continue;
		room = pool->limit_bytes > pool->usage_bytes ? pool->limit_bytes - pool->usage_bytes
							     : 0;
		obtainable = (unsigned long long)pool_obtainable(&pool->pool) * pool->page_bytes;
		none = room < pool->page_bytes;
		if (!none && room >= obtainable)
			continue;
		finding = findings_add(
			findings, "cgroup-limit", none && pool == system_default_pool(system),
			"the cgroup allows %llu kB on pages of %zu kB, %llu kB are in use "
			"(%s): %s",
			pool->limit_bytes >> 10, pool->page_bytes >> 10, pool->usage_bytes >> 10,
			pool->limit_path,
			none ? "not one more page is available" : "less than the pool would give");
		if (*shell_word(pool->limit_path, word, sizeof(word)))
			COMMAND(finding, "echo %s >%s", pool->limit_version_2 ? "max" : "-1", word);
	}
}

/* A mount for this user, named as by hugeadm --create-user-mounts; root gets the usual one. */
static void command_of_mount(const struct system *system, size_t page_bytes,
			     struct finding *finding)
{
	const struct passwd *user = getpwuid(system->uid);
	char size[24], name[64], path[256];

	system_size_name(page_bytes, size, sizeof(size));
	if (!system->uid) {
		snprintf(path, sizeof(path), "/dev/hugepages%s%s",
			 page_bytes == system->sizes.default_huge ? "" : "-",
			 page_bytes == system->sizes.default_huge ? "" : size);
		COMMAND(finding, "mkdir -p %s && mount -t hugetlbfs -o pagesize=%s none %s", path,
			size, path);
		return;
	}
	if (user)
		snprintf(name, sizeof(name), "%s", user->pw_name);
	else
		snprintf(name, sizeof(name), "%u", (unsigned int)system->uid);
	snprintf(path, sizeof(path), "/var/lib/hugetlbfs/user/%s/pagesize-%sB", name, size);
	COMMAND(finding,
		"mkdir -p '%s' && mount -t hugetlbfs -o pagesize=%s,uid=%u,mode=0700 none '%s'",
		path, size, (unsigned int)system->uid, path);
}

static void check_mount(const struct system *system, size_t page_bytes, bool problem,
			struct findings *findings)
{
	const struct system_mount *refused = NULL;
	struct finding *finding;

	for (int i = 0; i < system->mount_count; i++) {
		if (system->mounts[i].page_bytes != page_bytes)
			continue;
		if (system->mounts[i].writable)
			return;
		refused = &system->mounts[i];
	}
	if (refused)
		finding = findings_add(
			findings, "mount-not-writable", problem,
			"%s belongs to user %u with mode %o: user %u may not make files "
			"there, which programs that use files on huge pages and shared text "
			"need",
			refused->path, (unsigned int)refused->uid, refused->mode,
			(unsigned int)system->uid);
	else
		finding = findings_add(
			findings, "no-mount", problem,
			"no hugetlbfs for pages of %zu kB is mounted: a heap needs none, but "
			"programs that use files on huge pages and shared text do",
			page_bytes >> 10);
	command_of_mount(system, page_bytes, finding);
}

static void check_mounts(const struct system *system, struct findings *findings)
{
	const struct system_pool *standard = system_default_pool(system);

	if (!system->have_proc)
		return;
	for (int i = 0; i < system->sizes.huge_count; i++) {
		const struct system_pool *pool = &system->pools[i];

		if (pool == standard || pool->pool.total)
			check_mount(system, pool->page_bytes, pool == standard, findings);
	}
}

/* The setting for the size in sizes.thp, if the kernel has one for each size. */
static const char *thp_word_of_size(const struct system *system)
{
	for (int i = 0; i < system->thp_size_count; i++)
		if (system->thp_sizes[i].kb == system->sizes.thp >> 10)
			return system->thp_sizes[i].enabled;
	return "";
}

static void check_thp(const struct system *system, struct findings *findings)
{
	const char *of_size = thp_word_of_size(system);
	struct finding *finding;

	if (!system->have_sys)
		return;
	if (!system->thp_enabled[0]) {
		findings_add(
			findings, "no-thp", true,
			"this kernel has no transparent huge pages (CONFIG_TRANSPARENT_HUGEPAGE)");
		return;
	}
	if (!strcmp(of_size, "never")) {
		finding = findings_add(findings, "thp-off", true,
				       "transparent huge pages of %zu kB are off (" THP_DIRECTORY
				       "/hugepages-%zukB/enabled says never)",
				       system->sizes.thp >> 10, system->sizes.thp >> 10);
		COMMAND(finding, "echo madvise >" THP_DIRECTORY "/hugepages-%zukB/enabled",
			system->sizes.thp >> 10);
	} else if (!strcmp(system->thp_enabled, "never") &&
		   (!of_size[0] || !strcmp(of_size, "inherit"))) {
		finding = findings_add(findings, "thp-off", true,
				       "transparent huge pages are off (" THP_DIRECTORY
				       "/enabled says never)");
		COMMAND(finding, "echo madvise >" THP_DIRECTORY "/enabled");
	} else if (system->thp_disabled_for_process) {
		finding = findings_add(
			findings, "thp-off-for-process", true,
			"transparent huge pages are off for this process and its children "
			"(prctl PR_SET_THP_DISABLE by a parent); hugectl turns them on again "
			"for the program that it runs");
	} else if (!system->thp_tried_kb && system->have_proc) {
		finding = findings_add(
			findings, "thp-not-given", false,
			"one transparent huge page was requested, and the kernel gave small "
			"ones: memory is short or fragmented");
		COMMAND(finding, "echo 1 >/proc/sys/vm/compact_memory");
	}
}

static void check_shared_memory(const struct system *system, struct findings *findings)
{
	struct finding *finding;
	unsigned long long bytes = 0;
	const struct system_pool *pool = system_default_pool(system);

	if (!pool || !system->have_proc)
		return;
	if (!system->may_shm && system->shm_group >= 0) {
		finding = findings_add(
			findings, "shm-not-allowed", true,
			"user %u may not use huge pages for System V shared memory: that needs "
			"CAP_IPC_LOCK or the group %ld (vm.hugetlb_shm_group)",
			(unsigned int)system->uid, system->shm_group);
		COMMAND(finding, "echo %u >/proc/sys/vm/hugetlb_shm_group",
			(unsigned int)getegid());
	}
	for (int i = 0; i < system->sizes.huge_count; i++)
		bytes += (unsigned long long)system->pools[i].pool.total *
			 system->pools[i].page_bytes;
	if (system->shmmax_bytes < bytes) {
		finding = findings_add(
			findings, "shmmax-small", false,
			"a System V segment may have %llu bytes, and the pools have %llu",
			system->shmmax_bytes, bytes);
		COMMAND(finding, "echo %llu >/proc/sys/kernel/shmmax", bytes);
	}
}

/* The library's heap was tested with 2.31 to 2.44. */
static void check_libc(const struct system *system, struct findings *findings)
{
	int major = 0, minor = 0;

	if (sscanf(system->glibc, "%d.%d", &major, &minor) == 2 &&
	    (major != 2 || minor < 31 || minor > 44))
		findings_add(findings, "glibc-unknown", false,
			     "glibc %s: libhugetlbfs serves the heap of 2.31 to 2.44",
			     system->glibc);
	if (system->tunables[0] && strcmp(system->tunables, "0"))
		findings_add(findings, "glibc-tunable", false,
			     "GLIBC_TUNABLES sets glibc.malloc.hugetlb=%s: malloc's own huge pages "
			     "are in use, and HUGETLB_MORECORE has no effect",
			     system->tunables);
}

/* A line is commented out, an unusable file is renamed: both can be examined afterwards. */
static void check_config(const struct system *system, struct findings *findings)
{
	const struct config *config = &system->config;
	struct finding *finding;
	char more[64] = "", path[sizeof(finding->command) / 3] = "";

	if (config->path)
		shell_word(config->path, path, sizeof(path));
	if (config->problem) {
		finding = findings_add(findings, "config-ignored", config->tell_problem,
				       "%s %s: the file is ignored", config->path, config->problem);
		if (config->of_rights)
			COMMAND(finding, "chown root %s && chmod go-w %s", path, path);
		else if (config->error == ENOENT)
			; /* the file is named by HUGETLB_CONFIG: only its owner knows what was
			   * intended */
		else if (config->error)
			COMMAND(finding, "chmod a+r %s", path);
		else
			COMMAND(finding, "mv %s %s.bad", path, path);
	}
	if (!config->bad_lines)
		return;
	if (config->bad_lines > 1)
		snprintf(more, sizeof(more), " (and %u more lines)", config->bad_lines - 1);
	finding =
		findings_add(findings, "config-line", true, "line %u of %s is not understood: %s%s",
			     config->first_bad_line, config->path, config->first_bad_text, more);
	COMMAND(finding, "sed -i '%us/^/# /' %s", config->first_bad_line, path);
}

/* Any other reason that keeps a page from the caller: reported last, and only if nothing above
 * explains it. */
static void check_tried(const struct system *system, struct findings *findings)
{
	const struct system_pool *pool = system_default_pool(system);

	if (!pool || pool->tried >= 0 || !pool->readable || findings->problems)
		return;
	findings_add(findings, "page-not-given", true,
		     "one page of %zu kB was requested and is not available: %s",
		     pool->page_bytes >> 10, strerror(-pool->tried));
}

void findings_collect(const struct system *system, struct findings *findings)
{
	findings->count = findings->problems = 0;
	check_files(system, findings);
	check_default_pool(system, findings);
	check_nodes(system, findings);
	check_limits(system, findings);
	check_mounts(system, findings);
	check_thp(system, findings);
	check_shared_memory(system, findings);
	check_tried(system, findings);
	check_libc(system, findings);
	check_config(system, findings);
	findings_collect_costs(system, findings);
}

/* The topics that each finding affects; a finding that is not listed affects all of them. */
static unsigned int topics_of(const char *name)
{
	static const struct {
		const char *name;
		unsigned int topics;
	} rows[] = {
		{"no-pool", TOPIC_HEAP | TOPIC_SHM | TOPIC_TEXT},
		{"pool-used-up", TOPIC_HEAP | TOPIC_SHM | TOPIC_TEXT},
		{"cgroup-limit", TOPIC_HEAP | TOPIC_SHM | TOPIC_TEXT},
		{"page-not-given", TOPIC_HEAP | TOPIC_SHM | TOPIC_TEXT},
		{"no-mount", TOPIC_MOUNT},
		{"mount-not-writable", TOPIC_MOUNT},
		{"no-thp", TOPIC_TEXT | TOPIC_THP},
		{"thp-off", TOPIC_TEXT | TOPIC_THP},
		{"thp-off-for-process", TOPIC_TEXT | TOPIC_THP},
		{"shm-not-allowed", TOPIC_SHM},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (!strcmp(rows[i].name, name))
			return rows[i].topics;
	return TOPICS_ALL;
}

void findings_restrict(struct findings *findings, unsigned int topics)
{
	findings->problems = 0;
	for (int i = 0; i < findings->count; i++) {
		struct finding *finding = &findings->list[i];

		finding->problem &= (topics_of(finding->name) & topics) != 0;
		findings->problems += finding->problem;
	}
}

void findings_print(const struct findings *findings, bool problems_only)
{
	for (int i = 0; i < findings->count; i++) {
		const struct finding *finding = &findings->list[i];

		if (problems_only && !finding->problem)
			continue;
		text_wrap(finding->cause,
			  printf("  %s %s: ", finding->problem ? "[WRONG]" : "[note] ",
				 finding->name),
			  FINDING_INDENT, stdout);
		if (!finding->command[0])
			continue;
		/* in one line, to be copied */
		printf("%*s%s: ", FINDING_INDENT, "", finding->needs_root ? "as root" : "type");
		text_show(finding->command, stdout);
		putchar('\n');
	}
}

static void put_finding(struct json *json, const void *findings, size_t number)
{
	const struct finding *finding = &((const struct findings *)findings)->list[number];

	json_text(json, "name", finding->name);
	json_boolean(json, "problem", finding->problem);
	json_text(json, "cause", finding->cause);
	json_text(json, "command", finding->command[0] ? finding->command : NULL);
	json_boolean(json, "needs_root", finding->needs_root);
}

void findings_json(const struct findings *findings, struct json *json)
{
	json_number(json, "problems", (unsigned long long)findings->problems);
	json_objects(json, "findings", (size_t)findings->count, put_finding, findings);
}
