//! Layers with blocks of layers in them: `residual` and `concat`.

use std::rc::Rc;

use proc_macro2::TokenStream;
use quote::quote;

use crate::shapes::diagnostics::Diagnostics;
use crate::shapes::layers::operands::{Operands, TypeBuilder};
use crate::shapes::shape::{Field, Record, Shape};
use crate::shapes::sizes::{Condition, Count};
use crate::shapes::typed::TypedBlock;
use crate::syntax::tree::{Block, Head, Size, Stage};
use crate::syntax::vocabulary::{CAPTURED, HEADS, Role};

/// The output of `residual`: `block(x) + x`, or `block(x) + projection(x)`.
pub(crate) fn residual(operands: &Operands<'_>, diagnostics: &mut Diagnostics<'_>) -> Shape {
    let Some(block) = operands.block(&Role::Body) else { return Shape::Unknown };
    let output = &block.network.output;
    let projection = operands.block(&Role::Projection);
    let added = projection.map_or(operands.input, |projection| &projection.network.output);
    let same = same(added, output);
    let place = operands.stage.options.place("project").unwrap_or(diagnostics.place());
    diagnostics.require(same, place, || {
        let (what, fix) = match projection.filter(|_| !has_no_projection(operands.stage)) {
            Some(_) => ("projection's output", String::new()),
            None => ("input", fix(added, output)),
        };
        format!(
            "`residual` adds its {what} ({}) to its block's output ({}): both must be the same shape{fix}",
            added.described(),
            output.described()
        )
    });
    added.clone()
}

/// Whether its projection was not written: blocks that take values from around them have branches beside them.
fn has_no_projection(stage: &Stage) -> bool {
    stage.captures && !stage.options.has("project")
}

