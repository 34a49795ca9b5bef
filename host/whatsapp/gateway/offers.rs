//! What a bot may ask of Meta: each method, path and parameter. What is not here never leaves the host.
//!
//! A row says what the path begins with, the method, what follows (`*` is one segment), which
//! parameters there may be, and what the answer tells the gateway. Meta reads a parameter alike in
//! the query and in a body of any kind, so a row has one list for all of them. A parameter is
//! `name`, with any value, or `name=rule`, where a [`Rule`] looks at the value.
//!
//! To offer something more, add a row. It must not take the number or the account from the host
//! (`OPERATORS`), nor reach an object by an id or a name that no rule looks at.

use http::Method;

use crate::accounts::Kind::{self, Flow, Template};

use self::Gives::{Anything, List, Made, Makes, Media, Message, Session};
use self::Node::{Account, Anyone, App, Granted, Library, Number, Object, Upload};
use self::Verb::{Delete, Get, Post};

/// What the first segment of a path is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Node {
    /// The project's number.
    Number,
    /// The project's business account.
    Account,
    /// Media, a template or a flow that is known to be the project's.
    Object,
    /// An id that the operator granted.
    Granted,
    /// A session of an upload that the project began.
    Upload,
    /// `app`: the app that the token is of.
    App,
    /// `message_template_library`: Meta's own templates.
    Library,
    /// An id that nobody here is known to have.
    Anyone,
}

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Get,
    Post,
    Delete,
}

/// How the value of a parameter is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    Any,
    /// A list of fields: `fields` has the grammar.
    Fields,
    /// The content of a file.
    File,
    /// The project's own number.
    Number,
    /// Ids, all of them the project's.
    Own,
    /// Ids of templates, all of them the project's.
    Templates,
    /// The name of a template of the project's.
    Name,
    /// The name of a template that becomes the project's, if it is free.
    NewName,
}

/// What becomes of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gives {
    /// It goes to the bot.
    Anything,
    /// The request is a message, unless it is a receipt.
    Message,
    /// It names what was made, which is the project's from now on.
    Made,
    /// Likewise; it is a thing of the account that has one owner.
    Makes(Kind),
    /// It lists things of the account, of which the project gets its own.
    List(Kind),
    /// It names a session of an upload.
    Session,
    /// It goes to the bot if it describes media.
    Media,
}

/// A row of the table.
#[derive(Debug)]
pub(super) struct Offer {
    pub(super) node: Node,
    pub(super) verb: Verb,
    path: &'static str,
    takes: &'static [&'static str],
    pub(super) gives: Gives,
}

/// What every request may say: none of it changes what the answer is about.
const ALWAYS: &str = "messaging_product pretty locale debug";

/// What a read may say, as Meta's own links to further pages do.
const READ: &str = "fields=fields limit after before offset since until date_format __paging_token";

/// The parts of a message. What is not here is left out: Meta reads nothing else either.
const MESSAGE: &str = "recipient_type to recipient type context status message_id \
    typing_indicator biz_opaque_callback_data recipient_identity_key_hash preview_url ttl \
    message_activity_sharing product_policy text image audio video document sticker location \
    contacts reaction interactive template pin";

const PROFILE: &str = "about address description email websites vertical profile_picture_handle";

const TEMPLATE: &str = "language category components parameter_format sub_category \
    display_format message_send_ttl_seconds allow_category_change library_template_name \
    library_template_body_inputs library_template_button_inputs cta_url_link_tracking_opted_out \
    degrees_of_freedom_spec creative_sourcing_spec optimization_spec bid_spec \
    is_primary_device_delivery_only";

const TEMPLATES: &str = "name name_or_content content status category language quality_score";

const ANALYTICS: &str =
    "start end granularity metric_types product_type use_waba_timezone template_ids=templates";

const FLOW: &str = "name categories endpoint_uri";

const QR_CODE: &str = "code prefilled_message generate_qr_image";

const UPLOAD: &str = "file_name file_length file_type session_type";

