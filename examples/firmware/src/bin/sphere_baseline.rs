#![no_std]
#![no_main]

use firmware::{measure, workload::SphereFit};

#[unsafe(no_mangle)]
fn main() -> ! {
    measure::report(&SphereFit::<f32, 20>::prepare(), SphereFit::evaluate)
}
