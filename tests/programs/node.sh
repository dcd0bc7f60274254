#!/bin/bash
# node gives the same output: JSON, buffers, regular expressions, promises, WebAssembly, compiled
# code, threads.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

need_program node
cat >"$work/program.js" <<-'END'
	const { Worker, isMainThread, parentPort, workerData } = require('worker_threads');
	const crypto = require('crypto'), zlib = require('zlib'), child = require('child_process');
	function work(seed) {
	  const rows = [];
	  for (let i = 0; i < 30000; i++) rows.push({ key: i * seed, text: `row ${i}`.repeat(3) });
	  const text = JSON.stringify(rows), buffer = Buffer.from(text);
	  const back = zlib.gunzipSync(zlib.gzipSync(buffer));
	  return crypto.createHash('sha256').update(back).digest('hex') + (text.match(/\d+/g) || []).length;
	}
	// add(a, b), and a loop that calls it often enough to be compiled twice
	const bytes = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, 1, 7, 1, 96, 2, 127, 127, 1, 127, 3, 2, 1, 0,
	  7, 7, 1, 3, 97, 100, 100, 0, 0, 10, 9, 1, 7, 0, 32, 0, 32, 1, 106, 11]);
	function compiled(turns) {
	  const add = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports.add;
	  const plain = new Function('a', 'b', 'return (a ^ b) + 1 | 0');
	  let sum = 0;
	  for (let i = 0; i < turns; i++) sum = plain(add(sum, i), i);
	  return sum;
	}
	if (!isMainThread) {
	  parentPort.postMessage(work(workerData) + compiled(1e6));
	} else {
	  const all = [1, 2, 3].map(seed => new Promise((good, bad) => {
	    const worker = new Worker(__filename, { workerData: seed });
	    worker.on('message', good); worker.on('error', bad);
	  }));
	  Promise.all(all).then(results => {
	    console.log(results.join('\n'), work(9), compiled(3e6));
	    console.log(Buffer.alloc(60e6, 7).reduce((a, b) => a + b, 0));
	    console.log(child.execSync('echo child').toString());
	    process.exitCode = 6;
	  });
	}
END
same_as_plain "${program_settings[@]}" -- node "$work/program.js"
[ "$plain_status" = 6 ] || { show "$work/plain.err"; fail "node itself fails"; }
