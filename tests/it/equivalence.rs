//! Two ways to the same answer.

use core::convert::Infallible;

use nalgebra::{Matrix3, SMatrix, SVector, Vector3, vector};
use proptest::prelude::*;
use thalweg::least_squares::{
    Accumulation, Bounds, Domain, Everywhere, LevenbergMarquardt, Normal, SquareRoot, StreamedState,
};
use thalweg::problem::{
    Cached, Counted, Differences, Forward, Function, Loss, Mailbox, Model, Prior, Robust, Rows, Smooth, check_gradient,
    check_row, gradient_fn, hessian_product, residual_fn, row_fn, value_fn,
};
use thalweg::smooth::{GradientDescent, GradientDescentState};
use thalweg::{Method, Real, Status};

use crate::problems::{Decay, Fours, Linear, Valley, cases, decay_row, distance, point, wide};

fn fit<T: Real, const N: usize, K: Accumulation, D: Domain<T, N>>(
    method: LevenbergMarquardt<T, D>,
    start: SVector<T, N>,
    problem: &mut impl Rows<T, N, Error = Infallible>,
) -> StreamedState<T, N, K> {
    let mut state = StreamedState::from_point(start);
    let Ok(status) = method.run(&mut state, problem, 100_000);
    assert!(matches!(status, Status::Converged(_)), "{status:?}");
    state
}

/// A default fit of three parameters from the start of [`Decay`].
fn decay<T: Real, K: Accumulation>(mut problem: impl Rows<T, 3, Error = Infallible>) -> StreamedState<T, 3, K> {
    fit(LevenbergMarquardt::default(), point(Decay::START), &mut problem)
}

/// The bits of a result.
fn bits<T: Real, const N: usize, K: Accumulation>(state: &StreamedState<T, N, K>) -> Vec<u64> {
    state.x().iter().chain([&state.cost()]).map(|v| v.to_f64().to_bits()).collect()
}

fn square_root_is_normal<T: Real>(tolerance: f64) {
    let (root, normal) = (decay::<T, SquareRoot>(Forward(Decay)), decay::<T, Normal>(Forward(Decay)));
    assert!(distance(root.x(), normal.x()) < tolerance, "{} {}", root.x(), normal.x());
    assert!((root.cost().to_f64() / normal.cost().to_f64() - 1.0).abs() < tolerance);
    let (root, normal) = (root.analyse(&Everywhere), normal.analyse(&Everywhere));
    assert!(distance(&root.standard_errors(), &normal.standard_errors()) < tolerance);
    assert_eq!((root.rank(), normal.rank()), (3, 3));
}

#[test]
fn square_root_and_normal() {
    square_root_is_normal::<f64>(1e-7);
    square_root_is_normal::<f32>(2e-3);
}

#[test]
fn rows_one_at_a_time_and_four() {
    fn check<T: Real, K: Accumulation>(tolerance: f64) {
        let (single, fours) = (decay::<T, K>(Forward(Decay)), decay::<T, K>(Fours(Forward(Decay))));
        assert!(distance(single.x(), fours.x()) < tolerance, "{} {}", single.x(), fours.x());
        assert!((single.cost().to_f64() / fours.cost().to_f64() - 1.0).abs() < 0.1 * tolerance);
        let mut counted = Counted::new(Fours(Forward(Decay)));
        let fit: StreamedState<T, 3, K> = fit(LevenbergMarquardt::default(), point(Decay::START), &mut counted);
        assert!(counted.blocks <= 3 * u64::from(fit.iterations()), "nine rows are three blocks");
    }
    check::<f64, SquareRoot>(1e-7);
    check::<f64, Normal>(1e-7);
    check::<f32, SquareRoot>(2e-3);
    check::<f32, Normal>(2e-3);
}

