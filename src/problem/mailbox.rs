//! Ask and tell: an oracle that parks the question.

use nalgebra::SVector;

use crate::problem::{Objective, Problem, Rows, Smooth};
use crate::real::Real;

/// The error of a [`Mailbox`] with an open question: answer it and step again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Asked;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Answer<T: Real, const N: usize> {
    None,
    Value(T),
    Gradient(T, SVector<T, N>),
}

/// An oracle for values that take their time: a measurement, another processor, a person.
///
/// A question fails with [`Asked`] until somebody who read [`question`](Self::question) has told the answer.
///
/// ```
/// use thalweg::{Method, Status, problem::Mailbox, smooth::{GradientDescent, GradientDescentState}};
/// use nalgebra::vector;
/// let (mut mailbox, method) = (Mailbox::<f64, 1>::new(), GradientDescent::default());
/// let mut state = GradientDescentState::new(vector![5.0]);
/// while !matches!(method.step(&mut state, &mut mailbox), Ok(Status::Converged(_))) {
///     let Some((x, _)) = mailbox.question() else { continue };
///     mailbox.tell_gradient((x[0] - 2.0).powi(2), vector![2.0 * (x[0] - 2.0)]);
/// }
/// assert!((state.x()[0] - 2.0).abs() < 1e-6);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Mailbox<T: Real, const N: usize> {
    rows: usize,
    question: Option<(SVector<T, N>, usize)>,
    answer: Answer<T, N>,
}

impl<T: Real, const N: usize> Mailbox<T, N> {
    /// An empty mailbox for a function.
    #[must_use]
    pub const fn new() -> Self {
        Self::with_rows(0)
    }

    /// An empty mailbox for residuals over a number of samples.
    #[must_use]
    pub const fn with_rows(rows: usize) -> Self {
        Self { rows, question: None, answer: Answer::None }
    }

    /// The open question: the point, and for residuals the sample (zero for functions).
    #[must_use]
    pub const fn question(&self) -> Option<(SVector<T, N>, usize)> {
        self.question
    }

    /// Answers a question for a value. Without an open question, nothing happens.
    pub fn tell_value(&mut self, value: T) {
        if self.question.is_some() {
            self.answer = Answer::Value(value);
        }
    }

    /// Answers a question for a value and gradient, or a residual and row. Without an open question, nothing happens.
    pub fn tell_gradient(&mut self, value: T, gradient: SVector<T, N>) {
        if self.question.is_some() {
            self.answer = Answer::Gradient(value, gradient);
        }
    }

    /// The answer to exactly this question, or the question parked.
    fn ask(&mut self, x: &SVector<T, N>, sample: usize) -> Answer<T, N> {
        if self.question == Some((*x, sample)) {
            core::mem::replace(&mut self.answer, Answer::None)
        } else {
            self.question = Some((*x, sample));
            self.answer = Answer::None;
            Answer::None
        }
    }

    fn ask_gradient(&mut self, x: &SVector<T, N>, sample: usize, g: &mut SVector<T, N>) -> Result<T, Asked> {
        let Answer::Gradient(value, gradient) = self.ask(x, sample) else { return Err(Asked) };
        self.question = None;
        *g = gradient;
        Ok(value)
    }
}

impl<T: Real, const N: usize> Default for Mailbox<T, N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Real, const N: usize> Problem for Mailbox<T, N> {
    type Error = Asked;
}

impl<T: Real, const N: usize> Objective<T, N> for Mailbox<T, N> {
    fn value(&mut self, x: &SVector<T, N>) -> Result<T, Asked> {
        match self.ask(x, 0) {
            Answer::Value(value) | Answer::Gradient(value, _) => {
                self.question = None;
                Ok(value)
            }
            Answer::None => Err(Asked),
        }
    }
}

impl<T: Real, const N: usize> Smooth<T, N> for Mailbox<T, N> {
    fn gradient(&mut self, x: &SVector<T, N>, g: &mut SVector<T, N>) -> Result<T, Asked> {
        self.ask_gradient(x, 0, g)
    }
}

impl<T: Real, const N: usize> Rows<T, N> for Mailbox<T, N> {
    fn rows(&self) -> usize {
        self.rows
    }

    fn row(&mut self, i: usize, x: &SVector<T, N>, g: &mut SVector<T, N>) -> Result<T, Asked> {
        self.ask_gradient(x, i, g)
    }
}
