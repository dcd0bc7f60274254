/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table of hugeadm's options, and how a command line becomes a request.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "hugeadm.h"
#include "base/log.h"
#include "tools/common/option_table.h"

enum option_id {
	SETUP,
	POOL_LIST,
	POOL_PAGES_MIN,
	POOL_PAGES_MAX,
	DEMOTE,
	NODE,
	OBEY_MEMPOLICY,
	OBEY_NUMA_MEMPOL,
	HARD,
	ADD_TEMP_SWAP,
	ADD_RAMDISK_SWAP,
	PERSIST,
	PERSIST_POOLS,
	LIST_ALL_MOUNTS,
	CREATE_MOUNTS,
	CREATE_USER_MOUNTS,
	CREATE_GROUP_MOUNTS,
	CREATE_GLOBAL_MOUNTS,
	MAX_SIZE,
	MIN_SIZE,
	MAX_INODES,
	MOUNT_UID,
	MOUNT_GID,
	MOUNT_MODE,
	LIST_SHARED_TEXT,
	DROP_SHARED_TEXT,
	FILES,
	DROP_FILES,
	PRELOAD,
	PIN,
	UNPIN,
	THP_ALWAYS_WORD,
	THP_MADVISE_WORD,
	THP_NEVER_WORD,
	KHUGEPAGED_PAGES,
	KHUGEPAGED_SCAN_SLEEP,
	KHUGEPAGED_ALLOC_SLEEP,
	SET_MIN_FREE,
	SET_SHMMAX,
	SET_SHM_GROUP,
	ENABLE_ZONE_MOVABLE,
	DISABLE_ZONE_MOVABLE,
	PAGE_SIZES,
	PAGE_SIZES_ALL,
	EXPLAIN,
	JSON,
	DRY_RUN,
	VERBOSE,
	VERBOSE_LETTER,
};

#define SETUP_HELPER  "huge_page_setup_helper.py"
#define SPECIFICATION "size:[node:][+|-]n"
#define SIZES         "DEFAULT: 2M: 1G:"

