//! A Cholesky factor that follows a growing and shrinking set of variables.

use std::vec::Vec;

use faer::linalg::triangular_solve::solve_lower_triangular_in_place;
use faer::{MatMut, MatRef, Par};

use crate::sparse::design::kernels::{axpy, dot};

/// Rows that are appended at a time.
const BLOCK: usize = 64;

/// So few rows are appended one by one.
const FEW: usize = 4;

/// Rows that are rotated at a time.
const SIDE_BY_SIDE: usize = 4;

/// `H = L Lᵀ` of order k, kept while rows and columns come and go: each change takes O(k²) operations (Gill, Golub, Murray
/// & Saunders 1974, methods C1 and C3).
#[derive(Clone, Debug, Default)]
pub(crate) struct Factor {
    /// The rows of L, each from its first entry to the diagonal.
    rows: Vec<Vec<f64>>,
    /// Changes since it was begun that were not appends, each of which adds rounding.
    pub(crate) updates: usize,
}

impl Factor {
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Keeps the first variables.
    pub(crate) fn truncate(&mut self, count: usize) {
        self.rows.truncate(count);
        if count == 0 {
            self.updates = 0;
        }
    }

    /// Appends variables, each a row of its entries of H with those before it and then its diagonal entry, until H would not
    /// be safely positive definite; how many there were until then.
    pub(crate) fn append(&mut self, mut added: Vec<Vec<f64>>) -> usize {
        let begun = self.len();
        for block in added.chunks_mut(BLOCK) {
            self.eliminate(block);
            let old = self.len();
            for row in block {
                let mut row = core::mem::take(row);
                for (k, above) in self.rows.iter().enumerate().skip(old) {
                    row[k] = (row[k] - dot(&row[..k], &above[..k])) / above[k];
                }
                let place = self.len();
                let diagonal = row[place];
                let pivot = diagonal - dot(&row[..place], &row[..place]);
                if !(pivot > 1e-13 * diagonal.abs()) {
                    return self.len() - begun;
                }
                row[place] = pivot.sqrt();
                self.rows.push(row);
            }
        }
        self.len() - begun
    }

    /// Solves for the entries of new rows of L in the columns that there are.
    fn eliminate(&self, block: &mut [Vec<f64>]) {
        let old = self.len();
        if block.len() < FEW {
            for (k, above) in self.rows.iter().enumerate() {
                for row in &mut *block {
                    row[k] = (row[k] - dot(&row[..k], &above[..k])) / above[k];
                }
            }
            return;
        }
        // In one piece, for products of blocks.
        let mut transposed = std::vec![0.0; old * old];
        for (row, column) in self.rows.iter().zip(transposed.chunks_mut(old.max(1))) {
            column[..row.len()].copy_from_slice(row);
        }
        let mut right: Vec<f64> = block.iter().flat_map(|row| &row[..old]).copied().collect();
        let factor = MatRef::from_column_major_slice(&transposed, old, old).transpose();
        let solved = MatMut::from_column_major_slice_mut(&mut right, old, block.len());
        solve_lower_triangular_in_place(factor, solved, Par::Seq);
        for (row, solved) in block.iter_mut().zip(right.chunks(old.max(1))) {
            row[..old].copy_from_slice(solved);
        }
    }

    /// Removes variable k.
    pub(crate) fn remove(&mut self, k: usize) {
        self.rows.remove(k);
        // What the lost column carried is given back to the rows below by a rank-one update.
        let mut lost: Vec<f64> = self.rows[k..].iter_mut().map(|row| row.remove(k)).collect();
        self.rotate(k, &mut lost, 1.0);
    }

    /// Adds `change` to the diagonal entry of variable k; `false` if H is no longer positive definite, and then the factor is
    /// spoilt.
    pub(crate) fn shift(&mut self, k: usize, change: f64) -> bool {
        let mut direction = std::vec![0.0; self.len() - k];
        direction[0] = change.abs().sqrt();
        self.rotate(k, &mut direction, change.signum())
    }

    /// `H += sign · v vᵀ`, where v is zero before entry `from`: row after row, so that memory is read in order.
    fn rotate(&mut self, from: usize, v: &mut [f64], sign: f64) -> bool {
        self.updates += 1;
        let turn = |entry: &mut f64, w: &mut f64, [c, inverse, s]: [f64; 3]| {
            *entry = (*entry + sign * s * *w) * inverse;
            *w = c * *w - s * *entry;
        };
        let mut rotations: Vec<[f64; 3]> = Vec::with_capacity(v.len());
        for (rows, v) in self.rows[from..].chunks_mut(SIDE_BY_SIDE).zip(v.chunks_mut(SIDE_BY_SIDE)) {
            // Each row waits for its own last result; several do so at the same time.
            let known = rotations.len();
            for (k, &rotation) in (from..).zip(&rotations) {
                for (row, w) in rows.iter_mut().zip(&mut *v) {
                    turn(&mut row[k], w, rotation);
                }
            }
            for (row, w) in rows.iter_mut().zip(v) {
                for (entry, &rotation) in row[from + known..].iter_mut().zip(&rotations[known..]) {
                    turn(entry, w, rotation);
                }
                let pivot = row[from + rotations.len()];
                let square = pivot * pivot + sign * *w * *w;
                if !(square > 1e-13 * pivot * pivot) {
                    return false;
                }
                let root = square.sqrt();
                row[from + rotations.len()] = root;
                rotations.push([root / pivot, pivot / root, *w / pivot]);
            }
        }
        true
    }

    /// Overwrites b with the solution of `H x = b`.
    pub(crate) fn solve(&self, b: &mut [f64]) {
        for (k, row) in self.rows.iter().enumerate() {
            b[k] = (b[k] - dot(&row[..k], &b[..k])) / row[k];
        }
        for (k, row) in self.rows.iter().enumerate().rev() {
            b[k] /= row[k];
            let x = b[k];
            axpy(-x, &row[..k], &mut b[..k]);
        }
    }
}
