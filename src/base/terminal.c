/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the terminal of a descriptor can display: see terminal.h.
 */
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>

#include "base/program.h"
#include "base/sys.h"
#include "base/terminal.h"

static bool is_set(const char *value)
{
	return value && *value;
}

bool terminal_locale_is_utf8(void)
{
	static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *locale = program_variable(names[i]), *codeset;

		if (!is_set(locale))
			continue;
		codeset = strchr(locale, '.');
		return codeset &&
		       (!strncasecmp(codeset, ".utf-8", 6) || !strncasecmp(codeset, ".utf8", 5));
	}
	return false;
}

struct terminal terminal_of(int fd)
{
	const char *type = program_variable("TERM");
	struct winsize window = {0};

	if (fd < 0 || sys_ioctl(fd, TIOCGWINSZ, &window) || !window.ws_col)
		return (struct terminal){0};
	return (struct terminal){
		.columns = window.ws_col,
		.colors = is_set(type) && strcmp(type, "dumb") != 0 &&
			  !is_set(program_variable("NO_COLOR")),
		.utf8 = terminal_locale_is_utf8(),
	};
}
