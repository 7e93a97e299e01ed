//! Dense columns in memory, or in a file mapped to memory.

use core::ops::Range;
use std::vec;
use std::vec::Vec;

use faer::linalg::matmul::triangular::BlockStructure;
use faer::linalg::matmul::{matmul, triangular};
use faer::{Accum, ContiguousFwd, MatMut, MatRef, Par};

use super::parts::{clear_lower, one_by_one};
use super::{Centred, Design, DesignError, Weights, kernels};
use crate::Real;

/// Rows that are gathered at a time for products of columns.
const CHUNK: usize = 256;

/// Up to so many columns on one side it is faster to multiply the other side's with each than to gather them.
const FEW: usize = 3;

/// Columns that are multiplied with one vector at a time.
const SIDE_BY_SIDE: usize = 2;

/// A borrowed dense matrix, its columns contiguous and any distance apart; stored as `f32` or `f64`.
///
/// ```
/// use thalweg::sparse::design::{Dense, Design};
///
/// let x = Dense::from_slice(&[1.0_f32, 2.0, 3.0, 4.0], 2, 2).unwrap();
/// assert_eq!(x.dot(1, &[1.0, 10.0]), 43.0);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Dense<'a, T: Real> {
    matrix: MatRef<'a, T, usize, usize, ContiguousFwd>,
}

impl<'a, T: Real> Dense<'a, T> {
    /// A view of a matrix, n by p.
    ///
    /// # Errors
    /// [`DesignError::Strided`] if the entries of a column are not next to each other.
    pub fn new(matrix: MatRef<'a, T>) -> Result<Self, DesignError> {
        Ok(Self { matrix: matrix.try_as_col_major().ok_or(DesignError::Strided)? })
    }

    /// A view of n p numbers, column after column.
    ///
    /// # Errors
    /// [`DesignError::Length`] if there are not n p numbers.
    pub fn from_slice(entries: &'a [T], rows: usize, columns: usize) -> Result<Self, DesignError> {
        match rows.checked_mul(columns) {
            Some(length) if length == entries.len() => {
                Self::new(MatRef::from_column_major_slice(entries, rows, columns))
            }
            length => Err(DesignError::Length(length.unwrap_or(usize::MAX), entries.len())),
        }
    }

    /// Reads all entries.
    ///
    /// # Errors
    /// [`DesignError::NotFinite`] with the first entry that is not finite.
    pub fn check(&self) -> Result<(), DesignError> {
        for column in 0..self.columns() {
            if let Some(row) = self.column(column).iter().position(|x| !x.is_finite()) {
                return Err(DesignError::NotFinite { row, column });
            }
        }
        Ok(())
    }

    /// Column j.
    pub fn column(&self, j: usize) -> &'a [T] {
        self.matrix.col(j).as_slice()
    }

    /// The given rows of columns less their centres, times `factors` of all n rows if there are any.
    fn gather(&self, from: Centred<'_>, rows: Range<usize>, factors: Option<&[f64]>, buffer: &mut [f64]) {
        for ((&j, &centre), buffer) in from.columns.iter().zip(from.centres).zip(buffer.chunks_exact_mut(rows.len())) {
            let column = &self.column(j)[rows.clone()];
            match factors {
                None => buffer.iter_mut().zip(column).for_each(|(b, x)| *b = x.to_f64() - centre),
                Some(factors) => {
                    for ((b, x), factor) in buffer.iter_mut().zip(column).zip(&factors[rows.clone()]) {
                        *b = (x.to_f64() - centre) * factor;
                    }
                }
            }
        }
    }
}

/// The chunks of n rows.
fn chunks(n: usize) -> impl Iterator<Item = Range<usize>> {
    (0..n).step_by(CHUNK).map(move |start| start..n.min(start + CHUNK))
}

