//! Graduated non-convexity: outliers in the majority, and the laws of a method.

use core::convert::Infallible;

use nalgebra::{SVector, Vector1, vector};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Normal as Gaussian};
use thalweg::least_squares::{
    Accumulation, Bounds, Everywhere, Graduated, GraduatedState, LevenbergMarquardt, SquareRoot, StreamedState,
    Tolerances, certify,
};
use thalweg::problem::{Counted, Fault, Faulty, Forward, Injected, Loss, Model, Problem, Robust, Rows, row_fn};
use thalweg::{ConfigError, Method, Number, Real, Stall, Status};

use crate::problems::{Decay, Fours, Linear, point, wide};

const HANG: u32 = 1_000_000;

fn noise(random: &mut ChaCha8Rng, deviation: f64) -> f64 {
    Gaussian::new(0.0, deviation).unwrap().sample(random)
}

/// Levenberg-Marquardt from the same start, under a loss of the same scale.
fn plain<T: Real, const N: usize>(
    problem: impl Rows<T, N>,
    loss: Loss,
    scale: f64,
    start: [f64; N],
) -> SVector<f64, N> {
    let mut robust = Robust::new(problem, loss, T::of_f64(scale)).unwrap();
    let mut state = StreamedState::<T, N>::new(point(start));
    let Ok(_) = LevenbergMarquardt::default().run(&mut state, &mut robust, HANG) else { panic!("an error") };
    wide(state.x())
}

fn graduated<T: Real, const N: usize>(
    mut problem: impl Rows<T, N>,
    scale: f64,
    start: [f64; N],
) -> GraduatedState<T, N> {
    let mut state = GraduatedState::new(point(start));
    let Ok(status) = Graduated::new(T::of_f64(scale)).run(&mut state, &mut problem, HANG) else { panic!("an error") };
    assert!(matches!(status, Status::Converged(_)), "{status:?}");
    state
}

/// Plain fits under `losses` fail where graduated non-convexity finds the truth, in both scalars. Huber's loss copes where
/// errors to all sides balance.
fn finds<const N: usize, P>(losses: &[Loss], problem: P, scale: f64, start: [f64; N], truth: [f64; N], near: f64)
where
    P: Rows<f32, N> + Rows<f64, N> + Clone,
{
    let error = |x: &SVector<f64, N>| (x - SVector::from(truth)).amax();
    for loss in losses {
        let x = plain::<f64, N>(problem.clone(), *loss, scale, start);
        assert!(error(&x) > 10.0 * near, "{loss:?} finds {x} too");
    }
    let wide_error = error(&wide(graduated::<f64, N>(problem.clone(), scale, start).x()));
    let narrow_error = error(&wide(graduated::<f32, N>(problem, scale, start).x()));
    assert!(wide_error < near && narrow_error < near, "{wide_error} {narrow_error}");
}

/// A line through samples at 0, 1, 2, …
#[derive(Clone)]
struct Line(Vec<f64>);
impl<T: Real> Model<T, 2> for Line {
    fn rows(&self) -> usize {
        self.0.len()
    }
    fn residual<D: Number<Scalar = T>>(&self, i: usize, x: &[D; 2]) -> D {
        (x[0] + x[1].scale(T::of_f64(i as f64 / 10.0))).offset(-T::of_f64(self.0[i]))
    }
}

/// 65 of 100 samples lie anywhere between 0 and 80.
#[test]
fn a_line_under_65_percent_of_outliers() {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let y = (0..100).map(|i| {
        let truth = 1.0 + 2.0 * f64::from(i) / 10.0;
        if i % 20 < 13 { random.random_range(0.0..80.0) } else { truth + noise(&mut random, 0.05) }
    });
    finds(
        &[Loss::Squared, Loss::Huber, Loss::GemanMcClure, Loss::TruncatedSquares],
        Forward(Line(y.collect())),
        0.2,
        [0.0, 0.0],
        [1.0, 2.0],
        0.1,
    );
}

