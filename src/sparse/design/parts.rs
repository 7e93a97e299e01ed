//! Lists of columns that fall into blocks: split, and their products put together again.

use std::vec;
use std::vec::Vec;

use faer::{Mat, MatMut};

use super::{Centred, Design, Weights, kernels};

/// The columns of one block: their places in the list of all, their indices in the block, their centres.
#[derive(Default)]
pub(super) struct Part {
    pub(super) places: Vec<usize>,
    columns: Vec<usize>,
    centres: Vec<f64>,
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

    pub(super) fn centred(&self) -> Centred<'_> {
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

/// The products of columns of two designs with the same rows: each left one, centred and weighted, is written out and then
/// multiplied with the right ones.
pub(super) fn one_by_one<A: Design, B: Design>(
    first: &A,
    left: Centred<'_>,
    second: &B,
    right: Centred<'_>,
    weights: Weights<'_>,
    mut put: impl FnMut(usize, usize, f64),
) {
    if right.columns.is_empty() {
        return;
    }
    let length = first.rows() / first.outputs();
    let mut column = vec![0.0; first.rows()];
    for (a, (&j, &centre)) in left.columns.iter().zip(left.centres).enumerate() {
        column.fill(0.0);
        first.add(j, 1.0, weights, &mut column);
        let output = first.output(j);
        let segment = output * length..(output + 1) * length;
        match weights {
            Weights::Uniform(w) => column[segment.clone()].iter_mut().for_each(|v| *v -= centre * w),
            Weights::Each(w) => kernels::axpy(-centre, &w[segment.clone()], &mut column[segment.clone()]),
        }
        let total = kernels::sum(&column[segment]);
        for (b, (&k, &centre)) in right.columns.iter().zip(right.centres).enumerate() {
            let shift = if second.output(k) == output { centre * total } else { 0.0 };
            put(a, b, second.dot(k, &column) - shift);
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
