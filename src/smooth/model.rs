//! The quadratic model of the Newton methods, `gᵀp + ½ pᵀHp`.
//!
//! It starts out as H and g. A Cholesky factor of `H + λI` costs N³/3 operations and proves that this is positive definite, which is all
//! that most steps need. Where there is none, or rounding would tell in it, `H = V Λ Vᵀ` is decomposed once, about 10 N³, and the model
//! goes on in the basis of the eigenvectors: Λ, `c = Vᵀg`, and steps `p = V y`. Who asks for a step need not know which it is.

use nalgebra::{SMatrix, SVector};

use crate::linalg::{
    self, Eigen, cholesky, columns, columns_mut, eigen, entries, multiply, multiply_adjoint, solve_lower,
    solve_transposed,
};
use crate::real::Real;

/// A quadratic model in the basis of the variables or, once decomposed, of its eigenvectors.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub(crate) struct Model<T: Real, const N: usize> {
    /// H, or V.
    matrix: SMatrix<T, N, N>,
    /// Λ, unordered; zeros before.
    pub(crate) values: SVector<T, N>,
    /// g, or c.
    pub(crate) slopes: SVector<T, N>,
    /// Which of the two.
    decomposed: bool,
}

impl<T: Real, const N: usize> Model<T, N> {
    pub(crate) const fn new() -> Self {
        Self { matrix: linalg::zeros(), values: linalg::zeros(), slopes: linalg::zeros(), decomposed: false }
    }

    /// The model `gᵀp + ½ pᵀHp`.
    pub(crate) const fn of(h: &SMatrix<T, N, N>, g: &SVector<T, N>) -> Self {
        Self { matrix: *h, slopes: *g, ..Self::new() }
    }

    pub(crate) fn is_finite(&self) -> bool {
        linalg::all_finite(&self.values)
            && linalg::all_finite(&self.slopes)
            && self.matrix.iter().all(|entry| entry.is_finite())
    }

    pub(crate) const fn is_decomposed(&self) -> bool {
        self.decomposed
    }

    /// Goes on in the basis of the eigenvectors.
    pub(crate) fn decompose(&mut self) {
        if !self.decomposed {
            let Eigen { values, vectors } = eigen(self.matrix);
            let g = self.slopes;
            multiply_adjoint(&vectors, &g, &mut self.slopes);
            (self.matrix, self.values, self.decomposed) = (vectors, values, true);
        }
    }

    /// Λ.
    pub(crate) fn eigenvalues(&self) -> SVector<T, N> {
        if self.decomposed { self.values } else { eigen(self.matrix).values }
    }

    /// λ₁, the least eigenvalue of a decomposed model.
    pub(crate) fn least(&self) -> T {
        self.values.iter().fold(T::INFINITY, |least, &value| least.min(value))
    }

    /// Whether the least eigenvalue is below `-tolerance` times the largest magnitude of all. A factor of H says no.
    pub(crate) fn bends_down(&mut self, tolerance: T) -> bool {
        if !tolerance.is_finite() || self.factor(T::ZERO).is_some() {
            return false;
        }
        self.decompose();
        self.least() < -tolerance * linalg::max_abs(&self.values)
    }

    /// L with `L Lᵀ = H + λI`; none where that is not positive definite or a pivot loses half of the digits, or the model is decomposed.
    pub(crate) fn factor(&self, shift: T) -> Option<SMatrix<T, N, N>> {
        let mut factor = self.matrix;
        for (j, column) in columns_mut(&mut factor).iter_mut().enumerate() {
            column[j] += shift;
        }
        (!self.decomposed && cholesky(&mut factor, T::SQRT_EPSILON)).then_some(factor)
    }

    /// `-(H + λI)⁻¹g` where `H + λI` is positive definite; before a decomposition, where a [`factor`](Self::factor) exists.
    pub(crate) fn solve(&self, shift: T) -> Option<SVector<T, N>> {
        if self.decomposed {
            return (self.least() + shift > T::ZERO).then(|| self.shifted(shift));
        }
        self.factor(shift).map(|factor| self.solve_by(&factor))
    }

    /// The same by the factor.
    pub(crate) fn solve_by(&self, factor: &SMatrix<T, N, N>) -> SVector<T, N> {
        let mut p = -self.slopes;
        solve_lower(factor, &mut p);
        solve_transposed(factor, &mut p);
        p
    }

    /// No eigenvalue of H is larger: the largest sum of magnitudes in a column.
    pub(crate) fn bound(&self) -> T {
        columns(&self.matrix)
            .iter()
            .fold(T::ZERO, |most, column| most.max(column.iter().fold(T::ZERO, |sum, entry| sum + entry.abs())))
    }

    /// p for a step in the model's basis.
    pub(crate) fn step(&self, y: &SVector<T, N>) -> SVector<T, N> {
        if !self.decomposed {
            return *y;
        }
        let mut p = linalg::zeros();
        multiply(&self.matrix, y, &mut p);
        p
    }

    /// The decrease of the model for a step in its basis.
    pub(crate) fn promise(&self, y: &SVector<T, N>) -> T {
        let mut bent = self.values.zip_map(y, |value, y| value * y);
        if !self.decomposed {
            multiply(&self.matrix, y, &mut bent);
        }
        let terms = self.slopes.iter().zip(bent.iter()).zip(y.iter());
        terms.fold(T::ZERO, |sum, ((&slope, &bent), &y)| sum - y * (slope + T::HALF * bent))
    }

    /// The unit eigenvector of the least eigenvalue, downhill, in the eigenbasis of a decomposed model.
    pub(crate) fn downward(&self) -> SVector<T, N> {
        let least = self.least();
        let mut found = false;
        linalg::vector(|i| {
            let (value, slope) = (entries(&self.values)[i], entries(&self.slopes)[i]);
            let here = !found && value == least;
            found |= here;
            if !here {
                T::ZERO
            } else if slope > T::ZERO {
                -T::ONE
            } else {
                T::ONE
            }
        })
    }

    /// `-(Λ + λI)⁻¹c` of a decomposed model, zero where c is.
    pub(crate) fn shifted(&self, shift: T) -> SVector<T, N> {
        self.beyond(&self.slopes, shift, T::ZERO)
    }

    /// `-(Λ + origin I + distance I)⁻¹c` for slopes c, zero where they are.
    pub(crate) fn beyond(&self, slopes: &SVector<T, N>, origin: T, distance: T) -> SVector<T, N> {
        let (values, slopes) = (entries(&self.values), entries(slopes));
        linalg::vector(|i| if slopes[i] == T::ZERO { T::ZERO } else { -slopes[i] / ((values[i] + origin) + distance) })
    }
}