impl<T: Real> Design for Dense<'_, T> {
    fn rows(&self) -> usize {
        self.matrix.nrows()
    }

    fn columns(&self) -> usize {
        self.matrix.ncols()
    }

    fn entries(&self, _j: usize) -> usize {
        self.rows()
    }

    fn is_dense(&self) -> bool {
        true
    }

    fn dot(&self, j: usize, v: &[f64]) -> f64 {
        kernels::dot(self.column(j), v)
    }

    fn add(&self, j: usize, a: f64, weights: Weights<'_>, v: &mut [f64]) {
        match weights {
            Weights::Uniform(w) => kernels::axpy(a * w, self.column(j), v),
            Weights::Each(w) => kernels::add(a, self.column(j), w, v),
        }
    }

    fn moments(&self, j: usize, weights: Weights<'_>) -> [f64; 2] {
        match weights {
            Weights::Uniform(w) => kernels::moments(self.column(j), 1.0).map(|sum| w * sum),
            Weights::Each(w) => kernels::moments(self.column(j), w),
        }
    }

    fn spread(&self, j: usize, centre: f64, weights: Weights<'_>) -> f64 {
        match weights {
            Weights::Uniform(w) => w * kernels::spread(self.column(j), centre, 1.0),
            Weights::Each(w) => kernels::spread(self.column(j), centre, w),
        }
    }

    fn dots(&self, columns: Range<usize>, v: &[f64], out: &mut [f64]) {
        let (groups, rest) = out[..columns.len()].as_chunks_mut::<SIDE_BY_SIDE>();
        let mut j = columns.start;
        for group in groups {
            *group = kernels::dots(core::array::from_fn::<_, SIDE_BY_SIDE, _>(|k| self.column(j + k)), v);
            j += SIDE_BY_SIDE;
        }
        for out in rest {
            *out = self.dot(j, v);
            j += 1;
        }
    }

    fn products(&self, left: Centred<'_>, right: Centred<'_>, weights: Weights<'_>, mut out: MatMut<'_, f64>) {
        let (l, r) = (left.columns.len(), right.columns.len());
        if l <= FEW {
            return one_by_one(self, left, self, right, weights, |a, b, product| out[(a, b)] = product);
        }
        if r <= FEW {
            return one_by_one(self, right, self, left, weights, |b, a, product| out[(a, b)] = product);
        }
        let n = self.rows();
        let (factors, alpha) = match weights {
            Weights::Uniform(w) => (None, w),
            Weights::Each(w) => (Some(w), 1.0),
        };
        let (mut first, mut second) = (vec![0.0; CHUNK.min(n) * l], vec![0.0; CHUNK.min(n) * r]);
        out.fill(0.0);
        for rows in chunks(n) {
            let m = rows.len();
            let (first, second) = (&mut first[..m * l], &mut second[..m * r]);
            self.gather(left, rows.clone(), factors, first);
            self.gather(right, rows, None, second);
            let first = MatRef::from_column_major_slice(first, m, l);
            let second = MatRef::from_column_major_slice(second, m, r);
            matmul(out.as_mut(), Accum::Add, first.transpose(), second, alpha, Par::Seq);
        }
    }

    fn gram(&self, all: Centred<'_>, weights: Weights<'_>, mut out: MatMut<'_, f64>) {
        let n = self.rows();
        let (roots, alpha) = match weights {
            Weights::Uniform(w) => (None, w),
            Weights::Each(w) => (Some(w.iter().map(|w| w.sqrt()).collect::<Vec<_>>()), 1.0),
        };
        let k = all.columns.len();
        let mut buffer = vec![0.0; CHUNK.min(n) * k];
        clear_lower(out.as_mut());
        for rows in chunks(n) {
            let m = rows.len();
            let buffer = &mut buffer[..m * k];
            self.gather(all, rows, roots.as_deref(), buffer);
            let buffer = MatRef::from_column_major_slice(buffer, m, k);
            triangular::matmul(
                out.as_mut(),
                BlockStructure::TriangularLower,
                Accum::Add,
                buffer.transpose(),
                BlockStructure::Rectangular,
                buffer,
                BlockStructure::Rectangular,
                alpha,
                Par::Seq,
            );
        }
    }
}
