# Holds a part of a file in the page cache as small pages, mapped, until standard input ends:
#
#   hold-small-pages.py FILE OFFSET LENGTH
# SPDX-License-Identifier: LGPL-2.1-or-later
import mmap
import os
import sys

path, offset, length = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
fd = os.open(path, os.O_RDONLY)
os.fsync(fd)
os.posix_fadvise(fd, offset, length, os.POSIX_FADV_DONTNEED)
part = mmap.mmap(fd, length, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ, offset=offset)
for advice in mmap.MADV_NOHUGEPAGE, mmap.MADV_RANDOM:
    part.madvise(advice)
for at in range(0, length, 4096):
    part[at]
print("held", flush=True)
sys.stdin.read()
