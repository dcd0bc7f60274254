#!/bin/bash
# Programs that map files give the same results from a copy as plain, and at least 99 % of what they map
# comes from it: numpy.memmap, sqlite3 with mmap_size, LMDB, ripgrep --mmap, a JVM's MappedByteBuffer.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/files.sh"

mount_for_files
need_pages 60 2M
copying=(HUGETLB_MMAP_FILES=yes,2M "HUGETLB_PATH=$mount" HUGETLB_VERBOSE=3)
ran=0

# A file whose last piece is small against the rest.
make_numbers() {
	perl -e 'my $x = 1; my @w; for (1 .. 1 << 20) { $x = ($x * 1103515245 + 12345) & 0x7fffffff; push @w, $x }
		print pack("V*", @w) for 1 .. 10' >"$1"
}

# finished: the file is on the disk, and is not being changed any more
finished() {
	sync "$1"
	sleep 0.2
}

# as_plain <name> <file> <command> ...: the same output twice, from a new copy and from one that is there
as_plain() {
	local name=$1 file=$2 run
	shift 2
	finished "$file"
	rm -rf "$copies"
	"$@" >"$work/plain.out" 2>"$work/plain.err" || { show "$work/plain.err"; fail "$name itself fails"; }
	for run in first second; do
		# a JVM maps its own classes, too
		preloaded "${copying[@]}" "HUGETLB_MMAP_FILES_ONLY=$file" "$@" >"$work/out" 2>"$work/err" ||
			{ show "$work/err"; fail "$name, $run: exit status $?"; }
		cmp -s "$work/plain.out" "$work/out" || { show "$work/out"; fail "$name, $run: another output"; }
		! grep -q 'WARNING\|ERROR' "$work/err" || { show "$work/err"; fail "$name, $run: a warning"; }
		awk -v file="$file:" 'index($0, "HUGETLB_MMAP_FILES: " file) && / MB from the copy / {
				sub(/.*: /, ""); share = $1 / $3; if (!seen++ || share < least) least = share }
			END { exit !(seen && least >= 0.99) }' "$work/err" ||
			{ show "$work/err"; fail "$name, $run: less than 99 % of the file from a copy"; }
	done
	[ "$(copies_there)" = 1 ] || fail "$name: $(copies_there) copies"
	ran=$((ran + 1))
}

# The python that has a module.
python_with() {
	local python
	for python in python3 /usr/bin/python3; do
		if $python -c "import $1" 2>/dev/null; then
			echo $python
			return
		fi
	done
	return 1
}

numpy() {
	local python
	python=$(python_with numpy) || { echo "no numpy here"; return; }
	make_numbers "$disk/numbers"
	cat >"$work/memmap.py" <<-'END'
		import sys, numpy
		numbers = numpy.memmap(sys.argv[1], dtype="<u4", mode="r")
		print(numbers.shape, int(numbers.sum(dtype="u8")), int(numbers[::4097].max()))
		order = numpy.random.default_rng(1).permutation(len(numbers))[:200000]
		print(int(numbers[order].sum(dtype="u8")), numbers[-3:], numpy.sort(numbers[1000:1000000])[::99999])
	END
	as_plain numpy.memmap "$disk/numbers" "$python" "$work/memmap.py" "$disk/numbers"
}

sqlite() {
	command -v sqlite3 >/dev/null || { echo "no sqlite3 here"; return; }
	sqlite3 "$disk/db" >/dev/null <<-'END' || fail "sqlite3 makes no file"
		pragma page_size = 4096; pragma journal_mode = off;
		create table t (id integer primary key, name text, value real);
		with recursive n(i) as (select 1 union all select i + 1 from n where i < 400000)
		insert into t select i, 'name ' || (i * 7919 % 100003), i * 0.5 from n;
		create index by_name on t (name);
	END
	cat >"$work/queries.sql" <<-'END'
		pragma mmap_size = 1000000000;
		select count(*), sum(value), min(name) from t;
		select substr(name, 6, 2), count(*) from t group by 1 order by 2 desc, 1 limit 20;
		select count(*) from t a join t b on a.name = b.name;
		pragma integrity_check;
	END
	as_plain sqlite3 "$disk/db" sqlite3 -readonly -init "$work/queries.sql" "$disk/db" .quit
}

lmdb() {
	local python
	python=$(python_with lmdb) || { echo "no LMDB for python3 here"; return; }
	cat >"$work/database.py" <<-'END'
		import hashlib, random, sys, lmdb
		write = sys.argv[2] == "write"
		with lmdb.open(sys.argv[1], map_size=1 << 26 if write else 1 << 25, readonly=not write,
		               lock=False, subdir=False, sync=True) as database:
		    with database.begin(write=write) as transaction:
		        if write:
		            for i in range(100000):
		                transaction.put(b"%08d" % (i * 7919 % 100003), hashlib.sha256(b"%d" % i).digest() * 5)
		        else:
		            keys = [b"%08d" % i for i in range(100003)]
		            random.Random(1).shuffle(keys)
		            found = [transaction.get(key) for key in keys]
		            print(hashlib.sha256(b"".join(value for value in found if value)).hexdigest())
		            print(database.stat(), sum(1 for _ in transaction.cursor()))
	END
	"$python" "$work/database.py" "$disk/lmdb" write || fail "LMDB makes no file"
	as_plain LMDB "$disk/lmdb" "$python" "$work/database.py" "$disk/lmdb" read
}

ripgrep() {
	command -v rg >/dev/null || { echo "no ripgrep here"; return; }
	seq 1 4500000 >"$disk/lines"
	as_plain ripgrep "$disk/lines" rg --no-config --mmap -c '7[0-9]*77$' "$disk/lines"
	as_plain ripgrep "$disk/lines" rg --no-config --mmap -n '^12345[0-9]*9$' "$disk/lines"
}

jvm() {
	command -v javac >/dev/null || { echo "no JDK here"; return; }
	[ -e "$disk/numbers" ] || make_numbers "$disk/numbers"
	cat >"$work/Mapped.java" <<-'END'
		import java.nio.*;
		import java.nio.channels.FileChannel;
		import java.nio.file.*;
		public class Mapped {
			public static void main(String[] arguments) throws Exception {
				try (FileChannel file = FileChannel.open(Path.of(arguments[0]))) {
					MappedByteBuffer buffer = file.map(FileChannel.MapMode.READ_ONLY, 0, file.size());
					buffer.order(ByteOrder.LITTLE_ENDIAN);
					buffer.load();
					long sum = 0, at = 1;
					for (int i = 0; i < buffer.limit(); i += 4)
						sum += buffer.getInt(i);
					System.out.println(sum);
					for (int i = 0; i < 1000000; i++) {
						at = at * 6364136223846793005L + 1442695040888963407L;
						sum ^= buffer.getInt((int) ((at >>> 33) % (buffer.limit() / 4)) * 4) + i;
					}
					System.out.println(sum + " " + buffer.isLoaded());
				}
			}
		}
	END
	javac -d "$work" "$work/Mapped.java" 2>"$work/javac" || { show "$work/javac"; fail "javac"; }
	as_plain "the JVM" "$disk/numbers" java -cp "$work" Mapped "$disk/numbers"
}

need_program perl
numpy
sqlite
lmdb
ripgrep
jvm
((ran)) || skip "none of the programs is here"
