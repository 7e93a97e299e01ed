//! The proof that nothing in the crate can panic or allocate: the panic handler calls a symbol that does not exist, and
//! no allocator is registered, so this program links only if neither is reachable from any of its calls.
//!
//! Inputs go through [`any`] and results through [`see`]: the optimizer may assume nothing about the former and drop
//! nothing of the latter. Oracles are passed as trait objects, so that their code stands by itself.

#![no_std]
#![no_main]

use core::hint::black_box;
use core::panic::PanicInfo;

mod cameras;
mod composites;
mod curvature;
mod fits;
mod line_methods;
mod memories;
mod oracles;
mod penalties;
mod programs;
mod sensors;
mod splittings;
mod walks;

use nalgebra::{SVector, vector};
use thalweg::calibration::{Calibrator, Coverage, Ladder, Rung, Settings};
use thalweg::least_squares::{Accumulation, Normal, SquareRoot};
use thalweg::problem::{
    Block, Cached, Counted, Differences, Dual, Fault, Faulty, Forward, Function, Mailbox, Objective, Smooth,
    check_gradient, gradient_fn, hessian_product, value_fn,
};
use thalweg::smooth::{GradientDescent, GradientDescentState};
use thalweg::{Method, Number, Real};

unsafe extern "C" {
    fn thalweg_reached_a_panic() -> !;
}

#[panic_handler]
fn panic(_: &PanicInfo) -> ! {
    // SAFETY: never linked.
    unsafe { thalweg_reached_a_panic() }
}

/// The entry symbol that linkers look for without a script.
#[unsafe(no_mangle)]
extern "C" fn _start() {
    everything::<f32>();
    everything::<f64>();
    #[cfg(feature = "control")]
    control();
}

/// What the probe is there to find.
#[cfg(feature = "control")]
fn control() {
    see([1, 2, 3][any(1)]);
}

/// A value the optimizer knows nothing about.
fn any<X>(x: X) -> X {
    black_box(x)
}

/// A result the optimizer may not drop.
fn see<X>(x: X) {
    black_box(x);
}

fn everything<T: Real>() {
    scalar(any(T::ONE));
    number(any(T::ONE));
    number(Dual::<T, 2>::variable(any(T::ONE), any(1)));
    number(Dual::<Dual<T, 1>, 2>::variable(Dual::variable(any(T::ONE), any(0)), any(1)));
    block::<T>();
    values::<T>();
    oracles::rows::<T>();
    oracles::orthogonal::<T>();
    fits::everything::<T>();
    memories::everything::<T>();
    sensors::everything::<T>();
    splittings::everything::<T>();
    cameras::everything::<T>();
    penalties::everything::<T>();
    composites::everything::<T>();
    line_methods::everything::<T>();
    curvature::everything::<T>();
    programs::everything::<T>();
    walks::everything::<T>();
    calibration::<T, SquareRoot>();
    calibration::<T, Normal>();
}

fn scalar<T: Real>(x: T) {
    see((T::of_f64(any(0.1)), T::of_usize(any(7)), x.to_f64(), x.is_finite(), x.squared()));
    see((x.max(any(x)), x.min(any(x)), x.copysign(any(x)), x.hypot(any(x))));
}

fn number<D: Number>(x: D) {
    see((D::constant(x.real()), D::of(any(0.1)), x.scale(x.real()), x.offset(x.real())));
    see((-x, x + any(x), x - any(x), x * any(x), x / any(x)));
    see((x.sqrt(), x.abs(), x.powi(any(3)), x.powf(any(x))));
    see((x.exp(), x.exp_m1(), x.ln(), x.ln_1p()));
    see((x.sin(), x.cos(), x.tan()));
    see((x.asin(), x.acos(), x.atan(), x.atan2(any(x))));
    see((x.sinh(), x.cosh(), x.tanh()));
}

fn block<T: Real>() {
    let mut block = any(Block::<T, 3>::default());
    see(block.push(any(vector![T::ONE, T::TWO, T::ONE]), any(T::HALF)));
    see(block.push_with_cost(any(vector![T::ONE, T::TWO, T::ONE]), any(T::HALF), any(T::ONE)));
    see((block.len(), block.is_empty(), block.cost()));
    block.samples().for_each(see);
    block.clear();
    see(any(Block::<T, 3>::new()) == block);
}

