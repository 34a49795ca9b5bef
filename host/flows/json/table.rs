//! What each component of Flow JSON has: its properties, since which version, and how long they may be.

use super::version::Version;

/// What a property takes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// A text of so many characters.
    Text(usize),
    /// The same, or from 5.1 a list of texts.
    Texts(usize),
    /// A text that is written out, and not blank.
    Name,
    /// True or false.
    Flag,
    /// A whole number, not below zero.
    Count,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A list of these words.
    Words(&'static [&'static str]),
    /// A day.
    Date,
    /// Days.
    Dates,
    /// So many options to choose from.
    Options(usize, usize),
    /// What happens, by these actions.
    Action(&'static [&'static str]),
    /// Components.
    Children,
    /// What is looked at elsewhere, and may hold references.
    Anything,
    /// What the component itself looks at.
    Own,
}

/// A property of a component.
#[derive(Clone, Copy, Debug)]
pub(super) struct Property {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) since: Version,
    /// From which version on it must be there.
    pub(super) needed: Option<Version>,
}

/// A component.
#[derive(Debug)]
pub(super) struct Component {
    pub(super) name: &'static str,
    pub(super) since: Version,
    /// Whether a person enters something in it.
    pub(super) is_input: bool,
    lists: &'static [&'static [Property]],
}

impl Component {
    pub(super) fn properties(&self) -> impl Iterator<Item = &'static Property> {
        self.lists.iter().flat_map(|list| list.iter())
    }

    pub(super) fn property(&self, name: &str) -> Option<&'static Property> {
        self.properties().find(|property| property.name == name)
    }
}

/// The component of a name.
pub(super) fn find(name: &str) -> Option<&'static Component> {
    COMPONENTS.iter().find(|component| component.name == name)
}

/// All names, for people.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    COMPONENTS.iter().map(|component| component.name)
}

const FIRST: Version = Version(2, 1);

const fn may(name: &'static str, kind: Kind) -> Property {
    Property {
        name,
        kind,
        since: FIRST,
        needed: None,
    }
}

const fn must(name: &'static str, kind: Kind) -> Property {
    Property {
        needed: Some(FIRST),
        ..may(name, kind)
    }
}

const fn since(major: u8, minor: u8, property: Property) -> Property {
    Property {
        since: Version(major, minor),
        ..property
    }
}

