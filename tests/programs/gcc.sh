#!/bin/bash
# gcc: the object of a file of some thousand lines is the same, byte by byte.
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/compile.sh"

compile_with gcc
