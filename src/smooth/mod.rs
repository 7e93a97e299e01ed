//! Smooth objectives: `minimize f(x)` from values, gradients and, for some methods, second derivatives.

mod bfgs;
#[allow(clippy::indexing_slicing, reason = "indices run over 0..N; the link probe proves that no panic is left")]
mod bounded_lbfgs;
mod conjugate_gradient;
mod descent;
mod gradient_descent;
mod lbfgs;
mod point;
mod symmetric_rank_one;
#[allow(clippy::indexing_slicing, reason = "indices run over 0..N")]
mod trust_region;

pub use bfgs::{Bfgs, BfgsState};
pub use bounded_lbfgs::{BoundedLbfgs, BoundedLbfgsState};
pub use conjugate_gradient::{ConjugateGradient, ConjugateGradientState, ConjugateRule};
pub use gradient_descent::{GradientDescent, GradientDescentState};
pub use lbfgs::{Lbfgs, LbfgsState};
pub use symmetric_rank_one::{SymmetricRankOne, SymmetricRankOneState};
