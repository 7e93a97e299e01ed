//! What is kept of the samples: a triangular system of size N, accumulated in one of two ways.
//!
//! | | keeps | cost of a sample | accuracy |
//! |---|---|---|---|
//! | [`SquareRoot`] | `L` with `L Lᵀ = JᵀJ`, and `z` with `L z = Jᵀr` | about N² multiply-adds | that of QR: errors grow with the condition number of `J` |
//! | [`Normal`] | `JᵀJ` and `Jᵀr` | about N²/2 | errors grow with its square |

use nalgebra::{SMatrix, SVector};

use crate::linalg;
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
        *self = Self::new();
    }
}

/// The quadratic model that a damped, constrained step minimizes over the free components of `q`:
/// `½‖J(p + q) + r‖² + ½‖W(p + q)‖²` with diagonal `W`.
#[derive(Debug)]
pub struct Damping<'a, T: Real, const N: usize> {
    pub(crate) weights: &'a SVector<T, N>,
    pub(crate) held: &'a [bool; N],
    pub(crate) from: &'a SVector<T, N>,
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::SquareRoot {}
    impl Sealed for super::Normal {}
}

/// How samples are accumulated: [`SquareRoot`] or [`Normal`].
pub trait Accumulation: sealed::Sealed + Copy + core::fmt::Debug + Default {
    /// Adds the samples of a block, which is destroyed.
    fn fold<T: Real, const N: usize>(system: &mut System<T, N>, block: &mut Block<T, N>);
    /// `Jᵀr`.
    fn gradient<T: Real, const N: usize>(system: &System<T, N>) -> SVector<T, N>;
    /// The column norms `‖Jⱼ‖`.
    fn column_norms<T: Real, const N: usize>(system: &System<T, N>) -> SVector<T, N>;
    /// `‖J p‖²`.
    fn curvature<T: Real, const N: usize>(system: &System<T, N>, p: &SVector<T, N>) -> T;
    /// Writes the factor of the damped model to `into`; `false` if it is numerically singular.
    fn factor<T: Real, const N: usize>(
        system: &System<T, N>,
        damping: &Damping<'_, T, N>,
        into: &mut System<T, N>,
    ) -> bool;
    /// The minimizing `q`, from a factored system; held components come out as zero.
    fn minimizer<T: Real, const N: usize>(factored: &System<T, N>) -> SVector<T, N>;
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

impl Accumulation for SquareRoot {
    #[inline]
    fn fold<T: Real, const N: usize>(system: &mut System<T, N>, block: &mut Block<T, N>) {
        let (rows, r) = block.lanes();
        linalg::append_rows(&mut system.matrix, &mut system.vector, rows, r);
    }

    fn gradient<T: Real, const N: usize>(system: &System<T, N>) -> SVector<T, N> {
        SVector::from_fn(|i, _| (0..=i).fold(T::ZERO, |sum, j| sum + system.matrix[(i, j)] * system.vector[j]))
    }

    fn column_norms<T: Real, const N: usize>(system: &System<T, N>) -> SVector<T, N> {
        SVector::from_fn(|i, _| (0..=i).fold(T::ZERO, |sum, j| sum + system.matrix[(i, j)].squared()).sqrt())
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
        into.clone_from(system);
        into.vector += linalg::multiply_transposed(&system.matrix, damping.from);
        let norms = Self::column_norms(system);
        for (i, held) in damping.held.iter().enumerate() {
            if *held {
                for j in 0..=i {
                    into.matrix[(i, j)] = T::ZERO;
                }
            }
        }
        // The rows of W, and a unit row for each held component, a few at a time.
        let mut block = Block::<T, N>::new();
        for first in (0..N).step_by(LANES) {
            block.clear();
            for j in first..N.min(first + LANES) {
                let held = damping.held[j];
                let weight = if held { T::ONE } else { damping.weights[j] };
                let mut row = linalg::zeros::<T, N, 1>();
                row[j] = weight;
                block.push(row, if held { T::ZERO } else { weight * damping.from[j] });
            }
            Self::fold(into, &mut block);
        }
        (0..N).all(|j| into.matrix[(j, j)].abs() > rounding::<T, N>() * norms[j])
    }

    fn minimizer<T: Real, const N: usize>(factored: &System<T, N>) -> SVector<T, N> {
        let mut q = -factored.vector;
        linalg::solve_transposed(&factored.matrix, &mut q);
        q
    }

    fn singular_values<T: Real, const N: usize>(
        system: &System<T, N>,
        scale: &SVector<T, N>,
    ) -> (SVector<T, N>, SMatrix<T, N, N>) {
        let scaled = SMatrix::from_fn(|i, j| if i <= j { system.matrix[(j, i)] * scale[j] } else { T::ZERO });
        let svd = linalg::svd::<T, N>(scaled);
        (svd.values, svd.v)
    }

    fn resolution<T: Real, const N: usize>() -> T {
        rounding::<T, N>()
    }
}

impl Accumulation for Normal {
    #[inline]
    fn fold<T: Real, const N: usize>(system: &mut System<T, N>, block: &mut Block<T, N>) {
        let (rows, r) = block.lanes();
        linalg::add_outer_products(&mut system.matrix, &mut system.vector, rows, r);
    }

    fn gradient<T: Real, const N: usize>(system: &System<T, N>) -> SVector<T, N> {
        system.vector
    }

    fn column_norms<T: Real, const N: usize>(system: &System<T, N>) -> SVector<T, N> {
        SVector::from_fn(|j, _| system.matrix[(j, j)].sqrt())
    }

    fn curvature<T: Real, const N: usize>(system: &System<T, N>, p: &SVector<T, N>) -> T {
        linalg::dot(p, &linalg::multiply_symmetric(&system.matrix, p))
    }

    fn factor<T: Real, const N: usize>(
        system: &System<T, N>,
        damping: &Damping<'_, T, N>,
        into: &mut System<T, N>,
    ) -> bool {
        into.clone_from(system);
        into.vector += linalg::multiply_symmetric(&system.matrix, damping.from);
        for j in 0..N {
            let weight = damping.weights[j].squared();
            into.matrix[(j, j)] += weight;
            into.vector[j] += weight * damping.from[j];
        }
        for k in 0..N {
            if damping.held[k] {
                for j in 0..k {
                    into.matrix[(k, j)] = T::ZERO;
                }
                for i in k + 1..N {
                    into.matrix[(i, k)] = T::ZERO;
                }
                into.matrix[(k, k)] = T::ONE;
                into.vector[k] = T::ZERO;
            }
        }
        linalg::cholesky(&mut into.matrix, rounding::<T, N>())
    }

    fn minimizer<T: Real, const N: usize>(factored: &System<T, N>) -> SVector<T, N> {
        let mut q = -factored.vector;
        linalg::solve_lower(&factored.matrix, &mut q);
        linalg::solve_transposed(&factored.matrix, &mut q);
        q
    }

    fn singular_values<T: Real, const N: usize>(
        system: &System<T, N>,
        scale: &SVector<T, N>,
    ) -> (SVector<T, N>, SMatrix<T, N, N>) {
        let scaled = SMatrix::<T, N, N>::from_fn(|i, j| {
            system.matrix[if i >= j { (i, j) } else { (j, i) }] * scale[i] * scale[j]
        });
        let svd = linalg::svd::<T, N>(scaled);
        (svd.values.map(T::sqrt), svd.v)
    }

    fn resolution<T: Real, const N: usize>() -> T {
        rounding::<T, N>().sqrt()
    }
}
