#![no_std]
#![no_main]

use firmware::{measure, workload::EllipsoidFit};
use thalweg::least_squares::SquareRoot;

#[unsafe(no_mangle)]
fn main() -> ! {
    measure::report(&EllipsoidFit::<f32, 200>::prepare(), EllipsoidFit::solve::<SquareRoot>)
}
