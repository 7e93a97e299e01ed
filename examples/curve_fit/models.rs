//! Models by name: formulas in `x`, most with a start found from the data.

use nalgebra::SVector;
use thalweg::Method;
use thalweg::least_squares::LevenbergMarquardt;
use thalweg::problem::row_fn;

type Start = fn(&[f64], &[f64]) -> Option<Vec<f64>>;

/// A named formula.
#[derive(Clone, Copy, Debug)]
pub struct Named {
    pub name: &'static str,
    pub formula: &'static str,
    /// In the order of the start.
    pub parameters: &'static [&'static str],
    pub about: &'static str,
    start: Start,
}

impl Named {
    /// Starting values from abscissas and ordinates, of which some are enough; `None` where they do not allow the attempt.
    pub fn start(&self, x: &[f64], y: &[f64]) -> Option<Vec<f64>> {
        let stride = x.len().div_ceil(1000).max(1);
        let thin = |values: &[f64]| values.iter().copied().step_by(stride).collect::<Vec<_>>();
        (self.start)(&thin(x), &thin(y))
    }
}

pub const MODELS: [Named; 19] = [
    Named {
        name: "line",
        formula: "a+b*x",
        parameters: &["a", "b"],
        about: "straight line",
        start: |x, y| polynomial::<2>(x, y),
    },
    Named {
        name: "poly2",
        formula: "c0+c1*x+c2*x^2",
        parameters: &["c0", "c1", "c2"],
        about: "polynomial of degree 2",
        start: |x, y| polynomial::<3>(x, y),
    },
    Named {
        name: "poly3",
        formula: "c0+c1*x+c2*x^2+c3*x^3",
        parameters: &["c0", "c1", "c2", "c3"],
        about: "polynomial of degree 3",
        start: |x, y| polynomial::<4>(x, y),
    },
    Named {
        name: "poly4",
        formula: "c0+c1*x+c2*x^2+c3*x^3+c4*x^4",
        parameters: &["c0", "c1", "c2", "c3", "c4"],
        about: "polynomial of degree 4",
        start: |x, y| polynomial::<5>(x, y),
    },
    Named {
        name: "poly5",
        formula: "c0+c1*x+c2*x^2+c3*x^3+c4*x^4+c5*x^5",
        parameters: &["c0", "c1", "c2", "c3", "c4", "c5"],
        about: "polynomial of degree 5",
        start: |x, y| polynomial::<6>(x, y),
    },
    Named {
        name: "power",
        formula: "a*x^b",
        parameters: &["a", "b"],
        about: "power law, x > 0",
        start: |x, y| {
            let sign = sign(y)?;
            let [a, b] = regress(x, |i| Some(([1.0, logarithm(x[i])?], logarithm(sign * y[i])?)))?;
            Some(vec![sign * a.exp(), b])
        },
    },
    Named {
        name: "exp1",
        formula: "a1*exp(-k1*x)",
        parameters: &["a1", "k1"],
        about: "exponential decay, or growth where k1 < 0",
        start: |x, y| exponentials::<1>(x, y),
    },
    Named {
        name: "exp2",
        formula: "a1*exp(-k1*x)+a2*exp(-k2*x)",
        parameters: &["a1", "k1", "a2", "k2"],
        about: "sum of two exponentials",
        start: |x, y| exponentials::<2>(x, y),
    },
    Named {
        name: "exp3",
        formula: "a1*exp(-k1*x)+a2*exp(-k2*x)+a3*exp(-k3*x)",
        parameters: &["a1", "k1", "a2", "k2", "a3", "k3"],
        about: "sum of three exponentials",
        start: |x, y| exponentials::<3>(x, y),
    },
    Named {
        name: "relaxation",
        formula: "c+a*exp(-k*x)",
        parameters: &["c", "a", "k"],
        about: "approach to a level c, as of a capacitor",
        start: |x, y| {
            let basis = |k: f64, x: f64| [1.0, (-k * x).exp()];
            let ([c, a], k) = scan(x, y, rates(x), basis)?;
            Some(vec![c, a, k])
        },
    },
    Named {
        name: "saturation",
        formula: "a*(1-exp(-k*x))",
        parameters: &["a", "k"],
        about: "rise from zero to a level a",
        start: |x, y| {
            let ([a], k) = scan(x, y, rates(x), |k, x| [-(-k * x).exp_m1()])?;
            Some(vec![a, k])
        },
    },
    Named {
        name: "michaelis",
        formula: "v*x/(k+x)",
        parameters: &["v", "k"],
        about: "Michaelis-Menten, Langmuir",
        start: |x, y| {
            let ([v], k) = scan(x, y, rates(x).map(f64::recip), |k, x| [x / (k + x)])?;
            Some(vec![v, k])
        },
    },
    Named {
        name: "logistic",
        formula: "a/(1+exp(-k*(x-m)))",
        parameters: &["a", "k", "m"],
        about: "growth from zero to a level a",
        start: |x, y| {
            let sign = sign(y)?;
            let top = 1.05 * y.iter().fold(0.0_f64, |top, y| top.max(y.abs()));
            let [offset, k] = regress(x, |i| Some(([1.0, x[i]], logarithm(sign * y[i] / (top - sign * y[i]))?)))?;
            Some(vec![sign * top, k, -offset / k])
        },
    },
    Named {
        name: "rational",
        formula: "(a0+a1*x+a2*x^2)/(1+b1*x+b2*x^2)",
        parameters: &["a0", "a1", "a2", "b1", "b2"],
        about: "quotient of two polynomials of degree 2",
        start: |x, y| {
            let row = |i: usize| [1.0, x[i], x[i] * x[i], -y[i] * x[i], -y[i] * x[i] * x[i]];
            Some(regress(x, |i| Some((row(i), y[i])))?.to_vec())
        },
    },
    Named {
        name: "gauss1",
        formula: "c+a1*exp(-(x-m1)^2/(2*s1^2))",
        parameters: &["c", "a1", "m1", "s1"],
        about: "a Gaussian peak on a constant",
        start: |x, y| peaks::<1>(x, y),
    },
    Named {
        name: "gauss2",
        formula: "c+a1*exp(-(x-m1)^2/(2*s1^2))+a2*exp(-(x-m2)^2/(2*s2^2))",
        parameters: &["c", "a1", "m1", "s1", "a2", "m2", "s2"],
        about: "two Gaussian peaks on a constant",
        start: |x, y| peaks::<2>(x, y),
    },
    Named {
        name: "gauss3",
        formula: "c+a1*exp(-(x-m1)^2/(2*s1^2))+a2*exp(-(x-m2)^2/(2*s2^2))+a3*exp(-(x-m3)^2/(2*s3^2))",
        parameters: &["c", "a1", "m1", "s1", "a2", "m2", "s2", "a3", "m3", "s3"],
        about: "three Gaussian peaks on a constant",
        start: |x, y| peaks::<3>(x, y),
    },
    Named {
        name: "steinhart",
        formula: "1/(a+b*ln(x)+c*ln(x)^3)",
        parameters: &["a", "b", "c"],
        about: "thermistor after Steinhart & Hart: temperature in K over resistance x",
        start: |x, y| {
            let row = |l: f64| [1.0, l, l * l * l];
            Some(regress(x, |i| Some((row(logarithm(x[i])?), 1.0 / y[i])))?.to_vec())
        },
    },
    Named {
        name: "beta",
        formula: "r25*exp(b*(1/x-1/298.15))",
        parameters: &["r25", "b"],
        about: "thermistor: resistance over temperature x in K",
        start: |x, y| {
            let [offset, b] = regress(x, |i| Some(([1.0, 1.0 / x[i] - 1.0 / 298.15], logarithm(y[i])?)))?;
            Some(vec![offset.exp(), b])
        },
    },
];

