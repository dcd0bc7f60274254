#!/bin/bash
# hugeedit, built with AddressSanitizer, never crashes on damaged files, and leaves a refused file
# unchanged. An accepted file differs only in flags and alignment.
# Needs no huge pages.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/relink.sh"
. "$(dirname "$0")/../lib/sanitized.sh"

need_program python3
need_hugeedit
write_probe
build_sanitized hugeedit
"$compiler" "$work/probe.c" -o "$work/wide" || fail "no program"
"$compiler" -m32 "$work/probe.c" -o "$work/narrow" 2>/dev/null || rm -f "$work/narrow"
: >"$work/empty"
cat >"$work/mutate.py" <<'END'
import os, random, struct, subprocess, sys

tool, work, seeds = sys.argv[1], sys.argv[2], sys.argv[3:]
random.seed(20)
interesting = [0, 1, 2, 7, 0xff, 0x7fff, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff,
               0xfffffffffffff000, 0x7fffffffffffffff, 0x8000000000000000, 0xffffffffffffffff]
refusals = {}
counts = {"refused": 0, "accepted": 0}


def run(content, options):
    name = work + "/file"
    with open(name, "wb") as file:
        file.write(content)
    before = os.stat(name)
    result = subprocess.run([tool, *options, name], capture_output=True, text=True, timeout=60)
    after, now = os.stat(name), open(name, "rb").read()
    label = "%s: status %d\n%s" % (options, result.returncode, result.stderr)
    assert result.returncode in (0, 1), label
    if result.returncode:
        lines = result.stderr.splitlines()
        assert len(lines) == 1 and lines[0].startswith("hugeedit: " + name), label
        assert now == content and after.st_ino == before.st_ino, "a refused file changed: " + label
        counts["refused"] += 1
        refusals[lines[0].split(": ", 2)[2][:24]] = 1
        return False
    assert len(now) == len(content), label
    if now != content:
        check_difference(content, now)
    counts["accepted"] += 1
    return True


def check_difference(old, new):
    wide = old[4] == 2
    offset = struct.unpack_from("<Q" if wide else "<I", old, 32 if wide else 28)[0]
    size, count = struct.unpack_from("<HH", old, 54 if wide else 42)
    fields = ((4, 4), (48, 8)) if wide else ((24, 4), (28, 4))
    allowed = {offset + i * size + start + byte
               for i in range(count) for start, length in fields for byte in range(length)}
    different = {i for i in range(len(old)) if old[i] != new[i]}
    assert different <= allowed, "bytes changed that are no flags: %s" % (different - allowed)


def mutate(seed):
    content = bytearray(seed)
    wide = content[4] == 2
    limit = (64 + 14 * 56) if wide else (52 + 14 * 32)
    for _ in range(random.choice((1, 1, 1, 2, 4))):
        size = random.choice((1, 2, 4, 8))
        place = random.randrange(16 if random.random() < 0.8 else 0, limit - 8) & -size
        value = random.choice(interesting + [random.getrandbits(64)])
        content[place:place + size] = (value & ((1 << 8 * size) - 1)).to_bytes(size, "little")
    return bytes(content)


choices = (["--text"], ["--data"], ["--text", "--data", "--align=2M"], ["--align=2M"],
           ["--disable"], [])
for path in seeds:
    seed = open(path, "rb").read()
    assert run(seed, ["--text"]) and run(seed, ["--align=2M"])
    for i in range(int(os.environ.get("MUTATIONS", "240"))):
        run(mutate(seed), choices[i % len(choices)])
    for length in (0, 1, 4, 16, 51, 52, 63, 64, 100, 119, 500, 900, len(seed) // 2):
        assert not run(seed[:length], ["--text"]), length
    big_endian = bytearray(seed)
    big_endian[5] = 2
    assert not run(bytes(big_endian), ["--text"])
    # The second loaded segment at the first one's address, then at its place in the file.
    wide = seed[4] == 2
    size, count = struct.unpack_from("<HH", seed, 54 if wide else 42)
    start = struct.unpack_from("<Q" if wide else "<I", seed, 32 if wide else 28)[0]
    loads = [start + i * size for i in range(count)
             if struct.unpack_from("<I", seed, start + i * size)[0] == 1]
    for first, second in ((16, 24), (8, 16)) if wide else ((8, 12), (4, 8)):
        overlapping = bytearray(seed)
        overlapping[loads[1] + first:loads[1] + second] = seed[loads[0] + first:loads[0] + second]
        assert not run(bytes(overlapping), ["--text"])
for content in (b"\x7fELF", b"\x7fELF" + b"\xff" * 200, b"#!/bin/sh\necho\n" * 20,
                b"!<arch>\n" * 40):
    assert not run(content, ["--text"])
assert len(refusals) >= 8, refusals
assert counts["refused"] >= 100 and counts["accepted"] >= 20, counts
assert os.listdir(work) == ["file"], os.listdir(work)
print(counts)
END
mkdir "$work/files"
seeds=("$work/wide")
[ ! -e "$work/narrow" ] || seeds+=("$work/narrow")
ASAN_OPTIONS=exitcode=99 UBSAN_OPTIONS=exitcode=99 python3 "$work/mutate.py" \
	"$BUILD/sanitized/bin/hugeedit" "$work/files" "${seeds[@]}" || fail "see above"
