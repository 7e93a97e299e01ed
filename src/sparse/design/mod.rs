//! Designs: what a regression needs to know of its matrix X, n observations by p columns.
//!
//! All arithmetic is in `f64`, whatever the storage. The bits of a column's product do not depend on the other columns asked
//! for with it, so any division of the work among threads gives the same result.

use core::fmt;
use core::ops::Range;

use faer::MatMut;

use crate::Real;

mod csc;
mod dense;
mod joined;
pub(crate) mod kernels;
mod parts;
mod stacked;

pub use csc::Csc;
pub use dense::Dense;
pub use joined::Joined;
pub use stacked::Stacked;

/// Weights of observations.
#[derive(Clone, Copy, Debug)]
pub enum Weights<'a> {
    /// The same for all.
    Uniform(f64),
    /// One for each.
    Each(&'a [f64]),
}

impl Weights<'_> {
    /// Their sum over n observations.
    pub fn total(&self, rows: usize) -> f64 {
        match self {
            Self::Uniform(w) => w * f64::of_usize(rows),
            Self::Each(w) => kernels::sum(w),
        }
    }
}

/// What is wrong with a matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DesignError {
    /// Two lengths that should agree: the one expected, the one found.
    Length(usize, usize),
    /// The entries of a column are not next to each other in memory.
    Strided,
    /// The row indices of a sparse column do not increase strictly.
    Unsorted {
        /// The column.
        column: usize,
    },
    /// An entry is not finite.
    NotFinite {
        /// Its row.
        row: usize,
        /// Its column.
        column: usize,
    },
    /// There is no block, or no output.
    Empty,
}

impl fmt::Display for DesignError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length(expected, found) => write!(f, "{found} entries where {expected} are needed"),
            Self::Strided => {
                f.write_str("the entries of a column are not next to each other: copy to column-major order")
            }
            Self::Unsorted { column } => {
                write!(f, "the row indices of column {column} do not increase: sort and sum them")
            }
            Self::NotFinite { row, column } => write!(f, "the entry in row {row} of column {column} is not finite"),
            Self::Empty => f.write_str("there is no block, or no output"),
        }
    }
}

impl core::error::Error for DesignError {}

/// A matrix X known by its columns.
///
/// Indices of columns are below [`columns`](Design::columns), vectors over observations have [`rows`](Design::rows) entries:
/// callers check that, implementations may panic otherwise.
pub trait Design: Sync {
    /// n, the length of a column.
    fn rows(&self) -> usize;

    /// p.
    fn columns(&self) -> usize;

    /// The number of stored entries of column j: what a pass over it costs.
    fn entries(&self, j: usize) -> usize;

    /// Whether most entries are stored, so that products of columns are worth keeping.
    fn is_dense(&self) -> bool;

    /// `Σᵢ xᵢⱼ vᵢ`.
    fn dot(&self, j: usize, v: &[f64]) -> f64;

    /// `vᵢ += a wᵢ xᵢⱼ`.
    fn add(&self, j: usize, a: f64, weights: Weights<'_>, v: &mut [f64]);

    /// `Σᵢ wᵢ xᵢⱼ` and `Σᵢ wᵢ xᵢⱼ²`.
    fn moments(&self, j: usize, weights: Weights<'_>) -> [f64; 2];

    /// `Σᵢ wᵢ (xᵢⱼ - centre)²`, without cancellation for a dense column.
    fn spread(&self, j: usize, centre: f64, weights: Weights<'_>) -> f64;

    /// `dot` of consecutive columns, as fast as memory allows.
    fn dots(&self, columns: Range<usize>, v: &[f64], out: &mut [f64]) {
        for (j, out) in columns.zip(out) {
            *out = self.dot(j, v);
        }
    }

    /// `out[(a, b)] = Σᵢ wᵢ (x_{i, left[a]} - left_centres[a]) (x_{i, right[b]} - right_centres[b])`.
    fn products(&self, left: Centred<'_>, right: Centred<'_>, weights: Weights<'_>, out: MatMut<'_, f64>);

    /// The lower triangle of `products(all, all)`; the rest is left alone.
    fn gram(&self, all: Centred<'_>, weights: Weights<'_>, out: MatMut<'_, f64>);

    /// The number of outputs: the rows are that many segments of equal length, and a column is zero in all of them but one.
    fn outputs(&self) -> usize {
        1
    }

    /// The segment that column j lives in.
    fn output(&self, _j: usize) -> usize {
        0
    }
}

/// Some columns, each less a constant.
#[derive(Clone, Copy, Debug)]
pub struct Centred<'a> {
    /// Their indices.
    pub columns: &'a [usize],
    /// What is subtracted from each; of the same length.
    pub centres: &'a [f64],
}
