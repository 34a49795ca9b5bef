//! Why a bot's request to Meta never leaves the host, in words for the bot's author.

/// As much as is quoted of what a bot wrote.
const MOST_QUOTED_CHARS: usize = 80;

/// The longest body of a message. Each is a row before it is a request.
pub(super) const MOST_MESSAGE_BYTES: usize = 1 << 20;

/// What is wrong with a request, and what to do instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The body is packed.
    #[error("a compressed body cannot be checked: send it as it is")]
    Compressed,
    /// Meta has no such method.
    #[error("the Graph API has no method `{0}`: use GET, POST or DELETE")]
    Method(String),
    /// The path is none of the Graph API.
    #[error("{0}; a path is a version, an id and what follows it: `v25.0/1065403/messages`")]
    Path(&'static str),
    /// The same for ids that nobody has and for those of others: no difference tells a bot which exist.
    #[error(
        "`{0}` is not an id of this project: use its own phone number id or account id, or an \
         object that was made or listed with them"
    )]
    NotYours(String),
    /// The same for names that the account does not have and for those of other projects.
    #[error(
        "the project has no template `{0}`; what others of the account have is theirs, and what nobody owns is the \
         operator's to give"
    )]
    Template(String),
    /// It takes the number or the account from the host, or is the operator's to say.
    #[error("`{0}` changes how the number is connected, which is up to the operator: leave it out")]
    Operator(String),
    /// No row of the table is like it.
    #[error(
        "`{0}` is not among what bots ask of Meta on this host: leave it out, or ask the operator \
         to do it (docs/requests.md has the list)"
    )]
    NotOffered(String),
    /// It makes one request several, or another than it seems.
    #[error("the parameter `{0}` is not available; make one request for each")]
    Several(String),
    /// The table does not have it there.
    #[error("the parameter `{name}` is not available here: leave it out; possible are {possible}")]
    Parameter {
        /// What the bot wrote.
        name: String,
        /// What the table has.
        possible: String,
    },
    /// It is no name of a parameter at all.
    #[error("`{0}` is no name of a parameter")]
    Name(String),
    /// Which one counts is not certain.
    #[error("the parameter `{0}` is there twice: say it once, in the body or in the query")]
    Twice(String),
    /// A message of a kind that the table does not have.
    #[error("messages of the type `{0}` are not known here: send one that Meta documents")]
    MessageType(String),
    /// A message that no customer could be meant to read.
    #[error("the message has {0} bytes, and may have {MOST_MESSAGE_BYTES}: send files as media")]
    TooLong(usize),
    /// The body, or a part of it that is no file, is longer than it may be.
    #[error("the body has more than {0} bytes: send less at once, and files as parts of a form")]
    Long(usize),
    /// What is asked for goes beyond the object.
    #[error("{0}")]
    Fields(String),
    /// A file where Meta takes none.
    #[error("the part `{0}` of the form is a file: only `file` may be one")]
    File(String),
    /// The value is not what the parameter takes.
    #[error("the value of `{name}` cannot be used: {why}")]
    Value {
        /// The parameter.
        name: String,
        /// What it takes.
        why: &'static str,
    },
    /// The body cannot be read.
    #[error("{0}")]
    Body(String),
    /// Media is fetched, and nothing else.
    #[error("only a GET of media, by an address that Meta gave, is possible at this host")]
    MediaHost,
}

impl Refused {
    /// Whether the request is malformed, and not forbidden.
    pub(super) fn is_malformed(&self) -> bool {
        matches!(self, Self::Body(_))
    }

    /// For the host's log, which has no word of a bot's in it.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Compressed => "compressed",
            Self::Method(_) => "method",
            Self::Path(_) => "path",
            Self::NotYours(_) => "not-yours",
            Self::Template(_) => "template",
            Self::Operator(_) => "operator",
            Self::NotOffered(_) => "not-offered",
            Self::Several(_) => "several",
            Self::Parameter { .. } | Self::Name(_) => "parameter",
            Self::Twice(_) => "twice",
            Self::MessageType(_) => "message-type",
            Self::TooLong(_) | Self::Long(_) => "too-long",
            Self::Fields(_) => "fields",
            Self::File(_) => "file",
            Self::Value { .. } => "value",
            Self::Body(_) => "body",
            Self::MediaHost => "media-host",
        }
    }
}

/// What a bot wrote, short and in visible characters.
pub(super) fn shown(text: &str) -> String {
    let mut shown: String = text.escape_default().take(MOST_QUOTED_CHARS).collect();
    if text.escape_default().nth(MOST_QUOTED_CHARS).is_some() {
        shown.push('…');
    }
    shown
}
