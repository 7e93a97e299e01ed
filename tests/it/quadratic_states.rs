//! Warm starts, saved and sliced solves of quadratic programs; linear programs; data that no solver can like.

use nalgebra::{SMatrix, SVector, matrix, vector};
use thalweg::constrained::{Active, DualActiveSet, DualActiveSetState, FactoredProgram, QuadraticProgram};
use thalweg::{ConfigError, Criterion, Method, Real, Stall, Status};

use crate::quadratic_cases::{Generator, boxed, brute_force, control, eliminate, random, rounded};

const OPTIMAL: Status = Status::Converged(Criterion::Optimal);

fn run<T: Real, const N: usize, const M: usize>(
    state: &mut DualActiveSetState<T, N>,
    program: &mut FactoredProgram<T, N, M>,
) -> Status {
    let Ok(status) = DualActiveSet::default().run(state, program, 5_000);
    status
}

#[test]
fn a_warm_start_ends_where_a_cold_one_does() {
    let mut generator = Generator(11);
    let first = random::<4, 3>(&mut generator);
    let mut program = first.factor(0.0).unwrap();
    let mut warm = DualActiveSetState::new(SVector::zeros());
    let (mut optimal, mut infeasible) = (0, 0);
    for case in 0..300 {
        let other = random::<4, 3>(&mut generator);
        let data = QuadraticProgram { hessian: first.hessian, rows: first.rows, ..other };
        program.set_gradient(&data.gradient);
        program.set_bounds(&data.lower, &data.upper).unwrap();
        program.set_row_limits(&data.row_lower, &data.row_upper).unwrap();
        if case % 3 == 0 {
            warm.rebuild();
        } else {
            warm.restart();
        }
        // A guess, right or wrong.
        warm.guess(Active { constraint: (case % 7) as u16, upper: case % 2 == 0 });
        let mut cold = DualActiveSetState::new(SVector::zeros());
        let (warmly, coldly) = (run(&mut warm, &mut program), run(&mut cold, &mut program));
        assert_eq!(warmly, coldly, "case {case}: {data:?}");
        if warmly == OPTIMAL {
            let (z, y) = warm.multipliers(&program);
            let residual = data.certify(warm.x(), &z, &y);
            assert!(residual.worst() < 1e-11, "case {case}: {residual:?}");
            assert!((warm.x() - cold.x()).amax() < 1e-8 * (1.0 + cold.x().amax()), "case {case}");
            optimal += 1;
        } else {
            assert_eq!(warmly, Status::Stalled(Stall::Infeasible), "case {case}");
            infeasible += 1;
        }
    }
    assert!(optimal > 50 && infeasible > 20, "{optimal}, {infeasible}");
}

#[test]
fn a_warm_start_takes_fewer_steps() {
    let data = control(5.0, 0.0);
    let mut program = data.factor(0.0).unwrap();
    let mut state = DualActiveSetState::new(SVector::zeros());
    let cold = DualActiveSet::default().steps(&mut state, &mut program).count();
    program.set_gradient(&control(4.99, 0.0).gradient);
    state.restart();
    let warm = DualActiveSet::default().steps(&mut state, &mut program).count();
    assert!(cold > 20 && warm <= 5, "{cold}, {warm}");
}

#[test]
fn a_solve_in_slices_or_read_back_is_the_whole() {
    let data = rounded::<f32, 30, 30>(&control(5.0, 0.0));
    let mut program = data.factor(0.0).unwrap();
    let mut whole = DualActiveSetState::new(SVector::zeros());
    let status = run(&mut whole, &mut program);
    let mut sliced = DualActiveSetState::new(SVector::zeros());
    let mut after = Status::Running;
    while after == Status::Running {
        let Ok(next) = DualActiveSet::default().run(&mut sliced, &mut program, 3);
        after = next;
        #[cfg(feature = "serde")]
        {
            sliced = postcard::from_bytes(&postcard::to_stdvec(&sliced).unwrap()).unwrap();
            program = postcard::from_bytes(&postcard::to_stdvec(&program).unwrap()).unwrap();
        }
        sliced = sliced.clone();
    }
    assert_eq!((status, &whole), (after, &sliced));
    // The end is the end.
    assert_eq!((run(&mut sliced, &mut program), &sliced), (status, &whole));
}

