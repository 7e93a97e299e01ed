//! The result as a figure: samples before and after in three projections, residuals, directions seen.

use std::error::Error;
use std::ops::Range;

use nalgebra::{Matrix3, Vector3};
use plotters::chart::MeshStyle;
use plotters::coord::Shift;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use thalweg::calibration::{Calibration, Coverage};

use crate::report::{fitted, model, percent, verdict};
use crate::{Fit, Source};

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Chart<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

/// The drawing library rounds to whole pixels: draw large, show small.
const SCALE: i32 = 4;
const PANEL: i32 = px(400);
const HEAD: i32 = px(76);
const FOOT: i32 = px(390);
/// More points than this are drawn every second one, every third one and so on.
const POINTS: usize = 600;

const LOG: RGBColor = RGBColor(196, 200, 205);
const RAW: RGBColor = RGBColor(217, 95, 2);
const CORRECTED: RGBColor = RGBColor(31, 105, 176);
const MODEL: RGBColor = RGBColor(35, 40, 48);
const TEXT: RGBColor = RGBColor(45, 50, 58);
const EMPTY: RGBColor = RGBColor(250, 226, 222);

const PLANES: [(usize, usize); 3] = [(0, 1), (0, 2), (1, 2)];

/// Draws the figure as SVG.
pub fn draw(source: &Source, fit: &Fit) -> Result<String, Box<dyn Error>> {
    let mut svg = String::new();
    let (width, height) = (3 * PANEL, HEAD + 2 * PANEL + FOOT);
    {
        let size = (width.unsigned_abs(), height.unsigned_abs());
        let root = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        root.fill(&WHITE)?;
        let (head, rest) = root.split_vertically(HEAD);
        let (panels, foot) = rest.split_vertically(2 * PANEL);
        let (left, right) = foot.split_horizontally(3 * PANEL / 2);
        headline(&head, source, fit)?;
        for ((cell, k), plane) in panels.split_evenly((2, 3)).iter().zip(0..).zip(PLANES.iter().cycle()) {
            if k < 3 { raw(cell, source, fit, *plane)? } else { corrected(cell, source, fit, *plane)? }
        }
        residuals(&left, fit)?;
        if fitted(&fit.result) {
            directions(&right, &fit.result.coverage)?;
        }
        root.present()?;
    }
    let drawn = format!("width=\"{width}\" height=\"{height}\"");
    let shown = format!("width=\"{}\" height=\"{}\"", width / SCALE, height / SCALE);
    Ok(svg.replacen(&drawn, &shown, 1))
}

/// Pixels of the figure as it is shown.
const fn px(pixels: i32) -> i32 {
    SCALE * pixels
}

fn font(size: i32) -> TextStyle<'static> {
    ("sans-serif", px(size)).into_font().color(&TEXT)
}

fn line(colour: RGBColor) -> ShapeStyle {
    colour.stroke_width(px(2).unsigned_abs())
}

fn headline(area: &Area<'_>, source: &Source, fit: &Fit) -> Result<(), Box<dyn Error>> {
    let c = &fit.result;
    let model = if fitted(c) { format!("{} model, ", model(c.model)) } else { String::new() };
    let title = format!("Calibration of {}: {model}{}", source.title, verdict(c.verdict));
    area.draw(&Text::new(title, (px(24), px(16)), font(22)))?;
    let (mut x, y) = (px(24), px(57));
    let mut entry = |label: String, colour: RGBColor, curve: bool| -> Result<(), Box<dyn Error>> {
        if curve {
            area.draw(&PathElement::new(vec![(x, y), (x + px(22), y)], line(colour)))?;
        } else {
            area.draw(&Circle::new((x + px(11), y), px(4), colour.filled()))?;
        }
        let width = px(36) + px(8) * i32::try_from(label.chars().count())?;
        area.draw(&Text::new(label, (x + px(28), y), font(14).pos(Pos::new(HPos::Left, VPos::Center))))?;
        x += width;
        Ok(())
    };
    entry(format!("log, {} readings", source.rows.len()), LOG, false)?;
    entry(format!("used, {} samples", c.used), RAW, false)?;
    if fitted(c) {
        entry("the same, corrected".into(), CORRECTED, false)?;
        entry("fitted ellipsoid, and the sphere it becomes".into(), MODEL, true)?;
    }
    Ok(())
}

/// A square plot of two axes, `half` to both sides of their middles.
struct Plane {
    title: String,
    labels: [String; 2],
    middles: [f64; 2],
    half: f64,
}

impl Plane {
    /// Round numbers near the middles, which are subtracted before drawing: the library loops forever over ticks that
    /// are closer than rounding.
    fn base(&self) -> [f64; 2] {
        let step = 10_f64.powf(self.half.log10().ceil());
        self.middles.map(|middle| (middle / step).round() * step)
    }
}

