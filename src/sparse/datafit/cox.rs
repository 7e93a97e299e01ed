//! Proportional hazards: the partial likelihood of Cox, by the methods of Breslow or Efron for tied times.
//!
//! With raw weights w, `D` the events at a time t, m of them of weight d in all, and `R` everyone whose time is t or later,
//!
//! ```text
//! F(η) = 1/Σw · Σₜ [ -Σ_D w η + d/m · Σ_{l<m} log(Σ_R w e^η - cₗ Σ_D w e^η) ],   cₗ = 0 (Breslow), l/m (Efron)
//! ```
//!
//! (Efron 1977; weights as in the R package survival). That is the negative log partial likelihood over Σw; a common factor
//! of the weights changes it by a constant only. Censored observations count as at risk at their own time.
//!
//! Curvatures are the diagonal of the second derivative (Simon, Friedman, Hastie & Tibshirani 2011, section 2), zero or more.
//! They are no majorant: the step they give needs a line search. O(n) after one sort; all sums over risk sets are kept
//! relative to their own largest term, so that nothing overflows.

use std::vec;
use std::vec::Vec;

use super::weighting::{Weighting, checked_offset, entropy, finite, same_length};
use super::{DataError, Datafit};

/// How events at the same time share their risk set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ties {
    /// All of them face the whole set.
    #[default]
    Breslow,
    /// The average order: each faces the set less its share of those before it.
    Efron,
}

/// Survival times, right-censored.
///
/// ```
/// use thalweg::sparse::datafit::{Cox, Datafit, Ties};
/// let fit = Cox::new(&[1.0, 2.0, 3.0], &[true, false, true], Ties::Efron)?;
/// assert!((fit.value(&[0.0; 3]) - 3f64.ln() / 3.0).abs() < 1e-15);
/// # Ok::<(), thalweg::sparse::datafit::DataError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Cox {
    times: Vec<f64>,
    events: Vec<bool>,
    ties: Ties,
    weighting: Weighting,
    /// log Σw.
    log_total: f64,
    offset: Option<Vec<f64>>,
    /// The observations of positive weight by time.
    order: Vec<usize>,
    /// Where in `order` each distinct time ends.
    ends: Vec<usize>,
}

/// What one distinct time contributes.
#[derive(Clone, Copy, Default)]
struct Risk {
    /// m and d, weights summing to one.
    events: usize,
    weight: f64,
    /// `log Σ_R ω e^η`.
    log_sum: f64,
    /// `Σ_D ω e^η / Σ_R ω e^η`.
    share: f64,
}

impl Cox {
    /// Times of n observations of equal weight, and whether each ended in the event (or was censored).
    ///
    /// # Errors
    /// If there are none, lengths differ, a time is not finite, or there is no event.
    pub fn new(times: &[f64], events: &[bool], ties: Ties) -> Result<Self, DataError> {
        if times.is_empty() {
            return Err(DataError::Empty);
        }
        same_length(times.len(), events.len())?;
        finite(times)?;
        let n = times.len();
        let empty = Self {
            times: times.to_vec(),
            events: events.to_vec(),
            ties,
            weighting: Weighting::equal(n),
            log_total: 0.0,
            offset: None,
            order: Vec::new(),
            ends: Vec::new(),
        };
        empty.weighted(&vec![1.0; n])
    }

    /// With weights of the observations, zero or more; zero removes one.
    ///
    /// # Errors
    /// If the length is wrong, a weight is negative or not finite, all are zero, or no event has weight.
    pub fn weighted(self, weights: &[f64]) -> Result<Self, DataError> {
        let weighting = Weighting::new(weights, self.times.len())?;
        let times = &self.times;
        let mut order: Vec<usize> = (0..times.len()).filter(|&i| weights[i] > 0.0).collect();
        if !order.iter().any(|&i| self.events[i]) {
            return Err(DataError::SingleClass);
        }
        order.sort_by(|&i, &j| times[i].total_cmp(&times[j]));
        // Zeros of both signs are one time.
        let ends = (1..=order.len()).filter(|&k| k == order.len() || times[order[k - 1]] < times[order[k]]).collect();
        let largest = weights.iter().fold(0.0, |most: f64, &w| most.max(w));
        let log_total = largest.ln() + weights.iter().map(|w| w / largest).sum::<f64>().ln();
        Ok(Self { weighting, log_total, order, ends, ..self })
    }

    /// With an offset of n entries, added to η.
    ///
    /// # Errors
    /// If the length is wrong or an entry is not finite.
    pub fn offset(self, offset: &[f64]) -> Result<Self, DataError> {
        let offset = Some(checked_offset(offset, self.times.len())?);
        Ok(Self { offset, ..self })
    }

    fn shifted(&self, eta: &[f64], i: usize) -> f64 {
        eta[i] + self.offset.as_ref().map_or(0.0, |offset| offset[i])
    }

    /// The observations of each distinct time.
    fn groups(&self) -> impl DoubleEndedIterator<Item = &[usize]> {
        (0..self.ends.len()).map(|g| &self.order[if g == 0 { 0 } else { self.ends[g - 1] }..self.ends[g]])
    }

    /// cₗ.
    fn fraction(&self, l: usize, events: usize) -> f64 {
        match self.ties {
            Ties::Breslow => 0.0,
            Ties::Efron => l as f64 / events as f64,
        }
    }

