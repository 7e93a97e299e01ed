//! After a solve: what the data say about the parameters. Functions of a state, computed on request.

use nalgebra::{SMatrix, SVector};

use crate::least_squares::accumulate::{Accumulation, System};
use crate::least_squares::domain::Domain;
use crate::least_squares::fit::{Fit, Gather};
use crate::linalg::{self, columns, entries};
use crate::problem::{Block, Rows};
use crate::real::Real;

/// The singular values and directions of the linearization at the best point, with columns scaled to unit norm.
///
/// Parameters fixed or held at a bound count as known: their variance is zero and they are left out of the rank.
#[derive(Clone, Debug, PartialEq)]
pub struct Analysis<T: Real, const N: usize> {
    /// `1/‖Jⱼ‖`, zero for known parameters and zero columns.
    scale: SVector<T, N>,
    /// Singular values of the scaled `J`, unordered; zero for known parameters.
    values: SVector<T, N>,
    /// Right singular vectors, as columns.
    directions: SMatrix<T, N, N>,
    known: [bool; N],
    resolution: T,
    /// `2F/(m - n)`, zero without degrees of freedom.
    variance: T,
}

impl<T: Real, const N: usize, const A: usize, K: Accumulation, G: Gather<T>> Fit<T, N, A, K, G> {
    /// Analyses the linearization at the best point. `domain` as in the method: parameters at a bound are known.
    #[must_use]
    pub fn analyse<D: Domain<T, N, A>>(&self, domain: &D) -> Analysis<T, N> {
        let mut known = [false; N];
        if D::BOUNDED {
            for (j, known) in known.iter_mut().enumerate() {
                let (down, up) = domain.room(self.x(), j);
                *known = down >= T::ZERO || up <= T::ZERO;
            }
        }
        Analysis::new::<K>(self.system(), known, T::TWO * self.cost(), self.samples(), G::ELIMINATED)
    }
}

impl<T: Real, const N: usize> Analysis<T, N> {
    /// Of a system with `samples` rows and the sum of their squares, for which `eliminated` more parameters were fitted.
    pub(super) fn new<K: Accumulation>(
        system: &System<T, N>,
        known: [bool; N],
        squares: T,
        samples: usize,
        eliminated: usize,
    ) -> Self {
        let mut scale: SVector<T, N> = linalg::zeros();
        for (j, (scale, known)) in scale.iter_mut().zip(known).enumerate() {
            let norm = K::column_norm(system, j);
            if !known && norm > T::TINY {
                *scale = T::ONE / norm;
            }
        }
        let (values, directions) = K::singular_values(system, &scale);
        let free = known.iter().filter(|known| !**known).count();
        let variance = match samples.checked_sub(free + eliminated) {
            Some(freedom) if freedom > 0 => squares / T::of_usize(freedom),
            _ => T::ZERO,
        };
        Self { scale, values, directions, known, resolution: K::resolution::<T, N>(), variance }
    }

    /// The residual variance `s² = 2F/(m - n)`, in squared units of the residual; zero if there are no more samples than
    /// free parameters.
    #[must_use]
    pub const fn residual_variance(&self) -> T {
        self.variance
    }

    fn largest(&self) -> T {
        self.values.iter().fold(T::ZERO, |m, &v| m.max(v))
    }

    fn determined(&self, k: usize) -> bool {
        entries(&self.values).get(k).is_some_and(|value| *value > self.resolution * self.largest())
    }

    /// The number of parameter combinations that the data determine, in the working precision.
    #[must_use]
    pub fn rank(&self) -> usize {
        (0..N).filter(|&k| self.determined(k)).count()
    }

    /// The number of parameters that are not known.
    #[must_use]
    pub fn free(&self) -> usize {
        self.known.iter().filter(|known| !**known).count()
    }

    /// The ratio of the largest to the smallest singular value over the free parameters, of columns scaled to unit norm;
    /// infinite if the rank is deficient.
    #[must_use]
    pub fn condition(&self) -> T {
        if self.rank() < self.free() {
            return T::INFINITY;
        }
        let smallest = (0..N).filter(|&k| self.determined(k)).fold(T::INFINITY, |m, k| m.min(entries(&self.values)[k]));
        if smallest < T::INFINITY { self.largest() / smallest } else { T::ONE }
    }

