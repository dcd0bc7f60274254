/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A task or a call on another stack, and the registers of a stopped thread: aarch64.
 */
#ifndef CPU_TASK_H
#define CPU_TASK_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/user.h>

/*
 * Makes clone(2) with these flags. The new task runs function(argument) on the stack that ends at
 * stack_end, a multiple of 16, and exits with the function's result. Returns the task's number, or
 * -errno.
 */
static inline long cpu_start_task(unsigned long flags, uintptr_t stack_end, int (*function)(void *),
				  void *argument)
{
	uintptr_t *stack = (uintptr_t *)stack_end - 2;
	register long x8 __asm__("x8") = SYS_clone;
	register long x0 __asm__("x0") = (long)flags;
	register long x1 __asm__("x1") = (long)stack;
	register long x2 __asm__("x2") = 0;
	register long x3 __asm__("x3") = 0;
	register long x4 __asm__("x4") = 0;

	stack[0] = (uintptr_t)function;
	stack[1] = (uintptr_t)argument;
	__asm__ volatile("svc #0\n\t"
			 "cbnz x0, 1f\n\t"
			 "mov x29, xzr\n\t"
			 "ldp x1, x0, [sp], #16\n\t"
			 "blr x1\n\t"
			 "mov x8, %[exit]\n\t"
			 "svc #0\n\t"
			 "brk #1\n"
			 "1:"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), [exit] "i"(SYS_exit)
			 : "cc", "memory");
	return x0;
}

/* The same, in the calling thread. */
static inline int cpu_call_on_stack(uintptr_t stack_end, int (*function)(void *), void *argument)
{
	register uintptr_t stack __asm__("x19") = stack_end;
	register int (*called)(void *) __asm__("x1") = function;
	register void *first __asm__("x0") = argument;

	__asm__ volatile("mov x20, sp\n\t"
			 "mov sp, x19\n\t"
			 "blr x1\n\t"
			 "mov sp, x20"
			 : "+r"(stack), "+r"(called), "+r"(first)
			 :
			 : "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12",
			   "x13", "x14", "x15", "x16", "x17", "x18", "x20", "x30", "v0", "v1", "v2",
			   "v3", "v4", "v5", "v6", "v7", "v8", "v9", "v10", "v11", "v12", "v13",
			   "v14", "v15", "v16", "v17", "v18", "v19", "v20", "v21", "v22", "v23",
			   "v24", "v25", "v26", "v27", "v28", "v29", "v30", "v31", "cc", "memory");
	return (int)(uintptr_t)first;
}

/*
 * The registers do not show whether a system call has just ended with EINTR, nor what its first
 * argument was.
 */
#define CPU_SHOWS_CALL 0

typedef struct user_regs_struct cpu_registers;

/* The number of the system call that may just have ended with EINTR; -1: none has. */
static inline long cpu_interrupted_call(const cpu_registers *registers)
{
	return (long)registers->regs[0] == -EINTR ? (long)registers->regs[8] : -1;
}

/* Are the arguments that are left, the stack and the place those of that call? */
static inline bool cpu_is_call(const cpu_registers *registers, const uint64_t arguments[6],
			       uint64_t stack, uint64_t instruction)
{
	for (int i = 1; i < 6; i++)
		if (registers->regs[i] != arguments[i])
			return false;
	return registers->sp == stack && registers->pc == instruction;
}

/* Goes back to before that call's instruction, which is four bytes long. */
static inline void cpu_restart_call(cpu_registers *registers, unsigned long first_argument)
{
	registers->regs[0] = first_argument;
	registers->pc -= 4;
}

/* As before cpu_restart_call(), while that instruction has not been reached. */
static inline void cpu_undo_restart(cpu_registers *registers)
{
	registers->regs[0] = (unsigned long)-EINTR;
	registers->pc += 4;
}

#endif