/// The table.
pub(super) const OFFERS: &[Offer] = &[
    // The number: messages and media.
    offer(Number, Post, "messages", &[MESSAGE], Message),
    offer(Number, Post, "marketing_messages", &[MESSAGE], Message),
    offer(Number, Post, "media", &["file=file type ttl_minutes"], Made),
    // What customers see of it.
    offer(Number, Get, "", &[READ], Anything),
    offer(Number, Post, "", &["new_display_name"], Anything),
    offer(Number, Get, "whatsapp_business_profile", &[READ], Anything),
    offer(
        Number,
        Post,
        "whatsapp_business_profile",
        &[PROFILE],
        Anything,
    ),
    offer(Number, Get, "message_qrdls", &[READ, "code"], Anything),
    offer(Number, Post, "message_qrdls", &[QR_CODE], Anything),
    offer(Number, Get, "message_qrdls/*", &[READ], Anything),
    offer(Number, Post, "message_qrdls/*", &[QR_CODE], Anything),
    offer(Number, Delete, "message_qrdls/*", &[], Anything),
    offer(Number, Get, "conversational_automation", &[READ], Anything),
    offer(
        Number,
        Post,
        "conversational_automation",
        &["enable_welcome_message prompts commands"],
        Anything,
    ),
    offer(Number, Get, "username", &[READ], Anything),
    offer(Number, Post, "username", &["username"], Anything),
    offer(Number, Delete, "username", &[], Anything),
    offer(Number, Get, "username_suggestions", &[READ], Anything),
    // Whom it hears, shops, calls, groups.
    offer(Number, Get, "block_users", &[READ], Anything),
    offer(Number, Post, "block_users", &["block_users"], Anything),
    offer(Number, Delete, "block_users", &["block_users"], Anything),
    offer(Number, Get, "whatsapp_commerce_settings", &[READ], Anything),
    offer(
        Number,
        Post,
        "whatsapp_commerce_settings",
        &["is_cart_enabled is_catalog_visible"],
        Anything,
    ),
    offer(Number, Get, "settings", &[READ], Anything),
    offer(
        Number,
        Post,
        "settings",
        &["calling user_identity_change"],
        Anything,
    ),
    offer(
        Number,
        Post,
        "calls",
        &["to recipient call_id action session biz_opaque_callback_data"],
        Anything,
    ),
    offer(
        Number,
        Get,
        "call_permissions",
        &["user_wa_id recipient"],
        Anything,
    ),
    offer(Number, Get, "groups", &[READ], Anything),
    offer(
        Number,
        Post,
        "groups",
        &["subject description join_approval_mode"],
        Anything,
    ),
    offer(Number, Get, "payments/*/*", &[READ], Anything),
    // The key of Flow endpoints.
    offer(
        Number,
        Get,
        "whatsapp_business_encryption",
        &[READ],
        Anything,
    ),
    offer(
        Number,
        Post,
        "whatsapp_business_encryption",
        &["business_public_key"],
        Anything,
    ),
    // The account.
    offer(Account, Get, "", &[READ], Anything),
    offer(
        Account,
        Get,
        "phone_numbers",
        &[READ, "sort filtering"],
        Anything,
    ),
    offer(Account, Get, "subscribed_apps", &[READ], Anything),
    offer(Account, Get, "product_catalogs", &[READ], Anything),
    offer(Account, Get, "payment_configurations", &[READ], Anything),
    offer(Account, Get, "payment_configuration/*", &[READ], Anything),
    offer(
        Account,
        Get,
        "template_analytics",
        &[READ, ANALYTICS],
        Anything,
    ),
    offer(
        Account,
        Get,
        "template_group_analytics",
        &[READ, ANALYTICS],
        Anything,
    ),
    // Templates.
    offer(
        Account,
        Get,
        "message_templates",
        &[READ, TEMPLATES],
        List(Template),
    ),
    offer(
        Account,
        Post,
        "message_templates",
        &[TEMPLATE, "name=new-name"],
        Makes(Template),
    ),
    offer(
        Account,
        Delete,
        "message_templates",
        &["name=name hsm_id=templates hsm_ids=templates"],
        Anything,
    ),
    offer(
        Account,
        Post,
        "upsert_message_templates",
        &[TEMPLATE, "name=new-name languages"],
        Makes(Template),
    ),
    offer(
        Account,
        Get,
        "message_template_previews",
        &[
            READ,
            "category language languages add_security_recommendation code_expiration_minutes \
             button_types",
        ],
        Anything,
    ),
    offer(
        Library,
        Get,
        "",
        &[READ, "search topic usecase industry language name"],
        Anything,
    ),
    // Flows.
    offer(Account, Get, "flows", &[READ], List(Flow)),
    offer(
        Account,
        Post,
        "flows",
        &[FLOW, "flow_json publish clone_flow_id=own"],
        Makes(Flow),
    ),
    // Media, templates and flows by their ids.
    offer(Object, Get, "", &[READ, "phone_number_id=number"], Anything),
    offer(
        Object,
        Post,
        "",
        &[TEMPLATE, FLOW, "application_id=own"],
        Anything,
    ),
    offer(Object, Delete, "", &["phone_number_id=number"], Anything),
    offer(Object, Post, "unpause", &[], Anything),
    offer(
        Object,
        Get,
        "compare",
        &["template_ids=own start end"],
        Anything,
    ),
    offer(Object, Get, "assets", &[READ], Anything),
    offer(
        Object,
        Post,
        "assets",
        &["file=file name asset_type"],
        Anything,
    ),
    offer(Object, Post, "publish", &[], Anything),
    offer(Object, Post, "deprecate", &[], Anything),
    // Media that a customer sent: Meta knows whose it is, and the gateway has it say so.
    offer(Anyone, Get, "", &[READ, "phone_number_id=number"], Media),
    // Uploads in pieces, for pictures of profiles and templates.
    offer(App, Post, "uploads", &[UPLOAD], Session),
    offer(Granted, Post, "uploads", &[UPLOAD], Session),
    offer(Upload, Get, "", &["sig"], Anything),
    offer(Upload, Post, "", &["sig"], Anything),
    // What else the operator granted, for instance a catalog.
    offer(Granted, Get, "", &[READ], Anything),
    offer(Granted, Get, "products", &[READ, "filter"], Anything),
    offer(Granted, Get, "product_sets", &[READ, "filter"], Anything),
];

