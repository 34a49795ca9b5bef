//! Every call that the emulator knows: of which node, with which method, on which edge, with which
//! scope of the token.

use crate::graph::auth::{MANAGEMENT, MESSAGING};
use crate::platform::world::NodeKind;

/// A call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Route {
    kind: NodeKind,
    method: &'static str,
    edge: &'static str,
    /// Any token will do when absent.
    pub(crate) scope: Option<&'static str>,
    pub(crate) op: Op,
}

impl Route {
    fn is_of(&self, edge: &str) -> bool {
        match self.edge.strip_suffix('*') {
            Some(start) => edge
                .strip_prefix(start)
                .is_some_and(|rest| !rest.is_empty() && !rest.contains('/')),
            None => self.edge == edge,
        }
    }
}

/// What ids of groups begin with: `capi_group` in base64.
const GROUP_IDS: &str = "Y2FwaV9ncm91c";

macro_rules! routes {
    ($($kind:ident $method:ident $edge:literal $scope:expr => $op:ident,)+) => {
        /// What a call does.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Op { $($op,)+ }

        const ROUTES: &[Route] = &[$(Route {
            kind: NodeKind::$kind,
            method: stringify!($method),
            edge: $edge,
            scope: $scope,
            op: Op::$op,
        },)+];
    };
}

const MESSAGES: Option<&str> = Some(MESSAGING);
const MANAGES: Option<&str> = Some(MANAGEMENT);

routes! {
    App GET "" None => ReadApp,
    App POST "subscriptions" None => SetAppCallback,
    App GET "subscriptions" None => ReadAppCallback,
    App DELETE "subscriptions" None => RemoveAppCallback,
    App POST "uploads" None => BeginUpload,
    Upload POST "" None => Upload,
    Upload GET "" None => ReadUpload,
    Business GET "owned_whatsapp_business_accounts" MANAGES => ListOwnedAccounts,
    Business GET "client_whatsapp_business_accounts" MANAGES => ListClientAccounts,
    Waba GET "" MANAGES => ReadAccount,
    Waba POST "" MANAGES => ChangeAccount,
    Waba GET "phone_numbers" MANAGES => ListNumbers,
    Waba POST "phone_numbers" MANAGES => AddNumber,
    Waba POST "subscribed_apps" MANAGES => Subscribe,
    Waba GET "subscribed_apps" MANAGES => ListSubscriptions,
    Waba DELETE "subscribed_apps" MANAGES => Unsubscribe,
    Waba GET "assigned_users" MANAGES => ListUsers,
    Waba POST "assigned_users" MANAGES => AssignUser,
    Waba DELETE "assigned_users" MANAGES => DismissUser,
    Waba POST "message_templates" MANAGES => CreateTemplate,
    Waba GET "message_templates" MANAGES => ListTemplates,
    Waba DELETE "message_templates" MANAGES => DeleteTemplates,
    Waba POST "message_templates/archive" MANAGES => ArchiveTemplates,
    Waba POST "message_templates/unarchive" MANAGES => UnarchiveTemplates,
    Waba POST "upsert_message_templates" MANAGES => UpsertTemplates,
    Waba POST "migrate_message_templates" MANAGES => MigrateTemplates,
    Waba GET "template_analytics" MANAGES => TemplateAnalytics,
    Waba POST "flows" MANAGES => CreateFlow,
    Waba GET "flows" MANAGES => ListFlows,
    Waba POST "migrate_flows" MANAGES => MigrateFlows,
    Template GET "" MANAGES => ReadTemplate,
    Template POST "" MANAGES => EditTemplate,
    Template POST "unpause" MANAGES => UnpauseTemplate,
    Template GET "compare" MANAGES => CompareTemplates,
    Flow GET "" MANAGES => ReadFlow,
    Flow POST "" MANAGES => ChangeFlow,
    Flow DELETE "" MANAGES => DeleteFlow,
    Flow POST "assets" MANAGES => UploadFlowJson,
    Flow GET "assets" MANAGES => ListFlowAssets,
    Flow POST "publish" MANAGES => PublishFlow,
    Flow POST "deprecate" MANAGES => DeprecateFlow,
    Number POST "messages" MESSAGES => Send,
    Number POST "media" MESSAGES => UploadMedia,
    Media GET "" MESSAGES => ReadMedia,
    Media DELETE "" MESSAGES => DeleteMedia,
    Number GET "" MANAGES => ReadNumber,
    Number POST "" MANAGES => ChangeNumber,
    Number POST "request_code" MANAGES => RequestCode,
    Number POST "verify_code" MANAGES => VerifyCode,
    Number POST "register" MANAGES => Register,
    Number POST "deregister" MANAGES => Deregister,
    Number GET "settings" MANAGES => ReadSettings,
    Number POST "settings" MANAGES => ChangeSettings,
    Number GET "whatsapp_business_profile" MANAGES => ReadProfile,
    Number POST "whatsapp_business_profile" MANAGES => ChangeProfile,
    Number GET "whatsapp_business_encryption" MANAGES => ReadEncryption,
    Number POST "whatsapp_business_encryption" MANAGES => SetEncryption,
    Number GET "whatsapp_commerce_settings" MANAGES => ReadCommerce,
    Number POST "whatsapp_commerce_settings" MANAGES => ChangeCommerce,
    Number POST "conversational_automation" MANAGES => SetAutomation,
    Number GET "message_qrdls" MANAGES => ListQrCodes,
    Number POST "message_qrdls" MANAGES => WriteQrCode,
    Number GET "message_qrdls/*" MANAGES => ReadQrCode,
    Number POST "message_qrdls/*" MANAGES => ChangeQrCode,
    Number DELETE "message_qrdls/*" MANAGES => DeleteQrCode,
    Number GET "block_users" MESSAGES => ListBlocked,
    Number POST "block_users" MESSAGES => BlockUsers,
    Number DELETE "block_users" MESSAGES => UnblockUsers,
    Number GET "username" MANAGES => ReadUsername,
    Number POST "username" MANAGES => SetUsername,
    Number DELETE "username" MANAGES => DeleteUsername,
    Number GET "username_suggestions" MANAGES => SuggestUsernames,
}

