//! A strength of its own for every coordinate.

use nalgebra::SVector;

use crate::linalg::entries;
use crate::penalty::scalar::weight;
use crate::penalty::{
    CappedL1, ElasticNet, HalfPower, Hinge, Huber, L0, L1, LogSum, Mcp, Penalty, Quantile, Ridged, Scad, ScalarPenalty,
    Scaled, Separable, SquaredL2, TwoThirdsPower,
};
use crate::real::Real;
use crate::step::ConfigError;

/// A penalty with a strength that can be multiplied, as for penalty factors and paths.
pub trait Strength<T: Real>: ScalarPenalty<T> + Copy {
    /// The same penalty with its strength times `factor`, zero or more.
    #[must_use]
    fn strengthened(self, factor: T) -> Self;
}

macro_rules! strength {
    ($($name:ident),*) => { $(
        impl<T: Real> Strength<T> for $name<T> {
            fn strengthened(mut self, factor: T) -> Self {
                self.strength *= factor;
                self
            }
        }
    )* };
}

strength!(L1, SquaredL2, L0, HalfPower, TwoThirdsPower, Scad, Mcp, CappedL1, LogSum, Huber, Hinge, Quantile);

/// Both parts are multiplied, as the penalty factors of glmnet do.
impl<T: Real> Strength<T> for ElasticNet<T> {
    fn strengthened(self, factor: T) -> Self {
        Self { strength: factor * self.strength, ridge: factor * self.ridge }
    }
}

/// The strength of the penalty is multiplied; the factor on the whole is not.
impl<T: Real, P: Strength<T>> Strength<T> for Scaled<P, T> {
    fn strengthened(self, factor: T) -> Self {
        Self { penalty: self.penalty.strengthened(factor), ..self }
    }
}

/// Both parts are multiplied, as in the elastic net.
impl<T: Real, P: Strength<T>> Strength<T> for Ridged<P, T> {
    fn strengthened(self, factor: T) -> Self {
        Self { penalty: self.penalty.strengthened(factor), ridge: factor * self.ridge }
    }
}

/// `p(x) = Σ sⱼ(xⱼ)`, where `sⱼ` is `penalty` with its strength times `weights[j]`; zero leaves a coordinate free, as are
/// those beyond the last weight.
///
/// For SCAD and MCP this is not the same as a multiple of the whole penalty, which is [`Scaled`](crate::penalty::Scaled).
///
/// ```
/// use thalweg::penalty::{L1, Penalty, Weighted};
/// let mut x = [3.0, -0.5, -2.0];
/// Weighted { penalty: L1 { strength: 1.0 }, weights: [2.0, 1.0, 0.0].into() }.prox(&mut x, 1.0);
/// assert_eq!(x, [1.0, 0.0, -2.0]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(bound(
        serialize = "T: Real + serde::Serialize, S: serde::Serialize",
        deserialize = "T: Real + serde::de::DeserializeOwned, S: serde::Deserialize<'de>"
    ))
)]
pub struct Weighted<S, T: Real, const N: usize> {
    /// The penalty of a coordinate with weight 1.
    pub penalty: S,
    /// The factors. Zero or more, finite.
    pub weights: SVector<T, N>,
}

impl<S: Strength<T>, T: Real, const N: usize> Weighted<S, T, N> {
    /// The penalty of coordinate j, if it has a weight.
    fn at(&self, j: usize) -> Option<S> {
        entries(&self.weights).get(j).map(|&weight| self.penalty.strengthened(weight))
    }

    /// The penalties of all coordinates that have one.
    fn all(&self) -> impl Iterator<Item = S> {
        entries(&self.weights).iter().map(|&weight| self.penalty.strengthened(weight))
    }
}

impl<S: Strength<T>, T: Real, const N: usize> Penalty<T> for Weighted<S, T, N> {
    fn value(&self, x: &[T]) -> T {
        x.iter().zip(self.all()).fold(T::ZERO, |sum, (&x, penalty)| sum + penalty.value(x))
    }

    fn prox(&self, x: &mut [T], rate: T) {
        for (x, penalty) in x.iter_mut().zip(self.all()) {
            *x = penalty.prox(*x, rate);
        }
    }

    fn gap(&self, x: &[T], g: &mut [T]) -> T {
        for (j, (&x, g)) in x.iter().zip(g.iter_mut()).enumerate() {
            *g = self.gap_at(j, x, *g);
        }
        x.iter().zip(g).fold(T::ZERO, |sum, (_, g)| sum + g.squared()).sqrt()
    }

    fn convexity(&self) -> T {
        self.all().map(|penalty| penalty.convexity()).fold(T::INFINITY, T::min)
    }

    fn validate(&self) -> Result<(), ConfigError> {
        self.weights.iter().try_for_each(|&factor| weight(factor))?;
        self.penalty.validate()
    }
}

impl<S: Strength<T>, T: Real, const N: usize> Separable<T> for Weighted<S, T, N> {
    fn value_at(&self, j: usize, x: T) -> T {
        self.at(j).map_or(T::ZERO, |penalty| penalty.value(x))
    }

    fn prox_at(&self, j: usize, x: T, rate: T) -> T {
        self.at(j).map_or(x, |penalty| penalty.prox(x, rate))
    }

    fn gap_at(&self, j: usize, x: T, g: T) -> T {
        self.at(j).map_or(g.abs(), |penalty| penalty.gap(x, g))
    }
}
