//! Positions from satellites.

use nalgebra::SVector;
use thalweg::Real;
use thalweg::calibration::gnss::{ROTATION, Satellite, SatelliteFit};
use thalweg::least_squares::{Everywhere, certify};
use thalweg::problem::{Forward, Loss, Robust};

use super::{Noise, assert_digits, assert_honest, assert_within_errors, fit, squares};
use crate::reference;

const TRUTH: [f64; 5] = [3_785_100.0, 899_900.0, 5_037_250.0, -136_900.0, 25.0];

/// Nine satellites, four of a second constellation, seen from the truth.
fn constellation(deviation: f64) -> Vec<Satellite<f64>> {
    let mut noise = Noise::new(10);
    let [x, y, z, clock, difference] = TRUTH;
    (0..9)
        .map(|k| {
            let (around, up) = (0.7 * f64::from(k), 0.35 + 0.12 * f64::from(k % 5));
            let position = [2.6e7 * around.cos() * up.cos(), 2.6e7 * around.sin() * up.cos(), 2.6e7 * up.sin()];
            let second = k >= 5;
            let [sx, sy, sz] = position;
            let path = ((x - sx).powi(2) + (y - sy).powi(2) + (z - sz).powi(2)).sqrt() + ROTATION * (sx * y - sy * x);
            let pseudorange = path + clock + if second { difference } else { 0.0 } + noise.next::<f64>(deviation);
            Satellite { position, pseudorange, second }
        })
        .collect()
}

#[test]
fn simulated() {
    let (truth, satellites) = (SVector::from(TRUTH), constellation(0.0));
    let model = SatelliteFit::<f64, 5>::new(&satellites, 5.0);
    let state = fit(Forward(model), model.start());
    assert!((state.x() - truth).amax() < 1e-6, "{:?}", state.x());
    assert_eq!(model.fix(state.x()).position, [state.x()[0], state.x()[1], state.x()[2]]);

    let satellites = constellation(5.0);
    let model = SatelliteFit::<f64, 5>::new(&satellites, 5.0);
    assert_within_errors(&fit(Forward(model), model.start()), &truth);

    // One constellation has no difference to tell.
    let first = &constellation(0.0)[..5];
    let model = SatelliteFit::<f64, 4>::new(first, 5.0);
    let state = fit(Forward(model), model.start());
    assert!((state.x() - truth.fixed_rows::<4>(0)).amax() < 1e-5);
    assert_eq!(model.fix(state.x()).difference, 0.0);
    let model = SatelliteFit::<f64, 5>::new(first, 5.0);
    assert_eq!(fit(Forward(model), model.start()).analyse(&Everywhere).rank(), 4);
}

/// Single precision has steps of 2 m at 20,000 km.
#[test]
fn single_precision_resolves_metres() {
    let satellites: Vec<_> = constellation(0.0)
        .into_iter()
        .map(|s| Satellite {
            position: s.position.map(f32::of_f64),
            pseudorange: s.pseudorange as f32,
            second: s.second,
        })
        .collect();
    let model = SatelliteFit::<f32, 5>::new(&satellites, 5.0);
    let x = fit(Forward(model), model.start()).x().map(f64::from);
    assert!((x - SVector::from(TRUTH)).amax() < 50.0, "{x:?}");
}

#[test]
fn bad_samples_end_honestly() {
    let mut bad = constellation(0.0);
    bad[2].pseudorange = f64::NAN;
    let model = SatelliteFit::<f64, 5>::new(&bad, 5.0);
    assert_honest(SatelliteFit::<f64, 5>::new(&[], 5.0), model, model.start());
}

/// All sixty epochs from the Earth's centre.
#[test]
fn potsdamer_platz() {
    let Some(set) = reference::folder("gnss/berlin-potsdamer-platz") else { return };
    let (header, expected) = reference::table(&set.join("reference.csv"));
    let column = |name: &str| header.iter().position(|title| title == name).unwrap();
    let (_, rows) = reference::table(&set.join("pseudoranges.csv"));
    assert_eq!(expected.len(), 60);
    let mut met = 0;
    for (epoch, expected) in expected.iter().enumerate() {
        let satellites: Vec<_> = rows
            .iter()
            .filter(|row| row[0] as usize == epoch)
            .map(|row| Satellite { position: [row[2], row[3], row[4]], pseudorange: row[1], second: row[5] == 4.0 })
            .collect();
        let model = SatelliteFit::<f64, 5>::new(&satellites, 5.0);
        let x = *fit(Forward(model), model.start()).x();
        assert_digits(&[squares(&model, &x)], &[expected[column("ls_sse")]], 1e-8);
        let reference = SVector::<f64, 5>::from_row_slice(&expected[column("ls_x")..column("ls_x") + 5]);
        assert!((x - reference).amax() < 1e-3, "epoch {epoch}: {:?}", x - reference);

        // A Cauchy loss has several minima. Each end is one of them, and most are the reference's.
        let mut robust = Robust::new(Forward(model), Loss::Cauchy, 1.0).unwrap();
        let state = fit(&mut robust, x);
        let slope = certify(&mut robust, state.x(), &Everywhere).unwrap().scaled_gradient;
        assert!(slope < 1e-5, "epoch {epoch}: {slope:e}");
        let (cost, best) = (2.0 * state.cost(), expected[column("cauchy_cost")]);
        met += usize::from((cost - best).abs() < 1e-8 * best);
    }
    assert!(met >= 46, "{met} of 60");
}
