//! Thermistors.

use nalgebra::{SVector, vector};
use thalweg::Real;
use thalweg::calibration::thermistor::{Beta, BetaFit, Exponential, ExponentialFit, SteinhartHart, SteinhartHartFit};
use thalweg::problem::Forward;

use super::{Noise, assert_digits, assert_honest, assert_near, assert_within_errors, both, fit, squares};
use crate::problems::wide;
use crate::reference;

pub const KELVIN: f64 = 273.15;

/// Temperatures from -20 to 100 °C in K.
fn temperatures<T: Real>() -> impl Iterator<Item = T> {
    (0..25).map(|k| T::of_f64(KELVIN - 20.0 + 5.0 * f64::from(k)))
}

/// A thermistor of 10 kΩ at 25 °C, with 3 or 4 coefficients.
fn truth<T: Real, const N: usize>() -> SteinhartHart<T, N> {
    let four = [1.1292e-3, 2.3411e-4, 3.0e-7, 8.7755e-8];
    let three = [1.1292e-3, 2.3411e-4, 8.7755e-8, 0.0];
    let all = if N == 4 { four } else { three };
    SteinhartHart { coefficients: SVector::from_fn(|j, _| T::of_f64(all[j])) }
}

fn steinhart_hart_of<T: Real, const N: usize>() {
    let truth = truth::<T, N>();
    let exact: Vec<_> = temperatures().map(|t| (t, truth.resistance(t))).collect();
    for (t, r) in &exact {
        assert!((truth.temperature(*r) - *t).to_f64().abs() < 4e3 * T::EPSILON.to_f64(), "not its own inverse at {t}");
    }
    let model = SteinhartHartFit::<T, N>::new(&exact);
    let expected = model.parameters(&truth);
    assert_near(&model.parameters(&model.sensor(&expected)), &expected, 1e3 * T::EPSILON.to_f64());
    let found = model.sensor(fit(Forward(model), model.start()).x());
    for (t, r) in &exact {
        assert!((found.temperature(*r) - *t).to_f64().abs() < 4e3 * T::EPSILON.to_f64());
    }

    let mut noise = Noise::new(1);
    let noisy: Vec<_> = exact.iter().map(|(t, r)| (*t + noise.next(0.02), *r)).collect();
    let model = SteinhartHartFit::<T, N>::new(&noisy);
    assert_within_errors(&fit(Forward(model), model.start()), &model.parameters(&truth));
}

fn steinhart_hart<T: Real>() {
    steinhart_hart_of::<T, 3>();
    steinhart_hart_of::<T, 4>();
}

fn beta<T: Real>() {
    let truth = Beta { resistance: T::of_f64(1e4), reference: T::of_f64(298.15), beta: T::of_f64(3950.0) };
    let samples = |deviation| -> Vec<_> {
        let mut noise = Noise::new(2);
        temperatures().map(|t| (t, truth.resistance(t) * (T::ONE + noise.next(deviation)))).collect()
    };
    let exact = samples(0.0);
    let model = BetaFit::new(&exact, truth.reference);
    let found = model.sensor(fit(Forward(model), model.start()).x());
    for (t, r) in &exact {
        assert!((found.temperature(*r) - *t).to_f64().abs() < 4e3 * T::EPSILON.to_f64());
    }
    let noisy = samples(1e-3);
    let model = BetaFit::new(&noisy, truth.reference);
    let state = fit(Forward(model), model.start());
    assert_within_errors(&state, &vector![truth.resistance.ln(), truth.beta / truth.reference]);
}

fn exponential<T: Real>() {
    let truth = Exponential { a: T::of_f64(0.01), b: T::of_f64(5000.0), c: T::of_f64(70.0) };
    let samples = |deviation| -> Vec<_> {
        let mut noise = Noise::new(3);
        temperatures().map(|t| (t, truth.resistance(t) * (T::ONE + noise.next(deviation)))).collect()
    };
    let exact = samples(0.0);
    let model = ExponentialFit::new(&exact);
    let state = fit(Forward(model), model.start());
    assert_near(state.x(), &model.parameters(&truth), 1e4 * T::EPSILON.to_f64());
    let found = model.sensor(state.x());
    for (t, r) in &exact {
        assert!((found.temperature(*r) - *t).to_f64().abs() < 1e4 * T::EPSILON.to_f64());
    }
    let noisy = samples(1e-3);
    let model = ExponentialFit::new(&noisy);
    assert_within_errors(&fit(Forward(model), model.start()), &model.parameters(&truth));
}

