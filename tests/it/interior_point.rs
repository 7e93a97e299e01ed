//! The interior point method against published optima, closed forms, brute force, the dual active set, and itself.

use nalgebra::{Matrix2, Matrix3, SMatrix, SVector, Vector2, matrix, vector};
use thalweg::constrained::{
    ConeProgram, DualActiveSet, DualActiveSetState, InteriorPoint, InteriorPointState, QuadraticProgram,
};
use thalweg::{ConfigError, Criterion, Method, Real, Stall, Status};

use crate::quadratic_cases::{Generator, boxed, brute_force, control, random, rounded};

const CONVERGED: Status = Status::Converged(Criterion::Residual);
const INFEASIBLE: Status = Status::Stalled(Stall::Infeasible);
const UNBOUNDED: Status = Status::Stalled(Stall::Unbounded);

/// Runs to the end; returns the status and the number of steps.
fn run<T: Real, const N: usize, const M: usize, const E: usize, const C: usize, const K: usize>(
    state: &mut InteriorPointState<T, N, M, E>,
    program: &mut ConeProgram<T, N, M, E, C, K>,
) -> (Status, u32) {
    for steps in 1..200 {
        let Ok(status) = InteriorPoint::default().step(state, program);
        if status != Status::Running {
            return (status, steps);
        }
    }
    (Status::Running, 200)
}

/// A solve from zero that converges within the steps; its state.
fn solved<T: Real, const N: usize, const M: usize, const E: usize, const C: usize, const K: usize>(
    program: &ConeProgram<T, N, M, E, C, K>,
    most: u32,
) -> InteriorPointState<T, N, M, E> {
    let mut state = InteriorPointState::new(SVector::zeros());
    let (status, steps) = run(&mut state, &mut program.clone());
    assert!(status == CONVERGED && steps <= most, "{status:?} in {steps}, residual {}", state.residual());
    let (y, z) = state.multipliers();
    assert_eq!(program.certify(state.x(), y, z).worst(), state.residual());
    state
}

/// The same data in another precision.
fn cast<T: Real, const N: usize, const M: usize, const E: usize, const C: usize, const K: usize>(
    program: &ConeProgram<f64, N, M, E, C, K>,
) -> ConeProgram<T, N, M, E, C, K> {
    ConeProgram {
        hessian: program.hessian.map(T::of_f64),
        gradient: program.gradient.map(T::of_f64),
        rows: program.rows.map(T::of_f64),
        limits: program.limits.map(T::of_f64),
        equations: program.equations.map(T::of_f64),
        targets: program.targets.map(T::of_f64),
    }
}

/// Nocedal & Wright, "Numerical optimization", example 16.4.
fn textbook<T: Real>() -> ConeProgram<T, 2, 5> {
    let mut program = ConeProgram::new(Matrix2::identity() * 2.0, vector![-2.0, -5.0]);
    program.rows = matrix![-1.0, 2.0; 1.0, 2.0; 1.0, -2.0; -1.0, 0.0; 0.0, -1.0];
    program.limits = vector![2.0, 6.0, 2.0, 0.0, 0.0];
    cast(&program)
}

fn textbook_optimum<T: Real>(tolerance: f64) {
    let mut program = textbook::<T>();
    let ones = SVector::repeat(T::ONE);
    for mut state in
        [InteriorPointState::inside(SVector::zeros(), ones, ones), InteriorPointState::new(SVector::zeros())]
    {
        let (status, steps) = run(&mut state, &mut program);
        assert!(status == CONVERGED && steps <= 10, "{status:?} in {steps}");
        assert!((state.x().map(T::to_f64) - vector![1.4, 1.7]).amax() < tolerance, "{}", state.x());
        assert!((program.objective(state.x()).to_f64() + 6.45).abs() < tolerance);
        let z = state.multipliers().1.map(T::to_f64);
        assert!((z - vector![0.8, 0.0, 0.0, 0.0, 0.0]).amax() < tolerance, "{z}");
    }
}

#[test]
fn the_textbook_program_has_its_published_optimum() {
    textbook_optimum::<f64>(1e-8);
    textbook_optimum::<f32>(3e-4);
}

