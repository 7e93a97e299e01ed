//! Gyroscopes from turns between poses at rest.

use nalgebra::{Rotation3, SVector, Vector3};
use thalweg::calibration::gyroscope::{Gyroscope, GyroscopeFit, Turn};
use thalweg::least_squares::{Everywhere, LevenbergMarquardt};
use thalweg::problem::{Counted, Prior, Rows, check_row};
use thalweg::{Method, Real, Stall, Status};

use super::{BUDGET, Noise, assert_digits, assert_near, assert_within_errors, both, cast, end, fit};
use crate::problems::point;

const PERIOD: f64 = 0.02;
const SCALE: f64 = 1.2e-3;
const RESTING: [f64; 3] = [32_770.0, 32_460.0, 32_515.0];
const TRUTH: [f64; 12] = [1.02, 0.006, -0.01, 0.008, 0.97, 0.012, -0.004, 0.015, 1.01, 0.003, -0.002, 0.004];

/// Gravity before and after, and raw counts in between.
type Log<T> = ([T; 3], [T; 3], Vec<[T; 3]>);

/// Turns of a hand about ever new axes, their rates constant over a period: `m = m₀ + (s M)⁻¹ (ω + d)`, and gravity
/// turned by nalgebra in double precision.
fn logs<T: Real>(counts: f64, direction: f64) -> Vec<Log<T>> {
    let [m, d] = [&TRUTH[..9], &TRUTH[9..]];
    let inverse = (nalgebra::Matrix3::from_row_slice(m) * SCALE).try_inverse().unwrap();
    let drift = Vector3::from_row_slice(d);
    let (mut noise, mut gravity) = (Noise::new(16), Vector3::new(0.1, -0.3, 0.9).normalize());
    (0..24)
        .map(|k| {
            let before = gravity;
            let phase = 2.4 * f64::from(k);
            let axis = Vector3::new(phase.cos(), phase.sin(), (1.7 * phase).cos()).normalize();
            let turn = 1.5 + 0.4 * f64::from(k % 5);
            let readings = (0..80)
                .map(|i| {
                    // A turn that starts and ends at rest, a little unsteady.
                    let swing = 1.0 - (core::f64::consts::TAU * (f64::from(i) + 0.5) / 80.0).cos();
                    let wobble = Vector3::new(0.2, -0.1, 0.15) * (0.9 * f64::from(i)).sin() * swing;
                    let rate = axis * (turn * swing / (80.0 * PERIOD)) + wobble;
                    gravity = Rotation3::from_scaled_axis(-rate * PERIOD) * gravity;
                    let raw = Vector3::from(RESTING) + inverse * (rate + drift);
                    [raw.x, raw.y, raw.z].map(|raw| T::of_f64(raw) + noise.next(counts))
                })
                .collect();
            let mut seen = |v: Vector3<f64>| {
                let v = (v + Vector3::from_fn(|_, _| noise.next::<f64>(direction))).normalize();
                cast([v.x, v.y, v.z])
            };
            (seen(before), seen(gravity), readings)
        })
        .collect()
}

fn turns<T: Real>(logs: &[Log<T>]) -> Vec<Turn<'_, T>> {
    logs.iter().map(|(before, after, readings)| Turn { before: *before, after: *after, readings }).collect()
}

