//! The business profile: what customers see of a number.

use http::Method;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::refusal::{About, Asked};
use super::{Onboarding, Trouble};
use crate::whatsapp::client::AccessToken;

const FIELDS: &str = "about,address,description,email,profile_picture_url,websites,vertical";

/// What may be set, with the fewest and the most characters of each.
const TEXTS: [(&str, usize, usize); 4] = [
    ("about", 1, 139),
    ("address", 0, 256),
    ("description", 0, 512),
    ("email", 0, 128),
];

const MOST_WEBSITES: usize = 2;
const LONGEST_WEBSITE: usize = 256;

/// Meta's words for what a business is about.
pub const VERTICALS: [&str; 22] = [
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
];

/// A business profile. What is not set is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Profile {
    pub about: Option<String>,
    pub address: Option<String>,
    pub description: Option<String>,
    pub email: Option<String>,
    pub websites: Vec<String>,
    pub vertical: Option<String>,
    /// Where its photo is.
    pub profile_picture_url: Option<String>,
}

/// What of a profile is to be different; what is left out stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProfileChange {
    pub about: Option<String>,
    pub address: Option<String>,
    pub description: Option<String>,
    pub email: Option<String>,
    pub websites: Option<Vec<String>>,
    pub vertical: Option<String>,
    /// The handle of an uploaded photo.
    pub photo: Option<String>,
}

impl ProfileChange {
    /// As Meta takes it. Fails with what Meta would refuse, and what to do.
    pub fn json(&self) -> Result<Map<String, Value>, String> {
        let mut json = Map::new();
        let texts = [&self.about, &self.address, &self.description, &self.email];
        for ((name, least, most), text) in TEXTS.into_iter().zip(texts) {
            let Some(text) = text else { continue };
            let length = text.chars().count();
            if length < least {
                return Err(format!(
                    "`{name}` cannot be empty: Meta has no profile without it"
                ));
            }
            if length > most {
                return Err(format!(
                    "`{name}` has {length} characters, and may have {most}: shorten it"
                ));
            }
            json.insert(name.to_owned(), text.as_str().into());
        }
        let is_address = |text: &str| {
            let parts = text.split_once('@');
            parts.is_some_and(|(user, host)| {
                !user.is_empty() && host.contains('.') && !text.contains(char::is_whitespace)
            })
        };
        if let Some(email) = self.email.as_deref().filter(|email| !email.is_empty())
            && !is_address(email)
        {
            return Err(format!("`{email}` is no email address"));
        }
        if let Some(websites) = &self.websites {
            if websites.len() > MOST_WEBSITES {
                return Err(format!(
                    "there may be {MOST_WEBSITES} websites: leave some out"
                ));
            }
            for website in websites {
                let is_web = reqwest::Url::parse(website)
                    .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
                if !is_web || website.chars().count() > LONGEST_WEBSITE {
                    return Err(format!(
                        "`{website}` is no website: write an http(s) address of at most {LONGEST_WEBSITE} characters"
                    ));
                }
            }
            json.insert("websites".to_owned(), websites.clone().into());
        }
        if let Some(vertical) = &self.vertical {
            let word = vertical.to_ascii_uppercase();
            if !VERTICALS.contains(&word.as_str()) {
                return Err(format!(
                    "`{vertical}` is none of Meta's words for what a business is about: {}",
                    VERTICALS.join(", ")
                ));
            }
            json.insert("vertical".to_owned(), word.into());
        }
        if let Some(photo) = &self.photo {
            json.insert("profile_picture_handle".to_owned(), photo.as_str().into());
        }
        if json.is_empty() {
            return Err("nothing of the profile is to be changed".to_owned());
        }
        Ok(json)
    }
}

impl Onboarding {
    /// The profile of a number.
    pub async fn profile(&self, token: &AccessToken, id: &str) -> Result<Profile, Trouble> {
        let about = About::number(id);
        let path = format!("{id}/whatsapp_business_profile?fields={FIELDS}");
        let mut answer = self
            .told(token, Method::GET, &path, None, Asked::ReadProfile, &about)
            .await?;
        let profile = answer["data"][0].take();
        serde_json::from_value(profile)
            .map_err(|_| Trouble::Later("Meta's answer cannot be read".to_owned(), None))
    }

    /// Changes it.
    pub async fn set_profile(
        &self,
        token: &AccessToken,
        id: &str,
        mut json: Map<String, Value>,
    ) -> Result<(), Trouble> {
        json.insert("messaging_product".to_owned(), "whatsapp".into());
        let (path, about) = (format!("{id}/whatsapp_business_profile"), About::number(id));
        let body = Value::Object(json);
        let asked = Asked::ChangeProfile;
        self.told(token, Method::POST, &path, Some(&body), asked, &about)
            .await
            .map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_meta_would_refuse_is_refused_with_what_to_do() {
        let change = ProfileChange::default;
        let text = |text: &str| Some(text.to_owned());
        for (change, why) in [
            (change(), "nothing of the profile"),
            (
                ProfileChange {
                    about: text(""),
                    ..change()
                },
                "cannot be empty",
            ),
            (
                ProfileChange {
                    about: Some("x".repeat(140)),
                    ..change()
                },
                "may have 139",
            ),
            (
                ProfileChange {
                    email: text("ana"),
                    ..change()
                },
                "no email address",
            ),
            (
                ProfileChange {
                    websites: Some(vec!["pizza".to_owned()]),
                    ..change()
                },
                "no website",
            ),
            (
                ProfileChange {
                    websites: Some(vec!["https://a.b".to_owned(); 3]),
                    ..change()
                },
                "2 websites",
            ),
            (
                ProfileChange {
                    vertical: text("pizza"),
                    ..change()
                },
                "RESTAURANT",
            ),
        ] {
            let refused = change.json().expect_err(why);
            assert!(refused.contains(why), "{refused}");
        }
        let good = ProfileChange {
            about: text("Pizza"),
            description: text(""),
            vertical: text("restaurant"),
            ..change()
        };
        let json = Value::Object(good.json().unwrap());
        assert_eq!(
            json,
            serde_json::json!({ "about": "Pizza", "description": "", "vertical": "RESTAURANT" })
        );
    }
}
