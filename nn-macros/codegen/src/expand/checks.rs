//! What the macro cannot see, and the compiler checks: constants, and the user's own types.

use std::collections::HashSet;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};

use crate::expand::{Expansion, LayerCode};
use crate::shapes::constants::Constant;
use crate::shapes::diagnostics::Assertion;
use crate::shapes::typed::TypedLayer;
use crate::syntax::spans::{library, located, word};
use crate::syntax::tokens::written;
use crate::syntax::tree::{ActivationKind, Head};

impl Expansion<'_> {
    /// Bounds: the user's own layers are layers. Their inputs and outputs are compared in `joints`, with one error for each mistake.
    pub(super) fn user_bounds(&self) -> Vec<TokenStream> {
        let Self { root, scalar, .. } = self;
        let layers = self.definition.network.layers.iter().flat_map(TypedLayer::user_layers);
        let bounds = layers.filter_map(|layer| {
            let rust = layer.checked(root, scalar)?;
            let bound = quote!(#rust: #root::Layer<Scalar = #scalar>);
            Some(located(&bound, word(&layer.stage.word)))
        });
        // After an error, the bound of `derive(Parameters)`: by it, the compiler sees in each implementation that there was an error.
        let unknown = self.parts.iter().filter(|part| !part.layer.is_known());
        let unknown = unknown
            .map(|LayerCode { rust, .. }| quote!(#rust: #root::Parameters<Scalar = #scalar>));
        bounds.chain(unknown).collect()
    }

    /// A constant for each of the user's own types, which can be computed if that is a layer, or an activation: one error each, at the word.
    pub(super) fn own_types(&self) -> TokenStream {
        let Self { root, conditions, definition, .. } = self;
        let constants = definition.network.layers.iter().filter_map(|layer| {
            let activation = layer.stage.activation.as_ref().map(|activation| &activation.kind);
            let (path, is, constant) = match (&layer.stage.head, activation) {
                (Head::User(path), _) => (path, quote!(layers::IsLayer), quote!(OUTPUTS)),
                (_, Some(ActivationKind::User(path))) => {
                    (path, quote!(activations::IsActivation), quote!(CHECK))
                }
                _ => return None,
            };
            let own = match layer.stage.head {
                Head::User(_) => quote!(#path<::core::primitive::f32>),
                _ => path.clone(),
            };
            let check = quote!(<&#own as #root::#is<#own>>::#constant);
            let check = located(&check, word(path));
            let name = &layer.check;
            Some(quote! {
                #(#conditions)*
                #[doc(hidden)]
                #[allow(non_upper_case_globals)]
                const #name: ::core::primitive::usize = #check;
            })
        });
        constants.collect()
    }

    /// What the macro cannot see, and the compiler checks: constants, and the user's own layers.
    pub(super) fn checks(&self) -> TokenStream {
        let definition = self.definition;
        let joints = self.joints();
        let assertions = definition.network.assertions.iter();
        let assertions = assertions.map(|Assertion { condition, place, message }| {
            let mut seen = HashSet::new();
            let values = definition.constants.iter().filter_map(|constant| {
                let Constant { name, text, .. } = constant;
                let new = constant.is_in(message) && seen.insert(text);
                new.then(|| quote!((#text, #name)))
            });
            self.check("require", &quote!(#condition, #message, &[#(#values),*]), *place)
        });
        quote!(#(#assertions)* #joints)
    }

    /// A constant whose value is a call of the library, which may panic: an error at `place`.
    fn check(&self, function: &str, arguments: &TokenStream, place: Span) -> TokenStream {
        let Self { root, conditions, .. } = self;
        let function = library(root, "__private", Ident::new(function, place), place);
        // The parentheses have the place alone; at the path, rustc would add which macro it comes from.
        let call = quote_spanned!(place=> (#function)(#arguments));
        quote!(#(#conditions)* const _: () = #call;)
    }

    /// The input of the user's own layer has the shape of the output before it, and its output that of the next layer's input.
    fn joints(&self) -> TokenStream {
        let Self { root, definition, .. } = self;
        let fixed = quote!(::core::primitive::f32);
        let mut before: Option<&TypedLayer<'_>> = None;
        let joints = definition.network.layers.iter().filter_map(|layer| {
            let before = before.replace(layer);
            let giver = before.filter(|before| matches!(before.stage.head, Head::User(_)));
            let name = match &layer.stage.head {
                Head::User(path) => written(path.clone()),
                // They take every shape with the same number of elements.
                Head::Layer(layer) if matches!(layer.word, "flatten" | "reshape") => return None,
                _ if giver.is_some() => layer.field.to_string(),
                _ => return None,
            };
            let takes = if let Head::User(_) = layer.stage.head {
                let rust = layer.checked(root, &fixed)?;
                quote!(<#rust as #root::Layer>::Input)
            } else {
                layer.input.rust(root, &fixed)
            };
            let (source, gives) = match (before, giver) {
                (_, Some(giver)) => {
                    let rust = giver.checked(root, &fixed)?;
                    let name = written(giver.stage.word.clone());
                    // At the layer before: if that is no layer, one error says so there.
                    let gives = quote!(<<#rust as #root::Layer>::Output as #root::Sample>::SHAPE);
                    let gives = located(&gives, word(&giver.stage.word));
                    (format!("`{name}` gives"), gives)
                }
                (before, None) => {
                    let source = match before {
                        Some(before) => format!("`{}` gives", before.field),
                        None => "the input is".to_owned(),
                    };
                    let gives = before.map_or(&layer.input, |before| &before.output);
                    let gives = gives.rust(root, &fixed);
                    (source, quote!(<#gives as #root::Sample>::SHAPE))
                }
            };
            let (taker, source) = (format!("`{name}` takes "), format!(", but {source} "));
            let place = word(&layer.stage.word);
            let takes = located(&quote!(<#takes as #root::Sample>::SHAPE), place);
            Some(self.check("joint", &quote!(#taker, #takes, #source, #gives), place))
        });
        let joints: TokenStream = joints.collect();
        let end =
            before.filter(|last| definition.block && matches!(last.stage.head, Head::User(_)));
        let end = end.and_then(|last| {
            let (rust, vector) = (last.checked(root, &fixed)?, last.output.rust(root, &fixed));
            let source = format!(", but `{}` gives ", written(last.stage.word.clone()));
            let arguments = quote! {
                "a block that ends in a layer of your own gives ",
                <#vector as #root::Sample>::SHAPE,
                #source,
                <<#rust as #root::Layer>::Output as #root::Sample>::SHAPE,
            };
            Some(self.check("joint", &arguments, word(&last.stage.word)))
        });
        quote!(#joints #end)
    }
}
