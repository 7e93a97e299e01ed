//! Sensors whose fit is linear: temperature compensation and load cells.

use nalgebra::{SVector, vector};
use thalweg::calibration::compensation::{Compensation, CompensationFit, Polynomial};
use thalweg::calibration::load_cell::{LoadCell, LoadCellFit};
use thalweg::least_squares::{Bounds, Everywhere, LevenbergMarquardt};
use thalweg::problem::Forward;
use thalweg::{Method, Real, Status};

use super::{BUDGET, Noise, assert_honest, assert_near, assert_within_errors, both, fit};
use crate::problems::point;

/// A pressure sensor in hPa from -40 to 85 °C: offset of three coefficients, gain of two.
fn pressure<T: Real>() -> (Compensation<T, 3, 2>, SVector<T, 5>) {
    let (centre, width) = (T::of_f64(22.5), T::of_f64(62.5));
    let x = point([1.5, -3.0, 0.75, 0.02, -0.015]);
    let offset = Polynomial { centre, width, coefficients: vector![x[0], x[1], x[2]] };
    let gain = Polynomial { centre, width, coefficients: vector![x[3], x[4]] };
    (Compensation { offset, gain }, x)
}

fn compensation_samples<T: Real>(deviation: f64) -> Vec<(T, T, T)> {
    let (sensor, mut noise) = (pressure().0, Noise::new(5));
    let temperatures = (0..11).map(|k| -40.0 + 12.5 * f64::from(k));
    let grid = temperatures.flat_map(|t| [300.0, 700.0, 1100.0].map(|p| (T::of_f64(t), T::of_f64(p))));
    grid.map(|(t, p)| (t, p, sensor.reading(p, t) + noise.next(deviation))).collect()
}

fn compensation<T: Real>() {
    let (sensor, x) = pressure::<T>();
    let samples = compensation_samples(0.0);
    let model = CompensationFit::<T, 3, 2, 5>::new(&samples);
    let found = *fit(Forward(model), model.start()).x();
    assert_near(&found, &x, 5e3 * T::EPSILON.to_f64());
    assert_near(&model.start(), &x, 5e3 * T::EPSILON.to_f64());
    let found = model.sensor(&found);
    for (t, p, reading) in &samples {
        assert!((found.apply(*reading, *t) - *p).to_f64().abs() < 5e3 * T::EPSILON.to_f64());
        assert!((sensor.apply(*reading, *t) - *p).to_f64().abs() < 5e3 * T::EPSILON.to_f64());
    }
    let samples = compensation_samples(0.05);
    let model = CompensationFit::<T, 3, 2, 5>::new(&samples);
    assert_within_errors(&fit(Forward(model), model.start()), &x);
}

/// Without a gain polynomial the gain is one, without an offset it is zero.
fn compensation_in_part<T: Real>() {
    let samples: Vec<_> = [-10.0, 0.0, 10.0, 30.0]
        .map(|t| (T::of_f64(t), T::of_f64(5.0), T::of_f64(5.0 + 0.5 * (t - 10.0) / 20.0)))
        .into();
    let model = CompensationFit::<T, 2, 0, 2>::new(&samples);
    assert_near(fit(Forward(model), model.start()).x(), &point([0.0, 0.5]), 1e2 * T::EPSILON.to_f64());
    let model = CompensationFit::<T, 0, 2, 2>::new(&samples);
    assert_near(fit(Forward(model), model.start()).x(), &point([0.0, 0.1]), 1e2 * T::EPSILON.to_f64());
}

fn compensation_of_bad_samples<T: Real>() {
    let good = compensation_samples::<T>(0.0);
    let mut bad = good.clone();
    bad[3].0 = T::NAN;
    let model = CompensationFit::<T, 3, 2, 5>::new(&good);
    assert_honest(CompensationFit::<T, 3, 2, 5>::new(&[]), CompensationFit::<T, 3, 2, 5>::new(&bad), model.start());
    // One temperature tells nothing of a slope.
    let model = CompensationFit::<T, 3, 2, 5>::new(&good[..3]);
    let state = fit(Forward(model), model.start());
    assert_eq!(state.analyse(&Everywhere).rank(), 2);
}

const CELL: [f64; 6] = [1200.0, 812_000.0, 310.0, -140.0, 11.0, -21.0];

fn load_samples<T: Real>(deviation: f64) -> Vec<(T, T, T)> {
    let model = LoadCellFit::new(&[], T::of_f64(20.0), T::of_f64(20.0));
    let (cell, mut noise) = (model.sensor(&point(CELL)), Noise::new(6));
    let temperatures = [-10.0, 20.0, 45.0].map(T::of_f64);
    let loads = || (0..=10).map(|k| T::of_f64(2.0 * f64::from(k)));
    let grid = temperatures.into_iter().flat_map(|t| loads().map(move |load| (load, t)));
    grid.map(|(load, t)| (load, t, cell.reading(load, t) + noise.next(deviation))).collect()
}

fn load_cell<T: Real>() {
    let (capacity, reference) = (T::of_f64(20.0), T::of_f64(20.0));
    let samples = load_samples(0.0);
    let model = LoadCellFit::new(&samples, capacity, reference);
    let state = fit(Forward(model), model.start());
    // Single precision rounds readings to a sixteenth of a count.
    let counts = 1e6 * T::EPSILON.to_f64();
    for j in 0..6 {
        assert!((state.x()[j].to_f64() - CELL[j]).abs() < 10.0 * counts, "{:?}", state.x());
    }
    let sensor: LoadCell<T> = model.sensor(state.x());
    for (load, t, reading) in &samples {
        assert!((sensor.load(*reading, *t) - *load).to_f64().abs() < 40.0 * counts / 4e4);
    }
    let samples = load_samples(2.0);
    let model = LoadCellFit::new(&samples, capacity, reference);
    assert_within_errors(&fit(Forward(model), model.start()), &point(CELL));
}

/// At one temperature the drifts are zero by themselves, or fixed and then known.
fn load_cell_in_part<T: Real>() {
    let samples: Vec<_> = load_samples::<T>(0.0).into_iter().filter(|(_, t, _)| *t == T::of_f64(20.0)).collect();
    let model = LoadCellFit::new(&samples, T::of_f64(20.0), T::of_f64(20.0));
    let start = model.start();
    assert_eq!((start[4], start[5]), (T::ZERO, T::ZERO));
    assert_eq!(fit(Forward(model), start).analyse(&Everywhere).rank(), 4);
    let bounds = [3, 4, 5].into_iter().fold(Bounds::none(), |bounds, j| bounds.fix(j, T::ZERO));
    let method = LevenbergMarquardt::default().within(bounds);
    let (state, status) = method.solve(start, &mut Forward(model), BUDGET).unwrap();
    assert!(matches!(status, Status::Converged(_)));
    let report = state.analyse(&bounds);
    assert_eq!((report.rank(), report.free()), (3, 3));
    assert_eq!(model.sensor(state.x()).cubic, T::ZERO);
}

fn load_cell_of_bad_samples<T: Real>() {
    let good = load_samples::<T>(0.0);
    let mut bad = good.clone();
    bad[7].2 = T::INFINITY;
    let model = |samples| LoadCellFit::new(samples, T::of_f64(20.0), T::of_f64(20.0));
    assert_honest(model(&[]), model(&bad), model(&good).start());
}

both!(
    compensation compensation_in_part compensation_of_bad_samples
    load_cell load_cell_in_part load_cell_of_bad_samples
);
