//! The components of Flow JSON: since which version each is there, and what its members may be.

/// A version of Flow JSON, for example 7.3.
pub(crate) type Version = (u32, u32);

/// What a member may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// A text of at most so many characters, or what stands for one.
    Text(usize),
    /// A text or a list of texts.
    Texts(usize),
    /// A name: letters, digits, `_` and `-`, and nothing dynamic.
    Name,
    /// True or false, or what stands for it.
    Truth,
    /// A number, or what stands for one.
    Number,
    /// One of these words.
    Word(&'static [&'static str]),
    /// What can be chosen: so few at least and so many at most.
    Options(usize, usize),
    /// An action of one of these names.
    Action(&'static [&'static str]),
    /// A list of texts, or what stands for one.
    TextList,
    /// Any value, or what stands for one.
    Any,
    /// Values by names, or what stands for them.
    Map,
    /// A list of components.
    Children,
    /// An expression that is true or false.
    Condition,
    /// Lists of components by values.
    Cases,
    /// An image in base64, or what stands for one.
    Image,
    /// The images of a carousel.
    Images,
    /// The items of a list that navigates.
    Items,
}

/// A member of a component.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Property {
    pub(crate) name: &'static str,
    pub(crate) shape: Shape,
    pub(crate) is_required: bool,
    pub(crate) since: Version,
}

/// What is known of a component.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Component {
    pub(crate) name: &'static str,
    pub(crate) since: Version,
    /// The type of its value, if people enter something in it.
    pub(crate) input: Option<&'static str>,
    /// How many of it a screen may have.
    pub(crate) most: Option<usize>,
    pub(crate) properties: &'static [Property],
}

const OLD: Version = (2, 1);
const NAVIGATES: Shape = Shape::Action(&["navigate", "data_exchange", "complete"]);
const LEADS: Shape = Shape::Action(&["navigate", "data_exchange", "open_url"]);
const SELECTS: Shape = Shape::Action(&["data_exchange", "update_data"]);
const UPDATES: Shape = Shape::Action(&["update_data"]);

const fn may(name: &'static str, shape: Shape) -> Property {
    since(name, shape, OLD)
}

const fn must(name: &'static str, shape: Shape) -> Property {
    Property {
        name,
        shape,
        is_required: true,
        since: OLD,
    }
}

const fn since(name: &'static str, shape: Shape, since: Version) -> Property {
    Property {
        name,
        shape,
        is_required: false,
        since,
    }
}

const fn shown(name: &'static str, since: Version, properties: &'static [Property]) -> Component {
    Component {
        name,
        since,
        input: None,
        most: None,
        properties,
    }
}

const fn few(component: Component, most: usize) -> Component {
    Component {
        most: Some(most),
        ..component
    }
}

const fn input(
    name: &'static str,
    since: Version,
    value: &'static str,
    properties: &'static [Property],
) -> Component {
    Component {
        name,
        since,
        input: Some(value),
        most: None,
        properties,
    }
}

/// The members that every component may have.
pub(crate) const COMMON: &[Property] = &[
    Property {
        name: "type",
        shape: Shape::Name,
        is_required: true,
        since: OLD,
    },
    may("visible", Shape::Truth),
];

/// The members that every input may have besides.
pub(crate) const OF_INPUTS: &[Property] = &[
    must("name", Shape::Name),
    may("required", Shape::Truth),
    may("enabled", Shape::Truth),
    since("init-value", Shape::Any, (4, 0)),
    since("error-message", Shape::Any, (4, 0)),
];

const WEIGHTS: &[&str] = &["bold", "italic", "bold_italic", "normal"];
const SIZES: &[&str] = &["regular", "large"];

const STYLED: &[Property] = &[
    must("text", Shape::Texts(4096)),
    may("font-weight", Shape::Word(WEIGHTS)),
    may("strikethrough", Shape::Truth),
    since("markdown", Shape::Truth, (5, 1)),
];

