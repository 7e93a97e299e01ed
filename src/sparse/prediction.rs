//! What a fit says of new observations.

use std::vec;
use std::vec::Vec;

use crate::sparse::columns::shift;
use crate::sparse::datafit::{Datafit, Loss};
use crate::sparse::design::{Design, Weights};
use crate::sparse::error::FitError;
use crate::sparse::regression::{Entries, Fit, Regression};

/// Intercepts and coefficients for designs as they are, neither centred nor scaled.
///
/// ```
/// use thalweg::sparse::{Entries, Predictor, datafit::Logistic, design::Dense};
/// let coefficients = Entries { indices: vec![1], values: vec![2.0] };
/// let predictor = Predictor { intercepts: vec![1.0], coefficients, columns: 2 };
/// let new = Dense::from_slice(&[7.0, 8.0, -0.5, 1.0], 2, 2).unwrap();
/// assert_eq!(predictor.linear(&new)?, [0.0, 3.0]);
/// assert_eq!(predictor.response(&new, &Logistic)?[0], 0.5);
/// # Ok::<(), thalweg::sparse::FitError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Predictor {
    /// b of each output.
    pub intercepts: Vec<f64>,
    /// β, with the numbers of their columns.
    pub coefficients: Entries,
    /// p.
    pub columns: usize,
}

impl<D: Design, F: Datafit> Regression<'_, D, F> {
    /// The fit on the original scale.
    #[must_use]
    pub fn predictor(&self, fit: &Fit) -> Predictor {
        let (intercepts, coefficients) = self.original_scale(fit);
        Predictor { intercepts, coefficients, columns: self.design.columns() }
    }
}

impl Predictor {
    /// `Xβ + b`, output after output; an offset is for the caller to add.
    ///
    /// # Errors
    /// [`FitError::Lengths`] if the design has other columns or outputs than the one fitted.
    pub fn linear<D: Design>(&self, design: &D) -> Result<Vec<f64>, FitError> {
        for (what, expected, found) in
            [("columns", self.columns, design.columns()), ("outputs", self.intercepts.len(), design.outputs())]
        {
            if expected != found {
                return Err(FitError::Lengths { what, expected, found });
            }
        }
        let mut eta = vec![0.0; design.rows()];
        for (j, b) in self.coefficients.iter() {
            design.add(j, b, Weights::Uniform(1.0), &mut eta);
        }
        shift(&mut eta, &self.intercepts);
        Ok(eta)
    }

    /// The expected responses, such as probabilities or rates: the inverse link of a loss at [`linear`](Self::linear).
    ///
    /// # Errors
    /// Those of [`linear`](Self::linear).
    pub fn response<D: Design, L: Loss>(&self, design: &D, loss: &L) -> Result<Vec<f64>, FitError> {
        Ok(self.linear(design)?.into_iter().map(|eta| loss.mean(eta)).collect())
    }

    /// The probabilities of the classes of a multinomial regression, class after class: `exp ηᵢₖ / Σₖ exp ηᵢₖ`.
    ///
    /// # Errors
    /// Those of [`linear`](Self::linear).
    pub fn probabilities<D: Design>(&self, design: &D) -> Result<Vec<f64>, FitError> {
        let mut eta = self.linear(design)?;
        let rows = eta.len() / self.intercepts.len();
        for i in 0..rows {
            let row = || (i..rows * self.intercepts.len()).step_by(rows);
            let most = row().fold(f64::NEG_INFINITY, |most, index| most.max(eta[index]));
            row().for_each(|index| eta[index] = (eta[index] - most).exp());
            let total: f64 = row().map(|index| eta[index]).sum();
            row().for_each(|index| eta[index] /= total);
        }
        Ok(eta)
    }
}
