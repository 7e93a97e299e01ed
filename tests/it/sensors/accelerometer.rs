//! Accelerometers at rest in several positions.

use nalgebra::SVector;
use thalweg::Real;
use thalweg::calibration::accelerometer::{Accelerometer, Affine, PositionsFit, StaticFit};
use thalweg::least_squares::Everywhere;
use thalweg::problem::Forward;

use super::{Noise, assert_digits, assert_honest, assert_near, assert_within_errors, both, cast, fit, squares, wide};
use crate::problems::point;
use crate::reference;

const AFFINE: [f64; 12] = [1.02, 0.01, -0.02, 0.005, 0.97, 0.03, 0.0, -0.015, 1.01, 0.05, -0.08, 0.12];

/// The six positions, and eight between them.
fn directions() -> Vec<[f64; 3]> {
    let axes = (0..6).map(|k| [0, 1, 2].map(|j| if k / 2 == j { 1.0 - 2.0 * f64::from(k % 2) } else { 0.0 }));
    let corner = |bits: u32| [0, 1, 2].map(|j| (f64::from((bits >> j) & 1) * 2.0 - 1.0) / 3.0_f64.sqrt());
    axes.chain((0..8).map(corner)).collect()
}

fn positions<T: Real>(deviation: f64) -> Vec<([T; 3], [T; 3])> {
    let (sensor, mut noise) = (PositionsFit::new(&[]).sensor(&point(AFFINE)), Noise::new(14));
    let reading = |d| (cast::<T, 3>(d), sensor.reading(cast(d)).map(|m: T| m + noise.next(deviation)));
    directions().into_iter().map(reading).collect()
}

fn affine<T: Real>() {
    let samples = positions::<T>(0.0);
    let model = PositionsFit::new(&samples);
    let state = fit(Forward(model), model.start());
    assert_near(state.x(), &point(AFFINE), 10.0 * T::EPSILON.to_f64());
    let sensor = model.sensor(state.x());
    for (truth, reading) in &samples {
        let found = SVector::from(sensor.apply(*reading));
        assert_near(&found, &SVector::from(*truth), 10.0 * T::EPSILON.to_f64());
    }
    let samples = positions::<T>(2e-3);
    let model = PositionsFit::new(&samples);
    assert_within_errors(&fit(Forward(model), model.start()), &point(AFFINE));
    let flat = Affine { matrix: [[T::ZERO; 3]; 3], offset: [T::ZERO; 3] };
    assert!(flat.apply([T::ONE; 3]).iter().all(|a| !a.is_finite()));
}

fn sensor<T: Real>() -> Accelerometer<T> {
    Accelerometer {
        misalignment: cast([0.004, -0.009, 0.02]),
        scale: cast([2.41e-3, 2.43e-3, 2.40e-3]),
        bias: cast([33_120.0, 33_270.0, 32_360.0]),
    }
}

/// Raw counts of gravity in twenty-six directions: `m = b + K⁻¹ T⁻¹ a`.
fn counts<T: Real>(deviation: f64) -> Vec<[T; 3]> {
    let (Accelerometer { misalignment: [yz, zy, zx], scale, bias }, mut noise) = (sensor::<f64>(), Noise::new(15));
    let tilted = directions().into_iter().map(|[x, y, z]| [x * 0.8 - y * 0.6, x * 0.6 + y * 0.8, z]);
    let tipped = directions().into_iter().skip(6).map(|[x, y, z]| [x, y * 0.28 - z * 0.96, y * 0.96 + z * 0.28]);
    tilted
        .chain(tipped)
        .map(|direction| {
            let [a, b, c] = direction.map(|x| 9.81 * x);
            let v = b + zx * c;
            let u = a + yz * v - zy * c;
            let raw = [u / scale[0] + bias[0], v / scale[1] + bias[1], c / scale[2] + bias[2]];
            raw.map(|m| T::of_f64(m) + noise.next(deviation))
        })
        .collect()
}

fn at_rest<T: Real>() {
    let means = counts::<T>(0.0);
    let model = StaticFit::new(&means, T::of_f64(9.81));
    let state = fit(Forward(model), model.start());
    let expected = model.parameters(&sensor());
    assert_near(state.x(), &expected, 50.0 * T::EPSILON.to_f64());
    assert_near(&model.parameters(&model.sensor(state.x())), state.x(), 50.0 * T::EPSILON.to_f64());
    assert!(model.deviation(&model.sensor(state.x())).to_f64() < 2e2 * T::EPSILON.to_f64());

    let means = counts::<T>(1.0);
    let model = StaticFit::new(&means, T::of_f64(9.81));
    assert_within_errors(&fit(Forward(model), model.start()), &model.parameters(&sensor()));
}

