//! Sensor models: simulated truth in both scalars, reference data, bad input.

mod accelerometer;
mod allan;
mod battery;
mod encoder;
mod gnss;
mod gyroscope;
mod linear;
mod multilateration;
mod resistance;
pub mod table;
mod thermistor;

use core::convert::Infallible;

use nalgebra::SVector;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use thalweg::least_squares::{Everywhere, LevenbergMarquardt, StreamedState};
use thalweg::problem::{Forward, Model, Rows};
use thalweg::{Method, Real, Stall, Status};

/// Steps, one block of samples each, enough for every fit here.
const BUDGET: u32 = 30_000;

/// Runs a fit to its end: converged, or where the rounding of the residuals hides any descent.
fn fit<T: Real, const N: usize>(
    mut problem: impl Rows<T, N, Error = Infallible>,
    start: SVector<T, N>,
) -> StreamedState<T, N> {
    let Ok((state, status)) = LevenbergMarquardt::default().solve(start, &mut problem, BUDGET);
    let good = matches!(status, Status::Converged(_) | Status::Stalled(Stall::NoDescent));
    assert!(good, "{status:?} at {:?}, cost {:e}", state.x(), state.cost());
    state
}

/// How a fit ends, good or not.
fn end<T: Real, const N: usize>(
    mut problem: impl Rows<T, N, Error = Infallible>,
    start: SVector<T, N>,
) -> (StreamedState<T, N>, Status) {
    let Ok(end) = LevenbergMarquardt::default().solve(start, &mut problem, BUDGET);
    end
}

/// `Σ rᵢ²`.
fn squares<T: Real, const N: usize>(model: &impl Model<T, N>, x: &SVector<T, N>) -> f64 {
    (0..model.rows()).map(|i| model.residual(i, &x.data.0[0]).to_f64().powi(2)).sum()
}

/// Every component within `tolerance`, relative or below one absolute.
fn assert_near<T: Real, const N: usize>(found: &SVector<T, N>, expected: &SVector<T, N>, tolerance: f64) {
    let distance = crate::problems::distance(expected, found);
    assert!(distance <= tolerance, "{found:?} is {distance:e} from {expected:?}");
}

/// Every component within a relative `tolerance` of a list of numbers.
fn assert_digits(found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() <= tolerance * expected.abs(), "{found:e} is not {expected:e}");
    }
}

/// Every component within five standard errors of the truth, and not all within a thousandth: the noise is there.
fn assert_within_errors<T: Real, const N: usize>(state: &StreamedState<T, N>, truth: &SVector<T, N>) {
    let report = state.analyse(&Everywhere);
    assert_eq!(report.rank(), N, "undetermined along {:?}", report.weakest());
    let errors = report.standard_errors();
    let scores: Vec<f64> = (0..N).map(|j| ((state.x()[j] - truth[j]).to_f64() / errors[j].to_f64()).abs()).collect();
    assert!(scores.iter().all(|score| *score < 5.0), "{scores:?}");
    assert!(scores.iter().any(|score| *score > 1e-3), "{scores:?}");
}

/// A fit over no samples, and one over samples of which one is NaN.
fn assert_honest<T: Real, const N: usize>(empty: impl Model<T, N>, tainted: impl Model<T, N>, start: SVector<T, N>) {
    assert_eq!(end(Forward(empty), start).1, Status::Stalled(Stall::NoData));
    assert_eq!(end(Forward(tainted), start).1, Status::Stalled(Stall::NonFinite));
}

/// Normal noise, the same on every run.
struct Noise(ChaCha8Rng);

impl Noise {
    fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    fn next<T: Real>(&mut self, deviation: f64) -> T {
        let normal: f64 = StandardNormal.sample(&mut self.0);
        T::of_f64(deviation * normal)
    }
}

fn cast<T: Real, const N: usize>(x: [f64; N]) -> [T; N] {
    x.map(T::of_f64)
}

fn wide<T: Real, const N: usize>(x: [T; N]) -> [f64; N] {
    x.map(T::to_f64)
}

/// A test body for both scalars.
macro_rules! both {
    ($($name:ident)*) => { $(
        mod $name {
            #[test]
            fn f32() {
                super::$name::<f32>();
            }

            #[test]
            fn f64() {
                super::$name::<f64>();
            }
        }
    )* };
}
use both;
