//! Losses of generalized linear models, and the squared hinge. Logarithms and exponentials are std's: this is the host, n is
//! large, and they are several times faster than libm's.

use super::loss::Loss;
use super::weighting::{ROUNDING, entropy};

/// `½ (y - η)²`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Squared;

/// `log(1 + e^η) - y η`, y in [0, 1].
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Logistic;

/// `e^η - y η`, y zero or more: the negative log-likelihood less `log y!`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Poisson;

/// `½ max(0, 1 - s η)²`, s = 2y - 1, y zero or one.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct SquaredHinge;

impl Loss for Squared {
    fn value(&self, y: f64, eta: f64) -> f64 {
        0.5 * (y - eta) * (y - eta)
    }

    fn slope(&self, y: f64, eta: f64) -> f64 {
        eta - y
    }

    fn curvature(&self, _y: f64, _eta: f64) -> f64 {
        1.0
    }

    fn curvature_bound(&self) -> Option<f64> {
        Some(1.0)
    }

    fn conjugate(&self, y: f64, u: f64) -> f64 {
        u * (0.5 * u + y)
    }

    fn mean(&self, eta: f64) -> f64 {
        eta
    }

    fn is_quadratic(&self) -> bool {
        true
    }
}

impl Logistic {
    /// With `e = exp(-|η|)`, nothing overflows, and no y cancels in a tail.
    fn value_at(y: f64, eta: f64, e: f64) -> f64 {
        if eta >= 0.0 { (1.0 - y) * eta + e.ln_1p() } else { e.ln_1p() - y * eta }
    }

    fn slope_at(y: f64, eta: f64, e: f64) -> f64 {
        if eta >= 0.0 { ((1.0 - y) - y * e) / (1.0 + e) } else { ((1.0 - y) * e - y) / (1.0 + e) }
    }
}

impl Loss for Logistic {
    fn value(&self, y: f64, eta: f64) -> f64 {
        Self::value_at(y, eta, (-eta.abs()).exp())
    }

    fn slope(&self, y: f64, eta: f64) -> f64 {
        Self::slope_at(y, eta, (-eta.abs()).exp())
    }

    fn value_and_slope(&self, y: f64, eta: f64) -> (f64, f64) {
        let e = (-eta.abs()).exp();
        (Self::value_at(y, eta, e), Self::slope_at(y, eta, e))
    }

    fn curvature(&self, _y: f64, eta: f64) -> f64 {
        let e = (-eta.abs()).exp();
        e / ((1.0 + e) * (1.0 + e))
    }

    fn curvature_bound(&self) -> Option<f64> {
        Some(0.25)
    }

    /// `v log v + (1 - v) log(1 - v)` at `v = y + u` in [0, 1].
    fn conjugate(&self, y: f64, u: f64) -> f64 {
        let v = y + u;
        if (-ROUNDING..=1.0 + ROUNDING).contains(&v) { entropy(v) + entropy(1.0 - v) } else { f64::INFINITY }
    }

    fn admits(&self, y: f64) -> bool {
        (0.0..=1.0).contains(&y)
    }

    fn mean(&self, eta: f64) -> f64 {
        self.slope(0.0, eta)
    }

    fn is_extreme(&self, y: f64) -> bool {
        y <= 0.0 || y >= 1.0
    }
}

impl Loss for Poisson {
    fn value(&self, y: f64, eta: f64) -> f64 {
        eta.exp() - y * eta
    }

    fn slope(&self, y: f64, eta: f64) -> f64 {
        eta.exp() - y
    }

    fn value_and_slope(&self, y: f64, eta: f64) -> (f64, f64) {
        let mean = eta.exp();
        (mean - y * eta, mean - y)
    }

    fn curvature(&self, _y: f64, eta: f64) -> f64 {
        eta.exp()
    }

    fn curvature_bound(&self) -> Option<f64> {
        None
    }

    /// `v log v - v` at `v = y + u`, zero or more.
    fn conjugate(&self, y: f64, u: f64) -> f64 {
        let v = y + u;
        if v >= -ROUNDING * (1.0 + y) { entropy(v) - v.max(0.0) } else { f64::INFINITY }
    }

    fn admits(&self, y: f64) -> bool {
        y >= 0.0
    }

    fn mean(&self, eta: f64) -> f64 {
        eta.exp()
    }

    fn is_extreme(&self, y: f64) -> bool {
        y <= 0.0
    }
}

impl SquaredHinge {
    /// s and `max(0, 1 - s η)`.
    fn margin(y: f64, eta: f64) -> (f64, f64) {
        let sign = 2.0 * y - 1.0;
        (sign, (1.0 - sign * eta).max(0.0))
    }
}

impl Loss for SquaredHinge {
    fn value(&self, y: f64, eta: f64) -> f64 {
        let (_, margin) = Self::margin(y, eta);
        0.5 * margin * margin
    }

    fn slope(&self, y: f64, eta: f64) -> f64 {
        let (sign, margin) = Self::margin(y, eta);
        -sign * margin
    }

    fn curvature(&self, y: f64, eta: f64) -> f64 {
        let (_, margin) = Self::margin(y, eta);
        if margin > 0.0 { 1.0 } else { 0.0 }
    }

    fn curvature_bound(&self) -> Option<f64> {
        Some(1.0)
    }

    /// `½ t² - t` at `t = -s u`, zero or more: the supremum over `m = 1 - s η` of `t (m - 1) - ½ max(0, m)²`.
    fn conjugate(&self, y: f64, u: f64) -> f64 {
        let t = -(2.0 * y - 1.0) * u;
        if t >= 0.0 { t * (0.5 * t - 1.0) } else { f64::INFINITY }
    }

    fn admits(&self, y: f64) -> bool {
        y * (1.0 - y) == 0.0
    }

    /// The share of ones of which η minimizes the expected loss: `η = 2p - 1`.
    fn mean(&self, eta: f64) -> f64 {
        (0.5 * (1.0 + eta)).clamp(0.0, 1.0)
    }

    fn is_extreme(&self, _y: f64) -> bool {
        true
    }
}