/// A rotation of the plane from pairs of points, two residuals a pair.
#[derive(Clone)]
struct Turn(Vec<([f64; 2], [f64; 2])>);
impl<T: Real> Model<T, 1> for Turn {
    fn rows(&self) -> usize {
        2 * self.0.len()
    }
    fn residual<D: Number<Scalar = T>>(&self, i: usize, x: &[D; 1]) -> D {
        let ([a, b], to) = self.0[i / 2];
        let (c, s) = (x[0].cos(), x[0].sin());
        let (a, b) = (T::of_f64(a), T::of_f64(b));
        let turned = [c.scale(a) - s.scale(b), s.scale(a) + c.scale(b)][i % 2];
        turned.offset(-T::of_f64(to[i % 2]))
    }
}

/// 33 of 50 pairs are wrong, turned at random.
#[test]
fn a_rotation_under_66_percent_of_wrong_pairs() {
    let mut random = ChaCha8Rng::seed_from_u64(4);
    let truth: f64 = 2.0;
    let pairs = (0..50).map(|i| {
        let from = [noise(&mut random, 1.0), noise(&mut random, 1.0)];
        let turned =
            |angle: f64| [from[0] * angle.cos() - from[1] * angle.sin(), from[0] * angle.sin() + from[1] * angle.cos()];
        let wrong = turned(random.random_range(-3.1..3.1));
        let to = if i % 3 == 0 { turned(truth).map(|z| z + noise(&mut random, 0.001)) } else { wrong };
        (from, to)
    });
    finds(
        &[Loss::Squared, Loss::GemanMcClure, Loss::TruncatedSquares],
        Forward(Turn(pairs.collect())),
        0.005,
        [0.0],
        [truth],
        0.001,
    );
}

/// A position in the plane from ranges to anchors on a circle.
#[derive(Clone)]
struct Ranges(Vec<([f64; 2], f64)>);
impl<T: Real> Model<T, 2> for Ranges {
    fn rows(&self) -> usize {
        self.0.len()
    }
    fn residual<D: Number<Scalar = T>>(&self, i: usize, x: &[D; 2]) -> D {
        let ([a, b], range) = self.0[i];
        let (u, v) = (x[0].offset(-T::of_f64(a)), x[1].offset(-T::of_f64(b)));
        (u * u + v * v).sqrt().offset(-T::of_f64(range))
    }
}

/// 24 of 40 ranges are too long by up to 8, as around a corner.
#[test]
fn a_position_under_60_percent_of_reflected_ranges() {
    let mut random = ChaCha8Rng::seed_from_u64(8);
    let truth = [3.0, -2.0];
    let ranges = (0..40).map(|i| {
        let angle = f64::from(i) * 0.7;
        let anchor = [10.0 * angle.cos(), 10.0 * angle.sin()];
        let range = (anchor[0] - truth[0]).hypot(anchor[1] - truth[1]);
        let longer = if i % 5 < 3 { random.random_range(1.0..8.0) } else { noise(&mut random, 0.002) };
        (anchor, range + longer)
    });
    finds(
        &[Loss::Squared, Loss::GemanMcClure, Loss::TruncatedSquares],
        Forward(Ranges(ranges.collect())),
        0.01,
        [-4.0, 6.0],
        truth,
        0.003,
    );
}

/// Without outliers the loss bends the fit by `(r/c)²` only.
#[test]
fn without_outliers_it_is_least_squares() {
    fn check<T: Real>(tolerance: f64) {
        let mut random = ChaCha8Rng::seed_from_u64(6);
        let y: Vec<f64> = (0..60).map(|i| 1.0 - 0.3 * f64::from(i) + noise(&mut random, 0.01)).collect();
        let squares = plain::<T, 2>(Forward(Line(y.clone())), Loss::Squared, 1.0, [5.0, 5.0]);
        let found = graduated::<T, 2>(Forward(Line(y)), 1.0, [5.0, 5.0]);
        assert!((wide(found.x()) - squares).amax() < tolerance, "{} {squares}", found.x());
        // And so are its standard errors.
        assert_eq!((found.level().samples(), found.level().analyse(&Everywhere).rank()), (60, 2));
    }
    check::<f32>(1e-4);
    check::<f64>(1e-6);
}

