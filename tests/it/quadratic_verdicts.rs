//! Quadratic programs at the edge of rounding, found by searching for statuses that lie: no verdict that the data contradict.

use nalgebra::{Matrix1, Matrix2, Matrix3, SMatrix, SVector, matrix, vector};
use thalweg::constrained::{DualActiveSet, DualActiveSetState, QuadraticProgram};
use thalweg::{Criterion, Method, Real, Stall, Status};

const OPTIMAL: Status = Status::Converged(Criterion::Optimal);
const UNBOUNDED: Status = Status::Stalled(Stall::Unbounded);
const INFEASIBLE: Status = Status::Stalled(Stall::Infeasible);

fn verdict<T: Real, const N: usize, const M: usize>(program: &QuadraticProgram<T, N, M>, proximity: f64) -> Status {
    let mut factored = program.factor(T::of_f64(proximity)).unwrap();
    let mut state = DualActiveSetState::new(SVector::zeros());
    let Ok(status) = DualActiveSet::default().run(&mut state, &mut factored, 20_000);
    if status == OPTIMAL {
        let (z, y) = state.multipliers(&factored);
        let worst = program.certify(state.x(), &z, &y).worst();
        assert!(worst <= T::of_f64(20.0) * T::SQRT_EPSILON, "optimal, with a residual of {worst:e}");
    }
    status
}

/// `x₁ ≤ -1`, `x₂ ≥ 0`, `x₂ ≤ x₁`, with a nearly singular Hessian.
fn contradiction<T: Real>(ridge: f64) -> Status {
    let hessian = Matrix3::new(6.0, -3.0, 3.0, -3.0, 5.0, 2.0, 3.0, 2.0, 5.0) + Matrix3::identity() * ridge;
    let of = |x: f64| T::of_f64(x);
    let mut program = QuadraticProgram::<T, 3, 1>::new(hessian.map(of), SVector::from([-1.0, -4.0, -4.0].map(of)));
    (program.upper[1], program.lower[2]) = (of(-1.0), of(0.0));
    (program.rows, program.row_upper) = (SMatrix::from([[of(0.0)], [of(-1.0)], [of(1.0)]]), SVector::from([of(0.0)]));
    verdict(&program, 0.0)
}

#[test]
fn a_contradiction_is_never_optimal() {
    for ridge in [1e-6, 1e-3, 1.0] {
        assert_ne!(contradiction::<f64>(ridge), OPTIMAL, "{ridge}");
        assert_ne!(contradiction::<f32>(ridge.max(1e-3)), OPTIMAL, "{ridge}");
    }
    assert_eq!(contradiction::<f64>(1.0), INFEASIBLE);
}

/// Curvature that is small beside the proximity is curvature all the same.
#[test]
fn small_curvature_is_not_unbounded() {
    let single =
        |h: f32, proximity| verdict(&QuadraticProgram::<f32, 1, 0>::new(Matrix1::new(h), vector![-1.0]), proximity);
    assert_ne!(single(0.01, 1.0), UNBOUNDED);
    assert_ne!(single(1e-3, 10.0), UNBOUNDED);
    let double = QuadraticProgram::<f64, 1, 0>::new(Matrix1::new(1e-4), vector![-1.0]);
    assert_ne!(verdict(&double, 1.0), UNBOUNDED);
    let uneven = QuadraticProgram::<f32, 2, 0>::new(Matrix2::new(1.0, 0.0, 0.0, 1e-6), vector![-1.0, -1e-3]);
    assert_ne!(verdict(&uneven, 1e-3), UNBOUNDED);
}

/// Linear programs whose limit is far away: `min -x₀`, `slope x₀ + x₁ ≤ limit`.
#[test]
fn a_distant_limit_is_a_limit() {
    fn distant<T: Real>(slope: f64, limit: f64, proximity: f64) -> Status {
        let of = |x: f64| T::of_f64(x);
        let mut program = QuadraticProgram::<T, 2, 1>::linear(SVector::from([of(-1.0), of(0.0)]));
        (program.lower, program.upper) = (SVector::zeros(), SVector::from([T::INFINITY, T::ONE]));
        (program.rows, program.row_upper) = (SMatrix::from([[of(slope)], [T::ONE]]), SVector::from([of(limit)]));
        verdict(&program, proximity)
    }
    for status in [
        distant::<f64>(1e-9, 1e-6, 1.0),
        distant::<f32>(3e-4, 1.0, 3e-3),
        distant::<f32>(1e-3, 1.0, 1e-4),
        distant::<f32>(3e-3, 1.0, 3e-4),
    ] {
        assert!(status != UNBOUNDED && status != INFEASIBLE, "{status:?}");
    }
    // Without the limit there is none.
    assert_eq!(distant::<f64>(0.0, 1.0, 1.0), UNBOUNDED);
    assert_eq!(distant::<f32>(0.0, 1.0, 1.0), UNBOUNDED);
}

/// Two rows that say the same beside one that nearly does: feasible, found by fuzzing.
#[test]
fn parallel_rows_are_not_a_contradiction() {
    fn parallel<T: Real>() -> Status {
        let of = |x: f64| T::of_f64(x / 16.0);
        let root = matrix![0.0, 1.0, -1.0; 0.0, 0.0, -1.0; 119.0, 0.0, -1.0].map(of);
        let hessian = root.transpose() * root + SMatrix::identity();
        let mut program = QuadraticProgram::<T, 3, 3>::new(hessian, SVector::from([of(-6.0), T::ZERO, T::ZERO]));
        program.lower = SVector::zeros();
        program.upper = SVector::from([T::of_f64(33.0), T::ZERO, T::TWO]);
        program.rows = matrix![1.0, 0.0, -47.0; 0.0, 0.0, -47.0; 0.0, 0.0, -45.0].map(of);
        program.row_lower = SVector::from([T::ONE, T::ZERO, T::ZERO]);
        program.row_upper = program.row_lower;
        verdict(&program, 0.0)
    }
    assert_eq!(parallel::<f64>(), OPTIMAL);
    assert_ne!(parallel::<f32>(), INFEASIBLE);
}
