#!/bin/bash
# A header that changes makes what includes it be built again, whether BUILD is written as a relative or
# an absolute path; a source file that goes makes the library be linked again.
# Needs no huge pages.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

cd "$tests/.." || exit 1
need_program make
relative=$(realpath --relative-to=. "$BUILD")

# Commands of a build after a change: commands CHANGED
commands() {
	"${MAKE:-make}" -n -W "$1" BUILD="$build" all unit run-programs 2>&1
}

# Each of the files that includes the header is compiled: expect_rebuild FOLDER HEADER FILE…
expect_rebuild() {
	local header=$1/$2 file
	grep -l "#include \"$2\"" "${@:3}" >"$work/files" || fail "nothing includes $header"
	commands "$header" >"$work/commands"
	while read -r file; do
		grep -q -- " $file -o " "$work/commands" ||
			fail "BUILD=$build: $header changes, $file is not rebuilt"
	done <"$work/files"
}

for build in "$relative" "$BUILD"; do
	commands README.md | grep -q 'Nothing to be done' || skip "needs a complete build"
	for header in base/log segments/find region/region; do
		expect_rebuild src "$header.h" src/{base,segments,region}/*.c tests/unit/*.c
	done
	expect_rebuild tests/unit gate.h tests/unit/*.c
	expect_rebuild tests/lib test.h tests/{cases,helpers}/*.c
	for product in lib/libhugetlbfs.so.0 lib/libhugetlbfs.a obj/tools.a tests/unit/library.a; do
		commands src/region | grep -q -- "$build/$product" ||
			fail "BUILD=$build: a file of src/region goes, $product is not rebuilt"
	done
done
