//! The debugger's channel as a defmt transport and an exit; an emulator answers it without any device.

use core::arch::asm;
use core::cell::UnsafeCell;
use core::panic::PanicInfo;

const WRITE_CHARACTER: usize = 0x03;
const EXIT: usize = 0x18;
const APPLICATION_EXIT: usize = 0x2_0026;
const RUN_TIME_ERROR: usize = 0x2_0023;

#[cfg(target_arch = "arm")]
fn call(operation: usize, argument: usize) {
    // SAFETY: the emulator reads at most one byte at `argument` and changes r0 only.
    unsafe { asm!("bkpt 0xab", inout("r0") operation => _, in("r1") argument, options(nostack)) }
}

#[cfg(target_arch = "riscv32")]
fn call(operation: usize, argument: usize) {
    // SAFETY: as above with a0; the three instructions are the signature the emulator looks for, uncompressed.
    unsafe {
        asm!(
            ".balign 16", ".option push", ".option norvc", "slli x0, x0, 0x1f", "ebreak", "srai x0, x0, 7", ".option pop",
            inout("a0") operation => _, in("a1") argument, options(nostack)
        )
    }
}

/// Ends the emulation; the host sees the difference.
pub fn exit(success: bool) -> ! {
    call(EXIT, if success { APPLICATION_EXIT } else { RUN_TIME_ERROR });
    loop {
        core::hint::spin_loop();
    }
}

fn write(bytes: &[u8]) {
    for byte in bytes {
        call(WRITE_CHARACTER, core::ptr::from_ref(byte) as usize);
    }
}

struct Encoder(UnsafeCell<defmt::Encoder>);
// SAFETY: one core, and no interrupt is ever enabled.
unsafe impl Sync for Encoder {}
static ENCODER: Encoder = Encoder(UnsafeCell::new(defmt::Encoder::new()));

#[defmt::global_logger]
struct Log;

// SAFETY: one core, no interrupts: frames cannot interleave.
unsafe impl defmt::Logger for Log {
    fn acquire() {
        unsafe { (*ENCODER.0.get()).start_frame(write) }
    }
    unsafe fn flush() {}
    unsafe fn release() {
        unsafe { (*ENCODER.0.get()).end_frame(write) }
    }
    unsafe fn write(bytes: &[u8]) {
        unsafe { (*ENCODER.0.get()).write(bytes, write) }
    }
}

#[panic_handler]
fn panic(_: &PanicInfo) -> ! {
    exit(false)
}

/// Faults and traps end here.
#[unsafe(no_mangle)]
extern "C" fn fault() -> ! {
    exit(false)
}