#[test]
fn the_measured_programs_have_their_published_optima() {
    let program = ConeProgram::<f64, 10, 20>::from(&boxed());
    let value = program.objective(solved(&program, 15).x());
    assert!((value + 2.866_398_48).abs() < 5e-9, "{value}");
    let program = ConeProgram::<f64, 30, 120>::from(&control(5.0, 0.0));
    let value = program.objective(solved(&program, 25).x());
    assert!((value + 1_951.058_787).abs() < 1e-6, "{value}");
    let program = ConeProgram::<f32, 10, 20>::from(&rounded::<f32, 10, 0>(&boxed()));
    let value = program.objective(solved(&program, 15).x());
    assert!((value + 2.866_398_5).abs() < 3e-4, "{value}");
}

/// Random programs with limits and equations of every kind: the optimum of the dual active set and of brute force.
fn against_others<const N: usize, const Q: usize, const M: usize, const E: usize>(seed: u64, count: u32) {
    let mut generator = Generator(seed);
    let (mut optimal, mut infeasible) = (0, 0);
    for case in 0..count {
        let data = random::<N, Q>(&mut generator);
        let mut program = ConeProgram::<f64, N, M, E>::from(&data);
        let mut state = InteriorPointState::new(SVector::zeros());
        let (status, steps) = run(&mut state, &mut program);
        let what = format!("case {case} of {N}, {Q}: {status:?} in {steps}, residual {}", state.residual());
        match brute_force(&data) {
            Some((value, x)) => {
                assert_eq!(status, CONVERGED, "{what}");
                assert!(steps <= 40, "{what}");
                assert!((program.objective(state.x()) - value).abs() <= 1e-6 * (1.0 + value.abs()), "{what}");
                assert!((state.x() - x).amax() < 1e-3, "{what}");
                let mut factored = data.factor(0.0).unwrap();
                let (rival, _) = DualActiveSet::default().solve(SVector::zeros(), &mut factored, 500).unwrap();
                let rival: DualActiveSetState<f64, N> = rival;
                assert!((state.x() - rival.x()).amax() < 1e-3, "{what}");
                optimal += 1;
            }
            None => {
                assert_eq!(status, INFEASIBLE, "{what}");
                certificate(&program, &state);
                infeasible += 1;
            }
        }
    }
    assert!(optimal > 0 && infeasible > 0, "{optimal} and {infeasible}");
}

/// Farkas: multipliers in the cones whose combination of the constraints vanishes, while its right side is below zero.
fn certificate<const N: usize, const M: usize, const E: usize, const C: usize, const K: usize>(
    program: &ConeProgram<f64, N, M, E, C, K>,
    state: &InteriorPointState<f64, N, M, E>,
) {
    let (y, z) = state.multipliers();
    let left = program.equations.transpose() * y + program.rows.transpose() * z;
    assert!(left.amax() <= 1e-7, "{left}");
    assert!((program.targets.dot(y) + program.limits.dot(z) + 1.0).abs() < 1e-9);
}

#[test]
fn random_programs_have_the_optimum_of_the_others() {
    against_others::<1, 1, 4, 2>(1, 100);
    against_others::<2, 2, 8, 4>(2, 200);
    against_others::<3, 2, 10, 5>(3, 200);
    against_others::<4, 3, 14, 7>(4, 60);
}

#[test]
fn equations_may_be_pairs_of_rows() {
    against_others::<2, 2, 8, 0>(5, 200);
}

fn nearest_in_the_cone<T: Real>(point: [f64; 3], expected: [f64; 3], tolerance: f64) {
    let mut program: ConeProgram<f64, 3, 3, 0, 1, 3> = ConeProgram::new(Matrix3::identity(), -SVector::from(point));
    (program.rows, program.limits) = (-Matrix3::identity(), SVector::zeros());
    let state = solved(&cast::<T, 3, 3, 0, 1, 3>(&program), 15);
    assert!((state.x().map(T::to_f64) - SVector::from(expected)).amax() < tolerance, "{}", state.x());
}

#[test]
fn projections_onto_the_second_order_cone_have_their_closed_form() {
    for (point, expected) in [
        ([3.0, 4.0, 1.0], [1.8, 2.4, 3.0]),
        ([3.0, 4.0, 6.0], [3.0, 4.0, 6.0]),
        ([3.0, 4.0, -6.0], [0.0; 3]),
        ([0.0, 0.0, 2.0], [0.0, 0.0, 2.0]),
    ] {
        nearest_in_the_cone::<f64>(point, expected, 1e-5);
        nearest_in_the_cone::<f32>(point, expected, 1e-2);
    }
    nearest_in_the_cone::<f64>([3.0, 4.0, 1.0], [1.8, 2.4, 3.0], 1e-8);
    nearest_in_the_cone::<f32>([3.0, 4.0, 1.0], [1.8, 2.4, 3.0], 1e-3);
}

