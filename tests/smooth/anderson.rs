//! Anderson acceleration: its number, its kin, its safeguard.

use nalgebra::{SMatrix, SVector, vector};
use thalweg::problem::{FixedPoint, Forward, GradientStep, Objective, map_fn};
use thalweg::smooth::{Anderson, AndersonState, FixedRate, FixedRateState};
use thalweg::{ConfigError, Criterion, Method, Number, Real, Stall, Status};

use crate::functions::{Chain, Diagonal, Rosenbrock, point};

const CONVERGED: Status = Status::Converged(Criterion::Residual);

fn affine<T: Real>() -> impl FixedPoint<T, 3, Error = core::convert::Infallible> {
    let slopes = point::<T, 3>([0.9, 0.5, -0.3]);
    map_fn(move |x: &SVector<T, 3>| x.component_mul(&slopes).map(|y| y + T::ONE))
}

/// `G(x) = diag(.9, .5, -.3) x + 1` with three differences: the fifth residual is zero up to rounding.
fn exact<T: Real>(residual: f64, error: f64) {
    let mut state = AndersonState::<T, 3, 3>::new(SVector::zeros());
    let method = Anderson { residual_tolerance: T::ZERO, ..Anderson::default() };
    let _ = method.run(&mut state, &mut affine(), 5).unwrap();
    assert!(state.residual().to_f64() < residual, "{:e}", state.residual());
    let solution = vector![10.0, 2.0, 10.0 / 13.0];
    assert!((state.x().map(T::to_f64) - solution).amax() < error, "{}", state.x());
}

#[test]
fn the_fifth_residual_vanishes() {
    exact::<f64>(1.5e-14, 1e-12);
    exact::<f32>(1e-5, 1e-4);
    // With two differences for three directions it does not.
    let mut state = AndersonState::<f64, 3, 2>::new(SVector::zeros());
    let _ = Anderson::default().run(&mut state, &mut affine(), 5).unwrap();
    assert!(state.residual() > 1e-4);
}

/// Without differences it is the map alone, and over a gradient step gradient descent.
#[test]
fn without_differences_it_is_the_map() {
    let mut state = AndersonState::<f64, 5, 0>::new(SVector::zeros());
    let mut plain = FixedRateState::<f64, 5>::new(SVector::zeros());
    let mut step = GradientStep { inner: Forward(Chain), rate: 0.25 };
    for _ in 0..40 {
        let _ = Anderson { residual_tolerance: 0.0, ..Anderson::default() }.step(&mut state, &mut step).unwrap();
        let _ = FixedRate::new(0.25).step(&mut plain, &mut Forward(Chain)).unwrap();
        assert!((state.iterate() - plain.iterate()).amax() < 1e-15);
    }
}

/// Walker & Ni 2011, theorem 2.2: on a linear map with all differences, iterate k + 1 is the image of the k-th iterate of the
/// generalized minimal residual method, here by least squares over its Krylov space.
#[test]
fn on_linear_maps_it_minimizes_residuals() {
    let a = SMatrix::<f64, 6, 6>::from_fn(|i, j| {
        0.5 / (1.0 + (i as f64 - 1.3 * j as f64).abs()) - 0.3 * f64::from(u8::from(i == j))
    });
    let b = vector![1.0, -2.0, 0.5, 3.0, 0.1, -1.0];
    let mut map = map_fn(|x: &SVector<f64, 6>| a * x + b);
    let mut state = AndersonState::<f64, 6, 6>::new(SVector::zeros());
    let method = Anderson { residual_tolerance: 0.0, ..Anderson::default() };
    let _ = method.step(&mut state, &mut map).unwrap();
    let system = SMatrix::<f64, 6, 6>::identity() - a;
    // The residual b - (1 - A) x is least in x₀ + span(b, (1 - A) b, …), whose images are kept orthonormal.
    let mut images: Vec<SVector<f64, 6>> = vec![];
    let (mut x, mut residual) = (SVector::<f64, 6>::zeros(), b);
    let inverse = system.try_inverse().unwrap();
    for k in 0..5 {
        let _ = method.step(&mut state, &mut map).unwrap();
        let expected = a * x + b;
        assert!((state.iterate() - expected).amax() < 1e-9, "{k}: {} {expected}", state.iterate());
        let mut image = system * images.last().copied().unwrap_or(b);
        for _ in 0..2 {
            image = images.iter().fold(image, |image, q| image - q * q.dot(&image));
        }
        images.push(image.normalize());
        let share = images[k].dot(&residual);
        residual -= images[k] * share;
        x += inverse * images[k] * share;
    }
}

