#![no_std]
#![no_main]

use firmware::measure;
use firmware::programs;

#[unsafe(no_mangle)]
fn main() -> ! {
    measure::report(&programs::horizon(), programs::evaluate)
}
