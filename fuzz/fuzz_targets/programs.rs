//! Quadratic programs of small numbers, often degenerate or infeasible: optimal means optimal, infeasible comes with a certificate.
//! Programs of any floats end or go on, at finite points.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use nalgebra::{SMatrix, SVector};
use thalweg::constrained::{DualActiveSet, DualActiveSetState, QuadraticProgram};
use thalweg::{Criterion, Method, Real, Stall, Status};

#[derive(Arbitrary, Debug)]
struct Input {
    root: [i8; 9],
    gradient: [i8; 3],
    bounds: [(i8, u8); 3],
    rows: [i8; 12],
    limits: [(i8, u8); 4],
    /// In place of the gradient and the first row.
    wild: Option<[f32; 6]>,
}

/// A limit as wide as the second number says; none at its largest.
fn interval<T: Real>((lower, width): (i8, u8)) -> (T, T) {
    let lower = T::of_f64(f64::from(lower));
    let upper = if width == u8::MAX { T::INFINITY } else { lower + T::of_f64(f64::from(width)) };
    (lower, upper)
}

fn solve<T: Real>(input: &Input, tolerance: f64) {
    let small = |x: i8| T::of_f64(f64::from(x) / 16.0);
    let root = SMatrix::<T, 3, 3>::from_iterator(input.root.map(small));
    let hessian = root.transpose() * root + SMatrix::identity();
    let mut program = QuadraticProgram::<T, 3, 4>::new(hessian, SVector::from(input.gradient.map(small)));
    program.rows = SMatrix::from_iterator(input.rows.map(small));
    for (j, bounds) in input.bounds.into_iter().enumerate() {
        (program.lower[j], program.upper[j]) = interval(bounds);
    }
    for (i, limits) in input.limits.into_iter().enumerate() {
        (program.row_lower[i], program.row_upper[i]) = interval(limits);
    }
    if let Some(wild) = input.wild {
        let wild = wild.map(|x| T::of_f64(f64::from(x)));
        for j in 0..3 {
            program.gradient[j] = wild[j];
            program.rows[(0, j)] = wild[3 + j];
        }
    }
    let Ok(mut factored) = program.factor(T::ZERO) else { return };
    let mut state = DualActiveSetState::new(SVector::zeros());
    let Ok(status) = DualActiveSet::default().run(&mut state, &mut factored, 500);
    let (z, y) = state.multipliers(&factored);
    if input.wild.is_some() {
        assert!(!matches!(status, Status::Converged(_)) || state.x().iter().all(|x| x.is_finite()));
        return;
    }
    match status {
        Status::Converged(Criterion::Optimal) => {
            let residual = program.certify(state.x(), &z, &y);
            // Multipliers of rows that nearly depend on each other lose their digits first: all of them in f32.
            let all = if tolerance < 1e-4 { residual.worst() } else { residual.primal };
            assert!(all.to_f64() <= tolerance, "optimal, with {residual:?}");
        }
        Status::Stalled(Stall::Infeasible) => {
            // Farkas: the combination of rows vanishes, the limits named do not admit that.
            let sum = z + program.rows.transpose() * y;
            let size = z.iter().chain(y.iter()).fold(T::ZERO, |m, y| m.max(y.abs()));
            let named = |y: T, lower: T, upper: T| {
                if y > T::ZERO {
                    y * upper
                } else if y < T::ZERO {
                    y * lower
                } else {
                    T::ZERO
                }
            };
            let bounds = (0..3).fold(T::ZERO, |s, j| s + named(z[j], program.lower[j], program.upper[j]));
            let all = (0..4).fold(bounds, |s, i| s + named(y[i], program.row_lower[i], program.row_upper[i]));
            assert!(sum.iter().all(|s| s.abs().to_f64() <= tolerance * 10.0 * size.to_f64()), "{sum} of {size}");
            assert!(all < T::ZERO, "limits sum to {all}");
        }
        // Rounding may keep a degenerate program from a verdict.
        Status::Running | Status::Stalled(_) | Status::Converged(_) => assert!(state.x().iter().all(|x| x.is_finite())),
    }
}

fuzz_target!(|input: Input| {
    solve::<f32>(&input, 1e-2);
    solve::<f64>(&input, 1e-5);
});
