//! Sparse columns: the compressed columns of faer.

use std::vec;
use std::vec::Vec;

use faer::sparse::SparseColMatRef;
use faer::{Index, MatMut};

use super::{Centred, Design, DesignError, Weights};
use crate::Real;

/// A borrowed matrix of compressed sparse columns, its values stored as `f32` or `f64`.
///
/// Centres are applied to products of columns by `Σ w x z - c Σ w z - d Σ w x + c d Σ w`; no column is made dense.
///
/// ```
/// use faer::sparse::{SparseColMat, Triplet};
/// use thalweg::sparse::design::{Csc, Design};
///
/// let matrix = SparseColMat::<u32, f64>::try_new_from_triplets(3, 1, &[Triplet::new(2, 0, 4.0)]).unwrap();
/// let x = Csc::new(matrix.as_ref());
/// assert_eq!(x.dot(0, &[1.0, 10.0, 100.0]), 400.0);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Csc<'a, I: Index, T: Real> {
    matrix: SparseColMatRef<'a, I, T>,
}

impl<'a, I: Index, T: Real> Csc<'a, I, T> {
    /// A view of a matrix, n by p.
    pub fn new(matrix: SparseColMatRef<'a, I, T>) -> Self {
        Self { matrix }
    }

    /// Reads all entries.
    ///
    /// # Errors
    /// [`DesignError::NotFinite`] with the first entry that is not finite, [`DesignError::Unsorted`] if the row indices of a
    /// column do not increase strictly.
    pub fn check(&self) -> Result<(), DesignError> {
        for column in 0..self.columns() {
            let (rows, values) = self.column(column);
            if !rows.is_sorted_by(|a, b| a < b) {
                return Err(DesignError::Unsorted { column });
            }
            if let Some((row, _)) = rows.iter().zip(values).find(|(_, x)| !x.is_finite()) {
                return Err(DesignError::NotFinite { row: row.zx(), column });
            }
        }
        Ok(())
    }

    /// The row indices of column j and the values there.
    pub fn column(&self, j: usize) -> (&'a [I], &'a [T]) {
        (self.matrix.symbolic().row_idx_of_col_raw(j), self.matrix.val_of_col(j))
    }

    /// `Σ f(i, xᵢⱼ)` over the stored entries, in four lanes.
    #[inline(always)]
    fn sums<const K: usize>(&self, j: usize, f: impl Fn(usize, f64) -> [f64; K]) -> [f64; K] {
        let (rows, values) = self.column(j);
        let (row_groups, last_rows) = rows.as_chunks::<4>();
        let (value_groups, last_values) = values.as_chunks::<4>();
        let mut sums = [[0.0; 4]; K];
        let mut put = |lane: usize, row: I, x: T| {
            let terms = f(row.zx(), x.to_f64());
            for k in 0..K {
                sums[k][lane] += terms[k];
            }
        };
        for (rows, values) in row_groups.iter().zip(value_groups) {
            for lane in 0..4 {
                put(lane, rows[lane], values[lane]);
            }
        }
        for (lane, (&row, &x)) in last_rows.iter().zip(last_values).enumerate() {
            put(lane, row, x);
        }
        sums.map(|s| (s[0] + s[2]) + (s[1] + s[3]))
    }

    /// `Σ wᵢ xᵢⱼ` of each column, or zeros if no centre asks for it.
    fn sums_of(&self, columns: &[usize], weights: Weights<'_>, centred: bool) -> Vec<f64> {
        if !centred {
            return vec![0.0; columns.len()];
        }
        columns.iter().map(|&j| self.moments(j, weights)[0]).collect()
    }

    /// The products of each left column with the right ones from the index that `first` gives for it.
    fn products_from(
        &self,
        left: Centred<'_>,
        right: Centred<'_>,
        weights: Weights<'_>,
        first: impl Fn(usize) -> usize,
        mut put: impl FnMut(usize, usize, f64),
    ) {
        let centred = left.centres.iter().chain(right.centres).any(|&centre| centre != 0.0);
        let (left_sums, right_sums) =
            (self.sums_of(left.columns, weights, centred), self.sums_of(right.columns, weights, centred));
        let total = if centred { weights.total(self.rows()) } else { 0.0 };
        let mut work = vec![0.0; self.rows()];
        for (a, &j) in left.columns.iter().enumerate() {
            self.add(j, 1.0, weights, &mut work);
            for b in first(a)..right.columns.len() {
                let centre = right.centres[b];
                let correction = left.centres[a] * (right_sums[b] - centre * total) + centre * left_sums[a];
                put(a, b, self.dot(right.columns[b], &work) - correction);
            }
            for row in self.column(j).0 {
                work[row.zx()] = 0.0;
            }
        }
    }
}

impl<I: Index, T: Real> Design for Csc<'_, I, T> {
    fn rows(&self) -> usize {
        self.matrix.nrows()
    }

    fn columns(&self) -> usize {
        self.matrix.ncols()
    }

    fn entries(&self, j: usize) -> usize {
        self.column(j).0.len()
    }

    fn is_dense(&self) -> bool {
        2 * self.matrix.compute_nnz() > self.rows() * self.columns()
    }

    fn dot(&self, j: usize, v: &[f64]) -> f64 {
        let [sum] = self.sums(j, |i, x| [x * v[i]]);
        sum
    }

    fn add(&self, j: usize, a: f64, weights: Weights<'_>, v: &mut [f64]) {
        let (rows, values) = self.column(j);
        let entries = rows.iter().zip(values);
        match weights {
            Weights::Uniform(w) => entries.for_each(|(i, x)| v[i.zx()] += a * w * x.to_f64()),
            Weights::Each(w) => entries.for_each(|(i, x)| v[i.zx()] += a * w[i.zx()] * x.to_f64()),
        }
    }

    fn moments(&self, j: usize, weights: Weights<'_>) -> [f64; 2] {
        match weights {
            Weights::Uniform(w) => self.sums(j, |_, x| [x, x * x]).map(|sum| w * sum),
            Weights::Each(w) => self.sums(j, |i, x| [w[i] * x, w[i] * x * x]),
        }
    }

    /// With weights of each observation this reads all of them.
    fn spread(&self, j: usize, centre: f64, weights: Weights<'_>) -> f64 {
        let [stored, weight] = match weights {
            Weights::Uniform(w) => self.sums(j, |_, x| [(x - centre) * (x - centre), 1.0]).map(|sum| w * sum),
            Weights::Each(w) => self.sums(j, |i, x| [w[i] * (x - centre) * (x - centre), w[i]]),
        };
        // A full column has no other entries, and a rounded zero weighs much beside a large centre.
        let others = if self.entries(j) == self.rows() { 0.0 } else { (weights.total(self.rows()) - weight).max(0.0) };
        stored + centre * centre * others
    }

    fn products(&self, left: Centred<'_>, right: Centred<'_>, weights: Weights<'_>, mut out: MatMut<'_, f64>) {
        self.products_from(left, right, weights, |_| 0, |a, b, product| out[(a, b)] = product);
    }

    fn gram(&self, all: Centred<'_>, weights: Weights<'_>, mut out: MatMut<'_, f64>) {
        self.products_from(all, all, weights, |a| a, |a, b, product| out[(b, a)] = product);
    }
}
