//! Series of points on the screen: gaps where there is no number, and no more points than can be seen.

use std::collections::BTreeSet;

use super::drawing::Step;

/// A line through points; `None` ends it, and the next point begins another. Of the points of one pixel column in a row, those where the line enters and leaves it stay, and the
/// lowest and highest: the picture is the same.
///
/// Source: U. Jugel and others, "M4: a visualization-oriented time series data aggregation", VLDB 2014.
pub(super) fn line(points: impl Iterator<Item = Option<[f64; 2]>>) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut column: Vec<[f64; 2]> = Vec::new();
    let mut begun = false;
    let mut flush = |column: &mut Vec<[f64; 2]>, begun: &mut bool| {
        for [x, y] in column.drain(..) {
            steps.push(if *begun { Step::Line(x, y) } else { Step::Move(x, y) });
            *begun = true;
        }
    };
    // A point between two gaps is seen as a dot.
    let mut alone = 0;
    let mut dots = Vec::new();
    let mut last: Option<[f64; 2]> = None;
    for point in points {
        let Some(point) = point else {
            if let (1, Some([x, y])) = (alone, last) {
                dots.push(Step::Dot(x, y));
            }
            flush(&mut column, &mut begun);
            (begun, alone) = (false, 0);
            continue;
        };
        alone += 1;
        last = Some(point);
        if column.first().is_some_and(|first: &[f64; 2]| first[0].floor() != point[0].floor()) {
            flush(&mut column, &mut begun);
        }
        push(&mut column, point);
    }
    if let (1, Some([x, y])) = (alone, last) {
        dots.push(Step::Dot(x, y));
    }
    flush(&mut column, &mut begun);
    steps.extend(dots);
    steps
}

/// Adds a point to those of a column: the first, the lowest and highest in their order, the last.
fn push(column: &mut Vec<[f64; 2]>, point: [f64; 2]) {
    column.push(point);
    if column.len() < 6 {
        return;
    }
    let by_height = |a: &usize, b: &usize| column[*a][1].total_cmp(&column[*b][1]);
    let last = column.len() - 1;
    let low = (0..last).min_by(by_height).unwrap_or(0);
    let high = (0..last).max_by(by_height).unwrap_or(0);
    let mut keep = [0, low, high, last];
    keep.sort_unstable();
    let mut index = 0;
    column.retain(|_| {
        index += 1;
        keep.contains(&(index - 1))
    });
}

/// More dots than this cover each other.
const MOST_DOTS: usize = 10_000;

/// A dot for each point; one for those that fall on the same half of a pixel, and of very many on the same pixel, or the same few.
pub(super) fn dots(points: impl Iterator<Item = [f64; 2]>) -> Vec<Step> {
    let mut points: Vec<_> = points.collect();
    let mut side = 0.5;
    loop {
        let mut seen = BTreeSet::new();
        points.retain(|point| seen.insert(point.map(|at| (at / side).floor() as i64)));
        if points.len() <= MOST_DOTS {
            return points.into_iter().map(|[x, y]| Step::Dot(x, y)).collect();
        }
        side *= 2.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_keeps_its_ends_and_extremes() {
        let points: Vec<_> =
            (0..100_000).map(|i| [f64::from(i) / 250.0, f64::from(i * 7919 % 1000)]).collect();
        let steps = line(points.iter().copied().map(Some));
        assert!(steps.len() <= 400 * 6, "{}", steps.len());
        assert_eq!(steps[0], Step::Move(0.0, 0.0));
        assert_eq!(steps.last(), Some(&Step::Line(points[99_999][0], points[99_999][1])));
        for column in 0..400 {
            let in_it = |x: f64| x.floor() as usize == column;
            let of = |points: &mut dyn Iterator<Item = [f64; 2]>| {
                let heights: Vec<_> = points.filter(|[x, _]| in_it(*x)).map(|[_, y]| y).collect();
                [
                    heights.iter().copied().fold(f64::MAX, f64::min),
                    heights.iter().copied().fold(f64::MIN, f64::max),
                ]
            };
            let mut kept = steps.iter().map(|step| match step {
                Step::Move(x, y) | Step::Line(x, y) => [*x, *y],
                other => panic!("{other:?}"),
            });
            assert_eq!(of(&mut kept), of(&mut points.iter().copied()), "{column}");
        }
    }

    #[test]
    fn gaps() {
        let [a, b, c] = [[0.0, 0.0], [5.0, 1.0], [9.0, 2.0]];
        assert_eq!(line([].into_iter()), []);
        let one = [Step::Move(0.0, 0.0), Step::Dot(0.0, 0.0)];
        assert_eq!(line([Some(a)].into_iter()), one);
        assert_eq!(
            line([None, Some(a), Some(b), None, None, Some(c)].into_iter()),
            [Step::Move(0.0, 0.0), Step::Line(5.0, 1.0), Step::Move(9.0, 2.0), Step::Dot(9.0, 2.0)]
        );
    }
}
