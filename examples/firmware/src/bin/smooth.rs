#![no_std]
#![no_main]

use core::convert::Infallible;

use firmware::measure::{Clock, Meter, finish};
use firmware::smooth::{BUDGET, Runner, all};
use thalweg::problem::Problem;
use thalweg::{Method, Status};

/// Meters every step.
struct Metered(Clock);

impl Runner for Metered {
    fn run<M: Method<P, S>, S, P: Problem<Error = Infallible>>(
        &mut self,
        name: &'static str,
        method: M,
        mut state: S,
        mut problem: P,
    ) -> S {
        let mut steps = Meter::new(&self.0);
        for _ in 0..BUDGET {
            let job = (&method, &mut state, &mut problem);
            if steps.call(job, |(method, state, problem)| method.step(state, problem)) != Ok(Status::Running) {
                break;
            }
        }
        steps.log_worst(name);
        steps.log_all(name);
        state
    }
}

#[unsafe(no_mangle)]
fn main() -> ! {
    finish(&all(&mut Metered(Clock::start())))
}
