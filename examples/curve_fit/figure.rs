//! The fit as a figure: data, curve and its 95 % confidence band, residuals beneath, parameters beside.

use std::error::Error;

use plotters::coord::Shift;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use statrs::distribution::{ContinuousCDF, StudentsT};

use crate::axis::{Axis, extent};
use crate::report::{significant, status};
use crate::solve::{Fit, Point};
use crate::task::Stated;

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Chart<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

/// The drawing library rounds to whole pixels: draw large, show small.
const SCALE: i32 = 4;
const WIDTH: i32 = px(1000);
const HEAD: i32 = px(84);
const MAIN: i32 = px(392);
const FOOT: i32 = px(226);
const SIDE: i32 = px(276);
/// Points along the curve.
const FINE: usize = 401;
/// More points than this are drawn every second one, every third one and so on.
const POINTS: usize = 3000;

const GRID: RGBColor = RGBColor(196, 200, 205);
const DATA: RGBColor = RGBColor(217, 95, 2);
const CURVE: RGBColor = RGBColor(31, 105, 176);
const TEXT: RGBColor = RGBColor(45, 50, 58);

/// The abscissas of the curve, if one column carries them.
pub fn grid(stated: &Stated) -> Vec<f64> {
    let [x] = stated.task.columns.as_slice() else { return Vec::new() };
    let (low, high) = extent(x.iter().copied());
    let share = |k: usize| k as f64 / (FINE - 1) as f64;
    (0..FINE).map(|k| low * (1.0 - share(k)) + high * share(k)).collect()
}

/// Draws the figure as SVG.
pub fn draw(stated: &Stated, fit: &Fit, title: &str) -> Result<String, Box<dyn Error>> {
    let mut svg = String::new();
    let height = HEAD + MAIN + FOOT;
    {
        let root = SVGBackend::with_string(&mut svg, (WIDTH.unsigned_abs(), height.unsigned_abs())).into_drawing_area();
        root.fill(&WHITE)?;
        let (head, rest) = root.split_vertically(HEAD);
        let (panels, side) = rest.split_horizontally(WIDTH - SIDE);
        let (above, below) = panels.split_vertically(MAIN);
        let view = View::of(stated, fit);
        headline(&head, stated, &view, title)?;
        parameters(&side, stated, fit)?;
        match (view.x.drawable(), view.y.drawable(), view.rest.drawable()) {
            (true, true, true) => {
                upper(&above, stated, fit, &view)?;
                lower(&below, stated, fit, &view)?;
            }
            _ => note(&above, "not in the range of a figure")?,
        }
        root.present()?;
    }
    let drawn = format!("width=\"{WIDTH}\" height=\"{height}\"");
    let shown = format!("width=\"{}\" height=\"{}\"", WIDTH / SCALE, height / SCALE);
    Ok(svg.replacen(&drawn, &shown, 1))
}

/// Pixels of the figure as it is shown.
const fn px(pixels: i32) -> i32 {
    SCALE * pixels
}

fn font(size: i32) -> TextStyle<'static> {
    ("sans-serif", px(size)).into_font().color(&TEXT)
}

fn stroke(colour: RGBColor, width: i32) -> ShapeStyle {
    colour.stroke_width(px(width).unsigned_abs())
}

/// What the panels show.
struct View {
    /// Abscissas of the samples: the one column of the formula, or else the fitted values.
    at: Vec<f64>,
    residuals: Vec<f64>,
    /// Student's 97.5 % quantile.
    quantile: f64,
    x: Axis,
    y: Axis,
    rest: Axis,
}

