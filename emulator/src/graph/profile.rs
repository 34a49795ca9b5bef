//! A number's business profile.

use reqwest::Url;
use serde_json::{Value, json};

use crate::error::GraphError;
use crate::graph::Call;
use crate::graph::fields::{Ask, NodeType, project_with};

const PROFILE: NodeType = NodeType {
    name: "WhatsAppBusinessProfile",
    defaults: &["messaging_product"],
    unset: &[],
};

/// What may be set, with the fewest and the most characters of each.
const TEXTS: [(&str, usize, usize); 4] = [
    ("about", 1, 139),
    ("address", 0, 256),
    ("description", 0, 512),
    ("email", 0, 128),
];
const MOST_WEBSITES: usize = 2;
const LONGEST_WEBSITE: usize = 256;

const VERTICALS: [&str; 24] = [
    "OTHER",
    "AUTO",
    "BEAUTY",
    "APPAREL",
    "EDU",
    "ENTERTAIN",
    "EVENT_PLAN",
    "FINANCE",
    "GROCERY",
    "GOVT",
    "HOTEL",
    "HEALTH",
    "NONPROFIT",
    "PROF_SERVICES",
    "RETAIL",
    "TRAVEL",
    "RESTAURANT",
    "ALCOHOL",
    "ONLINE_GAMBLING",
    "PHYSICAL_GAMBLING",
    "OTC_DRUGS",
    "MATRIMONY_SERVICE",
    "UNDEFINED",
    "",
];

/// `GET /{PHONE_NUMBER_ID}/whatsapp_business_profile`.
pub(crate) fn describe(call: &Call<'_>, id: &str) -> Result<Value, GraphError> {
    read(call, id, &call.ask()?)
}

/// The profile as a list of one, with the fields that are asked for. What is not set is left out.
pub(crate) fn read(call: &Call<'_>, id: &str, ask: &Ask) -> Result<Value, GraphError> {
    let profile = {
        let world = call.platform.world();
        let number = world.numbers.get(id).ok_or_else(|| call.unknown(id))?;
        number.profile.clone()
    };
    let set = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let photo = set(&profile.profile_picture_handle).map(|handle| {
        format!(
            "{}/profile_photos/{}",
            call.platform.graph_url,
            photo_id(&handle)
        )
    });
    let node = json!({
        "messaging_product": "whatsapp",
        "about": set(&profile.about),
        "address": set(&profile.address),
        "description": set(&profile.description),
        "email": set(&profile.email),
        "profile_picture_url": photo,
        "websites": (!profile.websites.is_empty()).then_some(&profile.websites),
        "vertical": set(&profile.vertical),
    });
    let shown = project_with(&node, &PROFILE, ask, |_| None)?;
    let mut shown = shown;
    shown["messaging_product"] = "whatsapp".into();
    Ok(json!({"data": [shown]}))
}

/// The name of a photo in its URL: its handle says too much.
pub(crate) fn photo_id(handle: &str) -> String {
    use sha2::Digest as _;
    hex::encode(&sha2::Sha256::digest(handle)[..12])
}

/// `POST /{PHONE_NUMBER_ID}/whatsapp_business_profile`.
pub(crate) fn change(call: &Call<'_>, id: &str) -> Result<Value, GraphError> {
    let request = call.request;
    if request.text("messaging_product").as_deref() != Some("whatsapp") {
        return Err(GraphError::required("messaging_product"));
    }
    for (key, min, max) in TEXTS {
        let Some(text) = request.text(key) else {
            continue;
        };
        let length = text.chars().count();
        if length < min {
            return Err(GraphError::parameter(format_args!(
                "Param {key} must be at least {min} characters long."
            )));
        }
        if length > max {
            return Err(GraphError::parameter(format_args!(
                "Param {key} must be at most {max} characters long."
            )));
        }
    }
    if let Some(email) = request.text("email").filter(|email| !email.is_empty())
        && !is_email(&email)
    {
        return Err(GraphError::parameter(
            "Param email must be a valid email address.",
        ));
    }
    let websites = request.texts("websites");
    if let Some(websites) = &websites {
        check_websites(websites)?;
    }
    let vertical = request.word("vertical");
    if let Some(vertical) = &vertical
        && !VERTICALS.contains(&vertical.as_str())
    {
        return Err(GraphError::parameter(format_args!(
            "Param vertical must be one of {{{}}} - got \"{vertical}\".",
            VERTICALS[..VERTICALS.len() - 1].join(", ")
        )));
    }
    let handle = request.text("profile_picture_handle");
    call.platform.edit(|world| {
        if let Some(handle) = &handle {
            let mut uploads = world.uploads.values();
            let known = uploads.find(|upload| upload.handle.as_ref() == Some(handle));
            if !known.is_some_and(|upload| upload.file_type.starts_with("image/")) {
                return Err(GraphError::managed(
                    100,
                    None,
                    "Invalid profile picture",
                    "The handle of the profile picture is not one of an uploaded image.",
                ));
            }
        }
        let number = world.numbers.get_mut(id).ok_or_else(|| call.unknown(id))?;
        let profile = &mut number.profile;
        let texts = [
            ("about", &mut profile.about),
            ("address", &mut profile.address),
            ("description", &mut profile.description),
            ("email", &mut profile.email),
        ];
        for (key, slot) in texts {
            if let Some(text) = request.text(key) {
                *slot = text;
            }
        }
        if let Some(websites) = websites {
            profile.websites = websites.into_iter().map(|url| normalized(&url)).collect();
        }
        if let Some(vertical) = vertical {
            profile.vertical = vertical;
        }
        if let Some(handle) = handle {
            profile.profile_picture_handle = handle;
        }
        Ok(json!({"success": true}))
    })
}

fn check_websites(websites: &[String]) -> Result<(), GraphError> {
    if websites.len() > MOST_WEBSITES {
        return Err(GraphError::parameter(format_args!(
            "Param websites must have at most {MOST_WEBSITES} elements."
        )));
    }
    for (index, url) in websites.iter().enumerate() {
        let is_web = Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
        if !is_web {
            return Err(GraphError::parameter(format_args!(
                "Param websites[{index}] must be a valid URI."
            )));
        }
        if url.chars().count() > LONGEST_WEBSITE {
            return Err(GraphError::parameter(format_args!(
                "Param websites[{index}] must be at most {LONGEST_WEBSITE} characters long."
            )));
        }
    }
    Ok(())
}

/// Meta gives websites back as URLs: `https://example.com/`.
fn normalized(url: &str) -> String {
    Url::parse(url).map_or_else(|_| url.to_owned(), |url| url.to_string())
}

fn is_email(text: &str) -> bool {
    let parts = text.split_once('@');
    parts.is_some_and(|(user, host)| {
        !user.is_empty() && host.contains('.') && !host.starts_with('.') && !text.contains(' ')
    })
}