fn bad_samples_end_honestly<T: Real>() {
    let good: Vec<_> = temperatures().map(|t| (t, truth::<T, 3>().resistance(t))).collect();
    let mut bad = good.clone();
    bad[4].1 = -T::ONE;
    let start = SteinhartHartFit::<T, 3>::new(&good).start();
    assert_honest(SteinhartHartFit::<T, 3>::new(&[]), SteinhartHartFit::new(&bad), start);
    let start = ExponentialFit::new(&good).start();
    assert_honest(ExponentialFit::new(&[]), ExponentialFit::new(&bad), start);
    let model = BetaFit::new(&good, T::of_f64(300.0));
    assert_honest(BetaFit::new(&[], T::ONE), BetaFit::new(&bad, T::ONE), model.start());
    assert!(!truth::<T, 4>().temperature(-T::ONE).is_finite());

    let twice = [good[3], good[3]];
    let model = SteinhartHartFit::<T, 3>::new(&twice);
    let state = fit(Forward(model), model.start());
    assert_eq!(state.analyse(&thalweg::least_squares::Everywhere).rank(), 1);
}

both!(steinhart_hart beta exponential bad_samples_end_honestly);

/// A table in K and Ω.
fn table<T: Real>(set: &std::path::Path) -> Vec<(T, T)> {
    let (_, rows) = reference::table(&set.join("data.csv"));
    rows.iter().map(|row| (T::of_f64(row[0] + KELVIN), T::of_f64(row[1]))).collect()
}

#[test]
fn tables() {
    let sets = reference::sets("thermistor");
    for set in sets.iter().filter(|set| !set.ends_with("pt100-hot")) {
        let meta = reference::meta(set);
        let list = |section: &str, key| reference::numbers(&meta, section, key);
        let sse = |section: &str| reference::number(&meta[section]["sse"]);
        let (samples, singles) = (table::<f64>(set), table::<f32>(set));

        let model = SteinhartHartFit::<_, 3>::new(&samples);
        let coefficients = SVector::from_iterator(list("steinhart_hart", "start"));
        for start in [model.parameters(&SteinhartHart { coefficients }), model.start()] {
            let x = *fit(Forward(model), start).x();
            assert_digits(&[squares(&model, &x)], &[sse("steinhart_hart")], 1e-10);
            assert_digits(model.sensor(&x).coefficients.as_slice(), &list("steinhart_hart", "params"), 1e-6);
        }
        let single = SteinhartHartFit::<f32, 3>::new(&singles);
        let x = *fit(Forward(single), single.start()).x();
        // Both as the fit has them, and as the sensor rounds them to its coefficients.
        let again = model.parameters(&SteinhartHart { coefficients: wide(&single.sensor(&x).coefficients) });
        assert_digits(&[squares(&model, &again)], &[sse("steinhart_hart")], 1e-4);

        let model = ExponentialFit::new(&samples);
        let [a, b, c] = list("meyer_relative", "start").try_into().unwrap();
        for start in [model.parameters(&Exponential { a, b, c }), model.start()] {
            let x = *fit(Forward(model), start).x();
            assert_digits(&[squares(&model, &x)], &[sse("meyer_relative")], 1e-10);
            let Exponential { a, b, c } = model.sensor(&x);
            assert_digits(&[a, b, c], &list("meyer_relative", "params"), 1e-5);
        }
        let single = ExponentialFit::new(&singles);
        let Exponential { a, b, c } = single.sensor(fit(Forward(single), single.start()).x());
        let [a, b, c] = [a, b, c].map(f64::from);
        let again = model.parameters(&Exponential { a, b, c });
        assert_digits(&[squares(&model, &again)], &[sse("meyer_relative")], 1e-4);

        // Four terms follow the tables to what they are rounded to.
        let model = SteinhartHartFit::<_, 4>::new(&samples);
        let four = squares(&model, fit(Forward(model), model.start()).x());
        assert!(four < 0.2 * sse("steinhart_hart"), "{four} {}", sse("steinhart_hart"));
        let single = SteinhartHartFit::<f32, 4>::new(&singles);
        let sensor = single.sensor(fit(Forward(single), single.start()).x());
        let again = model.parameters(&SteinhartHart { coefficients: wide(&sensor.coefficients) });
        assert_digits(&[squares(&model, &again)], &[four], 1e-2);
    }
}
