//! Lists of columns that fall into blocks: split, and their products put together again.

use std::vec::Vec;

use faer::{Mat, MatMut};

use super::{Centred, Design, Weights};

/// The columns of one block: their places in the list of all, their indices in the block, their centres.
#[derive(Default)]
pub(super) struct Part {
    pub(super) places: Vec<usize>,
    pub(super) columns: Vec<usize>,
    pub(super) centres: Vec<f64>,
}

impl Part {
    /// Splits a list into `count` blocks; `locate` gives a column's block and its index there.
    pub(super) fn split(all: Centred<'_>, count: usize, locate: impl Fn(usize) -> (usize, usize)) -> Vec<Self> {
        let mut parts: Vec<Self> = (0..count).map(|_| Self::default()).collect();
        for (place, (&j, &centre)) in all.columns.iter().zip(all.centres).enumerate() {
            let (block, column) = locate(j);
            parts[block].places.push(place);
            parts[block].columns.push(column);
            parts[block].centres.push(centre);
        }
        parts
    }

    fn centred(&self) -> Centred<'_> {
        Centred { columns: &self.columns, centres: &self.centres }
    }

    /// The products of two lists of the same block, at their places.
    pub(super) fn products<D: Design>(&self, right: &Self, block: &D, weights: Weights<'_>, mut out: MatMut<'_, f64>) {
        let mut within = Mat::zeros(self.places.len(), right.places.len());
        block.products(self.centred(), right.centred(), weights, within.as_mut());
        for (b, &k) in right.places.iter().enumerate() {
            for (a, &i) in self.places.iter().enumerate() {
                out[(i, k)] = within[(a, b)];
            }
        }
    }

    /// The lower triangle of `products(self, self)`, at its places.
    pub(super) fn gram<D: Design>(&self, block: &D, weights: Weights<'_>, mut out: MatMut<'_, f64>) {
        let mut within = Mat::zeros(self.places.len(), self.places.len());
        block.gram(self.centred(), weights, within.as_mut());
        for (b, &k) in self.places.iter().enumerate() {
            for (a, &i) in self.places.iter().enumerate().skip(b) {
                out[(i, k)] = within[(a, b)];
            }
        }
    }
}

/// Zeros on and below the diagonal.
pub(super) fn clear_lower(mut out: MatMut<'_, f64>) {
    let size = out.ncols();
    for b in 0..size {
        out.as_mut().col_mut(b).subrows_mut(b, size - b).fill(0.0);
    }
}
