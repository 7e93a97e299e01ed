#![no_std]
#![no_main]

use firmware::measure::program;
use firmware::programs;

#[unsafe(no_mangle)]
fn main() -> ! {
    program(programs::boxed())
}
