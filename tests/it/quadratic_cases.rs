//! Quadratic programs that the tests share: the measured ones, random ones, and brute force over all active sets.

use nalgebra::{SMatrix, SVector};
use thalweg::Real;
use thalweg::constrained::QuadraticProgram;

/// The generator of the measured problems.
pub struct Generator(pub u64);

impl Generator {
    pub fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub fn below(&mut self, count: usize) -> usize {
        (self.next() * count as f64) as usize
    }

    /// Between -1 and 1.
    pub fn signed(&mut self) -> f64 {
        2.0 * self.next() - 1.0
    }
}

/// The same data in another precision.
pub fn rounded<T: Real, const N: usize, const M: usize>(
    program: &QuadraticProgram<f64, N, M>,
) -> QuadraticProgram<T, N, M> {
    QuadraticProgram {
        hessian: program.hessian.map(T::of_f64),
        gradient: program.gradient.map(T::of_f64),
        lower: program.lower.map(T::of_f64),
        upper: program.upper.map(T::of_f64),
        rows: program.rows.map(T::of_f64),
        row_lower: program.row_lower.map(T::of_f64),
        row_upper: program.row_upper.map(T::of_f64),
    }
}

/// Ten variables in a box.
pub fn boxed() -> QuadraticProgram<f64, 10, 0> {
    let mut random = Generator(777);
    let g = SMatrix::<f64, 10, 10>::from_row_iterator((0..100).map(|_| random.signed()));
    let f = SVector::from_iterator((0..10).map(|_| 4.0 * random.next() - 2.0));
    let mut program = QuadraticProgram::new(g.transpose() * g + SMatrix::identity() * 0.1, f);
    (program.lower, program.upper) = (SVector::repeat(-0.3), SVector::repeat(0.5));
    program
}

/// A double integrator over thirty ticks from a position and a velocity.
pub fn control(position: f64, velocity: f64) -> QuadraticProgram<f64, 30, 30> {
    let dt = 0.1;
    let lower = |k: usize, j: usize, value: f64| if j <= k { value } else { 0.0 };
    let speed = SMatrix::<f64, 30, 30>::from_fn(|k, j| lower(k, j, dt));
    let place = SMatrix::<f64, 30, 30>::from_fn(|k, j| lower(k, j, dt * dt * ((k - k.min(j)) as f64 + 0.5)));
    let hessian = SMatrix::identity() * 0.1 + place.transpose() * place * 10.0 + speed.transpose() * speed;
    let free = SVector::<f64, 30>::from_fn(|k, _| position + velocity * dt * (k + 1) as f64);
    let gradient = place.transpose() * free * 10.0 + speed.transpose() * SVector::repeat(velocity);
    let mut program = QuadraticProgram::new(hessian, gradient);
    (program.lower, program.upper) = (SVector::repeat(-2.0), SVector::repeat(2.0));
    program.rows = speed;
    (program.row_lower, program.row_upper) = (SVector::repeat(-1.5 - velocity), SVector::repeat(1.5 - velocity));
    program
}

/// Small numbers, so that degenerate, dependent and duplicated constraints are common; limits of every kind.
pub fn random<const N: usize, const M: usize>(random: &mut Generator) -> QuadraticProgram<f64, N, M> {
    let whole = |random: &mut Generator, size: usize| random.below(2 * size + 1) as f64 - size as f64;
    let g = SMatrix::<f64, N, N>::from_fn(|_, _| whole(random, 2));
    let f = SVector::from_fn(|_, _| whole(random, 4));
    let mut program = QuadraticProgram::new(g.transpose() * g + SMatrix::identity() * 0.5, f);
    program.rows = SMatrix::from_fn(|_, _| whole(random, 1));
    let limits = |random: &mut Generator| {
        let (a, b) = (whole(random, 3), random.below(3) as f64);
        match random.below(5) {
            0 => (f64::NEG_INFINITY, a),
            1 => (a, f64::INFINITY),
            2 => (a, a + b),
            _ => (f64::NEG_INFINITY, f64::INFINITY),
        }
    };
    for j in 0..N {
        (program.lower[j], program.upper[j]) = limits(random);
    }
    for i in 0..M {
        (program.row_lower[i], program.row_upper[i]) = limits(random);
    }
    program
}

/// The best feasible point among the minimizers on every set of active limits; `None` if no set has a feasible one.
pub fn brute_force<const N: usize, const M: usize>(
    program: &QuadraticProgram<f64, N, M>,
) -> Option<(f64, SVector<f64, N>)> {
    let normal = |c: usize| {
        SVector::<f64, N>::from_fn(|j, _| if c < N { f64::from(u8::from(c == j)) } else { program.rows[(c - N, j)] })
    };
    let limits = |c: usize| {
        if c < N { (program.lower[c], program.upper[c]) } else { (program.row_lower[c - N], program.row_upper[c - N]) }
    };
    let feasible = |x: &SVector<f64, N>| {
        (0..N + M).all(|c| {
            let ((lower, upper), value) = (limits(c), normal(c).dot(x));
            value >= lower - 1e-7 && value <= upper + 1e-7
        })
    };
    let mut best: Option<(f64, SVector<f64, N>)> = None;
    // Each constraint free, at its lower or at its upper limit.
    for code in 0..3_usize.pow((N + M) as u32) {
        let sides = (0..N + M).map(|c| code / 3_usize.pow(c as u32) % 3);
        let active: Vec<_> = sides
            .enumerate()
            .filter(|(_, side)| *side > 0)
            .map(|(c, side)| (c, if side == 1 { limits(c).0 } else { limits(c).1 }))
            .collect();
        if active.len() > N || active.iter().any(|(_, limit)| !limit.is_finite()) {
            continue;
        }
        let size = N + active.len();
        let mut kkt = vec![vec![0.0; size + 1]; size];
        for i in 0..N {
            for j in 0..N {
                kkt[i][j] = program.hessian[(i.max(j), i.min(j))];
            }
            kkt[i][size] = -program.gradient[i];
        }
        for (row, (c, limit)) in active.iter().enumerate() {
            let normal = normal(*c);
            for j in 0..N {
                kkt[N + row][j] = normal[j];
                kkt[j][N + row] = normal[j];
            }
            kkt[N + row][size] = *limit;
        }
        let Some(solution) = eliminate(kkt) else { continue };
        let x = SVector::from_fn(|j, _| solution[j]);
        let value = program.objective(&x);
        if feasible(&x) && best.as_ref().is_none_or(|(least, _)| value < *least) {
            best = Some((value, x));
        }
    }
    best
}

/// Gauss with pivoting on the equations with their right sides; `None` if they depend on each other.
pub fn eliminate(mut a: Vec<Vec<f64>>) -> Option<Vec<f64>> {
    let n = a.len();
    for j in 0..n {
        let pivot = (j..n).max_by(|&p, &q| a[p][j].abs().total_cmp(&a[q][j].abs()))?;
        a.swap(j, pivot);
        if a[j][j].abs() < 1e-9 {
            return None;
        }
        for i in (0..n).filter(|&i| i != j) {
            let factor = a[i][j] / a[j][j];
            for k in j..=n {
                a[i][k] -= factor * a[j][k];
            }
        }
    }
    Some((0..n).map(|i| a[i][n] / a[i][i]).collect())
}