/// Edges and settings by which a number or an account leaves the host or the operator.
const OPERATORS: [&str; 19] = [
    "account_mode",
    "application_id",
    "assigned_users",
    "deregister",
    "migrate_flows",
    "migrate_message_templates",
    "override_callback_uri",
    "payload_encryption",
    "phone_numbers",
    "pin",
    "product_catalogs",
    "register",
    "request_code",
    "smb_app_data",
    "storage_configuration",
    "subscribed_apps",
    "subscriptions",
    "verify_code",
    "webhook_configuration",
];

/// Parameters that make one request several, or another one than it seems, wherever Meta meets them.
const COMMANDS: [&str; 12] = [
    "attached_files",
    "batch",
    "callback",
    "fields",
    "format",
    "id",
    "ids",
    "include_headers",
    "method",
    "relative_url",
    "suppress_http_code",
    "transport",
];

const fn offer(
    node: Node,
    verb: Verb,
    path: &'static str,
    takes: &'static [&'static str],
    gives: Gives,
) -> Offer {
    Offer {
        node,
        verb,
        path,
        takes,
        gives,
    }
}

/// The row for a request, if there is one; `path` is without the first segment.
pub(super) fn find(node: Node, verb: Verb, path: &[String]) -> Option<&'static Offer> {
    OFFERS
        .iter()
        .find(|offer| offer.node == node && offer.verb == verb && offer.has_path(path))
}

/// Whether an edge or a setting is the operator's.
pub(super) fn is_operators(name: &str) -> bool {
    OPERATORS.contains(&name)
}

/// Whether a parameter changes what the request is.
pub(super) fn is_command(name: &str) -> bool {
    COMMANDS.contains(&name)
}

impl Offer {
    /// How a parameter is looked at; `None` when it is not offered.
    pub(super) fn rule(&self, name: &str) -> Option<Rule> {
        let mut takes = self.takes();
        takes.find_map(|(known, rule)| (known == name).then_some(rule))
    }

    /// The names of parameters, for people.
    pub(super) fn possible(&self) -> String {
        let names: Vec<_> = self.takes().map(|(name, _)| format!("`{name}`")).collect();
        names.join(", ")
    }

    fn takes(&self) -> impl Iterator<Item = (&'static str, Rule)> {
        let lists = self.takes.iter().chain([&ALWAYS]);
        lists
            .flat_map(|list| list.split_ascii_whitespace())
            .map(|word| match word.split_once('=') {
                Some((name, rule)) => (name, Rule::named(rule)),
                None => (word, Rule::Any),
            })
    }

    fn has_path(&self, path: &[String]) -> bool {
        let own = self.path.split('/').filter(|segment| !segment.is_empty());
        let fits = |(own, given): (&str, &String)| own == given || (own == "*" && is_name(given));
        own.clone().count() == path.len() && own.zip(path).all(fits)
    }
}

impl Rule {
    fn named(name: &str) -> Self {
        match name {
            "fields" => Self::Fields,
            "file" => Self::File,
            "number" => Self::Number,
            "own" => Self::Own,
            "templates" => Self::Templates,
            "name" => Self::Name,
            "new-name" => Self::NewName,
            _ => unreachable!("a rule of the table has another name"),
        }
    }
}

impl Verb {
    /// `None` for methods that the Graph API does not have.
    pub(super) fn of(method: &Method) -> Option<Self> {
        match method.as_str() {
            "GET" => Some(Get),
            "POST" => Some(Post),
            "DELETE" => Some(Delete),
            _ => None,
        }
    }
}

/// Whether a segment can be the name of something: no dots, no signs.
fn is_name(segment: &str) -> bool {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    segment.len() <= 128 && segment.bytes().all(is_plain)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_table_can_be_read_and_says_nothing_twice() {
        let mut seen = HashSet::new();
        for offer in OFFERS {
            let row = format!("{:?} {:?} {}", offer.node, offer.verb, offer.path);
            assert!(seen.insert(row.clone()), "{row} is there twice");
            let names: Vec<_> = offer.takes().map(|(name, _)| name).collect();
            let distinct: HashSet<_> = names.iter().collect();
            // A list may be shared by rows that add to it.
            assert!(!distinct.is_empty(), "{row}");
            for name in names {
                let is_fields = name == "fields" && offer.verb == Get;
                assert!(!is_command(name) || is_fields, "{row} takes {name}");
            }
        }
    }
}
