//! A Cholesky factor that follows a growing and shrinking set of variables.

use std::vec::Vec;

use crate::sparse::design::kernels::{axpy, dot};

/// `H = L Lᵀ` of order k, kept while rows and columns come and go: each change takes O(k²) operations (Gill, Golub, Murray
/// & Saunders 1974, methods C1 and C3).
#[derive(Clone, Debug, Default)]
pub(crate) struct Factor {
    /// The rows of L, each from its first entry to the diagonal.
    rows: Vec<Vec<f64>>,
}

impl Factor {
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(crate) fn clear(&mut self) {
        self.rows.clear();
    }

    /// Appends a variable: `row` holds its entries of H with those before it and then its diagonal entry. `false`, and no
    /// change, if H would not be safely positive definite.
    pub(crate) fn append(&mut self, mut row: Vec<f64>) -> bool {
        let Some(diagonal) = row.pop() else { return false };
        for (k, above) in self.rows.iter().enumerate() {
            let (known, rest) = row.split_at_mut(k);
            rest[0] = (rest[0] - dot(&above[..k], known)) / above[k];
        }
        let pivot = diagonal - dot(&row, &row);
        if !(pivot > 1e-13 * diagonal.abs()) {
            return false;
        }
        row.push(pivot.sqrt());
        self.rows.push(row);
        true
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
        let mut rotations: Vec<[f64; 3]> = Vec::with_capacity(v.len());
        for (row, &mut mut w) in self.rows[from..].iter_mut().zip(v) {
            for (entry, &[c, inverse, s]) in row[from..].iter_mut().zip(&rotations) {
                *entry = (*entry + sign * s * w) * inverse;
                w = c * w - s * *entry;
            }
            let pivot = row[from + rotations.len()];
            let square = pivot * pivot + sign * w * w;
            if !(square > 1e-13 * pivot * pivot) {
                return false;
            }
            let root = square.sqrt();
            row[from + rotations.len()] = root;
            rotations.push([root / pivot, pivot / root, w / pivot]);
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
