//! Smooth objectives: `minimize f(x)` from values, gradients and, for some methods, second derivatives.

mod barzilai_borwein;
mod fixed_rate;
mod gradient_descent;
mod heavy_ball;
mod nesterov;
mod normalized_descent;
mod point;
mod polyak;
mod walk;

pub use barzilai_borwein::{BarzilaiBorwein, BarzilaiBorweinState, SpectralRate};
pub use fixed_rate::{FixedRate, FixedRateState};
pub use gradient_descent::{GradientDescent, GradientDescentState};
pub use heavy_ball::{HeavyBall, HeavyBallState};
pub use nesterov::{Momentum, Nesterov, NesterovState};
pub use normalized_descent::{NormalizedDescent, NormalizedDescentState};
pub use polyak::{Polyak, PolyakState};
pub use walk::Restart;
