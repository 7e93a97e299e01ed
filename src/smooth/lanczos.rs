//! The Lanczos process, one product at a time.
//!
//! `H V = V T + β v eᵀ` with orthonormal `V`, `v` orthogonal to it, and T tridiagonal; the eigenvalues of T lie between the extreme ones of H. Every new
//! vector is made orthogonal to all before it, twice (Parlett, The Symmetric Eigenvalue Problem, §6.9 and 13.3).

use nalgebra::{SMatrix, SVector};

use crate::linalg::{self, Eigen, columns, columns_mut, eigen, entries, entries_mut};
use crate::random::Generator;
use crate::real::Real;

/// V with K columns for vectors of length N, and T.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub(crate) struct Lanczos<T: Real, const N: usize, const K: usize> {
    /// V; the column after the last answered one is the next question.
    basis: SMatrix<T, N, K>,
    /// The diagonal of T.
    diagonal: SVector<T, K>,
    /// Below it; after the last, β.
    below: SVector<T, K>,
    /// Products answered.
    answered: usize,
    /// What the next start is drawn from.
    generator: Generator,
}

impl<T: Real, const N: usize, const K: usize> Lanczos<T, N, K> {
    pub(crate) const fn new(seed: u64) -> Self {
        const { assert!(N > 0 && K > 0, "a basis of at least one vector") };
        let generator = Generator::new(seed);
        Self { basis: linalg::zeros(), diagonal: linalg::zeros(), below: linalg::zeros(), answered: 0, generator }
    }

    /// Begins from `g/‖g‖ + share · z/√N`, with z at random so that no eigenvector is left out, or from z alone where g is zero.
    pub(crate) fn begin(&mut self, g: &SVector<T, N>, share: T) {
        let z = self.generator.in_cube() / T::of_usize(N).sqrt();
        let length = linalg::norm(g);
        self.set(&if length > T::ZERO { g / length + z * share } else { z });
    }

    /// Begins from signs at random, whose mean over all draws is even over all directions.
    pub(crate) fn begin_by_signs(&mut self) {
        let signs = self.generator.signs();
        self.set(&signs);
    }

    fn set(&mut self, start: &SVector<T, N>) {
        let length = linalg::norm(start);
        if let Some(first) = columns_mut(&mut self.basis).first_mut() {
            *first = *entries(&(start / length));
        }
        self.answered = 0;
    }

    /// Number of products so far.
    pub(crate) const fn answered(&self) -> usize {
        self.answered
    }

    /// The vector to multiply next.
    pub(crate) fn question(&self) -> SVector<T, N> {
        columns(&self.basis).get(self.answered).map_or(linalg::zeros(), |column| SVector::from(*column))
    }

    /// Takes the product; whether the process is at its end: K vectors, or an invariant subspace.
    pub(crate) fn answer(&mut self, product: &SVector<T, N>) -> bool {
        let mut w = *product;
        let alpha = linalg::dot(&self.question(), &w);
        for _ in 0..2 {
            for column in columns(&self.basis).iter().take(self.answered.saturating_add(1)) {
                let share = linalg::dot_of(column, entries(&w));
                for (w, &v) in entries_mut(&mut w).iter_mut().zip(column) {
                    *w -= share * v;
                }
            }
        }
        let beta = linalg::norm(&w);
        for (to, value) in [(&mut self.diagonal, alpha), (&mut self.below, beta)] {
            if let Some(to) = entries_mut(to).get_mut(self.answered) {
                *to = value;
            }
        }
        self.answered = self.answered.saturating_add(1);
        let seen = entries(&self.diagonal).iter().zip(entries(&self.below)).take(self.answered);
        let largest = seen.fold(T::ZERO, |most, (alpha, beta)| most.max(alpha.abs()).max(beta.abs()));
        let spent = beta <= T::of_usize(N) * T::of_f64(8.0) * T::EPSILON * largest;
        match columns_mut(&mut self.basis).get_mut(self.answered) {
            Some(next) if !spent && self.answered < N => {
                *next = *entries(&(w / beta));
                false
            }
            _ => true,
        }
    }

    /// `β |yₖ|` of the unit Ritz vector y at a place, k the last: an eigenvalue of H is that near.
    pub(crate) fn error(&self, vectors: &SMatrix<T, K, K>, place: usize) -> T {
        let last = self.answered.saturating_sub(1);
        let beta = entries(&self.below).get(last);
        let part = columns(vectors).get(place).and_then(|column| column.get(last));
        beta.zip(part).map_or(T::INFINITY, |(&beta, part)| beta * part.abs())
    }

    /// Eigenvalues and eigenvectors of T; beyond the products answered they are zero and columns of the identity.
    pub(crate) fn ritz(&self) -> Eigen<T, K> {
        let (diagonal, below) = (entries(&self.diagonal), entries(&self.below));
        let at =
            |from: &[T; K], j: usize| if j < self.answered { from.get(j).copied().unwrap_or(T::ZERO) } else { T::ZERO };
        eigen(linalg::matrix(|i, j| {
            let (low, high) = (i.min(j), i.max(j));
            if low == high {
                at(diagonal, low)
            } else if high - low == 1 && high < self.answered {
                at(below, low)
            } else {
                T::ZERO
            }
        }))
    }

    /// `Vᵀ a`.
    pub(crate) fn coordinates(&self, a: &SVector<T, N>) -> SVector<T, K> {
        let mut y = linalg::zeros();
        for (y, column) in entries_mut(&mut y).iter_mut().zip(columns(&self.basis)).take(self.answered) {
            *y = linalg::dot_of(column, entries(a));
        }
        y
    }

    /// `V y`.
    pub(crate) fn expand(&self, y: &SVector<T, K>) -> SVector<T, N> {
        let mut a: SVector<T, N> = linalg::zeros();
        for (column, &y) in columns(&self.basis).iter().zip(entries(y)).take(self.answered) {
            for (a, &v) in entries_mut(&mut a).iter_mut().zip(column) {
                *a += y * v;
            }
        }
        a
    }

    /// The least Ritz value, its place, and the largest magnitude. NaN, which a product that is not finite leaves at the end, wins.
    pub(crate) fn extremes(&self, values: &SVector<T, K>) -> (T, usize, T) {
        let seen = entries(values).iter().take(self.answered).enumerate();
        seen.fold((T::INFINITY, 0, T::ZERO), |(least, place, largest), (j, &value)| {
            let largest = largest.max(value.abs());
            if value >= least { (least, place, largest) } else { (value, j, largest) }
        })
    }

    /// The Ritz value of largest magnitude, and its place.
    pub(crate) fn farthest(&self, values: &SVector<T, K>) -> (T, usize) {
        let seen = entries(values).iter().take(self.answered).enumerate();
        seen.fold((T::ZERO, 0), |best, (j, &value)| if value.abs() > best.0.abs() { (value, j) } else { best })
    }

    /// The unit Ritz vector at a place.
    pub(crate) fn vector(&self, vectors: &SMatrix<T, K, K>, place: usize) -> SVector<T, N> {
        columns(vectors).get(place).map_or(linalg::zeros(), |column| self.expand(&SVector::from(*column)))
    }

    /// As [`vector`](Self::vector), pointing downhill.
    pub(crate) fn downward(&self, vectors: &SMatrix<T, K, K>, place: usize, g: &SVector<T, N>) -> SVector<T, N> {
        let v = self.vector(vectors, place);
        if linalg::dot(&v, g) > T::ZERO { -v } else { v }
    }
}
