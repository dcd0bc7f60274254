/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The holders of huge pages as JSON.
 */
#include "tools/common/json.h"
#include "tools/hugestat/users.h"

static void put_nodes(const struct holder *holder, struct json *json)
{
	json_open(json, "nodes", '[');
	for (int node = 0; node < SYSTEM_NODES_MAX; node++) {
		if (!holder->nodes[node])
			continue;
		json_open(json, NULL, '{');
		json_number(json, "node", (unsigned long long)node);
		json_number(json, "in_use", holder->nodes[node]);
		json_close(json, '}');
	}
	json_close(json, ']');
}

static void put_holder(struct json *json, const void *users, size_t number)
{
	const struct holder *holder = &((const struct users *)users)->holders[number];

	json_text(json, "kind", users_kind_name(holder->kind));
	json_text(json, "name", holder->name);
	json_number(json, "page_kb", holder->page_bytes >> 10);
	json_number(json, "in_use", holder->in_use);
	json_number(json, "reserved", holder->reserved);
	json_number(json, "shared", holder->shared);
	put_nodes(holder, json);
	json_number(json, "uid", holder->uid);
	if (holder->kind == HOLDER_PROCESS) {
		json_number(json, "pid", (unsigned long long)holder->pid);
		json_text(json, "cgroup", holder->cgroup);
		return;
	}
	if (holder->kind == HOLDER_SHM) {
		json_number(json, "id", (unsigned long long)holder->id);
		json_number(json, "key", (unsigned long long)holder->key & 0xffffffff);
	}
	json_open(json, "pids", '[');
	for (size_t i = 0; i < holder->process_count; i++)
		json_number(json, NULL, (unsigned long long)holder->processes[i]);
	json_close(json, ']');
	json_boolean(json, "left_over", holder->left_over);
	json_text(json, "command", holder->left_over ? holder->command : NULL);
}

static void put_pool(struct json *json, const void *users, size_t number)
{
	const struct users_pool *pool = &((const struct users *)users)->pools[number];

	json_number(json, "page_kb", pool->page_bytes >> 10);
	json_number(json, "total", pool->total);
	json_number(json, "in_use", pool->in_use);
	json_number(json, "in_use_held", pool->held_in_use);
	json_number(json, "reserved", pool->reserved);
	json_number(json, "reserved_held", pool->held_reserved);
}

static void put_cgroup(struct json *json, const void *users, size_t number)
{
	const struct users_cgroup *group = &((const struct users *)users)->cgroups[number];

	json_text(json, "path", group->path);
	json_number(json, "page_kb", group->page_bytes >> 10);
	json_number(json, "in_use", group->in_use);
	json_number(json, "reserved", group->reserved);
}

void users_json(const struct users *users, struct json *json)
{
	json_open(json, "users", '{');
	json_boolean(json, "known", users->readable);
	json_objects(json, "holders", users->count, put_holder, users);
	json_objects(json, "pools", (size_t)users->pool_count, put_pool, users);
	json_boolean(json, "cgroups_counted", users->cgroups_counted);
	json_objects(json, "cgroups", users->cgroup_count, put_cgroup, users);
	json_number(json, "processes", users->processes);
	json_number(json, "hidden_processes", users->hidden_processes);
	json_number(json, "hidden_kb", users->hidden_kb);
	json_boolean(json, "frames_seen", users->frames_seen);
	json_close(json, '}');
}