    /// The parameter combination that the data determine least, as a direction of unit length in parameter space:
    /// moving along it changes the residuals least. `None` if nothing is free. With [`rank`](Self::rank) below
    /// [`free`](Self::free), the data do not determine it at all.
    #[must_use]
    pub fn weakest(&self) -> Option<SVector<T, N>> {
        // A zero column is a direction of its own.
        for j in 0..N {
            if entries(&self.scale)[j] == T::ZERO && !self.known[j] {
                return Some(linalg::vector(|i| if i == j { T::ONE } else { T::ZERO }));
            }
        }
        let mut weakest: Option<(&[T; N], T)> = None;
        for (direction, &value) in columns(&self.directions).iter().zip(entries(&self.values)) {
            // Known parameters span their own singular vectors with value zero.
            let unknown = direction.iter().zip(&self.known).filter(|(_, known)| !**known);
            let support = unknown.fold(T::ZERO, |sum, (entry, _)| sum + entry.squared());
            if support > T::HALF && weakest.is_none_or(|(_, least)| value < least) {
                weakest = Some((direction, value));
            }
        }
        weakest.map(|(direction, _)| {
            let direction = SVector::from(*direction).component_mul(&self.scale);
            let length = linalg::norm(&direction);
            if length > T::ZERO { direction / length } else { direction }
        })
    }

    /// The covariance of the parameters `variance · (JᵀJ)⁻¹`, in the space the data determine: combinations without
    /// information are left out, so check [`rank`](Self::rank) first. Give [`residual_variance`](Self::residual_variance)
    /// when the size of the noise is to be estimated from the residuals, one when residuals were divided by their noise.
    #[must_use]
    pub fn covariance(&self, variance: T) -> SMatrix<T, N, N> {
        // The deviation goes in before the products, which might overflow without it.
        let deviation = variance.sqrt();
        let mut root = [[T::ZERO; N]; N];
        for k in 0..N {
            if !self.determined(k) {
                continue;
            }
            for j in 0..N {
                let direction = entries(&self.scale)[j] * columns(&self.directions)[k][j];
                root[k][j] = direction / entries(&self.values)[k] * deviation;
            }
        }
        linalg::matrix(|i, j| (0..N).fold(T::ZERO, |sum, k| sum + root[k][i] * root[k][j]))
    }

    /// The standard errors of the parameters, in their units, with the residual variance estimated from the residuals.
    /// Under a robust loss they are those of the reweighted problem, right in size only: a factor of two or three is
    /// possible.
    #[must_use]
    pub fn standard_errors(&self) -> SVector<T, N> {
        let covariance = self.covariance(self.variance);
        linalg::vector(|j| columns(&covariance)[j][j].sqrt())
    }

    /// The correlation matrix of the parameters; zero beside the diagonal for known ones.
    #[must_use]
    pub fn correlation(&self) -> SMatrix<T, N, N> {
        let covariance = self.covariance(if self.variance > T::ZERO { self.variance } else { T::ONE });
        let covariance = columns(&covariance);
        linalg::matrix(|i, j| {
            let scale = (covariance[i][i] * covariance[j][j]).sqrt();
            if i == j {
                T::ONE
            } else if scale > T::ZERO {
                covariance[j][i] / scale
            } else {
                T::ZERO
            }
        })
    }
}

/// Evidence of optimality, gathered from the problem itself and not from a method's memory.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Certificate<T> {
    /// `F(x)`.
    pub cost: T,
    /// `max |Jⱼᵀr| / (‖Jⱼ‖ √(2F))` over parameters that are not held at a bound by their gradient: the cosine of the
    /// angle between the residuals and the nearest column. Zero where all residuals are zero, NaN where a row is not finite.
    pub scaled_gradient: T,
    /// The number of samples.
    pub samples: usize,
}

/// Streams all samples at `x` once more and measures how stationary it is. Makes one oracle call per block of samples.
///
/// # Errors
/// The oracle's own error.
pub fn certify<T: Real, const N: usize, const A: usize, P: Rows<T, N, A>, D: Domain<T, N, A>>(
    problem: &mut P,
    x: &SVector<T, A>,
    domain: &D,
) -> Result<Certificate<T>, P::Error> {
    let (mut gradient, mut squares) = (SVector::<T, N>::zeros(), SVector::<T, N>::zeros());
    let mut block = Block::new();
    let (mut cost, mut next) = (T::ZERO, 0);
    while next < problem.rows() {
        block.clear();
        problem.block(next, x, &mut block)?;
        next += block.len().max(1);
        cost += block.cost();
        for (g, r) in block.samples() {
            gradient += g * r;
            squares += g.component_mul(g);
        }
    }
    let mut scaled_gradient = T::ZERO;
    for j in 0..N {
        let ((down, up), gradient) = (domain.room(x, j), entries(&gradient)[j]);
        let held = (down >= T::ZERO && gradient >= T::ZERO) || (up <= T::ZERO && gradient <= T::ZERO);
        let scale = entries(&squares)[j].sqrt() * (T::TWO * cost).sqrt();
        let cosine = match gradient {
            g if held || g == T::ZERO => T::ZERO,
            g if scale.is_finite() => g.abs() / scale,
            // An overflow proves nothing.
            _ => T::NAN,
        };
        if !(cosine <= scaled_gradient) {
            scaled_gradient = cosine;
        }
    }
    Ok(Certificate { cost, scaled_gradient, samples: next })
}
