//! The paper's loss of the logistic model is 1/(2n), and its penalties are not those of twice the strength.

use thalweg::sparse::datafit::{Logistic, Loss};

/// Half of the logistic loss.
#[derive(Clone, Copy, Debug)]
pub struct Halved;

impl Loss for Halved {
    fn value(&self, y: f64, eta: f64) -> f64 {
        0.5 * Logistic.value(y, eta)
    }

    fn slope(&self, y: f64, eta: f64) -> f64 {
        0.5 * Logistic.slope(y, eta)
    }

    fn curvature(&self, y: f64, eta: f64) -> f64 {
        0.5 * Logistic.curvature(y, eta)
    }

    fn curvature_bound(&self) -> Option<f64> {
        Logistic.curvature_bound().map(|bound| 0.5 * bound)
    }

    fn conjugate(&self, y: f64, u: f64) -> f64 {
        0.5 * Logistic.conjugate(y, 2.0 * u)
    }

    fn admits(&self, y: f64) -> bool {
        Logistic.admits(y)
    }

    fn mean(&self, eta: f64) -> f64 {
        Logistic.mean(eta)
    }

    fn is_extreme(&self, y: f64) -> bool {
        Logistic.is_extreme(y)
    }
}
