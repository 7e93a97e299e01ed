//! Composite problems `minimize F(x) = f(x) + p(x)`: a smooth f by its oracle, a penalty p by its proximal operator.
//!
//! All methods stop on the same measure, [`Penalty::gap`](crate::penalty::Penalty::gap): the distance of `-∇f(x)` to the
//! subdifferential `∂p(x)`.

mod cyclic_block_coordinate;
mod fista;
mod fractional_coordinate;
mod memory;
mod nonconvex_accelerated;
mod panoc;
mod point;
mod proximal_conjugate_gradient;
mod proximal_gradient;
mod proximal_newton;
mod proximal_quasi_newton;
mod spectral_projected_gradient;
#[allow(clippy::indexing_slicing, reason = "indices run over 0..N; the link probe proves that no panic is left")]
mod subproblem;
mod variance_reduced_coordinate;

pub use cyclic_block_coordinate::{CyclicBlockCoordinate, CyclicState};
pub use fista::{Fista, FistaState, Restart};
pub use fractional_coordinate::{FractionalCoordinate, FractionalRule, FractionalState};
pub use nonconvex_accelerated::{Damping, NonconvexAccelerated, NonconvexAcceleratedState};
pub use panoc::{Panoc, PanocState};
pub(crate) use point::haze;
pub use proximal_conjugate_gradient::{ProximalConjugateGradient, ProximalConjugateGradientState};
pub use proximal_gradient::{ProximalGradient, ProximalGradientState};
pub use proximal_newton::{ProximalNewton, ProximalNewtonState};
pub use proximal_quasi_newton::{ProximalQuasiNewton, ProximalQuasiNewtonState};
pub use spectral_projected_gradient::{SpectralProjectedGradient, SpectralState};
pub use variance_reduced_coordinate::{VarianceReducedCoordinate, VarianceReducedState};