/* clang-format off */
static const struct tool_option rows[] = {
	[SETUP] = {"setup", 0, NULL,
		"Asks how much memory to use for huge pages and which users may use them, then sets it up, now "
		"and for every boot.", NULL, "All at once"},

	[POOL_LIST] = {"pool-list", 0, NULL,
		"Lists each pool: minimum, current and maximum pages.",
		NULL, "Pools"},
	[POOL_PAGES_MIN] = {"pool-pages-min", 0, SPECIFICATION,
		"Sets the persistent pages of the pool of a size (2M, DEFAULT), or changes them by +n or "
		"-n; n is a number of pages, or an amount of memory with K, M or G, rounded down.", SIZES, NULL},
	[POOL_PAGES_MAX] = {"pool-pages-max", 0, "size:[+|-]n",
		"Sets or changes the maximum of the pool, including its persistent pages.", SIZES, NULL},
	[DEMOTE] = {"demote", 0, "size:[node:]n",
		"Splits n free pages of a size into pages of the next smaller one.", "1G: 2M:", NULL},
	[NODE] = {"node", 0, "n",
		"Changes and lists only the pools of this NUMA node.", "0 1 2 3", NULL},
	[OBEY_MEMPOLICY] = {"obey-mempolicy", 0, NULL,
		"Takes pages from the nodes of this process's memory policy, as set by numactl; a "
		"binding policy is obeyed without this option.", NULL, NULL},
	[OBEY_NUMA_MEMPOL] = {"obey-numa-mempol", 0, NULL, "The same as --obey-mempolicy.", NULL, NULL},
	[HARD] = {"hard", 0, NULL,
		"If a pool comes up short, has the kernel compact memory and tries again.", NULL, NULL},
	[ADD_TEMP_SWAP] = {"add-temp-swap", 0, "[n]",
		"Adds a temporary swap file of n huge pages (default: 5) during --pool-pages-min.", NULL, NULL},
	[ADD_RAMDISK_SWAP] = {"add-ramdisk-swap", 0, NULL,
		"Adds temporary swap on empty RAM disks during --pool-pages-min.", NULL, NULL},
	[PERSIST] = {"persist", 0, NULL, "Keeps the added swap in use.", NULL, NULL},
	[PERSIST_POOLS] = {"persist-pools", 0, "[systemd|cmdline]",
		"Makes the current pools permanent by files in sysctl.d and systemd units (systemd, the "
		"default), or prints words for the kernel's command line.", "systemd cmdline", NULL},

	[LIST_ALL_MOUNTS] = {"list-all-mounts", 0, NULL,
		"Lists the hugetlbfs mounts with their options.", NULL, "Mounts"},
	[CREATE_MOUNTS] = {"create-mounts", 0, NULL,
		"Mounts a hugetlbfs for each page size under " MOUNTS_BASE ", for root.", NULL, NULL},
	[CREATE_USER_MOUNTS] = {"create-user-mounts", 0, "user", "The same for a user.", "@user", NULL},
	[CREATE_GROUP_MOUNTS] = {"create-group-mounts", 0, "group", "The same for a group.",
		"@group", NULL},
	[CREATE_GLOBAL_MOUNTS] = {"create-global-mounts", 0, NULL, "The same for everybody.", NULL, NULL},
	[MAX_SIZE] = {"max-size", 0, "size",
		"The maximum size of a new mount; page sizes larger than that are skipped.",
		NULL, NULL},
	[MIN_SIZE] = {"min-size", 0, "size",
		"The memory that a new mount reserves from the pool.", NULL, NULL},
	[MAX_INODES] = {"max-inodes", 0, "n", "The maximum number of files on a new mount.", NULL, NULL},
	[MOUNT_UID] = {"uid", 0, "user", "The owner of a new mount.", "@user", NULL},
	[MOUNT_GID] = {"gid", 0, "group", "The group of a new mount.", "@group", NULL},
	[MOUNT_MODE] = {"mode", 0, "mode", "The mode of a new mount, octal.", NULL, NULL},

	[LIST_SHARED_TEXT] = {"list-shared-text", 0, NULL,
		"Lists the shared copies of text (HUGETLB_SHARE=1): size, page size, processes that map "
		"it, file, and program or library.", NULL, "Shared text"},
	[DROP_SHARED_TEXT] = {"drop-shared-text", 0, NULL,
		"Deletes the copies that no process maps, or whose program or library has been replaced "
		"or removed.", NULL, NULL},

	[FILES] = {"files", 0, NULL,
		"Lists the copies of mapped files (HUGETLB_MMAP_FILES): size, page size, processes that "
		"map it, age, and file.", NULL, "Copies of files"},
	[DROP_FILES] = {"drop-files", 0, "[file]",
		"Deletes the copies that no process maps and that are not pinned: all, or that of a file.",
		"@file", NULL},
	[PRELOAD] = {"preload", 0, "file",
		"Copies a file to huge pages now, for all who may read it; 1G:file: to pages of 1G.",
		"@file", NULL},
	[PIN] = {"pin", 0, "file", "Keeps the copy of a file when no process maps it.", "@file", NULL},
	[UNPIN] = {"unpin", 0, "file", "Does so no longer.", "@file", NULL},

	[THP_ALWAYS_WORD] = {"thp-always", 0, NULL,
		"The kernel uses transparent huge pages wherever it can.", NULL, "Transparent huge pages"},
	[THP_MADVISE_WORD] = {"thp-madvise", 0, NULL, "The kernel uses them only where a program requests them.", NULL, NULL},
	[THP_NEVER_WORD] = {"thp-never", 0, NULL, "The kernel does not use them.", NULL, NULL},
	[KHUGEPAGED_PAGES] = {"thp-khugepaged-pages", 0, "n",
		"The pages that khugepaged scans in one pass.", NULL, NULL},
	[KHUGEPAGED_SCAN_SLEEP] = {"thp-khugepaged-scan-sleep", 0, "milliseconds",
		"How long khugepaged sleeps between two passes.", NULL, NULL},
	[KHUGEPAGED_ALLOC_SLEEP] = {"thp-khugepaged-alloc-sleep", 0, "milliseconds",
		"How long khugepaged waits after a failed allocation.", NULL, NULL},

	[SET_MIN_FREE] = {"set-recommended-min_free_kbytes", 0, NULL,
		"Raises vm.min_free_kbytes to what huge pages need.", NULL, "The kernel's settings"},
	[SET_SHMMAX] = {"set-recommended-shmmax", 0, NULL,
		"Raises kernel.shmmax to the size of all pools.", NULL, NULL},
	[SET_SHM_GROUP] = {"set-shm-group", 0, "group",
		"The group that may use huge pages for shared memory.", "@group", NULL},
	[ENABLE_ZONE_MOVABLE] = {"enable-zone-movable", 0, NULL,
		"Huge pages may come from ZONE_MOVABLE (kernels before 4.16).", NULL, NULL},
	[DISABLE_ZONE_MOVABLE] = {"disable-zone-movable", 0, NULL,
		"Huge pages may not come from ZONE_MOVABLE (kernels before 4.16).", NULL, NULL},

	[PAGE_SIZES] = {"page-sizes", 0, NULL,
		"Lists the huge page sizes whose pool is in use, in bytes.", NULL, "Information"},
	[PAGE_SIZES_ALL] = {"page-sizes-all", 0, NULL, "Lists all huge page sizes.", NULL, NULL},
	[EXPLAIN] = {"explain", 0, NULL,
		"Describes the machine and recommends settings.", NULL, NULL},
	[JSON] = {"json", 0, NULL, "Prints the lists as JSON.", NULL, NULL},

	[DRY_RUN] = {"dry-run", 'd', NULL,
		"Changes nothing; prints the equivalent shell commands.", NULL, "Messages"},
	[VERBOSE] = {"verbose", 0, "level",
		"Prints messages up to this level: 1 errors, 2 warnings (the default), 3 to 99 what is "
		"done. Errors are always printed.", "1 2 3 99", NULL},
	[VERBOSE_LETTER] = {NULL, 'v', NULL, "Increases the level by one.", NULL, NULL},
	OPTION_TABLE_COMMON_ROWS,
};
/* clang-format on */

