//! The struct of several inputs or heads: `NetInputs`, `NetHeads`. It is generic over the types of its fields, so that one struct holds values, targets, losses and reports.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt;

use crate::expand::{Definition, Expansion, docs};
use crate::shapes::shape::{Record, Shape};
use crate::syntax::spans::elsewhere;

/// What the fields of a record are. Each has type parameters of its own.
#[derive(Clone, Copy)]
enum Fields {
    Samples,
    Targets,
    Losses,
    Activations,
    Reports,
}

/// One record to expand.
struct RecordCode<'a> {
    expansion: &'a Expansion<'a>,
    record: &'a Record,
    /// Its name for its uses.
    name: Ident,
    fields: Vec<Ident>,
    labels: Vec<String>,
}

impl Expansion<'_> {
    /// The records of the network: of its inputs, and of its heads.
    pub(super) fn records(&self) -> TokenStream {
        let Definition { network, block, features, .. } = self.definition;
        let mut tokens = TokenStream::new();
        if let (Shape::Record(record), false) = (&network.input, block) {
            let code = RecordCode::new(self, record);
            tokens.extend(code.structure(&format!("The inputs of [`{}`].", network.name)));
            tokens.extend(code.sample());
        }
        if let Shape::Record(record) = &network.output {
            let code = RecordCode::new(self, record);
            let name = &network.name;
            let about = format!(
                "What the heads of [`{name}`] give; in the same way their targets, and the losses of each."
            );
            tokens.extend(code.structure(&about));
            tokens.extend(code.sample());
            tokens.extend(code.activation());
            if features.train {
                tokens.extend(code.losses());
                tokens.extend(code.metrics());
            }
        }
        tokens
    }
}

impl<'a> RecordCode<'a> {
    fn new(expansion: &'a Expansion<'a>, record: &'a Record) -> Self {
        let fields: Vec<Ident> = record.fields.iter().map(|field| elsewhere(&field.name)).collect();
        let labels = fields.iter().map(|field| field.unraw().to_string()).collect();
        Self { expansion, record, name: elsewhere(&record.name), fields, labels }
    }

    /// The type parameters of the fields.
    fn types(&self, fields: Fields) -> Vec<Ident> {
        let word = match fields {
            Fields::Samples => "Sample",
            Fields::Targets => "Target",
            Fields::Losses => "Loss",
            Fields::Activations => "Activation",
            Fields::Reports => "Report",
        };
        let types = (1..=self.fields.len())
            .map(|number| format_ident!("{word}{number}", span = Span::mixed_site()));
        types.collect()
    }

