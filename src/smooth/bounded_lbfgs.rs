//! Limited-memory BFGS within bounds.
//!
//! Minimizes a smooth `f` over `lower ≤ x ≤ upper`. One iteration, with the model `m(z) = ⟨g, z⟩ + ½ zᵀB z` and B from the last M pairs:
//!
//! 1. z is the first local minimizer of m along the bent path `P(x - t g) - x` (generalized Cauchy point);
//! 2. the minimizer of m over the variables that z leaves off their bounds, projected into the box if that leads downhill, else
//!    on the way to it as far as the box reaches;
//! 3. `x⁺ = x + t d` by a line search within the box that tries `t = 1` first.
//!
//! References: Byrd, Lu, Nocedal & Zhu, "A limited memory algorithm for bound constrained optimization", 1995, algorithm CP and section 5.1;
//! the projection in 2: Morales & Nocedal, "Remark on algorithm 778", 2011. Here `B = θI + Σ bbᵀ - Σ aaᵀ` by the unrolled updates
//! (Nocedal & Wright, 2nd ed., procedure 7.6) in place of the compact form. Memory: `2M` and six vectors, and `2M` more in a step; an
//! iteration costs O(M²N). Every point asked at lies in the box.

use nalgebra::{SMatrix, SVector};

use crate::linalg::{
    Pairs, cholesky, columns, columns_mut, dot, dot_of, entries, entries_mut, matrix, max_abs, multiply,
    multiply_adjoint, negate, solve_lower, solve_transposed, vector, zeros,
};
use crate::line_search::{LineSearch, StrongWolfe};
use crate::problem::Smooth;
use crate::ranges::tolerance;
use crate::real::Real;
use crate::smooth::descent::{Descent, Walk};
use crate::smooth::point::{Point, readable};
use crate::step::{ConfigError, Method, Status};

/// Parameters of L-BFGS within bounds.
///
/// ```
/// use thalweg::{Method, smooth::{BoundedLbfgs, BoundedLbfgsState}, problem::gradient_fn};
/// use nalgebra::vector;
/// let mut bowl = gradient_fn(|x, g| { *g = vector![x[0] - 1.0, 9.0 * (x[1] + 2.0)]; 0.5 * (x[0] - 1.0) * (x[0] - 1.0) + 4.5 * (x[1] + 2.0) * (x[1] + 2.0) });
/// let method = BoundedLbfgs::new(vector![0.0, 0.0], vector![f64::INFINITY, 5.0]);
/// let (state, status): (BoundedLbfgsState<f64, 2, 5>, _) = method.solve(vector![3.0, 3.0], &mut bowl, 100).unwrap();
/// assert!(matches!(status, thalweg::Status::Converged(_)) && (state.x() - vector![1.0, 0.0]).amax() < 1e-7);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(
        bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned, S: serde::Serialize + serde::de::DeserializeOwned"
    )
)]
pub struct BoundedLbfgs<T: Real, const N: usize, S = StrongWolfe<T>> {
    /// Below `upper` or equal, may be -∞.
    pub lower: SVector<T, N>,
    /// Above `lower` or equal, may be ∞.
    pub upper: SVector<T, N>,
    /// [`Criterion::Gradient`](crate::Criterion::Gradient): `max |pⱼ| ≤ gradient_tolerance · max(1, min(|f|, |f₀|))`, `p = s (P(x - ∇f(x)/s) - x)`,
    /// `s = max(1, |f|)`, so that a large f beside a narrow box does not count as flat; f₀ at the start. Zero or more; default √ε.
    pub gradient_tolerance: T,
    /// Finds t.
    pub search: S,
}

impl<T: Real, const N: usize> BoundedLbfgs<T, N> {
    /// The default parameters within bounds.
    #[must_use]
    pub fn new(lower: SVector<T, N>, upper: SVector<T, N>) -> Self {
        Self { lower, upper, gradient_tolerance: T::SQRT_EPSILON, search: StrongWolfe::default() }
    }
}