static const struct option_table table = {
	.tool = "hugeadm",
	.usage = "[options]",
	.about = "Sets up and lists the pools, mounts and settings of huge pages.",
	.rows = rows,
	.count = sizeof(rows) / sizeof(rows[0]),
};

static int add_pool(struct request *request, enum pool_kind kind, const char *name,
		    const char *value)
{
	struct pool_change *change = &request->pools[request->pool_count];

	if (request->pool_count == CHANGES_MAX)
		return complain(-E2BIG, "--%s: more than %d changes of pools at once", name,
				CHANGES_MAX);
	change->kind = kind;
	if (argument_pool(request, name, value, change))
		return -EINVAL;
	if (kind == POOL_MAXIMUM && change->node != MACHINE)
		return complain(-EINVAL, "--%s: %s: a node has no maximum of its own", name, value);
	request->pool_count++;
	return 0;
}

static int add_mounts(struct request *request, enum mounts_kind kind, const char *name,
		      const char *value)
{
	struct mounts_change *mounts = &request->mounts[request->mounts_count];
	unsigned long id = 0;

	if (request->mounts_count == CHANGES_MAX)
		return complain(-E2BIG, "--%s: more than %d kinds of mounts at once", name,
				CHANGES_MAX);
	*mounts = (struct mounts_change){.kind = kind, .name = value};
	if ((kind == MOUNTS_USER && argument_user(name, value, &id)) ||
	    (kind == MOUNTS_GROUP && argument_group(name, value, &id)))
		return -EINVAL;
	/* the name is used as the name of a directory */
	if (value && (strchr(value, '/') || value[0] == '.' || strlen(value) > 64))
		return complain(-EINVAL, "--%s: %s can't be the name of a directory", name, value);
	mounts->uid = kind == MOUNTS_USER ? (unsigned int)id : 0;
	mounts->gid = kind == MOUNTS_GROUP ? (unsigned int)id : 0;
	request->mounts_count++;
	return 0;
}

static int add_preload(struct request *request, const char *name, const char *value)
{
	if (request->preload_count == CHANGES_MAX)
		return complain(-E2BIG, "--%s: more than %d files at once", name, CHANGES_MAX);
	if (argument_preload(request, name, value, &request->preloads[request->preload_count]))
		return -EINVAL;
	request->preload_count++;
	return 0;
}

static int add_file(struct file_change *changes, int *count, const char *name, const char *value)
{
	if (*count == CHANGES_MAX)
		return complain(-E2BIG, "--%s: more than %d files at once", name, CHANGES_MAX);
	if (value && !*value)
		return complain(-EINVAL, "--%s: the name of a file is empty", name);
	changes[(*count)++] = (struct file_change){.file = value, .option = name};
	return 0;
}

static int set_swap(struct request *request, const char *name, const char *value)
{
	request->temporary_swap_pages = 5;
	if (value && argument_number(name, value, &request->temporary_swap_pages))
		return -EINVAL;
	if (!request->temporary_swap_pages)
		return complain(-EINVAL, "--%s: 0 pages: at least 1 is needed", name);
	return 0;
}

static int set_verbose(struct request *request, const char *name, const char *value)
{
	unsigned long level;

	if (argument_number(name, value, &level))
		return -EINVAL;
	if (level > 99)
		return complain(-EINVAL, "--%s: %s is not from 0 to 99", name, value);
	request->verbose = (int)level;
	return 0;
}

