//! The struct, with a field for each layer.

use proc_macro2::{Delimiter, Group, Punct, Spacing, Span, TokenStream};
use quote::{quote, quote_spanned};

use crate::expand::{Definition, Expansion, LayerCode, docs};
use crate::syntax::attributes::is_documentation;

impl Expansion<'_> {
    pub(super) fn structure(&self) -> TokenStream {
        let Self { definition, root, scalar, .. } = self;
        let Definition { attributes, visibility, keyword, network, .. } = definition;
        let name = &network.name;
        let mut lines = docs::table(network);
        if !attributes.iter().any(is_documentation) {
            lines.insert(0, definition.title.clone());
        }
        let documentation = docs::attributes(&lines);
        let fields = self.parts.iter().map(|LayerCode { defined, written, layer, .. }| {
            let documentation = docs::attributes(&[docs::field(layer)]);
            let check = &layer.check;
            let check = layer.has_own_type().then(|| quote!(#[parameters(check = #check)]));
            quote!(#documentation #check #visibility #defined: #written)
        });
        // Without a layer, the parameter would be unused.
        let marker = self
            .parts
            .is_empty()
            .then(|| quote!(#[doc(hidden)] __marker: ::core::marker::PhantomData<#scalar>,));
        // Where rustc means the type, it underlines from `struct` to the last of these tokens: all have the place of the name.
        let place = name.span();
        let keyword = quote_spanned!(*keyword=> struct);
        let generics = {
            let bound = quote_spanned! {Span::mixed_site()=>
                #scalar: #root::Scalar = ::core::primitive::f32
            };
            let [open, close] = ['<', '>'].map(|bracket| {
                let mut bracket = Punct::new(bracket, Spacing::Alone);
                bracket.set_span(place);
                bracket
            });
            quote!(#open #bound #close)
        };
        let mut body = Group::new(Delimiter::Brace, quote!(#(#fields,)* #marker));
        body.set_span(place);
        quote_spanned! {Span::mixed_site()=>
            #(#attributes)*
            #documentation
            #[repr(C)]
            #[allow(clippy::struct_field_names)]
            #[derive(#root::Parameters)]
            #[parameters(crate = #root)]
            #visibility #keyword #name #generics #body
        }
    }
}
