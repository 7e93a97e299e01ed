//! Smooth objectives: `minimize f(x)` from values, gradients and, for some methods, second derivatives.

mod accelerated_gradient;
#[allow(clippy::indexing_slicing, reason = "indices run over 0..M; the link probe proves that no panic is left")]
mod anderson;
mod barzilai_borwein;
mod dual_averaging;
mod fixed_rate;
mod fractional_memory;
mod geometric_descent;
mod gradient_descent;
mod heavy_ball;
mod mirror;
mod mirror_descent;
mod mirror_prox;
mod nesterov;
mod normalized_descent;
mod perturbed_descent;
mod point;
mod polyak;
mod quasar_convex;
mod relaxation;
mod relaxation_bandit;
mod walk;

pub use accelerated_gradient::{AcceleratedGradient, AcceleratedGradientState, Aggregation};
pub use anderson::{Anderson, AndersonState};
pub use barzilai_borwein::{BarzilaiBorwein, BarzilaiBorweinState, SpectralRate};
pub use dual_averaging::{DualAveraging, DualAveragingState};
pub use fixed_rate::{FixedRate, FixedRateState};
pub use fractional_memory::{FractionalMemory, FractionalMemoryState};
pub use geometric_descent::{GeometricDescent, GeometricDescentState};
pub use gradient_descent::{GradientDescent, GradientDescentState};
pub use heavy_ball::{HeavyBall, HeavyBallState};
pub use mirror::{Entropy, Euclidean, MirrorMap, PNorm};
pub use mirror_descent::{MirrorDescent, MirrorDescentState};
pub use mirror_prox::{MirrorProx, MirrorProxState};
pub use nesterov::{Momentum, Nesterov, NesterovState};
pub use normalized_descent::{NormalizedDescent, NormalizedDescentState};
pub use perturbed_descent::{PerturbedDescent, PerturbedDescentState};
pub use polyak::{Polyak, PolyakState};
pub use quasar_convex::{QuasarConvex, QuasarConvexState};
pub use relaxation::{OverRelaxation, OverRelaxationState};
pub use relaxation_bandit::RelaxationBandit;
pub use walk::Restart;
