//! Nonlinear least squares: minimize `F(x) = ½ Σ rᵢ(x)²`, data streamed, memory O(N²).

mod accumulate;
mod bounds;
mod graduated;
mod levenberg_marquardt;
mod recursive;
mod report;
mod trust_region;

pub use accumulate::{Accumulation, Normal, SquareRoot};
pub use bounds::{Bounds, Domain, Everywhere};
pub use graduated::{Graduated, GraduatedState};
pub use levenberg_marquardt::{LevenbergMarquardt, StreamedState};
pub use recursive::{Covariance, Recursion, RecursiveLeastSquares, RecursiveState, Update};
pub use report::{Analysis, Certificate, certify};
