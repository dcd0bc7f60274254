/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hugeadm: the request, and the files that carry it out.
 *
 * The whole command line is parsed before anything is changed. Every function that changes the
 * machine returns 0 or -errno, and has printed one line to stderr if it is not 0.
 */
#ifndef HUGEADM_H
#define HUGEADM_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "pages/sizes.h"
#include "tools/common/json.h"
#include "tools/common/nodes.h"

#define UNSET       ULONG_MAX
#define MOUNTS_BASE "/var/lib/hugetlbfs"

enum pool_kind { POOL_MINIMUM, POOL_MAXIMUM, POOL_DEMOTE };

/* --pool-pages-min, --pool-pages-max, --demote */
struct pool_change {
	enum pool_kind kind;
	size_t page_bytes;
	int node;  /* or MACHINE */
	char sign; /* '+', '-', or 0: an absolute number */
	unsigned long pages;
	bool rounded;     /* the text gives an amount of memory that is not a whole number of
			   * pages */
	const char *text; /* the text as given */
};

enum mounts_kind { MOUNTS_ROOT, MOUNTS_USER, MOUNTS_GROUP, MOUNTS_GLOBAL };

/* --create-*mounts */
struct mounts_change {
	enum mounts_kind kind;
	const char *name; /* of the user or the group */
	unsigned int uid, gid;
};

/* --preload */
struct preload {
	const char *file;
	size_t page_bytes;
};

/* --pin, --unpin, --drop-files */
struct file_change {
	const char *file; /* or its copy; NULL: all */
	const char *option;
};

#define CHANGES_MAX 64

struct request {
	struct page_sizes sizes;
	bool dry_run, json, hard, obey_policy, persist_swap;
	int verbose;
	int node;

	struct pool_change pools[CHANGES_MAX];
	int pool_count;
	struct mounts_change mounts[CHANGES_MAX];
	int mounts_count;
	unsigned long max_size_bytes, min_size_bytes, max_inodes; /* of a mount; or UNSET */
	unsigned long mount_uid, mount_gid, mount_mode;           /* or UNSET */

	const char *thp; /* the word for its file, or NULL */
	unsigned long khugepaged_pages, khugepaged_scan_sleep,
		khugepaged_alloc_sleep; /* or UNSET */
	bool set_min_free, set_shmmax;
	unsigned long shm_group;            /* or UNSET */
	unsigned long temporary_swap_pages; /* 0: none */
	bool ramdisk_swap, zone_movable_on, zone_movable_off;
	const char *persist_pools; /* "systemd", "cmdline", or NULL */

	bool drop_shared_text;
	struct preload preloads[CHANGES_MAX];
	struct file_change pins[CHANGES_MAX], unpins[CHANGES_MAX], drops[CHANGES_MAX];
	int preload_count, pin_count, unpin_count, drop_count;
	bool setup;

	bool list_mounts, list_pools, list_shared_text, list_files, page_sizes, page_sizes_all,
		explain;
};

