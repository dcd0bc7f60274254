# SPDX-License-Identifier: LGPL-2.1-or-later
"""Types into an interactive shell and looks at what stands in its line then.

completion.py <shell> <directory with the completions> <table>: each line of the table is what is
typed before the tab key and, behind a bar, what the line is expected to be. A key of our own writes
the line to a file, so that nothing here depends on how long the shell takes.
"""
import os
import pty
import select
import sys
import tempfile
import time

SHOW = b"\x07"  # Control-G
KILL = b"\x15"  # Control-U
SECONDS = 60


def write(path, text):
    with open(path, "w") as file:
        file.write(text)


def prepare_bash(home, completions, shown):
    sources = "".join(f". {completions}/{name}\n" for name in sorted(os.listdir(completions)))
    write(f"{home}/rc", f"""{sources}
bind 'set bell-style none'
bind 'set bracketed-paste off'
bind '"\\C-u": unix-line-discard'
show() {{ printf '%s|' "$READLINE_LINE" >{shown}.new; mv {shown}.new {shown}; }}
bind -x '"\\C-g": show'
PS1=ready
""")
    return ["bash", "--rcfile", f"{home}/rc", "-i"]


def prepare_zsh(home, completions, shown):
    write(f"{home}/.zshrc", f"""fpath=({completions} $fpath)
autoload -Uz compinit
compinit -u -D
unsetopt auto_menu list_beep
show() {{ print -rn -- "$BUFFER|" >{shown}.new; mv {shown}.new {shown} }}
zle -N show
bindkey -e
bindkey '^G' show
bindkey '^U' kill-whole-line
PS1=ready
""")
    return ["zsh", "-i"]


class Shell:
    def __init__(self, arguments, environment):
        self.screen = b""
        self.process, self.terminal = pty.fork()
        if not self.process:
            os.execvpe(arguments[0], arguments, environment)

    def wait(self, is_done, what):
        end = time.monotonic() + SECONDS
        while not is_done():
            if time.monotonic() > end:
                sys.exit(f"{what} does not come; the terminal has {self.screen[-400:]!r}")
            if select.select([self.terminal], [], [], 0.02)[0]:
                self.screen += os.read(self.terminal, 65536)

    def end(self):
        os.close(self.terminal)
        os.waitpid(self.process, 0)


def main(shell, completions, table):
    failed = 0
    with tempfile.TemporaryDirectory() as home:
        shown = f"{home}/shown"
        prepare = {"bash": prepare_bash, "zsh": prepare_zsh}[shell]
        arguments = prepare(home, os.path.abspath(completions), shown)
        environment = dict(os.environ, HOME=home, ZDOTDIR=home, TERM="dumb", INPUTRC="/dev/null",
                           HISTFILE="/dev/null", LC_ALL="C")
        talk = Shell(arguments, environment)
        talk.wait(lambda: b"ready" in talk.screen, "the prompt")
        for row in table:
            typed, expected = row.rstrip("\n").split("|")
            os.write(talk.terminal, KILL + typed.encode() + b"\t" + SHOW)
            talk.wait(lambda: os.path.exists(shown), f"{typed!r}")
            with open(shown) as file:
                found = file.read()[:-1]
            os.unlink(shown)
            if found.rstrip(" ") != expected:
                print(f"{shell}: {typed!r} became {found!r}, not {expected!r}")
                failed = 1
        talk.end()
    return failed


if __name__ == "__main__":
    with open(sys.argv[3]) as rows:
        sys.exit(main(sys.argv[1], sys.argv[2], rows.readlines()))
