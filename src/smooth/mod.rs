//! Smooth objectives: `minimize f(x)` from values, gradients and, for some methods, second derivatives.

mod cubic_regularization;
mod gradient_descent;
mod natural_gradient;
mod newton;
mod newton_state;
mod point;
mod regularized_newton;
mod saddle_free_newton;
#[allow(clippy::indexing_slicing, reason = "indices run over 0..N")]
mod trust_region;

pub use cubic_regularization::CubicRegularization;
pub use gradient_descent::{GradientDescent, GradientDescentState};
pub use natural_gradient::NaturalGradient;
pub use newton::NewtonTrustRegion;
pub use newton_state::NewtonState;
pub use regularized_newton::RegularizedNewton;
pub use saddle_free_newton::SaddleFreeNewton;
