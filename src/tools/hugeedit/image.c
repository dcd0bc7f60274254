/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reads a file without trusting it: every offset, size and count is compared with the file before
 * it is used. A file that breaks a rule is refused, even if the kernel would start it: no known
 * linker made it, so it is left alone.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tools/hugeedit/image.h"

#define SMALLEST_PAGE_BYTES 4096

int image_refuse(const struct image *image, const char *format, ...)
{
	va_list arguments;

	fprintf(stderr, "hugeedit: %s: ", image->path);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	return -EINVAL;
}

/* A private mapping would change with the file; a copy stays as it was checked. */
static int read_content(struct image *image)
{
	size_t done = 0;

	image->bytes = (size_t)image->status.st_size;
	image->content = mmap(NULL, image->bytes, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (image->content == MAP_FAILED) {
		image->content = NULL;
		return image_refuse(image, "no memory for its %zu bytes", image->bytes);
	}
	while (done < image->bytes) {
		const ssize_t got = pread(image->descriptor, (char *)image->content + done,
					  image->bytes - done, (off_t)done);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return image_refuse(image, "can't be read: %s", strerror(errno));
		if (!got)
			return image_refuse(image, "became shorter while it was read");
		done += (size_t)got;
	}
	return 0;
}

static int open_file(struct image *image)
{
	image->descriptor = open(image->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (image->descriptor < 0)
		return image_refuse(image, "can't be opened: %s", strerror(errno));
	if (fstat(image->descriptor, &image->status))
		return image_refuse(image, "%s", strerror(errno));
	if (!S_ISREG(image->status.st_mode))
		return image_refuse(image, "is no regular file");
	if ((uintmax_t)image->status.st_size > SIZE_MAX / 2)
		return image_refuse(image, "is too big for this program");
	if (image->status.st_size < (off_t)sizeof(Elf32_Ehdr))
		return image_refuse(image, "is too short for an ELF file");
	return read_content(image);
}

/* Checks the first bytes of the file, before a library parses it. */
static int check_identity(struct image *image)
{
	const unsigned char *identity = image->content;
	const int native = __BYTE_ORDER == __LITTLE_ENDIAN ? ELFDATA2LSB : ELFDATA2MSB;

	if (memcmp(identity, ELFMAG, SELFMAG))
		return image_refuse(image, "is no ELF file");
	image->class = identity[EI_CLASS];
	if (image->class != ELFCLASS32 && image->class != ELFCLASS64)
		return image_refuse(image, "is ELF of an unknown class (%d)", image->class);
	if (identity[EI_DATA] != native)
		return image_refuse(image, "is ELF of another byte order than this machine's");
	if (identity[EI_VERSION] != EV_CURRENT)
		return image_refuse(image, "is ELF of an unknown version (%d)",
				    identity[EI_VERSION]);
	if (image->class == ELFCLASS64 && image->bytes < sizeof(Elf64_Ehdr))
		return image_refuse(image, "is too short for an ELF file");
	return 0;
}

static int check_file_header(struct image *image)
{
	const bool is_64 = image->class == ELFCLASS64;
	const size_t own_bytes = is_64 ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr);
	GElf_Ehdr header;

	if (!gelf_getehdr(image->elf, &header))
		return image_refuse(image, "%s", elf_errmsg(-1));
	if (header.e_version != EV_CURRENT)
		return image_refuse(image, "is ELF of an unknown version (%u)", header.e_version);
	if (header.e_type != ET_EXEC && header.e_type != ET_DYN)
		return image_refuse(image, "is neither a program nor a shared library (type %d)",
				    header.e_type);
	if (header.e_ehsize != own_bytes)
		return image_refuse(image, "has a file header of %d bytes, not %zu",
				    header.e_ehsize, own_bytes);
	if (!header.e_phnum || header.e_phnum == PN_XNUM)
		return image_refuse(image, "has %s program headers",
				    header.e_phnum ? "too many" : "no");
	image->type = header.e_type;
	image->header_count = header.e_phnum;
	image->header_entry_bytes = is_64 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
	if (header.e_phentsize != image->header_entry_bytes)
		return image_refuse(image, "has program headers of %d bytes, not %zu",
				    header.e_phentsize, image->header_entry_bytes);
	if (header.e_phoff < own_bytes || header.e_phoff % (is_64 ? 8 : 4) ||
	    header.e_phoff > image->bytes ||
	    image->header_count > (image->bytes - header.e_phoff) / image->header_entry_bytes)
		return image_refuse(image,
				    "has program headers at byte %#jx that are outside its %zu "
				    "bytes, inside the file header or misaligned",
				    (uintmax_t)header.e_phoff, image->bytes);
	image->header_offset = header.e_phoff;
	return 0;
}

static int read_headers(struct image *image)
{
	size_t count;

	if (elf_getphdrnum(image->elf, &count) || count != image->header_count)
		return image_refuse(image, "has program headers that libelf does not read");
	image->headers = calloc(count, sizeof(*image->headers));
	if (!image->headers)
		return image_refuse(image, "no memory for its program headers");
	for (size_t i = 0; i < count; i++)
		if (!gelf_getphdr(image->elf, (int)i, &image->headers[i]))
			return image_refuse(image, "program header %zu: %s", i, elf_errmsg(-1));
	return 0;
}

static int check_segment(const struct image *image, size_t index)
{
	const GElf_Phdr *header = &image->headers[index];
	const GElf_Xword address_end = image->class == ELFCLASS64 ? INT64_MAX : UINT32_MAX;

	if (header->p_offset > image->bytes || header->p_filesz > image->bytes - header->p_offset)
		return image_refuse(image, "program header %zu reaches beyond the end of the file",
				    index);
	if (header->p_type != PT_LOAD)
		return 0;
	if (header->p_memsz < header->p_filesz)
		return image_refuse(image,
				    "program header %zu has more bytes in the file than "
				    "in memory",
				    index);
	if (header->p_vaddr > address_end || header->p_memsz > address_end - header->p_vaddr)
		return image_refuse(image, "program header %zu reaches beyond the address space",
				    index);
	if (header->p_align & (header->p_align - 1))
		return image_refuse(image,
				    "program header %zu has an alignment of %#jx, no power "
				    "of two",
				    index, (uintmax_t)header->p_align);
	if ((header->p_vaddr - header->p_offset) % SMALLEST_PAGE_BYTES ||
	    (header->p_align && (header->p_vaddr - header->p_offset) & (header->p_align - 1)))
		return image_refuse(image,
				    "program header %zu: address and offset differ modulo "
				    "its alignment",
				    index);
	return 0;
}

static bool ranges_overlap(GElf_Xword start, GElf_Xword bytes, GElf_Xword other_start,
			   GElf_Xword other_bytes)
{
	return bytes && other_bytes && start < other_start + other_bytes &&
	       other_start < start + bytes;
}

/* The loaded segments: ascending, not overlapping in memory, nor in the file. */
static int check_segments(struct image *image)
{
	const GElf_Phdr *previous = NULL;

	for (size_t i = 0; i < image->header_count; i++) {
		const GElf_Phdr *header = &image->headers[i];
		const int error = check_segment(image, i);

		if (error)
			return error;
		image->has_interpreter |= header->p_type == PT_INTERP;
		if (header->p_type != PT_LOAD)
			continue;
		if (previous && header->p_vaddr < previous->p_vaddr + previous->p_memsz)
			return image_refuse(image,
					    "program header %zu overlaps one before it, or "
					    "is out of order",
					    i);
		for (size_t k = 0; k < i; k++)
			if (image->headers[k].p_type == PT_LOAD &&
			    ranges_overlap(header->p_offset, header->p_filesz,
					   image->headers[k].p_offset, image->headers[k].p_filesz))
				return image_refuse(image,
						    "program headers %zu and %zu overlap in "
						    "the file",
						    k, i);
		previous = header;
	}
	if (!previous)
		return image_refuse(image, "has no segment that is loaded");
	return 0;
}

static int read_elf(struct image *image)
{
	int error = check_identity(image);

	if (error)
		return error;
	elf_version(EV_CURRENT);
	image->elf = elf_memory(image->content, image->bytes);
	if (!image->elf || elf_kind(image->elf) != ELF_K_ELF ||
	    gelf_getclass(image->elf) != image->class)
		return image_refuse(image, "is not understood by libelf");
	error = check_file_header(image);
	if (!error)
		error = read_headers(image);
	return error ? error : check_segments(image);
}

int image_open(struct image *image, const char *path)
{
	int error;

	*image = (struct image){.path = path, .descriptor = -1};
	error = open_file(image);
	if (!error)
		error = read_elf(image);
	if (error)
		image_close(image);
	return error;
}

void image_close(struct image *image)
{
	free(image->headers);
	if (image->elf)
		elf_end(image->elf);
	if (image->content)
		munmap(image->content, image->bytes);
	if (image->descriptor >= 0)
		close(image->descriptor);
}

bool image_store_headers(struct image *image)
{
	bool changed = false;

	for (size_t i = 0; i < image->header_count; i++) {
		char *place = (char *)image->content + image->header_offset +
			      i * image->header_entry_bytes;
		Elf32_Phdr narrow;
		Elf64_Phdr wide;

		/* The byte order is this machine's, as check_identity() has verified. */
		if (image->class == ELFCLASS64) {
			memcpy(&wide, place, sizeof(wide));
			changed |= wide.p_flags != image->headers[i].p_flags ||
				   wide.p_align != image->headers[i].p_align;
			wide.p_flags = image->headers[i].p_flags;
			wide.p_align = image->headers[i].p_align;
			memcpy(place, &wide, sizeof(wide));
		} else {
			memcpy(&narrow, place, sizeof(narrow));
			changed |= narrow.p_flags != image->headers[i].p_flags ||
				   narrow.p_align != image->headers[i].p_align;
			narrow.p_flags = image->headers[i].p_flags;
			narrow.p_align = (Elf32_Word)image->headers[i].p_align;
			memcpy(place, &narrow, sizeof(narrow));
		}
	}
	return changed;
}
