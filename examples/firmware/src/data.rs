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

/// Directions, and where a rotation by 2 radians about (2, -1, 2)/3 takes them, with noise; without end.
pub fn turned() -> impl Iterator<Item = [[f64; 3]; 2]> {
    let (w, half) = (libm::cos(1.0), libm::sin(1.0) / 3.0);
    let axis = [2.0 * half, -half, 2.0 * half];
    let mut random = Random(31);
    core::iter::repeat_with(move || {
        let u = random.direction();
        let cross = |a: [f64; 3], b: [f64; 3]| {
            [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
        };
        let once = cross(axis, u);
        let twice = cross(axis, once);
        [u, core::array::from_fn(|k| u[k] + 2.0 * (w * once[k] + twice[k]) + 0.01 * random.gauss())]
    })
}

/// A voltage that falls from 5 to 1 with a rate of 0.7, as (t, y) with noise; without end.
pub fn decay() -> impl Iterator<Item = [f64; 2]> {
    let mut random = Random(7);
    let mut next = 0.0;
    core::iter::repeat_with(move || {
        let t = next;
        next += 0.25;
        [t, 4.0 * libm::exp(-0.7 * t) + 1.0 + 0.01 * random.gauss()]
    })
}

/// Four regressors and the noisy answer of a linear model, without end.
pub fn regression() -> impl Iterator<Item = [f64; 5]> {
    const TRUTH: [f64; 4] = [1.0, -2.0, 0.5, 3.0];
    let mut random = Random(99);
    core::iter::repeat_with(move || {
        let phi = [(); 4].map(|()| random.gauss());
        let y = phi.iter().zip(TRUTH).fold(0.01 * random.gauss(), |sum, (p, x)| sum + p * x);
        [phi[0], phi[1], phi[2], phi[3], y]
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
