//! Penalties and sets, each known by its proximal operator: the nonsmooth half of `minimize f(x) + p(x)`.
//!
//! A set is the penalty that is zero on it and infinite elsewhere; its proximal operator is the projection, at any rate.
//! A penalty of one number is a [`ScalarPenalty`]; [`Each`] makes a [`Penalty`] of it. Slices are all they see, so the same
//! penalty runs on a fixed array and on a column of any length.
//!
//! | of | penalties |
//! |---|---|
//! | one number, convex | [`Zero`], [`L1`], [`SquaredL2`], [`ElasticNet`], [`Huber`], [`Hinge`], [`Quantile`], [`LogBarrier`], [`Entropy`], [`Interval`] |
//! | one number, nonconvex | [`Scad`], [`Mcp`], [`CappedL1`], [`LogSum`], [`HalfPower`], [`TwoThirdsPower`], [`L0`] |
//! | a group | [`Radial`] (group lasso, group MCP, group SCAD), [`SparseGroup`], [`LInfinity`] |
//! | a sequence, or by rank | [`TotalVariation`], [`Isotonic`], [`SortedL1`] (SLOPE, OSCAR), [`SumLargest`], [`Permutahedron`], [`Cardinality`] |
//! | balls and simplices | [`L1Ball`], [`L2Ball`], `Each(Interval::symmetric(r))`, [`Simplex`], [`CappedSimplex`], [`Bounds`](crate::least_squares::Bounds) |
//! | planes and cones | [`HalfSpace`], [`Hyperplane`], [`AffineSet`], [`SecondOrderCone`], [`ExponentialCone`], [`Semidefinite`] |
//! | a matrix | [`Spectral`] (nuclear norm of [`L1`], rank of [`L0`]) |
//!
//! | calculus | |
//! |---|---|
//! | [`Weighted`] | a factor on the strength of each coordinate |
//! | [`Scaled`], [`Ridged`] | `c · p(x)`, `p(x) + ½μ‖x‖²` |
//! | [`Tilted`], [`Translated`], [`Rotated`] | `p(x) + ⟨c, x⟩`, `p(x - c)`, `p(Q x)` |
//! | [`Groups`], [`Blocks`] | one penalty on every group, different ones on two parts |
//! | [`Conjugate`], [`MoreauEnvelope`] | `p*`, and p made smooth |

mod ball;
mod barrier;
mod cardinality;
#[allow(clippy::indexing_slicing, reason = "indices run over 0..N; the link probe proves that no panic is left")]
mod cone;
mod conjugate;
mod each;
mod envelope;
mod exponential_cone;
mod folded;
mod groups;
mod interval;
mod isotonic;
mod loss;
mod nonconvex;
#[allow(clippy::indexing_slicing, reason = "indices run over 0..M; the link probe proves that no panic is left")]
mod plane;
mod power;
mod radial;
mod scalar;
mod scaled;
mod shifted;
mod simplex;
#[allow(clippy::indexing_slicing, reason = "indices run over 0..N; the link probe proves that no panic is left")]
mod sorted;
#[allow(clippy::indexing_slicing, reason = "indices run over 0..N; the link probe proves that no panic is left")]
mod spectral;
mod threshold;
mod variation;
mod weighted;

pub use ball::{L1Ball, L2Ball, LInfinity};
pub use barrier::{Entropy, LogBarrier};
pub use cardinality::Cardinality;
pub use cone::{SecondOrderCone, Semidefinite};
pub use conjugate::{Conjugate, Convex, ScalarConvex};
pub use each::Each;
pub use envelope::MoreauEnvelope;
pub use exponential_cone::ExponentialCone;
pub use folded::{Folded, Mcp, Scad};
pub use groups::{Blocks, Groups};
pub use interval::Interval;
pub use isotonic::Isotonic;
pub use loss::{Hinge, Huber, Quantile};
pub use nonconvex::{CappedL1, L0, LogSum};
pub use plane::{AffineSet, HalfSpace, Hyperplane};
pub use power::{HalfPower, TwoThirdsPower};
pub use radial::{Radial, SparseGroup};
pub use scalar::{ElasticNet, L1, SquaredL2, Zero};
pub use scaled::{Ridged, Scaled};
pub use shifted::{Rotated, Tilted, Translated};
pub use simplex::{CappedSimplex, Simplex, SumLargest};
pub use sorted::{Permutahedron, SortedL1};
pub use spectral::Spectral;
pub use variation::TotalVariation;
pub use weighted::{Strength, Weighted};

