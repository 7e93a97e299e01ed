//! What is said after a solve: rank, directions, certificate.

use nalgebra::{SVector, Vector1, Vector3, vector};
use proptest::prelude::*;
use thalweg::least_squares::{
    Accumulation, Analysis, Bounds, Everywhere, LevenbergMarquardt, Normal, SquareRoot, StreamedState, certify,
};
use thalweg::problem::{Forward, Robust, Rows};
use thalweg::{Method, Real, Status};

use crate::problems::{Decay, Linear, cases, point, wide};

/// A solve inside a box, and its analysis.
fn analysed<T: Real, const N: usize, K: Accumulation>(
    mut problem: impl Rows<T, N, Error = core::convert::Infallible>,
    bounds: Bounds<T, N>,
) -> Analysis<T, N> {
    let mut state: StreamedState<T, N, K> = StreamedState::from_point(SVector::from_element(T::ONE));
    let method = LevenbergMarquardt::default().within(bounds);
    let Ok(status) = method.run(&mut state, &mut problem, 10_000);
    assert!(status != Status::Running && state.x().iter().all(|x| x.is_finite()), "{status:?}");
    state.analyse(&bounds)
}

/// The sine of the angle between the weakest direction and a known one.
fn deviation<T: Real, const N: usize>(analysis: &Analysis<T, N>, known: [f64; N]) -> f64 {
    let (found, known) = (wide(&analysis.weakest().unwrap()), SVector::from(known).normalize());
    assert!((found.norm() - 1.0).abs() < 1e-6);
    (found - known * found.dot(&known)).norm()
}

/// Three columns of seven rows with `J direction = 0`.
fn dependent<T: Real>(entries: &[f64], direction: [f64; 3]) -> Linear<T, 3> {
    let n = Vector3::from(direction).normalize();
    let rows: Vec<[f64; 3]> = entries
        .chunks_exact(3)
        .map(|row| {
            let row = Vector3::from_column_slice(row);
            (row - n * row.dot(&n)).into()
        })
        .collect();
    let b: Vec<f64> = (0..rows.len()).map(|i| (i * i % 5) as f64).collect();
    Linear::of(&rows, &b)
}

fn null_direction_is_named<T: Real, K: Accumulation>(entries: &[f64], direction: [f64; 3], tolerance: f64) {
    let analysis = analysed::<T, 3, K>(dependent::<T>(entries, direction), Bounds::none());
    assert_eq!((analysis.rank(), analysis.free()), (2, 3), "{analysis:?}");
    assert_eq!(analysis.condition(), T::INFINITY);
    assert!(deviation(&analysis, direction) < tolerance, "{analysis:?}");
    assert!(analysis.standard_errors().iter().all(|e| e.is_finite()));
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn the_null_direction_is_named(
        entries in prop::collection::vec(-1.0..1.0_f64, 21),
        direction in [0.2..1.0_f64, -1.0..-0.2_f64, 0.2..1.0_f64],
    ) {
        // Well away from a second dependency.
        let values = nalgebra::SMatrix::<f64, 7, 3>::from_row_slice(&entries).singular_values();
        prop_assume!(values.min() > 0.5);
        null_direction_is_named::<f64, SquareRoot>(&entries, direction, 1e-12);
        null_direction_is_named::<f64, Normal>(&entries, direction, 1e-6);
        null_direction_is_named::<f32, SquareRoot>(&entries, direction, 1e-5);
        null_direction_is_named::<f32, Normal>(&entries, direction, 1e-2);
    }
}

fn memories(check: impl Fn(Analysis<f64, 3>), problem: &Linear<f64, 3>, bounds: Bounds<f64, 3>) {
    check(analysed::<f64, 3, SquareRoot>(problem.clone(), bounds));
    check(analysed::<f64, 3, Normal>(problem.clone(), bounds));
}

const PLANE: [[f64; 3]; 4] = [[1.0, 1.0, 0.3], [2.0, 2.0, -1.0], [-1.0, -1.0, 0.7], [0.5, 0.5, 2.0]];

#[test]
fn a_zero_column_is_a_direction() {
    let rows = [[1.0, 0.0, 0.3], [2.0, 0.0, -1.0], [-1.0, 0.0, 0.7], [0.5, 0.0, 2.0]];
    memories(
        |analysis| {
            assert_eq!((analysis.rank(), analysis.free()), (2, 3));
            assert_eq!(deviation(&analysis, [0.0, 1.0, 0.0]), 0.0);
        },
        &Linear::of(&rows, &[1.0, 2.0, 3.0, 4.0]),
        Bounds::none(),
    );
}

#[test]
fn a_fixed_parameter_resolves_a_dependency() {
    memories(
        |analysis| {
            assert_eq!((analysis.rank(), analysis.free()), (2, 2));
            assert!(analysis.condition() < 10.0);
            assert_eq!(analysis.standard_errors()[1], 0.0);
            assert_eq!(analysis.weakest().unwrap()[1], 0.0);
            assert_eq!(analysis.correlation()[(0, 1)], 0.0);
        },
        &Linear::of(&PLANE, &[1.0, 2.0, 3.0, 4.0]),
        Bounds::none().fix(1, 0.25),
    );
}

#[test]
fn a_dependency_remains_beside_a_fixed_parameter() {
    memories(
        |analysis| {
            assert_eq!((analysis.rank(), analysis.free()), (1, 2));
            assert!(deviation(&analysis, [1.0, -1.0, 0.0]) < 1e-6);
        },
        &Linear::of(&PLANE, &[1.0, 2.0, 3.0, 4.0]),
        Bounds::none().fix(2, 0.25),
    );
}