#[test]
fn rows_by_dual_numbers_by_hand_and_by_differences() {
    fn check<T: Real>(exact: f64, differences: f64) {
        let mut by_hand = row_fn(9, decay_row::<T>);
        let mut by_differences =
            Differences::new(residual_fn(9, |i, x: &Vector3<T>| Model::residual(&Decay, i, &x.data.0[0])));
        for x in [Decay::START, [3.0, 0.4, 1.0], [-1.0, -0.2, 5.0]].map(point) {
            for i in 0..9 {
                let (mut g, mut h, mut d) = (Vector3::zeros(), Vector3::zeros(), Vector3::zeros());
                let Ok(r) = Forward(Decay).row(i, &x, &mut g);
                let Ok(s) = by_hand.row(i, &x, &mut h);
                let Ok(t) = by_differences.row(i, &x, &mut d);
                assert!((r - s).abs().to_f64() < exact && r == t);
                assert!(distance(&g, &h) < exact && distance(&g, &d) < differences, "{g} {h} {d}");
                let Ok(mismatch) = check_row(&mut by_hand, i, &x);
                assert!(mismatch.relative.to_f64() < differences, "{mismatch:?}");
            }
        }
        let (hand, dual, difference) = (
            decay::<T, SquareRoot>(by_hand),
            decay::<T, SquareRoot>(Forward(Decay)),
            decay::<T, SquareRoot>(by_differences),
        );
        assert!(distance(hand.x(), dual.x()) < differences && distance(difference.x(), dual.x()) < 10.0 * differences);
    }
    check::<f64>(1e-13, 1e-8);
    check::<f32>(1e-5, 2e-3);
}

#[test]
fn gradients_and_hessian_products() {
    fn check<T: Real>(exact: f64, differences: f64) {
        let mut by_hand = gradient_fn(|x: &SVector<T, 2>, g: &mut SVector<T, 2>| {
            let (one, two, four) = (T::ONE, T::TWO, T::of_f64(4.0));
            let (across, along) = (x[1] - x[0] * x[0], one - x[0]);
            *g = vector![-two * along - four * across * two * x[0], four * across];
            along * along + two * across * across + one
        });
        let mut by_differences = Differences::new(value_fn(|x: &SVector<T, 2>| Function::value(&Valley, &x.data.0[0])));
        for x in [[-0.5, 1.0], [1.0, 1.0], [2.0, -1.0]].map(point) {
            let (mut g, mut h, mut d) = (SVector::zeros(), SVector::zeros(), SVector::zeros());
            let Ok(_) = Forward(Valley).gradient(&x, &mut g);
            let Ok(_) = by_hand.gradient(&x, &mut h);
            let Ok(_) = by_differences.gradient(&x, &mut d);
            assert!(distance(&g, &h) < exact && distance(&g, &d) < differences, "{g} {h} {d}");
            let Ok(mismatch) = check_gradient(&mut Forward(Valley), &x);
            assert!(mismatch.relative.to_f64() < differences, "{mismatch:?}");

            for v in [[1.0, 0.0], [0.0, 1.0], [0.6, -0.8]].map(point::<T, 2>) {
                let (product, gradient) = hessian_product(&Valley, &x, &v);
                assert_eq!(gradient, g);
                let spacing = T::EPSILON.powf(T::of_f64(1.0 / 3.0));
                let at = |h: T| {
                    let mut g = SVector::zeros();
                    let Ok(_) = Forward(Valley).gradient(&(x + v * h), &mut g);
                    g
                };
                let difference = (at(spacing) - at(-spacing)) / (T::TWO * spacing);
                assert!(distance(&product, &difference) < differences, "{product} {difference}");
            }
        }
    }
    check::<f64>(1e-13, 1e-8);
    check::<f32>(1e-5, 2e-3);
}

#[test]
fn a_wrong_derivative_is_named() {
    let mut wrong = row_fn(9, |i, x: &Vector3<f64>, g: &mut Vector3<f64>| {
        let residual = decay_row(i, x, g);
        g[1] *= 1.01;
        residual
    });
    let Ok(mismatch) = check_row(&mut wrong, 3, &point([3.0, 0.4, 1.0]));
    assert_eq!(mismatch.parameter, 1);
    assert!(mismatch.relative > 1e-3);
    let mut lost = gradient_fn(|x: &Vector3<f64>, g: &mut Vector3<f64>| {
        *g = vector![x[0], x[1], f64::NAN];
        0.5 * x.norm_squared()
    });
    let Ok(mismatch) = check_gradient(&mut lost, &vector![1.0, 2.0, 3.0]);
    assert!(mismatch.parameter == 2 && mismatch.relative.is_nan());
}

