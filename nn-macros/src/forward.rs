//! The part of the expansion that is for inference: straight-line calls from one layer to the next.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};

use crate::expand::{Context, Part, local, unreachable};

impl Context<'_> {
    /// One sample.
    pub(crate) fn infer_one(&self) -> TokenStream {
        let root = self.root;
        let Some((last, hidden)) = self.code() else { return unreachable() };
        let steps = self.steps(last, hidden, Pass::One);
        if hidden.is_empty() {
            return steps;
        }
        let (lengths, room) = (self.lengths(hidden), self.room());
        quote_spanned! {Span::mixed_site()=>
            const ROOM: ::core::primitive::usize = #root::__private::room(&[#lengths]);
            #room
            #steps
        }
    }

    /// In pieces of as many samples as the room on the stack holds.
    pub(crate) fn infer(&self) -> TokenStream {
        let root = self.root;
        let Some((last, hidden)) = self.code() else { return unreachable() };
        let steps = self.steps(last, hidden, Pass::Many);
        if hidden.is_empty() {
            return steps;
        }
        let (lengths, room) = (self.lengths(hidden), self.room());
        quote_spanned! {Span::mixed_site()=>
            const CHUNK: ::core::primitive::usize = #root::__private::chunk(&[#lengths]);
            const ROOM: ::core::primitive::usize = CHUNK * #root::__private::room(&[#lengths]);
            #room
            for (inputs, outputs) in
                ::core::iter::Iterator::zip(inputs.chunks(CHUNK), outputs.chunks_mut(CHUNK))
            {
                #steps
            }
        }
    }

    /// Room for `ROOM` scalars.
    fn room(&self) -> TokenStream {
        let Self { root, scalar, .. } = self;
        quote_spanned! {Span::mixed_site()=>
            let mut heap = <#root::__private::Heap as ::core::default::Default>::default();
            let mut stack =
                [#root::__private::zero::<#scalar>(); #root::__private::on_stack(ROOM)];
            let room: &mut [#scalar] = heap.or_stack(&mut stack, ROOM);
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
        let steps = parts.map(|(index, Part { field, rust, layer, .. })| {
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
            if layer.is_recast() {
                let (recast, recast_mut) = pass.recasts();
                source = quote_spanned!(Span::mixed_site()=> #root::__private::#recast(#source));
                target =
                    quote_spanned!(Span::mixed_site()=> #root::__private::#recast_mut(#target));
            }
            let function = pass.function();
            quote_spanned! {Span::mixed_site()=>
                {
                    #splits
                    <#rust as #root::Layer>::#function(&self.#field, simd, #source, #target);
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

    /// What makes the types of samples fit.
    fn recasts(self) -> (Ident, Ident) {
        let (shared, mutable) = match self {
            Self::One => ("recast", "recast_mut"),
            Self::Many => ("recast_all", "recast_all_mut"),
        };
        (Ident::new(shared, Span::mixed_site()), Ident::new(mutable, Span::mixed_site()))
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