/// Four samples agree on zero, five lie apart around twelve: least squares leads to the five, whose cost is higher.
#[test]
fn it_returns_to_a_start_that_was_better() {
    fn check<T: Real>() {
        let b = [0.0, 0.0, 0.0, 0.0, 10.0, 10.8, 11.6, 12.4, 13.2];
        let mut problem = Linear::<T, 1>::of(&[[1.0]; 9], &b);
        let far = graduated::<T, 1>(problem.clone(), 0.5, [6.0]);
        assert!(far.x()[0].to_f64() > 10.0, "no trap: {}", far.x());
        let near = graduated::<T, 1>(problem.clone(), 0.5, [0.05]);
        assert!(near.x()[0].to_f64().abs() < 0.01 && near.cost() < far.cost(), "{}", near.x());
        let Ok(certificate) = certify(
            &mut Robust::new(&mut problem, Loss::GemanMcClure, T::HALF).unwrap().reweighted(),
            near.x(),
            &Everywhere,
        );
        assert_eq!(certificate.cost, near.cost());
        assert!(certificate.scaled_gradient.to_f64() < 100.0 * T::SQRT_EPSILON.to_f64());
    }
    check::<f32>();
    check::<f64>();
}

#[test]
fn levels_follow_their_law() {
    let y: Vec<f64> = (0..20).map(f64::from).collect();
    let mut state = GraduatedState::new(vector![0.0, 0.0]);
    let method = Graduated { trials: 2, ..Graduated::new(0.5) };
    let mut problem = Counted::new(Forward(Line(y)));
    let mut scales = vec![];
    while method.step(&mut state, &mut problem) == Ok(Status::Running) {
        if scales.last() != Some(&state.scale()) && state.scale() > 0.0 {
            scales.push(state.scale());
        }
    }
    // μ = 2 max r²/c², then divided by 1.4 down to 1.
    let mu = |scale: &f64| (scale / 0.5_f64).powi(2);
    assert!((mu(&scales[0]) - 2.0 * 19.0 * 19.0 / 0.25).abs() < 1e-9);
    assert!(scales.windows(2).rev().skip(1).all(|pair| (mu(&pair[0]) / mu(&pair[1]) - 1.4).abs() < 1e-9));
    assert_eq!((*scales.last().unwrap(), state.levels() as usize), (0.5, scales.len()));
    assert_eq!(scales.len(), 25);
}

fn ends<T: Real, const N: usize>(method: Graduated<T>, mut problem: impl Rows<T, N>, start: [f64; N]) -> (Status, T) {
    let mut state = GraduatedState::<T, N>::new(point(start));
    let Ok(status) = method.run(&mut state, &mut problem, HANG) else { panic!("an error") };
    assert!(state.x().iter().all(|x| x.is_finite()));
    (status, state.cost())
}

fn bad<T: Real>() {
    let good = Graduated::new(T::ONE);
    let line = || Linear::<T, 1>::of(&[[1.0], [1.0]], &[1.0, 2.0]);
    for scale in [T::ZERO, -T::ONE, T::NAN, T::INFINITY] {
        let found = ends(Graduated { scale, ..good }, line(), [0.0]);
        assert_eq!(found, (Status::Stalled(Stall::Config(ConfigError::NotPositive)), T::INFINITY));
    }
    for shrink in [T::ZERO, T::ONE, T::NAN] {
        let found = ends(Graduated { shrink, ..good }, line(), [0.0]);
        assert_eq!(found.0, Status::Stalled(Stall::Config(ConfigError::Fraction)));
    }
    assert_eq!(Graduated { trials: 0, ..good }.validate::<1, 1>(), Err(ConfigError::NotPositive));
    let tolerances = Tolerances { step: T::NAN, ..Tolerances::default() };
    let solver = LevenbergMarquardt { tolerances, ..LevenbergMarquardt::default() };
    assert_eq!(Graduated { solver, ..good }.validate::<1, 1>(), Err(ConfigError::Tolerance));
    assert_eq!(ends(good, Linear::<T, 1>::of(&[], &[]), [0.0]).0, Status::Stalled(Stall::NoData));
    for broken in [T::NAN, T::INFINITY] {
        let mut state = GraduatedState::<T, 1>::new(Vector1::zeros());
        let mut rows = row_fn(2, |i, _: &Vector1<T>, g: &mut Vector1<T>| {
            *g = Vector1::repeat(T::ONE);
            if i == 1 { broken } else { T::ONE }
        });
        let Ok(status) = good.run(&mut state, &mut rows, HANG);
        assert_eq!((status, state.cost()), (Status::Stalled(Stall::NonFinite), T::INFINITY));
        let mut slopes = row_fn(2, |_, _: &Vector1<T>, g: &mut Vector1<T>| {
            *g = Vector1::repeat(broken);
            T::ONE
        });
        let mut state = GraduatedState::<T, 1>::new(Vector1::zeros());
        let Ok(status) = good.run(&mut state, &mut slopes, HANG);
        assert_eq!(status, Status::Stalled(Stall::NonFinite));
    }
    // So large that its square leaves the range.
    let huge = Linear::<T, 1> { a: vec![Vector1::repeat(T::ONE)], b: vec![T::ONE / T::TINY] };
    assert_eq!(ends(good, huge, [0.0]).0, Status::Stalled(Stall::NonFinite));
    // All residuals zero at the start: one level, at once.
    let (status, cost) = ends(good, line(), [1.0]);
    assert!(matches!(status, Status::Converged(_)) && cost < T::ONE);
}

