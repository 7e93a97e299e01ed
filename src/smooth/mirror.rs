//! Mirror maps: gradients `∇Φ` of strongly convex functions, and back.

use nalgebra::SVector;

use crate::linalg::{entries, entries_mut};
use crate::penalty::{Penalty, Simplex};
use crate::real::Real;
use crate::smooth::point::Point;
use crate::step::{ConfigError, Criterion, Status};

/// A function Φ, strongly convex on a set X, by its gradient and by the way back.
pub trait MirrorMap<T: Real> {
    /// Replaces x by `∇Φ(x)`.
    fn to_dual(&self, x: &mut [T]);

    /// Replaces θ by `argmin Φ(x) - ⟨θ, x⟩` over X.
    fn to_primal(&self, theta: &mut [T]);

    /// Moves x into X; what is there stays as it is.
    fn admit(&self, x: &mut [T]);

    /// How far a point of X with this gradient is from stationary, zero at a minimizer; `g` may then hold anything.
    fn gap(&self, x: &[T], g: &mut [T]) -> T;

    /// Checks the documented ranges.
    ///
    /// # Errors
    /// The first range that does not hold.
    fn validate(&self) -> Result<(), ConfigError>;
}

/// `Φ = ½ ‖x‖²` on a set by its projection; on the whole space with `Each(Zero)`. Strongly convex by 1 in the Euclidean norm.
///
/// ```
/// use thalweg::{penalty::L2Ball, smooth::{Euclidean, MirrorMap}};
/// let mut theta = [3.0_f64, 4.0];
/// Euclidean(L2Ball { radius: 1.0 }).to_primal(&mut theta);
/// assert!((theta[0] - 0.6).abs() < 1e-15 && (theta[1] - 0.8).abs() < 1e-15);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Euclidean<S>(pub S);

/// `Φ = Σ xⱼ ln xⱼ` on `x ≥ 0`, `Σ xⱼ = 1`. Strongly convex by 1 in the sum of magnitudes; from the middle of the simplex
/// `Φ - Φ(x₀) ≤ ln N`. A coordinate that is zero stays zero.
///
/// ```
/// use thalweg::smooth::{Entropy, MirrorMap};
/// let mut theta = [1000.0_f64, 1000.0, f64::NEG_INFINITY];
/// Entropy.to_primal(&mut theta);
/// assert_eq!(theta, [0.5, 0.5, 0.0]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Entropy;

/// `Φ = ½ ‖x‖_p²` on the whole space. Strongly convex by p - 1 in the norm `‖·‖_p`: with p near 1, few coordinates move at a time.
///
/// ```
/// use thalweg::smooth::{MirrorMap, PNorm};
/// let (map, mut x) = (PNorm { p: 1.5 }, [1.0_f64, -2.0]);
/// map.to_dual(&mut x);
/// map.to_primal(&mut x);
/// assert!((x[0] - 1.0).abs() < 1e-14 && (x[1] + 2.0).abs() < 1e-14);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PNorm<T> {
    /// p. Above 1, at most 2.
    pub p: T,
}

impl<T: Real, S: Penalty<T>> MirrorMap<T> for Euclidean<S> {
    fn to_dual(&self, _: &mut [T]) {}

    fn to_primal(&self, theta: &mut [T]) {
        self.0.prox(theta, T::ONE);
    }

    fn admit(&self, x: &mut [T]) {
        if !self.0.value(x).is_finite() {
            self.0.prox(x, T::ONE);
        }
    }

    fn gap(&self, x: &[T], g: &mut [T]) -> T {
        self.0.gap(x, g)
    }

    fn validate(&self) -> Result<(), ConfigError> {
        self.0.validate()
    }
}

impl<T: Real> MirrorMap<T> for Entropy {
    /// Without the constant 1, which no point of the simplex feels.
    fn to_dual(&self, x: &mut [T]) {
        for x in x {
            *x = x.ln();
        }
    }

    fn to_primal(&self, theta: &mut [T]) {
        let most = theta.iter().fold(-T::INFINITY, |most, &theta| most.max(theta));
        let mut sum = T::ZERO;
        for theta in theta.iter_mut() {
            *theta = (*theta - most).exp();
            sum += *theta;
        }
        for theta in theta {
            *theta /= sum;
        }
    }

