#!/bin/bash
# The Kubernetes manifests in examples are valid as far as that can be checked without a cluster, and the
# check finds faults: misspelt members, unequal huge page limits, volumes and labels that do not exist.
# Needs no huge pages.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

need_program python3
python=python3
$python -c 'import yaml' 2>/dev/null || python=/usr/bin/python3
$python -c 'import yaml' 2>/dev/null || skip "python3 has no yaml module"
check=$tests/helpers/kubernetes.py
examples=$tests/../examples/kubernetes

for manifest in "$examples"/*; do
	$python "$check" "$manifest" >"$work/out" 2>&1 || { show "$work/out"; fail "${manifest##*/}"; }
done

# finds <problem> <file> <sed command>
finds() {
	sed "$3" "$examples/$2" >"$work/faulty.yaml"
	! cmp -s "$work/faulty.yaml" "$examples/$2" || fail "$3 changes nothing"
	$python "$check" "$work/faulty.yaml" >"$work/out" 2>&1 && fail "$3 is not found"
	grep -q "$1" "$work/out" || { show "$work/out"; fail "$3: another problem"; }
}
finds 'request and limit of hugepages-2Mi differ' hugepages-pod.yaml '/limits:/s/512Mi/256Mi/'
finds 'no multiple of its page' hugepages-pod.yaml 's/512Mi/511Mi/'
finds 'huge pages without cpu or memory' hugepages-pod.yaml 's/cpu: "1", memory: 1Gi, //'
finds 'above the limit' hugepages-pod.yaml '/limits:/s/1Gi/512Mi/'
finds 'not allowed' hugepages-pod.yaml 's/memory: 1Gi/memory: 1GB/'
finds 'enviroment: unknown' hugepages-pod.yaml 's/ env:/ enviroment:/'
finds 'image: missing' hugepages-pod.yaml '/image:/d'
finds 'is no str' hugepages-pod.yaml 's/"yes"}/yes}/'
finds 'no volume files' hugepages-node.yaml 's/name: textfile, mountPath/name: files, mountPath/'
finds 'the selector does not match' hugepages-node.yaml 's/matchLabels: {app: hugepages-node}/matchLabels: {app: other}/'
finds 'is not known here' hugepages-node.yaml 's/kind: DaemonSet/kind: Daemon/'

# the part of a container that HOWTO shows
sed -n '/^ *env:$/,/^$/p' "$tests/../HOWTO" | sed '/^$/q' >"$work/part"
grep -q hugepages- "$work/part" || fail "HOWTO shows no resources"
{
	printf 'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n      - name: b\n        image: c\n'
	cat "$work/part"
} >"$work/howto.yaml"
$python "$check" "$work/howto.yaml" >"$work/out" 2>&1 || { show "$work/howto.yaml" "$work/out"; fail "the part in HOWTO"; }
