//! One axis of a figure: what it shows, and how its numbers are written.

use std::ops::Range;

/// The smallest and the largest finite value.
pub fn extent(values: impl Iterator<Item = f64>) -> (f64, f64) {
    values.filter(|v| v.is_finite()).fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)))
}

/// The middle of an axis and how far it reaches to both sides.
pub struct Axis {
    label: String,
    middle: f64,
    half: f64,
}

impl Axis {
    pub fn over(label: String, values: impl Iterator<Item = f64>) -> Self {
        let (low, high) = extent(values);
        let (middle, half) = (0.5 * low + 0.5 * high, 0.5 * high - 0.5 * low);
        // Below this share of the middle coordinates would be rounding errors.
        let least = if half > 0.0 { 1e-9 } else { 0.1 };
        Self { label, middle, half: (1.06 * half).max(least * middle.abs()).max(f64::MIN_POSITIVE.sqrt()) }
    }

    /// A round number near the middle, which is subtracted before drawing where the axis is far from zero: the library
    /// loops forever over ticks that are closer than rounding.
    pub fn base(&self) -> f64 {
        let step = 10_f64.powf(self.half.log10().ceil());
        (self.middle / step).round() * step
    }

    /// Whether the library can find ticks.
    pub fn drawable(&self) -> bool {
        (1e-150..1e150).contains(&self.half) && self.middle.is_finite()
    }

    /// Whether all ticks would read the same.
    fn far(&self) -> bool {
        self.base().abs() > 1e4 * self.half
    }

    pub fn range(&self) -> Range<f64> {
        let middle = self.middle - self.base();
        middle - self.half..middle + self.half
    }

    pub fn title(&self) -> String {
        if self.far() { format!("{} {:+}", self.label, -self.base()) } else { self.label.clone() }
    }

    pub fn tick(&self, value: f64) -> String {
        let value = if self.far() { value } else { self.base() + value };
        // No negative zero, and no rounding error in the place of zero.
        let value = if value.abs() < 1e-9 * self.half { 0.0 } else { value };
        let digits = self.half.log10().floor();
        if !(-4.0..6.0).contains(&digits) || value.abs() >= 1e7 {
            return format!("{value:.2e}");
        }
        let decimals = (1.0 - digits).max(0.0) as usize;
        format!("{value:.decimals$}")
    }
}
