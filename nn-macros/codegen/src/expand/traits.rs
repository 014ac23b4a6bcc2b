//! The functions of the type itself, and the traits that every network has.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;

use crate::expand::{Expansion, LayerCode};
use crate::syntax::spans::{located, place};

impl Expansion<'_> {
    pub(super) fn network(&self) -> TokenStream {
        let Self { root, name, .. } = self;
        let name = name.unraw().to_string();
        let body = quote!(const NAME: &'static ::core::primitive::str = #name;);
        self.implement(&quote!(#root::Network), &[], &body)
    }

    /// `Digits` alone means `f32`, in expressions too.
    pub(super) fn inherent(&self) -> TokenStream {
        let Self { root, name, conditions, .. } = self;
        let visibility = self.definition.visibility;
        let trait_ = quote!(<Self as #root::Network>);
        let usize = quote!(::core::primitive::usize);
        let (on_heap, load, tables) = (self.on_heap(), self.load(), self.tables());
        quote! {
            #(#conditions)*
            #[automatically_derived]
            #[allow(dead_code, clippy::unnecessary_box_returns)]
            impl #name<::core::primitive::f32> {
                #on_heap
                #load
                #tables
            }

            #(#conditions)*
            #[automatically_derived]
            #[allow(dead_code)]
            impl #name<::core::primitive::f32> {
                /// How many parameters it has.
                #visibility const PARAMETERS: #usize = <Self as #root::Parameters>::PARAMETERS;
                /// How many numbers one input holds.
                #visibility const INPUT: #usize = #trait_::INPUT;
                /// How many numbers one output holds.
                #visibility const OUTPUT: #usize = #trait_::OUTPUT;
                /// Multiplications with an addition in one forward pass of one sample.
                #visibility const MULTIPLY_ADDS: #usize = <Self as #root::Layer>::MULTIPLY_ADDS;
                /// The bytes that its parameters take.
                #visibility const BYTES: #usize = #trait_::BYTES;
            }
        }
    }

    /// The functions that make a network on the heap.
    fn on_heap(&self) -> Option<TokenStream> {
        let (root, visibility) = (self.root, self.definition.visibility);
        let trait_ = quote!(<Self as #root::Network>);
        self.definition.features.alloc.then(|| {
            quote! {
                /// New random weights, by the initializers of the description; biases are zero.
                #[must_use]
                #visibility fn random<R: #root::rand::Rng + ?::core::marker::Sized>(
                    rng: &mut R,
                ) -> #root::__private::Box<Self> {
                    #trait_::random(rng)
                }

                /// All parameters zero.
                #[must_use]
                #visibility fn zeros() -> #root::__private::Box<Self> {
                    <Self as #root::Parameters>::zeros()
                }

                /// The network whose parameters are in the bytes of a safetensors file.
                ///
                /// # Errors
                ///
                /// If the bytes do not hold exactly this network's tensors.
                #visibility fn from_bytes(
                    bytes: &[::core::primitive::u8],
                ) -> ::core::result::Result<#root::__private::Box<Self>, #root::Error> {
                    #trait_::from_bytes(bytes)
                }
            }
        })
    }

    /// The function that reads a file.
    fn load(&self) -> Option<TokenStream> {
        let (root, visibility) = (self.root, self.definition.visibility);
        self.definition.features.files.then(|| {
            quote! {
                /// Reads the parameters from a safetensors file.
                ///
                /// # Errors
                ///
                /// If the file cannot be read, or does not hold exactly this network's tensors.
                #visibility fn load(
                    path: impl ::core::convert::AsRef<#root::__private::FilePath>,
                ) -> ::core::result::Result<#root::__private::Box<Self>, #root::Error> {
                    <Self as #root::Network>::load(path)
                }
            }
        })
    }

    /// The functions that describe the network.
    fn tables(&self) -> Option<TokenStream> {
        let (root, visibility) = (self.root, self.definition.visibility);
        self.definition.features.std.then(|| {
            quote! {
                /// A table of the layers: shapes, activations, parameters.
                #[must_use]
                #visibility fn summary() -> #root::Summary {
                    <Self as #root::Network>::summary()
                }

                /// A table of the kernels that run for so many samples on this machine.
                #[must_use]
                #visibility fn plan(samples: ::core::primitive::usize) -> #root::ExecutionPlan {
                    <Self as #root::Network>::plan(samples)
                }

                /// The network as a picture.
                #[must_use]
                #visibility fn diagram() -> #root::figures::Figure {
                    <Self as #root::Network>::diagram()
                }
            }
        })
    }

    /// Traits of the standard library.
    pub(super) fn common(&self) -> TokenStream {
        let Self { root, name, scalar, conditions, bounds, parts, .. } = self;
        let site = Span::mixed_site();
        let debug = {
            let label = name.to_string();
            let fields = parts.iter().map(|LayerCode { field, .. }| {
                let label = field.to_string();
                quote_spanned!(site=> .field(#label, &self.#field))
            });
            let user = parts.iter().filter(|part| part.layer.has_user_types());
            let more: Vec<TokenStream> = user
                .map(|LayerCode { rust, layer, .. }| {
                    located(&quote!(#rust: ::core::fmt::Debug), place(&layer.stage.word))
                })
                .collect();
            let body = quote_spanned! {site=>
                fn fmt(
                    &self,
                    formatter: &mut ::core::fmt::Formatter<'_>,
                ) -> ::core::fmt::Result {
                    formatter.debug_struct(#label) #(#fields)* .finish()
                }
            };
            self.implement(&quote!(::core::fmt::Debug), &more, &body)
        };
        let equal = {
            let body = quote_spanned! {site=>
                fn eq(&self, other: &Self) -> ::core::primitive::bool {
                    #root::Parameters::as_slice(self) == #root::Parameters::as_slice(other)
                }
            };
            self.implement(&quote!(::core::cmp::PartialEq), &[], &body)
        };
        // A derived one would pass through the stack, which large networks overflow.
        let clone = self.definition.features.alloc.then(|| {
            quote_spanned! {site=>
                #(#conditions)*
                #[automatically_derived]
                #[allow(non_local_definitions)]
                impl<#scalar: #root::Scalar> ::core::clone::Clone
                    for #root::__private::Box<#name<#scalar>>
                where
                    #(#bounds,)*
                {
                    fn clone(&self) -> Self {
                        #root::__private::clone(self)
                    }
                }
            }
        });
        quote!(#debug #equal #clone)
    }
}
