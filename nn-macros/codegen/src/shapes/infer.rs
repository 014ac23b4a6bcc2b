//! Infers the shapes of all layers, from the input on.

use std::collections::HashSet;

use proc_macro2::{Ident, Span};
use quote::quote;
use syn::ext::IdentExt;

use crate::shapes::diagnostics::{Assertion, Diagnostics};
use crate::shapes::layers::blocks;
use crate::shapes::layers::operands::Operands;
use crate::shapes::layers::table::{Takes, row_of};
use crate::shapes::names::{camel, fields};
use crate::shapes::probabilities::check_probabilities;
use crate::shapes::shape::Shape;
use crate::shapes::sizes::{Count, grouped};
use crate::shapes::typed::{Source, TypedBlock, TypedLayer, TypedNetwork};
use crate::syntax::errors::Errors;
use crate::syntax::spelling::{allowed, distance};
use crate::syntax::tokens::written;
use crate::syntax::tree::{Chain, Head, Size, Stage};
use crate::syntax::vocabulary::Role;

/// Infers all shapes. Of a chain that is `broken`, missing layers were reported.
pub(crate) fn network<'a>(
    name: &Ident,
    chain: &'a Chain,
    broken: bool,
    errors: &mut Errors,
) -> TypedNetwork<'a> {
    let mut input = Shape::of_sizes(&chain.input);
    if !fits_memory(&input) {
        let message = format!("the input {input} holds more numbers than memory can");
        errors.over(&chain.input_tokens, message);
        input = Shape::Unknown;
    }
    if chain.stages.is_empty() && !broken {
        errors.over(&chain.input_tokens, "a network needs a layer after its input: `=> dense 10`");
    }
    check_probabilities(&chain.stages, None, errors);
    Inference { errors, types: &mut HashSet::new() }.chain(name, chain, input, None)
}

/// What all chains of a network share.
struct Inference<'e> {
    errors: &'e mut Errors,
    /// The names of the types of all blocks.
    types: &'e mut HashSet<String>,
}

