//! The dual active set against brute force, published optima, its own certificates, and itself.

use nalgebra::SVector;
use thalweg::constrained::{DualActiveSet, DualActiveSetState, FactoredProgram, KktResidual, QuadraticProgram};
use thalweg::{Criterion, Method, Real, Stall, Status};

use crate::quadratic_cases::{Generator, boxed, brute_force, control, random, rounded};

const OPTIMAL: Status = Status::Converged(Criterion::Optimal);
const INFEASIBLE: Status = Status::Stalled(Stall::Infeasible);

/// Runs to the end; returns the status and the number of steps.
fn run<T: Real, const N: usize, const M: usize>(
    state: &mut DualActiveSetState<T, N>,
    program: &mut FactoredProgram<T, N, M>,
) -> (Status, u32) {
    for steps in 1..5_000 {
        let Ok(status) = DualActiveSet::default().step(state, program);
        if status != Status::Running {
            return (status, steps);
        }
    }
    (Status::Running, 5_000)
}

fn certify<T: Real, const N: usize, const M: usize>(
    data: &QuadraticProgram<T, N, M>,
    state: &DualActiveSetState<T, N>,
    program: &FactoredProgram<T, N, M>,
) -> KktResidual<T> {
    let (z, y) = state.multipliers(program);
    data.certify(state.x(), &z, &y)
}

/// A solve from nothing whose optimality conditions hold; returns objective and steps.
fn solved<T: Real, const N: usize, const M: usize>(data: &QuadraticProgram<T, N, M>) -> (f64, u32) {
    let mut program = data.factor(T::ZERO).unwrap();
    let mut state = DualActiveSetState::new(SVector::zeros());
    let (status, steps) = run(&mut state, &mut program);
    assert_eq!(status, OPTIMAL);
    let residual = certify(data, &state, &program);
    assert!(residual.worst() <= T::of_f64(1000.0) * T::EPSILON, "{residual:?}");
    (residual.objective.to_f64(), steps)
}

#[test]
fn the_measured_programs_have_their_published_optima() {
    let (value, steps) = solved(&boxed());
    assert!((value + 2.866_398_48).abs() < 5e-9 && steps < 20, "{value} in {steps}");
    let (value, steps) = solved(&control(5.0, 0.0));
    assert!((value + 1_951.058_787).abs() < 5e-7 && steps < 100, "{value} in {steps}");
    let (value, steps) = solved(&rounded::<f32, 10, 0>(&boxed()));
    assert!((value + 2.866_398_48).abs() < 2e-6 && steps < 20, "{value} in {steps}");
    let (value, steps) = solved(&rounded::<f32, 30, 30>(&control(5.0, 0.0)));
    assert!((value + 1_951.058_787).abs() < 2e-3 && steps < 100, "{value} in {steps}");
}

/// Random programs: the optimum of brute force, or none.
fn against_brute_force<const N: usize, const M: usize>(seed: u64, count: u32) {
    let mut generator = Generator(seed);
    let (mut optimal, mut infeasible) = (0, 0);
    for case in 0..count {
        let data = random::<N, M>(&mut generator);
        let mut program = data.factor(0.0).unwrap();
        let mut state = DualActiveSetState::new(SVector::zeros());
        let (status, _) = run(&mut state, &mut program);
        match brute_force(&data) {
            Some((value, x)) => {
                assert_eq!(status, OPTIMAL, "case {case} of {N}, {M}: {data:?}");
                let residual = certify(&data, &state, &program);
                assert!(residual.worst() <= 1e-12, "case {case} of {N}, {M}: {residual:?}");
                assert!((residual.objective - value).abs() <= 1e-9 * (1.0 + value.abs()));
                assert!((state.x() - x).amax() < 1e-6);
                optimal += 1;
            }
            None => {
                assert_eq!(status, INFEASIBLE, "case {case} of {N}, {M}: {data:?}");
                certificate(&data, &state, &program);
                infeasible += 1;
            }
        }
    }
    assert!(optimal > 0 && (infeasible > 0 || M == 0), "{optimal} and {infeasible}");
}

/// Farkas: a combination of the constraints whose left side vanishes while the right one is below zero.
fn certificate<const N: usize, const M: usize>(
    data: &QuadraticProgram<f64, N, M>,
    state: &DualActiveSetState<f64, N>,
    program: &FactoredProgram<f64, N, M>,
) {
    let (z, y) = state.multipliers(program);
    let left = z + data.rows.transpose() * y;
    let limit = |multiplier: f64, lower: f64, upper: f64| {
        if multiplier == 0.0 { 0.0 } else { multiplier * if multiplier > 0.0 { upper } else { lower } }
    };
    let right: f64 = (0..N).map(|j| limit(z[j], data.lower[j], data.upper[j])).sum::<f64>()
        + (0..M).map(|i| limit(y[i], data.row_lower[i], data.row_upper[i])).sum::<f64>();
    let size = z.amax().max(y.amax());
    assert!(left.amax() <= 1e-9 * size && right < -1e-6 * size, "{left} {right}");
}

#[test]
fn random_programs_have_the_optimum_of_brute_force() {
    against_brute_force::<1, 0>(1, 50);
    against_brute_force::<1, 3>(2, 100);
    against_brute_force::<2, 2>(3, 300);
    against_brute_force::<3, 0>(4, 100);
    against_brute_force::<3, 3>(5, 300);
    against_brute_force::<4, 2>(6, 100);
    against_brute_force::<2, 5>(7, 100);
    against_brute_force::<4, 5>(8, 12);
}
