//! The memory that the Newton methods share, and the course of their iteration.
//!
//! A Hessian, or the matrix that stands for it, is asked for at every accepted point; then a trial point is made from the model by each
//! method's [`Rule`] and measured, until one is accepted. A step costs some N³/3 operations beside its gradient while the matrix is
//! positive definite enough for it; else a decomposition, about 10 N³ once a point.

use nalgebra::SVector;

use crate::linalg;
use crate::problem::Curved;
use crate::real::Real;
use crate::smooth::model::Model;
use crate::smooth::point::{Point, readable};
use crate::smooth::trust_region::{Verdict, judge};
use crate::step::{ConfigError, Stall, Status};

/// What tells one Newton method from another.
pub(crate) trait Rule<T: Real> {
    fn check(&self) -> Result<(), ConfigError>;

    fn gradient_tolerance(&self) -> T;

    /// A stationary point is left while the least eigenvalue is below `-curvature_tolerance · max |λ|`.
    fn curvature_tolerance(&self) -> T {
        T::INFINITY
    }

    /// Whether a control says that no minimizer is in sight.
    fn is_flat(&self, _control: T) -> bool {
        false
    }

    /// The first control.
    fn opening(&self) -> T;

    /// The step in the model's basis; where it should not be zero at a stationary point, `saddle` is set and the model decomposed.
    fn propose<const N: usize>(&self, model: &mut Model<T, N>, saddle: bool, control: &mut T) -> SVector<T, N>;

    /// Whether to take the trial, never where its decrease is NaN; adapts the control.
    fn accepts<const N: usize>(&self, model: &Model<T, N>, trial: &Answer<T>, control: &mut T) -> bool;
}

/// What came of a step.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Answer<T> {
    /// `f(x) - f(x + p)`; NaN unless that is positive and the trial finite.
    pub(crate) decrease: T,
    /// The same of the model.
    pub(crate) promised: T,
    /// `‖p‖`.
    pub(crate) length: T,
    /// `‖∇f(x + p)‖`.
    pub(crate) slope: T,
    /// `-⟨∇f(x + p), p⟩`.
    pub(crate) fall: T,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
enum Phase {
    /// Ask for the Hessian at x.
    Linearize,
    /// Ask for value and gradient at x + p.
    Trial,
    Done(Status),
}

/// Memory of the methods that hold a Hessian. It belongs to the method that began with it, which is the one that knows what the
/// control means.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub struct NewtonState<T: Real, const N: usize> {
    /// x.
    best: Point<T, N>,
    /// `∇f(x)` and `∇²f(x)`.
    model: Model<T, N>,
    /// p.
    step: SVector<T, N>,
    /// The decrease of the model for p.
    promised: T,
    /// Radius, weight or damping; zero before the start is measured.
    control: T,
    phase: Phase,
}

impl<T: Real, const N: usize> NewtonState<T, N> {
    /// A memory at a starting point.
    #[must_use]
    pub const fn new(x: SVector<T, N>) -> Self {
        Self {
            best: Point::new(x),
            model: Model::new(),
            step: linalg::zeros(),
            promised: T::ZERO,
            control: T::ZERO,
            phase: Phase::Linearize,
        }
    }

    /// What the method adapts: the radius of a trust region, the weight of the cubic term, the radius of the gradient-normalized
    /// smoothness or the damping of a Fisher matrix. Zero before the first step.
    #[must_use]
    pub const fn control(&self) -> T {
        self.control
    }

    /// The eigenvalues, unordered, of the Hessian last asked for: that at [`x`](Self::x) once a solve has converged, where the method
    /// has a `curvature_tolerance`. About 10 N³ operations where no step has needed them.
    #[must_use]
    pub fn eigenvalues(&self) -> SVector<T, N> {
        self.model.eigenvalues()
    }

    /// One step of a method.
    pub(crate) fn advance<R: Rule<T>, P: Curved<T, N>>(
        &mut self,
        rule: &R,
        problem: &mut P,
    ) -> Result<Status, P::Error> {
        let status = match self.phase {
            Phase::Done(status) => status,
            Phase::Linearize => {
                if let Err(error) = rule.check() {
                    Status::Stalled(Stall::Config(error))
                } else {
                    let (mut g, mut h) = (linalg::zeros(), linalg::zeros());
                    let value = problem.hessian(&self.best.x, &mut g, &mut h)?;
                    self.model = Model::of(&h, &g);
                    self.linearized(rule, &Point::of(self.best.x, value, g))
                }
            }
            Phase::Trial => {
                // A step that leaves the range is rejected without a question.
                let trial = if linalg::all_finite(&self.step) {
                    Point::measure(self.best.x + self.step, problem)?
                } else {
                    Point::new(self.best.x)
                };
                self.measured(rule, &trial)
            }
        };
        if status != Status::Running {
            self.phase = Phase::Done(status);
        }
        Ok(status)
    }

    fn linearized<R: Rule<T>>(&mut self, rule: &R, here: &Point<T, N>) -> Status {
        if !(here.is_finite() && self.model.is_finite()) {
            return Status::Stalled(Stall::NonFinite);
        }
        if self.control == T::ZERO {
            self.control = rule.opening();
            here.replace(&mut self.best);
        }
        let status = self.best.status(rule.gradient_tolerance());
        if status != Status::Running && !self.model.bends_down(rule.curvature_tolerance()) {
            return status;
        }
        self.propose(rule)
    }

    fn measured<R: Rule<T>>(&mut self, rule: &R, trial: &Point<T, N>) -> Status {
        let (model, control, promised) = (&self.model, &mut self.control, self.promised);
        let (length, slope) = (linalg::norm(&self.step), linalg::norm(&trial.gradient));
        let fall = -linalg::dot(&trial.gradient, &self.step);
        let accepts = |decrease| rule.accepts(model, &Answer { decrease, promised, length, slope, fall }, control);
        match judge(&mut self.best, trial, promised, accepts) {
            Verdict::Accepted => {}
            Verdict::Rejected => return self.propose(rule),
            Verdict::Nothing => return Status::Stalled(Stall::NoDescent),
        }
        let status = self.best.status(rule.gradient_tolerance());
        if status != Status::Running && !rule.curvature_tolerance().is_finite() {
            return status;
        }
        if rule.is_flat(self.control) {
            return Status::Stalled(Stall::Flat);
        }
        self.phase = Phase::Linearize;
        Status::Running
    }

    fn propose<R: Rule<T>>(&mut self, rule: &R) -> Status {
        let saddle = self.best.status(rule.gradient_tolerance()) != Status::Running;
        let y = rule.propose(&mut self.model, saddle, &mut self.control);
        self.promised = self.model.promise(&y);
        self.step = self.model.step(&y);
        self.phase = Phase::Trial;
        let moves = if linalg::all_finite(&self.step) {
            self.best.x + self.step != self.best.x
        } else {
            self.control > T::ZERO && self.control.is_finite()
        };
        if moves { Status::Running } else { Status::Stalled(Stall::NoDescent) }
    }
}

readable!(NewtonState);
