//! The part of the expansion that is for inference: straight-line calls from one layer to the next.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};

use crate::expand::{Context, Part, local, unreachable};

impl Context<'_> {
    /// One sample.
    pub(crate) fn infer_one(&self) -> TokenStream {
        let Self { root, scalar, .. } = self;
        let Some((last, hidden)) = self.code() else { return unreachable() };
        let steps = self.steps(last, hidden, Pass::One);
        if hidden.is_empty() {
            return steps;
        }
        let lengths = self.lengths(hidden);
        quote_spanned! {Span::mixed_site()=>
            const ROOM: ::core::primitive::usize = #root::__private::room(&[#lengths]);
            let room: &mut [#scalar] = &mut [#root::__private::zero::<#scalar>(); ROOM];
            #steps
        }
    }

    /// In pieces of as many samples as the room on the stack holds.
    pub(crate) fn infer(&self) -> TokenStream {
        let Self { root, scalar, .. } = self;
        let Some((last, hidden)) = self.code() else { return unreachable() };
        let steps = self.steps(last, hidden, Pass::Many);
        if hidden.is_empty() {
            return steps;
        }
        let lengths = self.lengths(hidden);
        quote_spanned! {Span::mixed_site()=>
            const LENGTHS: &[::core::primitive::usize] = &[#lengths];
            const CHUNK: ::core::primitive::usize = #root::__private::chunk(LENGTHS);
            const ROOM: ::core::primitive::usize = CHUNK * #root::__private::room(LENGTHS);
            let room: &mut [#scalar] = &mut [#root::__private::zero::<#scalar>(); ROOM];
            for (inputs, outputs) in
                ::core::iter::Iterator::zip(inputs.chunks(CHUNK), outputs.chunks_mut(CHUNK))
            {
                #steps
            }
        }
    }

    /// How many scalars a sample has between each two layers.
    fn lengths(&self, hidden: &[Part<'_>]) -> TokenStream {
        let root = self.root;
        let lengths = hidden.iter().map(|part| &part.fixed_output);
        quote_spanned!(Span::mixed_site()=> #(<#lengths as #root::Sample>::LEN),*)
    }

    /// One call for each layer: from the input, or one end of the room, to the output, or the other end of the room.
    fn steps(&self, last: &Part<'_>, hidden: &[Part<'_>], pass: Pass) -> TokenStream {
        let root = self.root;
        let parts = hidden.iter().chain([last]).enumerate();
        let steps = parts.map(|(index, part_of_step)| {
            let field = part_of_step.field;
            let (mut source, mut target) = pass.ends();
            let mut splits = TokenStream::new();
            if let Some(before) = index.checked_sub(1)
                && let Some(part) = hidden.get(before)
            {
                let values = local("output", before);
                let split = pass.split(root, before, part);
                // After the last layer nothing is written to the rest.
                let rest = if index < hidden.len() { "room" } else { "_room" };
                let rest = Ident::new(rest, Span::mixed_site());
                splits.extend(quote_spanned!(Span::mixed_site()=> let (#values, #rest) = #split;));
                source = quote!(#values);
            }
            if let Some(part) = hidden.get(index) {
                let values = local("output", index);
                let split = pass.split(root, index, part);
                splits.extend(quote_spanned!(Span::mixed_site()=> let (#values, _) = #split;));
                target = quote!(#values);
            }
            let function = pass.function();
            let (read, write) = pass.views();
            let source = part_of_step.seen(root, read, source);
            let target = part_of_step.seen(root, write, target);
            quote_spanned! {Span::mixed_site()=>
                {
                    #splits
                    #root::Layer::#function(&self.#field, simd, #source, #target);
                }
            }
        });
        steps.collect()
    }
}

/// What goes through the layers together.
#[derive(Clone, Copy)]
enum Pass {
    /// One sample.
    One,
    /// A piece of a batch.
    Many,
}

impl Pass {
    fn function(self) -> Ident {
        let name = match self {
            Self::One => "infer_one",
            Self::Many => "infer",
        };
        Ident::new(name, Span::mixed_site())
    }

    /// How the user's own layer reads and writes samples.
    fn views(self) -> (&'static str, &'static str) {
        match self {
            Self::One => ("own", "own_mut"),
            Self::Many => ("own_slice", "own_slice_mut"),
        }
    }

    /// What goes into the first layer, and what the last one fills.
    fn ends(self) -> (TokenStream, TokenStream) {
        let site = Span::mixed_site();
        match self {
            Self::One => (quote_spanned!(site=> input), quote_spanned!(site=> output)),
            Self::Many => (quote_spanned!(site=> inputs), quote_spanned!(site=> outputs)),
        }
    }

    /// The outputs of a layer, and the rest of the room.
    fn split(self, root: &TokenStream, index: usize, part: &Part<'_>) -> TokenStream {
        let output = &part.output;
        let name = match (self, index.is_multiple_of(2)) {
            (Self::One, true) => "split_sample",
            (Self::One, false) => "split_last_sample",
            (Self::Many, true) => "split_samples",
            (Self::Many, false) => "split_last_samples",
        };
        let split = Ident::new(name, Span::mixed_site());
        let count = match self {
            Self::One => TokenStream::new(),
            Self::Many => quote_spanned!(Span::mixed_site()=> , inputs.len()),
        };
        quote_spanned!(Span::mixed_site()=> #root::__private::#split::<#output>(room #count))
    }
}
