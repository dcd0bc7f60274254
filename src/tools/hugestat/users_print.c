/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Prints the holders of huge pages for people, in 80 columns except for long names.
 */
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tools/common/shown_text.h"
#include "tools/hugestat/users.h"

#define PROCESSES_SHOWN 3

static void print_user(uid_t uid, FILE *out)
{
	const struct passwd *user = getpwuid(uid);

	if (user)
		fprintf(out, "user %s", user->pw_name);
	else
		fprintf(out, "user %u", (unsigned int)uid);
}

/* "process 1 2 3 and 4 more", or "no process". */
static void print_processes(const struct holder *holder, FILE *out)
{
	if (!holder->process_count) {
		fputs(holder->left_over ? ", left over" : ", no process seen", out);
		return;
	}
	fputs(holder->process_count == 1 ? ", pid" : ", pids", out);
	for (size_t i = 0; i < holder->process_count && i < PROCESSES_SHOWN; i++)
		fprintf(out, " %d", (int)holder->processes[i]);
	if (holder->process_count > PROCESSES_SHOWN)
		fprintf(out, " and %zu more", holder->process_count - PROCESSES_SHOWN);
}

void users_print_name(const struct holder *holder, FILE *out)
{
	if (holder->kind == HOLDER_SHM)
		fprintf(out, "shm %ld", holder->id);
	else
		text_show(holder->name, out);
	if (holder->kind == HOLDER_PROCESS)
		fprintf(out, ", pid %d", (int)holder->pid);
	fputs(", ", out);
	print_user(holder->uid, out);
	if (holder->kind != HOLDER_PROCESS)
		print_processes(holder, out);
}

static void print_nodes(const struct holder *holder)
{
	const char *separator = "";

	printf("%39s", "");
	for (int node = 0; node < SYSTEM_NODES_MAX; node++) {
		if (!holder->nodes[node])
			continue;
		printf("%snode %d: %lu", separator, node, holder->nodes[node]);
		separator = ", ";
	}
	puts(*separator ? "" : "on a node that is not known");
}

static void print_holder(const struct users *users, const struct holder *holder)
{
	printf("%9zu kB %7lu %8lu %7lu  ", holder->page_bytes >> 10, holder->in_use,
	       holder->reserved, holder->shared);
	users_print_name(holder, stdout);
	putchar('\n');
	if (users->node_count > 1 && holder->in_use)
		print_nodes(holder);
}

static unsigned long rest(unsigned long all, unsigned long part)
{
	return all > part ? all - part : 0;
}

static bool has_files(const char *directory)
{
	return !access(directory, F_OK);
}

/* Always shown, because no other tool shows it. */
static void print_nobody(const struct users *users)
{
	for (int i = 0; i < users->pool_count; i++) {
		const struct users_pool *pool = &users->pools[i];
		const unsigned long in_use = rest(pool->in_use, pool->held_in_use);
		const unsigned long reserved = rest(pool->reserved, pool->held_reserved);

		if (in_use || reserved)
			printf("%9zu kB %7lu %8lu %7s  %s\n", pool->page_bytes >> 10, in_use,
			       reserved, "",
			       !has_files("/proc/self")  ? "unknown"
			       : users->hidden_processes ? "processes that you may not see"
							 : "nobody that can be named");
	}
}

static void print_pools(const struct users *users)
{
	puts("\nPools\n   page size   total  in use  of these held above  reserved  held above");
	for (int i = 0; i < users->pool_count; i++) {
		const struct users_pool *pool = &users->pools[i];

		printf("%9zu kB %7lu %7lu %20lu %9lu %11lu\n", pool->page_bytes >> 10, pool->total,
		       pool->in_use, pool->held_in_use, pool->reserved, pool->held_reserved);
	}
}

static void print_cgroups(const struct users *users)
{
	if (!users->cgroup_count)
		return;
	printf("\nBy cgroup (%s)\n   page size  in use reserved\n",
	       users->cgroups_counted ? "counted by the hugetlb controller"
				      : "sums over its processes");
	for (size_t i = 0; i < users->cgroup_count; i++) {
		const struct users_cgroup *group = &users->cgroups[i];

		printf("%9zu kB %7lu %8lu %7s  ", group->page_bytes >> 10, group->in_use,
		       group->reserved, "");
		text_show(group->path, stdout);
		putchar('\n');
	}
}

static void print_left_over(const struct users *users)
{
	bool any = false;

	for (size_t i = 0; i < users->count; i++) {
		if (!users->holders[i].left_over)
			continue;
		if (!any)
			puts("\nLeft over (no process uses these); to free the pages:");
		any = true;
		fputs("  ", stdout);
		text_show(users->holders[i].command, stdout);
		printf("  # %lu pages of %zu kB\n",
		       users->holders[i].in_use + users->holders[i].reserved,
		       users->holders[i].page_bytes >> 10);
	}
}

void users_print(const struct users *users, size_t limit)
{
	puts(limit ? "\nWho holds huge pages" : "Who holds huge pages");
	if (!has_files("/proc/self"))
		puts("  unknown: /proc is not mounted");
	else if (!users->pool_count && !has_files("/sys/kernel/mm"))
		puts("  unknown: /sys is not mounted");
	else if (!users->count)
		puts("  nobody");
	else
		puts("   page size  in use reserved  shared  holder");
	for (size_t i = 0; i < users->count && (!limit || i < limit); i++)
		print_holder(users, &users->holders[i]);
	if (limit && users->count > limit)
		printf("  and %zu more (hugestat --users)\n", users->count - limit);
	print_nobody(users);
	if (users->hidden_processes)
		printf("  %lu processes that you may not read map %lu kB of huge pages\n",
		       users->hidden_processes, users->hidden_kb);
	if (limit)
		return;
	if (!users->frames_seen)
		puts("  pages that a fork left shared count once for each process (root sees "
		     "more)");
	print_pools(users);
	print_cgroups(users);
	print_left_over(users);
}
