//! Blocks of columns side by side.

use core::ops::Range;
use std::vec;
use std::vec::Vec;

use faer::MatMut;

use super::parts::{Part, one_by_one};
use super::{Centred, Design, DesignError, Weights};

/// Designs of the same rows as one, column after column: a matrix in several files, each mapped to memory.
#[derive(Clone, Debug)]
pub struct Joined<D> {
    blocks: Vec<D>,
    /// The index of the first column of each block, and p.
    starts: Vec<usize>,
}

impl<D: Design> Joined<D> {
    /// The blocks from left to right.
    ///
    /// # Errors
    /// [`DesignError::Empty`] without a block, [`DesignError::Length`] if their rows or outputs are not the same in number.
    pub fn new(blocks: Vec<D>) -> Result<Self, DesignError> {
        let first = blocks.first().ok_or(DesignError::Empty)?;
        let mut starts = vec![0];
        let mut columns = 0;
        for block in &blocks {
            if block.rows() != first.rows() {
                return Err(DesignError::Length(first.rows(), block.rows()));
            }
            if block.outputs() != first.outputs() {
                return Err(DesignError::Length(first.outputs(), block.outputs()));
            }
            columns += block.columns();
            starts.push(columns);
        }
        Ok(Self { blocks, starts })
    }

    /// The blocks.
    pub fn blocks(&self) -> &[D] {
        &self.blocks
    }

    /// The index of the block of column j, and the column's index there.
    fn place(&self, j: usize) -> (usize, usize) {
        let b = self.starts.partition_point(|&start| start <= j) - 1;
        (b, j - self.starts[b])
    }

    fn locate(&self, j: usize) -> (&D, usize) {
        let (b, j) = self.place(j);
        (&self.blocks[b], j)
    }

    /// The columns of each block.
    fn parts(&self, all: Centred<'_>) -> Vec<Part> {
        Part::split(all, self.blocks.len(), |j| self.place(j))
    }
}

impl<D: Design> Design for Joined<D> {
    fn rows(&self) -> usize {
        self.blocks[0].rows()
    }

    fn columns(&self) -> usize {
        self.starts[self.blocks.len()]
    }

    fn entries(&self, j: usize) -> usize {
        let (block, j) = self.locate(j);
        block.entries(j)
    }

    fn is_dense(&self) -> bool {
        self.blocks.iter().all(D::is_dense)
    }

    fn dot(&self, j: usize, v: &[f64]) -> f64 {
        let (block, j) = self.locate(j);
        block.dot(j, v)
    }

    fn add(&self, j: usize, a: f64, weights: Weights<'_>, v: &mut [f64]) {
        let (block, j) = self.locate(j);
        block.add(j, a, weights, v);
    }

    fn moments(&self, j: usize, weights: Weights<'_>) -> [f64; 2] {
        let (block, j) = self.locate(j);
        block.moments(j, weights)
    }

    fn spread(&self, j: usize, centre: f64, weights: Weights<'_>) -> f64 {
        let (block, j) = self.locate(j);
        block.spread(j, centre, weights)
    }

    fn dots(&self, columns: Range<usize>, v: &[f64], out: &mut [f64]) {
        for (block, bounds) in self.blocks.iter().zip(self.starts.windows(2)) {
            let (start, end) = (columns.start.max(bounds[0]), columns.end.min(bounds[1]));
            if start < end {
                let out = &mut out[start - columns.start..end - columns.start];
                block.dots(start - bounds[0]..end - bounds[0], v, out);
            }
        }
    }

    fn products(&self, left: Centred<'_>, right: Centred<'_>, weights: Weights<'_>, mut out: MatMut<'_, f64>) {
        let (left, right) = (self.parts(left), self.parts(right));
        for (a, (first, left)) in self.blocks.iter().zip(&left).enumerate() {
            left.products(&right[a], first, weights, out.as_mut());
            for (b, (second, right)) in self.blocks.iter().zip(&right).enumerate() {
                if a != b {
                    one_by_one(first, left.centred(), second, right.centred(), weights, |i, k, product| {
                        out[(left.places[i], right.places[k])] = product;
                    });
                }
            }
        }
    }

    fn gram(&self, all: Centred<'_>, weights: Weights<'_>, mut out: MatMut<'_, f64>) {
        let parts = self.parts(all);
        for (a, (first, left)) in self.blocks.iter().zip(&parts).enumerate() {
            left.gram(first, weights, out.as_mut());
            for (second, right) in self.blocks.iter().zip(&parts).skip(a + 1) {
                one_by_one(first, left.centred(), second, right.centred(), weights, |i, k, product| {
                    let (i, k) = (left.places[i], right.places[k]);
                    out[(i.max(k), i.min(k))] = product;
                });
            }
        }
    }

    fn outputs(&self) -> usize {
        self.blocks[0].outputs()
    }

    fn output(&self, j: usize) -> usize {
        let (block, j) = self.locate(j);
        block.output(j)
    }
}
