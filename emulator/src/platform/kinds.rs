//! The one declaration of what messages there are: sends are checked, stored and read by it, and
//! what customers send is named by it.

use std::fmt;

use serde::{Deserialize, Serialize};

const MB: usize = 1 << 20;
const KB: usize = 1 << 10;

/// A closed set of Meta's words, each with what is known of it.
macro_rules! kinds {
    ($(#[$about:meta])* $name:ident: $facts:ty { $($(#[$doc:meta])* $variant:ident $word:literal $facts_of:expr,)+ }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$doc])* #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// All of them, in the order of the declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// Meta's word.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            /// What a word of Meta's names.
            pub fn of(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|kind| kind.as_str() == word)
            }

            pub(crate) fn facts(self) -> $facts {
                match self { $(Self::$variant => $facts_of,)+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, word: &&str) -> bool {
                self.as_str() == *word
            }
        }
    };
}

/// Who sends a message of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sides {
    pub(crate) business: bool,
    pub(crate) customer: bool,
}

const BOTH: Sides = Sides {
    business: true,
    customer: true,
};
const BUSINESS: Sides = Sides {
    business: true,
    customer: false,
};
const CUSTOMER: Sides = Sides {
    business: false,
    customer: true,
};

kinds! {
    /// The `type` of a message.
    MessageType: Sides {
        Text "text" BOTH,
        Image "image" BOTH,
        Video "video" BOTH,
        Audio "audio" BOTH,
        Document "document" BOTH,
        Sticker "sticker" BOTH,
        Location "location" BOTH,
        Contacts "contacts" BOTH,
        Reaction "reaction" BOTH,
        Interactive "interactive" BOTH,
        Template "template" BUSINESS,
        /// A tap on a template's quick reply.
        Button "button" CUSTOMER,
        Order "order" CUSTOMER,
        System "system" CUSTOMER,
        Unsupported "unsupported" CUSTOMER,
        RequestWelcome "request_welcome" CUSTOMER,
        Edit "edit" CUSTOMER,
        Revoke "revoke" CUSTOMER,
    }
}

impl MessageType {
    /// The media that a message of this type is.
    pub(crate) fn media(self) -> Option<MediaKind> {
        MediaKind::of(self.as_str())
    }
}

/// What is known of a kind of media.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MediaFacts {
    /// The types that may be uploaded, and the most bytes of each.
    pub(crate) types: &'static [(&'static str, usize)],
    /// The members that its object has besides `id` and `link`.
    pub(crate) members: &'static [&'static str],
}

kinds! {
    /// A kind of media.
    MediaKind: MediaFacts {
        Audio "audio" MediaFacts {
            types: &[
                ("audio/aac", 16 * MB),
                ("audio/mp4", 16 * MB),
                ("audio/mpeg", 16 * MB),
                ("audio/amr", 16 * MB),
                ("audio/ogg", 16 * MB),
                ("audio/opus", 16 * MB),
            ],
            members: &["voice"],
        },
        Document "document" MediaFacts {
            types: &[
                ("application/vnd.ms-powerpoint", 100 * MB),
                ("application/msword", 100 * MB),
                ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", 100 * MB),
                ("application/vnd.openxmlformats-officedocument.presentationml.presentation", 100 * MB),
                ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", 100 * MB),
                ("application/vnd.ms-excel", 100 * MB),
                ("application/pdf", 100 * MB),
                ("text/plain", 100 * MB),
            ],
            members: &["caption", "filename"],
        },
        Image "image" MediaFacts {
            types: &[("image/jpeg", 5 * MB), ("image/png", 5 * MB)],
            members: &["caption"],
        },
        // An animated sticker; others may have 100 KB.
        Sticker "sticker" MediaFacts {
            types: &[("image/webp", 500 * KB)],
            members: &[],
        },
        Video "video" MediaFacts {
            types: &[("video/mp4", 16 * MB), ("video/3gpp", 16 * MB), ("video/3gp", 16 * MB)],
            members: &["caption"],
        },
    }
}

impl MediaKind {
    /// Every type that may be uploaded, and the most bytes of it.
    pub(crate) fn all_types() -> impl Iterator<Item = (&'static str, usize)> {
        Self::ALL
            .iter()
            .flat_map(|kind| kind.facts().types.iter().copied())
    }

    /// Whether media of this kind may be of a type. Documents may be of any.
    pub(crate) fn takes(self, mime_type: &str) -> bool {
        self == Self::Document
            || self
                .facts()
                .types
                .iter()
                .any(|(known, _)| *known == mime_type)
    }
}

/// How the `action` of an interactive message is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Buttons,
    Sections,
    Link,
    Flow,
    Product,
    Products,
    Catalog,
    Cards,
    Address,
    VoiceCall,
    /// Only a `name`.
    Named(&'static str),
}

/// What is known of a kind of interactive message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct InteractiveFacts {
    /// Characters of its body.
    pub(crate) longest_body: usize,
    pub(crate) needs_body: bool,
    /// The types of header that it may have.
    pub(crate) headers: &'static [&'static str],
    pub(crate) needs_header: bool,
    pub(crate) has_footer: bool,
    pub(crate) action: Action,
}

const ANY_HEADER: &[&str] = &["text", "image", "video", "document"];

const fn interactive(
    longest_body: usize,
    headers: &'static [&'static str],
    action: Action,
) -> InteractiveFacts {
    InteractiveFacts {
        longest_body,
        needs_body: true,
        headers,
        needs_header: false,
        has_footer: true,
        action,
    }
}

kinds! {
    /// The `type` of an interactive message of a business.
    InteractiveType: InteractiveFacts {
        Button "button" interactive(1024, ANY_HEADER, Action::Buttons),
        List "list" interactive(4096, &["text"], Action::Sections),
        CtaUrl "cta_url" interactive(1024, ANY_HEADER, Action::Link),
        Flow "flow" interactive(1024, ANY_HEADER, Action::Flow),
        Product "product" InteractiveFacts {
            needs_body: false,
            ..interactive(1024, &[], Action::Product)
        },
        ProductList "product_list" InteractiveFacts {
            needs_header: true,
            ..interactive(1024, &["text"], Action::Products)
        },
        CatalogMessage "catalog_message" interactive(1024, &[], Action::Catalog),
        Carousel "carousel" InteractiveFacts {
            has_footer: false,
            ..interactive(1024, &[], Action::Cards)
        },
        LocationRequest "location_request_message" InteractiveFacts {
            has_footer: false,
            ..interactive(1024, &[], Action::Named("send_location"))
        },
        Address "address_message" interactive(1024, ANY_HEADER, Action::Address),
        CallPermission "call_permission_request" InteractiveFacts {
            needs_body: false,
            ..interactive(1024, &[], Action::Named("call_permission_request"))
        },
        VoiceCall "voice_call" interactive(1024, ANY_HEADER, Action::VoiceCall),
        ContactInfo "request_contact_info" interactive(1024, &[], Action::Named("request_contact_info")),
    }
}
