//! The way to a λ far away: which blocks to look at, and which to take in, before each λ on it.
//!
//! By the sequential strong rule (Tibshirani et al. 2012, section 4) a correlation changes no faster than λ, so that a block need be
//! looked at again only when that could have carried it to the λ ahead. Concavity κ quickens the pace: on curvature v to
//! `(v + κ) / (v - κ)`, which for SCAD is `a / (a - 2)` and no less than MCP's `γ / (γ - 1)` (Lee & Breheny 2015). What the rule
//! misses is found by the check at the end.

use std::vec;
use std::vec::Vec;

use crate::sparse::datafit::Datafit;
use crate::sparse::design::Design;
use crate::sparse::solve::Engine;
use crate::sparse::terms::Terms;

/// When blocks were looked at, and what was seen the time before.
#[derive(Debug)]
pub(crate) struct Way {
    /// Where the way began.
    start: f64,
    /// The λ at which each block was last looked at.
    seen: Vec<f64>,
    /// The λ before that, and the correlations of each column there.
    before: Vec<f64>,
    earlier: Vec<f64>,
}

impl Way {
    /// From a fit at λ, whose correlations are known as well as its check needed.
    pub(crate) fn new(start: f64) -> Self {
        Self { start, seen: Vec::new(), before: Vec::new(), earlier: Vec::new() }
    }

    /// Takes in what is expected to leave zero at λ, coming from the fit at `at`.
    pub(crate) fn admit<D: Design, F: Datafit, T: Terms>(
        &mut self,
        engine: &mut Engine<'_, D, F>,
        terms: &T,
        at: f64,
        lambda: f64,
    ) {
        engine.tidy(terms);
        if self.seen.is_empty() {
            let known = engine.correlations.error.is_finite();
            self.seen = vec![if known { self.start } else { f64::INFINITY }; terms.blocks()];
            self.before.clone_from(&self.seen);
            self.earlier.clone_from(&engine.correlations.estimate);
        }
        let mut c = Vec::new();
        let mut near = engine.outside();
        near.retain(|&block| {
            let (curvature, concavity) = (engine.block_curvature(terms, block), -terms.convexity(block).min(0.0));
            let room = lambda - (curvature + concavity) / (curvature - concavity) * (self.seen[block] - lambda);
            if !(curvature > concavity && room > 0.0) {
                return curvature > 0.0;
            }
            c.clear();
            c.extend(terms.columns(block).iter().map(|j| engine.correlations.estimate[j] * lambda / room));
            !engine.is_idle(terms, block, &c)
        });
        let again: Vec<usize> = near.iter().copied().filter(|&block| self.seen[block] > at).collect();
        for &block in &again {
            self.before[block] = self.seen[block];
            self.seen[block] = at;
            terms.columns(block).iter().for_each(|j| self.earlier[j] = engine.correlations.estimate[j]);
        }
        engine.correlate(terms, &again);
        let estimate = &engine.correlations.estimate;
        // As far again as they went since they were last looked at.
        let entering = engine.entering(terms, &near, |block, j| {
            let run = self.before[block] - at;
            if run > 0.0 { estimate[j] + (estimate[j] - self.earlier[j]) * (at - lambda) / run } else { estimate[j] }
        });
        engine.admit(terms, &entering);
        engine.previous.clear();
    }
}
