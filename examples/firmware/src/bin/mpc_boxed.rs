#![no_std]
#![no_main]

use firmware::measure::control;
use firmware::programs::Regulator;

#[unsafe(no_mangle)]
fn main() -> ! {
    control(Regulator::<10, 0>::new())
}
