//! The augmented Lagrangian method against closed forms, and problems without a solution. The Hock-Schittkowski problems are
//! in a table of their own.

use nalgebra::{SVector, vector};
use thalweg::constrained::{AugmentedLagrangian, AugmentedLagrangianState, ConstrainedFunction};
use thalweg::least_squares::Bounds;
use thalweg::problem::{Counted, Forward};
use thalweg::{ConfigError, Criterion, Method, Number, Real, Stall, Status};

use crate::problems::{distance, point};

const CONVERGED: Status = Status::Converged(Criterion::Residual);

/// A nonlinear program from a function that cannot be a closure, being generic.
macro_rules! program {
    ($name:ident, $n:literal, $m:literal, |$x:ident| $body:expr) => {
        #[derive(Clone, Copy)]
        struct $name;
        impl<T: Real> ConstrainedFunction<T, $n, $m> for $name {
            fn evaluate<D: Number<Scalar = T>>(&self, $x: &[D; $n]) -> (D, [D; $m]) {
                $body
            }
        }
    };
}

program!(Nearest, 2, 1, |x| ((x[0] * x[0] + x[1] * x[1]).scale(T::HALF), [x[0] + x[1]]));
program!(Circle, 2, 1, |x| (x[0] + x[1], [x[0] * x[0] + x[1] * x[1]]));
program!(Apart, 2, 2, |x| (x[0] * x[0] + x[1] * x[1], [x[0], x[0] + (x[1] * x[1]).scale(T::of_f64(0.1))]));
program!(Downhill, 1, 1, |x| (x[0], [x[0]]));
program!(Root, 1, 1, |x| (x[0], [x[0].sqrt()]));

/// structured.md E1: `½‖x‖²` on `x₀ + x₁ = 1`, with λ = -½. E2: the lowest point of `x₀ + x₁` on a circle, λ = ½.
fn closed_forms<T: Real>(digits: f64) {
    let limit = point::<T, 1>([1.0]);
    let method = AugmentedLagrangian::new(limit, limit);
    let (state, status) = method.solve(point([0.0, 0.0]), &mut Forward(Nearest), 500).unwrap();
    assert_eq!(status, CONVERGED);
    assert!(distance(state.x(), &point([0.5, 0.5])) < digits && distance(state.multipliers(), &point([-0.5])) < digits);
    let limit = point::<T, 1>([2.0]);
    let method = AugmentedLagrangian::new(limit, limit);
    let mut problem = Counted::new(Forward(Circle));
    let (state, status) = method.solve(point([-2.0, 0.5]), &mut problem, 500).unwrap();
    assert_eq!(status, CONVERGED);
    assert!(distance(state.x(), &point([-1.0, -1.0])) < digits, "{}", state.x());
    assert!(distance(state.multipliers(), &point([0.5])) < digits, "{}", state.multipliers());
    assert!(problem.gradients < 60, "{}", problem.gradients);
    assert!(state.certificate().worst() <= method.residual_tolerance);
}

#[test]
fn equations_with_a_closed_form() {
    closed_forms::<f32>(2e-3);
    closed_forms::<f64>(1e-7);
}

/// Limits on either side, and a bound instead: the sign of the multiplier names the side.
#[test]
fn the_sign_of_a_multiplier_names_the_side() {
    let solve = |lower: f64, upper: f64| {
        let method = AugmentedLagrangian::new(vector![lower], vector![upper]);
        let (state, status) = method.solve(vector![0.3, 0.1], &mut Forward(Nearest), 500).unwrap();
        assert_eq!(status, CONVERGED);
        (*state.x(), state.multipliers()[0])
    };
    let (x, y) = solve(1.0, f64::INFINITY);
    assert!((x - vector![0.5, 0.5]).amax() < 1e-7 && (y + 0.5).abs() < 1e-7);
    let (x, y) = solve(f64::NEG_INFINITY, -1.0);
    assert!((x + vector![0.5, 0.5]).amax() < 1e-7 && (y - 0.5).abs() < 1e-7);
    let (x, y) = solve(-1.0, 1.0);
    assert!(x.amax() < 1e-7 && y == 0.0);
    let bounds = Bounds::new(vector![2.0, f64::NEG_INFINITY], vector![f64::INFINITY, -0.5]);
    let method = AugmentedLagrangian::new(vector![1.0], vector![1.0]).within(bounds);
    let (state, status) = method.solve(vector![9.0, 9.0], &mut Forward(Nearest), 500).unwrap();
    assert_eq!(status, CONVERGED);
    assert!((state.x() - vector![2.0, -1.0]).amax() < 1e-7, "{}", state.x());
}