#[test]
fn single_precision_has_the_optimum_of_brute_force() {
    let mut generator = Generator(21);
    let mut optimal = 0;
    for case in 0..100 {
        let exact = random::<3, 2>(&mut generator);
        let data = rounded::<f32, 3, 2>(&exact);
        let mut program = data.factor(0.0).unwrap();
        let mut state = DualActiveSetState::new(SVector::zeros());
        let status = run(&mut state, &mut program);
        match brute_force(&exact) {
            Some((value, _)) => {
                assert_eq!(status, OPTIMAL, "case {case}: {exact:?}");
                let (z, y) = state.multipliers(&program);
                let residual = data.certify(state.x(), &z, &y);
                assert!(residual.worst() <= 2e-5, "case {case}: {residual:?}");
                assert!((f64::from(residual.objective) - value).abs() <= 1e-4 * (1.0 + value.abs()), "case {case}");
                optimal += 1;
            }
            None => assert_eq!(status, Status::Stalled(Stall::Infeasible), "case {case}: {exact:?}"),
        }
    }
    assert!(optimal > 30);
}

/// The least cost at a vertex.
fn vertices(program: &QuadraticProgram<f64, 3, 3>) -> Option<f64> {
    let normal = |c: usize, j: usize| if c < 3 { f64::from(u8::from(c == j)) } else { program.rows[(c - 3, j)] };
    let limits = |c: usize| {
        if c < 3 { [program.lower[c], program.upper[c]] } else { [program.row_lower[c - 3], program.row_upper[c - 3]] }
    };
    let mut least: Option<f64> = None;
    for code in 0..12 * 12 * 12 {
        let chosen = [code % 12, code / 12 % 12, code / 144];
        let limit = |k: usize| limits(chosen[k] / 2)[chosen[k] % 2];
        if (0..3).any(|k| !limit(k).is_finite()) {
            continue;
        }
        let equations = (0..3).map(|k| (0..3).map(|j| normal(chosen[k] / 2, j)).chain([limit(k)]).collect()).collect();
        let Some(x) = eliminate(equations) else { continue };
        let feasible = (0..6).all(|c| {
            let value: f64 = (0..3).map(|j| normal(c, j) * x[j]).sum();
            value >= limits(c)[0] - 1e-9 && value <= limits(c)[1] + 1e-9
        });
        let cost: f64 = (0..3).map(|j| program.gradient[j] * x[j]).sum();
        if feasible && least.is_none_or(|least| cost < least) {
            least = Some(cost);
        }
    }
    least
}

#[test]
fn linear_programs_have_the_cost_of_the_best_vertex() {
    let mut generator = Generator(31);
    let (mut optimal, mut infeasible) = (0, 0);
    for case in 0..200 {
        let mut data = QuadraticProgram { hessian: SMatrix::zeros(), ..random::<3, 3>(&mut generator) };
        for j in 0..3 {
            (data.lower[j], data.upper[j]) = (data.lower[j].max(-5.0), data.upper[j].min(5.0));
        }
        let mut program = data.factor(1.0).unwrap();
        let mut state = DualActiveSetState::new(SVector::zeros());
        let status = run(&mut state, &mut program);
        match vertices(&data) {
            Some(cost) => {
                assert_eq!(status, OPTIMAL, "case {case}: {data:?}");
                let (z, y) = state.multipliers(&program);
                let residual = data.certify(state.x(), &z, &y);
                assert!(residual.worst() < 1e-10 && (residual.objective - cost).abs() < 1e-9, "{case}: {residual:?}");
                optimal += 1;
            }
            None => {
                assert_eq!(status, Status::Stalled(Stall::Infeasible), "case {case}: {data:?}");
                infeasible += 1;
            }
        }
    }
    assert!(optimal > 50 && infeasible > 20, "{optimal}, {infeasible}");
}

