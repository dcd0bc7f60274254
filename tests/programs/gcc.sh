#!/bin/bash
# gcc makes the same object of a file of some thousand lines, byte by byte.
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/compile.sh"

compile_with gcc
