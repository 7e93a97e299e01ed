//! Robust and quantile losses, one formula: the Moreau envelope `ρ(r) = max { v r - ½ h v² : low ≤ v ≤ high }` of a residual
//! `r = y - η`, h the smoothing. The v that attains it is `r / h` clamped; hence `ℓ'(η) = -v`, and
//! `ℓ*(u) = u y + ½ h u²` for -u in [low, high] (Beck & Teboulle, Smoothing and First Order Methods, 2012).

use super::loss::Loss;
use super::weighting::ROUNDING;

/// `½ r²` up to a residual of `threshold`, `threshold · (|r| - ½ threshold)` beyond it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Huber {
    /// Positive, in units of the response.
    pub threshold: f64,
}

/// The pinball loss `max(level · r, (level - 1) · r)`, smoothed: below it by at most
/// `½ smoothing · max(level, 1 - level)²`, and a parabola of curvature `1 / smoothing` for r from `(level - 1) · smoothing`
/// to `level · smoothing`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantile {
    /// Which quantile, strictly between 0 and 1.
    pub level: f64,
    /// Positive, in units of the response.
    pub smoothing: f64,
}

#[derive(Clone, Copy)]
struct Envelope {
    low: f64,
    high: f64,
    smoothing: f64,
}

impl Envelope {
    fn attained(&self, r: f64) -> f64 {
        (r / self.smoothing).max(self.low).min(self.high)
    }

    fn value(&self, r: f64) -> f64 {
        let v = self.attained(r);
        v * (r - 0.5 * self.smoothing * v)
    }

    fn curvature(&self, r: f64) -> f64 {
        let v = r / self.smoothing;
        if v > self.low && v < self.high { 1.0 / self.smoothing } else { 0.0 }
    }

    fn conjugate(&self, y: f64, u: f64) -> f64 {
        let slack = ROUNDING * (self.high - self.low);
        if -u >= self.low - slack && -u <= self.high + slack {
            u * (y + 0.5 * self.smoothing * u)
        } else {
            f64::INFINITY
        }
    }
}

impl Huber {
    fn envelope(&self) -> Envelope {
        Envelope { low: -self.threshold, high: self.threshold, smoothing: 1.0 }
    }
}

impl Loss for Huber {
    fn value(&self, y: f64, eta: f64) -> f64 {
        self.envelope().value(y - eta)
    }

    fn slope(&self, y: f64, eta: f64) -> f64 {
        -self.envelope().attained(y - eta)
    }

    fn curvature(&self, y: f64, eta: f64) -> f64 {
        self.envelope().curvature(y - eta)
    }

    fn curvature_bound(&self) -> Option<f64> {
        Some(1.0)
    }

    fn conjugate(&self, y: f64, u: f64) -> f64 {
        self.envelope().conjugate(y, u)
    }

    fn mean(&self, eta: f64) -> f64 {
        eta
    }

    fn is_valid(&self) -> bool {
        self.threshold > 0.0 && self.threshold.is_finite()
    }
}

impl Quantile {
    fn envelope(&self) -> Envelope {
        Envelope { low: self.level - 1.0, high: self.level, smoothing: self.smoothing }
    }
}

impl Loss for Quantile {
    fn value(&self, y: f64, eta: f64) -> f64 {
        self.envelope().value(y - eta)
    }

    fn slope(&self, y: f64, eta: f64) -> f64 {
        -self.envelope().attained(y - eta)
    }

    fn curvature(&self, y: f64, eta: f64) -> f64 {
        self.envelope().curvature(y - eta)
    }

    fn curvature_bound(&self) -> Option<f64> {
        Some(1.0 / self.smoothing)
    }

    fn conjugate(&self, y: f64, u: f64) -> f64 {
        self.envelope().conjugate(y, u)
    }

    /// The quantile itself.
    fn mean(&self, eta: f64) -> f64 {
        eta
    }

    fn is_valid(&self) -> bool {
        self.level > 0.0 && self.level < 1.0 && self.smoothing > 0.0 && self.smoothing.is_finite()
    }
}
