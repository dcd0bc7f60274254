# Text and data on huge pages: the cost at the start, and the gain. Sourced by run.
# SPDX-License-Identifier: LGPL-2.1-or-later

# against NAME LIMIT ROUNDS MEGABYTES [--own] PLAIN-WORD… -- SETTING… -- COMMAND…: the command with the
# words of the first list in its environment, against the library with the settings of the second.
against() {
	local name=$1 limit=$2 times=$3 megabytes=$4 first=() second=() own=()
	shift 4
	selected "$name" || return 0
	if [ "$1" = --own ]; then
		own=(--own)
		shift
	fi
	while [ "$1" != -- ]; do
		first+=("$1")
		shift
	done
	shift
	while [ "$1" != -- ]; do
		second+=("$1")
		shift
	done
	shift
	prepare "$name" "$megabytes" || return 0
	row "$name" "$limit" "${own[@]}" "$(rounds "$times")" "${first[@]}" "$@" \
		-- LD_PRELOAD="$library" "${second[@]}" "$@"
}

# Makes the kernel read a newly linked file from the disk again, like an installed program: data that was
# just written is in small pieces in memory and takes half as long again to copy.
read_again() {
	sync "$1" && dd of="$1" oflag=nocache conv=notrunc,fdatasync count=0 2>/dev/null && cat "$1" >/dev/null
}

# The time for text until main begins, compared with memcpy of as many bytes to new memory of the same
# kind: 0.70 of its speed is 1.43 of its time.
bench_text() {
	local name
	heading "64M of text" "memcpy" "our start"
	read_again "$programs/text"
	for name in hugetlb thp file; do
		selected "text to $name" && prepare "text to $name" 80 || continue
		row "text to $name" 1.43 --own "$(rounds 30)" "${plain[@]}" "$programs/text" copy -- \
			LD_PRELOAD="$library" HUGETLB_ELFMAP=R HUGETLB_ELFMAP_BACKING=$name "$programs/text" start
	done
	for name in again fresh; do
		selected "text, memcpy $name" && prepare "text, memcpy $name" 80 || continue
		row "text, memcpy $name" - --own "$(rounds 30)" "${plain[@]}" "$programs/text" $name -- \
			LD_PRELOAD="$library" HUGETLB_ELFMAP=R "$programs/text" start
	done
}

all_text=(HUGETLB_ELFMAP=R HUGETLB_ELFMAP_OBJECTS=all)

bench_compilers() {
	local compiler share=$work/share
	heading "programs, all text" plain "text huge"
	generate_source 400 >"$work/source.c"
	for compiler in gcc clang; do
		command -v $compiler >/dev/null || continue
		against "$compiler -O2" - 9 300 "${plain[@]}" -- "${all_text[@]}" -- \
			$compiler -O2 -c "$work/source.c" -o "$work/object.o"
		against "$compiler -O2, text and heap" - 9 400 "${plain[@]}" -- "${all_text[@]}" \
			HUGETLB_MORECORE=yes -- $compiler -O2 -c "$work/source.c" -o "$work/object.o"
	done
	if command -v node >/dev/null; then
		cat >"$work/program.js" <<-'END'
			const rows = [];
			for (let i = 0; i < 300000; i++) rows.push({ key: i * 7919 % 100003, text: `row ${i}` });
			const text = JSON.stringify(rows.sort((a, b) => a.key - b.key));
			require('zlib').gzipSync(text, { level: 1 });
			if ((text.match(/\d+/g) || []).length < 1000) process.exit(1);
		END
		against "node" - 9 200 "${plain[@]}" -- HUGETLB_ELFMAP=R -- node "$work/program.js"
	fi

	heading "second start" plain "text huge"
	command -v clang >/dev/null || return 0
	# The copies stay in the pool as long as the mount is there.
	if mkdir "$share" && mount -t hugetlbfs -o "mode=700,pagesize=${page_kb}K" none "$share" 2>/dev/null; then
		against "clang, SHARE" 1000us 60 300 "${plain[@]}" -- "${all_text[@]}" HUGETLB_SHARE=1 \
			HUGETLB_SHARE_PATH="$share" -- clang -x c -fsyntax-only /dev/null
		umount "$share"
	fi
	against "clang, its own file" 1000us 60 0 "${plain[@]}" -- "${all_text[@]}" \
		HUGETLB_ELFMAP_BACKING=file -- clang -x c -fsyntax-only /dev/null
	against "clang, a copy each" - 30 300 "${plain[@]}" -- "${all_text[@]}" -- \
		clang -x c -fsyntax-only /dev/null
}

bench_segments() {
	heading "start of a program" "ours, idle" "nothing to do"
	against "start with an empty plan" 50us 600 0 LD_PRELOAD="$library" -- HUGETLB_ELFMAP=RW -- \
		"$programs/trivial"
	against "start with it, OBJECTS=all" 50us 600 0 LD_PRELOAD="$library" -- HUGETLB_ELFMAP=RW \
		HUGETLB_ELFMAP_OBJECTS=all -- "$programs/trivial"
	bench_text
	bench_compilers
}
