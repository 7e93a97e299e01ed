//! Which directions have been seen: a map of the sphere in regions of equal area.

use crate::real::Real;

const BANDS: usize = 4;
const SECTORS: usize = 8;

/// The number of regions: 4 bands of equal height, each cut into 8 sectors. By Archimedes all have the same area.
pub const REGIONS: usize = BANDS * SECTORS;

/// How many samples point into each region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Coverage {
    counts: [u32; REGIONS],
}

impl Coverage {
    /// No direction seen.
    #[must_use]
    pub const fn new() -> Self {
        Self { counts: [0; REGIONS] }
    }

    /// The region of a direction of any length; `None` for the zero vector and for components that are not finite.
    ///
    /// Region `8 b + s` lies in band `b`, from the south pole up, and sector `s`, from the first axis counterclockwise.
    pub fn region<T: Real>(direction: [T; 3]) -> Option<usize> {
        let [x, y, z] = direction;
        let length = (x * x + y * y + z * z).sqrt();
        if !(length > T::ZERO && length.is_finite()) {
            return None;
        }
        let height = z / length;
        let band = [-T::HALF, T::ZERO, T::HALF].iter().filter(|limit| height >= **limit).count();
        // Quadrant and octant by comparisons: no arc tangent needed.
        let sector = match (y >= T::ZERO, x >= T::ZERO) {
            (true, true) => usize::from(y > x),
            (true, false) => 2 + usize::from(y <= -x),
            (false, false) => 4 + usize::from(-y > -x),
            (false, true) => 6 + usize::from(-y <= x),
        };
        Some(band * SECTORS + sector)
    }

    /// Counts a direction.
    pub fn add<T: Real>(&mut self, direction: [T; 3]) {
        if let Some(count) = Self::region(direction).and_then(|region| self.counts.get_mut(region)) {
            *count = count.saturating_add(1);
        }
    }

    /// The samples in a region; zero for a region that does not exist.
    #[must_use]
    pub fn count(&self, region: usize) -> u32 {
        self.counts.get(region).copied().unwrap_or(0)
    }

    /// The samples in every region.
    #[must_use]
    pub const fn counts(&self) -> &[u32; REGIONS] {
        &self.counts
    }

    /// The share of regions with at least one sample, from 0 to 1.
    pub fn fraction<T: Real>(&self) -> T {
        T::of_usize(self.counts.iter().filter(|count| **count > 0).count()) / T::of_usize(REGIONS)
    }
}

impl Default for Coverage {
    fn default() -> Self {
        Self::new()
    }
}
