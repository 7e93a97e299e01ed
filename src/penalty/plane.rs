//! Half-spaces, hyperplanes and their intersections.
//!
//! Their normals fix the length: a slice of another length is outside, and its projection is the slice itself.

use nalgebra::{SMatrix, SVector};

use crate::linalg::{self, cholesky, columns, dot_of, entries, matrix, norm_of, solve_lower, solve_transposed, vector};
use crate::penalty::Penalty;
use crate::penalty::threshold::rounding;
use crate::real::Real;
use crate::step::ConfigError;

/// The set `⟨normal, x⟩ ≤ offset`, up to rounding.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct HalfSpace<T: Real, const N: usize> {
    /// Of any length but zero, finite.
    pub normal: SVector<T, N>,
    /// Finite.
    pub offset: T,
}

/// The set `⟨normal, x⟩ = offset`, up to rounding.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct Hyperplane<T: Real, const N: usize> {
    /// Of any length but zero, finite.
    pub normal: SVector<T, N>,
    /// Finite.
    pub offset: T,
}

/// The set `A x = b` with independent rows, up to rounding; `AAᵀ` is factored once.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct AffineSet<T: Real, const M: usize, const N: usize> {
    /// A.
    a: SMatrix<T, M, N>,
    /// b.
    b: SVector<T, M>,
    /// The Cholesky factor of `AAᵀ`.
    factor: SMatrix<T, M, M>,
}

/// `⟨normal, x⟩ - offset` and what rounding may make of it; `None` for a slice of another length.
fn above<T: Real, const N: usize>(normal: &SVector<T, N>, offset: T, x: &[T]) -> Option<(T, T)> {
    if x.len() != N {
        return None;
    }
    let normal = entries(normal);
    let size = normal.iter().zip(x).fold(offset.abs(), |sum, (&a, &x)| sum + (a * x).abs());
    Some((dot_of(normal, x) - offset, rounding(N, size)))
}

/// Moves x against the normal onto the hyperplane; twice, because the first distance is rounded.
fn retreat<T: Real, const N: usize>(normal: &SVector<T, N>, offset: T, x: &mut [T]) {
    let square = linalg::dot(normal, normal);
    for _ in 0..2 {
        if let Some((distance, _)) = above(normal, offset, x) {
            for (x, &a) in x.iter_mut().zip(normal.iter()) {
                *x -= distance / square * a;
            }
        }
    }
}

/// The norm of what of g is not along the normal.
fn across<T: Real, const N: usize>(normal: &SVector<T, N>, g: &mut [T]) -> T {
    let along = dot_of(entries(normal), g) / linalg::dot(normal, normal);
    for (g, &a) in g.iter_mut().zip(normal.iter()) {
        *g -= along * a;
    }
    norm_of(g)
}

fn validate_plane<T: Real, const N: usize>(normal: &SVector<T, N>, offset: T) -> Result<(), ConfigError> {
    let square = linalg::dot(normal, normal);
    if square > T::ZERO && square.is_finite() && offset.is_finite() { Ok(()) } else { Err(ConfigError::Dependent) }
}

impl<T: Real, const N: usize> Penalty<T> for HalfSpace<T, N> {
    fn value(&self, x: &[T]) -> T {
        match above(&self.normal, self.offset, x) {
            Some((distance, margin)) if distance <= margin => T::ZERO,
            _ => T::INFINITY,
        }
    }

    fn prox(&self, x: &mut [T], _: T) {
        if above(&self.normal, self.offset, x).is_some_and(|(distance, _)| distance > T::ZERO) {
            retreat(&self.normal, self.offset, x);
        }
    }

    /// Exact: on the boundary, the normal cone is the ray of the normal.
    fn gap(&self, x: &[T], g: &mut [T]) -> T {
        match above(&self.normal, self.offset, x) {
            Some((distance, margin)) if distance.abs() <= margin && dot_of(entries(&self.normal), g) < T::ZERO => {
                across(&self.normal, g)
            }
            Some((distance, margin)) if distance <= margin => norm_of(g),
            _ => T::INFINITY,
        }
    }

    fn convexity(&self) -> T {
        T::ZERO
    }

