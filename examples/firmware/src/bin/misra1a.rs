#![no_std]
#![no_main]

use firmware::{measure, workload::Misra1aFit};
use thalweg::least_squares::Normal;

#[unsafe(no_mangle)]
fn main() -> ! {
    measure::report(&Misra1aFit::<f32>::prepare(), Misra1aFit::solve::<Normal>)
}
