#!/bin/bash
# With HUGETLB_MMAP_FILES the second process maps the first one's copy of a file and takes no page; a
# file that was changed or replaced gets another copy, and the old one goes.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/files.sh"

mount_for_files
need_pages 150 2M
file=$disk/model.gguf
make_file "$file" 201
copying=(HUGETLB_MMAP_FILES=yes,2M "HUGETLB_PATH=$mount")
need_program strace
before=$(free_pages)

reads "$file" "${copying[@]}"
is_huge "the first"
says ""
# nothing is held twice
cached=$(fincore -b -n -o RES "$file" 2>/dev/null)
[ -z "$cached" ] || ((cached <= 8 << 20)) || fail "$cached bytes of it are in the page cache, too"
first=$(free_pages) copy=$inode
((before - first == 100)) || fail "$((before - first)) pages for 100"
[ "$(stat -c '%a %i' "$copies"/file-*)" = "400 $copy" ] || fail "another file: $(stat -c '%a %i' "$copies"/*)"
[[ $(echo "$copies"/name-*) = */name-*-"${file//\//\\}" ]] || fail "no note of the file: $(ls "$copies")"
[ "$(stat -c %a "$copies")" = 700 ] || fail "mode of $copies"
reads "$file" "${copying[@]}"
is_huge "the second"
[ "$inode $(free_pages "$first")" = "$copy $first" ] || fail "the second has a copy of its own"

# The report shows it by its name, as one file with its end, which is on small pages.
reads "$file" "${copying[@]}" "HUGETLB_REPORT=$work/report"
grep -q '^  HUGETLB_MMAP_FILES (files): 204800 of 20[0-9]* kB on huge pages, 99' "$work/report" &&
	grep -q "^  $file: 204800 of 205[0-9]* kB on huge pages, 99" "$work/report" ||
	{ show "$work/report"; fail "the report does not show it"; }

# A whole copy serves a part, and many at once make one.
rm "$copies"/*
for i in {1..6}; do
	preloaded "${copying[@]}" "$helpers/map-file" "$file" >"$work/many.$i" 2>&1 &
done
wait
[ "$(sort -u "$work"/many.* | wc -l)" = 2 ] || { show "$work"/many.*; fail "many at once differ"; }
grep -q 'huge 204800 of' "$work/many.1" || { show "$work/many.1"; fail "many at once: small pages"; }
[ "$(copies_there) $(free_pages "$first")" = "1 $first" ] || fail "$(copies_there) files of many at once"

# What the page cache has is read out of it, and the rest past it; it is the same file.
for cached in nothing halves all; do
	rm "$copies"/*
	cat "$file" >/dev/null
	for ((piece = 0; piece < 13; piece++)); do
		[ $cached = all ] || { [ $cached = halves ] && ((piece % 2 == 0)); } ||
			dd if="$file" of=/dev/null iflag=nocache bs=16M skip=$piece count=1 status=none
	done
	env HUGETLB_VERBOSE=0 strace -qq -y -e trace=pread64 -o "$work/calls" -E "LD_PRELOAD=$LIB" \
		-E HUGETLB_MMAP_FILES=yes,2M -E "HUGETLB_PATH=$mount" \
		"$helpers/map-file" "$file" >"$work/out" 2>&1 || { show "$work/out"; fail "$cached cached: exit status $?"; }
	[ "$(head -n 1 "$work/out")" = "$(head -n 1 "$work/many.1")" ] || fail "$cached cached: another sum"
	pieces=$(grep -c ', 16777216, ' "$work/calls")
	case $cached in
	nothing) ((pieces == 12)) ;;
	halves) ((pieces == 6)) ;;
	all) ((pieces == 0)) ;;
	esac || { show "$work/calls"; fail "$cached cached: $pieces pieces are read at once"; }
done

# Changed: a process that has it mapped goes on with what it has; the next one gets the new content.
mkfifo "$work/hold"
env LD_PRELOAD="$LIB" "${copying[@]}" "$helpers/map-file" "$file" wait <"$work/hold" >"$work/holder" 2>&1 &
holder=$!
exec 9>"$work/hold"
until grep -q huge "$work/holder"; do
	kill -0 $holder || fail "the holder ended"
	sleep 0.05
done
if [ -x "$BUILD/bin/hugestat" ]; then
	"$BUILD/bin/hugestat" $holder >"$work/out" || fail "hugestat: exit status $?"
	grep -qE "^  $file: [0-9]+ of [0-9]+ kB on huge pages, 99" "$work/out" ||
		{ show "$work/out"; fail "hugestat does not show the file by its name"; }
fi
printf 'another byte' | dd of="$file" bs=1 seek=5000000 conv=notrunc status=none
sleep 0.2
rm -f "$disk/spare"
reads "$file" "${copying[@]}"
[ "$inode" != "$copy" ] || fail "the changed file has its old copy"
[ "$(copies_there)" = 1 ] || fail "the old copy is still there"
echo >&9
exec 9>&-
wait $holder || fail "the holder failed"
[ "$(sed -n 's/^sum //p' "$work/holder")" = "$(sed -n 's/^still //p' "$work/holder")" ] ||
	{ show "$work/holder"; fail "the holder's memory changed"; }
[ "$(free_pages "$first")" = "$first" ] || fail "pages of the old copy are lost"

# Not of another name or size; by its name, after the page cache was tried.
reads "$file" HUGETLB_MMAP_FILES=yes,2M "HUGETLB_MMAP_FILES_ONLY=*.bin:/data/*" "HUGETLB_PATH=$mount"
is_small "of another name"
says ""
reads "$file" HUGETLB_MMAP_FILES=300M,2M "HUGETLB_PATH=$mount"
is_small "below the threshold"
reads "$file" HUGETLB_MMAP_FILES=yes "HUGETLB_MMAP_FILES_ONLY=*.gguf" "HUGETLB_PATH=$mount"
is_huge "by its name"
says ""
rm -r "$copies"
[ "$(free_pages "$before")" = "$before" ] || fail "$((before - $(free_pages))) pages are lost"