static int set_persist(struct request *request, const char *name, const char *value)
{
	request->persist_pools = value ? value : "systemd";
	if (value && strcmp(value, "systemd") && strcmp(value, "cmdline"))
		return complain(-EINVAL, "--%s: %s is none of systemd, cmdline", name, value);
	return 0;
}

static int set_mode(struct request *request, const char *name, const char *value)
{
	if (argument_mode(name, value, &request->mount_mode))
		return -EINVAL;
	if (request->mount_mode & ~01777UL)
		return complain(-EINVAL, "--%s: a hugetlbfs has no set-id bits", name);
	return 0;
}

/* clang-format off */
static int apply(struct request *request, enum option_id id, const char *value)
{
	const char *name = rows[id].name;

	switch (id) {
	case SETUP: request->setup = true; return 0;
	case POOL_LIST: request->list_pools = true; return 0;
	case POOL_PAGES_MIN: return add_pool(request, POOL_MINIMUM, name, value);
	case POOL_PAGES_MAX: return add_pool(request, POOL_MAXIMUM, name, value);
	case DEMOTE: return add_pool(request, POOL_DEMOTE, name, value);
	case NODE: return argument_node(name, value, &request->node);
	case OBEY_MEMPOLICY:
	case OBEY_NUMA_MEMPOL: request->obey_policy = true; return 0;
	case HARD: request->hard = true; return 0;
	case ADD_TEMP_SWAP: return set_swap(request, name, value);
	case ADD_RAMDISK_SWAP: request->ramdisk_swap = true; return 0;
	case PERSIST: request->persist_swap = true; return 0;
	case PERSIST_POOLS: return set_persist(request, name, value);
	case LIST_ALL_MOUNTS: request->list_mounts = true; return 0;
	case CREATE_MOUNTS: return add_mounts(request, MOUNTS_ROOT, name, NULL);
	case CREATE_USER_MOUNTS: return add_mounts(request, MOUNTS_USER, name, value);
	case CREATE_GROUP_MOUNTS: return add_mounts(request, MOUNTS_GROUP, name, value);
	case CREATE_GLOBAL_MOUNTS: return add_mounts(request, MOUNTS_GLOBAL, name, NULL);
	case MAX_SIZE: return argument_size(name, value, &request->max_size_bytes);
	case MIN_SIZE: return argument_size(name, value, &request->min_size_bytes);
	case MAX_INODES: return argument_number(name, value, &request->max_inodes);
	case MOUNT_UID: return argument_user(name, value, &request->mount_uid);
	case MOUNT_GID: return argument_group(name, value, &request->mount_gid);
	case MOUNT_MODE: return set_mode(request, name, value);
	case LIST_SHARED_TEXT: request->list_shared_text = true; return 0;
	case DROP_SHARED_TEXT: request->drop_shared_text = true; return 0;
	case FILES: request->list_files = true; return 0;
	case DROP_FILES: return add_file(request->drops, &request->drop_count, name, value);
	case PRELOAD: return add_preload(request, name, value);
	case PIN: return add_file(request->pins, &request->pin_count, name, value);
	case UNPIN: return add_file(request->unpins, &request->unpin_count, name, value);
	case THP_ALWAYS_WORD: request->thp = "always"; return 0;
	case THP_MADVISE_WORD: request->thp = "madvise"; return 0;
	case THP_NEVER_WORD: request->thp = "never"; return 0;
	case KHUGEPAGED_PAGES: return argument_number(name, value, &request->khugepaged_pages);
	case KHUGEPAGED_SCAN_SLEEP:
		return argument_number(name, value, &request->khugepaged_scan_sleep);
	case KHUGEPAGED_ALLOC_SLEEP:
		return argument_number(name, value, &request->khugepaged_alloc_sleep);
	case SET_MIN_FREE: request->set_min_free = true; return 0;
	case SET_SHMMAX: request->set_shmmax = true; return 0;
	case SET_SHM_GROUP: return argument_group(name, value, &request->shm_group);
	case ENABLE_ZONE_MOVABLE: request->zone_movable_on = true; return 0;
	case DISABLE_ZONE_MOVABLE: request->zone_movable_off = true; return 0;
	case PAGE_SIZES: request->page_sizes = true; return 0;
	case PAGE_SIZES_ALL: request->page_sizes_all = true; return 0;
	case EXPLAIN: request->explain = true; return 0;
	case JSON: request->json = true; return 0;
	case DRY_RUN: request->dry_run = true; return 0;
	case VERBOSE: return set_verbose(request, name, value);
	case VERBOSE_LETTER: request->verbose++; return 0;
	}
	return -EINVAL;
}
/* clang-format on */

