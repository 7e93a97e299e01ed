//! Position from ranges to anchors: radio, ultrasound, light.
//!
//! * [`PositionFit`]: `‖x - aᵢ‖ - ρᵢ` in `D` dimensions;
//! * [`PseudorangeFit`]: `‖x - aᵢ‖ + b - ρᵢ` with an unknown clock offset `b` in units of length;
//! * [`PoseFit`]: `‖R(ψ) t + x - aᵢ‖ - ρᵢ` in the plane for several tags `t` on one rigid body.
//!
//! A range that is too long because it went around an obstacle is a matter of [`Robust`](crate::problem::Robust). The
//! start solves differences of squared ranges, which are linear: Sayed, Tarighat & Khajehnouri, "Network-based wireless
//! location", IEEE Signal Processing Magazine 22 (2005). Anchors in one plane leave two mirror images in 3-D, and no
//! slope in the plane between them: move the start to the side where the receiver is.

use nalgebra::SVector;

use crate::calibration::{linear, root};
use crate::linalg::{entries, vector};
use crate::problem::Model;
use crate::real::{Number, Real};

/// `‖x - anchor‖`.
pub(super) fn distance<D: Number>(x: impl Iterator<Item = D>, anchor: &[D::Scalar]) -> D {
    root(x.zip(anchor).fold(D::of(0.0), |sum, (x, a)| {
        let difference = x.offset(-*a);
        sum + difference * difference
    }))
}

/// The mean of points; NaN if there are none.
fn centroid<T: Real, const D: usize>(points: impl Iterator<Item = [T; D]>) -> [T; D] {
    let (mut sum, mut count) = ([T::ZERO; D], 0);
    for point in points {
        for (sum, x) in sum.iter_mut().zip(point) {
            *sum += x;
        }
        count += 1;
    }
    sum.map(|sum| sum / T::of_usize(count))
}

/// The minimizer of the differences of squared ranges over pairs of anchor and range; linear in the position.
fn lateration<T: Real, const D: usize>(samples: impl Iterator<Item = ([T; D], T)> + Clone) -> SVector<T, D> {
    let centre = centroid(samples.clone().map(|(anchor, _)| anchor));
    let rows = samples.map(|(anchor, range)| {
        let mut g = anchor;
        let mut excess = -range.squared();
        for (g, c) in g.iter_mut().zip(centre) {
            *g -= c;
            excess += g.squared();
        }
        (g, T::HALF * excess)
    });
    let [mean] = centroid(rows.clone().map(|(_, excess)| [excess]));
    linear::minimize(rows.map(|(g, excess)| (g, excess - mean))) + SVector::from(centre)
}

/// The fit of a position to ranges: residuals in the unit of length, parameters the position. Samples are pairs of
/// anchor and range.
///
/// ```
/// use thalweg::{Method, least_squares::LevenbergMarquardt, problem::Forward};
/// use thalweg::calibration::multilateration::PositionFit;
/// let fit = PositionFit::new(&[([0.0, 0.0], 5.0), ([6.0, 0.0], 5.0), ([0.0, 8.0], 5.0), ([6.0, 8.0], 5.0_f64)]);
/// let (position, _) = LevenbergMarquardt::default().solve(fit.start(), &mut Forward(fit), 1000).unwrap();
/// assert!((position.x() - nalgebra::vector![3.0, 4.0]).amax() < 1e-12);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct PositionFit<'a, T, const D: usize> {
    samples: &'a [([T; D], T)],
}

impl<'a, T: Real, const D: usize> PositionFit<'a, T, D> {
    /// Anchors and the ranges to them.
    #[must_use]
    pub const fn new(samples: &'a [([T; D], T)]) -> Self {
        Self { samples }
    }

    /// The exact minimizer of the differences of squared ranges.
    #[must_use]
    pub fn start(&self) -> SVector<T, D> {
        lateration(self.samples.iter().copied())
    }
}

impl<T: Real, const D: usize> Model<T, D> for PositionFit<'_, T, D> {
    fn rows(&self) -> usize {
        self.samples.len()
    }

    fn residual<N: Number<Scalar = T>>(&self, i: usize, x: &[N; D]) -> N {
        let Some((anchor, range)) = self.samples.get(i) else { return N::constant(T::NAN) };
        distance(x.iter().copied(), anchor).offset(-*range)
    }
}

