#!/bin/bash
# C++ exceptions pass through three shared libraries of some megabytes, one of them loaded by
# dlopen. Their types, unique objects, thread-local and static data are right, in threads and in a
# child process.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

need_program c++
mkdir "$work/libraries"
cat >"$work/shared.h" <<-'END'
	#include <atomic>
	#include <stdexcept>
	#include <string>
	#include <vector>
	struct problem : std::runtime_error {
		int depth;
		problem(const std::string &what, int depth) : std::runtime_error(what), depth(depth) {}
	};
	// STB_GNU_UNIQUE: one object whoever names it
	template <typename T> struct unique { static T value; };
	template <typename T> T unique<T>::value;
	struct counted {
		counted() { unique<std::atomic<int>>::value++; }
		~counted() { unique<std::atomic<int>>::value--; }
	};
	typedef void (*callback)(int);
END
# library N NEXT: calls NEXT, and passes on what it throws; with big text, constants, data and bss.
library() {
	cat >"$work/$1.cc" <<-END
		#include "shared.h"
		__asm__(".pushsection .text.big, \"ax\"\n.balign 4096\n.zero 5000000, 0x90\n.popsection");
		static thread_local int calls;
		static std::vector<std::string> names = {"$1", "of the data"};
		static int data[700000] = {$2};
		static char bss[3000000];
		const int *const inside = &data[0];
		extern "C" void $1(int depth, callback next)
		{
			counted here;
			calls++;
			bss[depth * 1000] = 1;
			try {
				if (depth == 0)
					throw problem(names[0] + " " + names[1], *inside);
				next(depth - 1);
			} catch (const std::out_of_range &) {
				throw std::logic_error("not that one");
			} catch (problem &found) {
				found.depth += calls > 0 && bss[depth * 1000];
				throw;
			}
		}
	END
	c++ -O1 -fPIC -shared "$work/$1.cc" -o "$work/libraries/lib$1.so" >"$work/log" 2>&1 || {
		show "$work/log"
		fail "lib$1.so can't be linked"
	}
}
library first 100
library second 200
library late 300
cat >"$work/main.cc" <<-'END'
	#include "shared.h"
	#include <cstdio>
	#include <dlfcn.h>
	#include <sys/wait.h>
	#include <thread>
	#include <unistd.h>
	extern "C" void first(int, callback);
	extern "C" void second(int, callback);
	static void (*late)(int, callback);
	static void down(int depth)
	{
		if (depth % 3 == 0)
			first(depth, down);
		else if (depth % 3 == 1)
			second(depth, down);
		else
			late(depth, down);
	}
	static int turn(int depth)
	{
		try {
			down(depth);
		} catch (const std::exception &found) {
			const problem *ours = dynamic_cast<const problem *>(&found);
			return ours && std::string("first of the data") == found.what() ? ours->depth : -1;
		}
		return -2;
	}
	static int turns()
	{
		int sum = 0;
		for (int i = 0; i < 2000; i++)
			sum += turn(i % 20);
		return sum;
	}
	int main(int, char **arguments)
	{
		void *library = dlopen(arguments[1], RTLD_NOW);
		if (!library)
			return puts(dlerror()), 1;
		late = (void (*)(int, callback))dlsym(library, "late");
		int sums[4];
		std::vector<std::thread> threads;
		printf("%d\n", turns());
		for (int i = 0; i < 4; i++)
			threads.emplace_back([i, &sums] { sums[i] = turns(); });
		for (auto &thread : threads)
			thread.join();
		printf("%d %d %d %d, %d left\n", sums[0], sums[1], sums[2], sums[3], (int)unique<std::atomic<int>>::value);
		fflush(stdout);
		if (fork() == 0)
			_exit(turns() % 100);
		int status;
		wait(&status);
		printf("child %d\n", WEXITSTATUS(status));
		dlclose(library);
		return 8;
	}
END
c++ -O1 "$work/main.cc" -o "$work/program" -L"$work/libraries" -lfirst -lsecond -ldl -pthread \
	"-Wl,-rpath,$work/libraries" >"$work/log" 2>&1 || { show "$work/log"; fail "the program can't be linked"; }
same_as_plain "${program_settings[@]}" -- "$work/program" "$work/libraries/liblate.so"
[ "$plain_status" = 8 ] || { show "$work/plain.out" "$work/plain.err"; fail "the program itself fails"; }
! grep -q -- '-[12]' "$work/plain.out" || { show "$work/plain.out"; fail "the program itself is wrong"; }
