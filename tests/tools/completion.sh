#!/bin/bash
# The completion of the tools' options works in real shells at a terminal. Options, values after a
# blank and after an equals sign, users, files, and the program of hugectl with its own words.
# Needs no huge pages.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

need_program python3
mkdir "$work/bash" "$work/zsh" "$work/there" "$work/there/directory"
for tool in hugeadm hugectl hugeedit pagesize; do
	[ -x "$BUILD/bin/$tool" ] || continue
	"$BUILD/bin/$tool" --print-completion=bash >"$work/bash/$tool" &&
		"$BUILD/bin/$tool" --print-completion=zsh >"$work/zsh/_$tool" || fail "$tool"
done
# a program and files of names that nothing else has
printf '#!/bin/sh\n' >"$work/there/unique-program"
chmod +x "$work/there/unique-program"
touch "$work/there/unheard-file"
cd "$work/there" || exit 1

# what is typed | what the line is after the tab key, but for blanks at its end
cat >"$work/table" <<-'END'
	hugeadm --pool-l|hugeadm --pool-list
	hugeadm --pool-p|hugeadm --pool-pages-m
	hugeadm --pool-pages-min D|hugeadm --pool-pages-min DEFAULT:
	hugeadm --pool-pages-min=D|hugeadm --pool-pages-min=DEFAULT:
	hugeadm --persist-pools=c|hugeadm --persist-pools=cmdline
	hugeadm --create-user-mounts daem|hugeadm --create-user-mounts daemon
	hugeadm --create-group-mounts=daem|hugeadm --create-group-mounts=daemon
	hugectl --heap=t|hugectl --heap=thp
	hugectl --backing hu|hugectl --backing hugetlb
	hugectl --share-path dir|hugectl --share-path directory/
	hugectl --share-path=dir|hugectl --share-path=directory/
	hugectl --mmap=yes|hugectl --mmap=yes,thp
	hugectl --heap dircol|hugectl --heap dircolors
	hugectl --heap=2M dircol|hugectl --heap=2M dircolors
	hugectl --verbose 2 dircol|hugectl --verbose 2 dircolors
	hugectl --thp ./uniq|hugectl --thp ./unique-program
	hugectl --thp cat unhe|hugectl --thp cat unheard-file
	hugectl --fork=cow --shr|hugectl --fork=cow --shrink
	pagesize --hu|pagesize --huge-only
END
[ ! -e "$work/bash/hugeedit" ] || cat >>"$work/table" <<-'END'
	hugeedit --dis|hugeedit --disable
	hugeedit --text unhe|hugeedit --text unheard-file
	hugeedit dircol|hugeedit dircol
END
for shell in bash zsh; do
	if ! command -v $shell >/dev/null; then
		echo "left out: no $shell"
		continue
	fi
	PATH=$BUILD/bin:$PATH python3 "$tests/helpers/completion.py" $shell "$work/$shell" "$work/table" ||
		fail "$shell"
done
