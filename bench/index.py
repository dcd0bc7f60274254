# SPDX-License-Identifier: LGPL-2.1-or-later
"""Real work for python3: build an index of a million keys, then query it at random.

Prints a sum, which is the same on every page size. It ends with all of its objects in memory, so
that whoever looks at its end sees them.
"""
import os
import random
import sys

records = int(sys.argv[1])

index = {}
for number in range(records):
    index["customer %d" % (number * 7919 % records)] = (number, float(number))

total = 0
rand = random.Random(1).random
for _ in range(records):
    total += index["customer %d" % int(rand() * records)][0]
print(len(index), "keys, sum", total)
sys.stdout.flush()
os._exit(0)