static bool lists(const struct request *request)
{
	return request->list_mounts || request->list_pools || request->list_shared_text ||
	       request->list_files || request->page_sizes || request->page_sizes_all ||
	       request->explain;
}

static bool changes(const struct request *request)
{
	return request->pool_count || request->mounts_count || request->thp ||
	       request->khugepaged_pages != UNSET || request->khugepaged_scan_sleep != UNSET ||
	       request->khugepaged_alloc_sleep != UNSET || request->set_min_free ||
	       request->set_shmmax || request->shm_group != UNSET || request->zone_movable_on ||
	       request->zone_movable_off || request->persist_pools || request->drop_shared_text ||
	       request->preload_count || request->pin_count || request->unpin_count ||
	       request->drop_count;
}

/* Rejects options that only modify others, when there is nothing to modify. */
static int check(const struct request *request)
{
	const bool has_mount_option = request->max_size_bytes != UNSET ||
				      request->min_size_bytes != UNSET ||
				      request->max_inodes != UNSET || request->mount_uid != UNSET ||
				      request->mount_gid != UNSET || request->mount_mode != UNSET;
	const bool has_swap = request->temporary_swap_pages || request->ramdisk_swap;
	bool has_minimum = false, has_maximum = false;
	const bool has_pools = request->pool_count || request->list_pools || request->explain;

	for (int i = 0; i < request->pool_count; i++) {
		has_minimum |= request->pools[i].kind == POOL_MINIMUM;
		has_maximum |= request->pools[i].kind == POOL_MAXIMUM;
	}
	if (request->setup && (lists(request) || changes(request)))
		return complain(-EINVAL, "--setup goes with --dry-run and --verbose only");
	if (has_swap && !has_minimum)
		return complain(-EINVAL, "swap is added for --pool-pages-min, which is not given");
	if (request->persist_swap && !has_swap)
		return complain(-EINVAL, "--persist is for --add-temp-swap and --add-ramdisk-swap");
	if (request->hard && !has_minimum)
		return complain(-EINVAL, "--hard is for --pool-pages-min");
	if (request->node != MACHINE && !has_pools)
		return complain(-EINVAL, "--node is for pools: --pool-pages-min, --demote, "
					 "--pool-list and --explain");
	if (request->obey_policy && !has_minimum && !has_maximum)
		return complain(-EINVAL, "--obey-mempolicy is for --pool-pages-min");
	if (has_mount_option && !request->mounts_count)
		return complain(-EINVAL, "options of mounts are given, but no --create-...-mounts");
	if (has_maximum && request->node != MACHINE)
		return complain(-EINVAL, "--pool-pages-max: a node has no maximum of its own");
	if (request->zone_movable_on && request->zone_movable_off)
		return complain(-EINVAL, "--enable-zone-movable and --disable-zone-movable exclude "
					 "each other");
	if (request->json && !lists(request))
		return complain(-EINVAL, "--json is for listings, and none is requested");
	if (request->json && (request->dry_run || request->persist_pools))
		return complain(-EINVAL, "--json does not go with --dry-run and --persist-pools");
	if (!lists(request) && !changes(request) && !request->setup)
		return complain(-EINVAL, "nothing to do: see hugeadm --help");
	return 0;
}

int options_into_request(int argc, char **argv, struct request *request)
{
	const char *value;
	int row;

	*request = (struct request){
		.verbose = LOG_WARNING,
		.node = MACHINE,
		.max_size_bytes = UNSET,
		.min_size_bytes = UNSET,
		.max_inodes = UNSET,
		.mount_uid = UNSET,
		.mount_gid = UNSET,
		.mount_mode = UNSET,
		.khugepaged_pages = UNSET,
		.khugepaged_scan_sleep = UNSET,
		.khugepaged_alloc_sleep = UNSET,
		.shm_group = UNSET,
	};
	/* the original's set-up script, under whose name hugeadm is installed as well */
	request->setup = !strcmp(basename(argv[0]), SETUP_HELPER);
	sizes_read(&request->sizes, (size_t)sysconf(_SC_PAGESIZE));
	while ((row = option_table_next(&table, argc, argv, &value)) >= 0)
		if (apply(request, (enum option_id)row, value))
			return -EINVAL;
	if (row == OPTION_TABLE_DONE)
		return 1;
	if (row != OPTION_TABLE_END || check(request))
		return -EINVAL;
	for (int i = 0; i < request->pool_count; i++)
		if (request->pools[i].node == MACHINE)
			request->pools[i].node = request->node;
	return 0;
}
