//! The samples of the measured problems, the same on every machine: `f64` arithmetic without contraction, rounded by
//! whoever takes them.

/// A 64-bit linear congruential generator.
pub struct Random(pub u64);

impl Random {
    /// Uniform in [0, 1).
    pub fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Nearly normal, of unit variance: twelve uniform numbers less their mean.
    pub fn gauss(&mut self) -> f64 {
        (0..12).fold(0.0, |sum, _| sum + self.uniform()) - 6.0
    }

    /// A direction, by rejection from the cube.
    pub fn direction(&mut self) -> [f64; 3] {
        loop {
            let u = [(); 3].map(|()| 2.0 * self.uniform() - 1.0);
            let square = u[0] * u[0] + u[1] * u[1] + u[2] * u[2];
            if (0.01..=1.0).contains(&square) {
                let norm = libm::sqrt(square);
                return u.map(|c| c / norm);
            }
        }
    }
}

/// Readings of a magnetometer with soft iron, an offset and noise, without end.
pub fn ellipsoid() -> impl Iterator<Item = [f64; 3]> {
    const SOFT_IRON: [[f64; 3]; 3] = [[0.88, -0.06, 0.04], [-0.06, 1.12, -0.03], [0.04, -0.03, 0.95]];
    const OFFSET: [f64; 3] = [0.35, -0.60, 0.22];
    let mut random = Random(12345);
    core::iter::repeat_with(move || {
        let u = random.direction();
        core::array::from_fn(|k| {
            let row = SOFT_IRON[k];
            row[0] * u[0] + row[1] * u[1] + row[2] * u[2] + OFFSET[k] + 0.01 * random.gauss()
        })
    })
}

/// Readings of a tumbling magnetometer in microtesla: those of [`ellipsoid`] in a field of 50, every fortieth a spike.
pub fn tumbling() -> impl Iterator<Item = [f64; 3]> {
    ellipsoid().enumerate().map(|(k, [x, y, z])| {
        let spike = if k % 40 == 39 { 4.0 } else { 0.0 };
        [50.0 * (x + spike), 50.0 * y, 50.0 * z]
    })
}

/// Points on a noisy sphere, without end.
pub fn sphere() -> impl Iterator<Item = [f64; 3]> {
    const CENTRE: [f64; 3] = [0.4, -0.25, 0.6];
    let mut random = Random(2024);
    core::iter::repeat_with(move || {
        let u = random.direction();
        core::array::from_fn(|k| 1.3 * u[k] + CENTRE[k] + 0.01 * random.gauss())
    })
}

/// NIST StRD, Misra1a: volume and pressure in a study of dental adsorption, as (x, y).
pub const MISRA1A: [[f64; 2]; 14] = [
    [77.6, 10.07],
    [114.9, 14.73],
    [141.1, 17.94],
    [190.8, 23.93],
    [239.9, 29.61],
    [289.0, 35.18],
    [332.8, 40.02],
    [378.4, 44.82],
    [434.8, 50.76],
    [477.3, 55.05],
    [536.8, 61.01],
    [593.1, 66.40],
    [689.1, 75.47],
    [760.0, 81.78],
];
