//! The proof that nothing in the crate can panic or allocate: the panic handler calls a symbol that does not exist, and
//! no allocator is registered, so this program links only if neither is reachable from any of its calls.
//!
//! Inputs go through [`any`] and results through [`see`]: the optimizer may assume nothing about the former and drop
//! nothing of the latter. Oracles are passed as trait objects, so that their code stands by itself.

#![no_std]
#![no_main]

use core::hint::black_box;
use core::panic::PanicInfo;

use nalgebra::{SMatrix, SVector, vector};
use thalweg::calibration::{Calibrator, Coverage, Ladder, Rung, Settings};
use thalweg::least_squares::{
    Accumulation, Bounds, Domain, Everywhere, LevenbergMarquardt, Normal, SquareRoot, StreamedState, certify,
};
use thalweg::problem::{
    Block, Cached, Counted, Differences, Dual, Fault, Faulty, Forward, Function, Loss, Mailbox, Model, Objective,
    Prior, Residuals, Robust, Rows, Smooth, check_gradient, check_row, gradient_fn, hessian_product, residual_fn,
    row_fn, value_fn,
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
    rows::<T>();
    least_squares::<T, SquareRoot, 2>();
    least_squares::<T, Normal, 2>();
    least_squares::<T, SquareRoot, 7>();
    least_squares::<T, Normal, 7>();
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

/// A function and a model, over any number.
#[derive(Clone, Copy)]
struct Smile;

impl<T: Real> Function<T, 2> for Smile {
    fn value<D: Number<Scalar = T>>(&self, &[x, y]: &[D; 2]) -> D {
        (x * y).exp() + x.powi(4)
    }
}

impl<T: Real> Model<T, 2> for Smile {
    fn rows(&self) -> usize {
        any(5)
    }

    fn residual<D: Number<Scalar = T>>(&self, i: usize, &[x, y]: &[D; 2]) -> D {
        x.scale(T::of_usize(i)) + y.sin()
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

/// All that answers questions for rows.
fn rows<T: Real>() {
    let at = || any(vector![T::ONE, T::TWO]);
    let samples = any([[T::HALF; 2]; 3]);
    let rows = || {
        row_fn(any(3), move |i, x: &SVector<T, 2>, g| {
            let [t, y] = samples.get(i).copied().unwrap_or_default();
            *g = vector![T::ONE, t];
            let [a, b] = x.data.0[0];
            a + t * b - y
        })
    };
    let residuals = || {
        residual_fn(any(3), move |i, x: &SVector<T, 2>| {
            let [a, b] = x.data.0[0];
            a + T::of_usize(i) * b
        })
    };
    fit(&mut rows());
    fit(&mut &mut rows());
    fit::<T, _>(&mut Forward(Smile));
    fit(&mut Differences::new(residuals()));
    fit(&mut Counted::new(rows()));
    fit(&mut any(Faulty::new(rows(), Fault::Nan, 3)));
    fit(&mut any(Mailbox::<T, 2>::with_rows(3)));
    see((Residuals::rows(&residuals()), residuals().residual(any(1), &at())));
    see(check_row(&mut rows(), any(1), &at()));

    for loss in [Loss::Squared, Loss::Huber, Loss::SoftL1, Loss::Cauchy, Loss::Tukey, Loss::GemanMcClure] {
        see(any(loss).at(any(T::ONE)));
    }
    if let Ok(mut robust) = Robust::new(rows(), any(Loss::Huber), any(T::ONE)) {
        fit(&mut robust);
        see(robust.inner().rows());
    }
    if let Ok(mut prior) = Prior::new(rows(), at(), &any(SMatrix::<T, 2, 2>::identity())) {
        fit(&mut prior);
    }
    if let Ok(mut prior) = Prior::independent(rows(), at(), &at()) {
        fit(&mut prior);
    }
}

fn fit<T: Real, E>(problem: &mut dyn Rows<T, 2, Error = E>) {
    let mut problem = black_box(problem);
    let mut at = any(vector![T::ONE, T::TWO]);
    let mut block = Block::new();
    see(problem.rows());
    see(problem.row(any(1), &at, &mut at.clone()));
    see(problem.block(any(1), &at, &mut block));
    block.samples().for_each(see);
    see(problem.row(any(2), &at.clone(), &mut at));
    see(LevenbergMarquardt::default().solve(at, &mut problem, any(10)));
}

/// Levenberg-Marquardt in one memory, everywhere and in a box, and what is asked of its state.
fn least_squares<T: Real, K: Accumulation, const N: usize>() {
    let method = any(LevenbergMarquardt::default());
    solve::<T, K, _, N>(method);
    let corner = || any(SVector::<T, N>::repeat(T::ONE));
    let bounds = any(Bounds::new(-corner(), corner()));
    solve::<T, K, _, N>(method.within(bounds));
    solve::<T, K, _, N>(method.within(Bounds::none().fix(any(1), any(T::ONE))));
}

fn solve<T: Real, K: Accumulation, D: Domain<T, N>, const N: usize>(method: LevenbergMarquardt<T, D>) {
    let mut rows = row_fn(any(20), |i, x: &SVector<T, N>, g| {
        *g = SVector::from_fn(|j, _| T::of_usize(i + j).sin());
        x.iter().zip(g.iter()).fold(T::ONE, |sum, (x, g)| sum + *x * *g)
    });
    let mut problem: &mut dyn Rows<T, N, Error = _> = black_box(&mut rows);
    let start = || any(SVector::<T, N>::repeat(T::ONE));
    see(method.validate());
    let mut state = StreamedState::<T, N, K>::from_point(start());
    see(method.step(&mut state, &mut problem));
    see(method.run(&mut state, &mut problem, any(10)));
    method.steps(&mut state, &mut problem).for_each(see);
    see((state.x(), state.cost(), state.status(), state.iterations(), state.samples(), state.clone()));
    see(method.solve(state.clone(), &mut problem, any(10)));
    see(method.solve(StreamedState::new(start()), &mut problem, any(10)));
    see(method.solve(StreamedState::normal(start()), &mut problem, any(10)));

    let mut x = start();
    method.domain.project(&mut x);
    see((method.domain.interval(any(1)), method.domain.validate(), x));
    see(certify(&mut problem, &x, &method.domain));
    see(certify(&mut problem, &x, &Everywhere));

    let analysis = any(state.analyse(&method.domain));
    see((analysis.rank(), analysis.free(), analysis.condition(), analysis.residual_variance()));
    see((analysis.weakest(), analysis.standard_errors(), analysis.correlation()));
    see(analysis.covariance(any(T::ONE)));
    see(analysis.clone() == analysis);
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
