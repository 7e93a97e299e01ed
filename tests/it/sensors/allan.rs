//! Noise coefficients from Allan deviations.

use nalgebra::SVector;
use thalweg::calibration::allan::{AllanFit, AllanLogFit, Noise};
use thalweg::least_squares::{LevenbergMarquardt, StreamedState, certify};
use thalweg::problem::Forward;
use thalweg::{Method, Real, Stall, Status};

use super::{BUDGET, assert_digits, assert_honest, both, squares};
use crate::problems::point;
use crate::reference;

/// The linear fit in its bounds.
fn linear<T: Real>(model: AllanFit<T>, start: SVector<T, 5>) -> StreamedState<T, 5> {
    let method = LevenbergMarquardt::default().within(model.bounds());
    let (state, status) = method.solve(start, &mut Forward(model), BUDGET).unwrap();
    assert!(matches!(status, Status::Converged(_) | Status::Stalled(Stall::NoDescent)), "{status:?}");
    state
}

fn logarithmic<T: Real>(model: AllanLogFit<T>, start: SVector<T, 5>) -> StreamedState<T, 5> {
    let method = LevenbergMarquardt::default().within(model.bounds());
    let (state, status) = method.solve(start, &mut Forward(model), BUDGET).unwrap();
    assert!(matches!(status, Status::Converged(_) | Status::Stalled(Stall::NoDescent)), "{status:?}");
    state
}

fn list<T: Real>(noise: &Noise<T>) -> [f64; 5] {
    [noise.quantization, noise.white, noise.instability, noise.walk, noise.ramp].map(T::to_f64)
}

/// A gyroscope's curve, in rad/s: white noise, bias instability and random walk.
fn simulated<T: Real>() {
    let [white, instability, walk] = [2e-4, 3e-5, 4e-7].map(T::of_f64);
    let truth = Noise { quantization: T::ZERO, white, instability, walk, ramp: T::ZERO };
    let exact: Vec<_> = (0..50)
        .map(|k| T::of_f64(0.01 * 10.0_f64.powf(0.13 * f64::from(k))))
        .map(|tau| (tau, truth.deviation(tau)))
        .collect();
    let model = AllanFit::new(&exact);
    let state = linear(model, model.start());
    let found = list(&model.noise(state.x()));
    assert_digits(&found[1..4], &list(&truth)[1..4], 1e3 * T::EPSILON.to_f64());
    // What is not there is nothing, up to rounding.
    for (tau, sigma) in &exact {
        let fitted = model.noise(state.x()).deviation(*tau).to_f64();
        assert!((fitted / sigma.to_f64() - 1.0).abs() < 1e2 * T::EPSILON.to_f64());
    }
    assert_digits(
        &list(&model.noise(&model.parameters(&truth)))[1..4],
        &list(&truth)[1..4],
        10.0 * T::EPSILON.to_f64(),
    );

    // Ten per cent up and down: coefficients within some per cent, and the logarithmic fit agrees.
    let disturbed = |k: usize| if k.is_multiple_of(2) { 1.1 } else { 1.0 / 1.1 };
    let noisy: Vec<_> = exact.iter().enumerate().map(|(k, (tau, s))| (*tau, *s * T::of_f64(disturbed(k)))).collect();
    let model = AllanFit::new(&noisy);
    let x = *linear(model, model.start()).x();
    let log = AllanLogFit::new(model, &x);
    let refined = list(&log.noise(logarithmic(log, log.start(&x)).x()));
    assert_digits(&refined[1..4], &list(&truth)[1..4], 0.05);
}

fn bad_samples_end_honestly<T: Real>() {
    let good = [1.0, 2.0, 4.0, 8.0].map(|tau| (T::of_f64(tau), T::ONE / T::of_f64(tau)));
    let mut bad = good;
    bad[2].1 = T::NAN;
    let start = AllanFit::new(&good).start();
    assert_honest(AllanFit::new(&[]), AllanFit::new(&bad), start);
    let nothing = AllanLogFit::new(AllanFit::new(&good), &SVector::zeros());
    let (_, status) = LevenbergMarquardt::default().solve(point([0.0; 5]), &mut Forward(nothing), BUDGET).unwrap();
    assert_eq!(status, Status::Stalled(Stall::NonFinite));
}

