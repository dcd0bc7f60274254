/*
 * Reading and adding up one process's smaps; finding processes by name.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sys.h"
#include "tools/hugestat/process.h"

const char *part_name(enum part part)
{
	static const char *const names[PART_COUNT] = {
		[PART_TEXT] = "text",
		[PART_DATA] = "data",
		[PART_BSS] = "bss",
		[PART_BREAK] = "heap: break",
		[PART_ARENAS] = "heap: arenas",
		[PART_MAPPINGS] = "mappings",
		[PART_STACKS] = "stacks",
		[PART_LIBRARIES] = "libraries",
		[PART_SHARED] = "shared memory",
		[PART_FILES] = "files",
		[PART_KERNEL] = "kernel's",
	};

	return names[part];
}

unsigned long usage_huge_kb(const struct usage *usage)
{
	unsigned long kb = usage->thp + usage->shmem_thp + usage->file_thp;

	for (int i = 0; i < PAGES_SIZES_MAX; i++)
		kb += usage->hugetlb[i];
	return kb;
}

int process_hugetlb_column(const struct process *process, size_t page_bytes)
{
	for (int i = 0; i < process->hugetlb_size_count; i++)
		if (process->hugetlb_sizes[i] == page_bytes)
			return i;
	return -1;
}

static bool is_hugetlb(const struct smaps_mapping *mapping)
{
	return smaps_hugetlb_kb(mapping) || strstr(mapping->flags, "ht");
}

static void note_size(struct process *process, size_t bytes)
{
	int at = process->hugetlb_size_count;

	if (!bytes || at == PAGES_SIZES_MAX || process_hugetlb_column(process, bytes) >= 0)
		return;
	for (; at > 0 && process->hugetlb_sizes[at - 1] > bytes; at--)
		process->hugetlb_sizes[at] = process->hugetlb_sizes[at - 1];
	process->hugetlb_sizes[at] = bytes;
	process->hugetlb_size_count++;
}

static int read_mappings(struct process *process)
{
	struct smaps smaps;
	char path[64];
	size_t room = 0;
	int result;

	snprintf(path, sizeof(path), "/proc/%d/smaps", (int)process->pid);
	result = smaps_open(&smaps, path);
	if (result)
		return result == -ENOENT ? -ESRCH : result;
	for (;;) {
		struct process_mapping *mapping;

		if (process->count == room) {
			room = room ? 2 * room : 256;
			mapping = reallocarray(process->mappings, room, sizeof(*mapping));
			if (!mapping) {
				smaps_close(&smaps);
				return -ENOMEM;
			}
			process->mappings = mapping;
		}
		mapping = &process->mappings[process->count];
		if (!smaps_next(&smaps, &mapping->smaps))
			break;
		process->count++;
		if (is_hugetlb(&mapping->smaps))
			note_size(process, mapping->smaps.value[SMAPS_KERNEL_PAGE] << 10);
	}
	smaps_close(&smaps);
	return process->count ? 0 : -ESRCH;
}

static void add_mapping(const struct process *process, struct usage *usage,
			const struct smaps_mapping *mapping)
{
	unsigned long hugetlb = smaps_hugetlb_kb(mapping);
	int column = process_hugetlb_column(process, mapping->value[SMAPS_KERNEL_PAGE] << 10);
	unsigned long thp = mapping->value[SMAPS_ANON_HUGE] + mapping->value[SMAPS_SHMEM_PMD] +
			    mapping->value[SMAPS_FILE_PMD];

	if (hugetlb && column >= 0)
		usage->hugetlb[column] += hugetlb;
	usage->memory += mapping->value[SMAPS_RSS] + hugetlb;
	usage->thp += mapping->value[SMAPS_ANON_HUGE];
	usage->shmem_thp += mapping->value[SMAPS_SHMEM_PMD];
	usage->file_thp += mapping->value[SMAPS_FILE_PMD];
	/* The kernel may count a file's huge page of which only a part is mapped. */
	if (mapping->value[SMAPS_RSS] > thp)
		usage->small += mapping->value[SMAPS_RSS] - thp;
	usage->swap += mapping->value[SMAPS_SWAP];
}

int process_read(struct process *process, pid_t pid)
{
	char path[64];
	int result;

	*process = (struct process){.pid = pid};
	snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
	sys_read_file(path, process->name, sizeof(process->name));
	process->name[strcspn(process->name, "\n")] = '\0';
	result = read_mappings(process);
	if (result) {
		process_free(process);
		return result;
	}
	process_classify(process);
	for (size_t i = 0; i < process->count; i++) {
		const struct process_mapping *mapping = &process->mappings[i];

		add_mapping(process, &process->parts[mapping->part], &mapping->smaps);
		add_mapping(process, &process->total, &mapping->smaps);
	}
	return 0;
}

void process_free(struct process *process)
{
	free(process->mappings);
	process->mappings = NULL;
	process->count = 0;
}

/* The kernel cuts a command's name to 15 bytes; the file's is whole. */
static bool has_name(pid_t pid, const char *name)
{
	char path[64], text[4096], *last;
	ssize_t length;

	snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
	if (sys_read_file(path, text, sizeof(text)) > 0) {
		text[strcspn(text, "\n")] = '\0';
		if (!strcmp(text, name))
			return true;
	}
	snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	length = readlink(path, text, sizeof(text) - 1);
	if (length <= 0)
		return false;
	text[length] = '\0';
	last = strrchr(text, '/');
	return last && !strcmp(last + 1, name);
}

static int add_pid(pid_t **pids, int count, pid_t pid)
{
	pid_t *grown = reallocarray(*pids, (size_t)count + 1, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	*pids = grown;
	grown[count] = pid;
	return count + 1;
}

int process_find(const char *operand, pid_t **pids)
{
	DIR *directory;
	struct dirent *entry;
	int count = 0;
	char *end;
	long pid;

	*pids = NULL;
	errno = 0;
	pid = strtol(operand, &end, 10);
	if (isdigit((unsigned char)*operand) && !*end)
		return errno || pid <= 0 || pid > INT32_MAX ? -ESRCH : add_pid(pids, 0, (pid_t)pid);
	directory = opendir("/proc");
	if (!directory)
		return -errno;
	while (count >= 0 && (entry = readdir(directory))) {
		pid = strtol(entry->d_name, &end, 10);
		if (!*end && pid > 0 && pid != getpid() && has_name((pid_t)pid, operand))
			count = add_pid(pids, count, (pid_t)pid);
	}
	closedir(directory);
	return count ? count : -ESRCH;
}