#[test]
fn bad_input_ends_in_an_honest_status() {
    bad::<f32>();
    bad::<f64>();
}

/// The laws of `Method`, as `laws` states them.
struct Laws<M, P, K, T: Real, const N: usize> {
    method: M,
    problem: P,
    start: GraduatedState<T, N, K>,
}

impl<M, P, K: Accumulation, T: Real, const N: usize> Laws<M, P, K, T, N>
where
    P: Problem<Error = Infallible> + Clone,
    M: Method<P, GraduatedState<T, N, K>>
        + Method<Counted<P>, GraduatedState<T, N, K>>
        + Method<Faulty<P>, GraduatedState<T, N, K>>,
{
    fn bits(state: &GraduatedState<T, N, K>) -> Vec<u64> {
        state.x().iter().chain([&state.cost()]).map(|value| value.to_f64().to_bits()).collect()
    }

    /// `F` at the best point, from a new memory.
    fn again(&self, state: &GraduatedState<T, N, K>) -> T {
        let (mut fresh, mut problem) = (GraduatedState::from_point(*state.x()), self.problem.clone());
        while fresh.cost() == T::INFINITY {
            let Ok(status) = self.method.step(&mut fresh, &mut problem);
            assert_eq!(status, Status::Running);
        }
        fresh.cost()
    }

    fn obey(&self) {
        let (mut state, mut problem) = (self.start.clone(), Counted::new(self.problem.clone()));
        let (mut cost, mut steps) = (T::INFINITY, 0);
        let status = loop {
            let (calls, before) = (problem.calls(), Self::bits(&state));
            let Ok(status) = self.method.step(&mut state, &mut problem);
            steps += 1;
            assert_eq!(problem.calls(), calls + 1, "calls in a step");
            assert!(state.cost() <= cost, "the cost rose");
            cost = state.cost();
            assert!(Self::bits(&state) == before || cost == self.again(&state), "the cost of another point");
            if status != Status::Running {
                break status;
            }
        };
        assert!(matches!(status, Status::Converged(_)), "{status:?}");
        let (calls, whole) = (problem.calls(), (status, Self::bits(&state)));
        assert_eq!(self.method.step(&mut state, &mut problem), Ok(status));
        assert_eq!((problem.calls(), Self::bits(&state)), (calls, whole.1.clone()), "work after the end");

        for slice in [1, 7, 64] {
            let (mut state, mut problem) = (self.start.clone(), self.problem.clone());
            let status = loop {
                let Ok(status) = self.method.run(&mut state, &mut problem, slice);
                if status != Status::Running {
                    break status;
                }
            };
            assert_eq!((status, Self::bits(&state)), whole, "slices of {slice}");
        }
        for at in (0..steps).step_by(3) {
            self.an_error_changes_nothing(at, &whole);
            self.a_nan_is_survived(at);
        }
    }

    fn an_error_changes_nothing(&self, at: u64, whole: &(Status, Vec<u64>)) {
        let (mut state, mut problem) = (self.start.clone(), Faulty::new(self.problem.clone(), Fault::Error, at));
        let mut failed = false;
        let status = loop {
            let before = Self::bits(&state);
            match self.method.step(&mut state, &mut problem) {
                Err(error) => {
                    assert_eq!((error, Self::bits(&state)), (Injected::Fault, before));
                    failed = true;
                }
                Ok(Status::Running) => {}
                Ok(status) => break status,
            }
        };
        assert!(failed && (status, Self::bits(&state)) == *whole, "after the fault at {at}");
    }

    fn a_nan_is_survived(&self, at: u64) {
        let start = self.again(&self.start);
        let (mut state, mut problem) = (self.start.clone(), Faulty::new(self.problem.clone(), Fault::Nan, at));
        let Ok(status) = self.method.run(&mut state, &mut problem, HANG) else { panic!("an error out of nowhere") };
        assert!(status != Status::Running && state.x().iter().all(|x| x.is_finite()), "NaN at {at}: {status:?}");
        if state.cost() == T::INFINITY {
            assert_eq!(status, Status::Stalled(Stall::NonFinite), "NaN at {at}");
        } else {
            assert!(state.cost() <= start, "NaN at {at}: worse than the start");
            assert_eq!(state.cost(), self.again(&state), "NaN at {at}: the cost of another point");
        }
    }
}