    fn validate(&self) -> Result<(), ConfigError> {
        validate_plane(&self.normal, self.offset)
    }
}

impl<T: Real, const N: usize> Penalty<T> for Hyperplane<T, N> {
    fn value(&self, x: &[T]) -> T {
        match above(&self.normal, self.offset, x) {
            Some((distance, margin)) if distance.abs() <= margin => T::ZERO,
            _ => T::INFINITY,
        }
    }

    fn prox(&self, x: &mut [T], _: T) {
        retreat(&self.normal, self.offset, x);
    }

    /// Exact: the normal cone is the line of the normal.
    fn gap(&self, x: &[T], g: &mut [T]) -> T {
        if self.value(x) == T::ZERO { across(&self.normal, g) } else { T::INFINITY }
    }

    fn convexity(&self) -> T {
        T::ZERO
    }

    fn validate(&self) -> Result<(), ConfigError> {
        validate_plane(&self.normal, self.offset)
    }
}

impl<T: Real, const M: usize, const N: usize> AffineSet<T, M, N> {
    /// The set of solutions.
    ///
    /// # Errors
    /// [`ConfigError::Dependent`] if a row is a combination of the others up to rounding, or an entry is not finite.
    pub fn new(a: SMatrix<T, M, N>, b: SVector<T, M>) -> Result<Self, ConfigError> {
        let rows = columns(&a);
        let mut factor: SMatrix<T, M, M> =
            matrix(|i, j| rows.iter().fold(T::ZERO, |sum, column| sum + column[i] * column[j]));
        let floor = T::of_usize(M.max(N)) * T::of_f64(4.0) * T::EPSILON;
        let independent = cholesky(&mut factor, floor) && factor.iter().all(|l| l.is_finite());
        if independent && linalg::all_finite(&b) { Ok(Self { a, b, factor }) } else { Err(ConfigError::Dependent) }
    }

    /// `A x - share · b`, for a slice of N entries.
    fn residual(&self, x: &[T], share: T) -> SVector<T, M> {
        let mut residual = self.b * -share;
        for (column, &x) in columns(&self.a).iter().zip(x) {
            for (r, &a) in residual.iter_mut().zip(column) {
                *r += a * x;
            }
        }
        residual
    }

    /// Takes `Aᵀ (AAᵀ)⁻¹ (A x - share · b)` from x, twice, because the first residual is rounded.
    fn project(&self, x: &mut [T], share: T) {
        if x.len() != N {
            return;
        }
        for _ in 0..2 {
            let mut y = self.residual(x, share);
            solve_lower(&self.factor, &mut y);
            solve_transposed(&self.factor, &mut y);
            for (x, column) in x.iter_mut().zip(columns(&self.a)) {
                *x -= dot_of(column, entries(&y));
            }
        }
    }
}

impl<T: Real, const M: usize, const N: usize> Penalty<T> for AffineSet<T, M, N> {
    fn value(&self, x: &[T]) -> T {
        if x.len() != N {
            return T::INFINITY;
        }
        let mut size: SVector<T, M> = vector(|_| T::ZERO);
        for (column, &x) in columns(&self.a).iter().zip(x) {
            for (size, &a) in size.iter_mut().zip(column) {
                *size += (a * x).abs();
            }
        }
        let residual = self.residual(x, T::ONE);
        let sizes = size.iter().zip(&self.b).map(|(&size, &b)| rounding(N + M, size + b.abs()));
        let inside = residual.iter().zip(sizes).all(|(r, margin)| r.abs() <= margin);
        if inside { T::ZERO } else { T::INFINITY }
    }

    fn prox(&self, x: &mut [T], _: T) {
        self.project(x, T::ONE);
    }

    /// Exact: the normal space is the range of `Aᵀ`.
    fn gap(&self, x: &[T], g: &mut [T]) -> T {
        if !(self.value(x) == T::ZERO) {
            return T::INFINITY;
        }
        self.project(g, T::ZERO);
        norm_of(g)
    }

    fn convexity(&self) -> T {
        T::ZERO
    }

    fn validate(&self) -> Result<(), ConfigError> {
        Ok(())
    }
}
