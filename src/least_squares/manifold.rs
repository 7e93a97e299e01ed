//! Manifolds: unit vectors, rotations, and products of domains.
//!
//! A step is added in the tangent space and the sum is normalized: a projection retraction (Absil, Mahony & Sepulchre,
//! Optimization Algorithms on Matrix Manifolds, §4.1), rational and exact to first order, which is all that a
//! Gauss-Newton step needs.

use nalgebra::SVector;

use crate::least_squares::domain::Domain;
use crate::linalg::{self, entries, entries_mut, vector};
use crate::real::{Number, Real};
use crate::step::ConfigError;

/// Unit vectors in three dimensions: 3 coordinates, 2 degrees of freedom.
///
/// The degrees of freedom at `u` are the first two columns, in radians, of the reflection that takes the third axis to `±u`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct UnitVector;

/// Rotations as unit quaternions `(w, x, y, z)`: 4 coordinates, 3 degrees of freedom.
///
/// A step `ω` is a rotation vector in the rotated frame, in radians: `q ← q ⊗ (1, ω/2)`, normalized (Solà, "Quaternion
/// kinematics for the error-state Kalman filter", §4.3). A rigid motion is a [`Product`] with a translation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Rotation;

/// Two domains side by side: the coordinates and degrees of freedom of the first, then those of the second.
///
/// `N1` and `A1` are those of the first domain, `N2` and `A2` those of the second; sizes that do not add up do not compile.
///
/// ```
/// use thalweg::least_squares::{Bounds, Domain, Everywhere, Product, Rotation};
/// // A rigid motion: rotation, then translation.
/// let motion = Product::<_, 3, 4, _, 3, 3>(Rotation, Everywhere);
/// let x = motion.retract(&[1.0_f64, 0.0, 0.0, 0.0, 1.0, 2.0, 3.0], &[0.0, 0.0, 0.0, 0.5, 0.0, 0.0]);
/// assert_eq!(x, [1.0, 0.0, 0.0, 0.0, 1.5, 2.0, 3.0]);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Product<D1, const N1: usize, const A1: usize, D2, const N2: usize, const A2: usize>(pub D1, pub D2);

/// Divides by the length, unless that is one up to rounding; a vector without length becomes the last axis.
fn normalize<T: Real, const A: usize>(x: &mut SVector<T, A>) {
    let length = linalg::norm(x);
    if (length - T::ONE).abs() <= T::of_f64(4.0) * T::EPSILON {
        return;
    }
    if length > T::ZERO && length.is_finite() {
        *x /= length;
    } else {
        *x = vector(|i| if i + 1 == A { T::ONE } else { T::ZERO });
    }
}

impl<T: Real> Domain<T, 2, 3> for UnitVector {
    const BOUNDED: bool = false;

    fn retract<V: Number<Scalar = T>>(&self, &[x, y, z]: &[T; 3], &[a, b]: &[V; 2]) -> [V; 3] {
        // The reflection I - (u ± e₃)(u ± e₃)ᵀ/(1 ± u₃), sign against cancellation.
        let sign = T::ONE.copysign(z);
        let height = T::ONE / (T::ONE + z.abs());
        let (first, second) = (
            [T::ONE - x * x * height, -(x * y * height), -(sign * x)],
            [-(x * y * height), T::ONE - y * y * height, -(sign * y)],
        );
        let along = |at: T, first: T, second: T| (a.scale(first) + b.scale(second)).offset(at);
        let moved = [along(x, first[0], second[0]), along(y, first[1], second[1]), along(z, first[2], second[2])];
        let [p, q, r] = moved;
        let length = (p * p + q * q + r * r).sqrt();
        moved.map(|coordinate| coordinate / length)
    }

    fn magnitude(&self, _: &SVector<T, 3>) -> SVector<T, 2> {
        SVector::from([T::ONE; 2])
    }

    fn project(&self, x: &mut SVector<T, 3>) {
        normalize(x);
    }
}

impl<T: Real> Domain<T, 3, 4> for Rotation {
    const BOUNDED: bool = false;