    /// F, and the risks of each distinct time in order.
    fn risks(&self, eta: &[f64]) -> (f64, Vec<Risk>) {
        let mut risks = Vec::with_capacity(self.ends.len());
        let mut value = 0.0;
        // The sum over the risk set is `sum · exp(most)`.
        let (mut sum, mut most) = (0.0, f64::NEG_INFINITY);
        for group in self.groups().rev() {
            let before = most;
            most = group.iter().fold(most, |most, &i| most.max(self.shifted(eta, i)));
            sum *= (before - most).exp();
            let (mut risk, mut tied, mut linear) = (Risk::default(), 0.0, 0.0);
            for &i in group {
                let weight = self.weighting.each[i];
                let term = weight * (self.shifted(eta, i) - most).exp();
                sum += term;
                if self.events[i] {
                    risk.events += 1;
                    risk.weight += weight;
                    tied += term;
                    linear += weight * (self.shifted(eta, i) - most);
                }
            }
            let log_relative = f64::ln(sum);
            risk.log_sum = most + log_relative;
            risk.share = tied / sum;
            let logs: f64 = (0..risk.events).map(|l| (-self.fraction(l, risk.events) * risk.share).ln_1p()).sum();
            if risk.events > 0 {
                value += risk.weight * (log_relative + self.log_total + logs / risk.events as f64) - linear;
            }
            risks.push(risk);
        }
        risks.reverse();
        (value, risks)
    }

    /// Calls `visit(i, Σ ω π, Σ ω π²)` for everyone of positive weight: i's probabilities π in the terms it is part of, each
    /// times the term's weight.
    fn visit(&self, eta: &[f64], risks: &[Risk], mut visit: impl FnMut(usize, f64, f64)) {
        // Σ over past terms of weight / sum and weight / sum², relative to the latest, smallest sum of a risk set.
        let (mut first, mut second, mut log_sum) = (0.0, 0.0, f64::INFINITY);
        for (group, risk) in self.groups().zip(risks) {
            let (mut first_tied, mut second_tied) = (first, second);
            if risk.events > 0 {
                let decay = (risk.log_sum - log_sum).exp();
                (first, second, log_sum) = (first * decay, second * decay * decay, risk.log_sum);
                (first_tied, second_tied) = (first, second);
                let weight = risk.weight / risk.events as f64;
                for l in 0..risk.events {
                    let fraction = self.fraction(l, risk.events);
                    let inverse = 1.0 / (1.0 - fraction * risk.share);
                    let inverse_tied = (1.0 - fraction) * inverse;
                    first += weight * inverse;
                    second += weight * inverse * inverse;
                    first_tied += weight * inverse_tied;
                    second_tied += weight * inverse_tied * inverse_tied;
                }
            }
            for &i in group {
                let ratio = self.weighting.each[i] * (self.shifted(eta, i) - log_sum).exp();
                let (first, second) = if self.events[i] { (first_tied, second_tied) } else { (first, second) };
                visit(i, ratio * first, ratio * ratio * second);
            }
        }
    }
}

impl Datafit for Cox {
    fn rows(&self) -> usize {
        self.times.len()
    }

    fn value(&self, eta: &[f64]) -> f64 {
        self.risks(eta).0
    }

    fn slopes(&self, eta: &[f64], slopes: &mut [f64]) -> f64 {
        let (value, risks) = self.risks(eta);
        slopes.fill(0.0);
        self.visit(eta, &risks, |i, expected, _| {
            slopes[i] = expected - if self.events[i] { self.weighting.each[i] } else { 0.0 };
        });
        value
    }

    fn curvatures(&self, eta: &[f64], curvatures: &mut [f64]) {
        let (_, risks) = self.risks(eta);
        curvatures.fill(0.0);
        self.visit(eta, &risks, |i, expected, square| curvatures[i] = (expected - square).max(0.0));
    }

    fn curvature_bounds(&self, _bounds: &mut [f64]) -> bool {
        false
    }

    fn has_conjugate(&self) -> bool {
        false
    }

    fn conjugate(&self, _u: &[f64]) -> f64 {
        f64::INFINITY
    }

    /// Everyone at risk but the events is far below them, and tied events are equal.
    fn saturated(&self) -> f64 {
        let mut value = 0.0;
        for group in self.groups() {
            let events = group.iter().filter(|&&i| self.events[i]).count();
            let weight: f64 = group.iter().filter(|&&i| self.events[i]).map(|&i| self.weighting.each[i]).sum();
            let logs: f64 = (0..events).map(|l| (-self.fraction(l, events)).ln_1p()).sum();
            if events > 0 {
                value += entropy(weight) + weight * (self.log_total + logs / events as f64);
            }
        }
        value
    }

    fn has_intercept(&self) -> bool {
        false
    }

    fn weights(&self) -> &[f64] {
        &self.weighting.each
    }

    fn uniform_weight(&self) -> Option<f64> {
        self.weighting.uniform
    }

    fn reweighted(&self, weights: &[f64]) -> Result<Self, DataError> {
        self.clone().weighted(weights)
    }

    /// The hazard relative to η = 0.
    fn predict(&self, eta: &[f64], mean: &mut [f64]) {
        for (i, mean) in mean.iter_mut().enumerate() {
            *mean = self.shifted(eta, i).exp();
        }
    }
}
