//! What is kept of the samples: a triangular system of size N, accumulated in one of two ways.
//!
//! | | keeps | cost of a sample | accuracy |
//! |---|---|---|---|
//! | [`SquareRoot`] | `L` with `L Lᵀ = JᵀJ`, and `z` with `L z = Jᵀr` | about N² multiply-adds | that of QR: errors grow with the condition number of `J` |
//! | [`Normal`] | `JᵀJ` and `Jᵀr` | about N²/2 | errors grow with its square |

use nalgebra::{SMatrix, SVector};

use crate::linalg::{self, columns, columns_mut, entries, entries_mut};
use crate::problem::{Block, LANES};
use crate::real::Real;

/// A lower triangle and a vector; what they mean is up to the [`Accumulation`].
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct System<T: Real, const N: usize> {
    pub(crate) matrix: SMatrix<T, N, N>,
    pub(crate) vector: SVector<T, N>,
}

impl<T: Real, const N: usize> System<T, N> {
    pub(crate) const fn new() -> Self {
        Self { matrix: linalg::zeros(), vector: linalg::zeros() }
    }

    pub(crate) fn clear(&mut self) {
        self.matrix = linalg::zeros();
        self.vector = linalg::zeros();
    }

    /// Field by field: `clone_from` would pass through the stack.
    pub(crate) fn copy_from(&mut self, other: &Self) {
        self.matrix = other.matrix;
        self.vector = other.vector;
    }
}

/// The quadratic model that a damped, constrained step minimizes over the components of `q` that are not held:
/// `½‖J(p + q) + r‖² + ½‖W(p + q)‖²` with `Wⱼ² = λDⱼ² + ρ‖Jⱼ‖²`.
#[derive(Debug)]
pub struct Damping<'a, T: Real, const N: usize> {
    pub(crate) lambda: T,
    /// `ρ`, zero for a regular model.
    pub(crate) ridge: T,
    /// `D`.
    pub(crate) scale: &'a SVector<T, N>,
    pub(crate) held: &'a [bool; N],
    /// `p`, if it is not zero.
    pub(crate) from: Option<&'a SVector<T, N>>,
}

impl<T: Real, const N: usize> Damping<'_, T, N> {
    /// `Wⱼ²`, from `‖Jⱼ‖²`; a zero column is given the norm `Dⱼ`.
    pub(crate) fn weight(&self, j: usize, square: T) -> T {
        let scale = entries(self.scale)[j].squared();
        self.lambda * scale + self.ridge * if square > T::ZERO { square } else { scale }
    }
}

/// How samples are accumulated: [`SquareRoot`] or [`Normal`].
pub trait Accumulation: Accumulate + Copy + core::fmt::Debug + Default {}

impl Accumulation for SquareRoot {}
impl Accumulation for Normal {}

/// The operations behind [`Accumulation`], out of reach so that they may change.
pub trait Accumulate {
    /// Adds the samples of a block, which is destroyed.
    fn fold<T: Real, const N: usize>(system: &mut System<T, N>, block: &mut Block<T, N>);
    /// `Jⱼᵀr`, zero beyond the last column.
    fn gradient<T: Real, const N: usize>(system: &System<T, N>, j: usize) -> T;
    /// `‖Jⱼ‖`, zero beyond the last column.
    fn column_norm<T: Real, const N: usize>(system: &System<T, N>, j: usize) -> T;
    /// The model's gradient at `p`: `Jᵀ(Jp + r)`.
    fn gradient_at<T: Real, const N: usize>(system: &System<T, N>, p: &SVector<T, N>) -> SVector<T, N>;
    /// `‖J p‖²`.
    fn curvature<T: Real, const N: usize>(system: &System<T, N>, p: &SVector<T, N>) -> T;
    /// Writes the factor of the damped model to `into`; `false` if it is numerically singular.
    fn factor<T: Real, const N: usize>(
        system: &System<T, N>,
        damping: &Damping<'_, T, N>,
        into: &mut System<T, N>,
    ) -> bool;
    /// Writes the minimizing `q` of a factored system; held components come out as zero.
    fn minimize<T: Real, const N: usize>(factored: &System<T, N>, q: &mut SVector<T, N>);
    /// Singular values and right singular vectors of `J S` with diagonal `S`, zero where a column is left out.
    fn singular_values<T: Real, const N: usize>(
        system: &System<T, N>,
        scale: &SVector<T, N>,
    ) -> (SVector<T, N>, SMatrix<T, N, N>);
    /// The relative size below which a singular value of unit-norm columns is rounding.
    fn resolution<T: Real, const N: usize>() -> T;
}

