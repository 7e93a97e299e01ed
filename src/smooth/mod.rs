//! Smooth objectives.

mod gradient_descent;

pub use gradient_descent::{GradientDescent, GradientDescentState};
