//! Smooth objectives: `minimize f(x)` from values, gradients and, for some methods, second derivatives.

mod gradient_descent;
mod point;
#[allow(clippy::indexing_slicing, reason = "indices run over 0..N")]
mod trust_region;

pub use gradient_descent::{GradientDescent, GradientDescentState};