#[test]
fn a_mailbox_and_a_direct_oracle() {
    fn check<T: Real>() {
        let (mut state, mut mailbox) = (StreamedState::new(point(Decay::START)), Mailbox::<T, 3>::with_rows(9));
        let method = LevenbergMarquardt::default();
        loop {
            match method.step(&mut state, &mut mailbox) {
                Ok(Status::Running) => {}
                Ok(_) => break,
                Err(_) => {
                    let (x, i) = mailbox.question().unwrap();
                    let mut g = SVector::zeros();
                    let Ok(residual) = Forward(Decay).row(i, &x, &mut g);
                    mailbox.tell_gradient(residual, g);
                }
            }
        }
        assert_eq!(bits(&state), bits(&decay::<T, SquareRoot>(Forward(Decay))));

        let (mut told, mut mailbox) = (GradientDescentState::new(point([-0.5, 1.0])), Mailbox::<T, 2>::new());
        let method = GradientDescent::default();
        while !matches!(method.step(&mut told, &mut mailbox), Ok(status) if status != Status::Running) {
            if let Some((x, _)) = mailbox.question() {
                let mut g = SVector::zeros();
                let Ok(value) = Forward(Valley).gradient(&x, &mut g);
                mailbox.tell_gradient(value, g);
            }
        }
        let mut direct = GradientDescentState::new(point([-0.5, 1.0]));
        let Ok(_) = method.run(&mut direct, &mut Forward(Valley), 100_000);
        assert_eq!((told.x(), told.value()), (direct.x(), direct.value()));
    }
    check::<f32>();
    check::<f64>();
}

#[test]
fn a_mailbox_answers_only_its_question() {
    let mut mailbox = Mailbox::<f64, 1>::new();
    mailbox.tell_value(1.0);
    let ask = |mailbox: &mut Mailbox<f64, 1>, x: f64| mailbox.gradient(&vector![x], &mut vector![0.0]);
    assert!(ask(&mut mailbox, 1.0).is_err(), "told before it was asked");
    mailbox.tell_gradient(5.0, vector![1.0]);
    assert!(ask(&mut mailbox, 2.0).is_err(), "the answer to another question");
    mailbox.tell_gradient(7.0, vector![1.0]);
    assert_eq!(ask(&mut mailbox, 2.0), Ok(7.0));
    assert!(ask(&mut mailbox, 2.0).is_err(), "an answer serves once");
}

#[test]
fn cached_and_direct() {
    let method = GradientDescent::<f64>::default();
    let (mut direct, mut plain) = (GradientDescentState::new(point([-0.5, 1.0])), Counted::new(Forward(Valley)));
    let (mut state, mut cached) = (direct.clone(), Cached::new(Counted::new(Forward(Valley))));
    let Ok(_) = method.run(&mut direct, &mut plain, 100_000);
    let Ok(_) = method.run(&mut state, &mut cached, 100_000);
    assert_eq!((state.x(), state.value()), (direct.x(), direct.value()));
    assert!(cached.inner.calls() <= plain.calls());

    let (x, mut g) = (*state.x(), SVector::zeros());
    let before = cached.inner.calls();
    let Ok(first) = cached.gradient(&x, &mut g);
    let Ok(again) = cached.gradient(&x, &mut g);
    assert_eq!(first, again);
    assert!(cached.inner.calls() <= before + 1, "a repeated question is answered from memory");
    cached.clear();
    let before = cached.inner.calls();
    let Ok(_) = cached.gradient(&x, &mut g);
    assert_eq!(cached.inner.calls(), before + 1);
}

#[test]
fn infinite_bounds_and_none() {
    fn check<T: Real, K: Accumulation>() {
        let method = LevenbergMarquardt::default().within(Bounds::none());
        let within: StreamedState<T, 3, K> = fit(method, point(Decay::START), &mut Forward(Decay));
        assert_eq!(bits(&within), bits(&decay::<T, K>(Forward(Decay))));
    }
    check::<f32, SquareRoot>();
    check::<f32, Normal>();
    check::<f64, SquareRoot>();
    check::<f64, Normal>();
}

#[test]
fn a_prior_without_information_and_none() {
    fn check<T: Real, K: Accumulation>(tolerance: f64) {
        let empty = Prior::new(Forward(Decay), point([5.0, 5.0, 5.0]), &Matrix3::zeros()).unwrap();
        let (with, without) = (decay::<T, K>(empty), decay::<T, K>(Forward(Decay)));
        assert!(distance(with.x(), without.x()) < tolerance);
        assert!((with.cost().to_f64() / without.cost().to_f64() - 1.0).abs() < tolerance);
    }
    check::<f64, SquareRoot>(1e-7);
    check::<f64, Normal>(1e-7);
    check::<f32, SquareRoot>(2e-3);
    check::<f32, Normal>(2e-3);
}

