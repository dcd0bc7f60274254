# SPDX-License-Identifier: LGPL-2.1-or-later
"""The programs that bench/programs.py runs: what they need, how their input is made, and the work.

Scripts are for sh, set-ups for bash; both run in an empty directory of the program's own. SOURCE is
the folder of the benchmarks. A server runs in the foreground, so that its time counts.
"""
from collections import namedtuple

Program = namedtuple("Program", "name needs script setup", defaults=("",))


def repeat(times, command):
    return "i=0; while [ $i -lt %d ]; do %s; i=$((i + 1)); done" % (times, command)


SUBSTITUTIONS = repeat(300, "x=$(echo $i)")

LINES = "seq 1 200000 | while read -r n; do echo \"$n row $((n * 7919 % 100003)) text\"; done >lines"

REPOSITORY = r"""
git init -q . && {
	for ((i = 1; i <= 3000; i++)); do
		printf 'commit refs/heads/work\ncommitter a <a@b> %d +0000\ndata 9\nnumber %02d\n' $i $((i % 100))
		for ((f = 0; f < 5; f++)); do
			text="line $i $f $((i * 7919 % 10007))"$'\n'"more $((i * f % 997))"$'\n'
			printf 'M 644 inline d%d/f%d\ndata %d\n%s\n' $((i * 31 % 40)) $((i * f % 50)) ${#text} "$text"
		done
	done
} | git fast-import --quiet && git checkout -q work
"""

CHURN = r"""
cat >Churn.java <<'E'
import java.util.*;
public class Churn {
	public static void main(String[] arguments) {
		ArrayDeque<byte[]> kept = new ArrayDeque<>();
		HashMap<Integer, String> names = new HashMap<>();
		Random random = new Random(1);
		long bytes = 0, sum = 0;
		for (int i = 0; i < 600_000; i++) {
			byte[] block = new byte[16 + random.nextInt(i % 100 == 0 ? 100_000 : 1000)];
			kept.add(block);
			bytes += block.length;
			while (bytes > 200_000_000L) {
				block = kept.remove();
				sum += block[block.length / 2];
				bytes -= block.length;
			}
			if (i % 4 == 0)
				names.put(random.nextInt(200_000), "name " + i);
		}
		System.out.println(sum + names.size());
	}
}
E
javac Churn.java && java $flag -version
"""

NODE = r"""
cat >program.js <<'E'
const rows = [];
for (let i = 0; i < 300000; i++) rows.push({ key: i * 7919 % 100003, text: `row ${i}` });
const text = JSON.stringify(rows.sort((a, b) => a.key - b.key));
require('zlib').gzipSync(text, { level: 1 });
E
"""

NUMPY = r"""
cat >arrays.py <<'E'
import numpy
total = 0.0
for turn in range(3):
    arrays = [numpy.arange(200003 * k, dtype=float) for k in range(1, 9)]
    everything = numpy.concatenate(arrays)
    where = numpy.random.default_rng(turn).integers(0, everything.size, 1500000)
    everything[where] += 1
    total += everything[where[::3]].sum() + numpy.sort(everything[::7])[-1]
print(total)
E
for python in python3 /usr/bin/python3; do
	$python -c 'import numpy' && echo $python >python && break
done
"""

# As nobody, for the server refuses root. The script runs in the program's directory.
AS_NOBODY = """
[ "$(id -u)" != 0 ] || { chown -R 65534:65534 . && command -v setpriv; }
as=$([ "$(id -u)" != 0 ] || echo setpriv --reuid=65534 --regid=65534 --clear-groups)
"""

POSTGRES_SETUP = AS_NOBODY + """
bin=$(dirname "$(ls -d /usr/lib/postgresql/*/bin/initdb $(command -v initdb) 2>/dev/null | tail -1)")
echo "PATH=$bin:$PATH; as='$as'" >where
PATH=$bin:$PATH
$as initdb -D "$PWD/data" -A trust -U tester --no-sync && $as sh -c '
	postgres -D data -k "$PWD" -c listen_addresses= -c fsync=off & server=$!
	until pg_isready -q -h "$PWD" -U tester -d postgres; do sleep 0.1; done
	pgbench -q -i -s 3 -h "$PWD" -U tester postgres; status=$?
	kill -INT $server; wait $server; exit $status'
"""

