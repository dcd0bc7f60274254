#!/bin/bash
# hugestat --perf-map, built with AddressSanitizer, never crashes when the program's file is
# damaged. It names functions or says why it can't, and leaves the file alone. The damaged file is
# mounted over the program, where no other process sees it.
# Needs no huge pages.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/hugeadm.sh"
. "$(dirname "$0")/../lib/sanitized.sh"

in_own_mounts
need_program python3
build_sanitized hugestat

# The text of a library: the program's own file can't be damaged while it runs.
printf '%s\n' '#include <dlfcn.h>' 'int main(int count, char **words)' '{' \
	'	void *library = dlopen(words[1], RTLD_NOW);' \
	'	int (*run)(int, char **) = library ? (int (*)(int, char **))dlsym(library, "main") : 0;' \
	'	return run ? run(1, words) : 9;' '}' >"$work/run.c"
"${CC:-cc}" "$work/run.c" -o "$work/run" -ldl || fail "no program"
"${CC:-cc}" -std=gnu11 -D_GNU_SOURCE -shared -fPIC -I"$tests/lib" -I"$tests/../src/arch/$(uname -m)" \
	"$tests/helpers/anonymous-text.c" -o "$work/program" || fail "no library"
mkfifo "$work/wait"
"$work/run" "$work/program" <"$work/wait" >"$work/address" &
process=$!
at_end "kill $process 2>/dev/null; wait $process 2>/dev/null; rm -f /tmp/perf-$process.map"
exec 8>"$work/wait"
until [ -s "$work/address" ]; do sleep 0.05; done
cp "$work/program" "$work/damaged"
mount --bind "$work/damaged" "$work/program" || skip "a file can't be mounted over another"
at_end "umount $work/program"

cat >"$work/mutate.py" <<'END'
import os, random, struct, subprocess, sys

tool, process, damaged, count = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
random.seed(21)
seed = open(damaged, "rb").read()
interesting = [0, 1, 2, 7, 0xff, 0x7fff, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff,
               0xfffffffffffff000, 0x7fffffffffffffff, 0x8000000000000000, 0xffffffffffffffff]
section_start, = struct.unpack_from("<Q", seed, 40)
section_bytes, section_count = struct.unpack_from("<HH", seed, 58)
symbols = [struct.unpack_from("<QQ", seed, section_start + i * section_bytes + 24)
           for i in range(section_count)
           if struct.unpack_from("<I", seed, section_start + i * section_bytes + 4)[0] in (2, 11)]
# the file header and the program headers, the section headers, and the tables of symbols
places = [(16, 64 + 14 * 56), (section_start, len(seed))]
places += [(offset, offset + size) for offset, size in symbols]
named, reasons = 0, {}


def run(content):
    global named
    with open(damaged, "wb") as file:
        file.write(content)
    result = subprocess.run([tool, "--perf-map", process], capture_output=True, text=True,
                            timeout=60, errors="replace")
    label = "status %d\n%s%s" % (result.returncode, result.stdout, result.stderr)
    assert result.returncode in (0, 1), label
    lines = result.stderr.splitlines()
    assert all(line.startswith("hugestat: ") for line in lines), label
    for line in lines:
        reasons[line.rsplit(": ", 1)[1]] = 1
    assert open(damaged, "rb").read() == content, "the file was changed"
    # no name of anything is a failure, with or without a reason
    written = open("/tmp/perf-%s.map" % process, "rb").read()
    assert (result.returncode == 0) == (written != b""), label
    named += result.returncode == 0


def mutate():
    content = bytearray(seed)
    for _ in range(random.choice((1, 1, 2, 4))):
        size = random.choice((1, 2, 4, 8))
        start, end = random.choice(places)
        place = random.randrange(start, end - 8) & -size
        value = random.choice(interesting + [random.getrandbits(64)])
        content[place:place + size] = (value & ((1 << 8 * size) - 1)).to_bytes(size, "little")
    return bytes(content)


run(seed)
assert named == 1, "not even the whole file names a function"
for i in range(count):
    run(mutate())
for length in (0, 1, 4, 16, 63, 64, 100, 500, section_start, len(seed) // 2, len(seed) - 1):
    run(seed[:length])
for content in (b"\x7fELF", b"\x7fELF\x02\x01\x01" + b"\xff" * 300, b"#!/bin/sh\n" * 20):
    run(content)
assert named >= count // 10 and reasons, (named, reasons)
print(named, "of", count, "name functions;", sorted(reasons))
END
ASAN_OPTIONS=exitcode=99 UBSAN_OPTIONS=exitcode=99 python3 "$work/mutate.py" \
	"$BUILD/sanitized/bin/hugestat" $process "$work/damaged" "${MUTATIONS:-250}" ||
	fail "see above"

# Where its file was is a FIFO by now.
umount "$work/program"
mkfifo "$work/fifo"
touch "$work/program"
mount --bind "$work/fifo" "$work/program" || fail "a FIFO can't be mounted over the program"
timeout 20 "$BUILD/sanitized/bin/hugestat" --perf-map $process >"$work/out" 2>&1
status=$?
[ $status = 1 ] || { show "$work/out"; fail "exit status $status with a FIFO"; }
grep -q '^hugestat: no names for the text at ' "$work/out" || { show "$work/out"; fail "a FIFO"; }
exec 8>&-
wait $process || fail "the process: exit status $?"
