/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A table that grows by chunks; its slots are taken and freed by single atomic steps.
 *
 * If a fork loses a thread in the middle of a step, one slot is lost and no other thread waits for
 * it.
 */
#include <errno.h>
#include <stdbool.h>

#include "api/regions.h"
#include "base/sys.h"

#define CHUNK_BYTES 4096

/* A slot's address while the slot is unused. No region begins there. */
#define SLOT_FREE 0
#define SLOT_BUSY 1 /* a thread is reading or writing the other members */

struct slot {
	uintptr_t address, start;
	size_t bytes;
};

#define SLOTS ((CHUNK_BYTES - sizeof(void *)) / sizeof(struct slot))

struct chunk {
	struct chunk *next;
	struct slot slots[SLOTS];
};

static struct chunk *chunks;

static bool slot_claim(struct slot *slot, uintptr_t address)
{
	return __atomic_load_n(&slot->address, __ATOMIC_ACQUIRE) == address &&
	       __atomic_compare_exchange_n(&slot->address, &address, SLOT_BUSY, false,
					   __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

static void slot_release(struct slot *slot, uintptr_t address)
{
	__atomic_store_n(&slot->address, address, __ATOMIC_RELEASE);
}

static struct chunk *first_chunk(void)
{
	return __atomic_load_n(&chunks, __ATOMIC_ACQUIRE);
}

/* Only entries within the caller's own range are removed, so no live region of another thread is
 * affected. */
static void forget_stale(uintptr_t start, size_t bytes)
{
	for (struct chunk *chunk = first_chunk(); chunk; chunk = chunk->next)
		for (size_t i = 0; i < SLOTS; i++) {
			struct slot *slot = &chunk->slots[i];
			uintptr_t address = __atomic_load_n(&slot->address, __ATOMIC_ACQUIRE);

			if (address == SLOT_FREE || address == SLOT_BUSY ||
			    slot->start >= start + bytes || slot->start + slot->bytes <= start)
				continue;
			if (slot_claim(slot, address))
				slot_release(slot, SLOT_FREE);
		}
}

static bool fill_free_slot(uintptr_t address, uintptr_t start, size_t bytes)
{
	for (struct chunk *chunk = first_chunk(); chunk; chunk = chunk->next)
		for (size_t i = 0; i < SLOTS; i++)
			if (slot_claim(&chunk->slots[i], SLOT_FREE)) {
				chunk->slots[i].start = start;
				chunk->slots[i].bytes = bytes;
				slot_release(&chunk->slots[i], address);
				return true;
			}
	return false;
}

int regions_add(uintptr_t address, uintptr_t start, size_t bytes)
{
	struct chunk *chunk;
	long at;

	forget_stale(start, bytes);
	if (fill_free_slot(address, start, bytes))
		return 0;
	at = sys_mmap(0, sizeof(*chunk), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		      0);
	if (SYS_IS_ERROR(at))
		return -ENOMEM;
	chunk = (struct chunk *)at;
	chunk->slots[0] = (struct slot){address, start, bytes};
	chunk->next = first_chunk();
	while (!__atomic_compare_exchange_n(&chunks, &chunk->next, chunk, false, __ATOMIC_RELEASE,
					    __ATOMIC_ACQUIRE))
		;
	return 0;
}

int regions_take(uintptr_t address, uintptr_t *start, size_t *bytes)
{
	if (address == SLOT_FREE || address == SLOT_BUSY)
		return -EINVAL;
	for (struct chunk *chunk = first_chunk(); chunk; chunk = chunk->next)
		for (size_t i = 0; i < SLOTS; i++)
			if (slot_claim(&chunk->slots[i], address)) {
				*start = chunk->slots[i].start;
				*bytes = chunk->slots[i].bytes;
				slot_release(&chunk->slots[i], SLOT_FREE);
				return 0;
			}
	return -EINVAL;
}