/// A model by its name.
///
/// # Errors
/// No such model; the names there are.
pub fn find(name: &str) -> Result<Named, String> {
    let known = || MODELS.map(|model| model.name).join(", ");
    let found = MODELS.into_iter().find(|model| model.name == name);
    found.ok_or_else(|| format!("there is no model \"{name}\"; there are {}", known()))
}

/// The models as a table.
pub fn list() -> String {
    MODELS.map(|m| format!("{:<11} {:<60} {}", m.name, m.formula, m.about)).join("\n")
}

fn logarithm(value: f64) -> Option<f64> {
    let logarithm = value.ln();
    logarithm.is_finite().then_some(logarithm)
}

/// The sign of most of the readings.
fn sign(y: &[f64]) -> Option<f64> {
    let sum: f64 = y.iter().sum();
    (sum != 0.0).then(|| sum.signum())
}

/// Coefficients of a linear model by least squares over the samples for which `row` has an answer.
fn regress<const N: usize>(x: &[f64], row: impl Fn(usize) -> Option<([f64; N], f64)>) -> Option<[f64; N]> {
    let rows: Vec<_> = (0..x.len()).filter_map(row).collect();
    Some(linear(&rows)?.0)
}

/// Coefficients of a linear model, and half the sum of squares.
fn linear<const N: usize>(rows: &[([f64; N], f64)]) -> Option<([f64; N], f64)> {
    let mut problem = row_fn(rows.len(), |i, c: &SVector<f64, N>, g: &mut SVector<f64, N>| {
        *g = SVector::from(rows[i].0);
        g.dot(c) - rows[i].1
    });
    let (fit, _) = LevenbergMarquardt::default().solve(SVector::from([0.0; N]), &mut problem, 50_000).ok()?;
    let coefficients: [f64; N] = (*fit.x()).into();
    (fit.cost().is_finite() && coefficients.iter().all(|c| c.is_finite())).then(|| (coefficients, fit.cost()))
}