impl Inference<'_> {
    /// A chain of layers: that of the network, or of a block. `from` is the name of the layer before it.
    fn chain<'a>(
        &mut self,
        name: &Ident,
        chain: &'a Chain,
        input: Shape,
        from: Option<&str>,
    ) -> TypedNetwork<'a> {
        let mut layers: Vec<TypedLayer<'a>> = Vec::new();
        let labels: Vec<Option<&Ident>> =
            chain.stages.iter().map(|stage| stage.label.as_ref()).collect();
        let mut assertions = Vec::new();
        let mut shape = input.clone();
        let fields = fields(&chain.stages, self.errors);
        for (index, (stage, field)) in chain.stages.iter().zip(fields).enumerate() {
            let before = layers.last().map(|layer| layer.field.to_string());
            let from = before.as_deref().or(from);
            if let (Head::Layer(grammar), Some(before)) = (&stage.head, layers.last())
                && grammar.word == "parameter"
            {
                let message = format!(
                    "`parameter` gives the same whatever `{}` before it gives: it begins a branch, as in `concat {{ dense 2 }} {{ parameter 2 }}`",
                    before.field
                );
                self.errors.over(&stage.word, message);
            }
            let repeated = stage.earlier(index).any(|earlier| layers[earlier].broken);
            let types = &mut self.types;
            let layer = self.errors.within(&stage.round(), repeated, |errors| {
                let sources = sources(stage, &layers, &labels, (&input, &shape), errors);
                let mut inference = Inference { errors, types };
                let mut names: Vec<String> = Vec::new();
                for layer in &layers {
                    let name = names.last().filter(|_| layer.stage.follows).cloned();
                    names.push(name.unwrap_or_else(|| layer.field.unraw().to_string()));
                }
                let before = (shape, sources, names.as_slice());
                inference.layer(name, stage, field, before, from, &mut assertions)
            });
            shape = layer.output.clone();
            layers.push(layer);
        }
        TypedNetwork { name: name.clone(), input, layers, output: shape, assertions }
    }

    fn layer<'a>(
        &mut self,
        network: &Ident,
        stage: &'a Stage,
        field: Ident,
        (input, sources, names): (Shape, Vec<(Source, Shape)>, &[String]),
        from: Option<&str>,
        assertions: &mut Vec<Assertion>,
    ) -> TypedLayer<'a> {
        let blocks = stage.arguments.blocks.iter();
        let blocks = blocks.zip(sources).map(|(block, (source, shape))| {
            let name = self.type_name(network, &field, block.role);
            let label = match source {
                Source::Before => None,
                Source::Input => Some("input".to_owned()),
                Source::Layer(index) => names.get(index).cloned(),
            };
            let from = label.as_deref().filter(|_| source != Source::Input).or(from);
            let network = self.chain(&name, &block.chain, shape, from);
            TypedBlock { role: block.role, source, from: label, network }
        });
        let mut blocks: Vec<TypedBlock<'a>> = blocks.collect();
        let join = blocks::has_struct(stage).then(|| self.type_name(network, &field, Role::Body));
        let (errors, asserted) = (self.errors.count(), assertions.len());
        let check = check_of(network, &field);
        let takes = match &stage.head {
            Head::Layer(layer) => row_of(layer).takes,
            _ => Takes::All,
        };
        let (input, given) = match (takes, &input) {
            (Takes::Images, Shape::Of(_)) => (input.as_image(), Some(input)),
            (Takes::Vectors, Shape::Of(_)) => (input.as_vector(), Some(input)),
            _ => (input, None),
        };
        let (output, parameters) = match &stage.head {
            Head::Layer(layer) => {
                let row = row_of(layer);
                let operands =
                    Operands { word: layer.word, stage, input: &input, from, blocks: &blocks };
                let mut diagnostics =
                    Diagnostics { errors: self.errors, assertions, word: &stage.word };
                ((row.output)(&operands, &mut diagnostics), (row.parameters)(&operands))
            }
            Head::Activation => (input.clone(), Count::Known(0)),
            Head::User(path) => {
                let parameters = format!("those of {}", written(path.clone()));
                (Shape::of_user(path, &check), Count::Written(parameters))
            }
            Head::Unknown => (Shape::Unknown, Count::Unknown),
        };
        if let (Some(Shape::Of(own)), Shape::Image(_)) = (&given, &input) {
            // A vector there has an error of its own.
            for Assertion { condition, .. } in &mut assertions[asserted..] {
                let is_vector = own.is_vector();
                *condition = quote!(#is_vector || #condition);
            }
        }
        let possible = self.errors.count();
        let output = self.check_memory(stage, output, &parameters);
        let impossible = self.errors.count() > possible;
        let broken = self.errors.count() > errors;
        blocks::settle(&input, &mut blocks);
        TypedLayer {
            stage,
            field,
            check,
            input,
            given,
            output,
            parameters,
            blocks,
            join,
            casts_output: false,
            broken,
            impossible,
        }
    }

    /// `DigitsResidual1`, the type of a block.
    fn type_name(&mut self, network: &Ident, field: &Ident, role: Role) -> Ident {
        let mut name = format!("{}{}{}", network.unraw(), camel(field), role.suffix());
        if self.types.contains(&name) {
            let message = format!(
                "the {} of `{field}` would be the second type called `{name}`: choose another label",
                role.name()
            );
            self.errors.at(field.span(), message);
            while self.types.contains(&name) {
                name.push('_');
            }
        }
        self.types.insert(name.clone());
        // At the place of its layer, where an editor shows it.
        Ident::new(&name, field.span().resolved_at(network.span()))
    }

    /// Errors for more outputs or parameters than memory can hold: Rust has no type for a larger array.
    fn check_memory(&mut self, stage: &Stage, output: Shape, parameters: &Count) -> Shape {
        let name = || written(stage.word.clone());
        let mut checked = output;
        if !fits_memory(&checked) {
            let message =
                format!("`{}` gives more numbers than memory can hold: {checked}", name());
            self.errors.over(&stage.tokens, message);
            checked = Shape::Unknown;
        }
        if let Count::Known(count) = *parameters
            && count > LARGEST
        {
            let message = format!(
                "`{}` has {} parameters, more than memory can hold",
                name(),
                grouped(count)
            );
            self.errors.over(&stage.tokens, message);
        }
        checked
    }
}