impl View {
    fn of(stated: &Stated, fit: &Fit) -> Self {
        let task = &stated.task;
        let (at, name) = match (task.columns.as_slice(), stated.columns.as_slice()) {
            ([x], [name]) => (x.clone(), name.clone()),
            _ => (fit.fitted.clone(), format!("fitted {}", stated.response)),
        };
        let sigma = |i: usize| task.sigma.as_ref().map_or(1.0, |sigma| sigma[i]);
        let bar = |i: usize| if task.sigma.is_some() { sigma(i) } else { 0.0 };
        let rest = |(i, (y, f)): (usize, (&f64, &f64))| (y - f) / sigma(i);
        let residuals: Vec<f64> = task.response.iter().zip(&fit.fitted).enumerate().map(rest).collect();
        let bars = task.response.iter().enumerate().flat_map(|(i, y)| [y - bar(i), y + bar(i)]);
        let bars: Vec<f64> = bars.collect();
        let (low, high) = extent(bars.iter().copied());
        // A curve may leave the data by their height, not by more.
        let kept = |v: &f64| (low - (high - low)..=high + (high - low)).contains(v);
        let curve = fit.curve.iter().map(|point| point.value).filter(kept);
        let label = if task.sigma.is_some() { "residual / sigma" } else { "residual" };
        let freedom = (fit.freedom > 0).then(|| StudentsT::new(0.0, 1.0, fit.freedom as f64).ok()).flatten();
        let quantile = freedom.map_or(f64::NAN, |student| student.inverse_cdf(0.975));
        let most = extent(residuals.iter().map(|r| r.abs())).1;
        let observation = extent(fit.curve.iter().map(|p| p.observation).chain([fit.deviation])).1;
        let band = quantile * if task.sigma.is_none() { observation } else { fit.deviation };
        let most = if band < 3.0 * most { band.max(most) } else { most };
        Self {
            x: Axis::over(name, at.iter().copied()),
            y: Axis::over(stated.response.clone(), bars.iter().copied().chain(curve)),
            rest: Axis::over(label.into(), [-most, most].into_iter()),
            at,
            residuals,
            quantile,
        }
    }

    /// Whether there is a curve over the abscissas.
    fn curved(stated: &Stated) -> bool {
        stated.columns.len() == 1
    }
}

fn headline(area: &Area<'_>, stated: &Stated, view: &View, title: &str) -> Result<(), Box<dyn Error>> {
    let formula = shortened(&format!("{} = {}", stated.response, stated.formula), 92);
    area.draw(&Text::new(formula, (px(24), px(16)), font(20)))?;
    let (mut x, y) = (px(24), px(62));
    let mut entry = |label: String, mark: &str| -> Result<(), Box<dyn Error>> {
        let middle = x + px(11);
        match mark {
            "dot" => area.draw(&Circle::new((middle, y), px(4), DATA.filled()))?,
            "line" => area.draw(&PathElement::new(vec![(x, y), (x + px(22), y)], stroke(CURVE, 2)))?,
            "dash" => {
                for left in [x, x + px(9), x + px(18)] {
                    area.draw(&PathElement::new(vec![(left, y), (left + px(5), y)], stroke(CURVE, 1)))?;
                }
            }
            _ => area.draw(&Rectangle::new([(x, y - px(6)), (x + px(22), y + px(6))], CURVE.mix(0.22).filled()))?,
        }
        let width = px(48) + px(13) / 2 * i32::try_from(label.chars().count())?;
        area.draw(&Text::new(label, (x + px(28), y), font(14).pos(Pos::new(HPos::Left, VPos::Center))))?;
        x += width;
        Ok(())
    };
    entry(format!("{}, {} samples", shortened(title, 40), view.at.len()), "dot")?;
    if View::curved(stated) {
        entry("fit".into(), "line")?;
        if view.quantile.is_finite() {
            entry("95 % confidence of the fit".into(), "band")?;
            if stated.task.sigma.is_none() {
                entry("of a new observation".into(), "dash")?;
            }
        }
    } else {
        entry("observed = fitted".into(), "line")?;
    }
    Ok(())
}

fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most - 1).chain(['…']).collect()
}

