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

/// A column whose square overflows does not make a gradient small.
#[test]
fn an_overflow_is_no_certificate() {
    let mut problem = Linear::<f32, 1>::of(&[[1e20]], &[1e-10]);
    let Ok(evidence) = certify(&mut problem, &point([0.0]), &Everywhere);
    assert!(evidence.scaled_gradient.is_nan(), "{evidence:?}");
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

/// Rows `g`, residuals and the analysis of a fit.
struct Fitted<T: Real, const N: usize> {
    x: SVector<T, N>,
    samples: Vec<(SVector<T, N>, T)>,
    analysis: Analysis<T, N>,
}

fn fitted<T: Real, const N: usize, K: Accumulation>(problem: &Linear<T, N>, bounds: Bounds<T, N>) -> Fitted<T, N> {
    let mut problem = problem.clone();
    let mut state: StreamedState<T, N, K> = StreamedState::from_point(SVector::from_element(T::ONE));
    let Ok(status) = LevenbergMarquardt::default().within(bounds).run(&mut state, &mut problem, 10_000);
    assert_ne!(status, Status::Running);
    let x = *state.x();
    let row = |i| {
        let mut g = SVector::zeros();
        let Ok(r) = problem.row(i, &x, &mut g);
        (g, r)
    };
    let samples = (0..state.samples()).map(row).collect();
    Fitted { x, samples, analysis: state.analyse(&bounds) }
}

/// Nine rows with a good spread, and readings that do not fit.
fn spread<T: Real>() -> Linear<T, 3> {
    let rows: Vec<[f64; 3]> = (0..9).map(|i| f64::from(i) - 3.0).map(|t| [1.0, t, t * t - 4.0]).collect();
    Linear::of(&rows, &[1.0, -2.0, 0.5, 3.0, -1.0, 2.5, 0.0, 4.0, -3.0])
}

fn without<T: Real, const N: usize>(problem: &Linear<T, N>, i: usize) -> Linear<T, N> {
    let mut rest = problem.clone();
    rest.a.remove(i);
    rest.b.remove(i);
    rest
}

fn leverages_sum<T: Real, K: Accumulation>(problem: &Linear<T, 3>, bounds: Bounds<T, 3>, rank: usize, tolerance: f64) {
    let fit = fitted::<T, 3, K>(problem, bounds);
    let sum: f64 = fit.samples.iter().map(|(g, _)| fit.analysis.leverage(g).to_f64()).sum();
    assert_eq!(fit.analysis.rank(), rank);
    assert!((sum - rank as f64).abs() < tolerance, "{sum} {rank}");
}

#[test]
fn leverages_sum_to_the_rank() {
    fn check<T: Real>(tolerance: f64) {
        let (full, plane) = (spread(), Linear::of(&PLANE, &[1.0, 2.0, 3.0, 4.0]));
        let fixed = Bounds::none().fix(1, T::of_f64(0.25));
        for (problem, bounds, rank) in
            [(&full, Bounds::none(), 3), (&full, fixed, 2), (&plane, Bounds::none(), 2), (&plane, fixed, 2)]
        {
            leverages_sum::<T, SquareRoot>(problem, bounds, rank, tolerance);
            leverages_sum::<T, Normal>(problem, bounds, rank, 100.0 * tolerance);
        }
    }
    check::<f64>(1e-13);
    check::<f32>(1e-5);
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn leverages_of_a_deficient_fit_are_finite_and_sum_to_its_rank(
        entries in prop::collection::vec(-1.0..1.0_f64, 21),
        direction in [0.2..1.0_f64, -1.0..-0.2_f64, 0.2..1.0_f64],
    ) {
        let values = nalgebra::SMatrix::<f64, 7, 3>::from_row_slice(&entries).singular_values();
        prop_assume!(values.min() > 0.5);
        leverages_sum::<f64, SquareRoot>(&dependent(&entries, direction), Bounds::none(), 2, 1e-12);
        leverages_sum::<f64, Normal>(&dependent(&entries, direction), Bounds::none(), 2, 1e-6);
        leverages_sum::<f32, SquareRoot>(&dependent(&entries, direction), Bounds::none(), 2, 1e-5);
        leverages_sum::<f32, Normal>(&dependent(&entries, direction), Bounds::none(), 2, 1e-2);
    }
}

/// Leaving a sample out of a linear problem does to the fit what its row and residual foretold; `rank` parameters are free.
fn leaving_out<T: Real, K: Accumulation>(bounds: Bounds<T, 3>, rank: usize, tolerance: f64) {
    let near = |a: T, b: T| assert!((a / b - T::ONE).abs().to_f64() < tolerance, "{a} {b}");
    let problem = spread::<T>();
    let all = fitted::<T, 3, K>(&problem, bounds);
    for (i, (g, r)) in all.samples.iter().enumerate() {
        let rest = fitted::<T, 3, K>(&without(&problem, i), bounds);
        let h = all.analysis.leverage(g);
        let apart = (g.dot(&rest.x) - problem.b[i]).to_f64();
        assert!((apart - (*r / (T::ONE - h)).to_f64()).abs() < tolerance, "sample {i}");

        let moved = all.x - rest.x;
        let squares = all.samples.iter().fold(T::ZERO, |sum, (g, _)| sum + g.dot(&moved).squared());
        let distance = squares / (T::of_usize(rank) * all.analysis.residual_variance());
        let influence = all.analysis.influence(g, *r);
        assert!((influence - distance).abs().to_f64() < tolerance, "sample {i}: {influence} {distance}");

        let deviation = rest.analysis.residual_variance().sqrt();
        near(all.analysis.studentized(g, *r), *r / (deviation * (T::ONE - h).sqrt()));
        assert_eq!((all.analysis.freedom(), rest.analysis.freedom()), (9 - rank, 8 - rank));
    }
}

#[test]
fn influence_is_that_of_leaving_the_sample_out() {
    fn check<T: Real>(tolerance: f64) {
        for (bounds, rank) in [(Bounds::none(), 3), (Bounds::none().fix(1, T::of_f64(0.25)), 2)] {
            leaving_out::<T, SquareRoot>(bounds, rank, tolerance);
            leaving_out::<T, Normal>(bounds, rank, tolerance);
        }
    }
    check::<f64>(1e-12);
    check::<f32>(2e-4);
}

/// Longley's employment data (1967): deflator, national product, unemployed, armed forces, population, year; employed.
const LONGLEY: [[f64; 7]; 16] = [
    [83.0, 234.289, 235.6, 159.0, 107.608, 1947.0, 60.323],
    [88.5, 259.426, 232.5, 145.6, 108.632, 1948.0, 61.122],
    [88.2, 258.054, 368.2, 161.6, 109.773, 1949.0, 60.171],
    [89.5, 284.599, 335.1, 165.0, 110.929, 1950.0, 61.187],
    [96.2, 328.975, 209.9, 309.9, 112.075, 1951.0, 63.221],
    [98.1, 346.999, 193.2, 359.4, 113.270, 1952.0, 63.639],
    [99.0, 365.385, 187.0, 354.7, 115.094, 1953.0, 64.989],
    [100.0, 363.112, 357.8, 335.0, 116.219, 1954.0, 63.761],
    [101.2, 397.469, 290.4, 304.8, 117.388, 1955.0, 66.019],
    [104.6, 419.180, 282.2, 285.7, 118.734, 1956.0, 67.857],
    [108.4, 442.769, 293.6, 279.8, 120.445, 1957.0, 68.169],
    [110.8, 444.546, 468.1, 263.7, 121.950, 1958.0, 66.513],
    [112.6, 482.704, 381.3, 255.2, 123.366, 1959.0, 68.655],
    [114.2, 502.601, 393.1, 251.4, 125.368, 1960.0, 69.564],
    [115.7, 518.173, 480.6, 257.2, 127.852, 1961.0, 69.331],
    [116.9, 554.894, 400.7, 282.7, 130.081, 1962.0, 70.551],
];

#[test]
fn influence_in_longley_data_is_that_of_cook() {
    let rows = LONGLEY.map(|[a, b, c, d, e, f, _]| [1.0, a, b, c, d, e, f]);
    let fit = fitted::<f64, 7, SquareRoot>(&Linear::of(&rows, &LONGLEY.map(|row| row[6])), Bounds::none());
    // NIST StRD, linear regression: the certified residual SD and slope over the years, in thousands of people.
    assert!((fit.analysis.residual_variance().sqrt() / 0.304_854_073_561_965 - 1.0).abs() < 1e-9);
    assert!((fit.x[6] / 1.829_151_464_613_55 - 1.0).abs() < 1e-7);
    let mut distances: Vec<(usize, f64)> =
        fit.samples.iter().map(|(g, r)| fit.analysis.influence(g, *r)).enumerate().collect();
    distances.sort_by(|a, b| b.1.total_cmp(&a.1));
    // Cook (1977), who found 1951 and 1962 on these data.
    let found = distances[..2].iter().map(|(i, d)| (1947 + i, format!("{d:.2}"))).collect::<Vec<_>>();
    assert_eq!(found, [(1951, "0.61".into()), (1962, "0.47".into())]);
}

#[test]
fn a_sample_that_the_rank_needs_has_no_limit_of_influence() {
    let rows = [[1.0, 0.0], [1.0, 0.0], [1.0, 0.0], [1.0, 1.0]];
    let fit = fitted::<f64, 2, SquareRoot>(&Linear::of(&rows, &[1.0, 2.0, 3.0, 5.0]), Bounds::none());
    let (g, r) = fit.samples[3];
    assert!((fit.analysis.leverage(&g) - 1.0).abs() < 1e-14);
    assert_eq!(fit.analysis.influence(&g, r), f64::INFINITY);
    assert!(fit.analysis.studentized(&g, r).is_nan());
    // No degree of freedom is left over for a second opinion.
    let tight = fitted::<f64, 2, SquareRoot>(&Linear::of(&rows[1..], &[2.0, 3.0, 5.0]), Bounds::none());
    assert!(tight.analysis.studentized(&tight.samples[0].0, tight.samples[0].1).is_nan());
    assert_eq!(tight.analysis.freedom(), 1);
    // A perfect fit moves nowhere.
    let perfect = fitted::<f64, 2, SquareRoot>(&Linear::of(&rows, &[0.0, 0.0, 0.0, 0.0]), Bounds::none());
    assert_eq!(perfect.analysis.influence(&perfect.samples[0].0, 0.0), 0.0);
    assert_eq!(perfect.analysis.studentized(&perfect.samples[0].0, 0.0), 0.0);
}

/// The straight line of any textbook: `s √(1/m + (t - t̄)²/Σ(tᵢ - t̄)²)`, and one more under the root for an observation.
fn bands_of_a_line<T: Real, K: Accumulation>(tolerance: f64) {
    let (times, readings) = ([0.0, 1.0, 2.0, 4.0, 7.0], [1.1, 1.9, 3.2, 4.7, 8.4]);
    let line = Linear::<T, 2>::of(&times.map(|t| [1.0, t]), &readings);
    let fit = fitted::<T, 2, K>(&line, Bounds::none());
    let s2 = fit.analysis.residual_variance();
    for t in [-3.0, 0.0, 2.8, 5.0, 100.0] {
        let g = point([1.0, t]);
        let h: f64 = 1.0 / 5.0 + (t - 2.8) * (t - 2.8) / 30.8;
        for (found, expected) in [
            (fit.analysis.prediction(&g, s2), (s2.to_f64() * h).sqrt()),
            (fit.analysis.prediction(&g, T::ONE), h.sqrt()),
            (fit.analysis.observation(&g, s2), (s2.to_f64() * (1.0 + h)).sqrt()),
        ] {
            assert!((found.to_f64() / expected - 1.0).abs() < tolerance, "{t}: {found} {expected}");
        }
    }
}

#[test]
fn bands_are_those_of_a_line() {
    bands_of_a_line::<f64, SquareRoot>(1e-13);
    bands_of_a_line::<f64, Normal>(1e-13);
    bands_of_a_line::<f32, SquareRoot>(1e-5);
    bands_of_a_line::<f32, Normal>(1e-5);
}

#[test]
fn nothing_is_predicted_beyond_what_the_data_determine() {
    fn check<T: Real, K: Accumulation>() {
        let plane = fitted::<T, 3, K>(&Linear::of(&PLANE, &[1.0, 2.0, 3.0, 4.0]), Bounds::none()).analysis;
        assert_eq!(plane.prediction(&point([1.0, -1.0, 0.0]), T::ONE), T::INFINITY);
        assert_eq!(plane.observation(&point([0.0, 3.0, 1.0]), T::ONE), T::INFINITY);
        assert!(plane.prediction(&point([3.0, 3.0, -1.0]), T::ONE).is_finite());
        let zero = Linear::<T, 2>::of(&[[1.0, 0.0], [2.0, 0.0], [3.0, 0.0]], &[1.0, 2.0, 4.0]);
        let free = fitted::<T, 2, K>(&zero, Bounds::none()).analysis;
        let fixed = fitted::<T, 2, K>(&zero, Bounds::none().fix(1, T::ONE)).analysis;
        assert_eq!(free.prediction(&point([1.0, 0.1]), T::ONE), T::INFINITY);
        assert!((fixed.leverage(&point([1.0, 0.1])).to_f64() - 1.0 / 14.0).abs() < 1e-6);
    }
    check::<f64, SquareRoot>();
    check::<f64, Normal>();
    check::<f32, SquareRoot>();
    check::<f32, Normal>();
}

/// What a regression of column `j` on the others leaves of it, as a share.
fn share(rows: &[[f64; 4]], j: usize) -> f64 {
    let others: Vec<[f64; 3]> = rows.iter().map(|row| std::array::from_fn(|k| row[(j + 1 + k) % 4])).collect();
    let column: Vec<f64> = rows.iter().map(|row| row[j]).collect();
    let rest = fitted::<f64, 3, SquareRoot>(&Linear::of(&others, &column), Bounds::none());
    let norm = |values: &mut dyn Iterator<Item = f64>| values.map(|v| v * v).sum::<f64>().sqrt();
    norm(&mut rest.samples.iter().map(|(_, r)| *r)) / norm(&mut column.iter().copied())
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn excitation_is_what_the_other_columns_leave(entries in prop::collection::vec(-1.0..1.0_f64, 36)) {
        let rows: Vec<[f64; 4]> = entries.chunks_exact(4).map(|row| row.try_into().unwrap()).collect();
        let expected: [f64; 4] = std::array::from_fn(|j| share(&rows, j));
        let readings: Vec<f64> = (0..9).map(|i| f64::from(i * i % 5)).collect();
        fn check<T: Real, K: Accumulation>(rows: &[[f64; 4]], readings: &[f64], expected: [f64; 4], tolerance: f64) {
            let found = fitted::<T, 4, K>(&Linear::of(rows, readings), Bounds::none()).analysis.excitation();
            for (found, expected) in found.iter().zip(expected) {
                assert!((found.to_f64() - expected).abs() < tolerance, "{found} {expected}");
            }
        }
        check::<f64, SquareRoot>(&rows, &readings, expected, 1e-11);
        check::<f64, Normal>(&rows, &readings, expected, 1e-6);
        check::<f32, SquareRoot>(&rows, &readings, expected, 1e-4);
    }
}

/// What one axis of an accelerometer reads of gravity: scale, two misalignments, offset; columns of unit size.
fn attitudes(roll: f64) -> Vec<[f64; 4]> {
    let tumble = (0..40).map(|k| (0.9 * f64::from(k), roll * (2.3 * f64::from(k)).sin()));
    tumble.map(|(pitch, roll)| [pitch.sin(), pitch.cos() * roll.sin(), pitch.cos() * roll.cos(), 1.0]).collect()
}

#[test]
fn a_missing_rotation_is_named() {
    const NAMES: [&str; 4] = ["scale", "misalignment seen by roll", "misalignment seen by pitch", "offset"];
    fn check<T: Real, K: Accumulation>() {
        let excitation = |roll: f64| {
            let rows = attitudes(roll);
            let readings: Vec<f64> = rows.iter().map(|a| 1.02 * a[0] + 0.01 * a[2] - 0.03).collect();
            let analysis = fitted::<T, 4, K>(&Linear::of(&rows, &readings), Bounds::none()).analysis;
            (analysis.excitation(), analysis.least_excited(), analysis.rank())
        };
        let (still, least, rank) = excitation(0.0);
        assert_eq!((least.map(|j| NAMES[j]), rank), (Some("misalignment seen by roll"), 3));
        assert_eq!(still[1], T::ZERO);
        assert!([0, 2, 3].iter().all(|&j| still[j].to_f64() > 0.9), "{still}");
        let (turned, _, rank) = excitation(1.5);
        assert!(rank == 4 && turned.iter().all(|share| share.to_f64() > 0.9 && *share <= T::ONE), "{turned}");
    }
    check::<f64, SquareRoot>();
    check::<f64, Normal>();
    check::<f32, SquareRoot>();
    check::<f32, Normal>();
}

#[test]
fn excitation_of_dependent_and_of_known_parameters() {
    memories(
        |analysis| {
            let excitation = analysis.excitation();
            assert_eq!((excitation[0], excitation[1], analysis.least_excited()), (0.0, 0.0, Some(0)));
            assert!(excitation[2] > 0.5, "{excitation}");
        },
        &Linear::of(&PLANE, &[1.0, 2.0, 3.0, 4.0]),
        Bounds::none(),
    );
    memories(
        |analysis| {
            let excitation = analysis.excitation();
            assert_eq!((excitation[0], analysis.least_excited()), (1.0, Some(1)));
            assert!((excitation[1] - excitation[2]).abs() < 1e-7, "two columns have one angle");
        },
        &Linear::of(&PLANE, &[1.0, 2.0, 3.0, 4.0]),
        Bounds::none().fix(0, 0.25),
    );
    memories(
        |analysis| assert_eq!(analysis.least_excited(), None),
        &Linear::of(&PLANE, &[1.0, 2.0, 3.0, 4.0]),
        Bounds::none().fix(0, 1.0).fix(1, 2.0).fix(2, 3.0),
    );
}