fn polynomial<const N: usize>(x: &[f64], y: &[f64]) -> Option<Vec<f64>> {
    let powers = |x: f64| std::array::from_fn(|k| x.powi(k as i32));
    Some(regress::<N>(x, |i| Some((powers(x[i]), y[i])))?.to_vec())
}

/// The smallest abscissa and the distance to the largest.
fn extent(x: &[f64]) -> (f64, f64) {
    let (low, high) = x.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), x| (l.min(*x), h.max(*x)));
    (low, high - low)
}

/// Rates from a tenth to a hundred over the extent of the abscissas.
fn rates(x: &[f64]) -> impl Iterator<Item = f64> + Clone + use<> {
    let (_, width) = extent(x);
    (0..16).map(move |k| 0.1 * 1000_f64.powf(f64::from(k) / 15.0) / width)
}

/// The best of some values of the one parameter that is not linear, and the linear ones with it.
fn scan<const N: usize, R>(
    x: &[f64],
    y: &[f64],
    candidates: impl Iterator<Item = R>,
    basis: impl Fn(R, f64) -> [f64; N],
) -> Option<([f64; N], R)>
where
    R: Copy,
{
    let mut best: Option<([f64; N], R, f64)> = None;
    for candidate in candidates {
        let rows: Vec<_> = x.iter().zip(y).map(|(x, y)| (basis(candidate, *x), *y)).collect();
        if let Some((coefficients, cost)) = linear(&rows)
            && best.as_ref().is_none_or(|(_, _, least)| cost < *least)
        {
            best = Some((coefficients, candidate, cost));
        }
    }
    best.map(|(coefficients, candidate, _)| (coefficients, candidate))
}