/// `min t` with `‖x‖ ≤ t` and `A x = b`: `x = Aᵀ (A Aᵀ)⁻¹ b`, a cone program without curvature.
fn shortest<T: Real>(tolerance: f64) {
    let a = matrix![1.0, 2.0, -1.0, 0.5; 0.0, 1.0, 3.0, -2.0];
    let b = vector![3.0, -1.0];
    let expected = a.transpose() * (a * a.transpose()).try_inverse().unwrap() * b;
    let mut program: ConeProgram<f64, 5, 5, 2, 1, 5> =
        ConeProgram::new(SMatrix::zeros(), vector![0.0, 0.0, 0.0, 0.0, 1.0]);
    (program.rows, program.limits) = (-SMatrix::identity(), SVector::zeros());
    program.equations = SMatrix::from_fn(|i, j| if j < 4 { a[(i, j)] } else { 0.0 });
    program.targets = b;
    let state = solved(&cast::<T, 5, 5, 2, 1, 5>(&program), 15);
    let x = state.x().map(T::to_f64);
    assert!((x.fixed_rows::<4>(0) - expected).amax() < tolerance && (x[4] - expected.norm()).abs() < tolerance, "{x}");
}

#[test]
fn the_shortest_solution_of_equations_has_its_closed_form() {
    shortest::<f64>(1e-7);
    shortest::<f32>(2e-3);
}

/// `max x₀ + x₁` with `aᵀx + ‖P x‖ ≤ 1` for all of four constraints whose normals are known up to an ellipse.
#[test]
fn a_robust_linear_program_has_the_optimum_of_brute_force() {
    let normals = [vector![1.0, 0.2], vector![-0.3, 1.0], vector![-1.0, -0.1], vector![0.1, -1.0]];
    let shape = matrix![0.2, 0.05; 0.0, 0.3];
    let gradient = vector![-1.0, -1.0];
    let mut program: ConeProgram<f64, 2, 12, 0, 4, 3> = ConeProgram::new(Matrix2::zeros(), gradient);
    for (i, a) in normals.iter().enumerate() {
        for j in 0..2 {
            program.rows[(3 * i, j)] = -shape[(0, j)];
            program.rows[(3 * i + 1, j)] = -shape[(1, j)];
            program.rows[(3 * i + 2, j)] = a[j];
        }
        program.limits[3 * i + 2] = 1.0;
    }
    let x = *solved(&program, 20).x();
    // The set contains zero, so that along each angle it ends at one radius, where the constraint is homogeneous.
    let value = |angle: f64| {
        let direction = Vector2::new(angle.cos(), angle.sin());
        let speed = normals.iter().map(|a| a.dot(&direction) + (shape * direction).norm()).fold(0.0, f64::max);
        gradient.dot(&direction) / speed
    };
    let (mut center, mut width) = (0.0, core::f64::consts::TAU);
    for _ in 0..6 {
        let angles = (-500..=500).map(|k| center + width * f64::from(k) / 1000.0);
        center = angles.min_by(|&a, &b| value(a).total_cmp(&value(b))).unwrap();
        width /= 100.0;
    }
    let best = value(center);
    assert!((program.objective(&x) - best).abs() < 1e-8, "{} and {best}", program.objective(&x));
    let single = solved(&cast::<f32, 2, 12, 0, 4, 3>(&program), 20);
    assert!((program.objective(&single.x().map(f64::from)) - best).abs() < 1e-3);
}

