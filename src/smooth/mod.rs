//! Smooth objectives: `minimize f(x)` from values, gradients and, for some methods, second derivatives.

mod gradient_descent;
mod point;

pub use gradient_descent::{GradientDescent, GradientDescentState};