/// An empty plot, or `None` for what the library cannot draw.
fn plane<'a, 'b>(area: &Area<'b>, plane: &Plane) -> Result<Option<Chart<'a, 'b>>, Box<dyn Error>> {
    let half = plane.half;
    if !drawable(half) || !plane.middles.iter().all(|middle| middle.is_finite()) {
        note(area, "not in the range of a figure")?;
        return Ok(None);
    }
    let base = plane.base();
    let [x, y] = [0, 1].map(|k| plane.middles[k] - base[k]).map(|middle| middle - half..middle + half);
    // Ticks far from zero would all read the same.
    let far = base.map(|base| base.abs() > 1e4 * half);
    let [x_label, y_label] = [0, 1].map(|k| match (far[k], &plane.labels[k]) {
        (true, label) => format!("{label} {:+}", -base[k]),
        (false, label) => label.clone(),
    });
    let shown = [0, 1].map(|k| if far[k] { 0.0 } else { base[k] });
    let mut chart = graph(area, plane.title.clone(), 12, 4, x, y)?;
    style(&mut chart)
        .x_labels(9)
        .y_labels(9)
        .x_desc(x_label)
        .y_desc(y_label)
        .x_label_formatter(&|v| tick(shown[0] + v, half))
        .y_label_formatter(&|v| tick(shown[1] + v, half))
        .draw()?;
    Ok(Some(chart))
}

/// Whether the library can find ticks for an axis that reaches so far.
fn drawable(half: f64) -> bool {
    (1e-150..1e150).contains(&half)
}

fn note(area: &Area<'_>, text: &str) -> Result<(), Box<dyn Error>> {
    let style = font(15).pos(Pos::new(HPos::Center, VPos::Center));
    area.draw(&Text::new(text, (PANEL / 2, PANEL / 2), style))?;
    Ok(())
}

fn raw(area: &Area<'_>, source: &Source, fit: &Fit, (i, j): (usize, usize)) -> Result<(), Box<dyn Error>> {
    let c = &fit.result;
    let window = Window::around(fit);
    let empty = Plane {
        title: format!("readings, {}-{}", source.names[i], source.names[j]),
        labels: [i, j].map(|axis| label(&source.names[axis], source.unit)),
        middles: [window.centre[i], window.centre[j]],
        half: window.half,
    };
    let Some(mut chart) = plane(area, &empty)? else { return Ok(()) };
    let base = empty.base();
    let at = |m: &[f64; 3]| (m[i] - base[0], m[j] - base[1]);
    dots(&mut chart, source.rows.iter().map(at), source.rows.len(), LOG.filled())?;
    dots(&mut chart, fit.samples.iter().map(at), fit.samples.len(), RAW.mix(0.7).filled())?;
    if let Some(shape) = ellipsoid(c) {
        outline(&mut chart, at(&c.offset.into()), projected(&shape, i, j))?;
    }
    Ok(())
}

fn corrected(area: &Area<'_>, source: &Source, fit: &Fit, (i, j): (usize, usize)) -> Result<(), Box<dyn Error>> {
    let c = &fit.result;
    if !fitted(c) {
        return note(area, "no fit to correct with");
    }
    let title = format!("corrected, {}-{}", source.names[i], source.names[j]);
    let labels = [i, j].map(|axis| label(&source.names[axis], source.unit));
    let empty = Plane { title, labels, middles: [0.0, 0.0], half: 1.25 * c.field };
    let Some(mut chart) = plane(area, &empty)? else { return Ok(()) };
    let points = fit.samples.iter().map(|m| {
        let v = c.apply(*m);
        (v[i], v[j])
    });
    dots(&mut chart, points, fit.samples.len(), CORRECTED.mix(0.7).filled())?;
    outline(&mut chart, (0.0, 0.0), [[c.field, 0.0], [0.0, c.field]])
}

/// What the raw panels show: a cube about the ellipsoid, or about the samples if there is none of their size.
struct Window {
    centre: [f64; 3],
    half: f64,
}

impl Window {
    fn around(fit: &Fit) -> Self {
        let mut centre = [0.0; 3];
        let mut half = 0.0_f64;
        for (axis, centre) in centre.iter_mut().enumerate() {
            let values = fit.samples.iter().map(|m| m[axis]);
            let (low, high) =
                values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
            if low <= high {
                *centre = 0.5 * low + 0.5 * high;
                half = half.max(0.5 * high - 0.5 * low);
            }
        }
        if let Some(shape) = ellipsoid(&fit.result) {
            let extent = shape.row_iter().map(|row| row.norm()).fold(0.0, f64::max);
            if extent < 3.0 * half {
                (centre, half) = (fit.result.offset.into(), extent);
            }
        }
        // Below this share of the centre coordinates would be rounding errors.
        let size = centre.iter().fold(f64::MIN_POSITIVE.sqrt(), |size, c| size.max(c.abs()));
        let least = if half > 0.0 { 1e-9 } else { 0.1 };
        Self { centre, half: (1.25 * half).max(least * size) }
    }
}

