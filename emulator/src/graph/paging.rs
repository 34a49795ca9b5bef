//! Lists in pages: `data`, and `paging` with cursors and links.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde_json::{Value, json};

use crate::error::GraphError;
use crate::graph::Call;
use crate::graph::fields::Ask;

/// Items of a page unless the request says otherwise.
const DEFAULT_LIMIT: usize = 25;
/// The most items of a page.
const MOST: usize = 1000;

/// A list: which, and in which order its items are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct List<'a> {
    /// The node that it is of.
    pub(crate) node: &'a str,
    /// For example `message_templates`.
    pub(crate) edge: &'a str,
}

/// The page that is asked for. `items` are all, in their order, with their ids.
pub(crate) fn page(
    call: &Call<'_>,
    list: List<'_>,
    ask: &Ask,
    items: &[(String, Value)],
) -> Result<Value, GraphError> {
    let limit = match ask.text("limit") {
        None => DEFAULT_LIMIT,
        Some(text) => match text.parse::<usize>() {
            Ok(limit) => limit.clamp(1, MOST),
            Err(_) => {
                return Err(GraphError::parameter(
                    "Param limit must be an integer greater than or equal to 0",
                ));
            }
        },
    };
    let place = |cursor: String| {
        let at =
            read_cursor(&cursor).and_then(|id| items.iter().position(|(known, _)| *known == id));
        at.ok_or_else(|| bad_cursor(call, list))
    };
    let (start, end) = match (ask.text("after"), ask.text("before")) {
        (Some(after), _) => {
            let start = place(after)? + 1;
            (start, (start + limit).min(items.len()))
        }
        (None, Some(before)) => {
            let end = place(before)?;
            (end.saturating_sub(limit), end)
        }
        (None, None) => (0, limit.min(items.len())),
    };
    let shown = items.get(start..end).unwrap_or_default();
    let data: Vec<&Value> = shown.iter().map(|(_, value)| value).collect();
    let (Some((first, _)), Some((last, _))) = (shown.first(), shown.last()) else {
        return Ok(json!({"data": []}));
    };
    let (before, after) = (cursor_of(first), cursor_of(last));
    let mut paging = json!({"cursors": {"before": before, "after": after}});
    if end < items.len() {
        paging["next"] = link(call, list, ask, limit, ("after", &after)).into();
    }
    if start > 0 {
        paging["previous"] = link(call, list, ask, limit, ("before", &before)).into();
    }
    Ok(json!({"data": data, "paging": paging}))
}

/// The URL of a neighbouring page, with all that it needs: the token too, as Meta has it.
fn link(call: &Call<'_>, list: List<'_>, ask: &Ask, limit: usize, at: (&str, &str)) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    if let Some(token) = &call.request.token {
        query.append_pair("access_token", token);
    }
    for (key, value) in &ask.params {
        if ["limit", "after", "before"].contains(&key.as_str()) {
            continue;
        }
        match value {
            Value::String(text) => query.append_pair(key, text),
            other => query.append_pair(key, &other.to_string()),
        };
    }
    query.append_pair("limit", &limit.to_string());
    query.append_pair(at.0, at.1);
    let version = format!("v{}.0", call.request.version);
    format!(
        "{}/{version}/{}/{}?{}",
        call.platform.graph_url,
        list.node,
        list.edge,
        query.finish()
    )
}

/// The place of an item: opaque, and in the alphabet of Meta's cursors, where `ZD` ends them.
fn cursor_of(id: &str) -> String {
    format!("{}ZD", STANDARD_NO_PAD.encode(id))
}

fn read_cursor(cursor: &str) -> Option<String> {
    let bytes = STANDARD_NO_PAD.decode(cursor.strip_suffix("ZD")?).ok()?;
    String::from_utf8(bytes).ok()
}

fn bad_cursor(call: &Call<'_>, list: List<'_>) -> GraphError {
    // Since v24.0, templates have a code of their own for it.
    if list.edge == "message_templates" && call.request.version >= 24 {
        return GraphError::detailed(131059, "The cursor in the request is not valid.");
    }
    GraphError::parameter("Invalid cursors values")
}
