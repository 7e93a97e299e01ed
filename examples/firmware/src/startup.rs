//! From reset to `main`: stack, memory, and the FPU before any float code.

use core::arch::global_asm;

// The vector table: stack pointer, reset, and a fault for all the rest.
#[cfg(target_arch = "arm")]
global_asm!(
    ".section .start, \"a\"",
    ".balign 256",
    ".word stack_top",
    ".word reset",
    ".rept 14",
    ".word fault",
    ".endr",
    ".section .text.reset, \"ax\"",
    ".global reset",
    ".type reset, %function",
    ".thumb_func",
    "reset:",
);

#[cfg(all(target_arch = "arm", target_abi = "eabihf"))]
global_asm!(
    "ldr r0, =0xe000ed88", // CPACR: full access to coprocessors 10 and 11
    "ldr r1, =0x00f00000",
    "str r1, [r0]",
    "dsb",
    "isb",
);

#[cfg(target_arch = "arm")]
global_asm!(
    "ldr r0, =data_start",
    "ldr r1, =data_end",
    "ldr r2, =data_load",
    "b 2f",
    "1: ldr r3, [r2]",
    "str r3, [r0]",
    "adds r0, #4",
    "adds r2, #4",
    "2: cmp r0, r1",
    "blo 1b",
    "ldr r0, =bss_start",
    "ldr r1, =bss_end",
    "movs r3, #0",
    "b 4f",
    "3: str r3, [r0]",
    "adds r0, #4",
    "4: cmp r0, r1",
    "blo 3b",
    "bl main",
    "bl fault",
    ".ltorg",
);

#[cfg(target_arch = "riscv32")]
global_asm!(
    ".section .start, \"ax\"",
    ".global reset",
    "reset:",
    "la sp, stack_top",
    "la t0, fault",
    "csrw mtvec, t0",
    "la t0, data_start",
    "la t1, data_end",
    "la t2, data_load",
    "j 2f",
    "1: lw t3, 0(t2)",
    "sw t3, 0(t0)",
    "addi t0, t0, 4",
    "addi t2, t2, 4",
    "2: bltu t0, t1, 1b",
    "la t0, bss_start",
    "la t1, bss_end",
    "j 4f",
    "3: sw zero, 0(t0)",
    "addi t0, t0, 4",
    "4: bltu t0, t1, 3b",
    "call main",
    "j fault",
);
