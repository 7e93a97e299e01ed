//! What can be wrong with what a fit is asked for.

use core::fmt;

use crate::sparse::datafit::DataError;
use crate::step::ConfigError;

/// Why a fit cannot begin.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum FitError {
    /// The observations.
    Data(DataError),
    /// A parameter of the penalty.
    Penalty(ConfigError),
    /// Two lengths that should agree.
    Lengths {
        /// What has the wrong length.
        what: &'static str,
        /// The length it should have.
        expected: usize,
        /// The length it has.
        found: usize,
    },
    /// A penalty factor is negative or not finite: its index.
    Factor(usize),
    /// Bounds are not `low ≤ 0 ≤ high` with `low < high`: their index.
    Bounds(usize),
    /// No coefficient belongs to this group.
    Group(usize),
    /// λ, or a ratio of the grid, is negative or not finite: its index.
    Lambda(usize),
    /// A setting is out of its range: its name.
    Setting(&'static str),
    /// No column varies, or all penalties are zero, so that no λ is the largest.
    NothingToPenalize,
    /// Less than two folds, or more than there are observations.
    Folds {
        /// K.
        folds: usize,
        /// n.
        observations: usize,
    },
    /// No observation of positive weight is held out in this fold.
    EmptyFold(usize),
    /// What this fold leaves to train on cannot be fitted.
    Fold(usize, DataError),
    /// A column of the design has an entry that is not finite, or too large to be squared: its index.
    Column(usize),
}

impl fmt::Display for FitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Data(error) => write!(f, "{error}"),
            Self::Penalty(error) => write!(f, "penalty: {error:?} is out of its range"),
            Self::Lengths { what, expected, found } => write!(f, "{what}: {expected} expected, {found} found"),
            Self::Factor(j) => write!(f, "penalty factor {j} must be finite and not negative"),
            Self::Bounds(j) => write!(f, "bounds {j} must satisfy low ≤ 0 ≤ high and low < high"),
            Self::Group(g) => write!(f, "no coefficient belongs to group {g}: number the groups 0, 1, 2, …"),
            Self::Lambda(k) => write!(f, "λ number {k} must be finite and not negative"),
            Self::Setting(name) => write!(f, "the setting {name} is out of its range"),
            Self::NothingToPenalize => {
                write!(f, "no λ to start from: every column is constant, uncorrelated with the response, or free")
            }
            Self::Folds { folds, observations } => {
                write!(f, "{folds} folds of {observations} observations: at least 2, and an observation for each")
            }
            Self::EmptyFold(k) => {
                write!(f, "fold {k} has no observation of positive weight: number the folds 0, 1, 2, …")
            }
            Self::Fold(k, error) => write!(f, "without fold {k}: {error}"),
            Self::Column(j) => {
                write!(f, "column {j} has an entry that is not finite, or too large to be squared: check or rescale it")
            }
        }
    }
}

impl std::error::Error for FitError {}

impl From<DataError> for FitError {
    fn from(error: DataError) -> Self {
        Self::Data(error)
    }
}
