#![no_std]
#![no_main]

use firmware::data;
use firmware::measure::{Clock, Meter, finish};
use firmware::methods::{Recursions, Recursive};
use thalweg::Real;
use thalweg::least_squares::Recursion;

fn learn<K: Recursion>(clock: &Clock, name: &str, recursive: &mut Recursive<K>) {
    let mut meter = Meter::new(clock);
    for sample in data::regression().take(Recursions::UPDATES) {
        meter.call((&mut *recursive, sample.map(f32::of_f64)), |(recursive, sample)| recursive.learn(sample));
    }
    meter.log_all(name);
}

#[unsafe(no_mangle)]
fn main() -> ! {
    let clock = Clock::start();
    let mut recursions = Recursions::new().expect("variances are positive");
    let [all, some] = &mut recursions.covariance;
    learn(&clock, "updates, covariance", all);
    learn(&clock, "updates, covariance, forgetting", some);
    let [all, some] = &mut recursions.square_root;
    learn(&clock, "updates, square root", all);
    learn(&clock, "updates, square root, forgetting", some);
    finish(&recursions)
}
