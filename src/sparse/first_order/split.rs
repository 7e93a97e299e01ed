//! The penalty as `Σ sⱼ|xⱼ| + h(x)` where it is that, so that a smooth h joins the datafit and only the soft threshold is left.

use std::vec::Vec;

use crate::penalty::{L1, ScalarPenalty};
use crate::sparse::coordinate::slope;
use crate::sparse::terms::{Block, Terms};

/// A penalty, and the slopes at zero if it can be split.
#[derive(Debug)]
pub(super) struct Split<'t, T> {
    terms: &'t T,
    /// s, or nothing if the proximal operator has to be that of the whole penalty.
    corners: Option<Vec<f64>>,
    /// p.
    length: usize,
}

impl<'t, T: Terms> Split<'t, T> {
    pub(super) fn new(terms: &'t T, length: usize) -> Self {
        let corners = (0..terms.blocks()).map(|block| corner(terms, block)).collect();
        Self { terms, corners, length }
    }

    pub(super) fn is_folded(&self) -> bool {
        self.corners.is_some()
    }

    /// κ, the Lipschitz constant of h′.
    pub(super) fn concavity(&self) -> f64 {
        match self.corners {
            Some(_) => (0..self.terms.blocks()).map(|block| self.terms.convexity(block).abs()).fold(0.0, f64::max),
            None => 0.0,
        }
    }

    /// p(x), all of it.
    pub(super) fn value(&self, x: &[f64]) -> f64 {
        let mut short = Vec::new();
        (0..self.terms.blocks())
            .map(|block| match self.terms.columns(block) {
                Block::Range(first, size) => self.terms.value(block, &x[first..first + size]),
                listed @ Block::Listed(_) => {
                    gather(listed, x, &mut short);
                    self.terms.value(block, &short)
                }
            })
            .sum()
    }

    /// h(x).
    pub(super) fn smooth_value(&self, x: &[f64]) -> f64 {
        self.corners.as_ref().map_or(0.0, |corners| {
            let corner: f64 = corners.iter().zip(x).map(|(s, x)| s * x.abs()).sum();
            self.value(x) - corner
        })
    }

    /// Adds h′(x) to a gradient.
    pub(super) fn bend(&self, x: &[f64], gradient: &mut [f64]) {
        let Some(corners) = &self.corners else { return };
        for (j, ((g, &x), &s)) in gradient.iter_mut().zip(x).zip(corners).enumerate() {
            if x != 0.0 {
                *g += slope(self.terms, j, x) - s.copysign(x);
            }
        }
    }

    /// `prox(x - rate g)` of what is not h.
    pub(super) fn forward_backward(&self, x: &[f64], g: &[f64], rate: f64, out: &mut [f64]) {
        out.iter_mut().zip(x).zip(g).for_each(|((out, x), g)| *out = x - rate * g);
        if let Some(corners) = &self.corners {
            for (out, &strength) in out.iter_mut().zip(corners) {
                *out = L1 { strength }.prox(*out, rate);
            }
            return;
        }
        let mut short = Vec::new();
        for block in 0..self.terms.blocks() {
            match self.terms.columns(block) {
                Block::Range(first, size) => self.terms.prox(block, &mut out[first..first + size], rate),
                listed @ Block::Listed(_) => {
                    gather(listed, out, &mut short);
                    self.terms.prox(block, &mut short, rate);
                    listed.iter().zip(&short).for_each(|(j, &z)| out[j] = z);
                }
            }
        }
    }

    /// The largest gap of a block or an intercept, where the datafit has this gradient.
    pub(super) fn gap(&self, x: &[f64], gradient: &[f64]) -> f64 {
        let (mut short, mut g) = (Vec::new(), Vec::new());
        let free = gradient[self.length..].iter().map(|g| g.abs()).fold(0.0, f64::max);
        (0..self.terms.blocks()).fold(free, |largest, block| {
            gather(self.terms.columns(block), x, &mut short);
            gather(self.terms.columns(block), gradient, &mut g);
            largest.max(self.terms.gap(block, &short, &mut g))
        })
    }
}

fn gather(block: Block<'_>, x: &[f64], short: &mut Vec<f64>) {
    short.clear();
    short.extend(block.iter().map(|j| x[j]));
}

/// The slope s at zero of a block of one that is `s|x| + h(x)` on the whole line with a Lipschitz h′ that is zero at zero.
fn corner<T: Terms>(terms: &T, block: usize) -> Option<f64> {
    let Block::Range(first, 1) = terms.columns(block) else { return None };
    let everywhere = terms.is_interior(block, f64::MAX) && terms.is_interior(block, f64::MIN);
    if first != block || !everywhere || !terms.convexity(block).is_finite() {
        return None;
    }
    let s = slope(terms, block, f64::MIN_POSITIVE);
    let beyond = terms.gap(block, &[0.0], &mut [2.0 * s + 1.0]);
    ((beyond - (s + 1.0)).abs() <= 1e-12 * (s + 1.0)).then_some(s)
}
