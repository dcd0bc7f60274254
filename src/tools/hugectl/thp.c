/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Transparent huge pages for the program and its children: off, only where the program itself
 * requests them, or on again if a parent process has turned them off. The kernel keeps this setting
 * across execve.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/prctl.h>

#include "tools/hugectl/hugectl.h"

#ifndef PR_THP_DISABLE_EXCEPT_ADVISED
#define PR_THP_DISABLE_EXCEPT_ADVISED (1 << 1) /* Linux 6.18 */
#endif

static int set_advised_only(const struct request *request)
{
	if (!prctl(PR_SET_THP_DISABLE, 1, PR_THP_DISABLE_EXCEPT_ADVISED, 0, 0))
		return 0;
	if (request->options.require) {
		fputs("hugectl: --thp-advised-only needs Linux 6.18 (--require: the program is not "
		      "started)\n",
		      stderr);
		return -ENOTSUP;
	}
	tell(request,
	     "--thp-advised-only needs Linux 6.18: transparent huge pages stay as they are");
	return 0;
}

static int set_off(void)
{
	if (!prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0))
		return 0;
	perror("hugectl: --no-thp");
	return -errno;
}

int thp_arrange(const struct request *request)
{
	switch (request->thp) {
	case THP_OFF:
		return set_off();
	case THP_ADVISED_ONLY:
		return set_advised_only(request);
	default:
		break;
	}
	if (!request->environment.count || prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0) != 1)
		return 0;
	if (!prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0))
		tell(request,
		     "a parent process had turned transparent huge pages off: turned on again "
		     "(--no-thp keeps them off)");
	return 0;
}
