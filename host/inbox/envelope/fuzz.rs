//! Bodies of webhooks.

use super::{MOST, Piece, split, with_callback_data};

/// Takes a body apart: whatever it is, each piece is a body of its own that says the same, and all of them are
/// within a bound.
pub(crate) fn run(input: &[u8]) {
    let Ok(body) = std::str::from_utf8(input) else {
        return;
    };
    let Ok(pieces) = split(body) else {
        return;
    };
    assert!(!pieces.is_empty(), "nothing is lost");
    let bytes: usize = pieces.iter().map(|piece| piece.payload.len()).sum();
    assert!(bytes <= MOST, "{bytes} bytes");
    for piece in &pieces {
        let again = split(&piece.payload).expect("a payload is JSON");
        let [again] = again.as_slice() else {
            panic!("a piece is {} pieces", again.len());
        };
        assert_eq!(again.route, piece.route);
        assert_eq!(again.dedupe_key, piece.dedupe_key);
        assert_eq!(again.content.kind(), piece.content.kind());
        is_storable(piece);
        let rewritten = with_callback_data(&piece.payload, Some("mine"));
        assert!(split(&rewritten).is_ok(), "a rewritten payload is JSON");
    }
}

/// Keys fit an index, and nothing that is stored as text has a NUL.
fn is_storable(piece: &Piece) {
    assert!(piece.dedupe_key.len() <= 400, "{}", piece.dedupe_key.len());
    let route = &piece.route;
    let texts = [
        &route.phone_number_id,
        &route.account_id,
        &route.display_phone_number,
    ];
    let mut texts = texts.into_iter().flatten().chain([&piece.dedupe_key]);
    assert!(texts.all(|text| !text.contains('\0')));
}
