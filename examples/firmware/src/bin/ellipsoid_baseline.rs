#![no_std]
#![no_main]

use firmware::{measure, workload::EllipsoidFit};

#[unsafe(no_mangle)]
fn main() -> ! {
    measure::report(&EllipsoidFit::<f32, 200>::prepare(), EllipsoidFit::evaluate)
}
