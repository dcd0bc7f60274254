# SPDX-License-Identifier: LGPL-2.1-or-later
"""Real programs under `hugectl --auto`'s settings, every process of each preloaded, against plain.

programs.py [--quick] [--memory] [--seconds N] [--results FILE] [--directory DIR] [-k PATTERN]
    --seconds   after so many begins no more program; one line names those that are left
    --memory    only memory, which other work on the machine does not change
    --results   appends a line of JSON per program
    --directory where the programs work; a temporary one otherwise
    -k          only programs whose name contains this
    --list      prints the names

A program that this machine lacks, or that fails without the library, is skipped with a line that
says why.
"""
import fnmatch
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

import pairs
from program_list import PROGRAMS

HERE = os.path.dirname(os.path.abspath(__file__))
LIMIT, MEMORY_LIMIT = 1.02, 1.1
PAIRS, QUICK_PAIRS, MEMORY_ONLY = (9, 3), (5, 2), (0, 3)
NO_TIME = {name: float("nan") for name in ("plain_s", "wall", "wall_p", "cpu", "cpu_p")}


def settings(build):
    return {
        "LD_PRELOAD": os.path.abspath(build) + "/lib/libhugetlbfs.so",
        "HUGETLB_MORECORE": "auto",
        "HUGETLB_MMAP": "auto",
        "HUGETLB_ELFMAP": "auto",
    }


def hold_pool(build):
    """Waits for checks and benchmarks that use the pool: their pages would be counted here. Who holds the lock
    already, as bench/run, has exported CHECK_LOCK; otherwise this program starts again with the lock."""
    if "CHECK_LOCK" not in os.environ:
        os.execvp("bash", ["bash", "-c", '. "$0" && take_lock "$1" && shift && exec "$@"',
                           HERE + "/../tests/lib/lock.bash", build, sys.executable] + sys.argv)


def command_of(program):
    return ["timeout", "300", "sh", "-c", program.script]


def error_of(command, directory):
    """Runs it without the library. Its last line on standard error if it fails, otherwise None."""
    done = subprocess.run(command, cwd=directory, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE)
    lines = done.stderr.decode("utf8", "replace").strip().splitlines()
    return (lines[-1] if lines else "exit status %d" % done.returncode) if done.returncode else None


def set_up(program, directory):
    """Prepares its input, without the library. Returns why it cannot run, or None."""
    for need in program.needs:
        if not shutil.which(need, path=os.environ["PATH"] + ":/usr/sbin:/sbin"):
            return "no " + need
    os.makedirs(directory)
    os.chmod(directory, 0o755)
    error = program.setup and error_of(["bash", "-c", program.setup], directory)
    if error:
        return "its input cannot be made: " + error
    # another program of that name, or a version without what the script asks for
    error = error_of(command_of(program), directory)
    return "it fails without the library, too: " + error if error else None


def verdict(result):
    """Over the limit, and not by chance."""
    over = [name for name in ("wall", "cpu") if result[name] > LIMIT and result[name + "_p"] < 0.05]
    if result["memory"] > MEMORY_LIMIT:
        over.append("memory")
    return "OVER: " + ", ".join(over) if over else "ok"


def run(program, directory, environment, pair_counts):
    """None where it was skipped."""
    timed, for_memory = pair_counts
    reason = set_up(program, directory)
    if reason:
        print("%-29s skipped: %s" % (program.name, reason), flush=True)
        return None
    command = command_of(program)
    result = dict(NO_TIME)
    # first: what is read from the disk is in memory afterwards
    result.update(pairs.measure_memory(command, environment, directory, for_memory))
    if timed:
        result.update(pairs.measure_time(command, environment, directory, timed))
    print("%-29s%9.3f s %7.3f %7.3f %7.3f %7.3f %9.1f %7.2f  %s" % (
        program.name, result["plain_s"], result["wall"], result["wall_p"], result["cpu"],
        result["cpu_p"], result["plain_mb"], result["memory"], verdict(result)), flush=True)
    return result if timed else None


def main(arguments):
    options = {"--results": None, "--directory": None, "-k": "*", "--seconds": "inf"}
    pair_counts = PAIRS
    while arguments:
        word = arguments.pop(0)
        if word == "--quick":
            pair_counts = QUICK_PAIRS
        elif word == "--memory":
            pair_counts = MEMORY_ONLY
        elif word == "--list":
            print("\n".join(program.name for program in PROGRAMS))
            return 0
        elif word in options and arguments:
            options[word] = arguments.pop(0)
        else:
            print(__doc__)
            return 2
    build = os.environ.get("BUILD", HERE + "/../build")
    hold_pool(build)
    chosen = [p for p in PROGRAMS if fnmatch.fnmatch(p.name, "*%s*" % options["-k"].strip("*"))]
    work = options["--directory"] or tempfile.mkdtemp(prefix="libhugetlbfs-bench-")
    os.chmod(work, 0o755)
    environment = settings(build)
    os.environ["SOURCE"] = HERE
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    began, failed = time.monotonic(), 0

    print("\n%-29s%11s %7s %7s %7s %7s %9s %7s  %s" % (
        "programs, all on auto", "plain", "wall", "p", "cpu", "p", "peak MB", "memory", "limit"))
    try:
        for number, program in enumerate(chosen, 1):
            if time.monotonic() - began > float(options["--seconds"]):
                print("no time for: " + "; ".join(p.name for p in chosen[number - 1:]), flush=True)
                break
            if sys.stderr.isatty():
                print("\r\033[K[program %d of %d, %d s] %s\r" % (
                    number, len(chosen), time.monotonic() - began, program.name), end="", file=sys.stderr)
            directory = "%s/%d" % (work, number)
            try:
                result = run(program, directory, environment, pair_counts)
            except RuntimeError as error:
                print("%-29s FAILED: %s" % (program.name, error), flush=True)
                failed = 1
                result = None
            if result and options["--results"]:
                with open(options["--results"], "a") as file:
                    print(json.dumps(dict(result, kind="program", name=program.name)), file=file)
            shutil.rmtree(directory, ignore_errors=True)
    finally:
        if not options["--directory"]:
            shutil.rmtree(work, ignore_errors=True)
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
