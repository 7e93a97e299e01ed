//! Problems with constraints: dense quadratic and linear programs.
//!
//! | method | for |
//! |---|---|
//! | [`DualActiveSet`] | small dense quadratic and linear programs, solved again and again: the control loop |
//!
//! The data are a [`QuadraticProgram`]; [`FactoredProgram`] is what a control loop keeps of them.

mod dual_active_set;
#[allow(clippy::indexing_slicing, reason = "indices run over 0..N; the link probe proves that no panic is left")]
mod factored_program;
#[allow(clippy::indexing_slicing, reason = "indices run over 0..N; the link probe proves that no panic is left")]
mod quadratic_program;
mod working_set;

pub use dual_active_set::{DualActiveSet, DualActiveSetState};
pub use factored_program::FactoredProgram;
pub use quadratic_program::{KktResidual, QuadraticProgram};
pub use working_set::Active;
