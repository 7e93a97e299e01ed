//! The documented ranges of parameters, as `validate()` checks them.

use crate::real::Real;
use crate::step::ConfigError;

/// A tolerance is zero or more.
pub(crate) fn tolerance<T: Real>(tolerance: T) -> Result<(), ConfigError> {
    if tolerance >= T::ZERO { Ok(()) } else { Err(ConfigError::Tolerance) }
}

/// A rate or a factor is finite and at least so large; a least value of zero is excluded.
pub(crate) fn at_least<T: Real>(least: T, rate: T) -> Result<(), ConfigError> {
    let large = if least > T::ZERO { rate >= least } else { rate > T::ZERO };
    if large && rate.is_finite() { Ok(()) } else { Err(ConfigError::NotPositive) }
}

/// A range of rates or curvatures: both ends are positive and finite, and in order.
pub(crate) fn ordered<T: Real>(floor: T, ceiling: T) -> Result<(), ConfigError> {
    at_least(T::ZERO, floor)?;
    at_least(T::ZERO, ceiling)?;
    if floor <= ceiling { Ok(()) } else { Err(ConfigError::Bounds) }
}

/// A fraction lies strictly between zero and one.
pub(crate) fn fraction<T: Real>(fraction: T) -> Result<(), ConfigError> {
    if fraction > T::ZERO && fraction < T::ONE { Ok(()) } else { Err(ConfigError::Fraction) }
}
