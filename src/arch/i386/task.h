/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A task or a call on another stack, and the registers of a stopped thread: i386.
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
	/* The argument is at a multiple of 16, where a function expects its first one. */
	uintptr_t *stack = (uintptr_t *)(stack_end - 16);
	long result;

	stack[0] = (uintptr_t)argument;
	*--stack = (uintptr_t)function;
	__asm__ volatile("pushl %%ebx\n\t"
			 "movl %%edi, %%ebx\n\t"
			 "xorl %%edi, %%edi\n\t"
			 "int $0x80\n\t"
			 "testl %%eax, %%eax\n\t"
			 "jnz 1f\n\t"
			 "xorl %%ebp, %%ebp\n\t"
			 "popl %%eax\n\t"
			 "call *%%eax\n\t"
			 "movl %%eax, %%ebx\n\t"
			 "movl %[exit], %%eax\n\t"
			 "int $0x80\n\t"
			 "hlt\n"
			 "1:\n\t"
			 "popl %%ebx"
			 : "=a"(result), "+D"(flags)
			 : "a"(SYS_clone), "c"(stack), "d"(0), "S"(0), [exit] "i"(SYS_exit)
			 : "cc", "memory");
	return result;
}

/* The same, in the calling thread. */
static inline int cpu_call_on_stack(uintptr_t stack_end, int (*function)(void *), void *argument)
{
	uintptr_t *stack = (uintptr_t *)(stack_end - 16);
	int result;

	stack[0] = (uintptr_t)argument;
	__asm__ volatile("xchgl %%esi, %%esp\n\t"
			 "call *%%eax\n\t"
			 "movl %%esi, %%esp"
			 : "=a"(result), "+S"(stack)
			 : "a"(function)
			 : "ecx", "edx", "cc", "memory");
	return result;
}

/* The registers show whether a system call has just ended with EINTR, and its arguments. */
#define CPU_SHOWS_CALL 1

typedef struct user_regs_struct cpu_registers;

/* The number of the system call that has just ended with EINTR; -1: none. */
static inline long cpu_interrupted_call(const cpu_registers *registers)
{
	return registers->orig_eax >= 0 && registers->eax == -EINTR ? registers->orig_eax : -1;
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
	registers->eax = registers->orig_eax;
	registers->orig_eax = -1;
	registers->eip -= 2;
}

/* Undoes cpu_restart_call(), as long as that instruction has not been reached. */
static inline void cpu_undo_restart(cpu_registers *registers)
{
	registers->orig_eax = registers->eax;
	registers->eax = -EINTR;
	registers->eip += 2;
}

#endif
