//! The quadratic by its residual: nothing is stored but a vector over the observations.

use core::ops::Range;

use std::vec;
use std::vec::Vec;

use crate::sparse::columns::Columns;
use crate::sparse::coordinate::{Quadratic, Working};
use crate::sparse::design::{Centred, Design, Weights};

/// `H = X̃ᵀ W X̃` through `t = ρ - W X d`, where d is the change of the coefficients on the scale of the design.
#[derive(Debug)]
pub(crate) struct Residual<'a, 'd, D> {
    columns: &'a Columns<'d, D>,
    listed: &'a [usize],
    /// Bounds of the curvature of blocks, at the places of their first coefficients; empty if every block has one.
    bounds: Vec<f64>,
    weights: Weights<'a>,
    /// The centres of the listed columns.
    centres: &'a [f64],
    /// `Σ wᵢ xᵢⱼ` and `H_jj` of each.
    moments: &'a [[f64; 2]],
    /// t without the share of the centres.
    residual: Vec<f64>,
    /// The sum of `residual` over each output, and the sum of the weights.
    sums: Vec<[f64; 2]>,
    /// `Σ mⱼ dⱼ` for each output.
    offsets: Vec<f64>,
}

impl<'a, 'd, D: Design> Residual<'a, 'd, D> {
    /// At the point where ρ is the negative slope of the datafit.
    pub(crate) fn new(
        columns: &'a Columns<'d, D>,
        working: &'a Working,
        centres: &'a [f64],
        moments: &'a [[f64; 2]],
        weights: Weights<'a>,
        totals: &[f64],
        rho: &[f64],
    ) -> Self {
        let outputs = columns.design.outputs();
        let sums = rho.chunks(rho.len() / outputs).zip(totals).map(|(rho, &total)| [rho.iter().sum(), total]).collect();
        let listed = &working.columns[..];
        let mut residual = Self {
            columns,
            listed,
            bounds: Vec::new(),
            weights,
            centres,
            moments,
            residual: rho.to_vec(),
            sums,
            offsets: vec![0.0; outputs],
        };
        if working.blocks.len() < listed.len() {
            let mut bounds = vec![0.0; listed.len()];
            for (_, places) in working.iter() {
                bounds[places.start] = residual.largest(&places);
            }
            residual.bounds = bounds;
        }
        residual
    }

    /// No less than the largest eigenvalue of a block of H.
    fn largest(&self, places: &Range<usize>) -> f64 {
        let trace = places.clone().map(|k| self.moments[k][1]).sum();
        if places.len() == 1 || places.len() > 256 {
            return trace;
        }
        let block = Centred { columns: &self.listed[places.clone()], centres: &self.centres[places.clone()] };
        let mut products = faer::Mat::<f64>::zeros(places.len(), places.len());
        self.columns.design.products(block, block, self.weights, products.as_mut());
        let factor = |a: usize| self.columns.factor(self.listed[places.start + a]);
        let row = |a: usize| (0..places.len()).map(|b| (products[(a, b)] * factor(a) * factor(b)).abs()).sum::<f64>();
        (0..places.len()).map(row).fold(0.0, f64::max).min(trace)
    }
}

impl<D: Design> Quadratic for Residual<'_, '_, D> {
    const EXPLICIT: bool = false;

    fn gradient(&self, k: usize) -> f64 {
        let (j, centre) = (self.listed[k], self.centres[k]);
        let output = self.columns.design.output(j);
        let ([sum, total], offset) = (self.sums[output], self.offsets[output]);
        let product = self.columns.design.dot(j, &self.residual) + offset * self.moments[k][0];
        -(product - centre * (sum + offset * total)) * self.columns.factor(j)
    }

    fn curvature(&self, k: usize) -> f64 {
        self.moments[k][1]
    }

    fn block_curvature(&self, first: usize, _: usize) -> f64 {
        self.bounds[first]
    }

    fn shift(&mut self, k: usize, change: f64) {
        let j = self.listed[k];
        let output = self.columns.design.output(j);
        let a = change * self.columns.factor(j);
        self.columns.design.add(j, -a, self.weights, &mut self.residual);
        self.sums[output][0] -= a * self.moments[k][0];
        self.offsets[output] += a * self.centres[k];
    }

    fn solve(&mut self, _: &[usize], _: &[f64], _: &mut [f64]) -> bool {
        false
    }
}