const fn component(name: &'static str, lists: &'static [&'static [Property]]) -> Component {
    Component {
        name,
        since: FIRST,
        is_input: false,
        lists,
    }
}

const fn input(name: &'static str, lists: &'static [&'static [Property]]) -> Component {
    Component {
        is_input: true,
        ..component(name, lists)
    }
}

const fn newer(major: u8, minor: u8, component: Component) -> Component {
    Component {
        since: Version(major, minor),
        ..component
    }
}

use Kind::{
    Action, Anything, Children, Count, Date, Dates, Flag, Name, Options, Own, Text, Texts, Word,
    Words,
};

const VISIBLE: &[Property] = &[may("visible", Flag)];

/// What inputs have in common. `init-value` and `error-message` are for those outside of a form.
const INPUT: &[Property] = &[
    must("name", Name),
    may("required", Flag),
    may("enabled", Flag),
    since(4, 0, may("init-value", Anything)),
    since(4, 0, may("error-message", Anything)),
];

const STYLE: &[Property] = &[
    may(
        "font-weight",
        Word(&["bold", "italic", "bold_italic", "normal"]),
    ),
    may("strikethrough", Flag),
    since(5, 1, may("markdown", Flag)),
];

const CHOOSES: &[&str] = &["data_exchange", "update_data"];
const UPDATES: &[&str] = &["update_data"];
const OPENS: &[&str] = &["navigate", "data_exchange", "open_url", "update_data"];
const LEADS: &[&str] = &["navigate", "data_exchange"];
const ENDS: &[&str] = &["navigate", "data_exchange", "complete"];

const SELECT: &[Property] = &[
    may("on-select-action", Action(CHOOSES)),
    since(6, 0, may("on-unselect-action", Action(UPDATES))),
];

const MEDIA_SIZE: &[Property] = &[since(5, 0, may("media-size", Word(&["regular", "large"])))];

const DESCRIPTION: &[Property] = &[since(4, 0, may("description", Text(300)))];

const SELECTED: &[Property] = &[
    may("min-selected-items", Count),
    may("max-selected-items", Count),
];

/// A label that came to be needed in 4.0.
const LABEL_OF_GROUP: &[Property] = &[Property {
    needed: Some(Version(4, 0)),
    ..may("label", Text(30))
}];

const VARIANT: &[Property] = &[since(7, 0, may("label-variant", Word(&["large"])))];

const DAYS: &[&str] = &["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

const COMPONENTS: [Component; 24] = [
    component("TextHeading", &[VISIBLE, &[must("text", Text(80))]]),
    component("TextSubheading", &[VISIBLE, &[must("text", Text(80))]]),
    component("TextBody", &[VISIBLE, STYLE, &[must("text", Texts(4096))]]),
    component(
        "TextCaption",
        &[VISIBLE, STYLE, &[must("text", Texts(4096))]],
    ),
    newer(
        5,
        1,
        component("RichText", &[VISIBLE, &[must("text", Texts(usize::MAX))]]),
    ),
    input(
        "TextInput",
        &[
            VISIBLE,
            INPUT,
            VARIANT,
            &[
                must("label", Text(20)),
                may(
                    "input-type",
                    Word(&["text", "number", "email", "password", "passcode", "phone"]),
                ),
                since(6, 2, may("pattern", Text(usize::MAX))),
                may("min-chars", Anything),
                may("max-chars", Anything),
                may("helper-text", Text(80)),
            ],
        ],
    ),
    input(
        "TextArea",
        &[
            VISIBLE,
            INPUT,
            VARIANT,
            &[
                must("label", Text(20)),
                may("max-length", Anything),
                may("helper-text", Text(80)),
            ],
        ],
    ),
    input(
        "CheckboxGroup",
        &[
            VISIBLE,
            INPUT,
            LABEL_OF_GROUP,
            DESCRIPTION,
            SELECTED,
            MEDIA_SIZE,
            SELECT,
            &[must("data-source", Options(1, 20))],
        ],
    ),
    input(
        "RadioButtonsGroup",
        &[
            VISIBLE,
            INPUT,
            LABEL_OF_GROUP,
            DESCRIPTION,
            MEDIA_SIZE,
            SELECT,
            &[must("data-source", Options(1, 20))],
        ],
    ),
    input(
        "Dropdown",
        &[
            VISIBLE,
            INPUT,
            SELECT,
            &[
                must("label", Text(20)),
                must("data-source", Options(1, 200)),
            ],
        ],
    ),
    newer(
        6,
        3,
        input(
            "ChipsSelector",
            &[
                VISIBLE,
                INPUT,
                DESCRIPTION,
                SELECTED,
                &[
                    must("label", Text(80)),
                    must("data-source", Options(2, 20)),
                    since(7, 1, may("on-select-action", Action(CHOOSES))),
                    since(7, 1, may("on-unselect-action", Action(UPDATES))),
                ],
            ],
        ),
    ),
    component(
        "Footer",
        &[
            VISIBLE,
            &[
                must("label", Text(35)),
                must("on-click-action", Action(ENDS)),
                may("left-caption", Text(15)),
                may("center-caption", Text(15)),
                may("right-caption", Text(15)),
                may("enabled", Flag),
            ],
        ],
    ),
    input(
        "OptIn",
        &[
            VISIBLE,
            INPUT,
            &[
                must("label", Text(120)),
                may("on-click-action", Action(OPENS)),
                since(6, 0, may("on-select-action", Action(UPDATES))),
                since(6, 0, may("on-unselect-action", Action(UPDATES))),
            ],
        ],
    ),
    component(
        "EmbeddedLink",
        &[
            VISIBLE,
            &[
                must("text", Text(35)),
                must("on-click-action", Action(OPENS)),
            ],
        ],
    ),
    input(
        "DatePicker",
        &[
            VISIBLE,
            INPUT,
            &[
                must("label", Text(40)),
                may("min-date", Date),
                may("max-date", Date),
                may("unavailable-dates", Dates),
                may("helper-text", Text(80)),
                may("on-select-action", Action(&["data_exchange"])),
            ],
        ],
    ),
    newer(
        6,
        1,
        input(
            "CalendarPicker",
            &[
                VISIBLE,
                // Of a range, most of them are said for each of its ends.
                &[
                    must("name", Name),
                    must("label", Own),
                    may("required", Anything),
                    may("enabled", Flag),
                    may("init-value", Anything),
                    may("error-message", Anything),
                    may("mode", Word(&["single", "range"])),
                    may("title", Text(80)),
                    may("description", Text(300)),
                    may("helper-text", Anything),
                    may("min-date", Date),
                    may("max-date", Date),
                    may("unavailable-dates", Dates),
                    may("include-days", Words(DAYS)),
                    may("min-days", Count),
                    may("max-days", Count),
                    may("on-select-action", Action(CHOOSES)),
                ],
            ],
        ),
    ),
    component(
        "Image",
        &[
            VISIBLE,
            &[
                must("src", Text(usize::MAX)),
                may("width", Count),
                may("height", Count),
                may("scale-type", Word(&["cover", "contain"])),
                may("aspect-ratio", Anything),
                may("alt-text", Text(usize::MAX)),
            ],
        ],
    ),
    newer(
        7,
        1,
        component(
            "ImageCarousel",
            &[
                VISIBLE,
                &[
                    must("images", Own),
                    may("aspect-ratio", Word(&["4:3", "16:9"])),
                    may("scale-type", Word(&["cover", "contain"])),
                ],
            ],
        ),
    ),
    newer(
        6,
        2,
        component(
            "NavigationList",
            &[
                VISIBLE,
                &[
                    must("name", Name),
                    must("list-items", Own),
                    may("label", Text(80)),
                    may("description", Text(300)),
                    may("media-size", Word(&["regular", "large"])),
                    may("on-click-action", Action(LEADS)),
                ],
            ],
        ),
    ),
    newer(
        4,
        0,
        input(
            "PhotoPicker",
            &[
                VISIBLE,
                INPUT,
                &[
                    must("label", Text(30)),
                    may("description", Text(300)),
                    may(
                        "photo-source",
                        Word(&["camera_gallery", "camera", "gallery"]),
                    ),
                    may("max-file-size-kb", Count),
                    may("min-uploaded-photos", Count),
                    may("max-uploaded-photos", Count),
                ],
            ],
        ),
    ),
    newer(
        4,
        0,
        input(
            "DocumentPicker",
            &[
                VISIBLE,
                INPUT,
                &[
                    must("label", Text(30)),
                    may("description", Text(300)),
                    may("max-file-size-kb", Count),
                    may("min-uploaded-documents", Count),
                    may("max-uploaded-documents", Count),
                    may("allowed-mime-types", Anything),
                ],
            ],
        ),
    ),
    newer(
        4,
        0,
        component(
            "If",
            &[&[
                must("condition", Own),
                must("then", Children),
                may("else", Children),
            ]],
        ),
    ),
    newer(
        4,
        0,
        component("Switch", &[&[must("value", Own), must("cases", Own)]]),
    ),
    component(
        "Form",
        &[
            VISIBLE,
            &[
                must("name", Name),
                must("children", Children),
                may("init-values", Own),
                may("error-messages", Own),
            ],
        ],
    ),
];

/// What may be inside of a `Switch`.
pub(super) const IN_SWITCH: [&str; 15] = [
    "TextHeading",
    "TextSubheading",
    "TextBody",
    "TextCaption",
    "RichText",
    "CheckboxGroup",
    "DatePicker",
    "Dropdown",
    "EmbeddedLink",
    "Footer",
    "Image",
    "OptIn",
    "RadioButtonsGroup",
    "TextArea",
    "TextInput",
];

/// How many of a component there may be on a screen.
pub(super) const MOST_ON_SCREEN: [(&str, usize, &str); 8] = [
    ("Footer", 1, "MORE_THAN_ONE_FOOTER"),
    ("EmbeddedLink", 2, "MAX_EMBEDDED_LINK_PER_SCREEN"),
    ("Image", 3, "MAX_IMAGE_PER_SCREEN"),
    ("OptIn", 5, "MAX_OPT_IN_PER_SCREEN"),
    ("ImageCarousel", 2, "INVALID_PROPERTY_VALUE"),
    ("NavigationList", 2, "INVALID_PROPERTY_VALUE"),
    ("PhotoPicker", 1, "INVALID_PROPERTY_VALUE"),
    ("DocumentPicker", 1, "INVALID_PROPERTY_VALUE"),
];

/// As many components a screen may have.
pub(super) const MOST_COMPONENTS: usize = 50;

/// As many carousels a Flow may have.
pub(super) const MOST_CAROUSELS: usize = 3;

/// As many screens a Flow may have.
pub(super) const MOST_SCREENS: usize = 100;

/// As many screens may follow one.
pub(super) const MOST_BRANCHES: usize = 10;

/// A property of an option, and the most characters of it.
pub(super) const OPTION: &[Property] = &[
    must("id", Text(200)),
    must("title", Text(30)),
    may("description", Text(300)),
    may("metadata", Text(20)),
    may("enabled", Flag),
    since(5, 0, may("image", Text(usize::MAX))),
    since(5, 0, may("alt-text", Text(usize::MAX))),
    since(5, 0, may("color", Text(7))),
    since(6, 0, may("on-select-action", Action(UPDATES))),
    since(6, 0, may("on-unselect-action", Action(UPDATES))),
];

/// An item of a `NavigationList`.
pub(super) const LIST_ITEM: &[Property] = &[
    must("id", Text(200)),
    must("main-content", Own),
    may("start", Own),
    may("end", Own),
    may("badge", Text(15)),
    may("tags", Own),
    may("on-click-action", Action(LEADS)),
];

/// Parts of such an item.
pub(super) const MAIN_CONTENT: &[Property] = &[
    must("title", Text(30)),
    may("description", Text(20)),
    may("metadata", Text(80)),
];
pub(super) const START: &[Property] = &[
    must("image", Text(usize::MAX)),
    may("alt-text", Text(usize::MAX)),
];
pub(super) const END: &[Property] = &[
    may("title", Text(10)),
    may("description", Text(10)),
    may("metadata", Text(10)),
];

/// A picture of a carousel.
pub(super) const PICTURE: &[Property] = &[
    must("src", Text(usize::MAX)),
    must("alt-text", Text(usize::MAX)),
];
