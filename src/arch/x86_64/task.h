/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A task or a call on another stack, and the registers of a stopped thread: x86-64.
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
	uintptr_t *stack = (uintptr_t *)stack_end;
	register long r10 __asm__("r10") = 0;
	register long r8 __asm__("r8") = 0;
	long result;

	*--stack = (uintptr_t)argument;
	*--stack = (uintptr_t)function;
	__asm__ volatile("syscall\n\t"
			 "test %%rax, %%rax\n\t"
			 "jnz 1f\n\t"
			 "xor %%ebp, %%ebp\n\t"
			 "pop %%rax\n\t"
			 "pop %%rdi\n\t"
			 "call *%%rax\n\t"
			 "mov %%eax, %%edi\n\t"
			 "mov %[exit], %%eax\n\t"
			 "syscall\n\t"
			 "hlt\n"
			 "1:"
			 : "=a"(result)
			 : "a"(SYS_clone), "D"(flags), "S"(stack), "d"(0L), "r"(r10),
			   "r"(r8), [exit] "i"(SYS_exit)
			 : "rcx", "r11", "cc", "memory");
	return result;
}

/* The same, in the calling thread. */
static inline int cpu_call_on_stack(uintptr_t stack_end, int (*function)(void *), void *argument)
{
	register uintptr_t stack __asm__("r12") = stack_end;
	register int (*called)(void *) __asm__("rax") = function;
	register void *first __asm__("rdi") = argument;

	__asm__ volatile("xchg %%r12, %%rsp\n\t"
			 "call *%%rax\n\t"
			 "mov %%r12, %%rsp"
			 : "+r"(stack), "+r"(called), "+r"(first)
			 :
			 : "rcx", "rdx", "rsi", "r8", "r9", "r10", "r11", "xmm0", "xmm1", "xmm2",
			   "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11",
			   "xmm12", "xmm13", "xmm14", "xmm15", "cc", "memory");
	return (int)(uintptr_t)called;
}

/* The registers show whether a system call has just ended with EINTR, and its arguments. */
#define CPU_SHOWS_CALL 1

typedef struct user_regs_struct cpu_registers;

/* The number of the system call that has just ended with EINTR; -1: none. */
static inline long cpu_interrupted_call(const cpu_registers *registers)
{
	return (long)registers->orig_rax >= 0 && (long)registers->rax == -EINTR
		       ? (long)registers->orig_rax
		       : -1;
}

/* For CPUs that do not show it. */
static inline bool cpu_is_call(const cpu_registers *registers, const uint64_t arguments[6],
			       uint64_t stack, uint64_t instruction)
{
	(void)registers, (void)arguments, (void)stack, (void)instruction;
	return true;
}

/* Goes back to before that call's instruction, which is two bytes long. */
static inline void cpu_restart_call(cpu_registers *registers, unsigned long first_argument)
{
	(void)first_argument;
	registers->rax = registers->orig_rax;
	registers->orig_rax = (unsigned long)-1;
	registers->rip -= 2;
}

/* Undoes cpu_restart_call(), as long as that instruction has not been reached. */
static inline void cpu_undo_restart(cpu_registers *registers)
{
	registers->orig_rax = registers->rax;
	registers->rax = (unsigned long)-EINTR;
	registers->rip += 2;
}

#endif
