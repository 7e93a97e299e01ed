//! The datafit as a function of coefficients and intercepts.

use std::vec;
use std::vec::Vec;

use crate::sparse::columns::{Columns, shift};
use crate::sparse::datafit::Datafit;
use crate::sparse::design::Design;

/// `f(β, b) = F(X̃β + b)`.
#[derive(Debug)]
pub(super) struct Smooth<'e, 'a, D, F> {
    columns: &'e Columns<'a, D>,
    pub(super) datafit: &'e F,
    intercept: bool,
    eta: Vec<f64>,
    slopes: Vec<f64>,
    /// Gradients computed.
    pub(super) calls: usize,
}

impl<'e, 'a, D: Design, F: Datafit> Smooth<'e, 'a, D, F> {
    pub(super) fn new(columns: &'e Columns<'a, D>, datafit: &'e F, intercept: bool) -> Self {
        let n = datafit.rows();
        Self { columns, datafit, intercept, eta: vec![0.0; n], slopes: vec![0.0; n], calls: 0 }
    }

    /// The length of (β, b).
    pub(super) fn len(&self) -> usize {
        self.columns.len() + if self.intercept { self.datafit.outputs() } else { 0 }
    }

    /// f at x, and its gradient.
    pub(super) fn measure(&mut self, x: &[f64], gradient: &mut [f64]) -> f64 {
        self.calls += 1;
        let mut eta = core::mem::take(&mut self.eta);
        self.predict(x, &mut eta);
        let value = self.datafit.slopes(&eta, &mut self.slopes);
        self.eta = eta;
        self.transpose(&self.slopes, gradient);
        value
    }

    /// Overwrites x with `[X̃ 1]ᵀ W [X̃ 1] x`.
    pub(super) fn bend(&mut self, weights: &[f64], x: &mut [f64]) {
        self.calls += 1;
        let mut eta = core::mem::take(&mut self.eta);
        self.predict(x, &mut eta);
        eta.iter_mut().zip(weights).for_each(|(eta, w)| *eta *= w);
        self.transpose(&eta, x);
        self.eta = eta;
    }

    /// `η = X̃β + b`.
    fn predict(&self, x: &[f64], eta: &mut [f64]) {
        let (beta, intercepts) = x.split_at(self.columns.len());
        eta.fill(0.0);
        self.columns.add(beta.iter().copied().enumerate().filter(|&(_, b)| b != 0.0), eta);
        if self.intercept {
            shift(eta, intercepts);
        }
    }

    /// `[X̃ 1]ᵀ v`.
    fn transpose(&self, v: &[f64], out: &mut [f64]) {
        let (beta, intercepts) = out.split_at_mut(self.columns.len());
        self.columns.dots(v, beta);
        for (out, segment) in intercepts.iter_mut().zip(v.chunks(v.len() / self.datafit.outputs())) {
            *out = segment.iter().sum();
        }
    }
}
