//! Datafits against differences, probes, brute force and each other.

use rand::{Rng, SeedableRng, rngs::StdRng};
use thalweg::sparse::datafit::{
    Cox, DataError, Datafit, Huber, Logistic, Loss, Multinomial, Observed, Poisson, Quantile, Squared, SquaredHinge,
    Ties,
};

const N: usize = 24;

fn numbers(rng: &mut StdRng, n: usize, low: f64, high: f64) -> Vec<f64> {
    (0..n).map(|_| rng.random_range(low..high)).collect()
}

/// Binary responses with both classes.
fn classes(n: usize) -> Vec<f64> {
    (0..n).map(|i| f64::from(u8::from(i % 3 == 0))).collect()
}

/// Weights, some zero.
fn weights(rng: &mut StdRng) -> Vec<f64> {
    (0..N).map(|i| if i % 7 == 5 { 0.0 } else { rng.random_range(0.2..3.0) }).collect()
}

#[track_caller]
fn close(a: f64, b: f64, tolerance: f64) {
    assert!((a - b).abs() <= tolerance * (1.0 + a.abs().max(b.abs())), "{a} {b}");
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn slopes<D: Datafit>(fit: &D, eta: &[f64]) -> Vec<f64> {
    let mut slopes = vec![f64::NAN; eta.len()];
    close(fit.slopes(eta, &mut slopes), fit.value(eta), 1e-15);
    slopes
}

fn curvatures<D: Datafit>(fit: &D, eta: &[f64]) -> Vec<f64> {
    let mut curvatures = vec![f64::NAN; eta.len()];
    fit.curvatures(eta, &mut curvatures);
    curvatures
}

fn moved(eta: &[f64], i: usize, by: f64) -> Vec<f64> {
    let mut eta = eta.to_vec();
    eta[i] += by;
    eta
}

/// The laws of every datafit; `diagonal` if its curvatures are the diagonal of the second derivative.
fn laws<D: Datafit>(fit: &D, rng: &mut StdRng, diagonal: bool) {
    const STEP: f64 = 1e-5;
    let mut bounds = vec![f64::INFINITY; fit.rows()];
    fit.curvature_bounds(&mut bounds);
    close(fit.weights().iter().sum(), 1.0, 1e-14);
    for _ in 0..8 {
        let eta = numbers(rng, fit.rows(), -2.0, 2.0);
        let (slope, curvature) = (slopes(fit, &eta), curvatures(fit, &eta));
        for i in 0..fit.rows() {
            let (up, down) = (moved(&eta, i, STEP), moved(&eta, i, -STEP));
            close(slope[i], (fit.value(&up) - fit.value(&down)) / (2.0 * STEP), 1e-8);
            let second = (slopes(fit, &up)[i] - slopes(fit, &down)[i]) / (2.0 * STEP);
            if diagonal {
                close(curvature[i], second, 1e-8);
            }
            assert!(curvature[i] >= 0.0 && curvature[i] <= bounds[i] * (1.0 + 1e-15));
        }
        assert!(fit.value(&eta) >= fit.saturated() - 1e-14);
        if fit.has_conjugate() {
            let conjugate = fit.conjugate(&slope);
            close(fit.value(&eta) + conjugate, dot(&eta, &slope), 1e-13);
            let elsewhere = numbers(rng, fit.rows(), -4.0, 4.0);
            assert!(conjugate >= dot(&elsewhere, &slope) - fit.value(&elsewhere) - 1e-13);
            close(fit.conjugate(&vec![0.0; fit.rows()]), -fit.saturated(), 1e-14);
            let shorter: Vec<_> = slope.iter().map(|s| 0.3 * s).collect();
            assert!(fit.conjugate(&shorter) >= 0.3 * dot(&eta, &slope) - fit.value(&eta) - 1e-13);
        }
    }
    if let Some(i) = fit.weights().iter().position(|&w| w == 0.0).filter(|_| fit.has_conjugate()) {
        let mut u = vec![0.0; fit.rows()];
        u[i] = 1e-3;
        assert_eq!(fit.conjugate(&u), f64::INFINITY);
    }
}

/// Weights two and zero against duplicated and removed rows; `select` makes the datafit of the rows named.
fn rows_and_weights<D: Datafit>(select: impl Fn(&[usize]) -> D, rng: &mut StdRng) {
    let counts: Vec<usize> = (0..N).map(|i| if i < 2 { 1 } else { [1, 2, 0, 3][i % 4] }).collect();
    let repeated: Vec<usize> = (0..N).flat_map(|i| std::iter::repeat_n(i, counts[i])).collect();
    let all: Vec<usize> = (0..N).collect();
    let counted: Vec<f64> = counts.iter().map(|&c| c as f64).collect();
    let (weighted, repeated_fit) = (select(&all).reweighted(&counted).unwrap(), select(&repeated));
    let q = weighted.outputs();
    let eta = numbers(rng, N * q, -1.5, 1.5);
    let expanded: Vec<f64> = (0..q).flat_map(|k| repeated.iter().map(move |&i| i + k * N)).map(|i| eta[i]).collect();
    close(weighted.value(&eta), repeated_fit.value(&expanded), 1e-14);
    close(weighted.saturated(), repeated_fit.saturated(), 1e-14);
    let (together, apart) = (slopes(&weighted, &eta), slopes(&repeated_fit, &expanded));
    for k in 0..q {
        for i in 0..N {
            let of_row = (0..repeated.len()).filter(|&r| repeated[r] == i).map(|r| apart[r + k * repeated.len()]);
            close(together[i + k * N], of_row.sum(), 1e-14);
        }
    }
}

fn pick<T: Copy>(all: &[T], rows: &[usize]) -> Vec<T> {
    rows.iter().map(|&i| all[i]).collect()
}

fn of_loss<L: Loss>(loss: L, y: &[f64], diagonal: bool) {
    let rng = &mut StdRng::seed_from_u64(7);
    let plain = Observed::new(loss.clone(), y).unwrap();
    assert!(plain.uniform_weight().is_some());
    laws(&plain, rng, diagonal);
    let offset = numbers(rng, N, -1.0, 1.0);
    let full = plain.weighted(&weights(rng)).unwrap().offset(&offset).unwrap();
    assert!(full.uniform_weight().is_none());
    laws(&full, rng, diagonal);
    rows_and_weights(
        |rows| Observed::new(loss.clone(), &pick(y, rows)).unwrap().offset(&pick(&offset, rows)).unwrap(),
        rng,
    );
}

#[test]
fn losses_keep_the_laws() {
    let rng = &mut StdRng::seed_from_u64(1);
    let real = numbers(rng, N, -3.0, 3.0);
    let count: Vec<f64> = (0..N).map(|i| (i % 5) as f64).collect();
    of_loss(Squared, &real, true);
    of_loss(Logistic, &classes(N), true);
    of_loss(Logistic, &numbers(rng, N, 0.0, 1.0), true);
    of_loss(Poisson, &count, true);
    of_loss(Huber { threshold: 0.8 }, &real, true);
    of_loss(Quantile { level: 0.3, smoothing: 0.5 }, &real, true);
    of_loss(SquaredHinge, &classes(N), true);
}

#[test]
fn infima_are_reached() {
    let y = classes(N);
    let far: Vec<f64> = y.iter().map(|y| 800.0 * (2.0 * y - 1.0)).collect();
    for (value, saturated) in [
        (Observed::new(Logistic, &y).unwrap().value(&far), Observed::new(Logistic, &y).unwrap().saturated()),
        (Observed::new(SquaredHinge, &y).unwrap().value(&far), 0.0),
    ] {
        close(value, saturated, 1e-15);
    }
    let counts: Vec<f64> = (1..=N).map(|i| i as f64).collect();
    let logs: Vec<f64> = counts.iter().map(|y| y.ln()).collect();
    let fit = Observed::new(Poisson, &counts).unwrap();
    close(fit.value(&logs), fit.saturated(), 1e-14);
    let shares: Vec<f64> = (1..N).map(|i| i as f64 / N as f64).collect();
    let logits: Vec<f64> = shares.iter().map(|y| (y / (1.0 - y)).ln()).collect();
    let fit = Observed::new(Logistic, &shares).unwrap();
    close(fit.value(&logits), fit.saturated(), 1e-14);
}

#[test]
fn the_smoothed_quantile_is_a_moreau_envelope() {
    let loss = Quantile { level: 0.3, smoothing: 0.5 };
    for r in [-2.0, -0.36, -0.34, -0.1, 0.0, 0.1, 0.14, 0.16, 2.0] {
        let pinball = |s: f64| (0.3 * s).max(-0.7 * s) + (r - s) * (r - s);
        let least = (-40_000..=40_000).map(|k| pinball(f64::from(k) * 1e-4)).fold(f64::INFINITY, f64::min);
        assert!((loss.value(r, 0.0) - least).abs() < 1e-8, "{r}");
    }
}

#[test]
fn several_outputs_are_added() {
    let rng = &mut StdRng::seed_from_u64(2);
    let (y, w) = (numbers(rng, 2 * N, -1.0, 1.0), weights(rng));
    let both = Observed::outputs(Squared, &y, 2).unwrap().weighted(&w).unwrap();
    laws(&both, rng, true);
    let eta = numbers(rng, 2 * N, -1.0, 1.0);
    let of = |part: std::ops::Range<usize>| {
        Observed::new(Squared, &y[part.clone()]).unwrap().weighted(&w).unwrap().value(&eta[part])
    };
    close(both.value(&eta), of(0..N) + of(N..2 * N), 1e-15);
    assert_eq!(both.rows(), 2 * N);
    assert_eq!(both.weights().len(), N);
}

#[test]
fn multinomial_keeps_the_laws() {
    let rng = &mut StdRng::seed_from_u64(3);
    let labels: Vec<usize> = (0..N).map(|i| i % 3).collect();
    let offset = numbers(rng, 3 * N, -1.0, 1.0);
    let plain = Multinomial::from_classes(&labels, 3).unwrap();
    laws(&plain, rng, false);
    let full = plain.weighted(&weights(rng)).unwrap().offset(&offset).unwrap();
    laws(&full, rng, false);
    let mut shares = numbers(rng, 3 * N, 0.1, 1.0);
    for i in 0..N {
        let total: f64 = (0..3).map(|k| shares[i + k * N]).sum();
        (0..3).for_each(|k| shares[i + k * N] /= total);
    }
    let probabilities = Multinomial::new(&shares, 3).unwrap();
    laws(&probabilities, rng, false);
    let logs: Vec<f64> = shares.iter().map(|y| y.ln()).collect();
    close(probabilities.value(&logs), probabilities.saturated(), 1e-14);
    let offset_of = |rows: &[usize]| (0..3).flat_map(|k| pick(&offset[k * N..], rows)).collect::<Vec<_>>();
    rows_and_weights(
        |rows| Multinomial::from_classes(&pick(&labels, rows), 3).unwrap().offset(&offset_of(rows)).unwrap(),
        rng,
    );
}

#[test]
fn two_classes_are_logistic() {
    let rng = &mut StdRng::seed_from_u64(4);
    let labels: Vec<usize> = (0..N).map(|i| usize::from(i % 3 == 0)).collect();
    let (two, one) = (Multinomial::from_classes(&labels, 2).unwrap(), Observed::new(Logistic, &classes(N)).unwrap());
    let eta = numbers(rng, 2 * N, -3.0, 3.0);
    let difference: Vec<f64> = (0..N).map(|i| eta[N + i] - eta[i]).collect();
    close(two.value(&eta), one.value(&difference), 1e-15);
}

#[test]
fn multinomial_curvatures_majorize() {
    let rng = &mut StdRng::seed_from_u64(5);
    let labels: Vec<usize> = (0..N).map(|i| i % 4).collect();
    let fit = Multinomial::from_classes(&labels, 4).unwrap().weighted(&weights(rng)).unwrap();
    for _ in 0..200 {
        let (eta, d) = (numbers(rng, 4 * N, -3.0, 3.0), numbers(rng, 4 * N, -1.0, 1.0));
        let at = |t: f64| slopes(&fit, &eta.iter().zip(&d).map(|(e, d)| e + t * d).collect::<Vec<_>>());
        let second = (dot(&at(1e-5), &d) - dot(&at(-1e-5), &d)) / 2e-5;
        let above: f64 = curvatures(&fit, &eta).iter().zip(&d).map(|(c, d)| c * d * d).sum();
        assert!(second <= above + 1e-9);
    }
}

struct Survival {
    times: Vec<f64>,
    events: Vec<bool>,
    weights: Vec<f64>,
    offset: Vec<f64>,
}

impl Survival {
    fn new(rng: &mut StdRng) -> Self {
        let times = (0..N).map(|_| f64::from(rng.random_range(0..9))).collect();
        let events = (0..N).map(|_| rng.random_bool(0.6)).collect();
        Self { times, events, weights: weights(rng), offset: numbers(rng, N, -1.0, 1.0) }
    }

    fn fit(&self, ties: Ties) -> Cox {
        let fit = Cox::new(&self.times, &self.events, ties).unwrap();
        fit.weighted(&self.weights).unwrap().offset(&self.offset).unwrap()
    }

    /// By the definition: every event time, every member of its risk set.
    fn twin(&self, eta: &[f64], ties: Ties) -> f64 {
        let hazard = |i: &usize| self.weights[*i] * (eta[*i] + self.offset[*i]).exp();
        let mut seen = Vec::new();
        let mut value = 0.0;
        for t in self.times.iter().copied() {
            if seen.contains(&t) {
                continue;
            }
            seen.push(t);
            let all = || (0..N).filter(|&i| self.weights[i] > 0.0);
            let tied: Vec<usize> = all().filter(|&i| self.times[i] == t && self.events[i]).collect();
            let risk: f64 = all().filter(|&i| self.times[i] >= t).map(|i| hazard(&i)).sum();
            let of_tied: f64 = tied.iter().map(hazard).sum();
            let m = tied.len() as f64;
            let weight: f64 = tied.iter().map(|&i| self.weights[i]).sum();
            for (l, &i) in tied.iter().enumerate() {
                let removed = if ties == Ties::Efron { l as f64 / m * of_tied } else { 0.0 };
                value += weight / m * (risk - removed).ln() - self.weights[i] * (eta[i] + self.offset[i]);
            }
        }
        value / self.weights.iter().sum::<f64>()
    }
}

#[test]
fn cox_is_its_definition() {
    let rng = &mut StdRng::seed_from_u64(6);
    for _ in 0..20 {
        let data = Survival::new(rng);
        for ties in [Ties::Breslow, Ties::Efron] {
            let fit = data.fit(ties);
            let eta = numbers(rng, N, -2.0, 2.0);
            close(fit.value(&eta), data.twin(&eta, ties), 1e-14);
            laws(&fit, rng, true);
            assert!(!fit.has_intercept() && slopes(&fit, &eta).iter().sum::<f64>().abs() < 1e-15);
        }
    }
}

#[test]
fn cox_weights_are_rows() {
    let rng = &mut StdRng::seed_from_u64(8);
    let data = Survival::new(rng);
    rows_and_weights(|rows| Cox::new(&pick(&data.times, rows), &pick(&data.events, rows), Ties::Breslow).unwrap(), rng);
    // Efron's average order is of events, not of weights: only zero weights are rows.
    let kept: Vec<usize> = (0..N).filter(|&i| data.weights[i] > 0.0).collect();
    let fit = Cox::new(&pick(&data.times, &kept), &pick(&data.events, &kept), Ties::Efron).unwrap();
    let fit = fit.weighted(&pick(&data.weights, &kept)).unwrap().offset(&pick(&data.offset, &kept)).unwrap();
    let eta = numbers(rng, N, -2.0, 2.0);
    close(fit.value(&pick(&eta, &kept)), data.fit(Ties::Efron).value(&eta), 1e-15);
}

#[test]
fn cox_reaches_its_infimum() {
    let data = Survival::new(&mut StdRng::seed_from_u64(9));
    let eta: Vec<f64> =
        (0..N).map(|i| -100.0 * data.times[i] - if data.events[i] { 0.0 } else { 50.0 } - data.offset[i]).collect();
    for ties in [Ties::Breslow, Ties::Efron] {
        let fit = data.fit(ties);
        close(fit.value(&eta), fit.saturated(), 1e-13);
    }
}

#[test]
fn extreme_predictors_are_no_nan() {
    let eta: Vec<f64> = (0..N).map(|i| if i % 2 == 0 { 800.0 } else { -800.0 }).collect();
    fn finite<D: Datafit>(fit: &D, eta: &[f64]) {
        assert!(fit.value(eta).is_finite());
        assert!(slopes(fit, eta).iter().chain(&curvatures(fit, eta)).all(|x| x.is_finite()));
    }
    let y = classes(N);
    finite(&Observed::new(Squared, &y).unwrap(), &eta);
    finite(&Observed::new(Logistic, &y).unwrap(), &eta);
    finite(&Observed::new(Huber { threshold: 1.0 }, &y).unwrap(), &eta);
    finite(&Observed::new(Quantile { level: 0.5, smoothing: 0.1 }, &y).unwrap(), &eta);
    finite(&Observed::new(SquaredHinge, &y).unwrap(), &eta);
    let labels: Vec<usize> = (0..N / 2).map(|i| i % 2).collect();
    finite(&Multinomial::from_classes(&labels, 2).unwrap(), &eta);
    let data = Survival::new(&mut StdRng::seed_from_u64(10));
    for ties in [Ties::Breslow, Ties::Efron] {
        finite(&data.fit(ties), &eta);
        finite(&data.fit(ties), &eta.iter().map(|e| -e).collect::<Vec<_>>());
    }
    assert_eq!(Observed::new(Poisson, &y).unwrap().value(&eta), f64::INFINITY);
    // A certain, right answer keeps its digits.
    let slope = Logistic.slope(1.0, 700.0);
    close(slope / -(-700f64).exp(), 1.0, 1e-12);
}

#[test]
fn bad_data_are_named() {
    let error = |result: Result<Observed<Logistic>, DataError>| result.unwrap_err();
    assert_eq!(error(Observed::new(Logistic, &[])), DataError::Empty);
    assert_eq!(error(Observed::new(Logistic, &[0.0, f64::NAN])), DataError::NotFinite(1));
    assert_eq!(error(Observed::new(Logistic, &[0.0, 2.0])), DataError::Response(1));
    assert_eq!(error(Observed::new(Logistic, &[1.0, 1.0])), DataError::SingleClass);
    assert_eq!(error(Observed::outputs(Logistic, &[1.0, 0.0, 1.0], 2)), DataError::Length(2, 3));
    assert_eq!(error(Observed::outputs(Logistic, &[1.0], 2)), DataError::Length(2, 1));
    let fit = Observed::new(Logistic, &[1.0, 0.0, 1.0]).unwrap();
    assert_eq!(error(fit.reweighted(&[1.0, 0.0, 1.0])), DataError::SingleClass);
    assert_eq!(error(fit.reweighted(&[1.0, -1.0, 1.0])), DataError::Weight(1));
    assert_eq!(error(fit.reweighted(&[0.0; 3])), DataError::Weight(3));
    assert_eq!(error(fit.reweighted(&[1.0; 2])), DataError::Length(3, 2));
    assert_eq!(error(fit.reweighted(&[1.0, f64::INFINITY, 1.0])), DataError::NotFinite(1));
    assert_eq!(error(fit.clone().offset(&[0.0; 2])), DataError::Length(3, 2));
    assert_eq!(error(fit.offset(&[0.0, f64::NAN, 0.0])), DataError::NotFinite(1));
    assert_eq!(Observed::new(Poisson, &[0.0, 0.0]).unwrap_err(), DataError::SingleClass);
    assert_eq!(Observed::new(Poisson, &[0.0, -1.0]).unwrap_err(), DataError::Response(1));
    assert_eq!(Observed::new(SquaredHinge, &[0.0, 0.5]).unwrap_err(), DataError::Response(1));
    assert_eq!(Observed::new(SquaredHinge, &[0.0, 0.0]).unwrap_err(), DataError::SingleClass);
    assert_eq!(Observed::new(Huber { threshold: 0.0 }, &[0.0]).unwrap_err(), DataError::Parameter);
    assert_eq!(Observed::new(Quantile { level: 1.0, smoothing: 0.1 }, &[0.0]).unwrap_err(), DataError::Parameter);
    assert_eq!(Multinomial::from_classes(&[0, 3], 3).unwrap_err(), DataError::Response(1));
    assert_eq!(Multinomial::from_classes(&[0, 0], 2).unwrap_err(), DataError::SingleClass);
    assert_eq!(Multinomial::from_classes(&[0, 2], 3).unwrap_err(), DataError::EmptyClass(1));
    assert_eq!(Multinomial::new(&[0.5, 0.6], 2).unwrap_err(), DataError::Response(0));
    assert_eq!(Cox::new(&[1.0, 2.0], &[false; 2], Ties::Efron).unwrap_err(), DataError::SingleClass);
    assert_eq!(Cox::new(&[1.0], &[true; 2], Ties::Efron).unwrap_err(), DataError::Length(1, 2));
    assert_eq!(Cox::new(&[f64::NAN], &[true], Ties::Efron).unwrap_err(), DataError::NotFinite(0));
    assert!(DataError::Length(3, 2).to_string().contains("2 entries where 3"));
}
