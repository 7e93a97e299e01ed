#![no_std]
#![no_main]

use firmware::{measure, methods::Rosenbrock, workload};
use thalweg::least_squares::SquareRoot;

#[unsafe(no_mangle)]
fn main() -> ! {
    measure::report(&Rosenbrock, |rosenbrock| rosenbrock.solve::<SquareRoot>(&workload::marquardt()))
}
