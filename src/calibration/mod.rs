//! Calibration of magnetometers and accelerometers on the device, and models of other sensors.
//!
//! A sensor that turns in a constant field reads points on an ellipsoid. The fit finds the offset `b` (hard iron, bias) and
//! the upper triangular matrix `U` (soft iron, scales, misalignment) that put them back on a sphere: `‖U(m - b)‖ = field`.
//! Lengths do not tell a rotation, so `U` is fixed to be triangular with a positive diagonal: the third axis of the sensor
//! keeps its direction, and applying it takes six products.
//!
//! * [`Ladder`] fits samples held by the caller, a bounded piece of work a call: a sphere (4 parameters) first, then an
//!   axis-aligned ellipsoid (6), then a full one (9), as far as the data support it.
//! * [`Calibrator`] chooses which samples to keep, in bounded memory, and runs the ladder from a firmware's tick.
//!
//! The modules below hold one sensor each: the fitted sensor with its conversions, and a fit over borrowed samples, a
//! [`Model`](crate::problem::Model) for [`Forward`](crate::problem::Forward). A fit is made of samples by `new`, begun at
//! `start`, and its parameters are turned into a sensor by `sensor` or a method named for what it is. An empty set of
//! samples ends as [`Stall::NoData`](crate::Stall::NoData), a sample that is not finite as
//! [`Stall::NonFinite`](crate::Stall::NonFinite); what the samples do not determine is named by
//! [`analyse`](crate::least_squares::StreamedState::analyse).
//!
//! Model and residual of the ellipsoid: Kok & Schön, "Magnetometer calibration using inertial sensors" (2016), eqs. 3 to
//! 6, with the length residual instead of the algebraic one, which is biased for noisy samples.

#[allow(
    clippy::indexing_slicing,
    reason = "indices run over const bounds; the link probe proves that no panic is left"
)]
pub mod bundle_adjustment;
mod calibrator;
pub mod camera;
mod coverage;
mod ladder;
#[allow(clippy::indexing_slicing, reason = "indices run over 0..N")]
mod linear;
mod model;
mod parameter;
mod sample;

pub mod accelerometer;
pub mod allan;
pub mod battery;
pub mod compensation;
pub mod encoder;
pub mod gnss;
pub mod gyroscope;
pub mod load_cell;
pub mod multilateration;
pub mod resistance;
pub mod thermistor;

use nalgebra::{Matrix3, Vector3};

pub use calibrator::{Calibrator, Push};
pub use coverage::{Coverage, REGIONS};
pub use ladder::Ladder;
pub use model::Rung;
pub use parameter::Parameter;

use crate::problem::Loss;
use crate::real::{Number, Real};
use crate::step::{ConfigError, Status};

/// What to fit and what to ask of the result.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Settings<T> {
    /// The model, or `None` to climb from the sphere as far as the data support. Default `None`.
    pub model: Option<Rung>,
    /// The strength of the field in the units of the samples, or `None` to take the one that leaves volumes unchanged
    /// (`det U = 1`). Positive. Default `None`.
    pub field: Option<T>,
    /// Weight `w ≥ 0` of the prior `n w ‖U - I‖²` on the correction matrix, `n` samples, against the sum of squared
    /// residuals; helps where attitudes are few and the field is known. Default 0: none.
    pub prior: T,
    /// The loss of the residuals `‖U(m - b)‖/field - 1`. Standard errors are exact for the default [`Loss::Squared`] only.
    pub loss: Loss,
    /// The scale of the loss: the relative residual from which on a sample is distrusted. Positive. Default 0.02.
    pub loss_scale: T,
    /// The share of directions that must have been seen for the full model. Axes need 5/4 of it and a sphere 3/2, because
    /// they assume what the full model measures. Not asked for under a prior. From 0 to 1, default 0.4.
    pub coverage: T,
    /// The largest standard error of an offset or matrix entry, relative to the field, in an accepted result. Positive.
    /// Default 0.02.
    pub precision: T,
    /// The largest relative residual (root mean square) of an accepted result. Positive. Default 0.1.
    pub residual: T,
    /// Readings of this magnitude or more are saturated and refused. Positive; default infinity. Used by [`Calibrator`].
    pub limit: T,
    /// Kept samples lie at least this share of the field apart. Zero or more. Default 0.1. Used by [`Calibrator`].
    pub separation: T,
    /// Samples further than this many standard deviations from the fitted ellipsoid are outliers; the deviation is the
    /// median one where kept samples are judged, and at least `precision` where new ones are. Positive; default 5. Used by
    /// [`Calibrator`].
    pub outlier: T,
    /// The most points evaluated for one model. Default 100.
    pub budget: u32,
}

impl<T: Real> Default for Settings<T> {
    fn default() -> Self {
        Self {
            model: None,
            field: None,
            prior: T::ZERO,
            loss: Loss::Squared,
            loss_scale: T::of_f64(0.02),
            coverage: T::of_f64(0.4),
            precision: T::of_f64(0.02),
            residual: T::of_f64(0.1),
            limit: T::INFINITY,
            separation: T::of_f64(0.1),
            outlier: T::of_f64(5.0),
            budget: 100,
        }
    }
}

