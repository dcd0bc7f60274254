/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hugeadm: sets up and lists the pools, mounts and settings of huge pages.
 *
 * Requests are processed in a fixed order: settings that help pools grow, removal of unused copies,
 * pools, settings that depend on them, mounts, copies of files, listings. A request that fails does
 * not stop the others; it sets the exit status. A signal ends the work between two requests.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "hugeadm.h"

static bool is_pool_growth(const struct pool_change *change)
{
	return change->kind != POOL_DEMOTE;
}

static int change_pools(const struct request *request)
{
	int result = 0;

	if (request->temporary_swap_pages)
		result = swap_add(request);
	if (request->ramdisk_swap && !interrupt_signal())
		result = swap_add_ramdisks(request) ?: result;
	for (int i = 0; i < request->pool_count && !interrupt_signal(); i++) {
		const struct pool_change *change = &request->pools[i];

		result = (is_pool_growth(change) ? pool_resize(request, change)
						 : pool_demote(request, change))
				 ?: result;
	}
	/* also after a signal */
	return swap_remove(request) ?: result;
}

static int change_machine(const struct request *request)
{
	int result = 0;

	if (request->setup)
		return set_up(request);
	if (request->set_min_free)
		result = min_free_change(request);
	result = thp_change(request) ?: result;
	if (request->zone_movable_on || request->zone_movable_off)
		result = zone_movable_change(request) ?: result;
	if (request->drop_shared_text && !interrupt_signal())
		result = drop_shared_text(request) ?: result;
	for (int i = 0; i < request->unpin_count && !interrupt_signal(); i++)
		result = pin_file(request, &request->unpins[i], false) ?: result;
	for (int i = 0; i < request->drop_count && !interrupt_signal(); i++)
		result = drop_files(request, &request->drops[i]) ?: result;
	result = change_pools(request) ?: result;
	if (interrupt_signal())
		return -EINTR;
	result = sysctls_change(request) ?: result;
	for (int i = 0; i < request->mounts_count && !interrupt_signal(); i++)
		result = mounts_create(request, &request->mounts[i]) ?: result;
	for (int i = 0; i < request->preload_count && !interrupt_signal(); i++)
		result = preload_file(request, &request->preloads[i]) ?: result;
	for (int i = 0; i < request->pin_count && !interrupt_signal(); i++)
		result = pin_file(request, &request->pins[i], true) ?: result;
	if (request->persist_pools && !interrupt_signal())
		result = persist_pools(request) ?: result;
	return result;
}

static int list(const struct request *request)
{
	struct json writer = {.stream = stdout}, *json = request->json ? &writer : NULL;
	int result = 0;

	if (json)
		json_document(json);
	if (request->list_mounts)
		result = list_mounts(request, json) ?: result;
	if (request->list_pools)
		result = list_pools(request, json) ?: result;
	if (request->list_shared_text)
		result = list_shared_text(request, json) ?: result;
	if (request->list_files)
		result = list_files(request, json) ?: result;
	if (request->page_sizes)
		result = list_page_sizes(request, json, false) ?: result;
	if (request->page_sizes_all)
		result = list_page_sizes(request, json, true) ?: result;
	if (request->explain)
		result = explain(request, json) ?: result;
	if (json)
		json_close(json, '}');
	return result;
}

int main(int argc, char **argv)
{
	static struct request request;
	int result = options_into_request(argc, argv, &request);

	if (result < 0)
		return EXIT_FAILURE;
	if (!result) {
		interrupt_catch();
		umask(022);
		result = change_machine(&request);
		if (!interrupt_signal())
			result = list(&request) ?: result;
	} else {
		result = 0;
	}
	if (ferror(stdout) || fclose(stdout))
		result = complain(-EIO, "standard output: %s", strerror(errno));
	if (interrupt_signal()) {
		complain(0, "interrupted by a signal: the remaining steps are not done");
		return 128 + interrupt_signal();
	}
	return result ? EXIT_FAILURE : EXIT_SUCCESS;
}
