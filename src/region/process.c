/*
 * What is known of this process: see process.h.
 */
#include "base/log.h"
#include "base/sys.h"
#include "region/process.h"

size_t process_base_bytes;
const bool *process_libc_single_threaded;

bool process_single_threaded(void)
{
	if (process_libc_single_threaded)
		return *process_libc_single_threaded;
	/* glibc before 2.32 has no such flag. */
	return !sys_sandboxed && sys_single_threaded();
}

void process_enter_sandbox(void)
{
	sys_sandboxed = true;
	log_stop();
}
