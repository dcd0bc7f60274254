/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reads ELF files with libelf: see objects.h.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/sys.h"
#include "tools/common/shown_text.h"
#include "tools/hugestat/objects.h"

struct object {
	int fd;
	Elf *elf;
};

static int object_open(struct object *object, const char *path)
{
	struct stat status;

	/* The owner of the process may have put a FIFO where its file was. */
	object->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (object->fd < 0)
		return -errno;
	object->elf = NULL;
	if (!fstat(object->fd, &status) && S_ISREG(status.st_mode) &&
	    elf_version(EV_CURRENT) != EV_NONE)
		object->elf = elf_begin(object->fd, ELF_C_READ, NULL);
	if (object->elf && elf_kind(object->elf) == ELF_K_ELF)
		return 0;
	if (object->elf)
		elf_end(object->elf);
	close(object->fd);
	return -ENOEXEC;
}

static void object_close(struct object *object)
{
	elf_end(object->elf);
	close(object->fd);
}

/* The auxiliary vector that the kernel gave the program at its start: pairs of words of the
 * program's size. */
static bool entry_point(pid_t pid, int elf_class, uint64_t *entry)
{
	char path[64];
	uint64_t buffer[128];
	long bytes;
	size_t word = elf_class == ELFCLASS64 ? 8 : 4;

	snprintf(path, sizeof(path), "/proc/%d/auxv", (int)pid);
	bytes = sys_read_file(path, (char *)buffer, sizeof(buffer));
	for (long at = 0; at + (long)(2 * word) <= bytes; at += (long)(2 * word)) {
		uint64_t pair[2] = {0, 0};
		uint32_t short_pair[2];

		if (word == 8) {
			memcpy(pair, (char *)buffer + at, sizeof(pair));
		} else {
			memcpy(short_pair, (char *)buffer + at, sizeof(short_pair));
			pair[0] = short_pair[0];
			pair[1] = short_pair[1];
		}
		if (pair[0] == AT_ENTRY) {
			*entry = pair[1];
			return true;
		}
	}
	return false;
}

void program_layout_read(pid_t pid, struct program_layout *layout)
{
	struct object object;
	char path[64];
	GElf_Ehdr header;
	uint64_t entry, bias;
	size_t count = 0;

	layout->count = 0;
	snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	if (object_open(&object, path))
		return;
	if (gelf_getehdr(object.elf, &header) && !elf_getphdrnum(object.elf, &count) &&
	    entry_point(pid, header.e_ident[EI_CLASS], &entry)) {
		bias = entry - header.e_entry;
		for (size_t i = 0; i < count && layout->count < PROGRAM_SEGMENTS_MAX; i++) {
			GElf_Phdr segment;
			int at = layout->count;

			if (!gelf_getphdr(object.elf, (int)i, &segment) ||
			    segment.p_type != PT_LOAD)
				continue;
			layout->segments[at].start = segment.p_vaddr + bias;
			layout->segments[at].file_end = segment.p_vaddr + bias + segment.p_filesz;
			layout->segments[at].end = segment.p_vaddr + bias + segment.p_memsz;
			layout->segments[at].writable = segment.p_flags & PF_W;
			layout->count++;
		}
	}
	object_close(&object);
}

bool object_is_static(const char *path)
{
	struct object object;
	bool has_loader = false;
	size_t count = 0;

	if (object_open(&object, path))
		return false;
	elf_getphdrnum(object.elf, &count);
	for (size_t i = 0; i < count; i++) {
		GElf_Phdr segment;

		has_loader |=
			gelf_getphdr(object.elf, (int)i, &segment) && segment.p_type == PT_INTERP;
	}
	object_close(&object);
	return !has_loader;
}

/*
 * What to add to an address in the file to get one in the process. A mapping begins at a whole
 * page, which two segments may share in the file: the segment that begins there is used. If none
 * does, part of a segment is mapped, and the segment that contains it is used.
 */