/// The fit of a position to pseudoranges: residuals in the unit of length, parameters the position and then the clock
/// offset in that unit, `N = D + 1`. Samples are pairs of anchor and pseudorange. A common shift of all pseudoranges
/// changes the clock offset only: in `f32` subtract the smallest first.
#[derive(Clone, Copy, Debug)]
pub struct PseudorangeFit<'a, T, const D: usize, const N: usize> {
    samples: &'a [([T; D], T)],
}

impl<'a, T: Real, const D: usize, const N: usize> PseudorangeFit<'a, T, D, N> {
    /// Anchors and the pseudoranges to them.
    #[must_use]
    pub const fn new(samples: &'a [([T; D], T)]) -> Self {
        const { assert!(N == D + 1, "D coordinates and a clock offset") };
        Self { samples }
    }

    /// The middle of the anchors, and the clock offset that fits best there.
    #[must_use]
    pub fn start(&self) -> SVector<T, N> {
        let centre = centroid(self.samples.iter().map(|(anchor, _)| *anchor));
        let clocks = self.samples.iter().map(|(anchor, range)| [*range - distance(centre.into_iter(), anchor)]);
        let [clock] = centroid(clocks);
        vector(|j| centre.get(j).copied().unwrap_or(clock))
    }
}

impl<T: Real, const D: usize, const N: usize> Model<T, N> for PseudorangeFit<'_, T, D, N> {
    fn rows(&self) -> usize {
        self.samples.len()
    }

    fn residual<F: Number<Scalar = T>>(&self, i: usize, x: &[F; N]) -> F {
        let (Some((anchor, range)), Some(&clock)) = (self.samples.get(i), x.last()) else {
            return F::constant(T::NAN);
        };
        (distance(x.iter().copied(), anchor) + clock).offset(-*range)
    }
}

/// The position and heading of a rigid body in the plane.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Pose<D> {
    /// The position of the body's origin.
    pub position: [D; 2],
    /// The heading in radians, counterclockwise.
    pub yaw: D,
}

impl<D: Number> Pose<D> {
    /// The position of a point given in the body's axes.
    #[must_use]
    pub fn apply(&self, [u, v]: [D; 2]) -> [D; 2] {
        let (sine, cosine) = (self.yaw.sin(), self.yaw.cos());
        let [x, y] = self.position;
        [x + cosine * u - sine * v, y + sine * u + cosine * v]
    }
}

/// A range from a tag on a body to an anchor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TagRange<T> {
    /// The tag, in the body's axes.
    pub tag: [T; 2],
    /// The anchor.
    pub anchor: [T; 2],
    /// The range between them.
    pub range: T,
}

/// The fit of a [`Pose`]: residuals in the unit of length, parameters `(x, y, yaw)`.
#[derive(Clone, Copy, Debug)]
pub struct PoseFit<'a, T> {
    samples: &'a [TagRange<T>],
}

impl<'a, T: Real> PoseFit<'a, T> {
    /// The ranges measured; any may be missing.
    #[must_use]
    pub const fn new(samples: &'a [TagRange<T>]) -> Self {
        Self { samples }
    }

    /// The position as if all tags were at the body's origin, with the best of eight headings.
    #[must_use]
    pub fn start(&self) -> SVector<T, 3> {
        let position = lateration(self.samples.iter().map(|sample| (sample.anchor, sample.range)));
        let &[x, y] = entries(&position);
        let at = |yaw: T| [x, y, yaw];
        let cost = |point: &[T; 3]| (0..self.rows()).fold(T::ZERO, |sum, i| sum + self.residual(i, point).squared());
        let mut best = at(T::ZERO);
        for eighth in 1..8 {
            let candidate = at(T::of_usize(eighth) * T::of_f64(core::f64::consts::FRAC_PI_4));
            if cost(&candidate) < cost(&best) {
                best = candidate;
            }
        }
        SVector::from(best)
    }

    /// The pose of parameters.
    #[must_use]
    pub fn pose(&self, x: &SVector<T, 3>) -> Pose<T> {
        let &[x, y, yaw] = entries(x);
        Pose { position: [x, y], yaw }
    }
}

impl<T: Real> Model<T, 3> for PoseFit<'_, T> {
    fn rows(&self) -> usize {
        self.samples.len()
    }

    fn residual<D: Number<Scalar = T>>(&self, i: usize, &[x, y, yaw]: &[D; 3]) -> D {
        let Some(sample) = self.samples.get(i) else { return D::constant(T::NAN) };
        let tag = Pose { position: [x, y], yaw }.apply(sample.tag.map(D::constant));
        distance(tag.into_iter(), &sample.anchor).offset(-sample.range)
    }
}