impl<T: Real, const N: usize, S: LineSearch<T>> BoundedLbfgs<T, N, S> {
    /// The same method with another line search.
    pub fn searching<L: LineSearch<T>>(self, search: L) -> BoundedLbfgs<T, N, L> {
        let Self { lower, upper, gradient_tolerance, .. } = self;
        BoundedLbfgs { lower, upper, gradient_tolerance, search }
    }

    /// Checks the documented ranges; a solve with invalid parameters stalls at once with the same error.
    ///
    /// # Errors
    /// The first range that does not hold.
    pub fn validate(&self) -> Result<(), ConfigError> {
        tolerance(self.gradient_tolerance)?;
        let ordered = |(l, u): (&T, &T)| l <= u && *l < T::INFINITY && *u > -T::INFINITY;
        if !self.lower.iter().zip(self.upper.iter()).all(ordered) {
            return Err(ConfigError::Bounds);
        }
        self.search.validate()
    }

    /// `P(x)`; what is not a number stays so.
    fn project(&self, x: &SVector<T, N>) -> SVector<T, N> {
        let (x, l, u) = (entries(x), entries(&self.lower), entries(&self.upper));
        vector(|j| {
            if x[j] < l[j] {
                l[j]
            } else if x[j] > u[j] {
                u[j]
            } else {
                x[j]
            }
        })
    }

    /// The largest rate along a direction that stays in the box.
    fn limit_from(&self, x: &SVector<T, N>, direction: &SVector<T, N>) -> T {
        let bounds = self.lower.iter().zip(self.upper.iter());
        x.iter().zip(direction.iter()).zip(bounds).fold(T::INFINITY, |limit, ((&x, &d), (&l, &u))| {
            let room = if d > T::ZERO { u - x } else { l - x };
            if d == T::ZERO { limit } else { limit.min(room / d) }
        })
    }

    /// Step 1: z, and which variables it leaves off their bounds.
    fn cauchy_point<const M: usize>(&self, model: &Model<T, N, M>, at: &Point<T, N>) -> (SVector<T, N>, [bool; N]) {
        let (x, g) = (entries(&at.x), entries(&at.gradient));
        let (l, u) = (entries(&self.lower), entries(&self.upper));
        let corner: [T; N] = core::array::from_fn(|j| if g[j] < T::ZERO { u[j] } else { l[j] });
        let until: [T; N] = core::array::from_fn(|j| (x[j] - corner[j]) / g[j]);
        let mut d: SVector<T, N> = vector(|j| if until[j] > T::ZERO { -g[j] } else { T::ZERO });
        let mut z: SVector<T, N> = zeros();
        let mut time = T::ZERO;
        for _ in 0..N {
            let (mut product, mut bent) = (zeros(), zeros());
            model.multiply(&z, &mut product);
            model.multiply(&d, &mut bent);
            let slope = dot(&(product + at.gradient), &d);
            let lowest = (-slope / dot(&d, &bent)).max(T::ZERO);
            let moving = entries(&d).iter().zip(&until).enumerate().filter(|&(_, (&d, _))| d != T::ZERO);
            let next = moving.fold((N, T::INFINITY), |best, (j, (_, &t))| if t < best.1 { (j, t) } else { best });
            if slope >= T::ZERO || time + lowest < next.1 {
                if slope < T::ZERO && lowest.is_finite() {
                    z += d * lowest;
                }
                break;
            }
            z += d * (next.1 - time);
            time = next.1;
            for (j, (z, d)) in entries_mut(&mut z).iter_mut().zip(entries_mut(&mut d)).enumerate() {
                if j == next.0 {
                    (*z, *d) = (corner[j] - x[j], T::ZERO);
                }
            }
        }
        let z = entries(&z);
        let free = core::array::from_fn(|j| x[j] + z[j] > l[j] && x[j] + z[j] < u[j]);
        (SVector::from(*z), free)
    }
}

/// `B = θI + Σ bbᵀ - Σ aaᵀ`.
struct Model<T: Real, const N: usize, const M: usize> {
    theta: T,
    a: SMatrix<T, N, M>,
    b: SMatrix<T, N, M>,
}

