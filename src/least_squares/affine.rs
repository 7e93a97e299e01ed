//! Linear equality constraints.

use nalgebra::{SMatrix, SVector};

use crate::least_squares::domain::Domain;
use crate::linalg::{columns, columns_mut, dot, entries, entries_mut, norm, vector, zeros};
use crate::real::{Number, Real};
use crate::step::ConfigError;

/// The points with `C x = d`: `E` linear equations in `A` coordinates leave `N = A - E` degrees of freedom.
///
/// A step `y` leads to `x + Z y` with an orthonormal basis `Z` of the null space of `C` (Nocedal & Wright, Numerical
/// Optimization, §15.3), so the equations hold along the whole fit. Problems that know only the coordinates are wrapped in
/// [`Tangent`](crate::problem::Tangent).
///
/// ```
/// use nalgebra::{SMatrix, vector};
/// use thalweg::least_squares::{Affine, Domain};
/// // Three shares that add up to one.
/// let shares = Affine::<f64, 1, 2, 3>::new(&SMatrix::from_element(1.0), &vector![1.0]).unwrap();
/// let mut x = vector![1.0, 1.0, 1.0];
/// shares.project(&mut x);
/// assert!((x.sum() - 1.0).abs() < 1e-15);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct Affine<T: Real, const E: usize, const N: usize, const A: usize> {
    /// The equations with orthonormal rows, as columns.
    normals: SMatrix<T, A, E>,
    /// Their right-hand sides.
    value: SVector<T, E>,
    /// `Z`.
    basis: SMatrix<T, A, N>,
}

/// Removes from `v` what lies along orthonormal columns, twice, which is enough (Kahan; Parlett §6.9); the sum of the
/// coefficients is returned.
fn orthogonalize<T: Real, const A: usize, const C: usize>(
    v: &mut SVector<T, A>,
    q: &SMatrix<T, A, C>,
) -> SVector<T, C> {
    let mut coefficients: SVector<T, C> = zeros();
    for _ in 0..2 {
        for (column, coefficient) in columns(q).iter().zip(entries_mut(&mut coefficients)) {
            let column = SVector::from(*column);
            let along = dot(&column, v);
            *coefficient += along;
            *v -= column * along;
        }
    }
    coefficients
}

impl<T: Real, const E: usize, const N: usize, const A: usize> Affine<T, E, N, A> {
    /// The solutions of `matrix · x = value`.
    ///
    /// # Errors
    /// [`ConfigError::Dependent`] if an equation is a combination of the others, or not finite.
    pub fn new(matrix: &SMatrix<T, E, A>, value: &SVector<T, E>) -> Result<Self, ConfigError> {
        const { assert!(E + N == A, "each equation takes one degree of freedom") }
        let mut domain = Self { normals: zeros(), value: zeros(), basis: zeros() };
        for e in 0..E {
            let mut row: SVector<T, A> = vector(|i| columns(matrix)[i][e]);
            let size = norm(&row);
            let known = orthogonalize(&mut row, &domain.normals);
            let length = norm(&row);
            let rest = entries(value)[e] - dot(&known, &domain.value);
            if !(length > T::of_f64(8.0) * T::of_usize(A) * T::EPSILON * size && size.is_finite() && rest.is_finite()) {
                return Err(ConfigError::Dependent);
            }
            columns_mut(&mut domain.normals)[e] = *entries(&(row / length));
            entries_mut(&mut domain.value)[e] = rest / length;
        }
        for n in 0..N {
            // The coordinate axis that the columns so far explain least.
            let mut best: SVector<T, A> = zeros();
            let mut longest = T::ZERO;
            for axis in 0..A {
                let mut v: SVector<T, A> = vector(|i| if i == axis { T::ONE } else { T::ZERO });
                orthogonalize(&mut v, &domain.normals);
                orthogonalize(&mut v, &domain.basis);
                let length = norm(&v);
                if length > longest {
                    (longest, best) = (length, v / length);
                }
            }
            columns_mut(&mut domain.basis)[n] = *entries(&best);
        }
        Ok(domain)
    }
}

impl<T: Real, const E: usize, const N: usize, const A: usize> Domain<T, N, A> for Affine<T, E, N, A> {
    const BOUNDED: bool = false;

    fn retract<V: Number<Scalar = T>>(&self, x: &[T; A], step: &[V; N]) -> [V; A] {
        let mut moved = x.map(V::constant);
        for (column, &step) in columns(&self.basis).iter().zip(step) {
            for (moved, &z) in moved.iter_mut().zip(column) {
                *moved = *moved + step.scale(z);
            }
        }
        moved
    }

    /// `|Z|ᵀ|x|`: no direction is called small because coordinates cancel in it.
    fn magnitude(&self, x: &SVector<T, A>) -> SVector<T, N> {
        vector(|j| dot(&SVector::from(columns(&self.basis)[j]).map(T::abs), &x.map(T::abs)))
    }

    fn project(&self, x: &mut SVector<T, A>) {
        for (normal, &value) in columns(&self.normals).iter().zip(entries(&self.value)) {
            let normal = SVector::from(*normal);
            let excess = dot(&normal, x) - value;
            // What only rounding keeps from zero stays.
            let rounding = T::of_f64(4.0) * T::EPSILON * (dot(&normal.map(T::abs), &x.map(T::abs)) + value.abs());
            if excess.abs() > rounding {
                *x -= normal * excess;
            }
        }
    }
}
