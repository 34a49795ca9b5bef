//! Meta's error codes: title and HTTP status of each one that the emulator can answer with.

/// A documented error code.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Code {
    pub(crate) code: u32,
    pub(crate) title: &'static str,
    pub(crate) http_status: u16,
    /// What `error_data.details` says unless the place of the error knows better.
    pub(crate) details: &'static str,
}

const fn code(code: u32, http_status: u16, title: &'static str, details: &'static str) -> Code {
    Code {
        code,
        title,
        http_status,
        details,
    }
}

/// Subcodes of what manages something. Meta documents few, so an error that is not here has none.
pub(crate) mod subcodes {
    // From developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes.
    pub(crate) const NUMBER_EXISTS: u32 = 2_388_012;
    pub(crate) const TOO_MANY_TEMPLATES: u32 = 2_388_019;
    pub(crate) const STATUS_CANNOT_CHANGE: u32 = 2_388_039;
    pub(crate) const TOO_LONG: u32 = 2_388_040;
    pub(crate) const HEADER: u32 = 2_388_047;
    pub(crate) const BODY: u32 = 2_388_072;
    pub(crate) const FOOTER: u32 = 2_388_073;
    pub(crate) const TOO_MANY_VARIABLES: u32 = 2_388_293;
    pub(crate) const VARIABLES_AT_THE_EDGE: u32 = 2_388_299;

    // Not documented; several programs in public repositories handle these as Meta's answers.
    pub(crate) const LANGUAGE_IS_DELETED: u32 = 2_388_023;
    pub(crate) const LANGUAGE_EXISTS: u32 = 2_388_024;
    pub(crate) const SAMPLE_IS_MISSING: u32 = 2_388_043;
}

const GENERIC: Code = code(131000, 500, "Something went wrong", "Something went wrong.");