fn bad_samples_end_honestly<T: Real>() {
    let good = positions::<T>(0.0);
    let mut bad = good.clone();
    bad[3].1[2] = T::NAN;
    assert_honest(PositionsFit::new(&[]), PositionsFit::new(&bad), PositionsFit::new(&good).start());
    let g = T::of_f64(9.81);
    let means = counts::<T>(0.0);
    let mut bad = means.clone();
    bad[3][2] = T::NAN;
    assert_honest(StaticFit::new(&[], g), StaticFit::new(&bad, g), StaticFit::new(&means, g).start());
    // One position tells three of twelve, and two poses two of nine.
    let model = PositionsFit::new(&good[..1]);
    assert_eq!(fit(Forward(model), model.start()).analyse(&Everywhere).rank(), 3);
    let model = StaticFit::new(&means[..2], g);
    assert_eq!(fit(Forward(model), model.start()).analyse(&Everywhere).rank(), 2);
}

both!(affine at_rest bad_samples_end_honestly);

/// True direction in g and reading of each pose.
pub fn six_poses(set: &std::path::Path) -> Vec<([f64; 3], [f64; 3])> {
    let (_, rows) = reference::table(&set.join("data.csv"));
    rows.iter().map(|row| ([row[0], row[1], row[2]], [row[3], row[4], row[5]])).collect()
}

#[test]
fn six_positions() {
    let Some(set) = reference::folder("accel-six-position/trials-1-3") else { return };
    let (meta, samples) = (reference::meta(&set), six_poses(&set));
    let list = |section, key| reference::numbers(&meta, section, key);
    for (section, samples) in [("affine12", &samples[..]), ("affine12_first_six_poses", &samples[..6])] {
        let sse = reference::number(&meta[section]["sse"]);
        let model = PositionsFit::new(samples);
        for start in [model.start(), SVector::from_iterator(list("affine12", "start"))] {
            let state = fit(Forward(model), start);
            assert_digits(&[squares(&model, state.x())], &[sse], 1e-10);
            assert!((state.x() - SVector::from_iterator(list(section, "params"))).amax() < 1e-12);
            if section == "affine12" {
                let errors = state.analyse(&Everywhere).standard_errors();
                assert_digits(errors.as_slice(), &list(section, "std_err"), 1e-10);
            } else {
                let published = [list(section, "published_s_diag"), list(section, "published_bias")].concat();
                let found = [0, 4, 8, 9, 10, 11].map(|j| state.x()[j]);
                assert!((SVector::from(found) - SVector::from_iterator(published)).amax() < 1e-9);
            }
        }
        let singles: Vec<_> = samples.iter().map(|(a, m)| (cast::<f32, 3>(*a), cast::<f32, 3>(*m))).collect();
        let single = PositionsFit::new(&singles);
        let x = fit(Forward(single), single.start()).x().map(f64::from);
        assert_digits(&[squares(&model, &x)], &[sse], 1e-4);
    }
}

#[test]
fn forty_poses() {
    let Some(set) = reference::folder("imu/xsens-static") else { return };
    let meta = reference::meta(&set);
    let gravity = reference::number(&meta["gravity"]);
    let of = |x: &[f64]| Accelerometer {
        misalignment: [x[0], x[1], x[2]],
        scale: [x[3], x[4], x[5]],
        bias: [x[6], x[7], x[8]],
    };
    let (_, rows) = reference::table(&set.join("static_means.csv"));
    let means: Vec<_> = rows.iter().map(|row| [row[4], row[5], row[6]]).collect();
    let model = StaticFit::new(&means, gravity);
    let sse = reference::number(&meta["reference"]["sse"]);
    let expected = reference::numbers(&meta, "reference", "params");
    let [first, second] =
        ["start1", "start2"].map(|start| model.parameters(&of(&reference::numbers(&meta, "start", start))));
    for (start, sse) in [(first, "sse_at_start1"), (second, "sse_at_start2")] {
        assert_digits(&[squares(&model, &start)], &[reference::number(&meta["start"][sse])], 1e-12);
    }
    for start in [model.start(), first, second] {
        let x = *fit(Forward(model), start).x();
        assert_digits(&[squares(&model, &x)], &[sse], 1e-10);
        let Accelerometer { misalignment, scale, bias } = model.sensor(&x);
        assert_digits(&[misalignment, scale, bias].concat(), &expected, 1e-8);
        assert!(
            (model.deviation(&model.sensor(&x)) - reference::number(&meta["reference"]["residual_rms"])).abs() < 1e-12
        );
    }
    let singles: Vec<_> = means.iter().map(|m| cast::<f32, 3>(*m)).collect();
    let single = StaticFit::new(&singles, gravity as f32);
    let Accelerometer { misalignment, scale, bias } = single.sensor(fit(Forward(single), single.start()).x());
    let again = Accelerometer { misalignment: wide(misalignment), scale: wide(scale), bias: wide(bias) };
    let found = squares(&model, &model.parameters(&again));
    assert_digits(&[found], &[sse], 1e-4);
}
