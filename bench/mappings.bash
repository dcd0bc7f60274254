# Mappings on huge pages: allocators other than libc's, and the cost of each call. Sourced by run.
#
# Before every run the same amount of memory is touched and freed: if the host of a virtual machine takes
# free memory back (free page reporting), the first touch of a huge page is many times slower than later
# ones, and small pages come from pieces that the host did not take. Without this the order of the runs
# would decide.
# SPDX-License-Identifier: LGPL-2.1-or-later

find_program_with() {
	local module=$1 candidate
	for candidate in python3 /usr/bin/python3; do
		"$candidate" -c "import $module" 2>/dev/null && echo "$candidate" && return
	done
	return 1
}

write_programs() {
	cat >"$work/arrays.py" <<-'END'
		import numpy
		total = 0.0
		for turn in range(3):
		    arrays = [numpy.arange(500003 * k, dtype=float) for k in range(1, 9)]
		    everything = numpy.concatenate(arrays)
		    where = numpy.random.default_rng(turn).integers(0, everything.size, 4000000)
		    everything[where] += 1
		    total += everything[where[::3]].sum() + numpy.sort(everything[::7])[-1]
		    total += sum((array * 2 + 1).sum() for array in arrays)
		print(total)
	END
	cat >"$work/objects.py" <<-'END'
		for turn in range(2):
		    rows, names = [], {}
		    for i in range(1000000):
		        rows.append([i, str(i), float(i)])
		        if i % 2:
		            names[str(i) + "x"] = (i, "v%d" % i)
		print(len(rows), len(names), sum(len(row[1]) for row in rows))
	END
	cat >"$work/Churn.java" <<-'END'
		import java.util.*;
		public class Churn {
			public static void main(String[] arguments) {
				ArrayDeque<byte[]> kept = new ArrayDeque<>();
				HashMap<Integer, String> names = new HashMap<>();
				Random random = new Random(1);
				long bytes = 0, sum = 0;
				for (int i = 0; i < 2_500_000; i++) {
					byte[] block = new byte[16 + random.nextInt(i % 100 == 0 ? 100_000 : 1000)];
					block[block.length / 2] = (byte) i;
					kept.add(block);
					bytes += block.length;
					while (bytes > 500_000_000L) {
						block = kept.remove();
						sum += block[block.length / 2];
						bytes -= block.length;
					}
					if (i % 4 == 0)
						names.put(random.nextInt(500_000), "name " + i);
				}
				for (String name : names.values())
					sum += name.length();
				System.out.println(sum);
			}
		}
	END
}

# with_mappings NAME ROUNDS MEGABYTES LIBRARY SETTING… -- COMMAND…: plain against the settings, both
# with the library (an allocator) preloaded, or with none if that is empty.
with_mappings() {
	local name=$1 times=$2 megabytes=$3 allocator=$4 settings=() needed
	shift 4
	selected "$name" || return 0
	while [ "$1" != -- ]; do
		settings+=("$1")
		shift
	done
	shift
	needed=$megabytes
	[[ ${settings[*]} != *thp* ]] || needed=0
	prepare "$name" "$needed" || return 0
	row "$name" 1.02 --warm "$megabytes" "$(rounds "$times")" LD_PRELOAD="$allocator" "$@" \
		-- LD_PRELOAD="$allocator $library" "${settings[@]}" "$@"
}

# Each program from the pool and with THP. A heap of 1 GiB may take half of the pool at once.
bench_programs_with() {
	local kind=$1 mmap=$2 heap=$3 small=$4 file python
	for file in jemalloc mimalloc; do
		find_library lib$file.so >/dev/null || continue
		with_mappings "$file, $kind" 9 700 "$(find_library lib$file.so)" HUGETLB_MMAP="$mmap" -- \
			"$programs/lifetimes" 400 4 8
	done
	# It grows by sbrk, and its mmap asks the kernel by itself.
	file=$(find_library libtcmalloc_minimal.so) &&
		with_mappings "tcmalloc, $kind" 9 700 "$file" HUGETLB_MMAP="$mmap" \
			HUGETLB_MORECORE="$heap" -- "$programs/lifetimes" 400 4 8
	python=$(find_program_with numpy) &&
		with_mappings "numpy, $kind" 9 1200 "" HUGETLB_MMAP="$mmap" -- "$python" "$work/arrays.py"
	if command -v javac >/dev/null && { [ -e "$work/Churn.class" ] || javac -d "$work" "$work/Churn.java"; }; then
		with_mappings "java -Xmx1g, $kind" 9 2200 "" HUGETLB_MMAP="$mmap" -- \
			java -Xmx1g -cp "$work" Churn
	fi
	command -v python3 >/dev/null &&
		with_mappings "python3, objects, $kind" 9 700 "" HUGETLB_MMAP="$small" \
			HUGETLB_MORECORE="$heap" -- python3 "$work/objects.py"
}

# call_row NAME LIMIT WHAT CALLS THREADS
call_row() {
	local name="$1" limit=$2
	selected "$name" || return 0
	row "$name" "$limit" --own "$(rounds 15)" "${plain[@]}" "$programs/calls" "$3" "$4" "$5" \
		-- LD_PRELOAD="$library" HUGETLB_MMAP=yes,thp "$programs/calls" "$3" "$4" "$5"
}

bench_calls() {
	heading "calls for memory" plain "mappings, thp"
	call_row "64K, map, touch, unmap" 1.1 small 20000 1
	call_row "64K, 8 threads" 1.1 small 5000 8
	call_row "64K, rights" 1.1 rights 30000 1
	call_row "64K, rights, 8 threads" 1.1 rights 5000 8
	call_row "64K, emptied, 8 threads" 1.1 advice 5000 8
	call_row "4M, map, touch all, unmap" 1.02 big 400 1
	call_row "4M, touch a byte" - untouched 5000 1
	call_row "10,000 x 2M, five calls" - many 20000 1
	call_row "10,000 x 2M, 8 threads" - many 2500 8
	call_row "10,000 x 2M in a reservation" - chosen 20000 1
}

bench_mappings() {
	write_programs
	heading "mappings, ${page_name} pages"
	bench_programs_with "pool" yes yes 256K
	heading "mappings, THP" plain thp
	bench_programs_with "thp" yes,thp thp 256K,thp
	bench_calls
}
