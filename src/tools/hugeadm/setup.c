/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Applies the answers of --setup: the pool of the default size now and at every boot; for users a
 * group that may use huge pages for shared memory and lock that much memory. A step that fails does
 * not stop the others.
 */
#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "setup.h"

#define GROUP         "hugepages" /* if vm.hugetlb_shm_group names none */
#define SYSCTL_FILE   "/etc/sysctl.d/60-hugeadm-setup.conf"
#define LIMITS_FILE   "/etc/security/limits.d/60-hugeadm-setup.conf"
#define FIRST_LINE    "# Written by hugeadm --setup\n"
#define CONTENT_BYTES 1024

static int set_pool(const struct request *request, const struct setup *setup)
{
	struct pool_change change = {.kind = POOL_MINIMUM,
				     .page_bytes = setup->page_bytes,
				     .node = MACHINE,
				     .pages = setup->pages,
				     .text = "--setup"};
	int result = pool_resize(request, &change);

	/* the old maximum would stay above it */
	if (change_is_forbidden(result))
		return result;
	change.kind = POOL_MAXIMUM;
	return pool_resize(request, &change) ?: result;
}

/* The group that has the permission, unless it is root's; otherwise the tool's own group. */
static void choose_group(char *name, size_t bytes)
{
	const struct group *group = NULL;
	unsigned long gid;

	if (read_number(PATH_SHM_GROUP, &gid) && gid)
		group = getgrgid((gid_t)gid);
	snprintf(name, bytes, "%s", group ? group->gr_name : GROUP);
}

static bool is_member(const char *group_name, const char *user)
{
	const struct group *group = getgrnam(group_name);

	for (char **member = group ? group->gr_mem : NULL; member && *member; member++)
		if (!strcmp(*member, user))
			return true;
	return false;
}

static int make_group(const struct request *request, const struct setup *setup, const char *group)
{
	const char *const make[] = {"groupadd", "--system", group, NULL};
	int result = getgrnam(group) ? 0 : change_run(request, make);

	for (int i = 0; i < setup->user_count && !result; i++) {
		const char *const add[] = {"usermod", "--append",      "--groups",
					   group,     setup->users[i], NULL};

		if (!is_member(group, setup->users[i]))
			result = change_run(request, add);
	}
	return result;
}

static int set_group(const struct request *request, const char *group_name)
{
	const struct group *group = getgrnam(group_name);

	if (group)
		return change_write_number(request, PATH_SHM_GROUP, group->gr_gid);
	if (!request->dry_run)
		return complain(-ENOENT, "there is no group %s", group_name);
	/* only the command before it creates the group */
	printf("getent group %s | cut -d : -f 3 >" PATH_SHM_GROUP "\n", group_name);
	return 0;
}

/* Saves the settings that the next boot would lose, except the pools. */
static int save_sysctls(const struct request *request, const char *group_name)
{
	const struct group *group = getgrnam(group_name);
	char content[CONTENT_BYTES] = FIRST_LINE;
	unsigned long shmmax;

	if (read_number(PATH_SHMMAX, &shmmax))
		snprintf(content + strlen(content), sizeof(content) - strlen(content),
			 "kernel.shmmax = %lu\n", shmmax);
	if (group)
		snprintf(content + strlen(content), sizeof(content) - strlen(content),
			 "vm.hugetlb_shm_group = %u\n", group->gr_gid);
	if (change_directories(request, "/etc/sysctl.d") ||
	    change_save(request, SYSCTL_FILE, content))
		return -EIO;
	if (!group && request->dry_run)
		printf("echo \"vm.hugetlb_shm_group = $(getent group %s | cut -d : -f 3)\" "
		       ">>" SYSCTL_FILE "\n",
		       group_name);
	return 0;
}

/* Shared memory on huge pages counts as locked; the limits apply from the next login on. */
static int save_limits(const struct request *request, const struct setup *setup, const char *group)
{
	const unsigned long kb = setup->pages * (setup->page_bytes >> 10);
	char content[CONTENT_BYTES];

	snprintf(content, sizeof(content),
		 FIRST_LINE "@%s soft memlock %lu\n@%s hard memlock %lu\n", group, kb, group, kb);
	return change_directories(request, "/etc/security/limits.d")
		       ?: change_save(request, LIMITS_FILE, content);
}

static int set_up_users(const struct request *request, const struct setup *setup)
{
	char group[64];
	int result;

	if (!setup->user_count)
		return 0;
	choose_group(group, sizeof(group));
	result = make_group(request, setup, group);
	if (result)
		return result;
	result = set_group(request, group);
	result = save_sysctls(request, group) ?: result;
	result = save_limits(request, setup, group) ?: result;
	if (!result && !request->dry_run)
		fprintf(stderr,
			"hugeadm: group %s may use huge pages and lock %lu MB, from the next login "
			"on\n",
			group, (unsigned long)(setup->pages * (setup->page_bytes >> 10) >> 10));
	return result;
}

int set_up(const struct request *asked)
{
	static struct request request;
	struct setup setup;
	int result;

	if (geteuid() && !asked->dry_run)
		return complain(-EPERM, "--setup needs root (--dry-run shows what it would do)");
	result = setup_ask(asked, &setup);
	if (result)
		return result;
	request = *asked;
	request.set_shmmax = true;
	request.persist_pools = "systemd";
	result = set_pool(&request, &setup);
	if (change_is_forbidden(result))
		return result;
	result = sysctls_change(&request) ?: result;
	result = set_up_users(&request, &setup) ?: result;
	return persist_pools(&request) ?: result;
}
