//! Paths: λ after λ, each fit from the one before.

use core::ops::ControlFlow;

use std::time::Instant;
use std::vec::Vec;

use crate::sparse::Regression;
use crate::sparse::datafit::Datafit;
use crate::sparse::design::Design;
use crate::sparse::error::FitError;
use crate::sparse::first_order::FirstOrder;
use crate::sparse::local_linear;
use crate::sparse::model::Kernel;
use crate::sparse::regression::{Entries, Fit, Grid, Path, Settings, Solver};
use crate::sparse::solve::{Ended, Engine};
use crate::sparse::terms::{Penalties, Terms};
use crate::sparse::way::Way;

/// A λ further away than this share of the one before is approached through others: for a convex penalty to keep working sets
/// small, for a nonconvex one because short steps end in better minimizers.
const STRIDES: [f64; 2] = [0.75, 0.87];

/// The tolerances on the way, as shares of λ.
const ROUGHNESS: [f64; 2] = [0.05, 0.02];

/// No penalised coefficient leaves zero here, whatever the data.
const FORBIDDING: f64 = 1e100;

/// What a fit from one λ to the next needs.
struct Follower<'r, 'a, D, F, P> {
    engine: Engine<'a, D, F>,
    penalties: &'r P,
    settings: &'r Settings,
    solver: Solver,
    first_order: Option<FirstOrder>,
    lambda_max: f64,
    null_loss: f64,
    saturated: f64,
}

/// The path of a regression along a grid.
pub(crate) fn follow<D: Design, F: Datafit, P: Penalties>(
    regression: &Regression<'_, D, F>,
    penalties: &P,
    grid: &Grid,
    settings: &Settings,
    observer: &mut (dyn FnMut(&Fit) -> ControlFlow<()> + Send),
) -> Result<Path, FitError> {
    let mut follower = Follower::new(regression, penalties, grid.len(), settings)?;
    let mut path = Path { lambda_max: follower.lambda_max, null_loss: follower.null_loss, fits: Vec::new() };
    let mut at = follower.lambda_max;
    if !settings.start.is_empty() {
        follower.engine.begin(&penalties.at(at), &settings.start);
        at = 0.0;
    }
    for lambda in grid.lambdas(follower.lambda_max) {
        let fit = follower.fit(at, lambda);
        at = lambda;
        let end = observer(&fit).is_break() || fit.deviance >= settings.saturation || follower.is_interrupted();
        path.fits.push(fit);
        if end {
            return Ok(path);
        }
    }
    if !penalties.at(1.0).is_convex() {
        for sweep in 1..settings.sweeps {
            follower.sweep(&mut path.fits, sweep);
        }
    }
    Ok(path)
}

impl<'r, 'a, D: Design, F: Datafit, P: Penalties> Follower<'r, 'a, D, F, P> {
    fn new(
        regression: &'r Regression<'a, D, F>,
        penalties: &'r P,
        count: usize,
        settings: &'r Settings,
    ) -> Result<Self, FitError>
    where
        'r: 'a,
    {
        let terms = penalties.at(FORBIDDING);
        let blocks = terms.blocks();
        let solver = regression.choose(settings, blocks, penalties.at(1.0).is_convex(), count);
        let residual =
            solver == Solver::CoordinateDescent || (solver == Solver::LocalLinear && !regression.design.is_dense());
        let kernel = if residual { Kernel::Residual } else { Kernel::Gram };
        let mut engine = Engine::new(regression.unread(), regression.datafit(), regression.intercept, kernel, blocks);
        let first = regression.read(&mut engine.columns, &engine.rho);
        let unfit = |(square, first): (&f64, &f64)| !(square.is_finite() && first.is_finite());
        if let Some(j) = engine.columns.squares.iter().zip(&first).position(unfit) {
            return Err(FitError::Column(j));
        }
        engine.correlations.learn(&engine.rho, first);
        if solver == Solver::Gram {
            engine.close(&terms);
        }
        let free: Vec<usize> = (0..blocks).filter(|&b| penalties.is_free(b)).collect();
        if !free.is_empty() {
            engine.admit(&terms, &free);
            engine.solve(
                &terms,
                1e-14 * engine.loss.max(f64::MIN_POSITIVE).sqrt(),
                settings.budget,
                false,
                &mut || ControlFlow::Continue(()),
            );
            engine.refresh();
            let Engine { correlations, columns, rho, .. } = &mut engine;
            correlations.pass(columns, rho);
        }
        let lambda_max = engine.lambda_max(penalties)?;
        Ok(Self {
            first_order: FirstOrder::named(solver),
            lambda_max,
            null_loss: engine.loss,
            saturated: engine.datafit.saturated(),
            engine,
            penalties,
            settings,
            solver,
        })
    }

    fn is_interrupted(&self) -> bool {
        self.settings.proceed().is_break()
    }

    /// Fits every λ again, from another start, and keeps what is better: upwards from the fit at the next smaller λ, downwards from
    /// the next larger one, or from the minimizer of the penalty's tangent at zero.
    fn sweep(&mut self, fits: &mut [Fit], sweep: usize) {
        let count = fits.len();
        for k in 1..=count {
            let (from, to) = match sweep % 3 {
                1 if k < count => (Some(count - k), count - k - 1),
                2 if k < count => (Some(k - 1), k),
                0 => (None, k - 1),
                _ => return,
            };
            let lambda = fits[to].lambda;
            let mut at = lambda;
            if let Some(from) = from {
                self.restore(&fits[from]);
                at = fits[from].lambda;
            } else {
                let terms = self.penalties.at(lambda);
                let tolerance = 1e-3 * lambda;
                let settings = self.settings;
                local_linear::start(&mut self.engine, &terms, tolerance, settings.budget, &mut || settings.proceed());
            }
            let fit = self.fit(at, lambda);
            if self.settings.proceed().is_break() {
                return;
            }
            if fit.is_settled() && fit.objective < fits[to].objective - 1e-10 * fits[to].objective.abs() {
                fits[to] = fit;
            }
        }
    }