fn infeasible_and_unbounded<T: Real>() {
    // x ≤ -1 and x ≥ 1.
    let mut program: ConeProgram<f64, 1, 2> = ConeProgram::new(matrix![1.0], vector![0.5]);
    (program.rows, program.limits) = (matrix![1.0; -1.0], vector![-1.0, -1.0]);
    let mut state = InteriorPointState::new(SVector::zeros());
    assert_eq!(run(&mut state, &mut cast::<T, 1, 2, 0, 0, 1>(&program)).0, INFEASIBLE);
    // ‖(x₀, 2)‖ ≤ 1.
    let mut program: ConeProgram<f64, 1, 3, 0, 1, 3> = ConeProgram::new(matrix![0.0], vector![1.0]);
    (program.rows, program.limits) = (matrix![-1.0; 0.0; 0.0], vector![0.0, 2.0, 1.0]);
    let mut state = InteriorPointState::new(SVector::zeros());
    assert_eq!(run(&mut state, &mut cast::<T, 1, 3, 0, 1, 3>(&program)).0, INFEASIBLE);
    // Equations that contradict each other.
    let mut program: ConeProgram<f64, 2, 1, 2> = ConeProgram::new(Matrix2::identity(), vector![0.0, 1.0]);
    (program.equations, program.targets) = (matrix![1.0, 1.0; 2.0, 2.0], vector![1.0, 3.0]);
    let mut state = InteriorPointState::new(SVector::zeros());
    assert_eq!(run(&mut state, &mut cast::<T, 2, 1, 2, 0, 1>(&program)).0, INFEASIBLE);

    // min -x₀ with x ≥ 0, curvature only along x₁.
    let mut program: ConeProgram<f64, 2, 2> = ConeProgram::new(matrix![0.0, 0.0; 0.0, 1.0], vector![-1.0, -1.0]);
    (program.rows, program.limits) = (-Matrix2::identity(), SVector::zeros());
    let mut state = InteriorPointState::new(SVector::zeros());
    assert_eq!(run(&mut state, &mut cast::<T, 2, 2, 0, 0, 1>(&program)).0, UNBOUNDED);
    // max x₀ in the cone x₂ ≥ ‖(x₀, x₁)‖.
    let mut program: ConeProgram<f64, 3, 3, 0, 1, 3> = ConeProgram::new(Matrix3::zeros(), vector![-1.0, 0.0, 0.5]);
    program.rows = -Matrix3::identity();
    program.limits = SVector::zeros();
    let mut state = InteriorPointState::new(SVector::zeros());
    assert_eq!(run(&mut state, &mut cast::<T, 3, 3, 0, 1, 3>(&program)).0, UNBOUNDED);
    // No constraint at all.
    let program: ConeProgram<f64, 2, 0> = ConeProgram::new(Matrix2::zeros(), vector![1.0, 0.0]);
    let mut state = InteriorPointState::new(SVector::zeros());
    assert_eq!(run(&mut state, &mut cast::<T, 2, 0, 0, 0, 1>(&program)).0, UNBOUNDED);
}

#[test]
fn programs_without_a_solution_say_so() {
    infeasible_and_unbounded::<f64>();
    infeasible_and_unbounded::<f32>();
}

#[test]
fn a_linear_program_ends_in_its_vertex() {
    // max 3x₀ + 2x₁, x₀ + x₁ ≤ 4, x₀ + 3x₁ ≤ 6, x₀ ≤ 3: (3, 1), the limits on it with multipliers 2 and 1.
    let mut program: ConeProgram<f64, 2, 5> = ConeProgram::new(Matrix2::zeros(), vector![-3.0, -2.0]);
    program.rows = matrix![1.0, 1.0; 1.0, 3.0; 1.0, 0.0; -1.0, 0.0; 0.0, -1.0];
    program.limits = vector![4.0, 6.0, 3.0, 0.0, 0.0];
    let state = solved(&program, 15);
    assert!((state.x() - vector![3.0, 1.0]).amax() < 1e-7, "{}", state.x());
    assert!(state.multipliers().1.sum() - 3.0 < 1e-6, "{}", state.multipliers().1);
}

#[test]
fn equations_alone_take_one_step() {
    let mut program: ConeProgram<f64, 2, 0, 1> = ConeProgram::new(Matrix2::identity(), vector![0.0, 0.0]);
    (program.equations, program.targets) = (matrix![1.0, 3.0], vector![10.0]);
    assert!((solved(&program, 1).x() - vector![1.0, 3.0]).amax() < 1e-12);
}

#[test]
fn slices_are_the_whole_and_the_end_stays() {
    let mut program = textbook::<f64>();
    let mut whole = InteriorPointState::new(vector![5.0, -3.0]);
    let (status, steps) = run(&mut whole, &mut program);
    let mut sliced = InteriorPointState::new(vector![5.0, -3.0]);
    for _ in 0..steps {
        sliced = sliced.clone();
        let _ = InteriorPoint::default().run(&mut sliced, &mut program.clone(), 1);
    }
    assert_eq!(whole, sliced);
    let Ok(after) = InteriorPoint::default().step(&mut sliced, &mut program);
    assert_eq!((after, &sliced), (status, &whole));
}