fn parameters(area: &Area<'_>, stated: &Stated, fit: &Fit) -> Result<(), Box<dyn Error>> {
    let mut y = px(20);
    let mut row = |left: &str, right: &str, size: i32| -> Result<(), Box<dyn Error>> {
        area.draw(&Text::new(left.to_owned(), (px(6), y), font(size)))?;
        area.draw(&Text::new(right.to_owned(), (px(84), y), font(size)))?;
        y += px(size + 9);
        Ok(())
    };
    for (j, parameter) in stated.task.parameters.iter().enumerate() {
        let value = significant(fit.params[j], 6);
        let text = match (parameter.fixed, fit.known[j]) {
            (true, _) => format!("{value}, fixed"),
            (false, true) => format!("{value}, at its bound"),
            (false, false) if fit.errors[j].is_finite() => format!("{value} ± {}", significant(fit.errors[j], 2)),
            (false, false) => format!("{value} ± unknown"),
        };
        row(&shortened(&parameter.name, 9), &text, 14)?;
    }
    row("", "", 2)?;
    if fit.deviation.is_finite() {
        row("SD", &significant(fit.deviation, 4), 14)?;
    }
    row("freedom", &format!("{} of {} samples", fit.freedom, fit.fitted.len()), 14)?;
    row("rank", &format!("{} of {}", fit.rank, fit.free), 14)?;
    row("status", &shortened(&status(fit), 30), 14)
}

fn note(area: &Area<'_>, text: &str) -> Result<(), Box<dyn Error>> {
    let style = font(15).pos(Pos::new(HPos::Center, VPos::Center));
    area.draw(&Text::new(text.to_owned(), ((WIDTH - SIDE) / 2, MAIN / 2), style))?;
    Ok(())
}

fn graph<'a, 'b>(
    area: &Area<'b>,
    x: &Axis,
    y: &Axis,
    labels: usize,
    described: bool,
) -> Result<Chart<'a, 'b>, Box<dyn Error>> {
    let mut chart = ChartBuilder::on(area)
        .margin_top(px(12))
        .margin_right(px(20))
        .margin_bottom(px(6))
        .margin_left(px(14))
        .x_label_area_size(px(if described { 46 } else { 24 }))
        .y_label_area_size(px(82))
        .build_cartesian_2d(x.range(), y.range())?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(GRID.mix(0.5).stroke_width(px(1).unsigned_abs()))
        .axis_style(GRID.stroke_width(px(1).unsigned_abs()))
        .label_style(font(13))
        .axis_desc_style(font(14))
        .set_all_tick_mark_size(px(4))
        .x_labels(9)
        .y_labels(labels)
        .x_desc(if described { x.title() } else { String::new() })
        .y_desc(y.title())
        .x_label_formatter(&|v| x.tick(*v))
        .y_label_formatter(&|v| y.tick(*v))
        .draw()?;
    Ok(chart)
}

fn upper(area: &Area<'_>, stated: &Stated, fit: &Fit, view: &View) -> Result<(), Box<dyn Error>> {
    let mut chart = graph(area, &view.x, &view.y, 9, false)?;
    let (x, y) = (view.x.base(), view.y.base());
    if View::curved(stated) {
        bands(&mut chart, stated, fit, view, |p| p.value - y)?;
    } else {
        let (low, high) = extent(stated.task.response.iter().copied());
        let ends = (0..=100).map(|k| low + (high - low) * f64::from(k) / 100.0);
        curve(&mut chart, ends.map(|v| (v - x, v - y)))?;
    }
    let response = &stated.task.response;
    if let Some(sigma) = &stated.task.sigma {
        let bars = view.at.iter().zip(response.iter().zip(sigma)).step_by(stride(response.len()));
        chart.draw_series(bars.map(|(at, (value, s))| {
            PathElement::new(vec![(at - x, value - y - s), (at - x, value - y + s)], stroke(DATA, 1))
        }))?;
    }
    dots(&mut chart, view.at.iter().zip(response).map(|(at, value)| (at - x, value - y)), response.len())?;
    curve(&mut chart, fit.curve.iter().map(|p| (p.x - x, p.value - y)))
}