/// The matrix that maps the unit sphere onto the fitted ellipsoid about its centre, if it has one.
fn ellipsoid(c: &Calibration<f64>) -> Option<Matrix3<f64>> {
    let shape = c.matrix.try_inverse()? * c.field;
    (fitted(c) && shape.iter().all(|value| value.is_finite())).then_some(shape)
}

/// The outline of an ellipsoid in a plane: the unit sphere's image under the two rows `G` is the unit circle's under the
/// triangular root of `G Gᵀ`.
fn projected(shape: &Matrix3<f64>, i: usize, j: usize) -> [[f64; 2]; 2] {
    let (a, b): (Vector3<f64>, Vector3<f64>) = (shape.row(i).transpose(), shape.row(j).transpose());
    let first = a.norm();
    let shared = a.dot(&b) / first;
    [[first, 0.0], [shared, (b.norm_squared() - shared * shared).max(0.0).sqrt()]]
}

fn outline(
    chart: &mut Chart<'_, '_>,
    middle: (f64, f64),
    [[a, b], [c, d]]: [[f64; 2]; 2],
) -> Result<(), Box<dyn Error>> {
    let point = |k: u32| {
        let (sin, cos) = f64::from(k).to_radians().sin_cos();
        (middle.0 + a * cos + b * sin, middle.1 + c * cos + d * sin)
    };
    let points: Vec<_> = (0..=360).map(point).collect();
    let inside = inside(chart);
    for part in points.split(|p| !inside(p)).filter(|part| part.len() > 1) {
        chart.draw_series(LineSeries::new(part.iter().copied(), line(MODEL)))?;
    }
    if inside(&middle) {
        chart.draw_series([Cross::new(middle, px(5), line(MODEL))])?;
    }
    Ok(())
}

fn dots(
    chart: &mut Chart<'_, '_>,
    points: impl Iterator<Item = (f64, f64)>,
    count: usize,
    style: ShapeStyle,
) -> Result<(), Box<dyn Error>> {
    let visible = points.step_by(count.div_ceil(POINTS).max(1)).filter(inside(chart));
    chart.draw_series(visible.map(|p| Circle::new(p, px(2), style)))?;
    Ok(())
}

/// Whether a point lies within the axes: the library does not clip.
fn inside(chart: &Chart<'_, '_>) -> impl Fn(&(f64, f64)) -> bool + use<> {
    let (x, y) = (chart.x_range(), chart.y_range());
    move |p| x.contains(&p.0) && y.contains(&p.1)
}

fn residuals(area: &Area<'_>, fit: &Fit) -> Result<(), Box<dyn Error>> {
    const BINS: usize = 40;
    let c = &fit.result;
    if !fitted(c) {
        return Ok(());
    }
    let shares: Vec<f64> =
        fit.samples.iter().map(|m| 100.0 * (Vector3::from(c.apply(*m)).norm() / c.field - 1.0)).collect();
    let rms = 100.0 * c.rms_after;
    let most = shares.iter().fold(0.0_f64, |most, r| most.max(r.abs()));
    let limit = if most > 0.0 { (1.02 * most).min(5.0 * rms) } else { 1.0 };
    if !drawable(limit) {
        return note(area, "not in the range of a figure");
    }
    let width = 2.0 * limit / BINS as f64;
    let mut counts = [0_u32; BINS];
    for r in &shares {
        // What lies beyond is counted in the last bin on its side.
        let bin = ((r + limit) / width).clamp(0.0, (BINS - 1) as f64) as usize;
        counts[bin] += 1;
    }
    let highest = 1.15 * f64::from(counts.iter().copied().max().unwrap_or(0)).max(1.0);

    let (before, after) = (percent(c.rms_before), percent(c.rms_after));
    let title = format!("residual |U (m - b)| / field - 1: {after} rms, {before} before");
    let mut chart = graph(area, title, 28, 14, -limit..limit, 0.0..highest)?;
    style(&mut chart)
        .disable_x_mesh()
        .x_labels(9)
        .y_labels(6)
        .x_desc("residual after correction [%]")
        .y_desc("samples")
        .x_label_formatter(&|v| tick(*v, limit))
        .y_label_formatter(&|v| format!("{v:.0}"))
        .draw()?;
    chart.draw_series(counts.iter().zip(0_u32..).map(|(count, k)| {
        let left = -limit + width * f64::from(k);
        let mut bar = Rectangle::new([(left, 0.0), (left + width, f64::from(*count))], CORRECTED.mix(0.8).filled());
        bar.set_margin(0, 0, px(1).unsigned_abs(), 0);
        bar
    }))?;
    if rms > 0.0 {
        let peak = width * shares.len() as f64 / (rms * std::f64::consts::TAU.sqrt());
        let bell = (0..=200).map(|k| limit * (f64::from(k) / 100.0 - 1.0));
        let bell = bell.map(|r| (r, peak * (-0.5 * (r / rms) * (r / rms)).exp())).filter(|p| p.1 <= highest);
        chart.draw_series(LineSeries::new(bell, line(MODEL)))?;
    }
    Ok(())
}