/// Amplitudes and rates in turn; the rates are the best of a grid.
fn exponentials<const N: usize>(x: &[f64], y: &[f64]) -> Option<Vec<f64>> {
    let (low, width) = extent(x);
    let grid: Vec<f64> = if N == 1 {
        // One exponential may grow as well.
        rates(x).chain(rates(x).map(|k| -k).filter(|k| k.abs() * width < 50.0)).collect()
    } else {
        rates(x).step_by(if N == 2 { 1 } else { 2 }).collect()
    };
    let mut sets: Vec<Vec<f64>> = vec![Vec::new()];
    for _ in 0..N {
        let longer = |set: &Vec<f64>| {
            let after = set.last().map_or(0, |last| 1 + grid.iter().position(|k| k == last).unwrap_or(0));
            grid.iter().skip(after).map(|k| [set.as_slice(), &[*k]].concat()).collect::<Vec<_>>()
        };
        sets = sets.iter().flat_map(longer).collect();
    }
    let sets = sets.into_iter().filter_map(|set| <[f64; N]>::try_from(set).ok());
    // From the first abscissa on, so that nothing overflows.
    let (amplitudes, rates) = scan(x, y, sets, |set, x| set.map(|k| (-k * (x - low)).exp()))?;
    Some(amplitudes.iter().zip(rates).flat_map(|(a, k)| [a * (k * low).exp(), k]).collect())
}

/// The start with the least squares over several levels from which peaks may rise, or hang.
fn peaks<const N: usize>(x: &[f64], y: &[f64]) -> Option<Vec<f64>> {
    let mut order: Vec<usize> = (0..x.len()).collect();
    order.sort_by(|a, b| x[*a].total_cmp(&x[*b]));
    let (x, y): (Vec<f64>, Vec<f64>) = order.into_iter().map(|i| (x[i], y[i])).unzip();
    let mut levels = y.clone();
    levels.sort_by(f64::total_cmp);
    let level = |share: usize| levels[(levels.len() - 1) * share / 8];
    let mut best: Option<(Vec<f64>, f64)> = None;
    for base in [0, 1, 2, 4, 6, 7, 8].map(level) {
        let Some(shapes) = shapes::<N>(&x, &y, base) else { continue };
        // The heights are linear: `N` of them and the level, at most four in all.
        let row = |(x, y): (&f64, &f64)| {
            let mut row = [0.0; 4];
            row[0] = 1.0;
            for (entry, (m, s)) in row.iter_mut().skip(1).zip(shapes) {
                *entry = (-0.5 * ((x - m) / s).powi(2)).exp();
            }
            (row, *y)
        };
        let rows: Vec<_> = x.iter().zip(&y).map(row).collect();
        if let Some((heights, cost)) = linear(&rows)
            && best.as_ref().is_none_or(|(_, least)| cost < *least)
        {
            let peaks = heights.iter().skip(1).zip(shapes).flat_map(|(a, (m, s))| [*a, m, s]);
            best = Some((std::iter::once(heights[0]).chain(peaks).collect(), cost));
        }
    }
    best.map(|(start, _)| start)
}

/// Middle and deviation of what stands out most of a level, taken away; and again.
fn shapes<const N: usize>(x: &[f64], y: &[f64], base: f64) -> Option<[(f64, f64); N]> {
    let width = x.last()? - x.first()?;
    let mut rest: Vec<f64> = y.iter().map(|y| y - base).collect();
    let mut shapes = [(0.0, 0.0); N];
    for shape in &mut shapes {
        let top = (0..rest.len()).max_by(|a, b| rest[*a].abs().total_cmp(&rest[*b].abs()))?;
        let (height, middle) = (rest[top], x[top]);
        let above = |k: &usize| rest[*k] / height > 0.5;
        let right = (top..rest.len()).take_while(above).last()?;
        let left = (0..=top).rev().take_while(above).last()?;
        // The nearer flank: the other may belong to a neighbour. A half width is 1.18 standard deviations.
        let flanks = [x[right] - middle, middle - x[left]];
        let half = flanks.into_iter().filter(|half| *half > 0.0).fold(width, f64::min).max(width / 200.0);
        let s = half / 1.18;
        for (rest, x) in rest.iter_mut().zip(x) {
            *rest -= height * (-0.5 * ((x - middle) / s).powi(2)).exp();
        }
        *shape = (middle, s);
    }
    Some(shapes)
}