/// Square-root accumulation: rows are folded into a triangular factor by Householder reflections. The default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SquareRoot;

/// Normal-matrix accumulation: about half the work of [`SquareRoot`]; for well-conditioned problems.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Normal;

fn rounding<T: Real, const N: usize>() -> T {
    T::of_usize(N) * T::EPSILON
}

impl SquareRoot {
    /// Folds in the rows of `W`, and for each held component a unit row in the place of its column.
    fn append_damping<T: Real, const N: usize>(
        system: &System<T, N>,
        damping: &Damping<'_, T, N>,
        into: &mut System<T, N>,
    ) {
        for column in columns_mut(&mut into.matrix) {
            for (entry, _) in column.iter_mut().zip(damping.held).filter(|(_, held)| **held) {
                *entry = T::ZERO;
            }
        }
        let mut block = Block::<T, N>::new();
        for first in (0..N).step_by(LANES) {
            block.clear();
            for j in first..N.min(first + LANES) {
                let square = Self::column_norm(system, j).squared();
                let weight = if damping.held[j] { T::ONE } else { damping.weight(j, square).sqrt() };
                let mut row = linalg::zeros::<T, N, 1>();
                entries_mut(&mut row)[j] = weight;
                let moved = if damping.held[j] { T::ZERO } else { damping.from.map_or(T::ZERO, |p| entries(p)[j]) };
                block.push(row, weight * moved);
            }
            Self::fold(into, &mut block);
        }
    }
}

impl Accumulate for SquareRoot {
    #[inline]
    fn fold<T: Real, const N: usize>(system: &mut System<T, N>, block: &mut Block<T, N>) {
        let (rows, r) = block.lanes();
        linalg::append_rows(&mut system.matrix, &mut system.vector, rows, r);
    }

    fn gradient<T: Real, const N: usize>(system: &System<T, N>, j: usize) -> T {
        if j >= N {
            return T::ZERO;
        }
        let (l, z) = (columns(&system.matrix), entries(&system.vector));
        (0..j + 1).fold(T::ZERO, |sum, k| sum + l[k][j] * z[k])
    }

    fn column_norm<T: Real, const N: usize>(system: &System<T, N>, j: usize) -> T {
        if j >= N {
            return T::ZERO;
        }
        let l = columns(&system.matrix);
        (0..j + 1).fold(T::ZERO, |sum, k| sum + l[k][j].squared()).sqrt()
    }

    fn gradient_at<T: Real, const N: usize>(system: &System<T, N>, p: &SVector<T, N>) -> SVector<T, N> {
        let residual = linalg::multiply_transposed(&system.matrix, p) + system.vector;
        linalg::multiply_lower(&system.matrix, &residual)
    }

    fn curvature<T: Real, const N: usize>(system: &System<T, N>, p: &SVector<T, N>) -> T {
        let along = linalg::multiply_transposed(&system.matrix, p);
        linalg::dot(&along, &along)
    }

    fn factor<T: Real, const N: usize>(
        system: &System<T, N>,
        damping: &Damping<'_, T, N>,
        into: &mut System<T, N>,
    ) -> bool {
        into.copy_from(system);
        if let Some(p) = damping.from {
            into.vector += linalg::multiply_transposed(&system.matrix, p);
        }
        let any_held = damping.held.iter().any(|held| *held);
        if damping.lambda > T::ZERO || damping.ridge > T::ZERO || any_held {
            Self::append_damping(system, damping, into);
        }
        (0..N).all(|j| {
            damping.held[j] || columns(&into.matrix)[j][j].abs() > rounding::<T, N>() * Self::column_norm(system, j)
        })
    }