    fn structure(&self, about: &str) -> TokenStream {
        let Definition { visibility, keyword, .. } = self.expansion.definition;
        let Expansion { conditions, .. } = self.expansion;
        let defined = &self.record.name;
        let types = (0..self.fields.len()).map(|index| match u8::try_from(index) {
            Ok(letter @ 0..26) => {
                let letter = char::from(b'A' + letter).to_string();
                Ident::new(&letter, Span::mixed_site())
            }
            _ => format_ident!("F{index}", span = Span::mixed_site()),
        });
        let types: Vec<Ident> = types.collect();
        let documentation = docs::attributes(&[about.to_owned()]);
        let fields = self.record.fields.iter().zip(&types).map(|(field, rust)| {
            let (name, shape) = (&field.name, &field.shape);
            let text = docs::attributes(&[format!("`{}`: {}.", name, shape.described())]);
            quote!(#text #visibility #name: #rust)
        });
        let keyword = quote_spanned!(*keyword=> struct);
        quote_spanned! {Span::mixed_site()=>
            #(#conditions)*
            #documentation
            #[repr(C)]
            #[allow(dead_code)]
            #[derive(
                ::core::clone::Clone, ::core::marker::Copy, ::core::fmt::Debug, ::core::default::Default,
                ::core::cmp::PartialEq, ::core::cmp::Eq, ::core::hash::Hash,
            )]
            #visibility #keyword #defined<#(#types),*> {
                #(#fields,)*
            }
        }
    }

    /// Where the fields are samples, so is the record.
    fn sample(&self) -> TokenStream {
        let Self { name, labels, expansion, .. } = self;
        let Expansion { root, conditions, .. } = expansion;
        let site = Span::mixed_site();
        let types = self.types(Fields::Samples);
        let [first, others @ ..] = types.as_slice() else { return TokenStream::new() };
        let records = quote_spanned!(site=> #root::__private::records);
        let generics = quote_spanned! {site=>
            #first: #records::Packed,
            #(#others: #records::Packed + #root::Sample<Scalar = <#first as #root::Sample>::Scalar>,)*
        };
        // `unsafe` has the macro's span, so that it compiles under `#![forbid(unsafe_code)]`.
        let unsafe_ = quote_spanned!(site=> unsafe);
        quote_spanned! {site=>
            // SAFETY, of all three: `repr(C)`, and each field is an array of one and the same scalar, aligned as one: nothing is between them.
            #(#conditions)*
            #[automatically_derived]
            #[allow(clippy::all)]
            #unsafe_ impl<#generics> #records::Zeroable for #name<#(#types),*> {}

            #(#conditions)*
            #[automatically_derived]
            #[allow(clippy::all)]
            #unsafe_ impl<#generics> #records::Pod for #name<#(#types),*> {}

            #(#conditions)*
            #[automatically_derived]
            #[allow(clippy::all)]
            #unsafe_ impl<#generics> #records::Packed for #name<#(#types),*> {}

            #(#conditions)*
            #[automatically_derived]
            impl<#generics> #root::Sample for #name<#(#types),*> {
                type Scalar = <#first as #root::Sample>::Scalar;
                type Size = #name<#(<#types as #root::Sample>::Size),*>;
                const LEN: ::core::primitive::usize = 0 #(+ <#types as #root::Sample>::LEN)*;
                const SHAPE: #root::Shape =
                    #root::Shape::Record(&[#((#labels, <#types as #root::Sample>::SHAPE)),*]);
            }
        }
    }

    /// The activations that the heads end in.
    fn activation(&self) -> TokenStream {
        let Self { name, labels, expansion, .. } = self;
        let Expansion { root, conditions, .. } = expansion;
        let types = self.types(Fields::Activations);
        let text = labels.join(", ");
        quote_spanned! {Span::mixed_site()=>
            #(#conditions)*
            #[automatically_derived]
            impl<#(#types: #root::activations::Activation),*> #root::activations::Activation
                for #name<#(#types),*>
            {
                const ELEMENTWISE: ::core::primitive::bool = true;
                const THRESHOLDS: &'static [::core::primitive::f64] =
                    &[#(<#types as #root::activations::Activation>::THRESHOLD),*];

                fn name() -> impl ::core::fmt::Display {
                    #text
                }
            }
        }
    }

    /// Where the fields are losses, the record is their sum.
    fn losses(&self) -> TokenStream {
        let Self { name, fields, labels, expansion, .. } = self;
        let Expansion { root, conditions, .. } = expansion;
        let site = Span::mixed_site();
        let records = quote_spanned!(site=> #root::__private::records);
        let [samples, targets, losses, activations] =
            [Fields::Samples, Fields::Targets, Fields::Losses, Fields::Activations]
                .map(|fields| self.types(fields));
        let [first, others @ ..] = samples.as_slice() else { return TokenStream::new() };
        let numbers: Vec<_> = (0..fields.len()).collect();
        let implement = |activation: &TokenStream, own: &[TokenStream], more: &TokenStream| {
            let values: Vec<TokenStream> = samples
                .iter()
                .zip(&targets)
                .zip(own)
                .zip(&losses)
                .zip(fields)
                .map(|((((sample, target), own), loss), field)| {
                    quote_spanned! {site=>
                        #records::evaluate::<_, #sample, _, #target, #own, #loss>(
                            &self.#field,
                            (&mut *scores, |record| &mut record.#field),
                            (targets, |record| &record.#field),
                            scale,
                        )
                    }
                })
                .collect();
            quote_spanned! {site=>
                #(#conditions)*
                #[automatically_derived]
                impl<
                    #first: #records::Packed,
                    #(#others: #records::Packed + #root::Sample<Scalar = <#first as #root::Sample>::Scalar>,)*
                    #(#targets: #records::TargetOfHead,)*
                    #(#losses: #root::losses::Loss<#samples, #targets, #own>,)*
                    #more
                > #root::losses::Loss<#name<#(#samples),*>, #name<#(#targets),*>, #activation>
                    for #name<#(#losses),*>
                where
                    #(
                        <#losses as #root::losses::Loss<#samples, #targets, #own>>::Size:
                            #records::SizeOfHead<#losses, <#samples as #root::Sample>::Size>
                            + #records::GoesBehind<#losses, #own>,
                    )*
                {
                    type Size = #name<#(<#samples as #root::Sample>::Size),*>;
                    const PER_SAMPLE: ::core::primitive::bool =
                        true #(&& <#losses as #root::losses::Loss<#samples, #targets, #own>>::PER_SAMPLE)*;
                    const HEADS: &'static [&'static ::core::primitive::str] = &[#(#labels),*];

                    fn evaluate(
                        &self,
                        scores: &mut [#name<#(#samples),*>],
                        targets: &[#name<#(#targets),*>],
                        scale: <#first as #root::Sample>::Scalar,
                    ) -> ::core::primitive::f64 {
                        let mut sum = 0.0;
                        #(sum += #values;)*
                        sum
                    }

                    fn evaluate_head(
                        &self,
                        head: ::core::primitive::usize,
                        scores: &mut [#name<#(#samples),*>],
                        targets: &[#name<#(#targets),*>],
                        scale: <#first as #root::Sample>::Scalar,
                    ) -> ::core::primitive::f64 {
                        match head {
                            #(#numbers => #values,)*
                            _ => 0.0,
                        }
                    }

                    fn meter(&self) -> ::core::option::Option<#root::__private::Box<
                        dyn #records::Meter<#name<#(#samples),*>, #name<#(#targets),*>>
                    >> {
                        let mut heads = #records::heads::Heads::<
                            #name<#(#samples),*>, #name<#(#targets),*>
                        >::default();
                        #(
                            heads.add(
                                #labels,
                                <#losses as #root::losses::Loss<#samples, #targets, #own>>::meter(&self.#fields),
                                |record| &record.#fields,
                                |record| &record.#fields,
                            );
                        )*
                        heads.meter()
                    }
                }
            }
        };
        let own: Vec<TokenStream> = activations.iter().map(|own| quote!(#own)).collect();
        let bounds = quote_spanned! {site=>
            #(#activations: #root::activations::Activation,)*
        };
        let behind = implement(&quote!(#name<#(#activations),*>), &own, &bounds);
        let identity = quote_spanned!(site=> #root::activations::Identity);
        let alone =
            implement(&identity, &vec![identity.clone(); fields.len()], &TokenStream::new());
        let sizes = self.types(Fields::Reports);
        quote_spanned! {site=>
            #behind
            #alone

            #(#conditions)*
            #[automatically_derived]
            impl<Net: #root::Layer, Losses, #(#sizes),*>
                #root::__private::records::Behind<Net, <Net as #root::Layer>::Activation, Losses>
                for #name<#(#sizes),*>
            {
                type Is = ();
            }

            // Of the sum of two records of losses.
            #(#conditions)*
            #[automatically_derived]
            impl<#(#sizes),*> #records::Together<Self> for #name<#(#sizes),*> {
                type Size = Self;
            }
        }
    }

    /// Where the fields are reports, or what makes them, so is the record.
    fn metrics(&self) -> TokenStream {
        let Self { name, fields, labels, expansion, .. } = self;
        let Expansion { root, conditions, .. } = expansion;
        let site = Span::mixed_site();
        let records = quote_spanned!(site=> #root::__private::records);
        let [samples, targets, losses, reports] =
            [Fields::Samples, Fields::Targets, Fields::Losses, Fields::Reports]
                .map(|fields| self.types(fields));
        let [first, ..] = fields.as_slice() else { return TokenStream::new() };
        let first_label = &labels[0];
        let numbers: Vec<_> = (0..fields.len()).collect();
        quote_spanned! {site=>
            #(#conditions)*
            #[automatically_derived]
            impl<#(#reports: ::core::fmt::Display),*> ::core::fmt::Display for #name<#(#reports),*> {
                fn fmt(&self, formatter: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                    #records::heads::write(formatter, &[#((#labels, &self.#fields)),*])
                }
            }

            #(#conditions)*
            #[automatically_derived]
            impl<#(#reports: #records::Report),*> #records::Report for #name<#(#reports),*> {
                fn new() -> Self {
                    Self { #(#fields: #records::Report::new()),* }
                }

                fn score(&self) -> #records::Score {
                    #records::heads::of_head(#first_label, #records::Report::score(&self.#first))
                }

                fn scores(&self) -> ::std::vec::Vec<#records::Score> {
                    let mut scores = ::std::vec::Vec::new();
                    #(scores.extend(#records::heads::scores(#labels, #records::Report::scores(&self.#fields)));)*
                    scores
                }
            }

            #(#conditions)*
            #[automatically_derived]
            impl<#(#samples,)* #(#targets: #records::Target<#samples>,)*>
                #records::Target<#name<#(#samples),*>> for #name<#(#targets),*>
            {
                type Report = #name<#(<#targets as #records::Target<#samples>>::Report),*>;

                fn record(
                    &self,
                    output: &#name<#(#samples),*>,
                    threshold: ::core::primitive::f64,
                    report: &mut Self::Report,
                ) {
                    #(#records::Target::record(&self.#fields, &output.#fields, threshold, &mut report.#fields);)*
                }

                fn record_heads(
                    &self,
                    output: &#name<#(#samples),*>,
                    thresholds: &[::core::primitive::f64],
                    report: &mut Self::Report,
                ) {
                    #(#records::Target::record(&self.#fields, &output.#fields, thresholds[#numbers], &mut report.#fields);)*
                }
            }

            #(#conditions)*
            #[automatically_derived]
            impl<
                #(#samples: #root::Sample,)*
                #(#targets,)*
                #(#losses: #records::Metric<#samples, #targets>,)*
            > #records::Metric<#name<#(#samples),*>, #name<#(#targets),*>> for #name<#(#losses),*> {
                type Report = #name<#(<#losses as #records::Metric<#samples, #targets>>::Report),*>;
                type Size = #name<#(<#samples as #root::Sample>::Size),*>;

                fn record(
                    &self,
                    output: &#name<#(#samples),*>,
                    target: &#name<#(#targets),*>,
                    threshold: ::core::primitive::f64,
                    report: &mut Self::Report,
                ) {
                    #(#records::Metric::record(&self.#fields, &output.#fields, &target.#fields, threshold, &mut report.#fields);)*
                }

                fn record_heads(
                    &self,
                    output: &#name<#(#samples),*>,
                    target: &#name<#(#targets),*>,
                    thresholds: &[::core::primitive::f64],
                    report: &mut Self::Report,
                ) {
                    #(#records::Metric::record(&self.#fields, &output.#fields, &target.#fields, thresholds[#numbers], &mut report.#fields);)*
                }
            }
        }
    }
}