/// A prior is rows: `Λ = AᵀA` with mean `m` is the linear problem `A(x - m)`.
#[test]
fn a_prior_and_its_rows() {
    let a = [[1.0, 0.5, 0.0], [0.0, 2.0, -1.0], [0.5, 0.0, 1.5]];
    let (matrix, mean) = (Matrix3::from_fn(|i, j| a[i][j]), vector![3.0, 0.5, 1.0]);
    let prior = Prior::new(Forward(Decay), mean, &(matrix.transpose() * matrix)).unwrap();
    let mut linear = Linear::<f64, 3>::of(&a, (matrix * mean).as_slice());
    let by_rows = row_fn(12, |i, x: &Vector3<f64>, g: &mut Vector3<f64>| {
        if i < 9 {
            return decay_row(i, x, g);
        }
        let Ok(residual) = linear.row(i - 9, x, g);
        residual
    });
    let (prior, by_rows) = (decay::<f64, SquareRoot>(prior), decay::<f64, SquareRoot>(by_rows));
    assert!(distance(prior.x(), by_rows.x()) < 1e-7);
    assert!((prior.cost() / by_rows.cost() - 1.0).abs() < 1e-12);
}

#[test]
fn a_squared_loss_and_none() {
    fn check<T: Real, K: Accumulation>(tolerance: f64) {
        let loss = |scale: f64| Robust::new(Forward(Decay), Loss::Squared, T::of_f64(scale)).unwrap();
        let without = decay::<T, K>(Forward(Decay));
        assert_eq!(bits(&decay::<T, K>(loss(1.0))), bits(&without));
        assert_eq!(bits(&decay::<T, K>(loss(0.25))), bits(&without));
        assert!(distance(decay::<T, K>(loss(0.3)).x(), without.x()) < tolerance);
    }
    check::<f64, SquareRoot>(1e-7);
    check::<f64, Normal>(1e-7);
    check::<f32, SquareRoot>(2e-3);
    check::<f32, Normal>(2e-3);
}

const LOSSES: [Loss; 7] =
    [Loss::Squared, Loss::Huber, Loss::SoftL1, Loss::Cauchy, Loss::Tukey, Loss::GemanMcClure, Loss::TruncatedSquares];