#[test]
fn bad_data_and_parameters_have_their_own_status() {
    let status = |program: &mut ConeProgram<f64, 2, 5>, method: InteriorPoint<f64>| {
        let mut state = InteriorPointState::new(vector![0.0, 0.0]);
        let Ok(status) = method.run(&mut state, program, 200);
        assert!(state.x().iter().all(|x| x.is_finite()));
        status
    };
    let good = InteriorPoint::default();
    let nonfinite = Status::Stalled(Stall::NonFinite);
    for bad in [f64::NAN, f64::INFINITY] {
        let mut program = textbook();
        program.gradient[1] = bad;
        assert_eq!(status(&mut program, good), nonfinite);
        let mut program = textbook();
        program.hessian[(1, 0)] = bad;
        assert_eq!(status(&mut program, good), nonfinite);
        let mut program = textbook();
        program.limits[2] = bad;
        assert_eq!(status(&mut program, good), nonfinite);
        let mut program = textbook();
        program.rows[(4, 1)] = bad;
        assert_eq!(status(&mut program, good), nonfinite);
    }
    let config = |error| Status::Stalled(Stall::Config(error));
    let mut program = textbook();
    program.hessian[(1, 1)] = -1.0;
    assert_eq!(status(&mut program, good), config(ConfigError::Indefinite));
    let mut program = textbook();
    assert_eq!(
        status(&mut program, InteriorPoint { residual_tolerance: -1.0, ..good }),
        config(ConfigError::Tolerance)
    );
    for boundary_fraction in [0.0, 1.0, f64::NAN] {
        assert_eq!(status(&mut program, InteriorPoint { boundary_fraction, ..good }), config(ConfigError::Fraction));
    }
    // A tolerance that nothing meets ends in rounding, at the best point.
    let mut state = InteriorPointState::new(vector![0.0, 0.0]);
    let exact = InteriorPoint { residual_tolerance: 0.0, ..good };
    let Ok(end) = exact.run(&mut state, &mut program, 200);
    assert!(end == Status::Stalled(Stall::NoDescent) || end == CONVERGED, "{end:?}");
    assert!((state.x() - vector![1.4, 1.7]).amax() < 1e-12, "{}", state.x());
    // Outside of the cones there is no start.
    let mut state = InteriorPointState::inside(vector![0.0, 0.0], SVector::repeat(-1.0), SVector::repeat(1.0));
    let Ok(end) = good.run(&mut state, &mut program, 200);
    assert_eq!(end, Status::Stalled(Stall::NoDescent));
    // Rows and limits of zero.
    let mut program: ConeProgram<f64, 1, 2> = ConeProgram::new(matrix![1.0], vector![-1.0]);
    program.limits = vector![0.0, 0.0];
    let mut state = InteriorPointState::new(vector![0.0]);
    let (end, _) = run(&mut state, &mut program);
    assert_eq!(end, CONVERGED);
    assert!((state.x()[0] - 1.0).abs() < 1e-8);
}

#[test]
fn from_a_quadratic_program_every_finite_limit_becomes_a_row() {
    let mut quadratic = QuadraticProgram::<f64, 2, 1>::new(Matrix2::identity(), vector![0.0, 0.0]);
    (quadratic.lower, quadratic.upper) = (vector![1.0, f64::NEG_INFINITY], vector![2.0, f64::INFINITY]);
    (quadratic.rows, quadratic.row_lower, quadratic.row_upper) = (matrix![1.0, 1.0], vector![3.0], vector![3.0]);
    let program = ConeProgram::<f64, 2, 6, 1>::from(&quadratic);
    assert_eq!(program.rows, matrix![1.0, 0.0; -1.0, 0.0; 0.0, 0.0; 0.0, 0.0; 0.0, 0.0; 0.0, 0.0]);
    assert_eq!(program.limits, vector![2.0, -1.0, 1.0, 1.0, 1.0, 1.0]);
    assert_eq!((program.equations, program.targets), (matrix![1.0, 1.0], vector![3.0]));
    let pairs = ConeProgram::<f64, 2, 6>::from(&quadratic);
    assert_eq!(pairs.rows.fixed_rows::<2>(4).into_owned(), matrix![1.0, 1.0; -1.0, -1.0]);
    quadratic.upper[1] = f64::NAN;
    let (_, status): (InteriorPointState<f64, 2, 6, 1>, _) =
        InteriorPoint::default().solve(vector![0.0, 0.0], &mut ConeProgram::from(&quadratic), 50).unwrap();
    assert_eq!(status, Status::Stalled(Stall::NonFinite));
}
