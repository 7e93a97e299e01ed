#![no_std]
#![no_main]

use firmware::{measure, methods::Rosenbrock, workload};
use thalweg::least_squares::{Dogleg, Normal};

#[unsafe(no_mangle)]
fn main() -> ! {
    measure::report(&Rosenbrock, |rosenbrock| {
        rosenbrock.solve::<Normal>(&Dogleg { tolerances: workload::tolerances(), ..Dogleg::default() })
    })
}