/// A robust fit is the minimizer of its cost as a plain function.
#[test]
fn robust_rows_and_their_cost_as_a_function() {
    for loss in LOSSES {
        let scale = 0.3;
        // From the squared fit: far out, every sample is beyond Tukey's scale and nothing has influence.
        let start = *decay::<f64, SquareRoot>(Forward(Decay)).x();
        let mut robust = Robust::new(Forward(Decay), loss, scale).unwrap();
        let state: StreamedState<f64, 3, SquareRoot> = fit(LevenbergMarquardt::default(), start, &mut robust);
        let cost = |x: &Vector3<f64>| {
            (0..9).map(|i| scale * scale * loss.at(decay_row(i, x, &mut Vector3::zeros()) / scale).value).sum::<f64>()
        };
        assert!((cost(state.x()) / state.cost() - 1.0).abs() < 1e-12, "{loss:?}");
        for j in 0..3 {
            for h in [1e-4, -1e-4] {
                let mut beside = *state.x();
                beside[j] += h;
                assert!(cost(&beside) > state.cost(), "{loss:?} is lower beside parameter {j}");
            }
        }
    }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn weights_and_curvatures_of_losses(z in -4.0..4.0_f64) {
        // Away from the corners at one, and from zero where the weight is a quotient of two small numbers.
        prop_assume!((z.abs() - 1.0).abs() > 1e-3 && z.abs() > 1e-2);
        for loss in LOSSES {
            let (value, h) = (|z: f64| loss.at(z).value, 1e-5);
            let slope = (value(z + h) - value(z - h)) / (2.0 * h);
            let bend = |z: f64| loss.at(z).weight * z;
            let curvature = (bend(z + h) - bend(z - h)) / (2.0 * h);
            let at = loss.at(z);
            prop_assert!((at.weight * z - slope).abs() < 1e-8, "{:?} at {}: {:?}", loss, z, at);
            prop_assert!((at.curvature - curvature).abs() < 1e-8, "{:?} at {}: {:?}", loss, z, at);
            prop_assert_eq!((loss.at(-z).value, loss.at(-z).weight), (at.value, at.weight));
        }
    }

    /// However large a residual, a loss that distrusts it stays a number.
    #[test]
    fn losses_of_huge_residuals(exponent in 1.0..38.0_f64) {
        let z = 10_f64.powf(exponent);
        for loss in [Loss::Huber, Loss::SoftL1, Loss::Cauchy, Loss::Tukey, Loss::GemanMcClure, Loss::TruncatedSquares] {
            let (narrow, wide) = (loss.at(z as f32), loss.at(z));
            prop_assert!(narrow.value.is_finite() && narrow.weight.is_finite() && narrow.curvature.is_finite(),
                "{:?} at {:e}: {:?}", loss, z, narrow);
            prop_assert!((f64::from(narrow.value) / wide.value - 1.0).abs() < 1e-4, "{:?} at {:e}", loss, z);
        }
    }

    /// A box around a linear problem, against all ways to hold parameters at bounds.
    #[test]
    fn a_box_and_all_active_sets(
        entries in prop::collection::vec(-1.0..1.0_f64, 18),
        b in prop::collection::vec(-2.0..2.0_f64, 6),
        corners in prop::collection::vec(-1.0..1.0_f64, 6),
        fixed in 0..4_usize,
    ) {
        let a = SMatrix::<f64, 6, 3>::from_row_slice(&entries);
        prop_assume!(a.singular_values().min() > 0.2);
        let (mut lower, mut upper) = (Vector3::zeros(), Vector3::zeros());
        for j in 0..3 {
            (lower[j], upper[j]) = (corners[j].min(corners[j + 3]), corners[j].max(corners[j + 3]));
            if fixed == j {
                upper[j] = lower[j];
            }
        }
        let (best, least) = brute(&a, &SVector::from_column_slice(&b), &lower, &upper);
        boxed::<SquareRoot>(&a, &b, Bounds::new(lower, upper), &best, least)?;
        boxed::<Normal>(&a, &b, Bounds::new(lower, upper), &best, least)?;
    }

    /// A linear problem against dense algebra: solution, covariance, standard errors, correlations.
    #[test]
    fn streamed_and_dense(
        entries in prop::collection::vec(-1.0..1.0_f64, 32),
        b in prop::collection::vec(-2.0..2.0_f64, 8),
        start in prop::collection::vec(-2.0..2.0_f64, 4),
    ) {
        let a = SMatrix::<f64, 8, 4>::from_row_slice(&entries);
        prop_assume!(a.singular_values().min() > 0.2);
        dense::<f64, SquareRoot>(&a, &b, &start, 1e-9);
        dense::<f64, Normal>(&a, &b, &start, 1e-9);
        dense::<f32, SquareRoot>(&a, &b, &start, 2e-3);
        dense::<f32, Normal>(&a, &b, &start, 2e-3);
    }
}

fn boxed<K: Accumulation>(
    a: &SMatrix<f64, 6, 3>,
    b: &[f64],
    bounds: Bounds<f64, 3>,
    best: &Vector3<f64>,
    least: f64,
) -> Result<(), TestCaseError> {
    let rows: Vec<[f64; 3]> = a.row_iter().map(|row| row.transpose().into()).collect();
    let mut state: StreamedState<f64, 3, K> = StreamedState::from_point(Vector3::zeros());
    let Ok(status) = LevenbergMarquardt::default().within(bounds).run(&mut state, &mut Linear::of(&rows, b), 10_000);
    prop_assert!(matches!(status, Status::Converged(_)), "{:?}", status);
    prop_assert!((0..3).all(|j| bounds.lower[j] <= state.x()[j] && state.x()[j] <= bounds.upper[j]));
    prop_assert!((state.x() - best).amax() < 1e-6, "{} is not {}", state.x(), best);
    prop_assert!(state.cost() <= least * (1.0 + 1e-10), "{:e} above {:e}", state.cost(), least);
    Ok(())
}

