//! The density of the Hessian's eigenvalues at a point by stochastic Lanczos quadrature.
//!
//! For a vector v of random signs, `E[vᵀ δ(t - H) v] = Σ δ(t - λᵢ)`. K products from `v/√N` make a tridiagonal matrix with eigenvalues θₖ and
//! unit eigenvectors yₖ, and `Σ (yₖ)₁² δ(t - θₖ)` has the first 2K moments of `vᵀ δ(t - H) v/N`: Gauss's quadrature. The density is the mean of
//! V such sums, with a normal distribution of a chosen width for each δ.
//!
//! References: Golub & Welsch, "Calculation of Gauss quadrature rules", 1969; Ubaru, Chen & Saad, "Fast estimation of tr(f(A)) via stochastic
//! Lanczos quadrature", 2017; of Hessians: Ghorbani, Krishnan & Xiao, "An investigation into neural net optimization via Hessian eigenvalue
//! density", 2019. Memory: N(K + 1) + 2K(V + 1), and K² for a moment. Choose [`Spectrum`](super::Spectrum) for the ends of the
//! spectrum alone. All but the range is NaN before a process is done, and once a product was not finite.

use nalgebra::{SMatrix, SVector};

use crate::linalg::{self, columns, columns_mut, entries};
use crate::problem::HessianProducts;
use crate::real::Real;
use crate::smooth::lanczos::Lanczos;

/// V Lanczos processes of `K` products each.
///
/// ```
/// use thalweg::{problem::Quadratic, smooth::diagnostics::SpectralDensity};
/// use nalgebra::{matrix, vector};
/// let mut bowl = Quadratic { hessian: matrix![1.0, 0.0; 0.0, 3.0], linear: vector![0.0, 0.0], constant: 0.0 };
/// let mut density = SpectralDensity::<f64, 2, 2, 1>::new(vector![0.0, 0.0], 1);
/// while !density.step(&mut bowl).unwrap() {}
/// assert!((density.share_above(2.0) - 0.5).abs() < 1e-12 && (density.mean() - 2.0).abs() < 1e-12);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct SpectralDensity<T: Real, const N: usize, const K: usize, const V: usize> {
    /// Where.
    x: SVector<T, N>,
    lanczos: Lanczos<T, N, K>,
    /// θ, a column for each process that is done.
    nodes: SMatrix<T, K, V>,
    /// Their weights, zero for a node that is none.
    weights: SMatrix<T, K, V>,
    done: usize,
}

impl<T: Real, const N: usize, const K: usize, const V: usize> SpectralDensity<T, N, K, V> {
    /// The Hessian at x; the seed chooses the signs.
    #[must_use]
    pub fn new(x: SVector<T, N>, seed: u64) -> Self {
        const { assert!(V > 0, "at least one process") };
        let mut lanczos = Lanczos::new(seed);
        lanczos.begin_by_signs();
        Self { x, lanczos, nodes: linalg::zeros(), weights: linalg::zeros(), done: 0 }
    }

    /// One product; whether it was the last of all. After that, no call.
    ///
    /// # Errors
    /// The oracle's own error; nothing has changed.
    pub fn step<P: HessianProducts<T, N>>(&mut self, problem: &mut P) -> Result<bool, P::Error> {
        if self.done < V {
            let mut product = linalg::zeros();
            problem.product(&self.x, &self.lanczos.question(), &mut product)?;
            if self.lanczos.answer(&product) {
                self.close();
            }
        }
        Ok(self.done >= V)
    }

    /// Keeps the nodes of a process, and begins the next one.
    fn close(&mut self) {
        let ritz = self.lanczos.ritz();
        let answered = self.lanczos.answered();
        if let (Some(nodes), Some(weights)) =
            (columns_mut(&mut self.nodes).get_mut(self.done), columns_mut(&mut self.weights).get_mut(self.done))
        {
            *nodes = *entries(&ritz.values);
            for (weight, vector) in weights.iter_mut().zip(columns(&ritz.vectors)).take(answered) {
                *weight = vector.first().map_or(T::ZERO, |first| first.squared());
            }
            // A product that was not finite spoils all of its process.
            if !linalg::all_finite(&ritz.values) {
                (*nodes, *weights) = ([T::NAN; K], [T::NAN; K]);
            }
        }
        self.done = self.done.saturating_add(1);
        self.lanczos.begin_by_signs();
    }

    /// θ and weight of all nodes. The weights of a process have the sum one; one that found an invariant subspace has fewer.
    fn nodes(&self) -> impl Iterator<Item = (T, T)> + Clone {
        let all = self.nodes.iter().zip(self.weights.iter()).map(|(&node, &weight)| (node, weight));
        all.filter(|&(_, weight)| weight != T::ZERO)
    }

    /// The mean over the processes done; NaN before the first.
    fn mean_of(&self, mut term: impl FnMut(T) -> T) -> T {
        self.nodes().fold(T::ZERO, |sum, (node, weight)| sum + weight * term(node)) / T::of_usize(self.done)
    }

    /// Processes done.
    #[must_use]
    pub const fn processes(&self) -> usize {
        self.done
    }

    /// The share of the eigenvalues per unit at t, each spread normally with a standard deviation `width`; a hundredth of the
    /// [`range`](Self::range) shows most.
    #[must_use]
    pub fn at(&self, t: T, width: T) -> T {
        let scale = T::ONE / (width * T::of_f64(core::f64::consts::TAU).sqrt());
        self.mean_of(|node| scale * (-T::HALF * ((t - node) / width).squared()).exp())
    }

    /// The share of the eigenvalues above a level. N times it estimates their number.
    #[must_use]
    pub fn share_above(&self, level: T) -> T {
        self.mean_of(|node| if node > level { T::ONE } else { T::ZERO })
    }

    /// The mean of the eigenvalues, `tr H/N`.
    #[must_use]
    pub fn mean(&self) -> T {
        self.mean_of(|node| node)
    }

    /// The least and the largest node, which lie between the extreme eigenvalues; infinite before a process is done and once a
    /// product was not finite.
    #[must_use]
    pub fn range(&self) -> (T, T) {
        let infinite = (T::INFINITY, -T::INFINITY);
        if !self.mean().is_finite() {
            return infinite;
        }
        self.nodes().fold(infinite, |(least, largest), (node, _)| (least.min(node), largest.max(node)))
    }

    /// The level above which an eigenvalue is an outlier: the median m of the density and five times the median of `|λ - m|`.
    #[must_use]
    pub fn outlier_level(&self) -> T {
        // NaN if a process was spoiled, and then no median is found.
        let half = T::HALF * self.nodes().fold(T::ZERO, |sum, (_, weight)| sum + weight);
        let middle = median(self.nodes(), half);
        let spread = median(self.nodes().map(|(node, weight)| ((node - middle).abs(), weight)), half);
        middle + T::of_f64(5.0) * spread
    }
}

/// The least value at which the weights up to it have at least the sum `half`, up to rounding.
fn median<T: Real>(values: impl Iterator<Item = (T, T)> + Clone, half: T) -> T {
    let enough = half * (T::ONE - T::SQRT_EPSILON);
    let below =
        |level: T| values.clone().fold(T::ZERO, |sum, (value, weight)| if value <= level { sum + weight } else { sum });
    let candidates = values.clone().filter(|&(value, _)| below(value) >= enough && half > T::ZERO);
    candidates.fold(T::NAN, |least, (value, _)| if value >= least { least } else { value })
}