both!(simulated bad_samples_end_honestly);

#[test]
fn clocks() {
    for set in reference::sets("allan") {
        let (meta, (_, rows)) = (reference::meta(&set), reference::table(&set.join("data.csv")));
        let unit = reference::number(&meta["sigma_scale"]);
        // Coefficients of the reference are squares in units of sigma_scale and seconds.
        let noise = |x: &[f64]| {
            let [quantization, white, instability, walk, ramp] = [0, 1, 2, 3, 4].map(|j| unit * x[j].sqrt());
            Noise { quantization, white, instability, walk, ramp }
        };
        let samples: Vec<_> = rows.iter().map(|row| (row[0], row[1])).collect();
        let model = AllanFit::new(&samples);
        let expected = reference::numbers(&meta, "nnls", "params");
        let active: Vec<_> = reference::numbers(&meta, "nnls", "active_zero").into_iter().map(|j| j as usize).collect();
        let cost = reference::number(&meta["nnls"]["cost"]);
        let expected_log = {
            let mut x = vec![0.0; 5];
            let columns = reference::numbers(&meta, "log", "columns");
            for (j, p) in columns.iter().zip(reference::numbers(&meta, "log", "params")) {
                x[*j as usize] = p.exp();
            }
            x
        };
        let log_cost = reference::number(&meta["log"]["cost"]);
        assert!(model.start().iter().all(|x| *x >= 0.0) && model.start().iter().any(|x| *x == 0.0));
        for start in [model.start(), SVector::from_element(1.0), SVector::zeros()] {
            let state = linear(model, start);
            let x = *state.x();
            assert_digits(&[squares(&model, &x)], &[cost], 1e-10);
            let zeros: Vec<_> = (0..5).filter(|&j| x[j] == 0.0).collect();
            assert_eq!(zeros, active);
            assert_digits(&list(&model.noise(&x)), &list(&noise(&expected)), 1e-7);
            let certificate = certify(&mut Forward(model), &x, &model.bounds()).unwrap();
            assert!(certificate.scaled_gradient < 1e-10, "{certificate:?}");

            let log = AllanLogFit::new(model, &x);
            for start in [log.start(&x), SVector::zeros()] {
                let state = logarithmic(log, start);
                let report = state.analyse(&log.bounds());
                assert_eq!((report.rank(), report.free()), (5 - active.len(), 5 - active.len()));
                let p = *state.x();
                assert_digits(&[squares(&log, &p)], &[log_cost], 1e-10);
                assert_digits(&list(&log.noise(&p)), &list(&noise(&expected_log)), 1e-7);
            }
        }

        let singles: Vec<_> = samples.iter().map(|(tau, sigma)| (*tau as f32, *sigma as f32)).collect();
        let single = AllanFit::new(&singles);
        let x = *linear(single, single.start()).x();
        let zeros: Vec<_> = (0..5).filter(|&j| x[j] == 0.0).collect();
        assert_eq!(zeros, active);
        let widen = |noise: Noise<f32>| {
            let [quantization, white, instability, walk, ramp] = list(&noise);
            Noise { quantization, white, instability, walk, ramp }
        };
        let again = model.parameters(&widen(single.noise(&x)));
        assert_digits(&[squares(&model, &again)], &[cost], 1e-4);
        let log = AllanLogFit::new(single, &x);
        let p = *logarithmic(log, log.start(&x)).x();
        let again = model.parameters(&widen(log.noise(&p)));
        let log = AllanLogFit::new(model, &again);
        assert_digits(&[squares(&log, &log.start(&again))], &[log_cost], 1e-4);
    }
}