/// The route of a call; `edge` is what follows the node's id.
pub(crate) fn route(kind: NodeKind, method: &str, edge: &str) -> Option<Route> {
    ROUTES
        .iter()
        .copied()
        .find(|route| route.kind == kind && route.method == method && route.is_of(edge))
}

/// Whether a call may be of a kind of node that the emulator has not, so that it cannot say that there is no such node:
/// no node of it has that edge, or the id is one of a group.
pub(crate) fn may_be_unknown(id: &str, edge: &str) -> bool {
    id.starts_with(GROUP_IDS) || !(edge.is_empty() || ROUTES.iter().any(|route| route.is_of(edge)))
}

/// How a node of a kind is written in paths.
pub(crate) fn placeholder(kind: NodeKind) -> &'static str {
    match kind {
        NodeKind::App => "{APP_ID}",
        NodeKind::Waba => "{WABA_ID}",
        NodeKind::Number => "{PHONE_NUMBER_ID}",
        NodeKind::Media => "{MEDIA_ID}",
        NodeKind::Template => "{TEMPLATE_ID}",
        NodeKind::Flow => "{FLOW_ID}",
        NodeKind::Upload => "{UPLOAD_ID}",
        NodeKind::Business => "{BUSINESS_ID}",
    }
}

/// Every call, as a method and a path: what the emulator's documentation has to list.
pub fn calls() -> Vec<(&'static str, String)> {
    let of_nodes = ROUTES.iter().map(|route| {
        let edge = match route.edge {
            "" => String::new(),
            edge => format!("/{}", edge.replace('*', "{CODE}")),
        };
        (route.method, format!("/{}{edge}", placeholder(route.kind)))
    });
    let others = [
        ("POST", "/"),
        ("GET", "/"),
        ("GET", "/app"),
        ("GET", "/debug_token"),
        ("GET", "/oauth/access_token"),
    ];
    let others = others.map(|(method, path)| (method, path.to_owned()));
    of_nodes.chain(others).collect()
}