    fn retract<V: Number<Scalar = T>>(&self, &[w, x, y, z]: &[T; 4], step: &[V; 3]) -> [V; 4] {
        let [a, b, c] = step.map(|angle| angle.scale(T::HALF));
        let moved = [
            (a.scale(-x) - b.scale(y) - c.scale(z)).offset(w),
            (a.scale(w) + c.scale(y) - b.scale(z)).offset(x),
            (b.scale(w) + a.scale(z) - c.scale(x)).offset(y),
            (c.scale(w) + b.scale(x) - a.scale(y)).offset(z),
        ];
        let [p, q, r, s] = moved;
        let length = (p * p + q * q + r * r + s * s).sqrt();
        moved.map(|coordinate| coordinate / length)
    }

    fn magnitude(&self, _: &SVector<T, 4>) -> SVector<T, 3> {
        SVector::from([T::ONE; 3])
    }

    /// A quaternion without direction becomes a half turn about the third axis.
    fn project(&self, x: &mut SVector<T, 4>) {
        normalize(x);
    }
}

/// The first `P` and the next `Q` entries; what is not there is `filler`.
fn split<V: Copy, const N: usize, const P: usize, const Q: usize>(all: &[V; N], filler: V) -> ([V; P], [V; Q]) {
    let (mut first, mut second) = ([filler; P], [filler; Q]);
    for (to, from) in first.iter_mut().chain(&mut second).zip(all) {
        *to = *from;
    }
    (first, second)
}

/// The inverse of [`split`].
fn join<V: Copy, const N: usize, const P: usize, const Q: usize>(first: [V; P], second: [V; Q], filler: V) -> [V; N] {
    let mut all = [filler; N];
    for (to, from) in all.iter_mut().zip(first.into_iter().chain(second)) {
        *to = from;
    }
    all
}

impl<T, D1, D2, const N: usize, const A: usize, const N1: usize, const A1: usize, const N2: usize, const A2: usize>
    Domain<T, N, A> for Product<D1, N1, A1, D2, N2, A2>
where
    T: Real,
    D1: Domain<T, N1, A1>,
    D2: Domain<T, N2, A2>,
{
    const BOUNDED: bool = D1::BOUNDED || D2::BOUNDED;

    fn room(&self, x: &SVector<T, A>, j: usize) -> (T, T) {
        let (first, second) = split::<T, A, A1, A2>(entries(x), T::ZERO);
        match j.checked_sub(N1) {
            None => self.0.room(&first.into(), j),
            Some(j) => self.1.room(&second.into(), j),
        }
    }

    fn retract<V: Number<Scalar = T>>(&self, x: &[T; A], step: &[V; N]) -> [V; A] {
        const { assert!(N == N1 + N2 && A == A1 + A2, "the sizes of the factors add up to those of the product") }
        let zero = V::constant(T::ZERO);
        let (x1, x2) = split::<T, A, A1, A2>(x, T::ZERO);
        let (p1, p2) = split::<V, N, N1, N2>(step, zero);
        join(self.0.retract(&x1, &p1), self.1.retract(&x2, &p2), zero)
    }

    fn magnitude(&self, x: &SVector<T, A>) -> SVector<T, N> {
        let (first, second) = split::<T, A, A1, A2>(entries(x), T::ZERO);
        let (first, second) = (self.0.magnitude(&first.into()), self.1.magnitude(&second.into()));
        SVector::from(join::<T, N, N1, N2>(*entries(&first), *entries(&second), T::ZERO))
    }

    fn project(&self, x: &mut SVector<T, A>) {
        let (first, second) = split::<T, A, A1, A2>(entries(x), T::ZERO);
        let (mut first, mut second) = (SVector::from(first), SVector::from(second));
        self.0.project(&mut first);
        self.1.project(&mut second);
        *entries_mut(x) = join::<T, A, A1, A2>(*entries(&first), *entries(&second), T::ZERO);
    }

    fn validate(&self) -> Result<(), ConfigError> {
        self.0.validate()?;
        self.1.validate()
    }
}
