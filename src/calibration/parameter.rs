//! The parameters of the ellipsoid by name.

use core::fmt;

use crate::calibration::Calibration;
use crate::real::Real;

/// A parameter of the model `‖U(m - b)‖ = field`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Parameter {
    /// The common scale, `U₀₀`.
    Scale,
    /// The scale of y beside that of x, `U₁₁ - U₀₀`.
    ScaleY,
    /// The scale of z beside that of x, `U₂₂ - U₀₀`.
    ScaleZ,
    /// The misalignment of x and y, `U₀₁`.
    MisalignmentXY,
    /// The misalignment of x and z, `U₀₂`.
    MisalignmentXZ,
    /// The misalignment of y and z, `U₁₂`.
    MisalignmentYZ,
    /// The offset along x.
    OffsetX,
    /// The offset along y.
    OffsetY,
    /// The offset along z.
    OffsetZ,
}

impl Parameter {
    /// All parameters, in the order of [`Calibration::excitation`].
    pub const ALL: [Self; 9] = [
        Self::Scale,
        Self::ScaleY,
        Self::ScaleZ,
        Self::MisalignmentXY,
        Self::MisalignmentXZ,
        Self::MisalignmentYZ,
        Self::OffsetX,
        Self::OffsetY,
        Self::OffsetZ,
    ];
}

impl fmt::Display for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Scale => "the scale",
            Self::ScaleY => "the scale of y beside x",
            Self::ScaleZ => "the scale of z beside x",
            Self::MisalignmentXY => "the misalignment of x and y",
            Self::MisalignmentXZ => "the misalignment of x and z",
            Self::MisalignmentYZ => "the misalignment of y and z",
            Self::OffsetX => "the offset along x",
            Self::OffsetY => "the offset along y",
            Self::OffsetZ => "the offset along z",
        })
    }
}

impl<T: Real> Calibration<T> {
    /// The parameter that the samples excite least, and how much: turn the sensor so that it shows.
    #[must_use]
    pub fn least_excited(&self) -> (Parameter, T) {
        let mut least = (Parameter::Scale, T::INFINITY);
        for (parameter, &excitation) in Parameter::ALL.into_iter().zip(&self.excitation) {
            if excitation < least.1 {
                least = (parameter, excitation);
            }
        }
        least
    }
}
