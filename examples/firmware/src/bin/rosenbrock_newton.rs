#![no_std]
#![no_main]

use firmware::{measure, methods::Rosenbrock, workload};
use thalweg::least_squares::{GaussNewton, Normal};

#[unsafe(no_mangle)]
fn main() -> ! {
    measure::report(&Rosenbrock, |rosenbrock| {
        rosenbrock.solve::<Normal>(&GaussNewton { tolerances: workload::tolerances(), ..GaussNewton::default() })
    })
}