/* Writes a line to stderr and returns result. */
int complain(int result, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Prints a line to stderr: a warning or, with -v, what is done. */
void warn(const struct request *request, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void tell(const struct request *request, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* change.c: changes the machine, or prints an equivalent shell command. */
int change_write(const struct request *request, const char *path, const char *text);
int change_write_number(const struct request *request, const char *path, unsigned long number);
/* The same, but -EINVAL is not reported. */
int change_try_number(const struct request *request, const char *path, unsigned long number);

/* With --dry-run: the number that a file would contain by now, for later calculations. */
void change_pretend(const char *path, unsigned long number);
bool change_pretended(const char *path, unsigned long *number);
int change_save(const struct request *request, const char *path, const char *content);
int change_directories(const struct request *request, const char *path);
int change_run(const struct request *request, const char *const arguments[]);

/* Does this result mean that nobody may do that here, so that repeating it would only repeat the
 * error? */
bool change_is_forbidden(int result);

/* Which users may, as the end of a message; error is errno. Empty if that is not the problem. */
const char *change_hint(int error);

/* options.c: 0, -EINVAL after a line on stderr, or 1 if everything requested has been done. */
int options_into_request(int argc, char **argv, struct request *request);

/* arguments.c: the values of options; name is the option's, for messages. */
int argument_pool(const struct request *request, const char *name, const char *value,
		  struct pool_change *change);
int argument_number(const char *name, const char *value, unsigned long *number);
int argument_size(const char *name, const char *value, unsigned long *bytes);
int argument_mode(const char *name, const char *value, unsigned long *mode);
int argument_user(const char *name, const char *value, unsigned long *uid);
int argument_group(const char *name, const char *value, unsigned long *gid);
int argument_preload(const struct request *request, const char *name, const char *value,
		     struct preload *preload);
int argument_node(const char *name, const char *value, int *node);

/* progress.c: a line on the terminal while long work lasts, and its removal. */
bool progress_is_shown(const struct request *request);
void progress_show(const struct request *request, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void progress_end(const struct request *request);

/* interrupt.c: a signal ends work between two steps. */
void interrupt_catch(void);
int interrupt_signal(void); /* 0: no signal arrived */
void interrupt_wait(int milliseconds);

/* numbers.c: the counts of a pool, for a node or for the machine. */
struct pool_numbers {
	unsigned long minimum; /* persistent pages, without the surplus */
	unsigned long current, available, reserved, surplus, overcommit;
};
int pool_numbers_read(size_t page_bytes, int node, struct pool_numbers *numbers);
unsigned long pool_maximum(const struct pool_numbers *numbers);
bool read_number(const char *path, unsigned long *number);

/* False: /sys is not mounted, and its values are unknown. */
bool has_sys(void);

/*
 * mount_table.c: returns the number of hugetlbfs mounts, or -errno after a line on stderr. The list
 * is never freed.
 */
struct listed_mount {
	char *path, *options;
	size_t page_bytes; /* 0: unknown */
};
int mount_table_read(struct listed_mount **mounts);

/* policy.c: the memory policy of this process, as set by numactl. */
bool policy_binds(void);
void policy_command(char *command, size_t bytes); /* numactl with the policy, or empty */

/* The rest: one file each. */
int pool_resize(const struct request *request, const struct pool_change *change);
int pool_demote(const struct request *request, const struct pool_change *change);
int swap_add(const struct request *request);
int swap_remove(const struct request *request);
int swap_add_ramdisks(const struct request *request);
int thp_change(const struct request *request);
int sysctls_change(const struct request *request);
int min_free_change(const struct request *request);
int zone_movable_change(const struct request *request);
unsigned long recommended_min_free_kb(void);
int recommended_shmmax_bytes(const struct request *request, unsigned long *bytes);
int mounts_create(const struct request *request, const struct mounts_change *mounts);
int persist_pools(const struct request *request);
int set_up(const struct request *asked);
int list_mounts(const struct request *request, struct json *json);
int list_pools(const struct request *request, struct json *json);
int list_page_sizes(const struct request *request, struct json *json, bool all);
int explain(const struct request *request, struct json *json);
int list_shared_text(const struct request *request, struct json *json);
int drop_shared_text(const struct request *request);
int list_files(const struct request *request, struct json *json);
int drop_files(const struct request *request, const struct file_change *drop);
int pin_file(const struct request *request, const struct file_change *pin, bool pinned);
int preload_file(const struct request *request, const struct preload *preload);

#define PATH_SHM_GROUP "/proc/sys/vm/hugetlb_shm_group"
#define PATH_SHMMAX    "/proc/sys/kernel/shmmax"
#define PATH_MIN_FREE  "/proc/sys/vm/min_free_kbytes"
#define PATH_COMPACT   "/proc/sys/vm/compact_memory"

#endif
