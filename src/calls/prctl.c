/*
 * prctl: see prctl.h.
 */
#include <sys/prctl.h>

#include "base/sys.h"
#include "calls/prctl.h"
#include "calls/result.h"
#include "region/process.h"

int call_prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d)
{
	/* A filter without privileges needs PR_SET_NO_NEW_PRIVS first, however it is installed. */
	if (option == PR_SET_SECCOMP || option == PR_SET_NO_NEW_PRIVS)
		process_enter_sandbox();
	return (int)answer(sys_pass(SYS_prctl, option, (long)a, (long)b, (long)c, (long)d, 0));
}
