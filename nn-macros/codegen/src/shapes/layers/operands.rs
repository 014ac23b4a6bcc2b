//! The arguments of a row's functions: the layer with its input, and the builder of its type.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

use crate::shapes::diagnostics::Diagnostics;
use crate::shapes::shape::Shape;
use crate::shapes::typed::TypedBlock;
use crate::syntax::spans::elsewhere;
use crate::syntax::tree::{Size, Stage};
use crate::syntax::vocabulary::Role;

/// A layer of the library as written, with the shapes of its input and of its blocks.
pub(crate) struct Operands<'a> {
    /// Its word, for messages.
    pub(crate) word: &'static str,
    pub(crate) stage: &'a Stage,
    pub(crate) input: &'a Shape,
    /// The name of the layer before it; none behind the network's input.
    pub(crate) from: Option<&'a str>,
    pub(crate) blocks: &'a [TypedBlock<'a>],
    /// The name of the record that a network with several heads gives, where the shape is looked for.
    pub(crate) record: Option<Ident>,
}

impl Operands<'_> {
    pub(crate) fn size(&self, index: usize) -> Size {
        self.stage.arguments.sizes.get(index).cloned().unwrap_or(Size::Unknown)
    }

    pub(crate) fn block(&self, role: &Role) -> Option<&TypedBlock<'_>> {
        self.blocks.iter().find(|block| block.role == *role)
    }

    /// Whether it has a bias.
    pub(crate) fn bias(&self) -> bool {
        !self.stage.options.has("no_bias")
    }

    /// Channels, rows and columns of the input; unknown if it is no image.
    pub(crate) fn image(&self) -> [Size; 3] {
        match self.input {
            Shape::Image(sizes) => (**sizes).clone(),
            _ => [Size::Unknown, Size::Unknown, Size::Unknown],
        }
    }

    /// An error unless the input is an image; whether it is one.
    pub(crate) fn check_image(&self, diagnostics: &mut Diagnostics<'_>) -> bool {
        if let Shape::Vector(size) = self.input {
            let count =
                if size.is_known() { format!(" with C * H * W = {size}") } else { String::new() };
            diagnostics.error(format!(
                "`{}` takes an image, but {} a {}: put `reshape CxHxW` before it{count}",
                self.word,
                self.source(),
                self.input.described()
            ));
        }
        matches!(self.input, Shape::Image(_))
    }

    /// An error if the input is an image.
    pub(crate) fn check_vector(&self, diagnostics: &mut Diagnostics<'_>) {
        if let Shape::Image(_) = self.input {
            diagnostics.error(format!(
                "`{}` takes a vector, but {} an {}: put `flatten` before it",
                self.word,
                self.source(),
                self.input.described()
            ));
        }
    }

    /// For messages, before the shape of the input: `conv1` gives, or the input is.
    pub(crate) fn source(&self) -> String {
        match self.from {
            Some(from) => format!("`{from}` gives"),
            None => "the input is".to_owned(),
        }
    }
}

/// Builds the Rust type of a layer.
pub(crate) struct TypeBuilder<'a> {
    /// The path of the library: `::axonal`.
    pub(crate) root: &'a TokenStream,
    /// `T`, or `f32` where nothing may be generic.
    pub(crate) scalar: &'a TokenStream,
    pub(crate) output: &'a Shape,
    /// The activation's type, if there is one.
    pub(crate) activation: Option<TokenStream>,
    /// The user's word, which rustc underlines in messages about the type.
    pub(crate) place: Span,
}

impl TypeBuilder<'_> {
    /// The types of input and output.
    pub(crate) fn samples(&self, operands: &Operands<'_>) -> [TokenStream; 2] {
        [operands.input, self.output].map(|shape| shape.rust(self.root, self.scalar))
    }

    /// The type of a block.
    pub(crate) fn block(&self, operands: &Operands<'_>, role: &Role) -> Option<TokenStream> {
        let scalar = self.scalar;
        let name = elsewhere(&operands.block(role)?.network.name);
        Some(quote!(#name<#scalar>))
    }
}
