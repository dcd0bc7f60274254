/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * --explain: what the machine has, what could be improved, and the command for it.
 */
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/sys.h"
#include "hugeadm.h"

struct advice {
	const char *name, *json_name, *path;
	unsigned long recommended;
	const char *command;
};

static unsigned long memory_bytes(void)
{
	return (unsigned long)sysconf(_SC_PHYS_PAGES) * (unsigned long)sysconf(_SC_PAGESIZE);
}

/* The word in brackets of "always [madvise] never", or the reason why there is none. */
static void thp_word(char *word, size_t bytes)
{
	bool is_missing = has_sys() && access(THP_DIRECTORY, F_OK);

	if (!sizes_chosen_word(THP_DIRECTORY "/enabled", word, bytes))
		snprintf(word, bytes, is_missing ? "none in this kernel" : "unknown");
}

static void explain_number(const struct advice *advice, struct json *json)
{
	unsigned long now;

	if (!read_number(advice->path, &now)) {
		if (json)
			json_text(json, advice->json_name, NULL);
		else
			printf("%s is unknown: can't read %s.\n", advice->name, advice->path);
		return;
	}
	if (json) {
		json_open(json, advice->json_name, '{');
		json_number(json, "now", now);
		json_number(json, "recommended", advice->recommended);
		json_close(json, '}');
	} else if (now >= advice->recommended) {
		printf("%s is %lu, enough (%lu would do).\n", advice->name, now,
		       advice->recommended);
	} else {
		printf("%s is %lu, %lu is recommended: hugeadm %s\n", advice->name, now,
		       advice->recommended, advice->command);
	}
}

static void explain_shm_group(struct json *json)
{
	unsigned long gid;
	const struct group *group;

	if (!read_number(PATH_SHM_GROUP, &gid)) {
		if (json)
			json_text(json, "hugetlb_shm_group", NULL);
		else
			puts("vm.hugetlb_shm_group is unknown: can't read " PATH_SHM_GROUP ".");
		return;
	}
	group = getgrgid((gid_t)gid);
	if (json)
		json_number(json, "hugetlb_shm_group", gid);
	else
		printf("Group %lu (%s) and processes with CAP_IPC_LOCK may use SHM_HUGETLB.\n", gid,
		       group ? group->gr_name : "no name");
}

/* Lines that set-up scripts copy into /etc/sysctl.conf: two blanks, name, " = ", number. */
static void print_sysctls(bool pools_are_known, unsigned long shmmax_bytes)
{
	unsigned long now, gid;

	if (pools_are_known && read_number(PATH_SHMMAX, &now))
		printf("\nTo keep kernel.shmmax after a reboot, add this line to "
		       "/etc/sysctl.conf:\n  kernel.shmmax = %lu\n",
		       now > shmmax_bytes ? now : shmmax_bytes);
	if (read_number(PATH_SHM_GROUP, &gid))
		printf("\nTo keep vm.hugetlb_shm_group after a reboot, add this line to "
		       "/etc/sysctl.conf:\n  vm.hugetlb_shm_group = %lu\n",
		       gid);
}

static void explain_swap(struct json *json)
{
	char text[1024];
	const char *second_line = NULL;
	const long bytes = sys_read_file("/proc/swaps", text, sizeof(text));

	if (bytes > 0)
		second_line = strchr(text, '\n');
	if (json && bytes <= 0)
		json_text(json, "swap", NULL);
	else if (json)
		json_boolean(json, "swap", second_line && second_line[1]);
	else if (bytes <= 0)
		puts("Whether there is swap is unknown: can't read /proc/swaps.");
	else if (!second_line || !second_line[1])
		puts("There is no swap: pools grow less well (--add-temp-swap adds some for a "
		     "while).");
}

static void explain_mounts(const struct request *request, struct json *json)
{
	struct listed_mount *mounts;

	if (!json && !mount_table_read(&mounts))
		puts("No hugetlbfs mount points found");
	else
		list_mounts(request, json);
}

int explain(const struct request *request, struct json *json)
{
	struct advice advices[] = {
		{"vm.min_free_kbytes", "min_free_kbytes", PATH_MIN_FREE, recommended_min_free_kb(),
		 "--set-recommended-min_free_kbytes"},
		{"kernel.shmmax", "shmmax", PATH_SHMMAX, 0, "--set-recommended-shmmax"},
	};
	size_t advice_count = sizeof(advices) / sizeof(advices[0]);
	char word[24];
	int result;

	thp_word(word, sizeof(word));
	if (json) {
		json_open(json, "explain", '{');
		json_number(json, "memory_bytes", memory_bytes());
		explain_mounts(request, json);
		result = list_pools(request, json);
		json_text(json, "transparent_huge_pages",
			  strchr(word, ' ') || !strcmp(word, "unknown") ? NULL : word);
	} else {
		printf("Total System Memory: %lu MB\n\n", memory_bytes() >> 20);
		explain_mounts(request, NULL);
		puts("\nHuge page pools:");
		result = list_pools(request, NULL);
		puts("\nHuge page sizes with configured pools:");
		if (!result)
			list_page_sizes(request, NULL, false);
		printf("\nTransparent huge pages: %s\n", word);
	}
	/* the last one depends on the pools: stop if they cannot be read */
	if (result || recommended_shmmax_bytes(request, &advices[advice_count - 1].recommended))
		advice_count--;
	for (size_t i = 0; i < advice_count; i++)
		explain_number(&advices[i], json);
	explain_shm_group(json);
	explain_swap(json);
	if (json)
		json_close(json, '}');
	else
		print_sysctls(advice_count > 1, advices[1].recommended);
	return result;
}
