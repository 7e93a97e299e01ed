//! One interface for all methods: parameters, memory, verb.

use crate::problem::Problem;

/// How a solve stands after a step.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Status {
    /// Call `step` again, now or later.
    Running,
    /// The method's named test holds at the best point.
    Converged(Criterion),
    /// The method cannot go on, and why; the best point is kept.
    Stalled(Stall),
}

/// Which convergence test holds. The inequality is documented at the method's tolerance of the same name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Criterion {
    /// The scaled gradient is at most `gradient_tolerance`.
    Gradient,
    /// The undamped model promises at most `decrease_tolerance` of the cost.
    Decrease,
    /// The undamped step is at most `step_tolerance` of the iterate.
    Step,
    /// The distance to stationarity, by the subdifferential of the penalty, is at most `gap_tolerance`.
    Gap,
    /// The primal and the dual residual are at most `residual_tolerance`.
    Residual,
    /// The optimality conditions hold up to rounding: a finite method has come to its end.
    Optimal,
}

/// Why a method cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Stall {
    /// The value or a derivative at the current point is infinite or NaN.
    NonFinite,
    /// No step however short decreases the value: the derivatives are wrong, or rounding has the last word.
    NoDescent,
    /// The value no longer changes while the iterate still moves: there is no finite minimizer in sight.
    Flat,
    /// The problem has no samples.
    NoData,
    /// No point satisfies the constraints, by a certificate; of constraints that are not convex, no point nearby.
    Infeasible,
    /// The value falls without bound along a feasible direction.
    Unbounded,
    /// The parameters fail `validate()`.
    Config(ConfigError),
}

/// A parameter outside its documented range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum ConfigError {
    /// A tolerance is negative or NaN.
    Tolerance,
    /// A rate, radius, scale or weight is not positive and finite.
    NotPositive,
    /// A relaxation does not lie strictly between zero and two.
    Relaxation,
    /// The strength or a weight of a penalty is negative or not finite.
    Weight,
    /// A fraction does not lie strictly between zero and one.
    Fraction,
    /// A lower bound lies above its upper bound, or one of them is NaN.
    Bounds,
    /// An exponent lies outside of its documented range.
    Exponent,
    /// A matrix that must be positive semidefinite is not.
    Indefinite,
    /// Equations that must be independent are not.
    Dependent,
}

impl core::fmt::Display for Status {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Running => f.write_str("running"),
            Self::Converged(criterion) => write!(f, "converged: {criterion}"),
            Self::Stalled(stall) => write!(f, "stalled: {stall}"),
        }
    }
}

impl core::fmt::Display for Criterion {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Gradient => "gradient",
            Self::Decrease => "decrease",
            Self::Step => "step",
            Self::Gap => "gap",
            Self::Residual => "residual",
            Self::Optimal => "optimal",
        })
    }
}

impl core::fmt::Display for Stall {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::NonFinite => f.write_str("not finite"),
            Self::NoDescent => f.write_str("no descent"),
            Self::Flat => f.write_str("no finite minimizer in sight"),
            Self::NoData => f.write_str("no data"),
            Self::Infeasible => f.write_str("infeasible"),
            Self::Unbounded => f.write_str("unbounded"),
            Self::Config(error) => write!(f, "{error}"),
        }
    }
}

impl core::fmt::Display for ConfigError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Tolerance => "a tolerance is negative or NaN: give zero or more",
            Self::NotPositive => "a rate, radius, scale or weight is not positive and finite",
            Self::Relaxation => "a relaxation does not lie strictly between 0 and 2",
            Self::Weight => "a penalty's strength or weight is negative or not finite: give zero or more",
            Self::Fraction => "a fraction does not lie strictly between 0 and 1",
            Self::Bounds => "a lower bound lies above its upper bound, or a bound is NaN",
            Self::Exponent => "an exponent lies outside of its documented range",
            Self::Indefinite => "an information matrix is not positive semidefinite",
            Self::Dependent => "an equation is a combination of the others, or not finite",
        })
    }
}

impl core::error::Error for ConfigError {}

/// A method: parameters (`self`), memory (`S`) and a problem (`P`), advanced one oracle call at a time.
///
/// An implementation *must* make at most one oracle call a step, and make it before it changes the iterate; *must*
/// leave iterate, value and phase as they were when the oracle fails, so that the next step asks the same again; *must*
/// keep the best accepted point readable under every outcome; *must* return the same final status, without a call, when
/// stepped after the end; *may* leave scratch memory dirty on an error.
pub trait Method<P: Problem, S> {
    /// At most one oracle call, then a bounded amount of arithmetic.
    ///
    /// # Errors
    /// The oracle's own error; the iterate is untouched and the next step asks again.
    fn step(&self, state: &mut S, problem: &mut P) -> Result<Status, P::Error>;

    /// Steps until the status is final or `budget` steps are done; an exhausted budget is [`Status::Running`], and
    /// calling again resumes.
    ///
    /// # Errors
    /// The oracle's own error, as from [`step`](Self::step).
    fn run(&self, state: &mut S, problem: &mut P, budget: u32) -> Result<Status, P::Error> {
        for _ in 0..budget {
            let status = self.step(state, problem)?;
            if status != Status::Running {
                return Ok(status);
            }
        }
        Ok(Status::Running)
    }

    /// A new state from a starting point, run for at most `budget` steps.
    ///
    /// # Errors
    /// The oracle's own error; use [`run`](Self::run) where the partial result must survive one.
    fn solve<X>(&self, start: X, problem: &mut P, budget: u32) -> Result<(S, Status), P::Error>
    where
        S: From<X>,
    {
        let mut state = S::from(start);
        let status = self.run(&mut state, problem, budget)?;
        Ok((state, status))
    }

    /// The steps as an iterator that ends after the first final status or error.
    fn steps<'a>(&'a self, state: &'a mut S, problem: &'a mut P) -> Steps<'a, Self, P, S>
    where
        Self: Sized,
    {
        Steps { method: self, state, problem, done: false }
    }
}

/// Iterator over the statuses of a solve, from [`Method::steps`].
#[derive(Debug)]
pub struct Steps<'a, M, P, S> {
    method: &'a M,
    state: &'a mut S,
    problem: &'a mut P,
    done: bool,
}

impl<M: Method<P, S>, P: Problem, S> Iterator for Steps<'_, M, P, S> {
    type Item = Result<Status, P::Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let status = self.method.step(self.state, self.problem);
        self.done = !matches!(status, Ok(Status::Running));
        Some(status)
    }
}
