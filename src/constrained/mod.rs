//! Problems with constraints.
//!
//! | method | for |
//! |---|---|
//! | [`DualActiveSet`] | small dense quadratic and linear programs, solved again and again: the control loop |
//! | [`InteriorPoint`] | small convex quadratic programs with second-order cones |
//! | [`AugmentedLagrangian`] | a smooth function under smooth constraints and bounds |
//! | [`FrankWolfe`] | a smooth function over a compact convex set that is cheap to minimize linear functions over |
//!
//! The data of a quadratic program are a [`QuadraticProgram`]; [`FactoredProgram`] is what a control loop keeps of them.

#[allow(
    clippy::indexing_slicing,
    reason = "indices run over 0..N or 0..M; the link probe proves that no panic is left"
)]
mod augmented_lagrangian;
#[allow(clippy::indexing_slicing, reason = "indices run over 0..N; the link probe proves that no panic is left")]
mod cone_program;
mod dual_active_set;
mod dual_active_state;
mod emptiness;
#[allow(clippy::indexing_slicing, reason = "indices run over 0..N; the link probe proves that no panic is left")]
mod factored_program;
mod frank_wolfe;
mod interior_point;
mod kkt;
mod linear_minimization;
#[allow(
    clippy::indexing_slicing,
    reason = "indices run over 0..N or 0..M; the link probe proves that no panic is left"
)]
mod linearization;
mod nonlinear_program;
#[allow(clippy::indexing_slicing, reason = "indices run over 0..N; the link probe proves that no panic is left")]
mod normal_equations;
#[allow(clippy::indexing_slicing, reason = "indices run over 0..N; the link probe proves that no panic is left")]
mod quadratic_program;
mod scaling;
mod violation;
#[allow(clippy::indexing_slicing, reason = "indices run over 0..N; the link probe proves that no panic is left")]
mod working_set;

pub use augmented_lagrangian::{AugmentedLagrangian, AugmentedLagrangianState};
pub use cone_program::ConeProgram;
pub use dual_active_set::DualActiveSet;
pub use dual_active_state::DualActiveSetState;
pub use factored_program::FactoredProgram;
pub use frank_wolfe::{FrankWolfe, FrankWolfeState};
pub use interior_point::{InteriorPoint, InteriorPointState};
pub use kkt::KktResidual;
pub use linear_minimization::LinearMinimization;
pub use nonlinear_program::{ConstrainedFunction, NonlinearProgram};
pub use quadratic_program::QuadraticProgram;
pub use working_set::Active;
