//! Proximal conjugate gradient: Hager and Zhang's directions on the residual of proximal gradient.
//!
//! With `g = f + h`, the rate `ρ = 0.95/L` and `p(x) = prox_ρ(x - ρ ∇g(x))`, one iteration at x is
//!
//! 1. `s = x - p(x)`, `y = s - s₋`, `b = ⟨y - 2d ‖y‖²/⟨d, y⟩, s⟩/⟨d, y⟩`, `b̄ = max(b, -1/(‖d‖ min(η, ‖s₋‖)))`, `d = -s + b̄ d`;
//! 2. α with `|⟨s(x + α d), d⟩| ≤ 0.1 |⟨s, d⟩|` by secants within a bracket, and `x = x + α d`;
//! 3. `x = p(x)` where d points uphill, no such α is found, or the forward-backward envelope would rise.
//!
//! Reference: Yang, Asgharian & Greenwood, "Maximum Tsallis entropy distributions for robust and efficient sparse learning from
//! correlated data", algorithm 3 with its second search; directions: Hager & Zhang 2005, eq. 1.3 to 1.6; step 3 is a safeguard of
//! this crate. One gradient for each trial of α. Returned is p(x), never x.

use std::vec;
use std::vec::Vec;

use crate::sparse::datafit::Datafit;
use crate::sparse::design::Design;
use crate::sparse::first_order::curvature::dot;
use crate::sparse::first_order::smooth::Smooth;
use crate::sparse::first_order::split::Split;
use crate::sparse::first_order::{Limits, Lipschitz};
use crate::sparse::solve::Ended;
use crate::sparse::terms::Terms;

/// The share of 1/L that ρ takes.
const RELAXATION: f64 = 0.95;
/// η.
const TRUNCATION: f64 = 0.01;
/// What is left of the slope along d where a search ends.
const CURVATURE: f64 = 0.1;
/// Trials of α.
const TRIALS: usize = 10;

/// x with what was computed there.
#[derive(Clone, Debug)]
struct Point {
    x: Vec<f64>,
    /// p(x).
    shadow: Vec<f64>,
    /// s(x).
    residual: Vec<f64>,
    /// The objective at x, and its forward-backward envelope, which the objective at p(x) is not above.
    value: f64,
    envelope: f64,
}

/// The problem at one rate.
struct Oracle<'o, 'e, 'a, 't, D, F, T> {
    smooth: &'o mut Smooth<'e, 'a, D, F>,
    split: &'o Split<'t, T>,
    rate: f64,
    gradient: Vec<f64>,
}

impl<D: Design, F: Datafit, T: Terms> Oracle<'_, '_, '_, '_, D, F, T> {
    fn measure(&mut self, x: Vec<f64>) -> Point {
        let loss = self.smooth.measure(&x, &mut self.gradient);
        self.split.bend(&x, &mut self.gradient);
        let mut shadow = vec![0.0; x.len()];
        self.split.forward_backward(&x, &self.gradient, self.rate, &mut shadow);
        let residual: Vec<f64> = x.iter().zip(&shadow).map(|(x, z)| x - z).collect();
        let convex = self.split.value(&shadow) - self.split.smooth_value(&shadow);
        let square = 0.5 * dot(&residual, &residual) / self.rate;
        let envelope = loss + self.split.smooth_value(&x) - dot(&self.gradient, &residual) + square + convex;
        let value = loss + self.split.value(&x);
        Point { x, shadow, residual, value, envelope }
    }
}

