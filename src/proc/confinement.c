/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading /proc/self/attr/current: see confinement.h.
 *
 * The security module in charge fills that file: SELinux with user:role:domain:level, AppArmor with
 * "profile (mode)" or "unconfined".
 */
#include <string.h>

#include "base/log.h"
#include "base/sys.h"
#include "proc/confinement.h"

/*
 * What stands between the second and the third colon, cut out; NULL: this is no context of SELinux.
 * A profile of AppArmor may have colons in its name, and has a mode in parentheses behind it.
 */
static const char *find_domain(char *label)
{
	if (strchr(label, ')'))
		return NULL;
	for (int colons = 0; colons < 2; colons++) {
		label = strchr(label, ':');
		if (!label)
			return NULL;
		label++;
	}
	label[strcspn(label, ":\n")] = '\0';
	return label;
}

/* Does the label end in a mode of AppArmor in which the profile's rules deny? It is cut off. */
static bool is_enforced_profile(char *label)
{
	static const char *const modes[] = {" (enforce)", " (kill)"};

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		char *mode = strstr(label, modes[i]);

		if (mode) {
			*mode = '\0';
			return true;
		}
	}
	return false;
}

bool confinement_of(char *label, char *out, size_t bytes)
{
	const char *domain;

	*out = '\0';
	if (is_enforced_profile(label)) {
		text_format(out, bytes, "AppArmor, profile %s", label);
		return true;
	}
	domain = find_domain(label);
	if (domain && *domain)
		text_format(out, bytes, "SELinux, domain %s", domain);
	return domain && *domain;
}

bool confinement_describe(char *out, size_t bytes)
{
	char label[256];

	*out = '\0';
	return sys_read_file("/proc/self/attr/current", label, sizeof(label)) > 0 &&
	       confinement_of(label, out, bytes);
}
