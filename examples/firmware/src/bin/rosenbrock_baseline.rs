#![no_std]
#![no_main]

use firmware::{measure, methods::Rosenbrock};

#[unsafe(no_mangle)]
fn main() -> ! {
    measure::report(&Rosenbrock, Rosenbrock::evaluate)
}
