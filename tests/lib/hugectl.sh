# What the tests of hugectl share; sourced after test.sh.
# SPDX-License-Identifier: LGPL-2.1-or-later
hugectl=$BUILD/bin/hugectl
tool_name=hugectl refusal_status=125
. "$(dirname "$0")/../lib/tool.sh"

# environment_of <hugectl's options>: what a program finds that had nothing but PATH, sorted.
environment_of() {
	env -i "PATH=$PATH" "$hugectl" "$@" env 2>"$work/err" | grep -v ^PATH= | sort
}

# Writes $work/program.c: uses 20M of heap, then prints its maps and the variables that say who serves
# it; exit status 3.
write_program_with_a_heap() {
	cat >"$work/program.c" <<-'EOF'
		#include <stdio.h>
		#include <stdlib.h>
		#include <string.h>

		static void print_variable(const char *what, const char *name)
		{
			printf("%s %s\n", what, getenv(name) ? getenv(name) : "-");
		}

		int main(void)
		{
			char line[512];
			FILE *maps;

			for (int i = 0; i < 400; i++)
				memset(malloc(50000), 1, 50000);
			maps = fopen("/proc/self/maps", "r");
			while (maps && fgets(line, sizeof(line), maps))
				fputs(line, stdout);
			print_variable("tunables", "GLIBC_TUNABLES");
			print_variable("preload", "LD_PRELOAD");
			return 3;
		}
	EOF
}

# ends <status> <word> ...: hugectl and the program that it becomes
ends() {
	local expected=$1 status
	shift
	"$hugectl" "$@" >"$work/out" 2>"$work/err"
	status=$?
	[ $status = "$expected" ] || { show "$work/err"; fail "hugectl $*: exit status $status"; }
}

# expect_line <line>: in the output
expect_line() {
	grep -qxF -- "$1" "$work/out" || {
		tail -n 2 "$work/out"
		fail "the program does not see: $1"
	}
}
