//! What a function looks like around a point, and between two: curvature, sharpness, barriers, the kind of a stationary point.
//!
//! | | asks | tells |
//! |---|---|---|
//! | [`Spectrum`] | K products, one a step | the extreme eigenvalues of the Hessian |
//! | [`SpectralDensity`] | V times K products, one a step | how the eigenvalues are spread, and which are outliers |
//! | [`PowerIteration`] | products, one a step | the eigenvalue of largest magnitude, in two vectors |
//! | [`Hutchinson`] | products, one a step | trace and diagonal of the Hessian |
//! | [`Sharpness`] | nothing: it is fed | whether gradient descent runs at the edge of stability |
//! | [`StraightPath`] | values, one a step | monotone or not between two points, the barrier, the lowest point |
//! | [`Surface`] | values, one a step | the function over the plane through three points |
//! | [`second_order`] | one Hessian | minimum, saddle and its index, maximum, or degenerate |
//!
//! A machine's `step` makes one oracle call, before it changes anything, and says whether it was the last one.

mod hutchinson;
mod power_iteration;
mod second_order;
mod sharpness;
mod spectral_density;
mod spectrum;
mod straight_path;
mod surface;

pub use hutchinson::Hutchinson;
pub use power_iteration::PowerIteration;
pub use second_order::{SecondOrder, Verdict, second_order};
pub use sharpness::{Sharpness, Stability};
pub use spectral_density::SpectralDensity;
pub use spectrum::{Ritz, Spectrum};
pub use straight_path::{StraightPath, path_coordinates};
pub use surface::{Height, Surface};
