//! Position from satellite pseudoranges of one or two constellations.
//!
//! `ρ = ‖p - s‖ + ω/c (s_x y - s_y x) + b (+ d)`: receiver `p = (x, y, z)` and satellite `s` in the Earth-fixed frame
//! at reception and transmission, the second term the rotation of the Earth while the signal travels (Sagnac), `b` the
//! receiver clock and `d` the difference of the second constellation's time, both in metres. IS-GPS-200, §20.3.3.4.3.
//! Satellite clocks and atmosphere are taken out before.
//!
//! The centre of the Earth, all zeros, is a good enough start. A pseudorange has 2 m steps in `f32`: use `f64`. There a
//! step is 4 nm, which may hide the last descent that the default tolerances ask for: the fit then ends at its minimum as
//! [`Stall::NoDescent`](crate::Stall::NoDescent).

use nalgebra::SVector;

use crate::calibration::multilateration::distance;
use crate::linalg::entries;
use crate::problem::Model;
use crate::real::{Number, Real};

/// The rate of rotation of the Earth over the speed of light, in rad/m (WGS 84).
pub const ROTATION: f64 = 7.292_115_146_7e-5 / 299_792_458.0;

/// A satellite and the pseudorange to it, in m.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Satellite<T> {
    /// The position at transmission, Earth-fixed.
    pub position: [T; 3],
    /// The pseudorange, corrected for satellite clock and atmosphere.
    pub pseudorange: T,
    /// Whether it belongs to the second constellation.
    pub second: bool,
}

/// The solution of an epoch, in m.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Fix<T> {
    /// The receiver, Earth-fixed.
    pub position: [T; 3],
    /// The receiver clock `b`.
    pub clock: T,
    /// The difference `d` of the constellations' times; zero where only one is fitted.
    pub difference: T,
}

/// The fit of one epoch: residuals divided by `deviation`, parameters `(x, y, z, b)` for `N = 4`, and `d` for `N = 5`.
///
/// ```
/// use thalweg::{Method, Stall, Status, least_squares::LevenbergMarquardt, problem::Forward};
/// use thalweg::calibration::gnss::SatelliteFit;
/// let fit = SatelliteFit::<f64, 4>::new(&[], 5.0);
/// let (_, status) = LevenbergMarquardt::default().solve(fit.start(), &mut Forward(fit), 1000).unwrap();
/// assert_eq!(status, Status::Stalled(Stall::NoData));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct SatelliteFit<'a, T, const N: usize> {
    satellites: &'a [Satellite<T>],
    deviation: T,
}

impl<'a, T: Real, const N: usize> SatelliteFit<'a, T, N> {
    /// The satellites of an epoch, and the standard deviation of a pseudorange in m.
    #[must_use]
    pub const fn new(satellites: &'a [Satellite<T>], deviation: T) -> Self {
        const { assert!(N == 4 || N == 5, "x, y, z, b and perhaps d") };
        Self { satellites, deviation }
    }

    /// The centre of the Earth.
    #[must_use]
    pub fn start(&self) -> SVector<T, N> {
        SVector::zeros()
    }

    /// The solution of parameters.
    #[must_use]
    pub fn fix(&self, x: &SVector<T, N>) -> Fix<T> {
        let at = |j: usize| entries(x).get(j).copied().unwrap_or(T::ZERO);
        Fix { position: [at(0), at(1), at(2)], clock: at(3), difference: at(4) }
    }
}

impl<T: Real, const N: usize> Model<T, N> for SatelliteFit<'_, T, N> {
    fn rows(&self) -> usize {
        self.satellites.len()
    }

    fn residual<D: Number<Scalar = T>>(&self, i: usize, x: &[D; N]) -> D {
        let Some(satellite) = self.satellites.get(i) else { return D::constant(T::NAN) };
        let at = |j: usize| x.get(j).copied().unwrap_or(D::of(0.0));
        let position = [at(0), at(1), at(2)];
        let [sx, sy, _] = satellite.position.map(|s| s * T::of_f64(ROTATION));
        let path = distance(position.into_iter(), &satellite.position) + at(1).scale(sx) - at(0).scale(sy);
        let clock = if satellite.second { at(3) + at(4) } else { at(3) };
        (path + clock).offset(-satellite.pseudorange).scale(T::ONE / self.deviation)
    }
}
