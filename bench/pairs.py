# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs a command plain and with the library in turn, and compares the two by pairs.

measure_time() and measure_memory() return dicts: medians of the pairs' ratios of elapsed time and of user
and system time of all processes, with the one-sided paired test of Wilcoxon that the library's side is
above plain; and of peak memory, small and huge pages together, in runs of its own, which also bring
into memory what is read from the disk: they come first.
"""
import glob
import math
import os
import statistics
import subprocess
import threading
import time

HUGEPAGES = "/sys/kernel/mm/hugepages"
SAMPLE_S = 0.003


def signed_rank(differences):
    """How likely differences like these, or larger ones, are by chance: exact."""
    values = sorted((d for d in differences if d), key=abs)
    total = sum(rank for rank, value in enumerate(values, 1) if value > 0)
    ways = [1]
    for rank in range(1, len(values) + 1):
        longer = ways + [0] * rank
        for at, count in enumerate(ways):
            longer[at + rank] += count
        ways = longer
    return sum(ways[total:]) / (1 << len(values)) if values else 1.0


def read_number(path):
    with open(path) as file:
        return int(file.read())


def huge_in_use():
    """Bytes of all pools that somebody has or has reserved."""
    total = 0
    for pool in glob.glob(HUGEPAGES + "/hugepages-*kB"):
        kb = int(pool.rsplit("-", 1)[1][:-2])
        pages = read_number(pool + "/nr_hugepages") - read_number(pool + "/free_hugepages")
        total += kb * 1024 * (pages + read_number(pool + "/resv_hugepages"))
    return total


class Group:
    """A control group of its own for one run, or none where that is not possible."""

    def __init__(self):
        self.path = None
        for parent in ("/sys/fs/cgroup/memory", "/sys/fs/cgroup"):
            path = "%s/libhugetlbfs-bench-%d" % (parent, os.getpid())
            try:
                os.mkdir(path)
            except OSError:
                continue
            if os.path.exists(path + "/memory.stat"):
                self.path = path
                return
            os.rmdir(path)

    def first_of(self, *names):
        for name in names:
            if self.path and os.path.exists(self.path + "/" + name):
                return read_number(self.path + "/" + name)
        return 0

    def now(self):
        """Bytes of processes, page tables and new files, without hugetlb pages."""
        return self.first_of("memory.current", "memory.usage_in_bytes")

    def peak(self):
        """The most of that so far, by the kernel."""
        return self.first_of("memory.peak", "memory.max_usage_in_bytes")

    def remove(self):
        for _ in range(100):
            try:
                os.rmdir(self.path)
                return
            except OSError:
                time.sleep(0.02)


def start(command, environment, directory, group=None):
    whole = dict(os.environ, **environment)
    if group and group.path:
        command = ["sh", "-c", 'echo 0 >"$0"/cgroup.procs && exec "$@"', group.path] + command
    return subprocess.Popen(command, env=whole, cwd=directory, stdin=subprocess.DEVNULL,
                            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def finish(process, command):
    """The usage of the process and of all that it waited for."""
    lines = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = status
    process.stderr.close()
    if status:
        raise RuntimeError("%s: status %d: %s" % (command[-1][:60], status, lines[-400:].decode("utf8", "replace")))
    return usage


def run_timed(command, environment, directory):
    began = time.monotonic()
    usage = finish(start(command, environment, directory), command)
    return time.monotonic() - began, usage.ru_utime + usage.ru_stime


def run_for_memory(command, environment, directory):
    """Peak bytes: of all processes together, where there are control groups, or of the largest one.

    Small pages by the kernel; both kinds together by samples, for their peaks come at different times.
    """
    group = Group()
    before, peak, ended = huge_in_use(), [0, 0], threading.Event()

    def sample():
        while not ended.is_set():
            huge = huge_in_use() - before
            peak[0] = max(peak[0], huge)
            peak[1] = max(peak[1], huge + group.now())
            ended.wait(SAMPLE_S)

    process = start(command, environment, directory, group)
    sampler = threading.Thread(target=sample)
    sampler.start()
    try:
        usage = finish(process, command)
    finally:
        ended.set()
        sampler.join()
        small, grouped = group.peak(), group.path
        if grouped:
            group.remove()
    return max(small, peak[1]) if grouped else peak[0] + usage.ru_maxrss * 1024


def median_ratio(pairs):
    return statistics.median([ours / plain for plain, ours in pairs if plain] or [math.nan])


def time_pairs(command, sides, directory, pairs):
    """Lists of (plain, ours) of elapsed time and of user and system time."""
    wall, cpu = [], []
    for number in range(pairs):
        taken = [None, None]
        for side in (0, 1) if number % 2 == 0 else (1, 0):
            taken[side] = run_timed(command, sides[side], directory)
        wall.append((taken[0][0], taken[1][0]))
        cpu.append((taken[0][1], taken[1][1]))
    return wall, cpu


def measure_time(command, settings, directory, pairs):
    wall, cpu = time_pairs(command, ({"LD_PRELOAD": ""}, settings), directory, pairs)
    return {
        "pairs": pairs,
        "plain_s": statistics.median(plain for plain, _ in wall),
        "plain_cpu_s": statistics.median(plain for plain, _ in cpu),
        "wall": median_ratio(wall),
        "wall_p": signed_rank([ours - plain for plain, ours in wall]),
        "cpu": median_ratio(cpu),
        "cpu_p": signed_rank([ours - plain for plain, ours in cpu]),
    }


def measure_memory(command, settings, directory, pairs):
    # once, unmeasured: what stays in the page cache belongs to the machine, not to each process
    for side in ({"LD_PRELOAD": ""}, settings) if pairs else ():
        run_timed(command, side, directory)
    taken = [tuple(run_for_memory(command, side, directory) for side in ({"LD_PRELOAD": ""}, settings))
             for _ in range(pairs)]
    # the least: a run may also find files gone from the page cache, and bring them back
    plain, ours = (min(pair[side] for pair in taken) for side in (0, 1))
    return {"plain_mb": plain / 2**20, "memory": ours / plain}
