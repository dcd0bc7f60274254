#!/bin/bash
# node: JSON, buffers, regular expressions, promises, and threads of its own.
. "$(dirname "$0")/lib.sh"

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
	if (!isMainThread) {
	  parentPort.postMessage(work(workerData));
	} else {
	  const all = [1, 2, 3].map(seed => new Promise((good, bad) => {
	    const worker = new Worker(__filename, { workerData: seed });
	    worker.on('message', good); worker.on('error', bad);
	  }));
	  Promise.all(all).then(results => {
	    console.log(results.join('\n'), work(9));
	    console.log(Buffer.alloc(60e6, 7).reduce((a, b) => a + b, 0));
	    console.log(child.execSync('echo child').toString());
	    process.exitCode = 6;
	  });
	}
END
same_as_plain "HUGETLB_MORECORE=$HEAP" -- node "$work/program.js"
[ "$plain_status" = 6 ] || { show "$work/plain.err"; fail "node itself fails"; }
