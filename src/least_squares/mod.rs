//! Nonlinear least squares: minimize `F(x) = ½ Σ rᵢ(x)²`, data streamed, memory O(N²).
//!
//! A method chooses steps, a memory gathers data, a domain says where the parameters may lie; any of one goes with any of
//! the others, but for the dogleg method, which knows no bounds.
//!
//! | methods | memories | domains |
//! |---|---|---|
//! | [`LevenbergMarquardt`], [`Dogleg`], [`GaussNewton`] | [`StreamedState`], [`DenseState`], each with [`SquareRoot`] or [`Normal`]; [`SeparableState`] | [`Everywhere`], [`Bounds`], [`Affine`], [`UnitVector`], [`Rotation`], [`Product`] |

mod accumulate;
mod affine;
mod dense;
mod dogleg;
mod domain;
mod fit;
mod gauss_newton;
mod geodesic;
mod graduated;
mod levenberg_marquardt;
mod manifold;
mod recursive;
mod report;
mod separable;
mod strategy;
mod streamed;
mod trust_region;

pub use accumulate::{Accumulation, Normal, SquareRoot};
pub use affine::Affine;
pub use dense::DenseState;
pub use dogleg::Dogleg;
pub use domain::{Bounds, Domain, Everywhere};
pub use fit::{Fit, Gather};
pub use gauss_newton::GaussNewton;
pub use geodesic::{GeodesicLevenbergMarquardt, GeodesicState};
pub use graduated::{Graduated, GraduatedState};
pub use levenberg_marquardt::LevenbergMarquardt;
pub use manifold::{Product, Rotation, UnitVector};
pub use recursive::{Covariance, Recursion, RecursiveLeastSquares, RecursiveState, Update};
pub use report::{Analysis, Certificate, certify};
pub use separable::SeparableState;
pub use strategy::{Strategy, Tolerances};
pub use streamed::StreamedState;
