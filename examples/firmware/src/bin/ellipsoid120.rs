#![no_std]
#![no_main]

use firmware::{measure, workload::EllipsoidFit};
use thalweg::least_squares::Normal;

#[unsafe(no_mangle)]
fn main() -> ! {
    measure::report(&EllipsoidFit::<f32, 120>::prepare(), EllipsoidFit::solve::<Normal>)
}