/// What each block of a stage takes, behind these layers, and its shape. The shapes are those of the chain's input, and of what stands before the stage.
fn sources(
    stage: &Stage,
    layers: &[TypedLayer<'_>],
    labels: &[Option<&Ident>],
    (input, before): (&Shape, &Shape),
    errors: &mut Errors,
) -> Vec<(Source, Shape)> {
    let sources = stage.arguments.blocks.iter().map(|block| {
        let Some(from) = &block.chain.from else { return (Source::Before, before.clone()) };
        if from == "input" {
            let source = if layers.is_empty() { Source::Before } else { Source::Input };
            return (source, input.clone());
        }
        // The nearest, in a `repeat`; with the activation behind it.
        let found = layers.iter().enumerate().rev().find(|(index, layer)| {
            labels[*index].is_some_and(|label| label == from)
                || layer.field == *from && labels[*index].is_some()
        });
        let Some((mut index, _)) = found else {
            unknown_label(from, layers.len(), labels, errors);
            return (Source::Before, Shape::Unknown);
        };
        while layers.get(index + 1).is_some_and(|layer| layer.stage.follows) {
            index += 1;
        }
        let source = if index + 1 == layers.len() { Source::Before } else { Source::Layer(index) };
        (source, layers[index].output.clone())
    });
    let sources: Vec<_> = sources.collect();
    let is_used = sources.iter().any(|(source, _)| *source == Source::Before);
    if !sources.is_empty() && !is_used {
        let before = match layers.last() {
            Some(layer) => format!("`{}` gives", layer.field),
            None => "the input is".to_owned(),
        };
        errors.over(
            &stage.word,
            format!("no branch takes what {before}: one begins without `from`, as `{{ }}` does"),
        );
    }
    sources
}

fn unknown_label(from: &Ident, before: usize, labels: &[Option<&Ident>], errors: &mut Errors) {
    let earlier = || labels[..before].iter().flatten();
    if labels[before..].iter().flatten().any(|label| *label == from) {
        errors.at(
            from.span(),
            format!("`{from}` stands behind this branch, which takes what an earlier stage gave"),
        );
        return;
    }
    let text = from.to_string();
    let near = earlier().map(|label| (distance(&text, &label.to_string()), label));
    let near = near.filter(|(distance, label)| *distance <= allowed(&label.to_string()));
    let hint = match near.min_by_key(|(distance, _)| *distance) {
        Some((_, label)) => format!(": did you mean `{label}`?"),
        None => {
            let mut names: Vec<String> = earlier().map(|label| format!("`{label}`")).collect();
            names.dedup();
            match names.as_slice() {
                [] => {
                    format!(": a stage of this chain gets it, as in `{from}: dense 64`, or `input`")
                }
                _ => format!(": before it in this chain stand {}, and `input`", names.join(", ")),
            }
        }
    };
    errors.at(from.span(), format!("unknown label `{from}`{hint}"));
}

/// The name of the constant that checks the user's own type in a layer. It can be computed if the type is a layer, or an activation; its value is
/// the layer's number of outputs.
fn check_of(network: &Ident, field: &Ident) -> Ident {
    let name = format!("__{}_{}_CHECK", network.unraw(), field.unraw());
    Ident::new(&name, Span::mixed_site())
}

/// The largest number of elements: with 16 bytes each, they take half of a 64-bit address space, and Rust has no larger type.
const LARGEST: u128 = (u64::MAX >> 5) as u128;

fn fits_memory(shape: &Shape) -> bool {
    !matches!(shape.len(), Size::Number(length, _) if u128::from(length) > LARGEST)
}
