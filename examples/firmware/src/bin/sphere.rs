#![no_std]
#![no_main]

use firmware::{measure, workload::SphereFit};
use thalweg::least_squares::Normal;

#[unsafe(no_mangle)]
fn main() -> ! {
    measure::report(&SphereFit::<f32, 20>::prepare(), SphereFit::solve::<Normal>)
}
