/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The C library of this process: see symbols.h. Reads mapped memory only; no system call.
 */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "hook/symbols.h"

static uint32_t gnu_hash(const char *name)
{
	uint32_t hash = 5381;

	for (; *name; name++)
		hash = hash * 33 + (unsigned char)*name;
	return hash;
}

/* Marks a symbol that only programs linked with an older libc get: `memcpy@`, next to
 * `memcpy@@`. */
#define VERSION_HIDDEN 0x8000

static bool is_default(const struct libc *libc, uint32_t at)
{
	return !libc->versions || !(libc->versions[at] & VERSION_HIDDEN);
}

/* Searches a DT_GNU_HASH table: four words, the Bloom filter, the buckets, the chains. */
static const ElfW(Sym) * find_symbol(const struct libc *libc, const char *name)
{
	uint32_t buckets = libc->hash[0], first = libc->hash[1], filter_words = libc->hash[2];
	const uint32_t *bucket = libc->hash + 4 + filter_words * (sizeof(ElfW(Addr)) / 4);
	const uint32_t *chain = bucket + buckets;
	uint32_t hash = gnu_hash(name);
	uint32_t at = buckets ? bucket[hash % buckets] : 0;

	for (; at >= first && at; at++) {
		const ElfW(Sym) *symbol = &libc->symbols[at];

		if ((chain[at - first] | 1) == (hash | 1) && symbol->st_shndx != SHN_UNDEF &&
		    is_default(libc, at) && !strcmp(libc->names + symbol->st_name, name))
			return symbol;
		if (chain[at - first] & 1)
			break;
	}
	return NULL;
}

uintptr_t libc_symbol(const struct libc *libc, const char *name, size_t *bytes)
{
	const ElfW(Sym) * symbol;

	if (libc->static_address)
		return libc->static_address(name, bytes);
	symbol = find_symbol(libc, name);
	if (!symbol || ELF32_ST_TYPE(symbol->st_info) == STT_GNU_IFUNC)
		return 0;
	if (bytes)
		*bytes = symbol->st_size;
	return libc->base + symbol->st_value;
}

bool libc_object_holds(const struct dl_phdr_info *object, uintptr_t address)
{
	for (int i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *header = &object->dlpi_phdr[i];

		if (header->p_type == PT_LOAD &&
		    address - (object->dlpi_addr + header->p_vaddr) < header->p_memsz)
			return true;
	}
	return false;
}

/* Reads an object's tables, and finds the executable segment that contains the address, or its
 * first one. */
static bool read_object(const struct dl_phdr_info *object, uintptr_t address, struct libc *found)
{
	const ElfW(Dyn) *dynamic = NULL;

	*found = (struct libc){.base = object->dlpi_addr};
	for (int i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *header = &object->dlpi_phdr[i];
		uintptr_t start = found->base + header->p_vaddr;

		if (header->p_type == PT_DYNAMIC)
			dynamic = (const ElfW(Dyn) *)start;
		if (header->p_type == PT_LOAD && header->p_flags & PF_X &&
		    (!found->text || address - start < header->p_memsz)) {
			found->text = start;
			found->text_end = start + header->p_memsz;
		}
	}
	for (; dynamic && dynamic->d_tag != DT_NULL; dynamic++) {
		uintptr_t at = libc_table_address(found->base, dynamic->d_un.d_ptr);

		if (dynamic->d_tag == DT_SYMTAB)
			found->symbols = (const ElfW(Sym) *)at;
		else if (dynamic->d_tag == DT_STRTAB)
			found->names = (const char *)at;
		else if (dynamic->d_tag == DT_GNU_HASH)
			found->hash = (const uint32_t *)at;
		else if (dynamic->d_tag == DT_VERSYM)
			found->versions = (const uint16_t *)at;
	}
	return found->symbols && found->names && found->hash && found->text;
}

static int look_for_libc(struct dl_phdr_info *object, size_t size, void *data)
{
	struct libc found;

	(void)size;
	/* The vDSO has tables, too; only glibc has this function. */
	if (!read_object(object, 0, &found) || !libc_symbol(&found, "gnu_get_libc_version", NULL))
		return 0;
	*(struct libc *)data = found;
	return 1;
}

int libc_find(struct libc *libc)
{
	if (dl_iterate_phdr(look_for_libc, libc) == 1)
		return 0;
	return libc_find_static ? libc_find_static(libc) : -ENOENT;
}

struct search {
	uintptr_t address;
	struct libc *object;
};

static int look_for_address(struct dl_phdr_info *object, size_t size, void *data)
{
	const struct search *search = data;
	struct libc found;

	(void)size;
	if (!libc_object_holds(object, search->address) ||
	    !read_object(object, search->address, &found))
		return 0;
	*search->object = found;
	return 1;
}

int libc_find_object(struct libc *object, uintptr_t address)
{
	struct search search = {address, object};

	return dl_iterate_phdr(look_for_address, &search) == 1 ? 0 : -ENOENT;
}