fn model<'a, T: Real>(turns: &'a [Turn<'a, T>]) -> GyroscopeFit<'a, T> {
    GyroscopeFit::new(turns, T::of_f64(PERIOD), cast(RESTING), T::of_f64(SCALE))
}

fn simulated<T: Real>() {
    let exact = logs::<T>(0.0, 0.0);
    let turns_exact = turns(&exact);
    let model_exact = model(&turns_exact);
    let state = fit(model_exact, model_exact.start());
    assert_near(state.x(), &point(TRUTH), 500.0 * T::EPSILON.to_f64());
    let sensor: Gyroscope<T> = model_exact.sensor(state.x());
    let scales = [1.02, 0.97, 1.01].map(|s| s * SCALE);
    assert_digits(&sensor.scale().map(T::to_f64), &scales, 500.0 * T::EPSILON.to_f64());
    assert!((sensor.alignment()[0][1].to_f64() - 0.006 / 0.97).abs() < 500.0 * T::EPSILON.to_f64());
    let still = sensor.apply(cast(RESTING));
    assert_near(&SVector::from(still), &point([-0.003, 0.002, -0.004]), 500.0 * T::EPSILON.to_f64());

    let noisy = logs::<T>(3.0, 1e-3);
    let turns_noisy = turns(&noisy);
    let model_noisy = model(&turns_noisy);
    assert_within_errors(&fit(model_noisy, model_noisy.start()), &point(TRUTH));
}

/// A block is one integration of a turn, and says the same as its rows.
fn blocks<T: Real>() {
    let logs = logs::<T>(3.0, 1e-3);
    let (turns, x) = (turns(&logs[..3]), point(TRUTH));
    let mut problem = model(&turns);
    let mut row = SVector::zeros();
    for first in 0..9 {
        let mut block = thalweg::problem::Block::new();
        problem.block(first, &x, &mut block).unwrap();
        assert_eq!(block.len(), 3 - first % 3);
        for (k, (g, r)) in block.samples().enumerate() {
            let Ok(residual) = problem.row(first + k, &x, &mut row);
            assert_eq!((r, *g), (residual, row));
        }
    }
    let (method, start) = (LevenbergMarquardt::default(), problem.start());
    let mut counted = Counted::new(problem);
    let (state, _) = method.solve(start, &mut counted, BUDGET).unwrap();
    assert_eq!(counted.rows, 9 * u64::from(state.iterations()));
}

/// One reading of a large rate or a small one turns gravity as nalgebra does.
fn angles<T: Real>() {
    for angle in [0.0, 1e-3, 0.1, 0.172, 0.174, 0.5, 1.5, 3.0] {
        let by = Vector3::new(0.48, -0.6, 0.64) * angle;
        let before = Vector3::new(0.6, 0.0, -0.8);
        let after = Rotation3::from_scaled_axis(-by) * before;
        let readings = [cast([by.x, by.y, by.z])];
        let turns = [Turn { before: cast([0.6, 0.0, -0.8]), after: cast([0.0; 3]), readings: &readings }];
        let mut problem = GyroscopeFit::new(&turns, T::ONE, [T::ZERO; 3], T::ONE);
        let start = problem.start();
        let found = SVector::from([0, 1, 2].map(|i| problem.row(i, &start, &mut SVector::zeros()).unwrap()));
        assert_near(&found, &point([after.x, after.y, after.z]), 4.0 * T::EPSILON.to_f64());
    }
}

/// Rotations large and small, against finite differences.
#[test]
fn derivatives() {
    let logs = logs::<f64>(0.0, 0.0);
    for period in [1e-9, PERIOD, 0.2, 2.0] {
        let turns = turns(&logs[..2]);
        let mut problem = GyroscopeFit::new(&turns, period, RESTING, SCALE);
        for i in 0..6 {
            let Ok(mismatch) = check_row(&mut problem, i, &point(TRUTH));
            assert!(mismatch.relative < 1e-5, "period {period}: {mismatch:?}");
        }
    }
}

fn bad_samples_end_honestly<T: Real>() {
    let start = model::<T>(&[]).start();
    assert_eq!(end(model::<T>(&[]), start).1, Status::Stalled(Stall::NoData));
    let mut logs = logs::<T>(0.0, 0.0);
    // Turns about one axis do not tell the others.
    let one = turns(&logs[..1]);
    assert!(fit(model(&one), start).analyse(&Everywhere).rank() <= 2);
    // A prior holds what they do not tell.
    let information = SVector::from_element(T::of_f64(1e-3));
    let mut held = Prior::independent(model(&one), start, &information).unwrap();
    let (state, status) = LevenbergMarquardt::default().solve(start, &mut held, BUDGET).unwrap();
    assert!(matches!(status, Status::Converged(_)), "{status:?}");
    assert_eq!(state.analyse(&Everywhere).rank(), 12);
    logs[2].2[7][1] = T::NAN;
    let bad = turns(&logs);
    assert_eq!(end(model(&bad), start).1, Status::Stalled(Stall::NonFinite));
}

both!(simulated blocks angles bad_samples_end_honestly);
