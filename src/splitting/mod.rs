//! Operator splitting: minimize a sum of terms of which each is simple and the sum is not.
//!
//! | method | problem | asks the oracle for |
//! |---|---|---|
//! | [`DouglasRachford`] | `f(x) + p(x)` | the proximal operator of f, [`Proximal`] |
//! | [`Admm`] | `f(x) + p(Kx)` | a minimizer of f with a quadratic in Kx, [`Augmented`] |
//! | [`PrimalDual`] | `q(x) + p(Kx)` | products with K and its transpose, [`Operator`] |
//! | [`DavisYin`] | `f(x) + q(x) + p(x)` | the gradient of f, [`Smooth`](crate::problem::Smooth) |
//! | [`AlternatingProjections`], [`Dykstra`] | a point of an intersection of sets, the nearest one | one projection, [`Projections`] |
//!
//! These methods do not lower a value from step to step. They end when their residuals are small, which certifies the
//! point; the best point is the one with the smallest residual so far.

mod admm;
#[allow(clippy::indexing_slicing, reason = "indices run over 0..N; the link probe proves that no panic is left")]
mod augmented;
mod best;
mod davis_yin;
mod douglas_rachford;
mod dykstra;
mod operator;
mod primal_dual;
mod projections;
#[allow(clippy::indexing_slicing, reason = "indices run over 0..N; the link probe proves that no panic is left")]
mod proximal;
mod wrapped;

pub use admm::{Admm, AdmmState};
pub use augmented::{Augmented, Coupled, Direct};
pub use davis_yin::{DavisYin, DavisYinState};
pub use douglas_rachford::{DouglasRachford, DouglasRachfordState};
pub use dykstra::{Dykstra, DykstraState};
pub use operator::{Matrix, Operator};
pub use primal_dual::{PrimalDual, PrimalDualState};
pub use projections::{AlternatingProjections, AlternatingProjectionsState, Projections, Sets};
pub use proximal::{Proximal, ProximalQuadratic, Simple};