impl<T: Real> Settings<T> {
    /// Checks the documented ranges.
    ///
    /// # Errors
    /// The first range that does not hold.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let positive = [self.loss_scale, self.precision, self.residual, self.outlier];
        let finite = |value: T| value > T::ZERO && value.is_finite();
        if !(positive.into_iter().chain(self.field).all(finite) && self.limit > T::ZERO) {
            return Err(ConfigError::NotPositive);
        }
        if !(self.prior >= T::ZERO && self.prior.is_finite() && self.separation >= T::ZERO) {
            return Err(ConfigError::Tolerance);
        }
        if !(self.coverage >= T::ZERO && self.coverage <= T::ONE) {
            return Err(ConfigError::Fraction);
        }
        Ok(())
    }
}

/// Whether a calibration may be used, or the reason why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Verdict {
    /// Converged, determined, covered, and the residuals are small.
    Accepted,
    /// The settings are outside their documented ranges.
    Config(ConfigError),
    /// No more usable samples than parameters.
    TooFewSamples,
    /// The samples are equal up to rounding: the sensor did not move, or the field is zero.
    NoVariation,
    /// A sample is infinite or NaN, or too large for the scalar.
    NonFinite,
    /// Too many samples sit exactly at the end of an axis.
    Saturated,
    /// The fit did not converge; its status says why.
    NotConverged,
    /// The samples do not determine all parameters: [`Calibration::rank`] and [`Calibration::weakest`] say which.
    Undetermined,
    /// Directions seen are too few: turn the sensor further.
    PoorCoverage,
    /// The parameters are determined, but their standard errors are too large.
    Imprecise,
    /// The residuals are too large for a constant field: a disturbance, or outliers.
    PoorFit,
}

/// A fitted calibration, in the units of the samples.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct Calibration<T: Real> {
    /// Whether it may be used.
    pub verdict: Verdict,
    /// The model that was used.
    pub model: Rung,
    /// The final status of its fit.
    pub status: Status,
    /// The offset `b`.
    pub offset: Vector3<T>,
    /// The correction `U`, upper triangular with a positive diagonal; dimensionless.
    pub matrix: Matrix3<T>,
    /// The strength of the field after correction.
    pub field: T,
    /// Root mean square of `‖m‖/field - 1` before correction.
    pub rms_before: T,
    /// Root mean square of `‖U(m - b)‖/field - 1`.
    pub rms_after: T,
    /// The sum of the squares behind [`rms_after`](Self::rms_after).
    pub cost: T,
    /// Standard errors of the offset, in the units of the samples.
    pub offset_errors: Vector3<T>,
    /// Standard errors of the entries of [`matrix`](Self::matrix), for the reported field.
    pub matrix_errors: Matrix3<T>,
    /// Directions seen, corrected.
    pub coverage: Coverage,
    /// Samples used.
    pub used: usize,
    /// The number of parameter combinations that samples and prior determine.
    pub rank: usize,
    /// The offset direction that is determined least, in sensor axes, of unit length; zero if matrix entries alone are.
    pub weakest: Vector3<T>,
    /// How much the samples show of each parameter of [`Parameter::ALL`]: the share of its effect that no combination of the
    /// others explains, from 0 to 1; 1 for those that the model leaves out.
    pub excitation: [T; 9],
    /// Points evaluated, over all models tried.
    pub iterations: u32,
    /// Residuals of samples evaluated, over all models tried.
    pub evaluations: u64,
}

impl<T: Real> Calibration<T> {
    /// The geometric mean of the scales in `U`: one where the field is given in the units of the samples, or not given.
    fn unit(&self) -> T {
        self.matrix.diagonal().product().powf(T::of_f64(1.0 / 3.0))
    }

    /// The corrected reading `U(m - b)`.
    #[must_use]
    pub fn apply(&self, reading: [T; 3]) -> [T; 3] {
        corrected(&self.matrix, &self.offset, &reading)
    }
}

/// `U(m - b)`.
fn corrected<T: Real>(u: &Matrix3<T>, b: &Vector3<T>, m: &[T; 3]) -> [T; 3] {
    let [[u00, ..], [u01, u11, _], [u02, u12, u22]] = u.data.0;
    let [b0, b1, b2] = b.data.0[0];
    let (d0, d1, d2) = (m[0] - b0, m[1] - b1, m[2] - b2);
    [u00 * d0 + u01 * d1 + u02 * d2, u11 * d1 + u12 * d2, u22 * d2]
}

/// The Euclidean length.
fn length<T: Real>([x, y, z]: [T; 3]) -> T {
    (x * x + y * y + z * z).sqrt()
}

/// The root of a sum of squares; zero has no derivative there, and zero is in its subdifferential.
fn root<D: Number>(square: D) -> D {
    if square.real() == <D::Scalar as Real>::ZERO { D::of(0.0) } else { square.sqrt() }
}

/// The scalar product.
fn dot<D: Number>([a, b, c]: [D; 3], [x, y, z]: [D; 3]) -> D {
    a * x + b * y + c * z
}

/// The vector product.
fn cross<D: Number>([a, b, c]: [D; 3], [x, y, z]: [D; 3]) -> [D; 3] {
    [b * z - c * y, c * x - a * z, a * y - b * x]
}
