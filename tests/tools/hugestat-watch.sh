#!/bin/bash
# hugestat --watch fits its picture into terminals of all kinds, leaves the terminal as it was, and
# ends with the process. Also after a change of the window; where a terminal can't go back, or is
# none, pictures come one below the other.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

hugestat=$BUILD/bin/hugestat
[ -x "$hugestat" ] || skip "hugestat was not built: it needs libelf"
need_program python3

cat >"$work/watch.py" <<'END'
import fcntl, os, pty, select, signal, struct, subprocess, sys, termios, time

hugestat = sys.argv[1]
clear = b"\033[H\033[J"


def start_process():
    process = subprocess.Popen(["sleep", "1000"])
    while b"sleep" not in open("/proc/%d/comm" % process.pid, "rb").read():
        time.sleep(0.01)
    return process


def resize(terminal, rows, columns):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


class Watch:
    """hugestat --watch under a terminal of its own."""

    def __init__(self, process, rows, columns, term, *arguments):
        environment = {name: value for name, value in os.environ.items() if name != "TERM"}
        if term is not None:
            environment["TERM"] = term
        # The program's end stays open here, too: a terminal that nobody has open may lose output.
        self.terminal, self.other_end = pty.openpty()
        resize(self.terminal, rows, columns)
        self.pid = os.fork()
        if not self.pid:
            os.setsid()
            fcntl.ioctl(self.other_end, termios.TIOCSCTTY, 0)
            for descriptor in 0, 1, 2:
                os.dup2(self.other_end, descriptor)
            os.closerange(3, 100)
            os.execve(hugestat, [hugestat, "--watch", *arguments, str(process.pid)], environment)
        self.settings = termios.tcgetattr(self.terminal)
        self.output = b""

    def read_until(self, reached):
        end = time.time() + 60
        while not reached(self.output):
            assert time.time() < end, self.output
            self.read(1)
        return self.output

    def read(self, seconds):
        if not select.select([self.terminal], [], [], seconds)[0]:
            return False
        self.output += os.read(self.terminal, 65536)
        return True

    def end(self):
        """Its exit status, and what it said to the end."""
        ended, status = 0, 0
        while not ended:
            ended, status = os.waitpid(self.pid, os.WNOHANG)
            while self.read(0 if ended else 0.05):
                pass
        os.close(self.terminal)
        os.close(self.other_end)
        return os.WTERMSIG(status) + 128 if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


def pictures(output):
    return [picture.split(b"\r\n")[:-1] for picture in output.split(clear)[1:]]


def expect(picture, rows, columns):
    assert 1 < len(picture) < rows, (rows, watch.output)
    assert max(len(line) for line in picture) <= columns, (columns, picture)
    assert picture[0].startswith(b"sleep, process "[:columns]), picture


process = start_process()

for rows, columns in (24, 80), (5, 20), (60, 200), (3, 1):
    watch = Watch(process, rows, columns, "xterm", "--verbose", "--interval=0.05", "--count=3")
    assert watch.end() == 0, watch.output
    assert len(pictures(watch.output)) == 3, watch.output
    for picture in pictures(watch.output):
        expect(picture, rows, columns)
    assert watch.output.count(b"\033") == 6, "a terminal was asked for more than that"

watch = Watch(process, 24, 80, "xterm", "--interval=0.05", "--verbose")
watch.read_until(lambda output: output.count(clear) >= 2)
resize(watch.terminal, 6, 30)
# what is there already is of the old size
while watch.read(0):
    pass
seen = len(watch.output)
watch.read_until(lambda output: output[seen:].count(clear) >= 3)
expect(pictures(watch.output[seen:])[-2], 6, 30)
assert termios.tcgetattr(watch.terminal) == watch.settings

# Stopped and continued, then interrupted.
os.kill(watch.pid, signal.SIGSTOP)  # Ctrl-Z does nothing to who leads a session
assert os.WIFSTOPPED(os.waitpid(watch.pid, os.WUNTRACED)[1])
assert termios.tcgetattr(watch.terminal) == watch.settings
os.kill(watch.pid, signal.SIGCONT)
seen = len(watch.output)
watch.read_until(lambda output: output[seen:].count(clear) >= 2)
os.write(watch.terminal, b"\x03")
time.sleep(0.1)
assert termios.tcgetattr(watch.terminal) == watch.settings
assert watch.end() == 128 + signal.SIGINT

for term in None, "", "dumb":
    watch = Watch(process, 24, 80, term, "--interval=0.05", "--count=2")
    assert watch.end() == 0, watch.output
    assert b"\033" not in watch.output and watch.output.count(b"sleep, process") == 2, watch.output

# Nobody waits for the process: it stays a zombie, and has ended all the same. Hours before the next
# look.
for reap in False, True:
    watch = Watch(process, 24, 80, "xterm", "--interval=80000")
    seen = len(watch.read_until(lambda output: b"\r\n  all " in output and output.endswith(b"\n")))
    process.kill()
    if reap:
        process.wait()
    assert watch.end() == 0, watch.output
    assert watch.output[seen:] == b"", watch.output[seen:]
    process.wait()
    process = start_process()

# A reader that has enough.
reader, writer = os.pipe()
watch = subprocess.Popen([hugestat, "--watch", "--interval=0.05", str(process.pid)], stdout=writer)
os.close(writer)
os.read(reader, 10)
os.close(reader)
assert watch.wait() in (1, -signal.SIGPIPE)
process.kill()
process.wait()
print("done")
END
timeout 200 python3 "$work/watch.py" "$hugestat" >"$work/out" 2>&1 && grep -qx done "$work/out" ||
	{ cat -v "$work/out"; fail "see above"; }
