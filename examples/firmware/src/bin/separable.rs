#![no_std]
#![no_main]

use firmware::{measure, methods::Decay};

#[unsafe(no_mangle)]
fn main() -> ! {
    measure::report(&Decay::<20>::prepare(), Decay::solve)
}