/// All of them.
pub(crate) const COMPONENTS: &[Component] = &[
    shown("TextHeading", OLD, &[must("text", Shape::Text(80))]),
    shown("TextSubheading", OLD, &[must("text", Shape::Text(80))]),
    shown("TextBody", OLD, STYLED),
    shown("TextCaption", OLD, STYLED),
    shown(
        "RichText",
        (5, 1),
        &[must("text", Shape::Texts(usize::MAX))],
    ),
    input(
        "TextInput",
        OLD,
        "string",
        &[
            must("label", Shape::Text(20)),
            may(
                "input-type",
                Shape::Word(&["text", "number", "email", "password", "passcode", "phone"]),
            ),
            since("pattern", Shape::Text(usize::MAX), (6, 2)),
            may("min-chars", Shape::Number),
            may("max-chars", Shape::Number),
            may("helper-text", Shape::Text(80)),
            since("label-variant", Shape::Word(&["large"]), (7, 0)),
        ],
    ),
    input(
        "TextArea",
        OLD,
        "string",
        &[
            must("label", Shape::Text(20)),
            may("max-length", Shape::Number),
            may("helper-text", Shape::Text(80)),
            since("label-variant", Shape::Word(&["large"]), (7, 0)),
        ],
    ),
    input(
        "CheckboxGroup",
        OLD,
        "array",
        &[
            must("data-source", Shape::Options(1, 20)),
            may("label", Shape::Text(30)),
            since("description", Shape::Text(300), (4, 0)),
            may("min-selected-items", Shape::Number),
            may("max-selected-items", Shape::Number),
            since("media-size", Shape::Word(SIZES), (5, 0)),
            may("on-select-action", SELECTS),
            since("on-unselect-action", UPDATES, (6, 0)),
        ],
    ),
    input(
        "RadioButtonsGroup",
        OLD,
        "string",
        &[
            must("data-source", Shape::Options(1, 20)),
            may("label", Shape::Text(30)),
            since("description", Shape::Text(300), (4, 0)),
            since("media-size", Shape::Word(SIZES), (5, 0)),
            may("on-select-action", SELECTS),
            since("on-unselect-action", UPDATES, (6, 0)),
        ],
    ),
    input(
        "Dropdown",
        OLD,
        "string",
        &[
            must("label", Shape::Text(20)),
            must("data-source", Shape::Options(1, 200)),
            may("on-select-action", SELECTS),
            since("on-unselect-action", UPDATES, (6, 0)),
        ],
    ),
    input(
        "ChipsSelector",
        (6, 3),
        "array",
        &[
            must("label", Shape::Text(80)),
            must("data-source", Shape::Options(2, 20)),
            may("description", Shape::Text(300)),
            may("min-selected-items", Shape::Number),
            may("max-selected-items", Shape::Number),
            since("on-select-action", SELECTS, (7, 1)),
            since("on-unselect-action", UPDATES, (7, 1)),
        ],
    ),
    few(
        shown(
            "Footer",
            OLD,
            &[
                must("label", Shape::Text(35)),
                must("on-click-action", NAVIGATES),
                may("left-caption", Shape::Text(15)),
                may("center-caption", Shape::Text(15)),
                may("right-caption", Shape::Text(15)),
                may("enabled", Shape::Truth),
            ],
        ),
        1,
    ),
    few(
        input(
            "OptIn",
            OLD,
            "boolean",
            &[
                must("label", Shape::Text(120)),
                may("on-click-action", LEADS),
                since("on-select-action", UPDATES, (6, 0)),
                since("on-unselect-action", UPDATES, (6, 0)),
            ],
        ),
        5,
    ),
    few(
        shown(
            "EmbeddedLink",
            OLD,
            &[
                must("text", Shape::Text(35)),
                must("on-click-action", LEADS),
            ],
        ),
        2,
    ),
    input(
        "DatePicker",
        OLD,
        "string",
        &[
            must("label", Shape::Text(40)),
            may("min-date", Shape::Text(30)),
            may("max-date", Shape::Text(30)),
            may("unavailable-dates", Shape::TextList),
            may("helper-text", Shape::Text(80)),
            may("on-select-action", Shape::Action(&["data_exchange"])),
        ],
    ),
    input(
        "CalendarPicker",
        (6, 1),
        "string",
        &[
            must("label", Shape::Any),
            may("mode", Shape::Word(&["single", "range"])),
            may("title", Shape::Text(80)),
            may("description", Shape::Text(300)),
            may("helper-text", Shape::Any),
            may("min-date", Shape::Text(30)),
            may("max-date", Shape::Text(30)),
            may("unavailable-dates", Shape::TextList),
            may("include-days", Shape::TextList),
            may("min-days", Shape::Number),
            may("max-days", Shape::Number),
            may("on-select-action", Shape::Action(&["data_exchange"])),
        ],
    ),
    few(
        shown(
            "Image",
            OLD,
            &[
                must("src", Shape::Image),
                may("width", Shape::Number),
                may("height", Shape::Number),
                may("scale-type", Shape::Word(&["cover", "contain"])),
                may("aspect-ratio", Shape::Number),
                may("alt-text", Shape::Text(usize::MAX)),
            ],
        ),
        3,
    ),
    few(
        shown(
            "ImageCarousel",
            (7, 1),
            &[
                must("images", Shape::Images),
                may("aspect-ratio", Shape::Word(&["4:3", "16:9"])),
                may("scale-type", Shape::Word(&["cover", "contain"])),
            ],
        ),
        2,
    ),
    few(
        shown(
            "NavigationList",
            (6, 2),
            &[
                must("name", Shape::Name),
                must("list-items", Shape::Items),
                may("label", Shape::Text(80)),
                may("description", Shape::Text(300)),
                may("media-size", Shape::Word(SIZES)),
                may(
                    "on-click-action",
                    Shape::Action(&["navigate", "data_exchange"]),
                ),
            ],
        ),
        2,
    ),
    few(
        input(
            "PhotoPicker",
            (4, 0),
            "array",
            &[
                must("label", Shape::Text(80)),
                may("description", Shape::Text(300)),
                may(
                    "photo-source",
                    Shape::Word(&["camera_gallery", "camera", "gallery"]),
                ),
                may("max-file-size-kb", Shape::Number),
                may("min-uploaded-photos", Shape::Number),
                may("max-uploaded-photos", Shape::Number),
            ],
        ),
        1,
    ),
    few(
        input(
            "DocumentPicker",
            (4, 0),
            "array",
            &[
                must("label", Shape::Text(80)),
                may("description", Shape::Text(300)),
                may("max-file-size-kb", Shape::Number),
                may("min-uploaded-documents", Shape::Number),
                may("max-uploaded-documents", Shape::Number),
                may("allowed-mime-types", Shape::TextList),
            ],
        ),
        1,
    ),
    shown(
        "If",
        (4, 0),
        &[
            must("condition", Shape::Condition),
            must("then", Shape::Children),
            may("else", Shape::Children),
        ],
    ),
    shown(
        "Switch",
        (4, 0),
        &[must("value", Shape::Any), must("cases", Shape::Cases)],
    ),
    shown(
        "Form",
        OLD,
        &[
            must("name", Shape::Name),
            must("children", Shape::Children),
            may("init-values", Shape::Map),
            may("error-messages", Shape::Map),
        ],
    ),
];

/// The component of a name.
pub(crate) fn component(name: &str) -> Option<&'static Component> {
    COMPONENTS.iter().find(|component| component.name == name)
}

impl Component {
    /// The members that it may have, its own and those of its like.
    pub(crate) fn all_properties(&self) -> impl Iterator<Item = &'static Property> {
        let of_inputs = if self.input.is_some() { OF_INPUTS } else { &[] };
        COMMON.iter().chain(of_inputs).chain(self.properties)
    }
}
