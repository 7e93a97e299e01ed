//! Composite problems `minimize F(x) = f(x) + p(x)`: a smooth f by its oracle, a penalty p by its proximal operator.
//!
//! All methods stop on the same measure, [`Penalty::gap`](crate::penalty::Penalty::gap): the distance of `-∇f(x)` to the
//! subdifferential `∂p(x)`.
//!
//! # Why not subgradients
//!
//! Gradient steps on `f + λ‖x‖₁` with `sign(x)` for the derivative of the norm look like the same thing and are not. On a problem
//! of four coefficients, a thousand steps at the rate 0.1 leave:
//!
//! | λ | `‖x‖₁`, subgradients | zeros | `‖x‖₁`, proximal | zeros |
//! |---:|---:|---:|---:|---:|
//! | 0.2 | 1.58 | 0 | 1.54 | 3 |
//! | 0.5 | 1.06 | 0 | 1.04 | 3 |
//! | 20 | 4.04 | 0 | 0 | 4 |
//!
//! No coefficient is ever zero, because a step of λ times the rate jumps over it, and a larger penalty makes the jumps larger and with
//! them the norm that it should shrink. The proximal operator asks what the step leads to, and stops at zero.

mod cyclic_block_coordinate;
mod fista;
mod fractional_coordinate;
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
pub use proximal_conjugate_gradient::{ProximalConjugateGradient, ProximalConjugateGradientState};
pub use proximal_gradient::{ProximalGradient, ProximalGradientState};
pub use proximal_newton::{ProximalNewton, ProximalNewtonState};
pub use proximal_quasi_newton::{ProximalQuasiNewton, ProximalQuasiNewtonState};
pub use spectral_projected_gradient::{SpectralProjectedGradient, SpectralState};
pub use variance_reduced_coordinate::{VarianceReducedCoordinate, VarianceReducedState};
