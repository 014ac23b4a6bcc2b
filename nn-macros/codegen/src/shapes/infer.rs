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
use crate::shapes::typed::{TypedBlock, TypedLayer, TypedNetwork};
use crate::syntax::errors::Errors;
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
                let mut inference = Inference { errors, types };
                inference.layer(name, stage, field, shape, from, &mut assertions)
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
        input: Shape,
        from: Option<&str>,
        assertions: &mut Vec<Assertion>,
    ) -> TypedLayer<'a> {
        let blocks = stage.arguments.blocks.iter();
        let blocks = blocks.map(|block| {
            let name = self.type_name(network, &field, block.role);
            let network = self.chain(&name, &block.chain, input.clone(), from);
            TypedBlock { role: block.role, network }
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
