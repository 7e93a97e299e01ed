//! Walks: methods that ask for one gradient a step, at a point they name, and pass over worse points on their way.

use nalgebra::SVector;

use crate::linalg;
use crate::problem::Smooth;
use crate::real::Real;
use crate::smooth::point::Point;
use crate::step::{ConfigError, Stall, Status};

/// The default of how many steps in a row may bring nothing better: the swing of a momentum on badly conditioned functions is long.
pub(crate) const PATIENCE: u32 = 1000;

/// When a momentum is forgotten.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Restart {
    /// Never.
    #[default]
    Never,
    /// Where it points uphill, `⟨∇f, x⁺ - x⟩ > 0`.
    Gradient,
    /// Where the measured value rises.
    Value,
}

impl Restart {
    pub(crate) fn holds<T: Real, const N: usize>(self, g: &SVector<T, N>, way: &SVector<T, N>, rises: bool) -> bool {
        match self {
            Self::Never => false,
            Self::Gradient => linalg::dot(g, way) > T::ZERO,
            Self::Value => rises,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
enum Phase {
    /// Ask at the start.
    Start,
    /// Ask where the walker says.
    Underway,
    Done(Status),
}

/// What every walk remembers.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(bound = "T: Real + serde::Serialize + serde::de::DeserializeOwned"))]
pub(crate) struct Walk<T: Real, const N: usize> {
    pub(crate) best: Point<T, N>,
    /// Where the walk stands.
    pub(crate) at: Point<T, N>,
    /// What rates are multiplied with: halved by every point that is not finite.
    pub(crate) caution: T,
    /// Steps since the best point last changed.
    fruitless: u32,
    /// Whether the last step asked where the walk stood.
    still: bool,
    phase: Phase,
}

impl<T: Real, const N: usize> Walk<T, N> {
    pub(crate) const fn new(x: SVector<T, N>) -> Self {
        let start = Point::new(x);
        Self { best: start, at: start, caution: T::ONE, fruitless: 0, still: false, phase: Phase::Start }
    }
}

/// A method that walks, with its memory `S`.
pub(crate) trait Walker<T: Real, const N: usize, S> {
    fn validate(&self) -> Result<(), ConfigError>;

    fn walk(state: &mut S) -> &mut Walk<T, N>;

    /// How many steps in a row may bring nothing better.
    fn patience(&self) -> u32;

    /// How a solve stands that has this for its best point.
    fn status(&self, best: &Point<T, N>) -> Status;

    /// How a solve ends that cannot go on from this best point.
    fn halt(&self, best: &Point<T, N>) -> Status {
        let _ = best;
        Status::Stalled(Stall::NoDescent)
    }

    /// A measured point with the method's own measure of how far it is from stationary.
    fn judge(&self, point: Point<T, N>) -> Point<T, N> {
        point
    }

    /// The start, moved to where the function may be asked.
    fn admit(&self, start: SVector<T, N>) -> SVector<T, N> {
        start
    }

    /// Goes on without a past from where the walk stands: at the start, and again after a point that is not finite.
    fn depart(&self, state: &mut S) {
        let _ = state;
    }

    /// Where to ask next.
    fn next(&self, state: &S) -> SVector<T, N>;

    /// Goes on after the answer at [`next`](Self::next), which is finite and already compared with the best point.
    fn arrive(&self, state: &mut S, point: Point<T, N>) -> Status;
}

/// One step of a walk over a smooth function.
pub(crate) fn step<T: Real, const N: usize, S, M: Walker<T, N, S>, P: Smooth<T, N>>(
    method: &M,
    state: &mut S,
    problem: &mut P,
) -> Result<Status, P::Error> {
    step_by(method, state, |x| Point::measure(x, problem))
}

/// One step of a walk; the points come from `measure`, which is called at most once.
pub(crate) fn step_by<T: Real, const N: usize, S, M: Walker<T, N, S>, E>(
    method: &M,
    state: &mut S,
    measure: impl FnOnce(SVector<T, N>) -> Result<Point<T, N>, E>,
) -> Result<Status, E> {
    let status = match M::walk(state).phase {
        Phase::Done(status) => return Ok(status),
        Phase::Start => {
            if let Err(error) = method.validate() {
                Status::Stalled(Stall::Config(error))
            } else {
                let start = measure(method.admit(M::walk(state).best.x))?;
                begin(method, state, method.judge(start))
            }
        }
        Phase::Underway => {
            let next = method.next(state);
            let still = next == M::walk(state).at.x;
            if still && M::walk(state).still {
                // Twice in a row: no momentum is left that could lead away.
                method.halt(&M::walk(state).best)
            } else if linalg::all_finite(&next) {
                let point = measure(next)?;
                M::walk(state).still = still;
                if point.is_finite() { go_on(method, state, method.judge(point)) } else { retreat(method, state) }
            } else {
                retreat(method, state)
            }
        }
    };
    if status != Status::Running {
        M::walk(state).phase = Phase::Done(status);
    }
    Ok(status)
}

fn begin<T: Real, const N: usize, S, M: Walker<T, N, S>>(method: &M, state: &mut S, start: Point<T, N>) -> Status {
    if !start.is_finite() {
        return Status::Stalled(Stall::NonFinite);
    }
    let walk = M::walk(state);
    start.replace(&mut walk.best);
    walk.at = walk.best;
    walk.phase = Phase::Underway;
    let status = method.status(&walk.best);
    if status == Status::Running {
        method.depart(state);
    }
    status
}

fn go_on<T: Real, const N: usize, S, M: Walker<T, N, S>>(method: &M, state: &mut S, point: Point<T, N>) -> Status {
    let walk = M::walk(state);
    walk.fruitless = if point.improve(&mut walk.best) { 0 } else { walk.fruitless.saturating_add(1) };
    let status = method.status(&walk.best);
    if status != Status::Running {
        status
    } else if walk.fruitless > method.patience() {
        method.halt(&walk.best)
    } else {
        method.arrive(state, point)
    }
}

/// Begins again at the best point with half the rate.
fn retreat<T: Real, const N: usize, S, M: Walker<T, N, S>>(method: &M, state: &mut S) -> Status {
    let walk = M::walk(state);
    walk.caution *= T::HALF;
    if !(walk.caution > T::EPSILON * T::EPSILON) {
        return method.halt(&walk.best);
    }
    walk.at = walk.best;
    walk.still = false;
    method.depart(state);
    Status::Running
}

/// What is read of a memory whose field `walk` is a [`Walk`].
macro_rules! walked {
    ($state:ident $(, $extra:ident)*) => {
        crate::smooth::point::readable!($state $(, $extra)* => walk.best);

        impl<T: Real, const N: usize $(, const $extra: usize)*> $state<T, N $(, $extra)*> {
            /// Where the walk stands, better than [`x`](Self::x) or not.
            #[must_use]
            pub const fn iterate(&self) -> &SVector<T, N> {
                &self.walk.at.x
            }
        }
    };
}
pub(crate) use walked;