    /// Continues from a fit.
    fn restore(&mut self, fit: &Fit) {
        let terms = self.penalties.at(fit.lambda);
        self.engine.start(&terms, &fit.coefficients, &fit.intercepts);
    }

    /// The fit at λ, coming from another.
    fn fit(&mut self, mut at: f64, lambda: f64) -> Fit {
        let begun = Instant::now();
        let before = self.effort();
        let tolerance = self.settings.tolerance * self.lambda_max;
        let kind = usize::from(!self.penalties.at(lambda).is_convex());
        let mut way = None;
        if self.is_gradual(kind == 0) {
            // Below that, smaller λ are all the same.
            let end = lambda.max(tolerance).max(1e-12 * self.lambda_max);
            while end < STRIDES[kind] * at && !self.is_interrupted() {
                let next = STRIDES[kind] * at;
                let (terms, rough) = (self.penalties.at(next), (ROUGHNESS[kind] * next).max(tolerance));
                let way = way.get_or_insert_with(|| Way::new(at));
                way.admit(&mut self.engine, &terms, at, next);
                self.solve(next, rough, false);
                at = next;
            }
        }
        let terms = self.penalties.at(lambda);
        match way {
            Some(mut way) => way.admit(&mut self.engine, &terms, at, lambda),
            None if self.first_order.is_some() => {}
            None => self.engine.anticipate(&terms),
        }
        let (ended, kkt) = self.solve(lambda, tolerance, true);
        let Engine { beta, intercepts, loss, .. } = &self.engine;
        let after = self.effort();
        let room = self.null_loss - self.saturated;
        Fit {
            lambda,
            coefficients: Entries::of(beta),
            intercepts: intercepts.clone(),
            objective: loss + self.engine.penalty(&terms),
            loss: *loss,
            kkt,
            deviance: if room > 0.0 { (self.null_loss - loss) / room } else { 0.0 },
            solver: self.solver,
            status: ended.into(),
            effort: core::array::from_fn(|i| after[i] - before[i]),
            seconds: begun.elapsed().as_secs_f64(),
        }
    }

    /// Whether a λ far away is approached through others. Of convex problems those gain by it whose working sets would grow past
    /// the number of observations, or whose models change on the way and cost more than descent on the observations.
    fn is_gradual(&self, convex: bool) -> bool {
        let Engine { columns, datafit, .. } = &self.engine;
        let wide = columns.design.is_dense() && columns.len() > columns.design.rows();
        let follows = self.first_order.is_none() && self.solver != Solver::LocalLinear;
        let gains = if datafit.is_quadratic() { wide } else { !(wide && self.solver == Solver::CoordinateDescent) };
        follows && self.settings.gradual && (!convex || gains)
    }

    fn effort(&self) -> [usize; 4] {
        let Engine { outer, effort, correlations, .. } = &self.engine;
        [*outer, effort.epochs, effort.newton, correlations.passes]
    }

    fn solve(&mut self, lambda: f64, tolerance: f64, check: bool) -> (Ended, f64) {
        let terms = self.penalties.at(lambda);
        let settings = self.settings;
        let mut proceed = || settings.proceed();
        let budget = settings.budget;
        if let Some(method) = &mut self.first_order {
            return method.solve(&mut self.engine, &terms, tolerance, budget, &mut proceed);
        }
        if self.solver == Solver::LocalLinear {
            local_linear::solve(&mut self.engine, &terms, tolerance, budget, &mut proceed)
        } else {
            self.engine.solve(&terms, tolerance, budget, check, &mut proceed)
        }
    }
}

impl<D: Design, F: Datafit> Engine<'_, D, F> {
    /// The smallest λ at which zero minimizes every penalised block, from the null model, whose correlations are known.
    fn lambda_max<P: Penalties>(&mut self, penalties: &P) -> Result<f64, FitError> {
        let any = penalties.at(1.0);
        let mut lambda: f64 = 0.0;
        let mut c = Vec::new();
        for block in (0..any.blocks()).filter(|&b| !penalties.is_free(b)) {
            c.clear();
            c.extend(any.columns(block).iter().map(|j| self.correlations.estimate[j]));
            let idle = |lambda: f64| self.is_idle(&penalties.at(lambda), block, &c);
            if idle(lambda) {
                continue;
            }
            let mut above = c.iter().map(|c| c.abs()).fold(lambda, f64::max);
            for _ in 0..200 {
                if idle(above) {
                    break;
                }
                above *= 2.0;
            }
            let mut below = lambda;
            for _ in 0..200 {
                let middle = 0.5 * (below + above);
                if middle <= below || middle >= above {
                    break;
                }
                if idle(middle) { above = middle } else { below = middle }
            }
            lambda = above;
        }
        if lambda > 0.0 && lambda.is_finite() { Ok(lambda) } else { Err(FitError::NothingToPenalize) }
    }

    /// p(β).
    pub(crate) fn penalty<T: Terms>(&self, terms: &T) -> f64 {
        let mut x = Vec::new();
        (0..terms.blocks())
            .map(|block| {
                x.clear();
                x.extend(terms.columns(block).iter().map(|j| self.beta[j]));
                if x.iter().all(|&x| x == 0.0) { 0.0 } else { terms.value(block, &x) }
            })
            .sum()
    }
}