#[test]
fn a_program_without_a_least_value_is_unbounded() {
    let mut linear = QuadraticProgram::<f64, 2, 1>::linear(vector![-1.0, -1.0]);
    (linear.rows, linear.row_upper) = (matrix![1.0, -1.0], vector![2.0]);
    let status = run(&mut DualActiveSetState::new(SVector::zeros()), &mut linear.factor(1.0).unwrap());
    assert_eq!(status, Status::Stalled(Stall::Unbounded));
    // Flat along (1, -1), and falling there.
    let flat = QuadraticProgram::<f64, 2, 0>::new(matrix![1.0, 1.0; 1.0, 1.0], vector![1.0, 0.0]);
    assert_eq!(flat.factor(0.0).unwrap_err(), ConfigError::Indefinite);
    let status = run(&mut DualActiveSetState::new(SVector::zeros()), &mut flat.factor(1e-3).unwrap());
    assert_eq!(status, Status::Stalled(Stall::Unbounded));
}

fn bad_data<T: Real>() {
    let (one, nan) = (T::ONE, T::NAN);
    let good = || rounded::<T, 10, 0>(&boxed());
    let mut data = good();
    data.hessian[(3, 2)] = nan;
    assert_eq!(data.factor(T::ZERO).unwrap_err(), ConfigError::Indefinite);
    data = good();
    data.lower[1] = nan;
    assert_eq!(data.factor(T::ZERO).unwrap_err(), ConfigError::Bounds);
    data = good();
    data.lower[1] = one;
    assert_eq!(data.factor(T::ZERO).unwrap_err(), ConfigError::Bounds);
    assert_eq!(good().factor(-one).unwrap_err(), ConfigError::NotPositive);

    data = good();
    data.gradient[4] = nan;
    let mut program = data.factor(T::ZERO).unwrap();
    let mut state = DualActiveSetState::new(SVector::zeros());
    assert_eq!(run(&mut state, &mut program), Status::Stalled(Stall::NonFinite));
    // And a good gradient afterwards is solved.
    program.set_gradient(&good().gradient);
    state.restart();
    assert_eq!(run(&mut state, &mut program), OPTIMAL);

    let mut rows = QuadraticProgram::<T, 1, 2>::new(SMatrix::from_element(one), SVector::from_element(one));
    rows.rows = SMatrix::<T, 2, 1>::from([[one, nan]]);
    let status = run(&mut DualActiveSetState::new(SVector::zeros()), &mut rows.factor(T::ZERO).unwrap());
    assert_eq!(status, Status::Stalled(Stall::NonFinite));
    // A row of zeros holds or not.
    rows.rows = SMatrix::zeros();
    assert_eq!(run(&mut DualActiveSetState::new(SVector::zeros()), &mut rows.factor(T::ZERO).unwrap()), OPTIMAL);
    rows.row_lower = SVector::from_element(one);
    let status = run(&mut DualActiveSetState::new(SVector::zeros()), &mut rows.factor(T::ZERO).unwrap());
    assert_eq!(status, Status::Stalled(Stall::Infeasible));

    let method = DualActiveSet { pivot_tolerance: nan, ..DualActiveSet::default() };
    let Ok(status) = method.run(&mut DualActiveSetState::new(SVector::zeros()), &mut program, 3);
    assert_eq!(status, Status::Stalled(Stall::Config(ConfigError::Tolerance)));
}

#[test]
fn bad_data_end_in_an_honest_status() {
    bad_data::<f64>();
    bad_data::<f32>();
}

#[test]
fn a_program_prepared_in_place_is_the_factored_one() {
    let data = boxed();
    let mut program = FactoredProgram::zero();
    let mut state = DualActiveSetState::new(SVector::zeros());
    assert_eq!(run(&mut state, &mut program), Status::Stalled(Stall::NonFinite));
    program.prepare(&control(5.0, 0.0), 0.0).unwrap();
    program.prepare(&control(4.0, 0.0), 1.0).unwrap();
    assert_eq!(program, control(4.0, 0.0).factor(1.0).unwrap());
    let mut other = data.factor(0.0).unwrap();
    assert_eq!(other.prepare(&data, -1.0), Err(ConfigError::NotPositive));
    let status = run(&mut DualActiveSetState::new(SVector::zeros()), &mut other);
    assert_eq!(status, Status::Stalled(Stall::NonFinite));
}