/// A function over any number.
#[derive(Clone, Copy)]
struct Smile;

impl<T: Real> Function<T, 2> for Smile {
    fn value<D: Number<Scalar = T>>(&self, &[x, y]: &[D; 2]) -> D {
        (x * y).exp() + x.powi(4)
    }
}

/// Methods for values and gradients, and all that answers such questions.
fn values<T: Real>() {
    let value = || value_fn(|x: &SVector<T, 2>| x.iter().fold(T::ZERO, |sum, x| sum + x.squared()));
    let gradient = || {
        gradient_fn(|x: &SVector<T, 2>, g: &mut SVector<T, 2>| {
            *g = *x;
            x.iter().fold(T::ZERO, |sum, x| sum + T::HALF * x.squared())
        })
    };
    descend(&mut gradient());
    descend(&mut &mut gradient());
    descend::<T, _>(&mut Forward(Smile));
    descend(&mut Cached::new(gradient()));
    descend(&mut Counted::new(gradient()));
    descend(&mut any(Faulty::new(gradient(), Fault::Nan, 3)));

    let at = || any(vector![T::ONE, T::TWO]);
    see(value().value(&at()));
    let mut differences = Differences::new(value());
    differences.spacing = any(differences.spacing);
    descend(&mut differences);
    see(check_gradient(&mut gradient(), &at()));
    see(hessian_product(&Smile, &at(), &at()));

    let mut cached = Cached::new(gradient());
    see(cached.value(&at()));
    cached.clear();
    let mut counted = Counted::new(gradient());
    see((counted.value(&at()), counted.calls()));
    let mut faulty = any(Faulty::new(gradient(), Fault::Error, 3));
    see((faulty.value(&at()), faulty.evaluations()));

    let mut mailbox = any(Mailbox::new());
    see(any(Mailbox::<T, 2>::default()) == mailbox);
    descend(&mut mailbox);
    see(mailbox.question());
    mailbox.tell_value(any(T::ONE));
    see(mailbox.value(&at()));
    mailbox.tell_gradient(any(T::ONE), at());
    see(mailbox.gradient(&at(), &mut at()));
}

fn descend<T: Real, E>(problem: &mut dyn Smooth<T, 2, Error = E>) {
    let mut problem = black_box(problem);
    let start = || any(vector![T::ONE, T::TWO]);
    let method = any(GradientDescent::default());
    see(method.validate());
    let mut state = GradientDescentState::new(start());
    see(method.step(&mut state, &mut problem));
    see(method.run(&mut state, &mut problem, any(10)));
    method.steps(&mut state, &mut problem).for_each(see);
    see((state.x(), state.value(), state.clone()));
    see(method.solve(start(), &mut problem, any(10)));
}

fn calibration<T: Real, K: Accumulation>() {
    let settings = any(Settings::<T> { model: Some(Rung::Axes), ..Settings::default() });
    see(settings.validate());

    let mut calibrator = any(Calibrator::<T, 50, K>::new(settings));
    see(calibrator.push(any([T::ONE; 3])));
    calibrator.request();
    see(calibrator.tick());
    see((calibrator.result().copied(), calibrator.verdict(), calibrator.coverage()));
    calibrator.samples().iter().for_each(see);
    see((calibrator.pushed(), calibrator.dropped(), calibrator.clone()));
    calibrator.reset();
    see(&calibrator);

    let samples = any([[T::ONE; 3]; 30]);
    let samples = samples.get(..any(20)).unwrap_or_default();
    let mut ladder = any(Ladder::<T, K>::default());
    see(ladder.step(&settings, samples));
    see(ladder.result());
    see(any(Ladder::<T, K>::new()).run(&settings, samples).apply(any([T::ONE; 3])));

    let mut coverage = any(Coverage::default());
    coverage.add(any([T::ONE; 3]));
    see(Coverage::region(any([T::ONE; 3])));
    see((coverage.count(any(3)), *coverage.counts(), coverage.fraction::<T>(), coverage == Coverage::new()));
}
