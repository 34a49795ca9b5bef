//! Broken Flows, each with what is wrong and where.

use super::*;

/// Three screens and a data endpoint, with what each feature needs.
const GOOD: &str = r#"{
  "version": "7.3",
  "data_api_version": "3.0",
  "routing_model": { "DAY": ["TIME"], "TIME": ["DONE"], "DONE": [] },
  "screens": [
    {
      "id": "DAY",
      "title": "Which day?",
      "data": {
        "days": {
          "type": "array",
          "items": { "type": "object", "properties": { "id": { "type": "string" }, "title": { "type": "string" } } },
          "__example__": [{ "id": "1", "title": "Monday" }]
        },
        "is_full": { "type": "boolean", "__example__": false }
      },
      "layout": {
        "type": "SingleColumnLayout",
        "children": [
          { "type": "TextHeading", "text": "Book a table" },
          { "type": "Dropdown", "name": "day", "label": "Day", "required": true, "data-source": "${data.days}" },
          { "type": "TextInput", "name": "who", "label": "Your name", "input-type": "text", "helper-text": "In full" },
          {
            "type": "If",
            "condition": "${data.is_full}",
            "then": [{ "type": "TextBody", "text": "That day is full" }],
            "else": [{ "type": "TextBody", "text": "`'Hello ' ${form.who}`" }]
          },
          {
            "type": "Footer",
            "label": "Go on",
            "on-click-action": { "name": "data_exchange", "payload": { "day": "${form.day}", "who": "${form.who}" } }
          }
        ]
      }
    },
    {
      "id": "TIME",
      "data": { "day": { "type": "string", "__example__": "1" } },
      "layout": {
        "type": "SingleColumnLayout",
        "children": [
          {
            "type": "RadioButtonsGroup",
            "name": "time",
            "label": "Time",
            "data-source": [{ "id": "19", "title": "7 pm" }, { "id": "20", "title": "8 pm" }]
          },
          {
            "type": "Footer",
            "label": "Go on",
            "on-click-action": {
              "name": "navigate",
              "next": { "type": "screen", "name": "DONE" },
              "payload": { "time": "${form.time}", "day": "${data.day}" }
            }
          }
        ]
      }
    },
    {
      "id": "DONE",
      "terminal": true,
      "success": true,
      "data": {
        "time": { "type": "string", "__example__": "19" },
        "day": { "type": "string", "__example__": "1" }
      },
      "layout": {
        "type": "SingleColumnLayout",
        "children": [
          { "type": "TextBody", "text": "${data.time}" },
          { "type": "OptIn", "name": "news", "label": "Tell me more" },
          {
            "type": "Footer",
            "label": "Book",
            "on-click-action": {
              "name": "complete",
              "payload": { "time": "${data.time}", "who": "${screen.DAY.form.who}" }
            }
          }
        ]
      }
    }
  ]
}"#;

/// What stands in the good Flow, what stands in its place, and the problem: line and column, path, Meta's word, and a
/// part of the sentence.
type Broken = (
    &'static str,
    &'static str,
    (usize, usize),
    &'static str,
    &'static str,
    &'static str,
);

