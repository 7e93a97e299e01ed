//! The coefficients of a fit, to be read.

use core::fmt;

use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use crate::sparse::datafit::Datafit;
use crate::sparse::design::Design;
use crate::sparse::error::FitError;
use crate::sparse::regression::{Fit, Regression};

/// A coefficient other than zero.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedCoefficient {
    /// The number of its column.
    pub column: usize,
    /// The name of its column.
    pub name: String,
    /// For the column as it entered the fit.
    pub standardized: f64,
    /// For the column as it is.
    pub original: f64,
}

/// Intercepts and named coefficients, the largest on the scale of the fit first. Its `Display` is a table.
#[derive(Clone, Debug, PartialEq)]
pub struct CoefficientTable {
    /// b of each output, for columns as they entered and as they are.
    pub intercepts: Vec<(f64, f64)>,
    /// Those other than zero.
    pub rows: Vec<NamedCoefficient>,
}

impl<D: Design, F: Datafit> Regression<'_, D, F> {
    /// The table of a fit, with the names of all columns.
    ///
    /// # Errors
    /// [`FitError::Lengths`] unless there is a name for every column.
    pub fn table<S: AsRef<str>>(&self, fit: &Fit, names: &[S]) -> Result<CoefficientTable, FitError> {
        let p = self.design.columns();
        if names.len() != p {
            return Err(FitError::Lengths { what: "names of columns", expected: p, found: names.len() });
        }
        let (intercepts, coefficients) = self.original_scale(fit);
        let mut rows: Vec<NamedCoefficient> = fit
            .coefficients
            .iter()
            .zip(coefficients.values)
            .map(|((column, standardized), original)| {
                let name = names[column].as_ref().to_string();
                NamedCoefficient { column, name, standardized, original }
            })
            .collect();
        rows.sort_by(|a, b| b.standardized.abs().total_cmp(&a.standardized.abs()).then(a.column.cmp(&b.column)));
        Ok(CoefficientTable { intercepts: fit.intercepts.iter().copied().zip(intercepts).collect(), rows })
    }
}

impl fmt::Display for CoefficientTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let several = self.intercepts.len() > 1;
        let name = |k: usize| if several { format!("(intercept {k})") } else { String::from("(intercept)") };
        let mut lines: Vec<(String, f64, f64)> =
            self.intercepts.iter().enumerate().map(|(k, &(entered, original))| (name(k), entered, original)).collect();
        lines.extend(self.rows.iter().map(|row| (row.name.clone(), row.standardized, row.original)));
        let width = lines.iter().map(|(name, ..)| name.chars().count()).max().unwrap_or(0);
        write!(f, "{:width$}  {:>14}  {:>14}", "", "standardized", "original")?;
        lines.iter().try_for_each(|(name, standardized, original)| {
            write!(f, "\n{name:width$}  {standardized:>14.6e}  {original:>14.6e}")
        })
    }
}
