//! The Frank-Wolfe method: its bound, linear convergence with away steps, and agreement with projections.

use nalgebra::{SMatrix, SVector, vector};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use thalweg::composite::{SpectralProjectedGradient, SpectralState};
use thalweg::constrained::{FrankWolfe, FrankWolfeState, LinearMinimization};
use thalweg::least_squares::Bounds;
use thalweg::penalty::{Each, Interval, L1Ball, L2Ball, Simplex};
use thalweg::problem::{Quadratic, Smooth, gradient_fn};
use thalweg::{ConfigError, Criterion, Method, Real, Stall, Status};

use crate::problems::{distance, point};

const CONVERGED: Status = Status::Converged(Criterion::Gap);

fn nearest<T: Real, const N: usize>(to: SVector<T, N>) -> impl Smooth<T, N, Error = core::convert::Infallible> {
    gradient_fn(move |x: &SVector<T, N>, g: &mut SVector<T, N>| {
        *g = x - to;
        T::HALF * g.dot(g)
    })
}

/// structured.md E7: on the simplex from e₁ the error of 1000 iterations is below 2 L D²/(k + 2) = 3.992e-3.
#[test]
fn plain_steps_keep_the_bound() {
    let mut problem = nearest(vector![0.5, 0.3, 0.2]);
    let method = FrankWolfe { gap_tolerance: 0.0, ..FrankWolfe::new(Simplex { total: 1.0 }) };
    let mut state = FrankWolfeState::<f64, 3, 0>::new(vector![1.0, 0.0, 0.0]);
    let _ = method.run(&mut state, &mut problem, 1000).unwrap();
    assert!(state.value() <= 3.992e-3, "{}", state.value());
    assert!(state.value() <= state.gap());
}

/// Away steps: a solution inside of a face to rounding, where plain steps zigzag.
fn away<T: Real>(digits: f64) {
    let method =
        FrankWolfe { gap_tolerance: T::of_f64(100.0) * T::EPSILON, ..FrankWolfe::new(Simplex { total: T::ONE }) };
    let to = point::<T, 4>([0.5, 0.35, 0.3, -2.0]);
    let (state, status): (FrankWolfeState<T, 4, 5>, _) =
        method.solve(point([0.0, 0.0, 0.0, 1.0]), &mut nearest(to), 2000).unwrap();
    assert_eq!(status, CONVERGED);
    assert!(distance(state.x(), &point([0.45, 0.3, 0.25, 0.0])) < digits, "{}", state.x());
}

#[test]
fn away_steps_converge_linearly() {
    away::<f32>(2e-3);
    away::<f64>(1e-6);
    // A minimum inside of a face with four vertices: plain steps zigzag between them.
    let h = SMatrix::<f64, 5, 5>::from_diagonal(&vector![1.0, 3.0, 9.0, 27.0, 1.0]);
    let linear = -(h * vector![0.4, 0.3, 0.2, 0.1, -1.0]);
    let mut problem = Quadratic { hessian: h, linear, ..Quadratic::zero() };
    let method = FrankWolfe { gap_tolerance: 1e-14, ..FrankWolfe::new(Simplex { total: 1.0 }) };
    let start = vector![0.0, 0.0, 0.0, 0.0, 1.0];
    let (with, _): (FrankWolfeState<f64, 5, 6>, _) = method.solve(start, &mut problem, 1000).unwrap();
    let (without, _): (FrankWolfeState<f64, 5, 0>, _) = method.solve(start, &mut problem, 1000).unwrap();
    assert!(without.gap() > 1e6 * with.gap(), "{} {}", without.gap(), with.gap());
}

/// Random quadratics over every set that minimizes linear functions: the projected gradient method ends at the same value.
fn agrees<S: LinearMinimization<f64> + Copy>(set: S, seed: u64) {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    for _ in 0..10 {
        let a = SMatrix::<f64, 5, 5>::from_fn(|_, _| random.random_range(-1.0..1.0));
        let h = a.transpose() * a + SMatrix::identity() * 0.2;
        let c = SVector::<f64, 5>::from_fn(|_, _| random.random_range(-2.0..2.0));
        let mut quadratic = Quadratic { hessian: h, linear: c, ..Quadratic::zero() };
        let start = SVector::from_element(0.2);
        let (expected, _): (SpectralState<f64, 5>, _) =
            SpectralProjectedGradient::new(set).solve(start, &mut quadratic, 5000).unwrap();
        let method = FrankWolfe { gap_tolerance: 1e-6, ..FrankWolfe::new(set) };
        for (found, error) in [
            (value::<6, _>(&method, start, &mut quadratic), 2e-6),
            (value::<2, _>(&method, start, &mut quadratic), 2e-3),
        ] {
            assert!((found - expected.value()).abs() < error, "{found} {}", expected.value());
        }
    }
}