POSTGRES = """. ./where; exec $as sh -c '
	postgres -D data -k "$PWD" -c listen_addresses= -c fsync=off -c shared_buffers=64MB 2>log & server=$!
	until pg_isready -q -h "$PWD" -U tester -d postgres; do sleep 0.02; done
	pgbench -n -S -c 4 -t 2000 -h "$PWD" -U tester postgres >out 2>&1; status=$?
	kill -INT $server; wait $server; exit $status'"""

APACHE_SETUP = r"""
modules=$(ls -d /usr/lib/apache2/modules /usr/lib64/httpd/modules 2>/dev/null | head -1)
mkdir htdocs && head -c 20000 /dev/zero | tr '\0' x >htdocs/index.html
{
	for name in mpm_prefork authz_core dir mime; do
		echo "LoadModule ${name}_module $modules/mod_$name.so"
	done
	printf '%s\n' "ServerRoot $PWD" "ServerName localhost" "Listen 127.0.0.1:28765" "PidFile $PWD/pid" \
		"DocumentRoot $PWD/htdocs" "ErrorLog $PWD/log" "Mutex file:$PWD" 'StartServers 4' 'MaxConnectionsPerChild 200' \
		'TypesConfig /etc/mime.types' 'Include env.conf'
	printf '%s\n' 'User #65534' 'Group #65534' >env.conf
} >httpd.conf
"""

APACHE = """setsid apache2 -f "$PWD/httpd.conf" -DFOREGROUND & server=$!
tries=0
until ab -q -n 1 http://127.0.0.1:28765/index.html >/dev/null 2>&1; do
	tries=$((tries + 1)); [ $tries -lt 200 ] || exit 1; sleep 0.02
done
ab -q -n 3000 -c 4 http://127.0.0.1:28765/index.html >out; status=$?
kill -TERM $server; wait $server; exit $status"""

REDIS = """redis-server --port 0 --unixsocket "$PWD/s" --save '' --appendonly no >log & server=$!
until [ -S s ]; do sleep 0.02; done
redis-benchmark -s s -q -n 40000 -r 100000 -d 100 -t set,get,lpush >out; status=$?
redis-cli -s s bgsave >/dev/null; redis-cli -s s shutdown nosave; wait $server; exit $status"""

SQL = """
cat >work.sql <<'E'
create table t (id integer primary key, name text, value real);
with recursive n(i) as (select 1 union all select i + 1 from n where i < 300000)
	insert into t select i, hex(i * 7919), i * 1.5 from n;
create index by_name on t(name);
select count(*), sum(value) from t a where name in (select name from t where id % 3 = 0);
E
"""

SOURCE_FILE = '. "$SOURCE/source.bash" && generate_source %d >source.c'

