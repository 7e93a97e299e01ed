//! Instructions and stack of calls.

use core::arch::asm;
use core::hint::black_box;

use thalweg::constrained::QuadraticProgram;

use crate::programs::{Program, Regulator};
use crate::semihosting::exit;
use crate::workload::Answer;

/// Calls `work` on a problem that is already prepared, logs what it cost and what it answered, and ends the emulation.
pub fn report<P, A: Answer>(problem: &P, work: fn(&P) -> A) -> ! {
    let clock = Clock::start();
    let mut meter = Meter::new(&clock);
    let answer = meter.call(problem, work);
    meter.log_all("solve");
    finish(&answer)
}

/// Sets up a quadratic program, solves it from nothing and again, logs what each cost, and ends the emulation.
pub fn program<const N: usize, const M: usize>(data: QuadraticProgram<f32, N, M>) -> ! {
    let mut program = Program::new(data);
    let clock = Clock::start();
    let jobs: [(&str, fn(&mut Program<N, M>)); 3] =
        [("set up", Program::set_up), ("solve", Program::solve), ("solve again", Program::solve_again)];
    for (name, job) in jobs {
        let mut meter = Meter::new(&clock);
        meter.call(&mut program, job);
        meter.log_worst(name);
    }
    finish(&program.solution())
}

/// Runs a control loop, logs what its ticks cost and how that compares with what was known before, and ends the emulation.
pub fn control<const N: usize, const M: usize>(regulator: Option<Regulator<N, M>>) -> ! {
    let Some(mut regulator) = regulator else { exit(false) };
    let clock = Clock::start();
    let mut ticks = Meter::new(&clock);
    for _ in 0..Regulator::<N, M>::TICKS {
        ticks.call(&mut regulator, Regulator::tick);
    }
    ticks.log_all("ticks");
    ticks.log_worst("tick");
    // The tick is bounded before it begins: so many instructions a multiply-add, of so many.
    const INSTRUCTIONS: u32 = if cfg!(target_abi = "eabihf") { 4 } else { 200 };
    let promised = INSTRUCTIONS.saturating_mul(Regulator::<N, M>::work());
    if clock.instructions(ticks.worst) > promised {
        exit(false);
    }
    defmt::println!(
        "at most {=u32} steps and {=u32} multiply-adds a tick, {=u32} instructions; the worst took {=u32} steps, {=u32} were late",
        Regulator::<N, M>::BUDGET,
        Regulator::<N, M>::work(),
        promised,
        regulator.most_steps,
        regulator.late
    );
    finish(&regulator)
}

/// Logs an answer and ends the emulation.
pub fn finish(answer: &impl Answer) -> ! {
    for word in answer.words() {
        defmt::println!("answer {=u32}", word);
    }
    exit(true)
}

/// The emulator's instruction clock, seen through a timer of the core.
pub struct Clock {
    half_instructions_per_tick: u32,
}

impl Clock {
    /// Calibrated by a loop of known length; timers tick at simple fractions of the clock, so halves are exact.
    pub fn start() -> Self {
        const TURNS: u32 = 1 << 20;
        timer::start();
        let begin = timer::now();
        count(TURNS);
        let ticks = timer::now().wrapping_sub(begin) & timer::MASK;
        Self { half_instructions_per_tick: (4 * TURNS + ticks / 2) / ticks }
    }

    fn instructions(&self, ticks: u32) -> u32 {
        (u64::from(ticks) * u64::from(self.half_instructions_per_tick) / 2) as u32
    }
}

/// What calls of one kind cost: ticks of the clock and bytes of stack.
pub struct Meter<'a> {
    clock: &'a Clock,
    calls: u32,
    all: u32,
    worst: u32,
    stack: u32,
}

impl<'a> Meter<'a> {
    pub const fn new(clock: &'a Clock) -> Self {
        Self { clock, calls: 0, all: 0, worst: 0, stack: 0 }
    }

