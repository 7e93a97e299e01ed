//! A tumbling magnetometer with a stated truth: what the example calibrates when no log is given.

use nalgebra::{Matrix3, Rotation3, Vector3};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Normal};

/// The strength of the field in µT, about that of the earth in Europe.
pub const FIELD: f64 = 48.0;
/// The hard iron in µT.
pub const OFFSET: [f64; 3] = [23.0, -41.0, 12.0];
/// The correction that undoes the soft iron, row by row; its determinant is one.
pub const CORRECTION: [[f64; 3]; 3] = [[1.25, 0.08, -0.05], [0.0, 0.80, 0.06], [0.0, 0.0, 1.0]];
/// The standard deviation of the noise on each axis in µT.
pub const NOISE: f64 = 0.3;
/// The share of readings disturbed by up to [`DISTURBANCE`] µT on each axis.
pub const OUTLIERS: f64 = 0.03;
/// See [`OUTLIERS`].
pub const DISTURBANCE: f64 = 40.0;
/// One minute at 50 Hz.
pub const SAMPLES: usize = 3000;
const PERIOD: f64 = 0.02;
/// Of a generator whose stream is documented and the same in all its versions.
const SEED: u64 = 20;

/// The readings `m = U⁻¹ h + b + noise` of a sensor that somebody turns about all axes.
pub fn readings() -> Vec<[f64; 3]> {
    let mut random = ChaCha8Rng::seed_from_u64(SEED);
    let Ok(noise) = Normal::new(0.0, NOISE) else { return Vec::new() };
    let distortion = Matrix3::from(CORRECTION).transpose().try_inverse().unwrap_or_else(Matrix3::identity);
    let mut field = Vector3::new(0.4, 0.1, -0.9).normalize() * FIELD;
    (0..SAMPLES)
        .map(|k| {
            let t = PERIOD * k as f64;
            // Turning rates in rad/s, with periods that do not repeat within the log.
            let rate =
                Vector3::new(1.9 * (0.37 * t).sin(), 1.4 * (0.23 * t + 1.0).sin(), 1.1 * (0.11 * t + 2.0).sin() + 0.8);
            field = Rotation3::new(-rate * PERIOD) * field;
            let mut reading = distortion * field + Vector3::from(OFFSET);
            reading += Vector3::from_fn(|_, _| noise.sample(&mut random));
            if random.random_bool(OUTLIERS) {
                reading += Vector3::from_fn(|_, _| random.random_range(-DISTURBANCE..DISTURBANCE));
            }
            reading.into()
        })
        .collect()
}
