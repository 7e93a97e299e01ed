//! Platinum thermometers.

use nalgebra::SVector;
use thalweg::Real;
use thalweg::calibration::resistance::{Platinum, PlatinumFit};
use thalweg::least_squares::Everywhere;
use thalweg::problem::Forward;

use super::{Noise, assert_digits, assert_honest, assert_near, assert_within_errors, both, fit, squares};
use crate::reference;

/// Values of the table of IEC 60751 for 100 Ω.
#[test]
fn published_table() {
    let sensor = Platinum::standard(100.0);
    for (t, r) in [(-200.0, 18.52), (-100.0, 60.26), (-50.0, 80.31), (100.0, 138.51), (400.0, 247.09), (850.0, 390.48)]
    {
        let found: f64 = sensor.resistance(t);
        assert!((found - r).abs() < 0.0051, "{found} Ω at {t} °C");
    }
}

fn inverse<T: Real>() {
    let sensor = Platinum::standard(T::of_f64(1000.0));
    for k in -20..=85 {
        let t = T::of_f64(10.0 * f64::from(k));
        let back = sensor.temperature(sensor.resistance(t));
        assert!((back - t).to_f64().abs() < 4e3 * T::EPSILON.to_f64(), "{back} for {t}");
    }
    assert!(!sensor.temperature(T::of_f64(1e6)).is_finite());
    assert!(!sensor.temperature(T::NAN).is_finite());
}

fn simulated<T: Real>() {
    let truth = Platinum { resistance: T::of_f64(100.03), ..Platinum::standard(T::ONE) };
    let samples = |deviation| -> Vec<_> {
        let mut noise = Noise::new(4);
        let temperatures = (-19..=60).map(|k| T::of_f64(10.0 * f64::from(k)));
        temperatures.map(|t| (t, truth.resistance(t) + noise.next(deviation))).collect()
    };
    let exact = samples(0.0);
    let model = PlatinumFit::<T, 4>::new(&exact);
    let state = fit(Forward(model), model.start());
    assert_near(state.x(), &model.parameters(&truth), 1e2 * T::EPSILON.to_f64());
    let sensor = model.sensor(state.x());
    assert_near(&model.parameters(&sensor), state.x(), 10.0 * T::EPSILON.to_f64());
    let noisy = samples(0.01);
    let model = PlatinumFit::<T, 4>::new(&noisy);
    assert_within_errors(&fit(Forward(model), model.start()), &model.parameters(&truth));
}

fn bad_samples_end_honestly<T: Real>() {
    let warm = [0.0, 40.0, 80.0, 120.0, 160.0]
        .map(|t| (T::of_f64(t), Platinum::standard(T::of_f64(100.0)).resistance(T::of_f64(t))));
    let mut bad = warm;
    bad[1].1 = T::NAN;
    let model = PlatinumFit::<T, 4>::new(&warm);
    assert_honest(PlatinumFit::<T, 4>::new(&[]), PlatinumFit::new(&bad), model.start());
    // Nothing below 0 °C tells of C.
    let state = fit(Forward(model), model.start());
    let report = state.analyse(&Everywhere);
    assert_eq!(report.rank(), 3);
    assert_eq!(report.weakest().unwrap()[3], T::ONE);
    assert_eq!(model.sensor(state.x()).c, T::ZERO);
}

both!(inverse simulated bad_samples_end_honestly);

#[test]
fn table_above_zero() {
    let Some(set) = reference::folder("thermistor/pt100-hot") else { return };
    let (meta, (_, rows)) = (reference::meta(&set), reference::table(&set.join("data.csv")));
    let list = |key| reference::numbers(&meta, "callendar_van_dusen", key);
    let sse = reference::number(&meta["callendar_van_dusen"]["sse"]);
    let samples: Vec<_> = rows.iter().map(|row| (row[0], row[1])).collect();
    let model = PlatinumFit::<_, 3>::new(&samples);
    let [resistance, a, b] = list("start").try_into().unwrap();
    for start in [model.parameters(&Platinum { resistance, a, b, c: 0.0 }), model.start()] {
        let state = fit(Forward(model), start);
        let sensor = model.sensor(state.x());
        assert_digits(&[squares(&model, state.x())], &[sse], 1e-9);
        assert_digits(&[sensor.resistance, sensor.a, sensor.b], &list("params"), 1e-10);
        // 0.01 Ω of rounding leave the nominal coefficients within five standard errors.
        for ((found, truth), error) in
            [sensor.resistance, sensor.a, sensor.b].into_iter().zip(list("truth")).zip(list("std_err"))
        {
            assert!((found - truth).abs() < 5.0 * error);
        }
    }
    let singles: Vec<_> = samples.iter().map(|(t, r)| (*t as f32, *r as f32)).collect();
    let single = PlatinumFit::<_, 3>::new(&singles);
    let x: SVector<f32, 3> = *fit(Forward(single), single.start()).x();
    assert_digits(&[squares(&model, &x.map(f64::from))], &[sse], 1e-4);
}
