#!/bin/bash
# The walks of src/README.md stay short: one text segment is moved in at most 15 files of segments/, and
# madvise on part of a huge page is answered in at most 8 files above base/.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

need_pages 30 2M
need_program gcc make python3 addr2line

# The library, with a trace of the functions that it enters.
cd "$tests/.." || exit 1
gcc -O2 -fPIC -Isrc/arch/"$(uname -m)" -c tests/helpers/libraries/walk-trace.c -o "$work/trace.o" \
	2>"$work/out" || skip "the trace does not compile for $(uname -m)"
library=$work/build/lib/libhugetlbfs.so.0
"${MAKE:-make}" -s CC=gcc BUILD="$work/build" LDFLAGS="$work/trace.o" CFLAGS="-O1 -g -fno-inline \
	-finstrument-functions -finstrument-functions-exclude-file-list=/usr/include,src/arch" \
	"$library" >"$work/out" 2>&1 || { show "$work/out"; fail "the library does not compile"; }

cat >"$work/text.c" <<'END'
__asm__(".pushsection .text\n.space 6291456\n.popsection\n");
int main(void) { return 0; }
END
cat >"$work/advise.c" <<'END'
#define _GNU_SOURCE
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void mark(uintptr_t number)
{
	number = -number;
	if (write(19, &number, sizeof(number)) < 0)
		_exit(2);
}

int main(void)
{
	char *at = mmap(NULL, 16 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	memset(at, 1, 16 << 20);
	at += 4 << 20;
	mark(1);
	madvise(at, 4096, MADV_DONTNEED);
	mark(2);
	return at[0];
}
END

# walk <program> <setting>: the files that are entered
walk() {
	gcc -O1 "$work/$1.c" -o "$work/$1" || fail "can't compile $1"
	env LD_PRELOAD="$library" "$2" "$work/$1" 19>"$work/trace" || fail "$1: exit status $?"
	python3 "$tests/helpers/walked_files.py" "$library" "$work/trace" >"$work/files" || fail "no trace"
}

# A .c and its header are one.
walk text HUGETLB_ELFMAP=R
sed -n 's|^\./||; s|^segments/\(.*\)\.[ch]$|\1|p' "$work/files" | sort -u >"$work/segments"
grep -qx swap "$work/segments" && grep -qx replaced "$work/segments" ||
	{ show "$work/files"; fail "no text was moved"; }
(($(wc -l <"$work/segments") <= 15)) || { show "$work/segments"; fail "a text segment enters more files"; }
for file in $(cat "$work/segments"); do
	sed -n '/One text segment moves/,/^- /p' src/README.md | grep -qw "$file" ||
		fail "src/README.md does not name $file in the walk of a text segment"
done

# Headers hold accessors; base/ holds the system calls.
walk advise HUGETLB_MMAP=yes
grep '\.c$' "$work/files" | grep -v '^base/' >"$work/advised"
grep -qx region/empty.c "$work/advised" || { show "$work/files"; fail "no huge page was emptied in part"; }
(($(wc -l <"$work/advised") <= 8)) || { show "$work/advised"; fail "madvise enters more files"; }
