# What the tests of hugectl share; sourced behind lib.sh.
hugectl=$BUILD/bin/hugectl

# refuses <message> <argument> ...: exit status 125, that one line on stderr, and nothing is run.
refuses() {
	local message=$1 status
	shift
	"$hugectl" "$@" >"$work/out" 2>"$work/err"
	status=$?
	[ $status = 125 ] || fail "hugectl $*: exit status $status, not 125"
	[ "$(cat "$work/err")" = "hugectl: $message" ] || {
		show "$work/err"
		fail "hugectl $*: not this line: hugectl: $message"
	}
	[ ! -s "$work/out" ] || fail "hugectl $*: something was run all the same"
}

# succeeds <word> ...: exit status 0, and nothing on stderr. Leaves out and err.
succeeds() {
	"$hugectl" "$@" >"$work/out" 2>"$work/err" || {
		show "$work/out" "$work/err"
		fail "hugectl $*: exit status $?"
	}
	[ ! -s "$work/err" ] || {
		show "$work/err"
		fail "hugectl $* had something to say"
	}
}

# One line on stderr, that one.
says() {
	[ "$(cat "$work/err")" = "$1" ] || {
		show "$work/err"
		fail "not this line: $1"
	}
}

# environment_of <hugectl's options>: what a program finds that had nothing but PATH, sorted.
environment_of() {
	env -i "PATH=$PATH" "$hugectl" "$@" env 2>"$work/err" | grep -v ^PATH= | sort
}