#[test]
fn nothing_is_free() {
    memories(
        |analysis| {
            assert_eq!((analysis.rank(), analysis.free(), analysis.weakest()), (0, 0, None));
            assert_eq!(analysis.standard_errors(), Vector3::zeros());
        },
        &Linear::of(&PLANE, &[1.0, 2.0, 3.0, 4.0]),
        Bounds::none().fix(0, 1.0).fix(1, 2.0).fix(2, 3.0),
    );
}

#[test]
fn fewer_samples_than_parameters() {
    memories(
        |analysis| {
            assert_eq!((analysis.rank(), analysis.free()), (2, 3));
            assert!(deviation(&analysis, [0.0, 0.8, -0.6]) < 1e-6);
            assert_eq!(analysis.residual_variance(), 0.0);
        },
        &Linear::of(&[[1.0, 0.0, 0.0], [0.0, 0.6, 0.8]], &[1.0, 2.0]),
        Bounds::none(),
    );
}

#[test]
fn one_parameter() {
    let one = |a: f64| {
        let problem = Linear::<f64, 1>::of(&[[a], [2.0 * a]], &[1.0, 3.0]);
        let state = LevenbergMarquardt::default().solve(Vector1::new(1.0), &mut problem.clone(), 100).unwrap().0;
        state.analyse(&Everywhere)
    };
    let (known, unknown) = (one(3.0), one(0.0));
    assert_eq!((known.rank(), known.free(), known.condition()), (1, 1, 1.0));
    assert_eq!((unknown.rank(), unknown.free(), unknown.condition()), (0, 1, f64::INFINITY));
    assert_eq!((known.weakest(), unknown.weakest()), (Some(vector![1.0]), Some(vector![1.0])));
}

/// The definition of the certificate, from the rows.
fn cosine<const N: usize>(problem: &mut impl Rows<f64, N>, x: &SVector<f64, N>, held: [bool; N]) -> f64 {
    let (mut gradient, mut squares, mut cost) = (SVector::<f64, N>::zeros(), SVector::<f64, N>::zeros(), 0.0);
    for i in 0..problem.rows() {
        let mut g = SVector::zeros();
        let Ok(r) = problem.row(i, x, &mut g) else { panic!("a row failed") };
        gradient += g * r;
        squares += g.component_mul(&g);
        cost += 0.5 * r * r;
    }
    (0..N).filter(|&j| !held[j]).map(|j| gradient[j].abs() / (squares[j] * 2.0 * cost).sqrt()).fold(0.0, f64::max)
}

#[test]
fn the_certificate_is_the_gradient_of_the_rows() {
    let mut problem = Forward(Decay);
    for x in [Decay::START, [3.0, 0.4, 1.0], [2.0, 2.0, -1.0]] {
        let x = point::<f64, 3>(x);
        let Ok(evidence) = certify(&mut problem, &x, &Everywhere);
        assert!((evidence.scaled_gradient / cosine(&mut problem, &x, [false; 3]) - 1.0).abs() < 1e-12);
        assert!(evidence.scaled_gradient > 0.05, "not stationary: {evidence:?}");
        assert_eq!(evidence.samples, 9);
    }
}

#[test]
fn the_certificate_of_a_solution_is_small_and_its_cost_the_same() {
    fn check<T: Real, K: Accumulation>(limit: f64) {
        let mut state: StreamedState<T, 3, K> = StreamedState::from_point(point(Decay::START));
        let mut problem = Robust::new(Forward(Decay), thalweg::problem::Loss::Huber, T::of_f64(0.2)).unwrap();
        let Ok(status) = LevenbergMarquardt::default().run(&mut state, &mut problem, 10_000);
        let evidence = certify(&mut problem, state.x(), &Everywhere).unwrap();
        assert!(matches!(status, Status::Converged(_)));
        assert_eq!(evidence.cost, state.cost());
        assert!(evidence.scaled_gradient.to_f64() < limit, "{evidence:?}");
    }
    check::<f64, SquareRoot>(1e-7);
    check::<f64, Normal>(1e-7);
    check::<f32, SquareRoot>(2e-3);
    check::<f32, Normal>(2e-3);
}

#[test]
fn the_certificate_is_projected_at_bounds() {
    let mut problem = Forward(Decay);
    let bounds = Bounds::new(vector![0.0, 0.0, -1.0], vector![2.5, 10.0, 5.0]);
    let mut state = StreamedState::new(point(Decay::START));
    let Ok(status) = LevenbergMarquardt::default().within(bounds).run(&mut state, &mut problem, 10_000);
    assert!(matches!(status, Status::Converged(_)));
    assert_eq!(state.x()[0], 2.5, "the bound is active");
    let projected = certify(&mut problem, state.x(), &bounds).unwrap().scaled_gradient;
    let whole = certify(&mut problem, state.x(), &Everywhere).unwrap().scaled_gradient;
    assert!(projected < 1e-7 && whole > 0.01, "{projected} {whole}");
    assert!((whole / cosine(&mut problem, state.x(), [false; 3]) - 1.0).abs() < 1e-6);
    assert!((projected - cosine(&mut problem, state.x(), [true, false, false])).abs() < 1e-12);
    // At the other end of the box the gradient points inside, and counts.
    let inward = certify(&mut problem, &vector![0.0, state.x()[1], state.x()[2]], &bounds).unwrap();
    assert!(inward.scaled_gradient > 0.1);
}
