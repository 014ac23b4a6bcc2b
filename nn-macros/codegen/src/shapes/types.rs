//! The Rust types of layers.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};

use crate::shapes::layers::operands::{Operands, TypeBuilder};
use crate::shapes::layers::table::row_of;
use crate::shapes::typed::TypedLayer;
use crate::syntax::spans::{elsewhere, library, place, word};
use crate::syntax::tree::{Activation, ActivationKind, Head};
use crate::syntax::vocabulary::{Argument, Role};

/// The type of an activation.
fn activation_type(
    activation: &Activation,
    root: &TokenStream,
    own: impl Fn(TokenStream) -> TokenStream,
) -> TokenStream {
    match &activation.kind {
        ActivationKind::Known(row, arguments) => {
            let place = place(&activation.tokens);
            let path = library(root, "activations", Ident::new(row.rust, place), place);
            let arguments = (!arguments.is_empty()).then(|| quote_spanned!(place=> <#arguments>));
            quote!(#path #arguments)
        }
        ActivationKind::User(path) => own(path.clone()),
    }
}

impl TypedLayer<'_> {
    /// The type of the field; none after a mistake that leaves no type. A size that is not known is 1, so that in an editor the rest of the program
    /// keeps the field and its methods.
    pub(crate) fn rust(&self, root: &TokenStream, scalar: &TokenStream) -> Option<TokenStream> {
        self.rust_with(root, scalar, |path| path)
    }

    /// The same for code that needs it to be a layer. If the user's own type in it is none, rustc knows no such type, and reports no more than that.
    pub(crate) fn checked(&self, root: &TokenStream, scalar: &TokenStream) -> Option<TokenStream> {
        let check = &self.check;
        self.rust_with(root, scalar, |own| {
            quote_spanned! {Span::mixed_site()=>
                <#root::__private::Checked<#own, #check> as #root::__private::Own>::Type
            }
        })
    }

    /// `own` makes the type that is written from the path of the user's own.
    fn rust_with(
        &self,
        root: &TokenStream,
        scalar: &TokenStream,
        own: impl Fn(TokenStream) -> TokenStream,
    ) -> Option<TokenStream> {
        let missing = |argument: &Argument| match argument {
            Argument::Block => self.blocks.iter().all(|block| block.role != Role::Body),
            Argument::Branches => self.blocks.len() < 2,
            Argument::Heads => self.blocks.is_empty(),
            _ => false,
        };
        match &self.stage.head {
            Head::Layer(layer) if layer.arguments.iter().any(missing) => return None,
            _ if self.impossible => return None,
            _ => {}
        }
        if let Some(join) = &self.join {
            // An editor shows it at the word; at `heads` the record.
            let mut name = elsewhere(join);
            if !self.is_heads() {
                name.set_span(word(&self.stage.word).resolved_at(join.span()));
            }
            return Some(quote!(#name<#scalar>));
        }
        let activation = self.stage.activation.as_ref();
        let activation = activation.map(|activation| activation_type(activation, root, &own));
        let place = place(&self.stage.word);
        match &self.stage.head {
            Head::Layer(layer) => {
                let Self { stage, input, output, blocks, .. } = self;
                let row = row_of(layer);
                let (word, record) = (layer.word, None);
                let operands = Operands { word, stage, input, from: None, blocks, record };
                let types = TypeBuilder { root, scalar, output, activation, place };
                let generics = (row.generics)(&operands, &types);
                let path = library(root, "layers", Ident::new(row.rust, place), place);
                Some(quote_spanned!(place=> #path<#scalar, #generics>))
            }
            Head::Activation => {
                let sample = self.input.rust(root, scalar);
                // The user's word names the activation, not its layer.
                let name = Ident::new("Activate", Span::mixed_site());
                let path = library(root, "layers", name, place);
                Some(quote_spanned!(place=> #path<#scalar, #sample, #activation>))
            }
            Head::Input(index) | Head::Captured(index) => {
                let (_, at) = self.input.part(*index)?;
                let at = at.tokens();
                let samples = [&self.input, &self.output];
                let [record, sample] = samples.map(|shape| shape.rust(root, scalar));
                let name = Ident::new("Input", Span::mixed_site());
                let path = library(root, "layers", name, place);
                Some(quote_spanned!(place=> #path<#scalar, #record, #sample, #at>))
            }
            Head::User(path) => Some(own(quote_spanned!(word(path)=> #path<#scalar>))),
            Head::Unknown => None,
        }
    }
}