fn laws<T: Real>() {
    let method = Graduated::new(T::of_f64(0.3));
    let tight = Bounds::new(point([0.0, 0.0, -1.0]), point([2.5, 10.0, 5.0]));
    let within =
        Graduated { scale: method.scale, shrink: method.shrink, trials: 2, solver: method.solver.within(tight) };
    let at = || point::<T, 3>(Decay::START);
    Laws { method, problem: Forward(Decay), start: GraduatedState::new(at()) }.obey();
    Laws { method, problem: Fours(Forward(Decay)), start: GraduatedState::normal(at()) }.obey();
    Laws { method: within, problem: Forward(Decay), start: GraduatedState::new(at()) }.obey();
    let problem = Linear::<T, 1>::of(&[[1.0]; 9], &[0.0, 0.0, 0.0, 0.0, 10.0, 10.8, 11.6, 12.4, 13.2]);
    let start = GraduatedState::<T, 1, SquareRoot>::from_point(point([0.05]));
    Laws { method: Graduated::new(T::HALF), problem, start }.obey();
}

#[test]
fn the_laws_in_single_precision() {
    laws::<f32>();
}

#[test]
fn the_laws_in_double_precision() {
    laws::<f64>();
}

/// The outlier of the sixth reading loses its influence.
#[test]
fn decay_is_that_without_its_outlier() {
    let found = graduated::<f64, 3>(Forward(Decay), 0.2, Decay::START);
    let others: Vec<usize> = (0..9).filter(|&i| i != 5).collect();
    let mut rest =
        row_fn(8, |i, x: &SVector<f64, 3>, g: &mut SVector<f64, 3>| crate::problems::decay_row(others[i], x, g));
    let Ok((fit, _)) = LevenbergMarquardt::default().solve(point(Decay::START), &mut rest, 10_000);
    assert!((found.x() - fit.x()).amax() < 0.02, "{} {}", found.x(), fit.x());
}

/// A start outside the bounds counts from where it is projected, however much better it was.
#[test]
fn a_start_outside_is_projected() {
    let bounds = Bounds::new(vector![0.0], vector![1.0]);
    let default = Graduated::<f64>::new(1.0);
    let method = Graduated {
        scale: default.scale,
        shrink: default.shrink,
        trials: default.trials,
        solver: default.solver.within(bounds),
    };
    let mut fit = GraduatedState::<f64, 1>::new(vector![5.0]);
    let Ok(status) = method.run(&mut fit, &mut Linear::of(&[[1.0], [1.0]], &[5.0, 5.0]), 10_000);
    assert!(matches!(status, Status::Converged(_)), "{status:?}");
    assert_eq!(fit.x()[0], 1.0);
    // Twice half of 16/17.
    assert!((fit.cost() - 16.0 / 17.0).abs() < 1e-15);
}