const CODES: &[Code] = &[
    GENERIC,
    code(
        1,
        400,
        "API Unknown",
        "The request may be wrong, or Meta's server has a problem.",
    ),
    code(2, 503, "API Service", ""),
    code(4, 400, "API Too Many Calls", ""),
    code(
        10,
        403,
        "Application does not have permission for this action",
        "",
    ),
    code(
        33,
        400,
        "Parameter value is not valid",
        "The business phone number has been deleted.",
    ),
    code(100, 400, "Invalid parameter", "Invalid parameter"),
    code(200, 403, "Permissions error", ""),
    code(
        368,
        403,
        "Temporarily blocked for policies violations",
        "The WhatsApp Business Account has been restricted or disabled.",
    ),
    code(
        80007,
        400,
        "Rate limit issues",
        "The account has reached its rate limit.",
    ),
    code(
        80008,
        400,
        "There have been too many calls to this WhatsApp Business account",
        "Wait a bit and try again.",
    ),
    code(
        130403,
        400,
        "Business has blocked this user",
        "The business has blocked this user: unblock them to send messages.",
    ),
    code(
        130429,
        400,
        "Rate limit hit",
        "Cloud API message throughput has been reached.",
    ),
    code(
        130472,
        400,
        "User's number is part of an experiment",
        "Failed to send message because this user's phone number is part of an experiment",
    ),
    code(
        130497,
        403,
        "Business account is restricted from messaging users in this country.",
        "Business account is restricted from messaging users in this country.",
    ),
    code(131005, 403, "Access denied", "Access denied"),
    code(
        131008,
        400,
        "Required parameter is missing",
        "Required parameter is missing",
    ),
    code(
        131009,
        400,
        "Parameter value is not valid",
        "Parameter value is not valid",
    ),
    code(
        131016,
        500,
        "Service unavailable",
        "A service is temporarily unavailable.",
    ),
    code(
        131021,
        400,
        "Recipient cannot be sender",
        "Sender and recipient phone number is the same.",
    ),
    code(
        131026,
        400,
        "Message undeliverable",
        "Message Undeliverable.",
    ),
    code(
        131030,
        400,
        "Recipient phone number not in allowed list",
        "Recipient phone number not in allowed list: Add recipient phone number to recipient \
         list and try again.",
    ),
    code(
        131031,
        403,
        "Account has been locked",
        "Account has been locked.",
    ),
    code(
        131037,
        400,
        "WhatsApp provided number needs display name approval before message can be sent.",
        "The display name of the number has not been approved.",
    ),
    code(
        131042,
        400,
        "Business eligibility payment issue",
        "There was a payment error.",
    ),
    code(
        131045,
        500,
        "Incorrect certificate",
        "Message failed to send due to a phone number registration error.",
    ),
    code(
        131047,
        400,
        "Re-engagement message",
        "Message failed to send because more than 24 hours have passed since the customer last \
         replied to this number.",
    ),
    code(
        131048,
        400,
        "Spam rate limit hit",
        "Message failed to send because of spam limits.",
    ),
    code(
        131049,
        400,
        "This message was not delivered to maintain healthy ecosystem engagement.",
        "In order to maintain a healthy ecosystem engagement, the message failed to be \
         delivered.",
    ),
    code(
        131050,
        400,
        "Unable to deliver the message. This recipient has chosen to stop receiving marketing \
         messages on WhatsApp from your business",
        "The recipient has stopped marketing messages from your business.",
    ),
    code(
        131051,
        400,
        "Unsupported message type",
        "Message type is currently not supported.",
    ),
    code(
        131052,
        400,
        "Media download error",
        "Unable to download the media.",
    ),
    code(
        131053,
        400,
        "Media upload error",
        "Unable to upload the media.",
    ),
    code(
        131056,
        400,
        "(Business Account, Consumer Account) pair rate limit hit",
        "Message failed to send because there were too many messages sent from this phone \
         number to the same phone number in a short period of time.",
    ),
    code(
        131057,
        500,
        "Account in maintenance mode",
        "The account is in maintenance mode.",
    ),
    code(
        131059,
        400,
        "Invalid cursor",
        "The cursor in the request is not valid.",
    ),
    code(
        131062,
        400,
        "Business-scoped user IDs are not supported for this message",
        "Authentication templates with one-tap, zero-tap or copy-code buttons need a phone number.",
    ),
    code(
        132000,
        400,
        "Number of parameters does not match the expected number of params",
        "",
    ),
    code(
        132001,
        404,
        "Template name does not exist in the translation",
        "",
    ),
    code(132005, 400, "Translated text too long", ""),
    code(
        132007,
        400,
        "Content Policy Violated",
        "Template content violates a WhatsApp policy.",
    ),
    code(132008, 400, "Parameter value is not valid", ""),
    code(
        132012,
        400,
        "Parameter format does not match format in the created template",
        "",
    ),
    code(
        132015,
        400,
        "Template is paused",
        "The template is paused due to low quality.",
    ),
    code(
        132016,
        400,
        "Template is disabled",
        "The template is disabled due to low quality.",
    ),
    code(
        132018,
        400,
        "There is an issue with the parameters in your template",
        "",
    ),
    code(132068, 400, "Flow is blocked", "Flow is in blocked state."),
    code(
        132069,
        400,
        "Flow is throttled",
        "Flow is in throttled state and 10 messages using this flow were already sent in the \
         last hour.",
    ),
    code(
        133000,
        500,
        "Incomplete deregistration",
        "A previous deregistration attempt failed.",
    ),
    code(
        133004,
        503,
        "Server temporarily unavailable",
        "Server is temporarily unavailable.",
    ),
    code(
        133005,
        400,
        "Two step verification PIN Mismatch",
        "Two-step verification PIN is incorrect.",
    ),
    code(
        133006,
        400,
        "Phone number re-verification needed",
        "Phone number needs to be verified before registering.",
    ),
    code(
        133008,
        400,
        "Too many two step verification PIN guesses",
        "Too many two-step verification PIN guesses for this phone number. Try again in 12 hours.",
    ),
    code(
        133009,
        400,
        "Two step verification PIN guessed too fast",
        "Two-step verification PIN was entered too quickly. Try again in 60 seconds.",
    ),
    code(
        133010,
        400,
        "Account not registered",
        "The account is not registered.",
    ),
    code(
        133015,
        400,
        "Please wait a few minutes before attempting to register this phone number",
        "The phone number was recently deleted, and its deletion has not completed.",
    ),
    code(
        133016,
        400,
        "Account register/deregister rate limit exceeded",
        "There were too many registration or deregistration attempts for this phone number.",
    ),
    code(
        135000,
        400,
        "Generic user error",
        "Message failed to send because of an unknown error.",
    ),
    code(
        136024,
        400,
        "Request code error",
        "The code could not be requested.",
    ),
    code(
        136025,
        400,
        "Verify code error",
        "The code could not be verified.",
    ),
    code(
        137000,
        400,
        "Recipient identity key hash mismatch",
        "The identity of the recipient changed.",
    ),
    code(139000, 400, "Blocked by Integrity", ""),
    code(139001, 400, "Flow can't be updated", ""),
    code(139002, 400, "Flow can't be published", ""),
    code(139003, 400, "Can't deprecate unpublished flow", ""),
    code(139004, 400, "Can't delete published flow", ""),
    code(139006, 400, "Metric thresholds are not reached", ""),
    code(139100, 400, "Failed to block/unblock some users", ""),
    code(139101, 400, "Blocklist limit reached", ""),
    code(
        147001,
        400,
        "Username is not available",
        "The username is taken: choose another one.",
    ),
    code(200005, 400, "Template Insights Not Available", ""),
];

/// What is known of a code; the generic error when nothing is.
pub(crate) fn lookup(code: u32) -> Code {
    CODES
        .iter()
        .copied()
        .find(|known| known.code == code)
        .unwrap_or(Code { code, ..GENERIC })
}