fn value<const C: usize, S: LinearMinimization<f64>>(
    method: &FrankWolfe<f64, S>,
    start: SVector<f64, 5>,
    problem: &mut Quadratic<f64, 5>,
) -> f64 {
    let (state, _): (FrankWolfeState<f64, 5, C>, _) = method.solve(start, problem, 20_000).unwrap();
    let mut inside = *state.x();
    method.set.prox(inside.as_mut_slice(), 1.0);
    assert!(distance(&inside, state.x()) < 1e-14, "{}", state.x());
    state.value()
}

#[test]
fn every_set_agrees_with_projections() {
    agrees(Simplex { total: 1.0 }, 1);
    agrees(L1Ball { radius: 1.5 }, 2);
    agrees(L2Ball { radius: 0.7 }, 3);
    agrees(Each(Interval { lower: -0.5, upper: 0.4 }), 4);
    agrees(Bounds::new(SVector::from_element(-0.3), vector![0.1, 0.2, 0.3, 0.4, 0.5]), 5);
}

/// `⟨g, vertex⟩` is the least over random points of the set.
fn least<S: LinearMinimization<f64>>(set: S) {
    let mut random = ChaCha8Rng::seed_from_u64(7);
    for _ in 0..200 {
        let g = SVector::<f64, 4>::from_fn(|_, _| random.random_range(-1.0..1.0));
        let (mut s, mut x) = (SVector::<f64, 4>::zeros(), g.map(|_| random.random_range(-3.0..3.0)));
        set.vertex(g.as_slice(), s.as_mut_slice());
        set.prox(x.as_mut_slice(), 1.0);
        assert_eq!(set.value(s.as_slice()), 0.0);
        assert!(g.dot(&s) <= g.dot(&x) + 1e-12);
    }
    let mut s = [9.0; 4];
    set.vertex(&[0.0; 4], &mut s);
    assert_eq!(set.value(&s), 0.0);
}

#[test]
fn vertices_minimize_linear_functions() {
    least(Simplex { total: 2.0 });
    least(L1Ball { radius: 1.5 });
    least(L2Ball { radius: 0.7 });
    least(Each(Interval { lower: -0.5, upper: 0.4 }));
    least(Bounds::new(SVector::<f64, 4>::from_element(-0.3), vector![0.1, 0.2, 0.3, 0.4]));
}

/// Starts outside of the set, at NaN, and bad parameters.
#[test]
fn bad_starts_and_parameters_are_told() {
    let set = Simplex { total: 1.0 };
    let method = FrankWolfe::new(set);
    let mut problem = nearest(vector![0.2, 0.8]);
    let (state, status): (FrankWolfeState<f64, 2, 3>, _) =
        method.solve(vector![40.0, -3.0], &mut problem, 500).unwrap();
    assert_eq!(status, CONVERGED);
    assert!((state.x() - vector![0.2, 0.8]).amax() < 1e-3);
    let (_, status): (FrankWolfeState<f64, 2, 3>, _) = method.solve(vector![f64::NAN, 0.0], &mut problem, 500).unwrap();
    assert_eq!(status, Status::Stalled(Stall::NonFinite));
    for (method, error) in [
        (FrankWolfe { gap_tolerance: -1.0, ..method }, ConfigError::Tolerance),
        (FrankWolfe { initial_curvature: 0.0, ..method }, ConfigError::NotPositive),
    ] {
        let (_, status): (FrankWolfeState<f64, 2, 3>, _) = method.solve(vector![1.0, 0.0], &mut problem, 5).unwrap();
        assert_eq!(status, Status::Stalled(Stall::Config(error)));
    }
}

/// A bowl whose least value is -6.5·10¹⁶: beside that the gap of a point far away would count as nothing.
#[test]
fn a_large_value_is_no_excuse() {
    let mut deep = gradient_fn(|x: &SVector<f64, 2>, g: &mut SVector<f64, 2>| {
        *g = vector![x[0] - 1e8, 3.0 * (x[1] - 2e8)];
        0.5 * x[0] * x[0] - 1e8 * x[0] + 1.5 * x[1] * x[1] - 6e8 * x[1]
    });
    let method = FrankWolfe::new(Each(Interval { lower: 0.0, upper: 4e8 }));
    let (state, status): (FrankWolfeState<f64, 2, 0>, _) = method.solve(vector![0.0, 0.0], &mut deep, 20_000).unwrap();
    assert!(status != CONVERGED || state.gap() <= 1.5e-8, "{status:?} with a gap of {}", state.gap());
}
