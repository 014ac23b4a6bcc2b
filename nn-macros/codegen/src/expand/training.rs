//! The part of the expansion that is for training: `Differentiable`.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};

use crate::expand::{Expansion, LayerCode, local, unreachable};
use crate::shapes::typed::TypedLayer;
use crate::syntax::spans::{located, place};
use crate::syntax::tree::Head;

impl Expansion<'_> {
    pub(crate) fn differentiable(&self) -> TokenStream {
        let Self { root, scalar, .. } = self;
        let site = Span::mixed_site();
        let terms = self.code().map(|(last, hidden)| {
            let hidden = hidden.iter().map(|LayerCode { rust, output, .. }| {
                quote_spanned! {site=>
                    #root::__private::trace_len::<Self, #rust>(samples)
                        + 2 * <#output as #root::Sample>::LEN * samples
                }
            });
            let last = &last.rust;
            quote_spanned! {site=>
                #(#hidden +)* #root::__private::trace_len::<Self, #last>(samples)
            }
        });
        let trace_len = terms.unwrap_or_else(unreachable);
        let forward = self.training_forward();
        let backward = self.training_backward();
        let types: Vec<_> = self.parts.iter().map(|part| &part.rust).collect();
        let body = quote_spanned! {site=>
            const WHOLE_BATCH: ::core::primitive::bool =
                false #(|| <#types as #root::Differentiable>::WHOLE_BATCH)*;

            const IS_RANDOM: ::core::primitive::bool =
                false #(|| <#types as #root::Differentiable>::IS_RANDOM)*;

            const TANGENTS: ::core::primitive::bool =
                true #(&& <#types as #root::Differentiable>::TANGENTS)*;

            fn trace_len(samples: ::core::primitive::usize) -> ::core::primitive::usize {
                #trace_len
            }

            fn forward_pass(
                &self,
                context: #root::layers::Context,
                inputs: &[Self::Input],
                outputs: &mut [Self::Output],
                trace: &mut [#scalar],
                end: #root::layers::End,
            ) {
                #forward
            }

            fn backward_pass(
                batch: #root::layers::Batch<'_, Self>,
                gradient: &mut [Self::Output],
                end: #root::layers::End,
                sink: #root::layers::GradientSink<'_, #scalar>,
            ) {
                #backward
            }
        };
        let user = self.parts.iter().filter(|part| part.layer.has_user_types());
        let bounds: Vec<TokenStream> = user
            .map(|LayerCode { rust, layer, .. }| {
                // A bound hides what the compiler knows of a type: for a layer of ours with the user's activation,
                // it has to say it all. For the user's layer, `user_bounds` does.
                let known = (!matches!(layer.stage.head, Head::User(_))).then(|| {
                    let input = layer.input.rust(root, scalar);
                    let output = layer.output.rust(root, scalar);
                    quote!(<Scalar = #scalar, Input = #input, Output = #output>)
                });
                let bound = quote!(#rust: #root::Differentiable #known);
                located(&bound, place(&layer.stage.word))
            })
            .collect();
        self.implement(&quote!(#root::Differentiable), &bounds, &body)
    }

    /// The memory of a training pass: for each layer its own, for each hidden output the values and, for the backward pass, their gradient.
    fn splits(&self, hidden: &[LayerCode<'_>], with_gradients: bool) -> TokenStream {
        let root = self.root;
        let site = Span::mixed_site();
        let split = if self.definition.outlined {
            quote!(split_trace_outlined)
        } else {
            quote!(split_trace)
        };
        let splits = hidden.iter().enumerate().map(|(index, LayerCode { rust, output, .. })| {
            let (trace, values) = (local("trace", index), local("output", index));
            let gradient = local("gradient", index);
            let gradient = if with_gradients { quote!(#gradient) } else { quote!(_) };
            quote_spanned! {site=>
                let (#trace, #values, #gradient, trace) =
                    #root::__private::#split::<Self, #rust, #output>(trace, inputs.len());
            }
        });
        splits.collect()
    }

    /// The last layer ends where the network does; at the scores, so do those whose scores the layers behind them pass on.
    fn training_end(&self, index: usize) -> TokenStream {
        let root = self.root;
        let site = Span::mixed_site();
        if index + 1 == self.parts.len() {
            return quote_spanned!(site=> end);
        }
        match self.gives_scores(index) {
            Some(condition) => quote_spanned! {site=>
                if #condition { end } else { #root::layers::End::Outputs }
            },
            None => quote_spanned!(site=> #root::layers::End::Outputs),
        }
    }

    fn training_forward(&self) -> TokenStream {
        let root = self.root;
        let Some((_, hidden)) = self.code() else { return unreachable() };
        let site = Span::mixed_site();
        let splits = self.splits(hidden, false);
        let mut source = quote_spanned!(site=> inputs);
        let steps =
            self.parts.iter().enumerate().map(|(index, LayerCode { field, rust, layer, .. })| {
                let (target, trace) = if index < hidden.len() {
                    let (target, trace) = (local("output", index), local("trace", index));
                    (quote!(#target), quote!(#trace))
                } else {
                    (quote_spanned!(site=> outputs), quote_spanned!(site=> trace))
                };
                let from = std::mem::replace(&mut source, target.clone());
                let (from, target) = (self.recast(layer, &from), self.recast_mut(layer, &target));
                let end = self.training_end(index);
                quote_spanned! {site=>
                    #root::__private::forward_pass::<Self, #rust>(
                        &self.#field, context.layer(#index), #from, #target, #trace, #end,
                    );
                }
            });
        let steps: TokenStream = steps.collect();
        quote_spanned! {site=>
            #splits
            #steps
        }
    }

    /// Samples of the type that the layer takes or gives.
    fn recast(&self, layer: &TypedLayer<'_>, samples: &TokenStream) -> TokenStream {
        let root = self.root;
        if !layer.is_recast() {
            return samples.clone();
        }
        quote_spanned!(Span::mixed_site()=> #root::__private::recast_all(#samples))
    }

    /// As [`recast`](Self::recast).
    fn recast_mut(&self, layer: &TypedLayer<'_>, samples: &TokenStream) -> TokenStream {
        let root = self.root;
        if !layer.is_recast() {
            return samples.clone();
        }
        quote_spanned!(Span::mixed_site()=> #root::__private::recast_all_mut(#samples))
    }

    /// From the last layer to the first, each takes its parameters off the sink.
    fn training_backward(&self) -> TokenStream {
        let root = self.root;
        let Some((_, hidden)) = self.code() else { return unreachable() };
        let site = Span::mixed_site();
        let splits = self.splits(hidden, true);
        let before = |index: usize, layer: &TypedLayer<'_>| match index.checked_sub(1) {
            Some(before) => {
                let (values, gradient) = (local("output", before), local("gradient", before));
                let values = self.recast(layer, &quote!(#values));
                let gradient = self.recast_mut(layer, &quote_spanned!(site=> &mut *#gradient));
                quote_spanned! {site=>
                    inputs: #values, input_gradient: (!is_end).then_some(#gradient)
                }
            }
            None if layer.is_recast() => quote_spanned! {site=>
                inputs: #root::__private::recast_all(inputs),
                input_gradient: input_gradient.map(|gradient| #root::__private::recast_all_mut(gradient))
            },
            None => quote_spanned!(site=> inputs, input_gradient),
        };
        let steps =
            self.parts.iter().enumerate().rev().map(|(index, LayerCode { rust, layer, .. })| {
                let (kept, gradient) = if index < hidden.len() {
                    let (outputs, trace) = (local("output", index), local("trace", index));
                    let outputs = self.recast(layer, &quote!(#outputs));
                    let gradient = local("gradient", index);
                    (quote_spanned!(site=> outputs: #outputs, trace: #trace), quote!(#gradient))
                } else if layer.is_recast() {
                    let outputs = self.recast(layer, &quote_spanned!(site=> outputs));
                    (
                        quote_spanned!(site=> outputs: #outputs, trace),
                        quote_spanned!(site=> gradient),
                    )
                } else {
                    (quote_spanned!(site=> outputs, trace), quote_spanned!(site=> gradient))
                };
                let before = before(index, layer);
                let gradient = self.recast_mut(layer, &gradient);
                let end = self.training_end(index);
                let (is_end, stop) = if index > 0 {
                    (
                        quote_spanned!(site=> let is_end = sink.is_end(&input_gradient);),
                        quote_spanned!(site=> if is_end { return; }),
                    )
                } else {
                    (TokenStream::new(), TokenStream::new())
                };
                quote_spanned! {site=>
                    let (sink, part) = sink.split_last::<#rust>();
                    #is_end
                    #root::__private::backward_pass::<Self, #rust>(
                        #root::layers::Batch { #before, #kept },
                        #gradient,
                        #end,
                        part,
                    );
                    #stop
                }
            });
        quote_spanned! {site=>
            let #root::layers::Batch { inputs, outputs, trace, input_gradient } = batch;
            #splits
            #(#steps)*
            let _ = sink;
        }
    }
}
