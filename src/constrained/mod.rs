//! Constrained problems.

mod frank_wolfe;

pub use frank_wolfe::{FrankWolfe, FrankWolfeState, LinearMinimization};
