//! What can be asked for on the command line.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};

use crate::table::Format;

const EXAMPLES: &str = "\
Examples:
  sparse_path data.csv --target price --penalty mcp --cv 10 --svg path.svg
  sparse_path a9a.gz --loss logistic --lambda-ratios 0.5,0.1,0.05 --json
  zcat reads.mtx.gz | sparse_path - --response counts.csv --loss poisson";

/// Fits a penalized regression of one column on all others along a path of λ, from the largest that matters downwards.
///
/// Minimizes loss + penalty: the squared loss is a sum over 2n, all others are averages; columns are centred and scaled to mean
/// square 1, and the intercept is free. Ends with 0, 2 on bad input, 130 if interrupted (the path so far is reported). Without
/// DATA, fits a built-in problem by MCP and checks that it finds the columns that matter.
#[derive(Debug, Parser)]
#[command(name = "sparse_path", after_help = EXAMPLES)]
pub struct Arguments {
    /// The table, or - for the standard input; text in UTF-8, plain or compressed by gzip.
    ///
    /// csv: one observation a line; fields are separated by semicolons, commas, tabs or single spaces, whichever the first line
    /// has. The first line is a header if one of its fields is no number. svm: target index:value index:value …; the target is
    /// called y, the columns by their indices, which may count from 0 or 1; qid is ignored. mtx: a MatrixMarket matrix, real,
    /// integer or pattern, coordinate or array, general; its columns are called by their numbers from 1.
    ///
    /// Rows must be complete and finite. Constant columns are listed and get the coefficient 0; repeated columns are listed and
    /// kept: together they have the effect that is theirs, however it is divided.
    pub data: Option<PathBuf>,
    /// How the table is written [default: recognised by the content].
    #[arg(long, value_enum)]
    pub format: Option<Format>,
    /// The column to explain: a name, or a number from 1; for cox the time [default: y, or the first column].
    #[arg(long, value_name = "COL", conflicts_with = "response")]
    pub target: Option<String>,
    /// A second table with one column, which is the target.
    #[arg(long, value_name = "FILE")]
    pub response: Option<PathBuf>,
    /// For cox: the column that is 1 for an event and 0 where observation ended without.
    #[arg(long, value_name = "COL")]
    pub event: Option<String>,
    /// A column of weights of the observations.
    #[arg(long, value_name = "COL")]
    pub weights: Option<String>,
    /// A column that is added to the linear predictor, such as the logarithm of an exposure.
    #[arg(long, value_name = "COL")]
    pub offset: Option<String>,
    /// How residuals count. Of two classes the larger number is the positive one.
    #[arg(long, value_enum, default_value = "squared")]
    pub loss: LossName,
    /// For huber: the residual from which on the loss is linear. For quantile: the width of the smoothed corner. Both in units
    /// of the target [default: 1 and 0.01].
    #[arg(long, value_name = "SIZE", value_parser = positive)]
    pub threshold: Option<f64>,
    /// For quantile: which one, between 0 and 1.
    #[arg(long, value_name = "LEVEL", default_value = "0.5", value_parser = share)]
    pub level: f64,
    /// How coefficients count [default: l1].
    #[arg(long, value_enum)]
    pub penalty: Option<PenaltyName>,
    /// The share of l1 in the elastic net, the rest is half a square.
    #[arg(long, value_name = "SHARE", default_value = "0.5", value_parser = share)]
    pub alpha: f64,
    /// The shape of a nonconvex penalty: γ of mcp [default: 3, or 6 if the loss is not squared], a of scad [default: 3.7, or 6],
    /// the scale of logsum and the cap of capped-l1 [default: 1].
    #[arg(long, value_name = "G", value_parser = positive)]
    pub gamma: Option<f64>,
    /// How many λ, equally spaced by their logarithms.
    #[arg(long, value_name = "N", default_value = "100", value_parser = clap::value_parser!(u32).range(1..))]
    pub lambdas: u32,
    /// The smallest λ as a share of the largest [default: 0.001, or 0.01 with more columns than observations].
    #[arg(long, value_name = "R", value_parser = share)]
    pub min_ratio: Option<f64>,
    /// These shares of the largest λ instead; they are fitted from large to small.
    #[arg(long, value_name = "R,…", value_delimiter = ',', value_parser = positive, conflicts_with_all = ["lambdas", "min_ratio"])]
    pub lambda_ratios: Vec<f64>,
    /// Leave the columns as they are.
    #[arg(long)]
    pub no_standardize: bool,
    /// Fit no intercept.
    #[arg(long)]
    pub no_intercept: bool,
    /// Cross-validate with so many folds; classes are spread evenly over them.
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u16).range(2..))]
    pub cv: Option<u16>,
    /// Which folds, at random.
    #[arg(long, value_name = "S", default_value = "1", requires = "cv")]
    pub seed: u64,
    /// By which rule a λ is chosen [default: best with --cv, else ebic].
    #[arg(long, value_enum)]
    pub choose: Option<RuleName>,
    /// Stop when no coordinate is farther than this from stationary, as a share of the largest λ.
    #[arg(long, value_name = "T", default_value = "1e-7", value_parser = positive)]
    pub tol: f64,
    /// The algorithm.
    #[arg(long, value_enum, default_value = "automatic")]
    pub solver: SolverName,
    /// For nonconvex penalties: sweeps along the path, down, up, down; the best fits are kept.
    #[arg(long, value_name = "N", default_value = "1", value_parser = clap::value_parser!(u16).range(1..))]
    pub sweeps: u16,
    /// How many threads; the result has the same bits for any number [default: all].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub threads: Option<u16>,
    /// Draw the coefficients along the path.
    #[arg(long, value_name = "FILE")]
    pub svg: Option<PathBuf>,
    /// Print one JSON object instead of the report; all else goes to the standard error.
    ///
    /// It has lambda_max, solver, path (for each λ: lambda, ratio, nnz, objective, kkt in units of lambda_max, gap,
    /// deviance as the explained share, seconds), chosen (the place in path, from 0) and coefficients
    /// (standardized and original, those not zero by column) of the chosen λ; with --cv also cross_validation (folds, mean and
    /// standard_error of the deviance for each λ, best and one_standard_error as places in path).
    /// The gap bounds what the objective can still fall: the duality gap, or for a nonconvex penalty that of the convex problem
    /// in which it is replaced by its tangent.
    #[arg(long)]
    pub json: bool,
    /// Report the coefficients of every λ; in JSON as coefficients of each object in path.
    #[arg(long)]
    pub all_coefficients: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LossName {
    /// Half the square.
    Squared,
    /// Two classes.
    Logistic,
    /// Counts.
    Poisson,
    /// Half the square for small residuals, linear for large ones.
    Huber,
    /// A quantile; smoothed at zero.
    Quantile,
    /// Two classes: half the square of what a margin of 1 lacks.
    Hinge,
    /// Any number of classes.
    Multinomial,
    /// Survival times: partial likelihood, ties by Efron.
    Cox,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PenaltyName {
    L1,
    Enet,
    Mcp,
    Scad,
    /// The root of the size.
    Lhalf,
    /// The size to the power two thirds.
    Ltwothirds,
    Logsum,
    CappedL1,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RuleName {
    /// The smallest cross-validated deviance.
    Best,
    /// The largest λ within one standard error of that.
    OneSe,
    /// The information criterion of Akaike.
    Aic,
    /// The one of Schwarz.
    Bic,
    /// The extended one of Chen and Chen, for many columns.
    Ebic,
    /// The smallest λ.
    Last,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SolverName {
    Automatic,
    Gram,
    ActiveSet,
    CoordinateDescent,
    AcceleratedGradient,
    ProximalGradient,
    ConjugateGradient,
    LocalLinear,
}

impl Arguments {
    /// The penalty asked for; MCP recovers the built-in problem.
    pub fn penalty(&self) -> PenaltyName {
        self.penalty.unwrap_or(if self.data.is_some() { PenaltyName::L1 } else { PenaltyName::Mcp })
    }
}

/// The name of a choice as it is written on the command line.
pub fn name(choice: impl ValueEnum) -> String {
    choice.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
}

fn positive(text: &str) -> Result<f64, String> {
    match text.trim().parse::<f64>() {
        Ok(value) if value > 0.0 && value.is_finite() => Ok(value),
        _ => Err("give a positive number".into()),
    }
}

fn share(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if value > 0.0 && value < 1.0 => Ok(value),
        _ => Err("give a number between 0 and 1".into()),
    }
}
