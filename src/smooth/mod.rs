//! Smooth objectives: `minimize f(x)` from values, gradients and, for some methods, second derivatives.

mod bfgs;
#[allow(clippy::indexing_slicing, reason = "indices run over 0..N; the link probe proves that no panic is left")]
mod bounded_lbfgs;
mod conjugate_gradient;
mod cubic_regularization;
mod descent;
pub mod diagnostics;
mod gradient_descent;
mod krylov_saddle_free;
mod lanczos;
mod lbfgs;
mod natural_gradient;
mod negative_curvature;
mod newton;
mod newton_cg;
mod newton_state;
mod point;
mod regularized_newton;
mod saddle_free_newton;
mod symmetric_rank_one;
#[allow(clippy::indexing_slicing, reason = "indices run over 0..N")]
mod trust_region;

pub use bfgs::{Bfgs, BfgsState};
pub use bounded_lbfgs::{BoundedLbfgs, BoundedLbfgsState};
pub use conjugate_gradient::{ConjugateGradient, ConjugateGradientState, ConjugateRule};
pub use cubic_regularization::CubicRegularization;
pub use gradient_descent::{GradientDescent, GradientDescentState};
pub use krylov_saddle_free::{KrylovSaddleFree, KrylovSaddleFreeState};
pub use lbfgs::{Lbfgs, LbfgsState};
pub use natural_gradient::NaturalGradient;
pub use negative_curvature::{NegativeCurvature, NegativeCurvatureState};
pub use newton::NewtonTrustRegion;
pub use newton_cg::{NewtonCg, NewtonCgState};
pub use newton_state::NewtonState;
pub use regularized_newton::RegularizedNewton;
pub use saddle_free_newton::SaddleFreeNewton;
pub use symmetric_rank_one::{SymmetricRankOne, SymmetricRankOneState};
