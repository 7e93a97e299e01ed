//! Sine/cosine encoders.

use core::f64::consts::{PI, TAU};

use nalgebra::SVector;
use thalweg::calibration::encoder::{Encoder, EncoderFit};
use thalweg::problem::{Forward, Loss, Robust};
use thalweg::{Method, Real, Status};

use super::{BUDGET, Noise, assert_honest, assert_near, assert_within_errors, both, fit};

/// A 12-bit converter's readings of a poor encoder.
fn truth<T: Real>() -> Encoder<T> {
    let offset = [2075.0, 2012.0].map(T::of_f64);
    Encoder { offset, amplitude: T::of_f64(1480.0), ratio: T::of_f64(1.07), phase: T::of_f64(0.06) }
}

/// Readings over a part of a turn.
fn samples<T: Real>(turn: f64, deviation: f64) -> Vec<[T; 2]> {
    let mut noise = Noise::new(7);
    let angles = (0..60).map(|k| T::of_f64(turn * TAU * f64::from(k) / 60.0));
    angles.map(|angle| truth().reading(angle).map(|u| u + noise.next(deviation))).collect()
}

fn recovered<T: Real>() {
    // The conic of an arc is worse conditioned than that of a turn.
    for (turn, tolerance) in [(1.0, 20.0), (0.5, 4e3)] {
        let readings = samples::<T>(turn, 0.0);
        let model = EncoderFit::new(&readings);
        let expected = model.parameters(&truth());
        assert_near(&model.start(), &expected, tolerance * T::EPSILON.to_f64());
        let state = fit(Forward(model), model.start());
        assert_near(state.x(), &expected, tolerance * T::EPSILON.to_f64());
        let found = model.sensor(state.x());
        for k in -9..10 {
            let angle = T::of_f64(PI * 0.1 * f64::from(k));
            let error = (found.angle(truth().reading(angle)) - angle).to_f64().abs();
            assert!(error < tolerance * T::EPSILON.to_f64(), "{error:e}");
        }
    }
}

fn recovered_from_noise<T: Real>() {
    let readings = samples::<T>(1.0, 5.0);
    let model = EncoderFit::new(&readings);
    let state = fit(Forward(model), model.start());
    assert_within_errors(&state, &model.parameters(&truth()));
    // The ranges alone leave the phase error in.
    let found = model.sensor(state.x());
    let ranges = model.sensor(&SVector::from([T::ZERO, T::ZERO, T::ONE, T::ONE, T::ZERO]));
    let worst = |sensor: &Encoder<T>| {
        let errors = (1..60).map(|k| {
            let angle = PI * (f64::from(k) / 30.0 - 1.0);
            (sensor.angle(truth().reading(T::of_f64(angle))).to_f64() - angle).abs()
        });
        errors.fold(0.0, f64::max)
    };
    assert!(worst(&found) < 5e-3 && worst(&ranges) > 2e-2, "{} {}", worst(&found), worst(&ranges));
}

/// Readings disturbed by a spike count little under a robust loss.
fn recovered_from_spikes<T: Real>() {
    let mut readings = samples::<T>(1.0, 2.0);
    for k in [11, 23, 24, 47] {
        readings[k][1] += T::of_f64(700.0);
    }
    let model = EncoderFit::new(&readings);
    let mut robust = Robust::new(Forward(model), Loss::Cauchy, T::of_f64(0.005)).unwrap();
    let (state, status) =
        thalweg::least_squares::LevenbergMarquardt::default().solve(model.start(), &mut robust, BUDGET).unwrap();
    assert!(matches!(status, Status::Converged(_)), "{status:?}");
    assert_near(state.x(), &model.parameters(&truth()), 3e-3);
    assert!(crate::problems::distance(&model.parameters(&truth()), fit(Forward(model), model.start()).x()) > 1e-2);
}

fn bad_samples_end_honestly<T: Real>() {
    let good = samples::<T>(1.0, 0.0);
    let mut bad = good.clone();
    bad[9][0] = T::NAN;
    let start = EncoderFit::new(&good).start();
    assert_honest(EncoderFit::new(&[]), EncoderFit::new(&bad), start);
    // A line is no ellipse: the start falls back on the ranges of the signals.
    let line: Vec<_> = good.iter().map(|[c, _]| [*c, T::TWO * *c]).collect();
    assert_eq!(EncoderFit::new(&line).start(), SVector::from([T::ZERO, T::ZERO, T::ONE, T::HALF, T::ZERO]));
    // Nor is a shaft at rest: the start is finite, the parameters are undetermined.
    let rest = [good[5]; 20];
    let model = EncoderFit::new(&rest);
    let state = fit(Forward(model), model.start());
    assert!(state.analyse(&thalweg::least_squares::Everywhere).rank() < 5);
}

both!(recovered recovered_from_noise recovered_from_spikes bad_samples_end_honestly);
