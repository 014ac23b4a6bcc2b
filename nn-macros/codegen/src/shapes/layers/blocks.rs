//! Layers with blocks of layers in them: `residual` and `concat`.

use crate::shapes::infer::Shape;
use crate::shapes::layer::{Checks, Given, Inner};
use crate::shapes::sizes::{Condition, Count, Size};
use crate::syntax::parser::arguments::Role;

/// What comes out of `residual`: block and input, or block and projection, are added number by number.
pub(crate) fn residual(given: &Given<'_>, checks: &mut Checks<'_>) -> Shape {
    let Some(block) = given.block(Role::Body) else { return Shape::Unknown };
    let output = &block.network.output;
    let projection = given.block(Role::Projection);
    let added = projection.map_or(given.input, |projection| &projection.network.output);
    let same = same(added, output);
    let place = given.stage.options.place("project").unwrap_or(checks.place());
    checks.require(same, place, || {
        let (what, fix) = match projection {
            Some(_) => ("projection's output", String::new()),
            None => ("input", fix(given.input, output)),
        };
        format!(
            "`residual` adds its {what} ({}) to its block's output ({}): both must be the same shape{fix}",
            added.described(),
            output.described()
        )
    });
    added.clone()
}

/// Where the compiler has to find out whether the block of `residual` gives the shape that is added, the block's type gives it anyway, as
/// samples of so many numbers: two types that differ would be errors of their own, before the sentence that says why.
pub(crate) fn settle(input: &Shape, inner: &mut [Inner<'_>]) {
    let shape =
        |role| inner.iter().find(|inner| inner.role == role).map(|inner| &inner.network.output);
    let added = shape(Role::Projection).unwrap_or(input).clone();
    let Some(body) = inner.iter_mut().find(|inner| inner.role == Role::Body) else { return };
    if let (Condition::Written(_), Some(last)) =
        (same(&added, &body.network.output), body.network.layers.last_mut())
    {
        last.recast = true;
        body.network.output = added;
    }
}

/// A projection that may be what is missing.
fn fix(input: &Shape, output: &Shape) -> String {
    match (input, output) {
        (Shape::Vector(_) | Shape::Of(..), Shape::Vector(size)) => {
            format!(", or `project {{ dense {size} }}` must follow the block")
        }
        (Shape::Image(from), Shape::Image(to)) => {
            let steps = |index: usize| match (&from[index], &to[index]) {
                (Size::Number(from, _), Size::Number(to, _)) if *to > 0 => {
                    Some(from.div_ceil(*to)).filter(|stride| from.div_ceil(*stride) == *to)
                }
                (from, to) => matches!(from.equals(to), Condition::Known(true)).then_some(1),
            };
            let stride = match (steps(1), steps(2)) {
                (Some(1), Some(1)) => String::new(),
                (Some(rows), Some(columns)) if rows == columns => format!(" stride {rows}"),
                (Some(rows), Some(columns)) => format!(" stride {rows}x{columns}"),
                _ => return String::new(),
            };
            let channels = &to[0];
            format!(", or `project {{ conv {channels} 1x1{stride} }}` must follow the block")
        }
        _ => String::new(),
    }
}

/// Whether two samples have one shape.
fn same(a: &Shape, b: &Shape) -> Condition {
    match (a, b) {
        (Shape::Unknown, _) | (_, Shape::Unknown) => Condition::Known(true),
        (Shape::Image(a), Shape::Image(b)) => {
            a.iter().zip(b.iter()).fold(Condition::Known(true), |all, (a, b)| all.and(a.equals(b)))
        }
        (Shape::Image(_), _) | (_, Shape::Image(_)) => Condition::Known(false),
        (a, b) => a.len().equals(&b.len()),
    }
}

/// What comes out of `concat`: the channels of both images, or the numbers of both vectors.
pub(crate) fn concat(given: &Given<'_>, checks: &mut Checks<'_>) -> Shape {
    let (Some(first), Some(second)) = (given.block(Role::First), given.block(Role::Second)) else {
        return Shape::Unknown;
    };
    let (first, second) = (&first.network.output, &second.network.output);
    match (first, second) {
        (Shape::Unknown, _) | (_, Shape::Unknown) => Shape::Unknown,
        (Shape::Image(a), Shape::Image(b)) => {
            let same = a[1].equals(&b[1]).and(a[2].equals(&b[2]));
            checks.require(same, checks.place(), || {
                format!(
                    "`concat` joins the channels of two images, but its branches give {first} and {second}: both must have the same rows and columns"
                )
            });
            Shape::Image(Box::new([a[0].plus(&b[0]), a[1].clone(), a[2].clone()]))
        }
        (Shape::Image(_), _) | (_, Shape::Image(_)) => {
            checks.complain(format!(
                "`concat` joins two images or two vectors, but its branches give {} and {}: put `flatten` at the end of the branch with the image",
                first.described_with_article(),
                second.described_with_article()
            ));
            Shape::Unknown
        }
        (first, second) => Shape::Vector(first.len().plus(&second.len())),
    }
}

/// The parameters of all blocks.
pub(crate) fn parameters(given: &Given<'_>) -> Count {
    let counts = given.inner.iter().map(Inner::parameters);
    counts.fold(Count::Known(0), |sum, count| sum.plus(&count))
}