/// Lowers the objective until the gap is within the tolerance.
pub(super) fn minimize<D: Design, F: Datafit, T: Terms>(
    smooth: &mut Smooth<'_, '_, D, F>,
    split: &Split<'_, T>,
    lipschitz: Lipschitz,
    start: Vec<f64>,
    limits: &mut Limits<'_>,
) -> (Vec<f64>, Ended) {
    let gradient = vec![0.0; start.len()];
    let mut oracle = Oracle { smooth, split, rate: RELAXATION / lipschitz.constant, gradient };
    let mut at = oracle.measure(start);
    let mut past: Option<(Vec<f64>, Vec<f64>)> = None;
    let mut alert = f64::INFINITY;
    while limits.iterations > 0 {
        if (limits.proceed)().is_break() {
            return (at.shadow, Ended::Interrupted);
        }
        limits.iterations -= 1;
        if !at.envelope.is_finite() {
            return (at.x, Ended::NotFinite);
        }
        let apart = at.residual.iter().map(|s| s.abs()).fold(0.0, f64::max) / oracle.rate;
        if apart <= limits.tolerance.min(0.5 * alert) {
            oracle.smooth.measure(&at.shadow, &mut oracle.gradient);
            if split.gap(&at.shadow, &oracle.gradient) <= limits.tolerance {
                return (at.shadow, Ended::Converged);
            }
            if apart == 0.0 {
                return (at.shadow, Ended::Rounding);
            }
            alert = apart;
        }
        let direction = turn(&at.residual, past.as_ref());
        if let Some(next) = search(&mut oracle, &at, &direction, limits) {
            past = Some((at.residual, direction));
            at = next;
            continue;
        }
        past = None;
        let step = oracle.measure(at.shadow.clone());
        // The envelope at x bounds the objective at p(x), unless L is larger.
        let bar = at.envelope + 1e-12 * (1.0 + at.envelope.abs());
        if step.value <= bar || lipschitz.certain {
            at = step;
        } else {
            oracle.rate *= 0.5;
            at = oracle.measure(at.x);
        }
    }
    (at.shadow, Ended::Budget)
}

/// Step 1: the direction, `-s` where it has no past or points uphill.
fn turn(s: &[f64], past: Option<&(Vec<f64>, Vec<f64>)>) -> Vec<f64> {
    let steepest = || s.iter().map(|s| -s).collect();
    let Some((before, d)) = past else { return steepest() };
    let y: Vec<f64> = s.iter().zip(before).map(|(s, b)| s - b).collect();
    let (bend, square) = (dot(d, &y), dot(&y, &y));
    let b = (dot(&y, s) - 2.0 * dot(d, s) * square / bend) / bend;
    let floor = -1.0 / (dot(d, d).sqrt() * TRUNCATION.min(dot(before, before).sqrt()));
    let turned: Vec<f64> = s.iter().zip(d).map(|(s, d)| b.max(floor) * d - s).collect();
    if b.is_finite() && dot(&turned, s) < 0.0 { turned } else { steepest() }
}

/// Step 2: the point along d where the residual is nearly orthogonal to it and the envelope is no higher.
fn search<D: Design, F: Datafit, T: Terms>(
    oracle: &mut Oracle<'_, '_, '_, '_, D, F, T>,
    at: &Point,
    d: &[f64],
    limits: &mut Limits<'_>,
) -> Option<Point> {
    let first = dot(&at.residual, d);
    let ((mut before, mut below), (mut low, mut slope)) = ((0.0, first), (0.0, first));
    let (mut high, mut above) = (f64::INFINITY, f64::INFINITY);
    let mut share = 1.0;
    for _ in 0..TRIALS {
        limits.iterations = limits.iterations.saturating_sub(1);
        let trial = oracle.measure(at.x.iter().zip(d).map(|(x, d)| x + share * d).collect());
        let found = dot(&trial.residual, d);
        if found.abs() <= CURVATURE * first.abs() {
            let bar = at.envelope + 1e-14 * (1.0 + at.envelope.abs());
            return (trial.envelope <= bar).then_some(trial);
        }
        if found < 0.0 {
            ((before, below), (low, slope)) = ((low, slope), (share, found));
        } else {
            (high, above) = (share, if found.is_finite() { found } else { f64::INFINITY });
        }
        share = if high < f64::INFINITY {
            let secant = low - slope * (high - low) / (above - slope);
            let edge = 0.05 * (high - low);
            if above < f64::INFINITY { secant.clamp(low + edge, high - edge) } else { 0.5 * (low + high) }
        } else {
            // Still downhill: as far as the slopes promise, within reason.
            let ahead = low - slope * (low - before) / (slope - below);
            if slope > below { ahead.clamp(1.5 * low, 100.0 * low) } else { 100.0 * low }
        };
    }
    None
}