impl<T: Real, const N: usize, const M: usize> Model<T, N, M> {
    /// By the pairs, the oldest first: `a = B s/√(sᵀB s)`, `b = y/√⟨s, y⟩`. θ is one without pairs.
    fn of(pairs: &Pairs<T, N, M>) -> Self {
        let newest = pairs.iter().next();
        let theta = newest.map_or(T::ONE, |(_, y, bend)| dot_of(y, y) / bend);
        let mut model = Self { theta, a: zeros(), b: zeros() };
        for (k, (s, y, bend)) in pairs.iter().rev().enumerate() {
            let s = SVector::from(*s);
            let mut product = zeros();
            model.multiply(&s, &mut product);
            let stiff = dot(&s, &product);
            if !(stiff > T::ZERO && stiff.is_finite()) {
                continue;
            }
            let (a, b) = (columns_mut(&mut model.a).get_mut(k), columns_mut(&mut model.b).get_mut(k));
            if let (Some(a), Some(b)) = (a, b) {
                *a = *entries(&(product / stiff.sqrt()));
                *b = y.map(|y| y / bend.sqrt());
            }
        }
        model
    }

    /// `B v`.
    fn multiply(&self, v: &SVector<T, N>, product: &mut SVector<T, N>) {
        *product = *v * self.theta;
        for (a, b) in columns(&self.a).iter().zip(columns(&self.b)) {
            let (along_a, along_b) = (dot_of(a, entries(v)), dot_of(b, entries(v)));
            for (p, (&a, &b)) in product.iter_mut().zip(a.iter().zip(b)) {
                *p += b * along_b - a * along_a;
            }
        }
    }

    /// Solves `B w = r` over the free variables, by elimination of `u = bᵀw` and `v = aᵀw` from `θ w = r - b u + a v`; `None` if B is not
    /// definite there.
    fn solve(&self, free: &[bool; N], r: &SVector<T, N>) -> Option<SVector<T, N>> {
        let keep = |a: &SMatrix<T, N, M>| -> SMatrix<T, N, M> {
            let a = columns(a);
            matrix(|i, j| if free[i] { a[j][i] } else { T::ZERO })
        };
        let (a, b) = (keep(&self.a), keep(&self.b));
        let r: SVector<T, N> = vector(|i| if free[i] { entries(r)[i] } else { T::ZERO });
        let theta = |i, j| if i == j { self.theta } else { T::ZERO };
        let (ca, cb) = (columns(&a), columns(&b));
        // L Lᵀ = θI + bᵀb; the rows of c are L⁻¹bᵀa; the second factor is of θI - aᵀa + cᵀc.
        let mut first: SMatrix<T, M, M> = matrix(|i, j| theta(i, j) + dot_of(&cb[i], &cb[j]));
        if !cholesky(&mut first, T::EPSILON) {
            return None;
        }
        let mut c: SMatrix<T, M, M> = zeros();
        for (column, a) in columns_mut(&mut c).iter_mut().zip(ca) {
            let mut along = vector(|i| dot_of(&cb[i], a));
            solve_lower(&first, &mut along);
            *column = *entries(&along);
        }
        let cc = columns(&c);
        let mut second: SMatrix<T, M, M> = matrix(|i, j| theta(i, j) - dot_of(&ca[i], &ca[j]) + dot_of(&cc[i], &cc[j]));
        if !cholesky(&mut second, T::EPSILON) {
            return None;
        }
        let (mut u, mut v, mut carry) = (zeros(), zeros(), zeros());
        multiply_adjoint(&b, &r, &mut u);
        solve_lower(&first, &mut u);
        multiply_adjoint(&c, &u, &mut carry);
        multiply_adjoint(&a, &r, &mut v);
        v -= carry;
        solve_lower(&second, &mut v);
        solve_transposed(&second, &mut v);
        multiply(&c, &v, &mut carry);
        u += carry;
        solve_transposed(&first, &mut u);
        let (mut by_a, mut by_b) = (zeros(), zeros());
        multiply(&a, &v, &mut by_a);
        multiply(&b, &u, &mut by_b);
        Some((r - by_b + by_a) / self.theta)
    }
}