    fn minimize<T: Real, const N: usize>(factored: &System<T, N>, q: &mut SVector<T, N>) {
        linalg::negate(&factored.vector, q);
        linalg::solve_transposed(&factored.matrix, q);
    }

    fn singular_values<T: Real, const N: usize>(
        system: &System<T, N>,
        scale: &SVector<T, N>,
    ) -> (SVector<T, N>, SMatrix<T, N, N>) {
        let (l, scale) = (columns(&system.matrix), entries(scale));
        let scaled = linalg::matrix(|i, j| if i <= j { l[i][j] * scale[j] } else { T::ZERO });
        let svd = linalg::svd::<T, N>(scaled);
        (svd.values, svd.v)
    }

    fn resolution<T: Real, const N: usize>() -> T {
        T::of_f64(16.0) * rounding::<T, N>()
    }
}

impl Accumulate for Normal {
    #[inline]
    fn fold<T: Real, const N: usize>(system: &mut System<T, N>, block: &mut Block<T, N>) {
        let (rows, r) = block.lanes();
        linalg::add_outer_products(&mut system.matrix, &mut system.vector, rows, r);
    }

    fn gradient<T: Real, const N: usize>(system: &System<T, N>, j: usize) -> T {
        entries(&system.vector).get(j).copied().unwrap_or(T::ZERO)
    }

    fn column_norm<T: Real, const N: usize>(system: &System<T, N>, j: usize) -> T {
        if j >= N {
            return T::ZERO;
        }
        columns(&system.matrix)[j][j].sqrt()
    }

    fn gradient_at<T: Real, const N: usize>(system: &System<T, N>, p: &SVector<T, N>) -> SVector<T, N> {
        linalg::multiply_symmetric(&system.matrix, p) + system.vector
    }

    fn curvature<T: Real, const N: usize>(system: &System<T, N>, p: &SVector<T, N>) -> T {
        linalg::dot(p, &linalg::multiply_symmetric(&system.matrix, p))
    }

    fn factor<T: Real, const N: usize>(
        system: &System<T, N>,
        damping: &Damping<'_, T, N>,
        into: &mut System<T, N>,
    ) -> bool {
        into.copy_from(system);
        if let Some(p) = damping.from {
            into.vector += linalg::multiply_symmetric(&system.matrix, p);
        }
        let (a, b) = (columns_mut(&mut into.matrix), entries_mut(&mut into.vector));
        for j in 0..N {
            let weight = damping.weight(j, a[j][j]);
            a[j][j] += weight;
            if let Some(p) = damping.from {
                b[j] += weight * entries(p)[j];
            }
        }
        for k in 0..N {
            if damping.held[k] {
                for j in 0..k {
                    a[j][k] = T::ZERO;
                }
                a[k] = [T::ZERO; N];
                a[k][k] = T::ONE;
                b[k] = T::ZERO;
            }
        }
        linalg::cholesky(&mut into.matrix, rounding::<T, N>())
    }

    fn minimize<T: Real, const N: usize>(factored: &System<T, N>, q: &mut SVector<T, N>) {
        linalg::negate(&factored.vector, q);
        linalg::solve_lower(&factored.matrix, q);
        linalg::solve_transposed(&factored.matrix, q);
    }

    fn singular_values<T: Real, const N: usize>(
        system: &System<T, N>,
        scale: &SVector<T, N>,
    ) -> (SVector<T, N>, SMatrix<T, N, N>) {
        let (a, scale) = (columns(&system.matrix), entries(scale));
        let scaled = linalg::matrix(|i, j| if i >= j { a[j][i] } else { a[i][j] } * scale[i] * scale[j]);
        let svd = linalg::svd::<T, N>(scaled);
        (linalg::vector(|j| entries(&svd.values)[j].sqrt()), svd.v)
    }

    fn resolution<T: Real, const N: usize>() -> T {
        (T::of_f64(16.0) * rounding::<T, N>()).sqrt()
    }
}