fn directions(area: &Area<'_>, coverage: &Coverage) -> Result<(), Box<dyn Error>> {
    let title = format!("directions seen: {:.0} % of regions of equal area", 100.0 * coverage.fraction::<f64>());
    let mut chart = graph(area, title, 28, 14, 0.0..8.0, 0.0..4.0)?;
    style(&mut chart)
        .disable_mesh()
        .x_labels(9)
        .y_labels(5)
        .x_desc("azimuth of the corrected sample")
        .y_desc("elevation")
        .x_label_formatter(&|v| format!("{:.0}°", 45.0 * v))
        .y_label_formatter(&|v| format!("{:.0}°", (0.5 * v - 1.0).clamp(-1.0, 1.0).asin().to_degrees()))
        .draw()?;
    let most = coverage.counts().iter().copied().max().unwrap_or(0).max(1);
    let centred = font(14).pos(Pos::new(HPos::Center, VPos::Center));
    for (band, counts) in (0_u32..).zip(coverage.counts().chunks(8)) {
        for (sector, count) in (0_u32..).zip(counts) {
            let (x, y) = (f64::from(sector), f64::from(band));
            let share = (f64::from(*count) / f64::from(most)).sqrt();
            let fill = if *count == 0 { EMPTY } else { shade(share) };
            let mut cell = Rectangle::new([(x, y), (x + 1.0, y + 1.0)], fill.filled());
            let gap = px(1).unsigned_abs();
            cell.set_margin(gap, gap, gap, gap);
            chart.draw_series([cell])?;
            let ink = if share > 0.6 { WHITE } else { TEXT };
            chart.draw_series([Text::new(count.to_string(), (x + 0.5, y + 0.5), centred.color(&ink))])?;
        }
    }
    Ok(())
}

fn graph<'a, 'b>(
    area: &Area<'b>,
    title: String,
    right: i32,
    bottom: i32,
    x: Range<f64>,
    y: Range<f64>,
) -> Result<Chart<'a, 'b>, Box<dyn Error>> {
    let left = 76;
    let (width, _) = area.dim_in_pixel();
    let middle = (i32::try_from(width)? + px(left - right)) / 2;
    area.draw(&Text::new(title, (middle, px(12)), font(15).pos(Pos::new(HPos::Center, VPos::Top))))?;
    let chart = ChartBuilder::on(area)
        .margin_top(px(38))
        .margin_right(px(right))
        .margin_bottom(px(bottom))
        .margin_left(px(10))
        .x_label_area_size(px(46))
        .y_label_area_size(px(left - 10))
        .build_cartesian_2d(x, y)?;
    Ok(chart)
}

fn style<'a, 'b, 'c>(
    chart: &'c mut Chart<'a, 'b>,
) -> MeshStyle<'a, 'c, RangedCoordf64, RangedCoordf64, SVGBackend<'b>> {
    let mut mesh = chart.configure_mesh();
    mesh.light_line_style(TRANSPARENT)
        .bold_line_style(LOG.mix(0.5).stroke_width(px(1).unsigned_abs()))
        .axis_style(LOG.stroke_width(px(1).unsigned_abs()))
        .label_style(font(13))
        .axis_desc_style(font(14))
        .set_all_tick_mark_size(px(4));
    mesh
}

/// From nearly white to the colour of corrected samples.
fn shade(share: f64) -> RGBColor {
    let mix = |from: u8, to: u8| (f64::from(from) + share * (f64::from(to) - f64::from(from))) as u8;
    RGBColor(mix(236, CORRECTED.0), mix(243, CORRECTED.1), mix(250, CORRECTED.2))
}

fn label(name: &str, unit: &str) -> String {
    if unit.is_empty() { name.to_owned() } else { format!("{name} [{unit}]") }
}

/// A number on an axis that reaches `half` to both sides.
fn tick(value: f64, half: f64) -> String {
    // No negative zero, and no rounding error in the place of zero.
    let value = if value.abs() < 1e-9 * half { 0.0 } else { value };
    let digits = half.log10().floor();
    if !(-4.0..7.0).contains(&digits) || value.abs() >= 1e8 {
        return format!("{value:.2e}");
    }
    let decimals = (1.0 - digits).max(0.0) as usize;
    format!("{value:.decimals$}")
}