/// Memory of [`BoundedLbfgs`] with M pairs.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct BoundedLbfgsState<T: Real, const N: usize, const M: usize> {
    best: Point<T, N>,
    /// x, d and the search along it.
    walk: Walk<T, N>,
    /// The last steps.
    pairs: Pairs<T, N, M>,
}

impl<T: Real, const N: usize, const M: usize> BoundedLbfgsState<T, N, M> {
    /// A memory at a starting point; one outside the box is moved to its nearest point.
    #[must_use]
    pub const fn new(x: SVector<T, N>) -> Self {
        Self { best: Point::new(x), walk: Walk::new(x), pairs: Pairs::new() }
    }
}

impl<T: Real, const N: usize, const M: usize, S: LineSearch<T>, P: Smooth<T, N>> Method<P, BoundedLbfgsState<T, N, M>>
    for BoundedLbfgs<T, N, S>
{
    fn step(&self, state: &mut BoundedLbfgsState<T, N, M>, problem: &mut P) -> Result<Status, P::Error> {
        state.walk.step(&mut state.best, &mut state.pairs, self, problem)
    }
}

impl<T: Real, const N: usize, const M: usize, S: LineSearch<T>> Descent<T, Pairs<T, N, M>, N>
    for BoundedLbfgs<T, N, S>
{
    fn validate(&self) -> Result<(), ConfigError> {
        self.validate()
    }

    fn search(&self) -> &impl LineSearch<T> {
        &self.search
    }

    fn gradient_tolerance(&self) -> T {
        self.gradient_tolerance
    }

    fn forget(&self, pairs: &mut Pairs<T, N, M>) {
        pairs.clear();
    }

    fn is_fresh(&self, pairs: &Pairs<T, N, M>) -> bool {
        pairs.is_empty()
    }

    fn learn(&self, pairs: &mut Pairs<T, N, M>, from: &Point<T, N>, to: &Point<T, N>, _: &SVector<T, N>) {
        pairs.push(to.x - from.x, to.gradient - from.gradient);
    }

    fn direction(&self, pairs: &Pairs<T, N, M>, at: &Point<T, N>) -> SVector<T, N> {
        let model = Model::of(pairs);
        let (z, free) = self.cauchy_point(&model, at);
        let mut residual = zeros();
        model.multiply(&z, &mut residual);
        residual += at.gradient;
        let mut rest = zeros();
        negate(&residual, &mut rest);
        let step = if free.iter().all(|&free| free) {
            let mut newton = zeros();
            negate(&pairs.apply(&at.gradient), &mut newton);
            newton - z
        } else {
            model.solve(&free, &rest).unwrap_or_else(zeros)
        };
        let projected = self.project(&(at.x + z + step)) - at.x;
        if dot(&projected, &at.gradient) < T::ZERO {
            return projected;
        }
        z + step * self.limit_from(&(at.x + z), &step).min(T::ONE)
    }

    fn natural_rate(&self) -> Option<T> {
        Some(T::ONE)
    }

    fn inside(&self, x: SVector<T, N>) -> SVector<T, N> {
        self.project(&x)
    }

    fn limit(&self, at: &Point<T, N>, direction: &SVector<T, N>) -> T {
        self.limit_from(&at.x, direction)
    }

    fn judged(&self, point: Point<T, N>) -> Point<T, N> {
        let (x, g) = (entries(&point.x), entries(&point.gradient));
        let (l, u) = (entries(&self.lower), entries(&self.upper));
        let scale = point.value.abs().max(T::ONE);
        let (up, down) = (|j: usize| scale * (x[j] - u[j]), |j: usize| scale * (x[j] - l[j]));
        point.with_slope(max_abs::<T, N>(&vector(|j| g[j].max(up(j)).min(down(j)))))
    }
}

readable!(BoundedLbfgsState, M);
