# SPDX-License-Identifier: LGPL-2.1-or-later
"""Processes that hold huge pages of 2M in every way; prints their PIDs when all hold them.

page-holders.py MOUNT [PROCS]: MOUNT is a hugetlbfs of 2M pages, PROCS the file by which one of them
moves to another cgroup, the one above. Ends, with all of its processes, when its
standard input does; takes files and segments away. Prints one line of JSON.
"""

import ctypes
import json
import mmap
import os
import signal
import sys

HUGE = 2 << 20
MAP_HUGETLB, MAP_NORESERVE = 0x40000, 0x4000
CLONE_NEWNS, MS_PRIVATE = 0x20000, 0x40000
SHM_HUGETLB, IPC_CREAT = 0o4000, 0o1000
KEY = 0x6C687567
OTHER_USER = 12345

libc = ctypes.CDLL(None, use_errno=True)
libc.shmat.restype = ctypes.c_void_p
libc.shmat.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_int]
mount = sys.argv[1]


def anonymous(pages, touched, flags=0):
    memory = mmap.mmap(
        -1, pages * HUGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | MAP_HUGETLB | flags
    )
    for page in range(touched):
        memory[page * HUGE] = 1
    return memory


def start(hold):
    """Starts a process that holds what hold() returns, and waits until it does."""
    ready, tell = os.pipe()
    pid = os.fork()
    if not pid:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        held = hold()  # noqa: F841: held until the end
        os.write(tell, b"x")
        os.close(tell)
        signal.pause()
    os.close(tell)
    if os.read(ready, 1) != b"x":
        sys.exit("a process could not take its pages")
    os.close(ready)
    return pid


def new_segment(pages, key=0):
    number = libc.shmget(key, pages * HUGE, SHM_HUGETLB | IPC_CREAT | 0o600)
    if number < 0:
        sys.exit("no segment")
    return number


def attach(number, touched):
    address = libc.shmat(number, None, 0)
    for page in range(touched):
        ctypes.memset(address + page * HUGE, 1, 1)
    return address


def file(name, pages, touched):
    fd = os.open(f"{mount}/{name}", os.O_RDWR | os.O_CREAT, 0o600)
    os.ftruncate(fd, pages * HUGE)
    memory = mmap.mmap(fd, pages * HUGE)
    for page in range(touched):
        memory[page * HUGE] = 1
    return memory, fd


def memfd(pages, touched):
    fd = os.memfd_create("held", os.MFD_HUGETLB | os.MFD_HUGE_2MB)
    os.ftruncate(fd, pages * HUGE)
    memory = mmap.mmap(fd, pages * HUGE)
    for page in range(touched):
        memory[page * HUGE] = 1
    memory.close()
    return fd


def two_memfds():
    """One that is only open, and one that is mapped too."""
    mapped = os.memfd_create("mapped", os.MFD_HUGETLB | os.MFD_HUGE_2MB)
    os.ftruncate(mapped, 2 * HUGE)
    memory = mmap.mmap(mapped, 2 * HUGE)
    memory[0] = 1
    return memfd(4, 3), mapped, memory


def in_group_above():
    if len(sys.argv) > 2:
        with open(sys.argv[2], "w", encoding="ascii") as procs:
            procs.write(str(os.getpid()))
    return anonymous(2, 1, MAP_NORESERVE)


def in_own_mounts():
    """A file on a mount that only this process sees, where the others see theirs."""
    # not of "/": in a chroot that is no mount point
    if libc.unshare(CLONE_NEWNS) or libc.mount(b"none", mount.encode(), None, MS_PRIVATE, None):
        sys.exit("no mount namespace")
    if libc.mount(b"libhugetlbfs-test", mount.encode(), b"hugetlbfs", 0, b"pagesize=2M"):
        sys.exit("no mount in a namespace")
    return file("hidden by another mount", 1, 1)


def parent_of_a_fork(children):
    # the reservation of the last page stays the parent's
    memory = anonymous(7, 6)

    def write_one():
        memory[0] = 2
        return memory

    children[0].write(f"{start(write_one)}\n")
    children[0].flush()
    return memory


used, idle = new_segment(3, KEY), new_segment(2)
read_child, write_child = os.pipe()
pids = {
    "anonymous": start(lambda: anonymous(5, 3)),
    "parent": start(lambda: parent_of_a_fork([os.fdopen(write_child, "w")])),
    "unreserved": start(in_group_above),
    "first": start(lambda: attach(used, 2)),
    "second": start(lambda: attach(used, 1)),
    "file": start(lambda: file("used", 2, 2)),
    "memfd": start(two_memfds),
    "namespace": start(in_own_mounts),
}
os.close(write_child)
pids["child"] = int(os.fdopen(read_child).readline())
address = attach(idle, 1)
libc.shmdt(ctypes.c_void_p(address))
os.makedirs(f"{mount}/below", exist_ok=True)
memory, fd = file("below/left over", 3, 1)
os.fchown(fd, OTHER_USER, -1)
memory.close()
os.close(fd)
# nobody has mapped this one: it has no page and reserves none
fd = os.open(f"{mount}/below/empty", os.O_RDWR | os.O_CREAT, 0o600)
os.ftruncate(fd, 3 * HUGE)
os.close(fd)
print(json.dumps({"pids": pids, "used": used, "idle": idle, "key": KEY, "other user": OTHER_USER}), flush=True)
sys.stdin.read()
for pid in pids.values():
    os.kill(pid, signal.SIGTERM)
for number in used, idle:
    libc.shmctl(number, 0, None)
for name in "used", "below/left over", "below/empty":
    if os.path.exists(f"{mount}/{name}"):
        os.unlink(f"{mount}/{name}")
os.rmdir(f"{mount}/below")
