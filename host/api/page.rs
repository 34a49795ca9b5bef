//! Pages of a list: `?limit=&cursor=` in, `{"items": […], "next_cursor": …}` out.
//!
//! A cursor says where the page before ended, not how far it was: rows that come or go meanwhile
//! make no other row appear twice or not at all. What is in one is nobody's business, so it is
//! encoded; it opens only in the list that it came from.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use super::error::{bad_request, not_found};
use crate::http::ApiError;
use crate::views::Page;

const DEFAULT_LIMIT: u32 = 50;
const HIGHEST_LIMIT: u32 = 200;

/// The query of a list that has no filters. One that has repeats these two fields.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// How many items a page has at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    pub limit: Option<u32>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// What part of a list to read.
#[derive(Clone, Debug)]
pub struct Window<K> {
    list: &'static str,
    /// The key of the last item of the page before.
    pub after: Option<K>,
    limit: u32,
}

impl<K: Serialize + DeserializeOwned> Window<K> {
    /// Checks what the query says. `list` names the list in its cursors.
    pub fn read(
        list: &'static str,
        limit: Option<u32>,
        cursor: Option<&str>,
    ) -> Result<Self, ApiError> {
        let limit = limit.unwrap_or(DEFAULT_LIMIT);
        if !(1..=HIGHEST_LIMIT).contains(&limit) {
            return Err(bad_request(
                "bad-limit",
                format!("`limit` is {limit}; use 1 to {HIGHEST_LIMIT}"),
            ));
        }
        let cursor = cursor.filter(|text| !text.is_empty());
        let after = cursor.map(|text| decode(list, text)).transpose()?;
        Ok(Self { list, after, limit })
    }

    /// How many items a page has at most.
    pub fn limit(&self) -> usize {
        self.limit as usize
    }

    /// How many rows to ask for: one more than a page has, which tells whether there is a next.
    pub fn rows(&self) -> i64 {
        i64::from(self.limit) + 1
    }

    /// The page of the rows that were found.
    pub fn page<R, T>(
        &self,
        mut rows: Vec<R>,
        key: impl Fn(&R) -> K,
        show: impl FnMut(R) -> T,
    ) -> Page<T> {
        let limit = self.limit as usize;
        let is_last = rows.len() <= limit;
        rows.truncate(limit);
        let next_cursor = match rows.last() {
            Some(row) if !is_last => Some(encode(self.list, &key(row))),
            _ => None,
        };
        Page {
            items: rows.into_iter().map(show).collect(),
            next_cursor,
        }
    }
}

impl<K: Serialize> Window<K> {
    /// A page of what was found by looking through a list as far as a key, or to its end.
    pub fn part<T>(&self, items: Vec<T>, looked_to: Option<K>) -> Page<T> {
        Page {
            items,
            next_cursor: looked_to.map(|key| encode(self.list, &key)),
        }
    }
}

fn encode<K: Serialize>(list: &str, key: &K) -> String {
    let json = serde_json::json!([list, key]);
    URL_SAFE_NO_PAD.encode(json.to_string())
}

fn decode<K: DeserializeOwned>(list: &str, text: &str) -> Result<K, ApiError> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok();
    // A cursor of ours has no NUL, which the database would refuse.
    let bytes = bytes.filter(|bytes| !bytes.windows(6).any(|six| six == b"\\u0000"));
    let pair: Option<(String, K)> = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    match pair {
        Some((name, key)) if name == list => Ok(key),
        _ => Err(not_found(
            "cursor-not-found",
            "`cursor` is not from this list; give `next_cursor` of the page before, or leave it out",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_opens_in_its_own_list_only() {
        let window = Window::<i64>::read("events", Some(2), None).unwrap();
        assert_eq!(window.rows(), 3);
        let page = window.page(vec![1, 2, 3], |row| *row, |row| row);
        assert_eq!(page.items, [1, 2]);
        let cursor = page.next_cursor.unwrap();
        let next = Window::<i64>::read("events", None, Some(&cursor)).unwrap();
        assert_eq!(next.after, Some(2));
        for wrong in ["x", "é", &cursor[1..], &format!("{cursor}A")] {
            assert!(
                Window::<i64>::read("events", None, Some(wrong)).is_err(),
                "`{wrong}` was taken"
            );
        }
        assert!(Window::<i64>::read("logs", None, Some(&cursor)).is_err());
        assert!(Window::<String>::read("events", None, Some(&cursor)).is_err());
    }

    #[test]
    fn the_last_page_has_no_cursor() {
        let window = Window::<i64>::read("events", Some(3), None).unwrap();
        let page = window.page(vec![1, 2, 3], |row| *row, |row| row);
        assert_eq!((page.items.len(), page.next_cursor), (3, None));
        let page = window.page(Vec::<i64>::new(), |row| *row, |row| row);
        assert_eq!((page.items.len(), page.next_cursor), (0, None));
    }

    #[test]
    fn a_part_goes_on_where_it_ended() {
        let window = Window::<i64>::read("messages", Some(2), None).unwrap();
        let part = window.part(vec!["a"], Some(7));
        let next = Window::<i64>::read("messages", None, part.next_cursor.as_deref()).unwrap();
        assert_eq!(next.after, Some(7));
        assert_eq!(window.part(vec!["a"], None).next_cursor, None);
    }

    #[test]
    fn a_limit_has_bounds() {
        for wrong in [0, 201, u32::MAX] {
            assert!(Window::<i64>::read("events", Some(wrong), None).is_err());
        }
    }
}
