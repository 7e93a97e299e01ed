#![no_std]
#![no_main]

use firmware::{measure, methods::Attitude};
use thalweg::least_squares::Normal;

#[unsafe(no_mangle)]
fn main() -> ! {
    measure::report(&Attitude::<20>::prepare(), Attitude::solve::<Normal>)
}