/// The value never rises at an extrapolated point that is taken, and many fewer steps are needed than without.
#[test]
fn over_a_gradient_step_the_value_falls() {
    fn run<const M: usize>(budget: u32) -> (f64, Status) {
        let mut step = GradientStep { inner: Forward(Rosenbrock), rate: 1e-3 };
        let method = Anderson { residual_tolerance: 1e-10, ..Anderson::default() };
        let mut state = AndersonState::<f64, 2, M>::new(point(Rosenbrock::START));
        let mut last = f64::INFINITY;
        let mut status = Status::Running;
        for _ in 0..budget {
            status = method.step(&mut state, &mut step).unwrap();
            let Ok(value) = Forward(Rosenbrock).value(state.iterate());
            assert!(value <= last * (1.0 + 1e-12) + 1e-30, "{value} after {last}");
            last = value;
            if status != Status::Running {
                break;
            }
        }
        (state.value(), status)
    }
    let (value, status) = run::<2>(2000);
    assert!(status == CONVERGED && value < 1e-12, "{value:e} {status}");
    let (plain, status) = run::<0>(2000);
    assert!(status == Status::Running && plain > 1e3 * value);
}

/// Equal differences are left out; a flat map, one variable, a map that leaves its domain.
#[test]
fn edges_are_told() {
    // Both coordinates contract alike: all differences are parallel.
    let mut alike = map_fn(|x: &SVector<f64, 2>| x * 0.5 + vector![1.0, 2.0]);
    let (state, status): (AndersonState<f64, 2>, _) =
        Anderson::default().solve(vector![0.0, 0.0], &mut alike, 10).unwrap();
    assert!(status == CONVERGED && (state.x() - vector![2.0, 4.0]).amax() < 1e-14);
    let mut cosine = map_fn(|x: &SVector<f32, 1>| x.map(Number::cos));
    let (state, status): (AndersonState<f32, 1>, _) = Anderson::default().solve(vector![1.0], &mut cosine, 20).unwrap();
    assert!(status == CONVERGED && (state.x()[0] - 0.739_085_1).abs() < 1e-4);
    let mut still = map_fn(|x: &SVector<f64, 1>| *x);
    let (state, status): (AndersonState<f64, 1>, _) = Anderson::default().solve(vector![3.0], &mut still, 20).unwrap();
    assert_eq!((status, state.value()), (CONVERGED, 0.0));
    let mut root = map_fn(|x: &SVector<f64, 1>| x.map(|x| (x - 1.0).sqrt() - 3.0));
    let (state, status): (AndersonState<f64, 1>, _) =
        Anderson::default().solve(vector![5.0], &mut root, 100_000).unwrap();
    assert!(matches!(status, Status::Stalled(Stall::NoDescent)) && state.x()[0].is_finite(), "{status}");
    let (_, status): (AndersonState<f64, 1>, _) = Anderson::default().solve(vector![0.0], &mut root, 10).unwrap();
    assert_eq!(status, Status::Stalled(Stall::NonFinite));
    let mut away = map_fn(|x: &SVector<f64, 1>| x.map(|x| x + 1.0 + x * x));
    let (_, status): (AndersonState<f64, 1>, _) = Anderson::default().solve(vector![0.0], &mut away, 100_000).unwrap();
    assert_eq!(status, Status::Stalled(Stall::NoDescent));
    for (method, error) in [
        (Anderson { mixing: 1.5, ..Anderson::default() }, ConfigError::Fraction),
        (Anderson { mixing: 0.0, ..Anderson::default() }, ConfigError::NotPositive),
        (Anderson { residual_tolerance: -1.0, ..Anderson::default() }, ConfigError::Tolerance),
    ] {
        let (_, status): (AndersonState<f64, 1>, _) = method.solve(vector![0.0], &mut away, 10).unwrap();
        assert_eq!(status, Status::Stalled(Stall::Config(error)));
    }
}

/// Mixing does not change where it ends.
#[test]
fn mixing_keeps_the_fixed_point() {
    let method = Anderson { mixing: 0.4, ..Anderson::default() };
    let (state, status): (AndersonState<f64, 3>, _) = method.solve(SVector::zeros(), &mut affine(), 40).unwrap();
    assert!(status == CONVERGED && (state.x() - vector![10.0, 2.0, 10.0 / 13.0]).amax() < 1e-6);
    let mut step = GradientStep { inner: Forward(Diagonal::new([1.0, 100.0])), rate: 0.01 };
    let (state, status): (AndersonState<f64, 2>, _) = method.solve(vector![1.0, 1.0], &mut step, 100).unwrap();
    assert!(status == CONVERGED && state.value() < 1e-10);
}
