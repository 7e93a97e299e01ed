//! The design of several outputs.

use core::ops::Range;
use std::vec::Vec;

use faer::MatMut;

use super::parts::{Part, clear_lower};
use super::{Centred, Design, DesignError, Weights};

/// Features whose columns of all outputs are multiplied before the next ones are read.
const FEATURES: usize = 16;

/// `X ⊗ I`: every one of q outputs has coefficients of its own for the features of a design X, n by p.
///
/// Rows are output after output: those of output k are `k n .. (k + 1) n`. Column `j q + k` is feature j acting on output k,
/// zero in the other segments. A centre moves only that segment, so columns of different outputs have the product zero.
#[derive(Clone, Copy, Debug)]
pub struct Stacked<D> {
    design: D,
    outputs: usize,
}

impl<D: Design> Stacked<D> {
    /// The design of one output, and the number of outputs.
    ///
    /// # Errors
    /// [`DesignError::Empty`] without an output, [`DesignError::Length`] if the design has several outputs itself.
    pub fn new(design: D, outputs: usize) -> Result<Self, DesignError> {
        if outputs == 0 {
            return Err(DesignError::Empty);
        }
        if design.outputs() != 1 {
            return Err(DesignError::Length(1, design.outputs()));
        }
        Ok(Self { design, outputs })
    }

    /// The design of one output.
    pub fn design(&self) -> &D {
        &self.design
    }

    /// The rows of output k.
    fn segment(&self, k: usize) -> Range<usize> {
        let n = self.design.rows();
        k * n..(k + 1) * n
    }

    fn weights<'w>(&self, weights: Weights<'w>, k: usize) -> Weights<'w> {
        match weights {
            Weights::Uniform(w) => Weights::Uniform(w),
            Weights::Each(w) => Weights::Each(&w[self.segment(k)]),
        }
    }

    /// The columns of each output.
    fn parts(&self, all: Centred<'_>) -> Vec<Part> {
        Part::split(all, self.outputs, |j| (j % self.outputs, j / self.outputs))
    }
}

impl<D: Design> Design for Stacked<D> {
    fn rows(&self) -> usize {
        self.design.rows() * self.outputs
    }

    fn columns(&self) -> usize {
        self.design.columns() * self.outputs
    }

    fn entries(&self, j: usize) -> usize {
        self.design.entries(j / self.outputs)
    }

    fn is_dense(&self) -> bool {
        self.design.is_dense()
    }

    fn dot(&self, j: usize, v: &[f64]) -> f64 {
        self.design.dot(j / self.outputs, &v[self.segment(j % self.outputs)])
    }

    fn add(&self, j: usize, a: f64, weights: Weights<'_>, v: &mut [f64]) {
        let k = j % self.outputs;
        self.design.add(j / self.outputs, a, self.weights(weights, k), &mut v[self.segment(k)]);
    }

    fn moments(&self, j: usize, weights: Weights<'_>) -> [f64; 2] {
        self.design.moments(j / self.outputs, self.weights(weights, j % self.outputs))
    }

    fn spread(&self, j: usize, centre: f64, weights: Weights<'_>) -> f64 {
        self.design.spread(j / self.outputs, centre, self.weights(weights, j % self.outputs))
    }

    fn dots(&self, columns: Range<usize>, v: &[f64], out: &mut [f64]) {
        let q = self.outputs;
        let mut products = [0.0; FEATURES];
        for first in (columns.start / q..columns.end.div_ceil(q)).step_by(FEATURES) {
            for k in 0..q {
                let start = first.max(columns.start.saturating_sub(k).div_ceil(q));
                let end = (first + FEATURES).min(columns.end.saturating_sub(k).div_ceil(q));
                if start < end {
                    self.design.dots(start..end, &v[self.segment(k)], &mut products[..end - start]);
                }
                for (feature, product) in (start..end).zip(products) {
                    out[feature * q + k - columns.start] = product;
                }
            }
        }
    }

    fn products(&self, left: Centred<'_>, right: Centred<'_>, weights: Weights<'_>, mut out: MatMut<'_, f64>) {
        out.fill(0.0);
        for (k, (left, right)) in self.parts(left).iter().zip(&self.parts(right)).enumerate() {
            left.products(right, &self.design, self.weights(weights, k), out.as_mut());
        }
    }

    fn gram(&self, all: Centred<'_>, weights: Weights<'_>, mut out: MatMut<'_, f64>) {
        clear_lower(out.as_mut());
        for (k, part) in self.parts(all).iter().enumerate() {
            part.gram(&self.design, self.weights(weights, k), out.as_mut());
        }
    }

    fn outputs(&self) -> usize {
        self.outputs
    }

    fn output(&self, j: usize) -> usize {
        j % self.outputs
    }
}