PROGRAMS = [
    Program("sh, 300 substitutions", ["sh"], SUBSTITUTIONS),
    Program("bash, 300 substitutions", ["bash"], "bash -c '%s'" % SUBSTITUTIONS),
    Program("perl one-liners", ["perl"], repeat(40, "perl -ne '$n++; END { print $n }' short >out"),
            "seq 1 2000 >short"),
    Program("awk one-liners", ["awk"], repeat(60, "awk '{ n += $1 } END { print n }' short >out"),
            "seq 1 2000 >short"),
    Program("sed one-liners", ["sed"], repeat(60, "sed s/1/2/ short >out"), "seq 1 2000 >short"),
    Program("python3, 15 starts", ["python3"],
            repeat(15, "python3 -c 'import json, re, argparse, subprocess'")),
    Program("configure", ["gcc", "make"], "rm -rf b; mkdir b; cd b; ../source/configure -q >/dev/null",
            '. "$SOURCE/source_package.bash" && source_package hello source'),
    Program("make -j2", ["gcc", "make"], "cd b && make -s clean && make -s -j2 >/dev/null",
            '. "$SOURCE/source_package.bash" && source_package hello source && mkdir b && cd b && '
            '../source/configure -q'),
    Program("git log, status", ["git"], "git log --stat -n 1000 >out; git status --short >out",
            REPOSITORY + "\necho out >.git/info/exclude"),
    Program("git repack", ["git"], "git repack -adfq --threads=2", REPOSITORY),
    Program("gcc -O2", ["gcc"], "gcc -O2 -c source.c -o source.o", SOURCE_FILE % 200),
    Program("clang -O2", ["clang"], "clang -O2 -c source.c -o source.o", SOURCE_FILE % 120),
    Program("sqlite3", ["sqlite3"], "sqlite3 :memory: <work.sql", SQL),
    Program("sort", ["sort"], "sort -k4 -k2n -S 60M lines >out", LINES),
    Program("zstd -12 -T2", ["zstd"], "zstd -q -f -12 -T2 lines -o out", LINES + "; cat lines lines >l2; mv l2 lines"),
    Program("numpy", ["python3"], "$(cat python) arrays.py", NUMPY),
    Program("node", ["node"], "node program.js", NODE),
    Program("node, start", ["node"], repeat(4, "node -e 0")),
    Program("java G1", ["java", "javac"], "java -Xmx400m -XX:+UseG1GC Churn", "flag=-XX:+UseG1GC" + CHURN),
    Program("java Parallel", ["java", "javac"], "java -Xmx400m -XX:+UseParallelGC Churn",
            "flag=-XX:+UseParallelGC" + CHURN),
    Program("java Serial", ["java", "javac"], "java -Xmx400m -XX:+UseSerialGC Churn",
            "flag=-XX:+UseSerialGC" + CHURN),
    Program("java Shenandoah", ["java", "javac"], "java -Xmx400m -XX:+UseShenandoahGC Churn",
            "flag=-XX:+UseShenandoahGC" + CHURN),
    Program("redis", ["redis-server", "redis-benchmark"], REDIS),
    Program("postgres, pgbench", ["setpriv"], POSTGRES, POSTGRES_SETUP),
    Program("apache prefork, ab", ["apache2", "ab"], APACHE, APACHE_SETUP),
    Program("gstreamer", ["gst-launch-1.0"],
            "gst-launch-1.0 -q videotestsrc num-buffers=120 ! video/x-raw,width=1280,height=720 ! videoconvert "
            "! jpegenc ! fakesink", "gst-inspect-1.0 jpegenc"),
    Program("ffmpeg", ["ffmpeg"], "ffmpeg -v error -y -f lavfi -i testsrc=size=640x480:rate=25 -t 4 -c:v mpeg4 out.avi"),
    Program("imagemagick", ["convert"], "convert -size 1500x1500 plasma:red-blue -blur 0x3 -resize 50% out.png"),
    Program("minisat", ["minisat"], "minisat -verb=0 problem.cnf >out; [ $? = 20 ] || [ $? = 10 ] || true", r"""
python3 - >problem.cnf <<'E'
import random
random.seed(3)
print("p cnf 210 890")
for _ in range(890):
    print(*(random.choice((-1, 1)) * v for v in random.sample(range(1, 211), 3)), 0)
E"""),
    Program("pari", ["gp"], "gp -q -s 40M work.gp >out", "echo 'factor(2^211-1); bernfrac(1500); quit' >work.gp"),
    Program("maxima", ["maxima"], "maxima --very-quiet --batch-string='factor(2^160-1);' >out"),
    Program("dpkg-deb", ["dpkg-deb"], "dpkg-deb -Zxz -b package out.deb >/dev/null && dpkg-deb -x out.deb there && rm -r there",
            "mkdir -p package/DEBIAN package/usr && " + LINES + " && mv lines package/usr && "
            "printf '%s\\n' 'Package: a' 'Version: 1' 'Architecture: all' 'Maintainer: a <a@b>' 'Description: a' "
            ">package/DEBIAN/control"),
]