    fn admit(&self, x: &mut [T]) {
        let simplex = Simplex { total: T::ONE };
        if !simplex.value(x).is_finite() {
            simplex.prox(x, T::ONE);
        }
    }

    /// Frank and Wolfe's: `f(x) - f* ≤ ⟨g, x⟩ - min gⱼ` for convex f.
    fn gap(&self, x: &[T], g: &mut [T]) -> T {
        let least = g.iter().fold(T::INFINITY, |least, &g| least.min(g));
        x.iter().zip(g).fold(T::ZERO, |sum, (&x, g)| sum + x * (*g - least))
    }

    fn validate(&self) -> Result<(), ConfigError> {
        Ok(())
    }
}

impl<T: Real> MirrorMap<T> for PNorm<T> {
    fn to_dual(&self, x: &mut [T]) {
        slope(x, self.p);
    }

    fn to_primal(&self, theta: &mut [T]) {
        slope(theta, self.p / (self.p - T::ONE));
    }

    fn admit(&self, _: &mut [T]) {}

    fn gap(&self, _: &[T], g: &mut [T]) -> T {
        g.iter().fold(T::ZERO, |most, g| if g.abs() <= most { most } else { g.abs() })
    }

    fn validate(&self) -> Result<(), ConfigError> {
        if self.p > T::ONE && self.p <= T::TWO { Ok(()) } else { Err(ConfigError::Exponent) }
    }
}

/// The gradient of `½ ‖x‖_p²`: `sign(xⱼ) |xⱼ|ᵖ⁻¹ ‖x‖_p²⁻ᵖ`, scaled by the largest entry against overflow.
fn slope<T: Real>(x: &mut [T], p: T) {
    let most = x.iter().fold(T::ZERO, |most, &x| most.max(x.abs()));
    if !(most > T::ZERO) {
        return;
    }
    let norm = x.iter().fold(T::ZERO, |sum, x| sum + (x.abs() / most).powf(p)).powf(T::ONE / p);
    for x in x {
        *x = (x.abs() / most / norm).powf(p - T::ONE).copysign(*x) * (most * norm);
    }
}

/// `argmin rate ⟨g, u⟩ + D(u, x)` over u in X.
pub(crate) fn moved<T: Real, const N: usize>(
    map: &impl MirrorMap<T>,
    x: &SVector<T, N>,
    g: &SVector<T, N>,
    rate: T,
) -> SVector<T, N> {
    let mut u = *x;
    map.to_dual(entries_mut(&mut u));
    u -= g * rate;
    map.to_primal(entries_mut(&mut u));
    u
}

/// x, moved into X.
pub(crate) fn admitted<T: Real, const N: usize>(map: &impl MirrorMap<T>, mut x: SVector<T, N>) -> SVector<T, N> {
    map.admit(entries_mut(&mut x));
    x
}

/// A measured point with its gap.
pub(crate) fn judged<T: Real, const N: usize>(map: &impl MirrorMap<T>, point: Point<T, N>) -> Point<T, N> {
    let mut gradient = point.gradient;
    point.with_slope(map.gap(entries(&point.x), entries_mut(&mut gradient)))
}

/// How a solve over X stands that has this for its best point.
pub(crate) fn status<T: Real, const N: usize>(best: &Point<T, N>, tolerance: T) -> Status {
    let small = best.slope() <= tolerance * best.magnitude();
    if small { Status::Converged(Criterion::Gap) } else { Status::Running }
}

/// A running mean.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub(crate) struct Average<T: Real, const N: usize> {
    mean: SVector<T, N>,
    count: u32,
}

impl<T: Real, const N: usize> Average<T, N> {
    /// Of nothing yet: `before` is what it is till then.
    pub(crate) const fn new(before: SVector<T, N>) -> Self {
        Self { mean: before, count: 0 }
    }

    pub(crate) const fn mean(&self) -> &SVector<T, N> {
        &self.mean
    }

    pub(crate) const fn count(&self) -> u32 {
        self.count
    }

    pub(crate) fn add(&mut self, x: &SVector<T, N>) {
        self.count = self.count.saturating_add(1);
        self.mean += (x - self.mean) / T::of_f64(f64::from(self.count));
    }
}