/// A parameter that stops one bit before its bound is at it: here it would pull the third one, which is free to leave its own
/// bound, back onto it.
#[test]
fn a_bound_is_reached_to_the_last_bit() {
    let entries = [
        [0.0, 0.0, -0.7098993549637045],
        [-0.5858586824445913, 0.0, 0.6872352884761697],
        [0.0, 0.0, 0.0],
        [0.4960688314565577, 0.0, 0.0],
        [-0.615550730463035, 0.0, 0.0],
        [0.2939642267090517, 0.4535411518285048, 0.0],
    ];
    let (a, b) = (
        SMatrix::from_fn(|i, j| entries[i][j]),
        [0.8503366682990005, 1.2321527292190098, 0.0, 0.0, 1.144745888821124, 0.0],
    );
    let lower = vector![-0.9495206508594046, 0.0, -0.18586716617432575];
    let upper = vector![-0.23153934320082376, 0.0, 0.3438243463105723];
    let (best, least) = brute(&a, &b.into(), &lower, &upper);
    boxed::<SquareRoot>(&a, &b, Bounds::new(lower, upper), &best, least).unwrap();
    boxed::<Normal>(&a, &b, Bounds::new(lower, upper), &best, least).unwrap();
}

/// The minimizer of `½‖Ax - b‖²` in a box, by trying every active set.
fn brute(
    a: &SMatrix<f64, 6, 3>,
    b: &SVector<f64, 6>,
    lower: &Vector3<f64>,
    upper: &Vector3<f64>,
) -> (Vector3<f64>, f64) {
    let (mut best, mut least) = (Vector3::zeros(), f64::INFINITY);
    for set in 0..27_usize {
        let place = [set % 3, set / 3 % 3, set / 9];
        let mut x = Vector3::from_fn(|j, _| [0.0, lower[j], upper[j]][place[j]]);
        let mut free = *a;
        let mut rest = *b;
        for j in 0..3 {
            if place[j] != 0 {
                rest -= a.column(j) * x[j];
                free.column_mut(j).fill(0.0);
            }
        }
        // A unit on the diagonal keeps the held components at zero.
        let mut normal = free.transpose() * free;
        for j in 0..3 {
            if place[j] != 0 {
                normal[(j, j)] = 1.0;
            }
        }
        x += normal.cholesky().unwrap().solve(&(free.transpose() * rest));
        let cost = 0.5 * (a * x - b).norm_squared();
        if cost < least && (0..3).all(|j| lower[j] <= x[j] && x[j] <= upper[j]) {
            (best, least) = (x, cost);
        }
    }
    (best, least)
}

fn dense<T: Real, K: Accumulation>(a: &SMatrix<f64, 8, 4>, b: &[f64], start: &[f64], tolerance: f64) {
    let rows: Vec<[f64; 4]> = a.row_iter().map(|row| row.transpose().into()).collect();
    let start = SVector::<f64, 4>::from_column_slice(start).map(T::of_f64);
    let state: StreamedState<T, 4, K> = fit(LevenbergMarquardt::default(), start, &mut Linear::of(&rows, b));
    let b = SVector::<f64, 8>::from_column_slice(b);
    let x = a.svd(true, true).solve(&b, 0.0).unwrap();
    assert!((wide(state.x()) - x).amax() < tolerance * (1.0 + x.amax()), "{} is not {x}", state.x());

    let square = (a * x - b).norm_squared();
    assert!((2.0 * state.cost().to_f64() - square).abs() < tolerance * (1.0 + square));
    let covariance = (a.transpose() * a).try_inverse().unwrap() * (square / 4.0);
    let analysis = state.analyse(&Everywhere);
    let found = analysis.covariance(analysis.residual_variance()).map(T::to_f64);
    let size = covariance.amax().max(1.0) * 10.0;
    assert!((found - covariance).amax() < tolerance * size, "{found} is not {covariance}");
    for i in 0..4 {
        let error = covariance[(i, i)].sqrt();
        assert!((analysis.standard_errors()[i].to_f64() - error).abs() < tolerance * size);
        for j in 0..4 {
            let correlation = covariance[(i, j)] / (error * covariance[(j, j)].sqrt());
            assert!((analysis.correlation()[(i, j)].to_f64() - correlation).abs() < 100.0 * tolerance);
        }
    }
    assert_eq!(analysis.rank(), 4);
}