/// Multipliers from a problem alike spare evaluations.
#[test]
fn a_warm_start_is_cheaper() {
    let method = AugmentedLagrangian::new(vector![2.0], vector![2.0]);
    let mut problem = Counted::new(Forward(Circle));
    let (cold, _) = method.solve(vector![-2.0, 0.5], &mut problem, 500).unwrap();
    let calls = problem.gradients;
    let nearby = AugmentedLagrangian::new(vector![2.01], vector![2.01]);
    let mut state = AugmentedLagrangianState::warm(*cold.x(), *cold.multipliers());
    let mut problem = Counted::new(Forward(Circle));
    assert_eq!(nearby.run(&mut state, &mut problem, 500).unwrap(), CONVERGED);
    assert!(problem.gradients * 2 < calls, "{} {calls}", problem.gradients);
}

/// No point satisfies `x₀ ≤ -1` and `x₀ + x₁²/10 = -3` with `x₁` real and `x₀ ≥ -2`.
#[test]
fn constraints_that_contradict_each_other_are_told() {
    let bounds = Bounds::new(vector![-2.0, -5.0], vector![5.0, 5.0]);
    let method = AugmentedLagrangian::new(vector![f64::NEG_INFINITY, -3.0], vector![-1.0, -3.0]).within(bounds);
    let (state, status) = method.solve(vector![1.0, 1.0], &mut Forward(Apart), 5000).unwrap();
    assert_eq!(status, Status::Stalled(Stall::Infeasible));
    assert!(state.certificate().primal > 0.1 && state.x().iter().all(|x| x.is_finite()));
}

/// Values that are not finite: at the start a stall, in a trial a shorter step.
#[test]
fn a_domain_is_respected() {
    let method = AugmentedLagrangian::new(vector![0.25], vector![f64::INFINITY]);
    let (_, status) = method.solve(vector![-1.0], &mut Forward(Root), 500).unwrap();
    assert_eq!(status, Status::Stalled(Stall::NonFinite));
    let (state, status) = method.solve(vector![4.0], &mut Forward(Root), 500).unwrap();
    assert_eq!(status, CONVERGED);
    assert!((state.x()[0] - 0.0625).abs() < 1e-7, "{}", state.x());
}

/// An objective without a minimum ends without a claim, at a finite point.
#[test]
fn no_minimum_is_not_converged() {
    let free = AugmentedLagrangian::new(vector![f64::NEG_INFINITY], vector![1.0]);
    let (state, status) = free.solve(vector![0.0], &mut Forward(Downhill), 3000).unwrap();
    assert!(!matches!(status, Status::Converged(_)) && state.x()[0].is_finite(), "{status:?}");
}

#[test]
fn bad_parameters_are_told() {
    let good = AugmentedLagrangian::<f64, 2, 1>::new(vector![0.0], vector![1.0]);
    let nan = SVector::from_element(f64::NAN);
    for (method, error) in [
        (AugmentedLagrangian { lower: vector![2.0], ..good }, ConfigError::Bounds),
        (AugmentedLagrangian { residual_tolerance: -1.0, ..good }, ConfigError::Tolerance),
        (good.within(Bounds::new(nan, nan)), ConfigError::Bounds),
    ] {
        let (_, status) = method.solve(vector![1.0, 1.0], &mut Forward(Circle), 10).unwrap();
        assert_eq!(status, Status::Stalled(Stall::Config(error)));
    }
}