static bool find_bias(Elf *elf, uint64_t address, uint64_t file_offset, uint64_t *bias)
{
	uint64_t last_byte = (uint64_t)sysconf(_SC_PAGESIZE) - 1;
	bool found = false;
	size_t count = 0;

	elf_getphdrnum(elf, &count);
	for (size_t i = 0; i < count; i++) {
		GElf_Phdr segment;
		bool begins, contains;

		if (!gelf_getphdr(elf, (int)i, &segment) || segment.p_type != PT_LOAD)
			continue;
		begins = (segment.p_offset & ~last_byte) == file_offset;
		contains = file_offset >= segment.p_offset &&
			   file_offset < segment.p_offset + segment.p_filesz;
		if (!begins && (!contains || found))
			continue;
		*bias = address - (segment.p_vaddr - segment.p_offset + file_offset);
		found = true;
		if (begins)
			break;
	}
	return found;
}

static int write_section(Elf *elf, Elf_Scn *section, const GElf_Shdr *header, uint64_t bias,
			 uint64_t start, uint64_t end, FILE *out)
{
	Elf_Data *data = elf_getdata(section, NULL);
	int written = 0;

	if (!data || !header->sh_entsize)
		return 0;
	for (size_t i = 0; i < header->sh_size / header->sh_entsize; i++) {
		GElf_Sym symbol;
		const char *name;
		uint64_t at;

		if (!gelf_getsym(data, (int)i, &symbol) || !symbol.st_value ||
		    GELF_ST_TYPE(symbol.st_info) != STT_FUNC || symbol.st_shndx == SHN_UNDEF)
			continue;
		at = symbol.st_value + bias;
		name = elf_strptr(elf, header->sh_link, symbol.st_name);
		if (at < start || at >= end || !name || !*name)
			continue;
		fprintf(out, "%llx %llx ", (unsigned long long)at,
			(unsigned long long)symbol.st_size);
		text_show(name, out);
		putc('\n', out);
		written++;
	}
	return written;
}

/* Does the range contain a part of one of the object's segments, at that bias? A huge page may
 * extend into the holes around it. */
static bool covers(Elf *elf, uint64_t bias, uint64_t start, uint64_t end)
{
	size_t count = 0;

	elf_getphdrnum(elf, &count);
	for (size_t i = 0; i < count; i++) {
		GElf_Phdr segment;

		if (gelf_getphdr(elf, (int)i, &segment) && segment.p_type == PT_LOAD &&
		    segment.p_vaddr + bias < end &&
		    start < segment.p_vaddr + segment.p_memsz + bias)
			return true;
	}
	return false;
}

/* A stripped file has only the dynamic symbols, which the full table includes. */
static int write_functions(Elf *elf, uint64_t bias, uint64_t start, uint64_t end, FILE *out)
{
	Elf_Scn *section = NULL, *dynamic = NULL, *full = NULL;
	GElf_Shdr header;

	if (!covers(elf, bias, start, end))
		return -ENOENT;
	while ((section = elf_nextscn(elf, section))) {
		if (!gelf_getshdr(section, &header))
			continue;
		if (header.sh_type == SHT_SYMTAB)
			full = section;
		else if (header.sh_type == SHT_DYNSYM)
			dynamic = section;
	}
	section = full ? full : dynamic;
	if (!section || !gelf_getshdr(section, &header))
		return 0;
	return write_section(elf, section, &header, bias, start, end, out);
}

int object_write_functions(const char *path, uint64_t address, uint64_t file_offset, uint64_t start,
			   uint64_t end, FILE *out)
{
	struct object object;
	uint64_t bias = 0;
	int result = object_open(&object, path);

	if (result)
		return result;
	result = find_bias(object.elf, address, file_offset, &bias)
			 ? write_functions(object.elf, bias, start, end, out)
			 : -ENOENT;
	object_close(&object);
	return result;
}

int program_write_functions(pid_t pid, uint64_t start, uint64_t end, FILE *out)
{
	struct object object;
	GElf_Ehdr header;
	uint64_t entry;
	char path[64];
	int result;

	snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	result = object_open(&object, path);
	if (result)
		return result;
	result = gelf_getehdr(object.elf, &header) &&
				 entry_point(pid, header.e_ident[EI_CLASS], &entry)
			 ? write_functions(object.elf, entry - header.e_entry, start, end, out)
			 : -ENOENT;
	object_close(&object);
	return result;
}