const BROKEN: &[Broken] = &[
    // The text and its top level.
    (
        r#""version": "7.3","#,
        r#""version": "7.3""#,
        (3, 3),
        "",
        "INVALID_FLOW_JSON",
        "a comma is missing",
    ),
    (
        r#""version": "7.3","#,
        "",
        (1, 1),
        "",
        "MISSING_FLOW_JSON_VERSION",
        "`version` is missing",
    ),
    (
        r#""version": "7.3""#,
        r#""version": "seven""#,
        (2, 14),
        "version",
        "INVALID_FLOW_JSON_VERSION",
        "no version",
    ),
    (
        r#""version": "7.3""#,
        r#""version": 7.3"#,
        (2, 14),
        "version",
        "INVALID_FLOW_JSON_VERSION",
        "no version",
    ),
    (
        r#""version": "7.3""#,
        r#""version": "4.2""#,
        (2, 14),
        "version",
        "INVALID_FLOW_JSON_VERSION",
        "never had",
    ),
    (
        r#""data_api_version": "3.0""#,
        r#""data_api_version": "2.0""#,
        (3, 23),
        "data_api_version",
        "NO_SUPPORTED_DATA_API_VERSION",
        "3.0",
    ),
    (
        r#""version": "7.3","#,
        r#""version": "7.3", "verion": 1,"#,
        (2, 21),
        "verion",
        "INVALID_PROPERTY_KEY",
        "no property `verion`",
    ),
    (
        r#""version": "7.3","#,
        r#""version": "7.3", "version": "7.2","#,
        (2, 21),
        "version",
        "INVALID_PROPERTY_KEY",
        "twice",
    ),
    // Ways between screens.
    (
        r#"{ "DAY": ["TIME"], "TIME": ["DONE"], "DONE": [] }"#,
        r#"{ "DAY": ["TIME"], "DONE": [] }"#,
        (4, 20),
        "routing_model",
        "INVALID_ROUTING_MODEL",
        "`TIME` is missing",
    ),
    (
        r#"["TIME"]"#,
        r#"["TIM"]"#,
        (4, 30),
        "routing_model.DAY[0]",
        "INVALID_ROUTING_MODEL",
        "no screen `TIM`",
    ),
    (
        r#"["TIME"]"#,
        r#"["DAY", "TIME"]"#,
        (4, 30),
        "routing_model.DAY[0]",
        "INVALID_ROUTING_MODEL",
        "follow itself",
    ),
    (
        r#""DONE": []"#,
        r#""DONE": ["DAY"]"#,
        (4, 22),
        "routing_model.DAY",
        "INVALID_ROUTING_MODEL",
        "leads back to itself",
    ),
    (
        r#""TIME": ["DONE"]"#,
        r#""TIME": []"#,
        (54, 51),
        "screens[1].layout.children[1].on-click-action.next.name",
        "INVALID_ROUTING_MODEL",
        "does not let `DONE` follow `TIME`",
    ),
    (
        r#""routing_model": { "DAY": ["TIME"], "TIME": ["DONE"], "DONE": [] },"#,
        "",
        (1, 1),
        "",
        "MISSING_REQUIRED_TYPE_PROPERTY",
        "`routing_model` is missing",
    ),
    (
        r#""data_api_version": "3.0","#,
        "",
        (32, 42),
        "screens[0].layout.children[4].on-click-action.name",
        "MISSING_REQUIRED_TYPE_PROPERTY",
        "asks a data endpoint",
    ),
    // Screens.
    (
        r#""id": "DAY","#,
        "",
        (6, 5),
        "screens[0]",
        "MISSING_REQUIRED_PROPERTY",
        "`id` is missing",
    ),
    (
        r#""id": "DAY","#,
        r#""id": "DAY1","#,
        (7, 13),
        "screens[0].id",
        "PATTERN_MISMATCH",
        "letters and underscores",
    ),
    (
        r#""id": "TIME","#,
        r#""id": "DAY","#,
        (38, 13),
        "screens[1].id",
        "DUPLICATE_SCREEN_IDS",
        "already",
    ),
    (
        r#""id": "DAY","#,
        r#""id": "SUCCESS","#,
        (7, 13),
        "screens[0].id",
        "SCREEN_ID_IS_RESERVED_KEYWORD",
        "SUCCESS",
    ),
    (
        r#""terminal": true,"#,
        "",
        (64, 7),
        "screens[2].success",
        "NOT_KEYWORD_SCHEMA_VALIDATION_FAILED",
        "terminal",
    ),
    (
        r#""success": true"#,
        r#""success": false"#,
        (5, 14),
        "screens",
        "INVALID_PROPERTY_VALUE",
        "with success",
    ),
    (
        r#""terminal": true,
      "success": true,"#,
        "",
        (5, 14),
        "screens",
        "MISSING_TERMINAL_SCREEN",
        "no screen ends",
    ),
    (
        r#""title": "Which day?","#,
        r#""title": "Which day?", "titel": "x","#,
        (8, 30),
        "screens[0].titel",
        "INVALID_PROPERTY_KEY",
        "no property `titel`",
    ),
    (
        r#""SingleColumnLayout",
        "children": [
          { "type": "TextHeading""#,
        r#""TwoColumns",
        "children": [
          { "type": "TextHeading""#,
        (18, 17),
        "screens[0].layout.type",
        "INVALID_ENUM_VALUE",
        "SingleColumnLayout",
    ),
    // Data models.
    (
        r#""is_full": { "type": "boolean", "__example__": false }"#,
        r#""is_full": { "type": "boolean" }"#,
        (15, 20),
        "screens[0].data.is_full",
        "INVALID_SCREEN_DATA",
        "`__example__` is missing",
    ),
    (
        r#""__example__": false"#,
        r#""__example__": "no""#,
        (15, 56),
        "screens[0].data.is_full.__example__",
        "INVALID_SCREEN_DATA",
        "should be boolean",
    ),
    (
        r#"{ "type": "boolean", "__example__": false }"#,
        r#"{ "__example__": false }"#,
        (15, 20),
        "screens[0].data.is_full",
        "INVALID_SCREEN_DATA",
        "`type` is missing",
    ),
    (
        r#""items": { "type": "object", "properties": { "id": { "type": "string" }, "title": { "type": "string" } } },"#,
        "",
        (10, 17),
        "screens[0].data.days",
        "INVALID_SCREEN_DATA",
        "`items` is missing",
    ),
    // Components.
    (
        r#""type": "TextHeading""#,
        r#""type": "Heading""#,
        (20, 21),
        "screens[0].layout.children[0].type",
        "INVALID_PROPERTY_VALUE",
        "no component `Heading`",
    ),
    (
        r#""text": "Book a table""#,
        r#""txt": "Book a table""#,
        (20, 36),
        "screens[0].layout.children[0].txt",
        "INVALID_PROPERTY_KEY",
        "no property `txt`",
    ),
    (
        r#""text": "Book a table""#,
        r#""text": 7"#,
        (20, 44),
        "screens[0].layout.children[0].text",
        "INVALID_PROPERTY_TYPE",
        "a text, and is a number",
    ),
    (
        r#""text": "Book a table""#,
        r#""text": """#,
        (20, 44),
        "screens[0].layout.children[0].text",
        "MIN_CHARS_REQUIRED",
        "empty",
    ),
    (
        r#""label": "Your name""#,
        r#""label": "The name that you were given""#,
        (22, 58),
        "screens[0].layout.children[2].label",
        "INVALID_PROPERTY_VALUE",
        "28 characters, and may have 20",
    ),
    (
        r#""label": "Your name", "#,
        "",
        (22, 11),
        "screens[0].layout.children[2]",
        "MISSING_REQUIRED_PROPERTY",
        "`label` is missing",
    ),
    (
        r#""input-type": "text""#,
        r#""input-type": "name""#,
        (22, 85),
        "screens[0].layout.children[2].input-type",
        "INVALID_ENUM_VALUE",
        "text, number",
    ),
    (
        r#""input-type": "text", "helper-text": "In full""#,
        r#""pattern": "a+""#,
        (22, 71),
        "screens[0].layout.children[2].pattern",
        "INVALID_DEPENDENCIES",
        "helper-text",
    ),
    (
        r#""required": true"#,
        r#""required": "yes""#,
        (21, 76),
        "screens[0].layout.children[1].required",
        "INVALID_PROPERTY_TYPE",
        "true, false",
    ),
    (
        r#""name": "who""#,
        r#""name": "day""#,
        (22, 42),
        "screens[0].layout.children[2].name",
        "DUPLICATE_FORM_COMPONENT_NAMES",
        "in line 21",
    ),
    (
        r#"{ "id": "20", "title": "8 pm" }"#,
        r#"{ "id": "19", "title": "8 pm" }"#,
        (47, 70),
        "screens[1].layout.children[0].data-source[1].id",
        "INVALID_PROPERTY_VALUE",
        "`19` already",
    ),
    (
        r#"{ "id": "20", "title": "8 pm" }"#,
        r#"{ "id": "20" }"#,
        (47, 62),
        "screens[1].layout.children[0].data-source[1]",
        "MISSING_REQUIRED_PROPERTY",
        "`title` is missing",
    ),
    (
        r#"[{ "id": "19", "title": "7 pm" }, { "id": "20", "title": "8 pm" }]"#,
        "[]",
        (47, 28),
        "screens[1].layout.children[0].data-source",
        "MIN_ITEMS_REQUIRED",
        "1 to 20 options",
    ),
    // What is looked up.
    (
        r#""${data.days}""#,
        r#""${data.dates}""#,
        (21, 97),
        "screens[0].layout.children[1].data-source",
        "INVALID_SCREEN_DYNAMIC_DATA",
        "${data.dates} is not there",
    ),
    (
        r#""${data.days}""#,
        r#""${data.is_full}""#,
        (21, 97),
        "screens[0].layout.children[1].data-source",
        "INVALID_SCREEN_DYNAMIC_DATA",
        "is boolean, and this takes array",
    ),
    (
        r#""day": "${form.day}", "who""#,
        r#""day": "${form.date}", "who""#,
        (32, 79),
        "screens[0].layout.children[4].on-click-action.payload.day",
        "INVALID_ON_CLICK_ACTION_PAYLOAD",
        "no input",
    ),
    (
        r#""${screen.DAY.form.who}""#,
        r#""${screen.DATE.form.who}""#,
        (79, 59),
        "screens[2].layout.children[2].on-click-action.payload.who",
        "INVALID_SCREEN_DATA",
        "no screen `DATE`",
    ),
    (
        r#""${data.time}" }"#,
        r#""${dat.time}" }"#,
        (72, 41),
        "screens[2].layout.children[0].text",
        "INVALID_PROPERTY_VALUE",
        "begins with neither",
    ),
    (
        r#""condition": "${data.is_full}""#,
        r#""condition": "(${data.is_full}""#,
        (25, 26),
        "screens[0].layout.children[3].condition",
        "INVALID_PROPERTY_VALUE",
        "has no `)`",
    ),
    (
        r#""condition": "${data.is_full}""#,
        r#""condition": "true == true""#,
        (25, 26),
        "screens[0].layout.children[3].condition",
        "INVALID_PROPERTY_VALUE",
        "looks something up",
    ),
    (
        r#""then": [{ "type": "TextBody", "text": "That day is full" }]"#,
        r#""then": []"#,
        (26, 21),
        "screens[0].layout.children[3].then",
        "INVALID_PROPERTY_VALUE",
        "`then` is empty",
    ),
    // Actions.
    (
        r#""name": "data_exchange""#,
        r#""name": "exchange""#,
        (32, 42),
        "screens[0].layout.children[4].on-click-action.name",
        "INVALID_ENUM_VALUE",
        "no action `exchange`",
    ),
    (
        r#""name": "data_exchange""#,
        r#""name": "complete""#,
        (32, 42),
        "screens[0].layout.children[4].on-click-action.name",
        "INVALID_COMPLETE_ACTION",
        "is not terminal",
    ),
    (
        r#""name": "data_exchange""#,
        r#""name": "update_data""#,
        (32, 42),
        "screens[0].layout.children[4].on-click-action.name",
        "INVALID_PROPERTY_VALUE",
        "cannot `update_data`",
    ),
    (
        r#""name": "DONE" }"#,
        r#""name": "END" }"#,
        (54, 51),
        "screens[1].layout.children[1].on-click-action.next.name",
        "INVALID_NAVIGATE_ACTION_NEXT_SCREEN_NAME",
        "no screen `END`",
    ),
    (
        r#""name": "DONE" }"#,
        r#""name": "TIME" }"#,
        (54, 51),
        "screens[1].layout.children[1].on-click-action.next.name",
        "INVALID_NAVIGATE_ACTION_NEXT_SCREEN_NAME",
        "the same screen",
    ),
    (
        r#""time": "${form.time}", "#,
        "",
        (55, 26),
        "screens[1].layout.children[1].on-click-action.payload",
        "INVALID_NAVIGATE_ACTION_PAYLOAD",
        "wants `time`",
    ),
    (
        r#""time": "${form.time}", "#,
        r#""time": "${form.time}", "hour": 1, "#,
        (55, 52),
        "screens[1].layout.children[1].on-click-action.payload.hour",
        "INVALID_NAVIGATE_ACTION_PAYLOAD",
        "declares no `hour`",
    ),
    (
        r#""time": "${form.time}", "#,
        r#""time": 19, "#,
        (55, 36),
        "screens[1].layout.children[1].on-click-action.payload.time",
        "INVALID_NAVIGATE_ACTION_PAYLOAD",
        "takes string as `time`, and this is number",
    ),
    // Footers.
    (
        r#"{ "type": "OptIn", "name": "news", "label": "Tell me more" }"#,
        r#"{ "type": "Footer", "label": "x", "on-click-action": { "name": "complete" } }"#,
        (71, 21),
        "screens[2].layout.children",
        "MORE_THAN_ONE_FOOTER",
        "at most, and this one 2",
    ),
    (
        r#""label": "Book",
"#,
        r#""label": "Book", "right-caption": "x",
"#,
        (76, 30),
        "screens[2].layout.children[2].right-caption",
        "INVALID_DEPENDENCIES",
        "`left-caption` is missing",
    ),
    (
        r#""label": "Book",
"#,
        r#""label": "Book", "left-caption": "y", "center-caption": "x",
"#,
        (76, 51),
        "screens[2].layout.children[2].center-caption",
        "NOT_KEYWORD_SCHEMA_VALIDATION_FAILED",
        "in its centre",
    ),
    (
        r#"{ "type": "TextBody", "text": "That day is full" }"#,
        r#"{ "type": "Footer", "label": "x", "on-click-action": { "name": "data_exchange" } }"#,
        (23, 11),
        "screens[0].layout.children[3]",
        "MISSING_FOOTER_IN_IF_ELSE_BRANCHES",
        "both branches",
    ),
    // Versions.
    (
        r#""version": "7.3""#,
        r#""version": "5.1""#,
        (27, 52),
        "screens[0].layout.children[3].else[0].text",
        "INVALID_PROPERTY_VALUE",
        "came with version 6.0",
    ),
    (
        r#"{ "type": "OptIn", "name": "news", "label": "Tell me more" }"#,
        r#"{ "type": "OptIn", "name": "news", "label": "x", "label-variant": "large" }"#,
        (73, 60),
        "screens[2].layout.children[1].label-variant",
        "INVALID_PROPERTY_KEY",
        "no property",
    ),
];

#[test]
fn the_good_flow_has_nothing_wrong() {
    let report = check(GOOD);
    assert_eq!(report.problems, []);
    assert_eq!(report.screens, ["DAY", "TIME", "DONE"]);
    assert_eq!(report.version.as_deref(), Some("7.3"));
    assert_eq!(report.data_api_version.as_deref(), Some("3.0"));
}

#[test]
fn each_broken_flow_says_what_is_wrong_and_where() {
    let mut wrong = Vec::new();
    for (from, to, (line, column), path, error, part) in BROKEN {
        assert!(GOOD.contains(from), "the good Flow has no {from}");
        let report = check(&GOOD.replacen(from, to, 1));
        let fits = |problem: &Problem| {
            problem.error == *error
                && problem.path == *path
                && problem.message.contains(part)
                && (problem.place.line_start, problem.place.column_start) == (*line, *column)
        };
        if !report.problems.iter().any(fits) {
            let found: Vec<String> = report.problems.iter().map(Problem::to_string).collect();
            let wanted = format!("{line}:{column} {path}: …{part}… ({error})");
            wrong.push(format!(
                "{from} → {to}\n  wanted {wanted}\n  found {}",
                found.join("\n        ")
            ));
        }
        assert!(!report.is_good(), "{to}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn versions_that_meta_froze_are_refused_and_later_ones_only_told() {
    let of = |version: &str| check(&GOOD.replacen("7.3", version, 1));
    let frozen = of("3.1");
    assert!(
        frozen
            .errors()
            .any(|problem| problem.error == "UNSUPPORTED_FLOW_JSON_VERSION")
    );
    let later = of("8.0");
    assert!(later.is_good());
    assert_eq!(later.problems.len(), 1);
    assert!(later.problems[0].is_warning);
}

#[test]
fn a_reference_within_a_text_is_told_and_no_error() {
    let report = check(&GOOD.replacen("Book a table", "Hello ${data.is_full}", 1));
    assert!(report.is_good());
    assert!(report.problems[0].is_warning && report.problems[0].message.contains("back-ticks"));
}

#[test]
fn components_of_later_versions_are_told_with_their_version() {
    let list = r#"{ "version": "6.0", "screens": [ { "id": "A", "terminal": true, "layout": { "type": "SingleColumnLayout",
        "children": [
          { "type": "CalendarPicker", "name": "d", "label": "Day" },
          { "type": "ChipsSelector", "name": "c", "label": "x", "data-source": "${data.x}" },
          { "type": "Footer", "label": "x", "on-click-action": { "name": "complete", "payload": {} } } ] } } ] }"#;
    let found: Vec<String> = check(list)
        .problems
        .iter()
        .map(Problem::to_string)
        .collect();
    assert!(
        found
            .iter()
            .any(|text| text.contains("CalendarPicker came with version 6.1")),
        "{found:?}"
    );
    assert!(
        found
            .iter()
            .any(|text| text.contains("ChipsSelector came with version 6.3")),
        "{found:?}"
    );
}

#[test]
fn nothing_that_is_written_stops_the_check() {
    let mut text = GOOD.to_owned();
    // Cut off anywhere, and with each sign gone.
    while let Some(last) = text.pop() {
        let _ = last;
        if text.len().is_multiple_of(7) {
            drop(check(&text));
        }
    }
    for at in (0..GOOD.len()).step_by(11) {
        let mut without = GOOD.to_owned();
        without.remove(at);
        drop(check(&without));
    }
    for odd in [
        "null",
        "[]",
        "\"x\"",
        "{\"screens\": 1}",
        "{\"screens\": [1, {\"id\": 2, \"layout\": 3}]}",
    ] {
        assert!(!check(odd).is_good(), "{odd}");
    }
}