use crate::real::Real;
use crate::step::ConfigError;

/// A penalty `p` of one number.
pub trait ScalarPenalty<T: Real> {
    /// `p(x)`; infinite outside the domain.
    fn value(&self, x: T) -> T;

    /// A minimizer over z of `½(z - x)² + rate · p(z)`, the global one at every positive rate. Where two tie, the one nearer
    /// to zero.
    fn prox(&self, x: T, rate: T) -> T;

    /// The distance of `-g` to the (limiting) subdifferential `∂p(x)`: zero where x is stationary for `f + p` with
    /// `f′(x) = g`, infinite outside the domain.
    fn gap(&self, x: T, g: T) -> T;

    /// The modulus of convexity: the largest μ for which `p(x) - ½μx²` is convex. Zero for a convex penalty, negative for
    /// a nonconvex one, minus infinity if no finite μ does.
    fn convexity(&self) -> T;

    /// Checks the documented ranges of the fields.
    ///
    /// # Errors
    /// The first range that does not hold.
    fn validate(&self) -> Result<(), ConfigError>;
}

/// A penalty `p` of a vector.
pub trait Penalty<T: Real> {
    /// `p(x)`; infinite outside the domain.
    fn value(&self, x: &[T]) -> T;

    /// Overwrites x with a minimizer over z of `½‖z - x‖² + rate · p(z)`, the global one at every positive rate.
    fn prox(&self, x: &mut [T], rate: T);

    /// The distance of `-g` to the (limiting) subdifferential `∂p(x)`: zero where x is stationary for `f + p` with
    /// `∇f(x) = g`, infinite outside the domain; `g` may then hold anything.
    ///
    /// Provided for convex penalties without a short formula: the natural residual `‖x - prox(x - g)‖` at rate 1, which is at
    /// most that distance and zero at the same points.
    fn gap(&self, x: &[T], g: &mut [T]) -> T {
        for (g, &x) in g.iter_mut().zip(x) {
            *g = x - *g;
        }
        self.prox(g, T::ONE);
        g.iter().zip(x).fold(T::ZERO, |sum, (&z, &x)| sum + (x - z).squared()).sqrt()
    }

    /// The modulus of convexity: the largest μ for which `p(x) - ½μ‖x‖²` is convex. Zero for a convex penalty, negative for
    /// a nonconvex one, minus infinity if no finite μ does.
    fn convexity(&self) -> T;

    /// The rate below which the proximal operator is single-valued and continuous: `-1/μ` for a negative modulus of
    /// convexity μ, else infinite.
    fn rate_limit(&self) -> T {
        let convexity = self.convexity();
        if convexity < T::ZERO { -T::ONE / convexity } else { T::INFINITY }
    }

    /// Checks the documented ranges of the fields.
    ///
    /// # Errors
    /// The first range that does not hold.
    fn validate(&self) -> Result<(), ConfigError>;
}

/// A penalty that is a sum over coordinates, `p(x) = Σ pⱼ(xⱼ)`: what coordinate descent needs.
pub trait Separable<T: Real>: Penalty<T> {
    /// `pⱼ(x)`.
    fn value_at(&self, j: usize, x: T) -> T;

    /// A minimizer over z of `½(z - x)² + rate · pⱼ(z)`.
    fn prox_at(&self, j: usize, x: T, rate: T) -> T;

    /// The distance of `-g` to `∂pⱼ(x)`.
    fn gap_at(&self, j: usize, x: T, g: T) -> T;
}
