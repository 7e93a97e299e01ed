//! Composite problems `minimize F(x) = f(x) + p(x)`: a smooth f by its oracle, a penalty p by its proximal operator.
//!
//! All methods stop on the same measure, [`Penalty::gap`](crate::penalty::Penalty::gap): the distance of `-∇f(x)` to the
//! subdifferential `∂p(x)`.

mod proximal_gradient;

pub(crate) use proximal_gradient::haze;
pub use proximal_gradient::{ProximalGradient, ProximalGradientState};
