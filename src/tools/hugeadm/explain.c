/*
 * --explain: what the machine has, and what could be set better, with the command for it.
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

/* The word in brackets of "always [madvise] never"; empty where there is none. */
static void thp_word(char *word, size_t bytes)
{
	char text[128];
	const char *open;

	word[0] = '\0';
	if (sys_read_file(PATH_THP "/enabled", text, sizeof(text)) <= 0)
		return;
	open = strchr(text, '[');
	if (open)
		snprintf(word, bytes, "%.*s", (int)strcspn(open + 1, "]"), open + 1);
}

static void explain_number(const struct advice *advice, struct json *json)
{
	unsigned long now;

	if (!read_number(advice->path, &now))
		return;
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

	if (!read_number(PATH_SHM_GROUP, &gid))
		return;
	group = getgrgid((gid_t)gid);
	if (json)
		json_number(json, "hugetlb_shm_group", gid);
	else
		printf("Shared memory on huge pages (SHM_HUGETLB): for group %lu (%s) and for "
		       "CAP_IPC_LOCK.\n",
		       gid, group ? group->gr_name : "no name");
}

static void explain_swap(struct json *json)
{
	char text[1024];
	const char *second_line = NULL;

	if (sys_read_file("/proc/swaps", text, sizeof(text)) > 0)
		second_line = strchr(text, '\n');
	if (json)
		json_boolean(json, "swap", second_line && second_line[1]);
	else if (!second_line || !second_line[1])
		puts("There is no swap: a pool grows less well. --add-temp-swap makes some for a "
		     "while.");
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
		list_mounts(request, json);
		result = list_pools(request, json);
		json_text(json, "transparent_huge_pages", word[0] ? word : NULL);
	} else {
		printf("Total System Memory: %lu MB\n\n", memory_bytes() >> 20);
		list_mounts(request, NULL);
		puts("\nHuge page pools:");
		result = list_pools(request, NULL);
		printf("\nTransparent huge pages: %s\n", word[0] ? word : "none in this kernel");
	}
	/* the last is made of the pools: nothing more to say where these can't be read */
	if (result || recommended_shmmax_bytes(request, &advices[advice_count - 1].recommended))
		advice_count--;
	for (size_t i = 0; i < advice_count; i++)
		explain_number(&advices[i], json);
	explain_shm_group(json);
	explain_swap(json);
	if (json)
		json_close(json, '}');
	return result;
}
