//! What the macro cannot see, and the compiler checks: constants, and the user's own types.

use std::collections::HashSet;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};

use crate::expand::{Expansion, LayerCode};
use crate::shapes::constants::{Constant, is_in};
use crate::shapes::diagnostics::Assertion;
use crate::shapes::shape::{Shape, constants_of};
use crate::shapes::typed::TypedLayer;
use crate::syntax::spans::{library, located, word};
use crate::syntax::tokens::written;
use crate::syntax::tree::{ActivationKind, Head};

impl Expansion<'_> {
    /// Bounds: the user's own layers are layers. Their inputs and outputs are compared in `joints`, with one error for each mistake.
    pub(super) fn user_bounds(&self) -> Vec<TokenStream> {
        let Self { root, scalar, .. } = self;
        let layers = self.definition.network.layers.iter().flat_map(TypedLayer::user_layers);
        let bounds = self.bounds_of(layers).into_iter();
        // After an error, the bound of `derive(Parameters)`: by it, the compiler sees in each implementation that there was an error.
        let unknown = self.parts.iter().filter(|part| !part.layer.is_known());
        let unknown = unknown
            .map(|LayerCode { rust, .. }| quote!(#rust: #root::Parameters<Scalar = #scalar>));
        bounds.chain(unknown).collect()
    }

    /// The user's own layers are layers.
    pub(super) fn bounds_of<'l>(
        &self,
        layers: impl Iterator<Item = &'l TypedLayer<'l>>,
    ) -> Vec<TokenStream> {
        let Self { root, scalar, .. } = self;
        let bounds = layers.filter_map(|layer| {
            let rust = layer.checked(root, scalar)?;
            let bound = quote!(#rust: #root::Layer<Scalar = #scalar>);
            Some(located(&bound, word(&layer.stage.word)))
        });
        bounds.collect()
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
            let sizes = matches!(layer.stage.head, Head::User(_)).then(|| self.sizes_of(layer));
            Some(quote! {
                #(#conditions)*
                #[doc(hidden)]
                #[allow(non_upper_case_globals)]
                const #name: ::core::primitive::usize = #check;
                #sizes
            })
        });
        constants.collect()
    }

    /// The constants that describe the output of the user's own layer.
    fn sizes_of(&self, layer: &TypedLayer<'_>) -> Option<TokenStream> {
        let Self { root, conditions, .. } = self;
        let rust = layer.checked(root, &quote!(::core::primitive::f32))?;
        let constants = constants_of(&layer.check);
        let definitions = constants.iter().enumerate().map(|(index, name)| {
            quote! {
                #(#conditions)*
                #[doc(hidden)]
                #[allow(non_upper_case_globals)]
                const #name: ::core::primitive::usize = #root::__private::dimension::<#rust>(#index);
            }
        });
        Some(definitions.collect())
    }

    /// What the macro cannot see, and the compiler checks: constants, and the user's own layers.
    pub(super) fn checks(&self) -> TokenStream {
        let definition = self.definition;
        let joints = self.joints();
        let assertions = definition.network.assertions.iter();
        let assertions = assertions.map(|Assertion { condition, place, message }| {
            let mut seen = HashSet::new();
            let constants = definition.constants.iter();
            let constants = constants.filter(|constant| is_in(message, &constant.text));
            let constants =
                constants.map(|Constant { name, text, .. }| (text.clone(), name.clone()));
            let sizes = definition.network.layers.iter().flat_map(TypedLayer::user_layers);
            let sizes = sizes.flat_map(|layer| sizes_in(message, layer));
            let values = constants.chain(sizes).filter_map(|(text, name)| {
                seen.insert(text.clone()).then(|| quote!((#text, #name)))
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

    /// The input of the user's own layer has the shape of the output before it, and its output, whatever stands between them, that which a layer takes.
    fn joints(&self) -> TokenStream {
        let Self { root, .. } = self;
        let fixed = quote!(::core::primitive::f32);
        let mut before: Option<&TypedLayer<'_>> = None;
        let layers = &self.definition.network.layers;
        let joints = layers.iter().enumerate().filter_map(|(index, layer)| {
            // Several outputs are those of the network, or what a type of the user's takes.
            let may_be_record = match layers.get(index + 1) {
                Some(next) => matches!(next.stage.head, Head::User(_)),
                None => !self.definition.block,
            };
            let before = before.replace(layer);
            let giver = before.filter(|before| matches!(before.stage.head, Head::User(_)));
            let name = match &layer.stage.head {
                Head::User(path) => written(path.clone()),
                _ if layer.given.is_some() => layer.field.to_string(),
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
                    let gives = layer.given.as_ref().unwrap_or(&layer.input);
                    let gives = gives.rust(root, &fixed);
                    (source, quote!(<#gives as #root::Sample>::SHAPE))
                }
            };
            let place = word(&layer.stage.word);
            if let (Some(_), Shape::Image(_)) = (&layer.given, &layer.input) {
                let taker = format!("`{name}` takes an image, but {source} ");
                return Some(self.check("image", &quote!(#taker, #gives), place));
            }
            let (taker, source) = (format!("`{name}` takes "), format!(", but {source} "));
            let takes = located(&quote!(<#takes as #root::Sample>::SHAPE), place);
            let own = match &layer.stage.head {
                Head::User(_) if !may_be_record => {
                    let rust = layer.checked(root, &fixed)?;
                    let own = quote!(<<#rust as #root::Layer>::Output as #root::Sample>::SHAPE);
                    let own = located(&own, place);
                    quote!(::core::option::Option::Some(#own))
                }
                _ => quote!(::core::option::Option::None),
            };
            let is_layer = !matches!(layer.stage.head, Head::User(_));
            let all = quote!(#taker, #takes, #source, #gives, #own, #is_layer);
            Some(self.check("joint", &all, place))
        });
        joints.collect()
    }
}

/// The sizes of what the user's own layer gives, with their constants, if a message names it.
fn sizes_in(message: &str, layer: &TypedLayer<'_>) -> Vec<(String, Ident)> {
    let who = written(layer.stage.word.clone());
    if !is_in(message, &who) && !message.contains(&format!("{who}::")) {
        return Vec::new();
    }
    let [_, sizes @ ..] = constants_of(&layer.check);
    let texts = ["CHANNELS", "ROWS", "COLUMNS"].map(|what| format!("{who}::{what}"));
    texts.into_iter().zip(sizes).collect()
}