    /// Measures a call, which the optimizer can neither see into nor move.
    #[inline(never)]
    pub fn call<P, A>(&mut self, problem: P, work: fn(P) -> A) -> A {
        let (problem, work) = (black_box(problem), black_box(work));
        let stack = Paint::below();
        // Anew, so that where in a tick a call begins does not depend on what ran before.
        timer::start();
        let begin = timer::now();
        let answer = work(problem);
        let ticks = timer::now().wrapping_sub(begin) & timer::MASK;
        self.stack = self.stack.max(stack.used());
        self.worst = self.worst.max(ticks);
        self.all += ticks;
        self.calls += 1;
        answer
    }

    /// Logs what all calls cost together, by name.
    pub fn log_all(&self, name: &str) {
        defmt::println!(
            "cost {=u32} {=u32} {=u32} {=str}",
            self.clock.instructions(self.all),
            self.stack,
            self.calls,
            name
        );
    }

    /// Logs what the most expensive call cost.
    pub fn log_worst(&self, name: &str) {
        defmt::println!("cost {=u32} {=u32} worst {=str}", self.clock.instructions(self.worst), self.stack, name);
    }
}

/// Two instructions a turn.
fn count(turns: u32) {
    // SAFETY: counts a register down.
    unsafe {
        #[cfg(target_arch = "arm")]
        asm!("1: subs {0}, #1", "bne 1b", inout(reg) turns => _, options(nomem, nostack));
        #[cfg(target_arch = "riscv32")]
        asm!("1: addi {0}, {0}, -1", "bnez {0}, 1b", inout(reg) turns => _, options(nomem, nostack));
    }
}

/// SysTick, counting down; read negated, it counts up.
#[cfg(target_arch = "arm")]
mod timer {
    const CONTROL: *mut u32 = 0xe000_e010_u32 as _;
    const RELOAD: *mut u32 = 0xe000_e014_u32 as _;
    const CURRENT: *mut u32 = 0xe000_e018_u32 as _;
    pub const MASK: u32 = 0x00ff_ffff;

    pub fn start() {
        // SAFETY: registers of the core's own timer: full range, processor clock, no interrupt.
        unsafe {
            RELOAD.write_volatile(MASK);
            CURRENT.write_volatile(0);
            CONTROL.write_volatile(0b101);
        }
    }

    #[inline(always)]
    pub fn now() -> u32 {
        // SAFETY: reading has no side effect.
        unsafe { CURRENT.read_volatile() }.wrapping_neg()
    }
}

/// Retired instructions.
#[cfg(target_arch = "riscv32")]
mod timer {
    pub const MASK: u32 = u32::MAX;

    pub fn start() {}

    #[inline(always)]
    pub fn now() -> u32 {
        let count;
        // SAFETY: a read of a machine counter in machine mode.
        unsafe { core::arch::asm!("csrr {}, minstret", out(reg) count, options(nostack)) };
        count
    }
}

/// The free stack nearest to its top, painted.
struct Paint {
    bottom: *mut u32,
    top: *mut u32,
}

unsafe extern "C" {
    static mut stack_bottom: u32;
}

impl Paint {
    const COLOUR: u32 = 0xdead_beef;
    /// More than any measured call needs, and soon painted.
    const DEPTH: usize = 32 << 10;

    /// Paints below the caller's frame; inlined, so that it has no frame of its own.
    #[inline(always)]
    fn below() -> Self {
        let top: *mut u32;
        // SAFETY: nothing below the stack pointer is alive, and no interrupt uses it.
        unsafe {
            #[cfg(target_arch = "arm")]
            asm!("mov {}, sp", out(reg) top, options(nomem, nostack));
            #[cfg(target_arch = "riscv32")]
            asm!("mv {}, sp", out(reg) top, options(nomem, nostack));
            let bottom = top.wrapping_byte_sub(Self::DEPTH).max(&raw mut stack_bottom);
            let mut word = bottom;
            while word < top {
                word.write_volatile(Self::COLOUR);
                word = word.add(1);
            }
            Self { bottom, top }
        }
    }

    /// From the painter's frame down to the deepest word that changed.
    #[inline(always)]
    fn used(&self) -> u32 {
        // SAFETY: reads what `below` wrote.
        unsafe {
            let mut word = self.bottom;
            while word < self.top && word.read_volatile() == Self::COLOUR {
                word = word.add(1);
            }
            (self.top as usize - word as usize) as u32
        }
    }
}