fn lower(area: &Area<'_>, stated: &Stated, fit: &Fit, view: &View) -> Result<(), Box<dyn Error>> {
    let mut chart = graph(area, &view.x, &view.rest, 5, true)?;
    let (x, reach) = (view.x.base(), view.x.range());
    let level = |height: f64| [(reach.start, height), (reach.end, height)].into_iter();
    if View::curved(stated) && stated.task.sigma.is_none() {
        bands(&mut chart, stated, fit, view, |_| 0.0)?;
    } else {
        dashes(&mut chart, level(view.quantile * fit.deviation))?;
        dashes(&mut chart, level(-view.quantile * fit.deviation))?;
    }
    curve(&mut chart, level(0.0))?;
    let points = view.at.iter().zip(&view.residuals).map(|(at, r)| (at - x, *r));
    dots(&mut chart, points, stated.task.response.len())
}

/// The confidence band about a line, cut off at the ends of the axis, and that of a new observation, dashed.
fn bands(
    chart: &mut Chart<'_, '_>,
    stated: &Stated,
    fit: &Fit,
    view: &View,
    line: impl Fn(&Point) -> f64,
) -> Result<(), Box<dyn Error>> {
    let (range, x) = (chart.y_range(), view.x.base());
    let known = |p: &Point| (view.quantile * p.deviation).is_finite() && line(p).is_finite();
    let edge = |p: &Point, reach: f64| (p.x - x, (line(p) + reach * p.deviation).clamp(range.start, range.end));
    for part in fit.curve.split(|p| !known(p)).filter(|part| part.len() > 1) {
        let below = part.iter().map(|p| edge(p, -view.quantile));
        let above = part.iter().rev().map(|p| edge(p, view.quantile));
        chart.draw_series([Polygon::new(below.chain(above).collect::<Vec<_>>(), CURVE.mix(0.22).filled())])?;
    }
    if stated.task.sigma.is_none() {
        for reach in [-view.quantile, view.quantile] {
            dashes(chart, fit.curve.iter().map(|p| (p.x - x, line(p) + reach * p.observation)))?;
        }
    }
    Ok(())
}

fn curve(chart: &mut Chart<'_, '_>, points: impl Iterator<Item = (f64, f64)>) -> Result<(), Box<dyn Error>> {
    for part in parts(chart, points) {
        chart.draw_series(LineSeries::new(part, stroke(CURVE, 2)))?;
    }
    Ok(())
}

fn dashes(chart: &mut Chart<'_, '_>, points: impl Iterator<Item = (f64, f64)>) -> Result<(), Box<dyn Error>> {
    for part in parts(chart, points) {
        chart.draw_series(DashedLineSeries::new(part, px(5), px(4), stroke(CURVE, 1)))?;
    }
    Ok(())
}

/// A line in pieces: the library does not clip.
fn parts(chart: &Chart<'_, '_>, points: impl Iterator<Item = (f64, f64)>) -> Vec<Vec<(f64, f64)>> {
    let inside = inside(chart);
    let points: Vec<_> = points.collect();
    points.split(|p| !inside(p)).filter(|part| part.len() > 1).map(<[_]>::to_vec).collect()
}

fn stride(count: usize) -> usize {
    count.div_ceil(POINTS).max(1)
}

fn dots(
    chart: &mut Chart<'_, '_>,
    points: impl Iterator<Item = (f64, f64)>,
    count: usize,
) -> Result<(), Box<dyn Error>> {
    let (radius, style) = match count {
        0..100 => (px(4), DATA.mix(0.85)),
        100..1000 => (px(3), DATA.mix(0.7)),
        _ => (px(2), DATA.mix(0.5)),
    };
    let visible = points.step_by(stride(count)).filter(inside(chart));
    chart.draw_series(visible.map(|p| Circle::new(p, radius, style.filled())))?;
    Ok(())
}

/// Whether a point lies within the axes.
fn inside(chart: &Chart<'_, '_>) -> impl Fn(&(f64, f64)) -> bool + use<> {
    let (x, y) = (chart.x_range(), chart.y_range());
    move |p| (x.start..=x.end).contains(&p.0) && (y.start..=y.end).contains(&p.1)
}
