//! Smooth objectives: `minimize f(x)` from values, gradients and, for some methods, second derivatives.

mod cubic_regularization;
pub mod diagnostics;
mod gradient_descent;
mod krylov_saddle_free;
mod lanczos;
mod natural_gradient;
mod negative_curvature;
mod newton;
mod newton_cg;
mod newton_state;
mod point;
mod regularized_newton;
mod saddle_free_newton;
#[allow(clippy::indexing_slicing, reason = "indices run over 0..N")]
mod trust_region;

pub use cubic_regularization::CubicRegularization;
pub use gradient_descent::{GradientDescent, GradientDescentState};
pub use krylov_saddle_free::{KrylovSaddleFree, KrylovSaddleFreeState};
pub use natural_gradient::NaturalGradient;
pub use negative_curvature::{NegativeCurvature, NegativeCurvatureState};
pub use newton::NewtonTrustRegion;
pub use newton_cg::{NewtonCg, NewtonCgState};
pub use newton_state::NewtonState;
pub use regularized_newton::RegularizedNewton;
pub use saddle_free_newton::SaddleFreeNewton;
