#![no_std]
#![no_main]

use firmware::measure;
use firmware::programs::{self, Program};

#[unsafe(no_mangle)]
fn main() -> ! {
    measure::report(&programs::horizon(), Program::evaluate)
}