/// The compiler may have to find out whether the block of `residual` has the output shape that its input, or its projection, asks for. Then the
/// block gets that output type, and its last layer casts to it: otherwise rustc would report two types that differ, before the condition that
/// says why.
pub(crate) fn settle(input: &Shape, blocks: &mut [TypedBlock<'_>]) {
    let shape =
        |role| blocks.iter().find(|block| block.role == role).map(|block| &block.network.output);
    let added = shape(Role::Projection).unwrap_or(input).clone();
    let Some(body) = blocks.iter_mut().find(|block| block.role == Role::Body) else { return };
    if let (Condition::Written(_), Some(last)) =
        (same(&added, &body.network.output), body.network.layers.last_mut())
    {
        last.casts_output = true;
        body.network.output = added;
    }
}

/// The projection that would make the shapes equal, where there is one.
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

/// Whether two shapes are equal.
fn same(a: &Shape, b: &Shape) -> Condition {
    let (Some((rank, a)), Some((other_rank, b))) = (a.dimensions(), b.dimensions()) else {
        return Condition::Known(true);
    };
    let sizes = a.iter().zip(&b).map(|(a, b)| a.equals(b));
    sizes.fold(rank.equals(&other_rank), Condition::and)
}

/// The output of `concat`: the channels of all images, or the numbers of all vectors.
pub(crate) fn concat(operands: &Operands<'_>, diagnostics: &mut Diagnostics<'_>) -> Shape {
    let outputs: Vec<&Shape> = operands.blocks.iter().map(|block| &block.network.output).collect();
    let is_image = |shape: &&&Shape| matches!(shape, Shape::Image(_));
    let is_vector = |shape: &&&Shape| matches!(shape, Shape::Vector(_));
    let first = outputs.iter().find(is_image).or(outputs.iter().find(is_vector));
    let dimensions: Option<Vec<_>> = outputs.iter().map(|output| output.dimensions()).collect();
    let (Some(first), Some(dimensions)) = (first.or(outputs.first()), dimensions) else {
        return Shape::Unknown;
    };
    // A layer that was given another kind of shape than it takes was an error: what it gives says nothing.
    let broken =
        operands.blocks.iter().any(|block| block.network.layers.iter().any(|layer| layer.broken));
    if outputs.iter().any(|shape| is_image(&shape)) && outputs.iter().any(|shape| is_vector(&shape))
    {
        if broken {
            return Shape::Unknown;
        }
        diagnostics.error(format!(
            "`concat` joins {0} images or {0} vectors, but its branches give {1}: put `flatten` at the end of the branch with the image",
            counted(outputs.len()),
            list(&outputs, Shape::described_with_article)
        ));
        return Shape::Unknown;
    }
    let Some((rank, [_, rows, columns])) = first.dimensions() else { return Shape::Unknown };
    let fits = dimensions.iter().fold(Condition::Known(true), |all, (own, [_, height, width])| {
        all.and(rank.equals(own)).and(rows.equals(height)).and(columns.equals(width))
    });
    diagnostics.require(fits, diagnostics.place(), || match first {
        Shape::Image(_) => format!(
            "`concat` joins the channels of {} images, but its branches give {}: {} must have the same rows and columns",
            counted(outputs.len()),
            list(&outputs, ToString::to_string),
            if outputs.len() == 2 { "both" } else { "all" },
        ),
        _ => format!(
            "`concat` joins {0} vectors, or {0} images with the same rows and columns, but its branches give {1}",
            counted(outputs.len()),
            list(&outputs, Shape::described_with_article)
        ),
    });
    let sum = dimensions.into_iter().fold(Size::of(0), |sum, (_, [size, ..])| sum.plus(&size));
    match first {
        Shape::Image(_) => Shape::Image(Box::new([sum, rows, columns])),
        Shape::Vector(_) => Shape::Vector(sum),
        _ => Shape::of_users(&outputs),
    }
}

/// The output of `add`: the sum of those of its branches, which have one shape.
pub(crate) fn add(operands: &Operands<'_>, diagnostics: &mut Diagnostics<'_>) -> Shape {
    let outputs: Vec<&Shape> = operands.blocks.iter().map(|block| &block.network.output).collect();
    let written = outputs.iter().find(|shape| !matches!(shape, Shape::Of(_) | Shape::Unknown));
    let Some(&first) = written.or(outputs.first()) else { return Shape::Unknown };
    let fits = outputs.iter().fold(Condition::Known(true), |all, own| all.and(same(first, own)));
    diagnostics.require(fits, diagnostics.place(), || {
        format!(
            "`add` adds what its branches give, but that is {}: {} must be the same shape",
            list(&outputs, Shape::described_with_article),
            if outputs.len() == 2 { "both" } else { "all" },
        )
    });
    first.clone()
}

/// The output of `heads`: a record of those of all heads.
pub(crate) fn heads(operands: &Operands<'_>, _: &mut Diagnostics<'_>) -> Shape {
    let Some(name) = operands.record.clone() else { return Shape::Unknown };
    let fields = operands
        .blocks
        .iter()
        .map(|block| Field { name: block.role.defined(), shape: block.network.output.clone() });
    Shape::Record(Rc::new(Record { name, fields: fields.collect() }))
}

/// The values that blocks take from around them, behind each other.
pub(crate) fn captured(operands: &Operands<'_>, _: &mut Diagnostics<'_>) -> Shape {
    let outputs = operands.blocks.iter().map(|block| block.network.output.clone());
    Shape::Packed(outputs.collect())
}

/// Whether `network!` makes a struct for the branches of a layer. Two of `concat` are a layer of the library.
pub(crate) fn has_struct(stage: &Stage) -> bool {
    let blocks = &stage.arguments.blocks;
    let others = |block: &Block| block.chain.from.is_some() || block.chain.back > 0;
    let (count, from) = (blocks.len(), blocks.iter().any(others));
    match &stage.head {
        Head::Layer(_) if stage.captures => true,
        Head::Layer(grammar) => match grammar.word {
            "concat" => count > 2 || from && count > 1,
            "add" => count > 1,
            HEADS | CAPTURED => count > 0,
            _ => false,
        },
        _ => false,
    }
}

/// `two`, `three`, `4`
fn counted(count: usize) -> String {
    match count {
        2 => "two".to_owned(),
        3 => "three".to_owned(),
        count => count.to_string(),
    }
}

/// `6x4x4 and 8x4x4`
fn list(shapes: &[&Shape], text: impl Fn(&Shape) -> String) -> String {
    let texts: Vec<String> = shapes.iter().map(|shape| text(shape)).collect();
    match texts.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => texts.concat(),
    }
}

/// The parameters of all blocks.
pub(crate) fn parameters(operands: &Operands<'_>) -> Count {
    let counts = operands.blocks.iter().map(TypedBlock::parameters);
    counts.fold(Count::Known(0), |sum, count| sum.plus(&count))
}

pub(crate) fn residual_generics(operands: &Operands<'_>, types: &TypeBuilder<'_>) -> TokenStream {
    let block = types.block(operands, &Role::Body);
    let projection = types.block(operands, &Role::Projection);
    let projection = projection.map(|projection| quote!(, #projection));
    quote!(#block #projection)
}

pub(crate) fn concat_generics(operands: &Operands<'_>, types: &TypeBuilder<'_>) -> TokenStream {
    let [input, output] = types.samples(operands);
    let [first, second] =
        [Role::Branch(0), Role::Branch(1)].map(|role| types.block(operands, &role));
    quote!(#input, #output, #first, #second)
}
