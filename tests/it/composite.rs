//! Composite methods: published numbers, equivalences, agreement, statuses.

use core::convert::Infallible;

use nalgebra::{SMatrix, SVector, matrix, vector};
use thalweg::composite::{
    Fista, FistaState, NonconvexAccelerated, NonconvexAcceleratedState, Panoc, PanocState, ProximalGradient,
    ProximalGradientState, ProximalNewton, ProximalNewtonState, ProximalQuasiNewton, ProximalQuasiNewtonState, Restart,
    SpectralProjectedGradient, SpectralState,
};
use thalweg::penalty::{Each, ElasticNet, Interval, L1, Mcp, Penalty, Scad, Separable};
use thalweg::problem::{Counted, Curved, Forward, Function, Problem, Quadratic, gradient_fn};
use thalweg::{ConfigError, Criterion, Method, Number, Real, Stall, Status};

use crate::problems::{Valley, point};

/// How a solve ended.
#[derive(Clone, Debug)]
pub struct Outcome<const N: usize> {
    pub name: &'static str,
    pub x: SVector<f64, N>,
    pub value: f64,
    pub gap: f64,
    pub calls: u64,
    pub status: Status,
}

const BUDGET: u32 = 1_000_000;

macro_rules! outcome {
    ($name:literal, $method:expr, $state:expr, $problem:expr) => {{
        let (mut state, mut problem) = ($state, Counted::new($problem));
        let method = $method;
        let Ok(status) = method.run(&mut state, &mut problem, BUDGET);
        Outcome {
            name: $name,
            x: state.x().map(|x| x.to_f64()),
            value: state.value().to_f64(),
            gap: state.gap().to_f64(),
            calls: problem.calls(),
            status,
        }
    }};
}

/// Every method for any convex penalty that is separable, on one problem.
pub fn convex<T, const N: usize, R, P>(
    penalty: R,
    problem: &P,
    start: SVector<T, N>,
    gap_tolerance: f64,
) -> Vec<Outcome<N>>
where
    T: Real,
    R: Separable<T> + Copy,
    P: Curved<T, N> + Problem<Error = Infallible> + Clone,
{
    let gap_tolerance = T::of_f64(gap_tolerance);
    let fista = |restart| Fista { gap_tolerance, restart, ..Fista::new(penalty) };
    // What compares values ends where rounding has the last word of them.
    let by_value = |restart| Fista { gap_tolerance: gap_tolerance.max(T::SQRT_EPSILON), ..fista(restart) };
    let mut outcomes = any(penalty, problem, start, gap_tolerance);
    outcomes.extend([
        outcome!("fista", fista(Restart::Gradient), FistaState::new(start), problem.clone()),
        outcome!("fista by value", by_value(Restart::Value), FistaState::new(start), problem.clone()),
        outcome!("monotone fista", by_value(Restart::Monotone), FistaState::new(start), problem.clone()),
        outcome!(
            "spectral",
            SpectralProjectedGradient { gap_tolerance, ..SpectralProjectedGradient::new(penalty) },
            SpectralState::<T, N, 10>::new(start),
            problem.clone()
        ),
    ]);
    outcomes
}

/// Every method for any separable penalty, folded ones included.
pub fn any<T, const N: usize, R, P>(penalty: R, problem: &P, start: SVector<T, N>, gap_tolerance: T) -> Vec<Outcome<N>>
where
    T: Real,
    R: Separable<T> + Copy,
    P: Curved<T, N> + Problem<Error = Infallible> + Clone,
{
    vec![
        outcome!(
            "proximal gradient",
            ProximalGradient { gap_tolerance, ..ProximalGradient::new(penalty) },
            ProximalGradientState::new(start),
            problem.clone()
        ),
        outcome!(
            "panoc",
            Panoc { gap_tolerance, ..Panoc::new(penalty) },
            PanocState::<T, N, 5>::new(start),
            problem.clone()
        ),
        outcome!(
            "panoc+",
            Panoc { gap_tolerance, ..Panoc::plus(penalty) },
            PanocState::<T, N, 5>::new(start),
            problem.clone()
        ),
        outcome!(
            "newton",
            ProximalNewton { gap_tolerance, ..ProximalNewton::new(penalty) },
            ProximalNewtonState::new(start),
            problem.clone()
        ),
        outcome!(
            "quasi-newton",
            ProximalQuasiNewton { gap_tolerance, ..ProximalQuasiNewton::new(penalty) },
            ProximalQuasiNewtonState::new(start),
            problem.clone()
        ),
    ]
}

/// ½‖Ax - b‖² with A = [[1, 2], [3, 4], [5, 6]] and b = (1, 2, 4): structured.md E11, F = 0.4427083333 with λ = ½.
pub fn three_rows<T: Real>() -> Quadratic<T, 2> {
    let mut cost = Quadratic::zero();
    for (row, target) in [([1.0, 2.0], 1.0), ([3.0, 4.0], 2.0), ([5.0, 6.0], 4.0)] {
        cost.add_square(&point(row), T::of_f64(target), T::ONE);
    }
    cost
}

pub fn l1<T: Real>(strength: f64) -> Each<L1<T>> {
    Each(L1 { strength: T::of_f64(strength) })
}

#[test]
fn the_lasso_of_three_rows() {
    for outcome in convex(l1(0.5), &three_rows::<f64>(), vector![0.0, 0.0], 1e-11) {
        let near = if outcome.name.contains("fista") { 1e-7 } else { 1e-10 };
        assert!((outcome.x - vector![5.0 / 12.0, 13.0 / 48.0]).amax() < near, "{outcome:?}");
        assert!((outcome.value - 0.442_708_333_333_333_3).abs() < 1e-12, "{outcome:?}");
    }
    for outcome in convex(l1(0.5), &three_rows::<f32>(), vector![0.0, 0.0], 1e-4) {
        eprintln!("{outcome:?}");
        assert!((outcome.x - vector![5.0 / 12.0, 13.0 / 48.0]).amax() < 2e-3, "{outcome:?}");
        assert!((outcome.value - 0.442_708_333).abs() < 1e-5, "{outcome:?}");
    }
}
